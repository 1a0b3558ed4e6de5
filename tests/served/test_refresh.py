"""Rows that arrive beside the app: pages keep to the log before them until they are measured, and say so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import product
from tests.factory.shop import shop_log
from tests.factory.workspaces import loaded_workspace

from .serving import Server, Tab, serve

VISIT = "accuracy", "system=shop-offers"
BEFORE = "until then this page shows the log before them"
KNOWN, KNOWN_LATER = r"1\,259 of 1\,259", r"2\,520 of 2\,520"


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The second half of a log whose first half is in the workspace beside it."""
    lines = shop_log().splitlines(keepends=True)
    half = len(lines) // 2
    later = tmp_path / "later.csv"
    later.write_bytes(b"".join([lines[0], *lines[half:]]))
    loaded_workspace(tmp_path, title="Shop offers", rows=half - 1).close()
    return later


@pytest.fixture
def server(later: Path) -> Iterator[Server]:
    with serve(later.with_name("workspace.duckdb"), PLUMBLINE_REFRESH_SECONDS="60") as server:
        yield server


def command(server: Server, *words: object) -> None:
    """A command beside the server, as a nightly job gives it."""
    order = [product.python(), "-m", "plumbline.cli", *map(str, words), "--workspace", str(server.workspace)]
    subprocess.run(order, check=True, capture_output=True)


def test_a_page_shows_the_log_before_new_rows_until_they_are_measured(server: Server, later: Path) -> None:
    with Tab(server) as tab, Tab(server) as other:
        first = tab.run(*VISIT)
        assert KNOWN in first
        assert BEFORE not in first
        command(server, "load", later, "--system", "shop-offers")
        now = tab.run(*VISIT)
        assert KNOWN in now
        assert BEFORE in now
        until = time.monotonic() + 60
        while not tab.look():  # the page turns by itself
            assert time.monotonic() < until
            time.sleep(0.1)
        assert KNOWN_LATER in tab.words()
        assert BEFORE not in tab.words()
        assert KNOWN_LATER in other.run(*VISIT)
        assert not tab.elements("exception")


def test_what_a_person_states_is_shown_at_once_with_the_newest_rows(server: Server, later: Path) -> None:
    with Tab(server) as tab:
        tab.run(*VISIT)
        command(server, "load", later, "--system", "shop-offers")
        command(server, "headline", "shop-offers", "precision", "--by", "Ann")
        now = tab.run(*VISIT)
        assert KNOWN_LATER in now
        assert BEFORE not in now
