"""A head of the trail that was kept elsewhere, asked for by the commands that verify."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plumbline.answers.governance.trail import trail as answer
from plumbline.answers.operations.verify import verify
from plumbline.store import trail
from plumbline.store.workspace import open_workspace
from plumbline.ui.parts import openings
from tests.conftest import Ran


def test_commands_tell_by_the_head_of_a_backup_that_the_end_was_cut_off(
    plumbline: Callable[..., Ran], tmp_path: Path
) -> None:
    path = tmp_path / "w.duckdb"
    ws = open_workspace(path)
    with ws.write() as cursor:
        trail.append(cursor, actor="ana", action="step")
    ws.close()
    head = plumbline("backup", tmp_path / "copy.duckdb", "--json", "--workspace", path).json["head"]
    told = plumbline("backup", tmp_path / "again.duckdb", "--workspace", path).out
    assert "Keep it elsewhere" in told
    for asked in (("trail", "--head", head), ("verify", "--head", head), ("trail", "--verify")):
        ran = plumbline(*asked, "--workspace", path)
        assert ran.code == 0, ran.out + ran.err
    assert f"Head: {trail.GENESIS}" not in ran.out
    ws = open_workspace(path)
    with ws.write() as cursor:
        cursor.execute("DELETE FROM trail")
    ws.close()
    alone = plumbline(
        "trail", "--verify", "--workspace", path
    )  # the entry that was written last is noted beside it
    assert alone.code == 1
    assert "its end was cut off" in alone.out
    cut = plumbline("trail", "--head", head, "--workspace", path)
    assert cut.code == 1
    assert "0 entries; no entry has the digest" in cut.out
    found = plumbline("verify", "--head", head, "--json", "--workspace", path)
    assert (found.code, [one["kind"] for one in found.json["problems"]]) == (1, ["trail", "trail"])


def test_the_command_and_the_page_say_that_the_clock_was_set_back(
    plumbline: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = open_workspace(tmp_path / "w.duckdb")
    for year in (2026, 1999):
        monkeypatch.setattr(trail, "now", lambda year=year: datetime(year, 5, 1, tzinfo=UTC))
        with ws.write() as cursor:
            trail.append(cursor, actor="ana", action="step")
    told = answer(ws)
    assert (told.intact, told.set_back) == (True, 2)
    assert verify(ws).intact  # nothing is damaged
    assert "clock of the machine was set back" in openings.trail(told)[1]
    ws.close()
    assert "Entry 2 is dated before" in plumbline("trail", "--workspace", tmp_path / "w.duckdb").out
