"""Before the first log: every page says what to do next, and none shows a page without its frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from plumbline.store.workspace import open_workspace
from tests.conftest import Ran

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


def _cut(path: Path) -> None:
    open_workspace(path).close()
    path.write_bytes(path.read_bytes()[:100_000])


def _newer(path: Path) -> None:
    open_workspace(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, now())")


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: path.write_text("id,when,score\nd1,2026-01-01,0.4\n"), "This file is not a workspace"),
        (lambda path: path.mkdir(), "The workspace's path is a folder"),
        (_cut, "The workspace is damaged and cannot be read"),
        (_newer, "This workspace was written by a newer version of Plumbline"),
    ],
    ids=["CSV", "folder", "damaged", "newer"],
)  # fmt: skip
def test_a_workspace_that_cannot_be_opened_is_the_same_sentence_as_on_the_command_line(
    made: Callable[[Path], None], said: str, tmp_path: Path, plumbline: Callable[..., Ran]
) -> None:
    path = tmp_path / "workspace.duckdb"
    made(path)
    ran = plumbline("systems")
    assert ran.code == 2
    assert said in ran.err
    at = open_page("scorecard")
    assert not at.exception
    assert said in at.error[0].value.replace("\\", "")
    assert "workspace.duckdb" in at.error[0].value.replace("\\", "")
