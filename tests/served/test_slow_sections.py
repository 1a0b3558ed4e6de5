"""A section that takes longer than the rest of its page does not hold it up, and comes by itself."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from .serving import Tab, serve

WAITING = "The rest of the page is complete"


@pytest.mark.parametrize(
    ("page", "waits", "there"),
    [
        ("accuracy", "Segments are being compared", ""),
        (
            "releases",
            "What each switch changed is being measured",
            "Up to 28 days on either side",
        ),
    ],
)
def test_the_page_is_complete_without_it_and_then_with_it(
    made: Path, tmp_path: Path, page: str, waits: str, there: str
) -> None:
    copy = Path(shutil.copy(made, tmp_path / "workspace.duckdb"))
    with serve(copy, PLUMBLINE_SECTION_SECONDS="0") as server, Tab(server) as tab:
        first = tab.run(page, "system=shop-offers")
        assert waits in first
        assert WAITING in first
        assert "Decisions" in first or "decisions" in first
        until = time.monotonic() + 60
        while WAITING in (now := tab.run(page, "system=shop-offers")):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert waits not in now
        assert there in now
        assert not tab.elements("exception")


def test_a_page_waits_for_its_sections_as_long_as_the_setting_says(made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(made, tmp_path / "workspace.duckdb"))
    with serve(copy, PLUMBLINE_SECTION_SECONDS="60") as server, Tab(server) as tab:
        assert WAITING not in tab.run("releases", "system=shop-offers")


def test_a_setting_that_is_no_number_is_said_in_a_sentence(made: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(made, tmp_path / "workspace.duckdb"))
    with serve(copy, PLUMBLINE_SECTION_SECONDS="soon") as server, Tab(server) as tab:
        tab.run("releases", "system=shop-offers")
        assert "SECTION" in "".join(shown.body for shown in tab.elements("alert"))
