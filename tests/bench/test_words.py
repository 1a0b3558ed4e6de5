"""What counts as a word that is seen; and ``make bench-words``: the first screens of the demo and of the real logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.bench.words import count_words, seen_words
from tests.browser.conftest import ADVICE, CHROMIUM, FLAGS
from tests.conftest import REAL_LOGS, Ran
from tests.test_real_logs import LOGS

#: words that a leader reads in a minute, and looks at the picture
MOST = 210

PAGE = """<main>
  <p>Two words &#9632; <b>three</b></p>
  <p style="display:none">gone</p> <p style="visibility:hidden">gone</p>
  <div style="width:3em;overflow:hidden;white-space:nowrap">seen <span style="margin-left:9em">clipped</span></div>
  <svg width="90" height="20"><text y="15">chart</text></svg>
  <p style="margin-top:3000px">below</p>
</main>"""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason=ADVICE)
def test_a_word_counts_where_it_is_seen_without_scrolling() -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_content(PAGE)
        assert seen_words(page, "main") == ["Two", "words", "three", "seen", "chart"]
        browser.close()


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_the_first_screen_of_every_scorecard(plumbline: Callable[..., Ran], tmp_path: Path) -> None:
    workspace = tmp_path / "workspace.duckdb"
    plumbline("demo", "--workspace", workspace)
    for name, files in LOGS.items() if REAL_LOGS.is_dir() else ():
        for file, options in files:
            plumbline("load", REAL_LOGS / name / file, "--system", name, *options, "--workspace", workspace)
    counts = count_words(workspace)
    assert {key: n for key, of_widths in counts.items() for n in of_widths.values() if n > MOST} == {}
