"""A workspace with two systems, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factory.workspaces import load_log, loaded_workspace


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that holds two systems."""
    folder = tmp_path_factory.mktemp("served")
    ws = loaded_workspace(folder, title="Shop offers")
    load_log(ws, folder, title="Airport doors", rows=300)
    ws.close()
    return folder / "workspace.duckdb"
