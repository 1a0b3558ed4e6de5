"""A workspace with a small system, loaded once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import Workspace, open_workspace
from tests.pages.sample import log


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.csv").write_bytes(log())
    ws = open_workspace(folder / "ws.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="shop", actor="test")
    ws.close()
    return folder / "ws.duckdb"


@pytest.fixture
def shop(loaded: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The system ``shop`` in a workspace of the test's own."""
    shutil.copy(loaded, tmp_path / "ws.duckdb")
    ws = open_workspace(tmp_path / "ws.duckdb")
    yield ws
    ws.close()
