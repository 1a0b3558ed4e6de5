"""Several people at once: nobody's choice reaches another's page, and an address says what its page shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .serving import Server, Tab, serve

PAGES = ("accuracy", "drift", "quality")
CHOICES = (
    "system=airport-doors",  # the first in the list: an address that names the default
    "system=shop-offers",
    "system=shop-offers&window=Last+30+days",
    "system=airport-doors&by=week",
)


@pytest.fixture(scope="module")
def open_to_all(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("visitors") / "workspace.duckdb"
    shutil.copy(made, path)
    with serve(path) as server:
        yield server


def _round(server: Server, choice: str) -> dict[str, str]:
    """What a person with that choice sees on each page, three times over."""
    seen: dict[str, set[str]] = {page: set() for page in PAGES}
    with Tab(server) as tab:
        tab.run("", choice)
        for _ in range(3):
            for page in PAGES:
                seen[page].add(tab.run(page, choice))
    assert {page: texts for page, texts in seen.items() if len(texts) > 1} == {}, choice
    return {page: texts.pop() for page, texts in seen.items()}


def test_the_choice_of_one_never_reaches_the_page_of_another(open_to_all: Server) -> None:
    alone = {choice: _round(open_to_all, choice) for choice in CHOICES}
    assert len({text["quality"] for text in alone.values()}) >= 3  # else nothing could be told apart
    with ThreadPoolExecutor(len(CHOICES)) as pool:
        together = dict(zip(CHOICES, pool.map(lambda c: _round(open_to_all, c), CHOICES), strict=True))
    assert together == alone


def test_going_back_to_the_first_system_shows_it_whatever_this_tab_showed_before(open_to_all: Server) -> None:
    with Tab(open_to_all) as tab:
        first = tab.run("quality", "system=airport-doors")
        assert tab.run("quality", "system=shop-offers") != first
        assert tab.run("quality", "system=airport-doors") == first
        assert tab.run("quality", "system=shop-offers") != first
        assert tab.run("quality", "") == first  # how a browser writes the default
