"""A shop whose schedule is set, a workspace to be copied, and works that are killed in their midst."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from plumbline.store import trail
from plumbline.store.respond import settings
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.factory.workspaces import load_log, loaded_workspace

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def shop(workspace: Workspace, tmp_path: Path) -> Workspace:
    load_log(workspace, tmp_path, rows=300)
    return workspace


def keep_schedule(ws: Workspace, **said: Any) -> None:
    with ws.write() as cursor:
        settings.keep(
            cursor, "schedule", {"check": "1h", "since": (MONDAY - timedelta(days=9)).isoformat()} | said
        )


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    ws = loaded_workspace(folder, title="Shop offers", rows=300)
    ws.close()
    return folder / "workspace.duckdb"


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made, tmp_path / "workspace.duckdb")
    return tmp_path / "workspace.duckdb"


@pytest.fixture
def ws(path: Path) -> Iterator[Workspace]:
    opened = open_workspace(path)
    yield opened
    opened.close()


def acts_on_trail(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        return [entry.action for entry in trail.entries(cursor)]


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def run_killed_fork(work: Callable[[], object]) -> None:
    """Run something in a fork that is killed at its work; this process has no workspace open meanwhile."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
