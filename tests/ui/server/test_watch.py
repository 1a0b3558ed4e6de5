"""What a server does from its start to its end beside the pages: the schedule, and commands of its user."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plumbline.cli import carry_out
from plumbline.relay.address import socket_path
from plumbline.store import trail
from plumbline.store.respond import settings
from plumbline.store.workspace import open_workspace
from plumbline.ui.server import watch
from plumbline.ui.server.application import workspace_lifespan
from plumbline.ui.state import workspace as opened
from tests.conftest import Ran


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(400):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def _runs(plumbline: Callable[..., Ran]) -> list[Any]:
    return list(plumbline("schedule", "show", "--json").json["runs"].values())


def test_a_server_works_off_its_schedule_and_takes_commands_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plumbline: Callable[..., Ran]
) -> None:
    monkeypatch.setattr(watch, "LOOK", 0.05)
    path = tmp_path / "workspace.duckdb"
    ws = open_workspace(path)
    item = {"check": "5m", "backup": "daily@02:30", "since": "2020-01-01T00:00:00+00:00"}
    with ws.write() as cursor:  # due a moment ago, while no server ran
        settings.keep(cursor, "schedule", item)
    ws.close()
    opened.close()
    entered, leave, told = threading.Event(), threading.Event(), list[Any]()

    async def life() -> None:
        async with workspace_lifespan(None, carry_out):
            entered.set()
            await asyncio.to_thread(leave.wait, 60)

    with ThreadPoolExecutor(1) as pool:
        server = pool.submit(asyncio.run, life())
        try:
            assert entered.wait(60)
            _wait(socket_path(path).is_socket)
            _wait(lambda: len(list((tmp_path / "backups").glob("*.nightly.*.duckdb"))) == 1)
            _wait(lambda: all(run and run["ended"] for run in _runs(plumbline)))
            told.append(plumbline("trail", "--json").json)
        finally:
            leave.set()
            server.result(60)
    assert not socket_path(path).exists()
    assert [e["action"] for e in told[0]["entries"]].count("workspace backed up") == 1
    ws = open_workspace(path)  # it was let go
    with ws.read() as cursor:
        assert trail.verify(cursor).intact
    ws.close()
