"""A workspace with two systems, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.store.workspace import open_workspace
from tests.pages.sample import log


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds two systems."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "shop.csv").write_bytes(log())
    ws = open_workspace(folder / "workspace.duckdb", read_from=[folder])
    load_file(ws, folder / "shop.csv", title="Shop offers", actor="test")
    (folder / "airport.csv").write_bytes(b"\n".join(log().splitlines()[:301]) + b"\n")
    load_file(ws, folder / "airport.csv", title="Airport doors", actor="test")
    ws.close()
    return folder / "workspace.duckdb"
