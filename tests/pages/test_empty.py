"""Before the first log: every page says what to do next, and none shows a page without its frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from .conftest import PAGES, ROOT, open_page, words


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_says_what_to_do_next(page: str) -> None:
    at = open_page(page)
    assert not at.exception
    assert not at.error
    assert "Load a log" in words(at) + " ".join(link.proto.label for link in at.get("page_link"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_its_frame_shows_nothing(page: str) -> None:
    at = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=30).run()
    assert not at.exception
    assert len(at.error) == 1
    assert "outside of Plumbline" in at.error[0].value
    assert not at.get("arrow_data_frame")


@pytest.mark.usefixtures("empty")
def test_a_workspace_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "workspace.duckdb").write_bytes(b"this is a text file that somebody saved here\n" * 200)
    at = open_page("scorecard")
    assert not at.exception
    assert "not a workspace" in at.error[0].value
