"""What counts as a word that is seen, for ``make bench-words``."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.bench.words import seen_words

pytestmark = pytest.mark.browser

PAGE = """<main>
  <p>Two words &#9632; <b>three</b></p>
  <p style="display:none">gone</p> <p style="visibility:hidden">gone</p>
  <div style="width:3em;overflow:hidden;white-space:nowrap">seen <span style="margin-left:9em">clipped</span></div>
  <svg width="90" height="20"><text y="15">chart</text></svg>
  <p style="margin-top:3000px">below</p>
</main>"""


def test_a_word_counts_where_it_is_seen_without_scrolling(page: Page) -> None:
    page.set_content(PAGE)
    assert seen_words(page, "main") == ["Two", "words", "three", "seen", "chart"]
