"""``make bench-words``: the words that a reader sees on the Scorecard's first screen, at three widths.

A word counts where its middle lies within the window and within everything that clips it, and nothing hides it. The
list of pages, which is the same on every page, does not count; the words of charts do.
Run as ``python -m tests.bench.words WORKSPACE [SYSTEM...]``; the workspace is copied.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from plumbline.store import systems
from plumbline.store.workspace import open_workspace
from tests.browser.conftest import CHROMIUM, FLAGS, serve, settled

#: width and height of a window, in pixels
WINDOWS = ((1440, 900), (800, 900), (390, 844))
MAIN = "[data-testid=stMain]"

_SEEN = """root => {
  const seen = [];
  const clips = element => {
    const boxes = [];
    for (let up = element; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.display === 'none' || style.visibility === 'hidden' || +style.opacity === 0) return null;
      if (style.overflow !== 'visible' && style.display !== 'inline') boxes.push(up.getBoundingClientRect());
      if (style.clipPath !== 'none') return null;
    }
    return boxes;
  };
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!/[\\p{L}\\p{N}]/u.test(text.data)) continue;
    const boxes = clips(text.parentElement);
    if (boxes === null || ['STYLE', 'SCRIPT', 'TITLE'].includes(text.parentElement.tagName)) continue;
    for (const word of text.data.matchAll(/\\S*[\\p{L}\\p{N}]\\S*/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const box = range.getBoundingClientRect();
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      const inside = b => x >= b.left && x <= b.right && y >= b.top && y <= b.bottom;
      if (box.width < 1 || x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
      if (boxes.every(inside)) seen.push(word[0]);
    }
  }
  return seen;
}"""


def seen_words(page: Page, root: str = MAIN) -> list[str]:
    """The words of an element that are seen without scrolling, as they stand in it; icons are drawn as words and go."""
    words: list[str] = page.locator(root).first.evaluate(_SEEN)
    icons = set(page.locator("[data-testid=stIconMaterial]").all_inner_texts())
    return [word for word in words if word not in icons]


def first_screens(browser: Browser, address: str, system: str) -> dict[int, list[str]]:
    """The words of a system's Scorecard by the width of the window."""
    found = {}
    for width, height in WINDOWS:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{address}/scorecard?system={system}")
        expect(page.locator(MAIN).get_by_role("heading").first).to_be_visible()
        settled(page)
        page.wait_for_timeout(1_500)  # a chart is drawn after its script has run
        found[width] = seen_words(page)
        context.close()
    return found


def count_words(workspace: Path, *chosen: str) -> dict[str, dict[int, int]]:
    """System -> width -> words, printed as they are counted; all systems unless some are chosen."""
    counts: dict[str, dict[int, int]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        copy = Path(shutil.copy(workspace, folder)) if workspace.is_file() else workspace
        with closing(open_workspace(copy)) as ws, ws.read() as cursor:
            keys = [system.key for system in systems.list_systems(cursor)]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"\n{'system':<24}" + "".join(f"{width:>8}" for width, _ in WINDOWS))
        with serve(copy) as address:
            for key in chosen or keys:
                words = first_screens(browser, address, key)
                counts[key] = {width: len(seen) for width, seen in words.items()}
                print(f"{key:<24}" + "".join(f"{n:>8}" for n in counts[key].values()), flush=True)
        browser.close()
    return counts


if __name__ == "__main__":
    count_words(Path(sys.argv[1]), *sys.argv[2:])
