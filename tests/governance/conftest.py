"""A workspace with a small system, loaded once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.workspaces import loaded_workspace


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    ws = loaded_workspace(folder, title="shop")
    ws.close()
    return folder / "workspace.duckdb"


@pytest.fixture
def shop(loaded: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The system ``shop`` in a workspace of the test's own."""
    shutil.copy(loaded, tmp_path / "workspace.duckdb")
    ws = open_workspace(tmp_path / "workspace.duckdb")
    yield ws
    ws.close()
