"""Workspaces of every earlier schema: opened, copied first, killed half way, by two at once, without room."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import duckdb
import numpy as np
import pytest

from plumbline.answers.data.erase import erase_person
from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import PlumblineError
from plumbline.profile import build
from plumbline.profile.bins import has_new_basis
from plumbline.profile.read import profiles
from plumbline.store import copies, schema, systems, trail, upgrade
from plumbline.store import loads as register
from plumbline.store.workspace import Workspace, open_workspace
from tests.store.stored import SCHEMAS, unpack

ROOT = Path(__file__).parents[2]
NEWEST = schema.scripts()[-1][0]


def _profiles(ws: Workspace) -> dict[str, list[str]]:
    """Every count that is kept, row by row, sums as far as the order of adding leaves them alone.

    A grid's place among the columns is left out: it is its order on the screen, and was numbered otherwise once.
    """
    found = {}
    with ws.read() as cursor:
        for (table,) in cursor.execute(
            "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'profile_%'"
        ).fetchall():
            rows = cursor.execute(f"SELECT * FROM {table}").fetchall()
            found[table] = sorted(_said(row[:2] + row[3:] if table == "profile_bin" else row) for row in rows)
    return found


def _said(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_said, value))}]"
    return f"{value:.12g}" if isinstance(value, float) else repr(value)


def _acts(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        assert trail.verify(cursor).intact
        return [entry.action for entry in reversed(trail.entries(cursor))]


def test_there_is_a_stored_workspace_of_every_schema_but_todays() -> None:
    """A new migration needs the workspace of the schema before it, made by the code from before: see make.py."""
    assert tuple(range(1, NEWEST)) == SCHEMAS


@pytest.mark.parametrize("number", SCHEMAS)
def test_a_workspace_of_any_schema_works_and_is_copied_first(
    number: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = unpack(number, tmp_path / "ws.duckdb")
    before = path.read_bytes()
    ws = open_workspace(path)
    (copy,) = copies.list_migration_copies(path)
    assert copy.read_bytes() == before
    assert copy.parent == tmp_path / "backups"
    assert copy.name.startswith(f"ws.schema-{number:02d}.20")
    assert str(copy) in caplog.text
    with ws.read() as cursor:
        (system,) = systems.list_systems(cursor)
        entry = trail.entries(cursor, action="workspace migrated")[0]
        loaded = [load.rows_loaded for load in register.list_loads(cursor) if load.kind == "decisions"]
    assert entry.detail == {"from": number, "to": NEWEST, "copy": str(copy)}
    assert sum(loaded) == (0 if number == 1 else 96)
    card = scorecard(ws, system.key)
    assert {c.id: c for c in card.controls}["CMP-7"].status == "pass"  # what its owner stated is still there
    acts = _acts(ws)
    assert acts.count("workspace migrated") == 1
    assert "recorded: rollback rehearsed" in acts
    counted = _profiles(ws)
    with ws.write() as cursor:
        # up to schema 18 scores and errors were counted otherwise: the next load counts them as today's code does
        assert has_new_basis(cursor, system) == (number <= 18)
        old = profiles.outcome_profile(cursor, system)
        build.rebuild(cursor, system)
        new = profiles.outcome_profile(cursor, system)
    if number > 1:  # the first could not load yet: there is nothing to count
        again = _profiles(ws)
        for table in ("profile_basis", "profile_outcome"):
            assert len(again.pop(table)) == len(counted.pop(table))
        assert again == counted
        assert (old.days, old.versions) == (new.days, new.versions)
        np.testing.assert_array_equal(old.confusion, new.confusion)
        np.testing.assert_array_equal(old.score_cells.sum(axis=2), new.score_cells.sum(axis=2))
        np.testing.assert_array_equal(old.n_scored, new.n_scored)
    ws.close()
    again = open_workspace(path)  # nothing is due any more
    again.close()
    assert copies.list_migration_copies(path) == [copy]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backups", "ws.duckdb"]


def test_a_copy_opens_again_with_what_was_in_it(tmp_path: Path) -> None:
    open_workspace(unpack(7, tmp_path / "ws.duckdb")).close()
    (copy,) = copies.list_migration_copies(tmp_path / "ws.duckdb")
    shutil.copy(copy, tmp_path / "restored.duckdb")
    ws = open_workspace(tmp_path / "restored.duckdb")
    assert scorecard(ws, "orders").controls
    ws.close()


def test_what_a_killed_process_left_in_the_log_of_writes_is_in_the_copy(tmp_path: Path) -> None:
    path = unpack(9, tmp_path / "ws.duckdb")
    writes = (
        f'import duckdb, os; c = duckdb.connect({str(path)!r}); c.execute("INSERT INTO context VALUES '
        "('orders', 'harm', 'yes', 'Ana', '2026-05-01')\"); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", writes], check=False)
    assert Path(f"{path}.wal").exists()
    open_workspace(path).close()
    for file in (path, *copies.list_migration_copies(path)):
        with duckdb.connect(str(file), read_only=True) as connection:
            said = connection.execute("SELECT answer FROM context WHERE question = 'harm'").fetchall()
            assert said == [("yes",)]


def test_an_encrypted_workspace_and_its_copy_stay_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "k" * 32)
    path = tmp_path / "ws.duckdb"
    all_scripts = schema.scripts()
    for module in (schema, upgrade):
        monkeypatch.setattr(module, "scripts", lambda: all_scripts[:-1])
    ws = open_workspace(path)
    with ws.write() as cursor:
        trail.append(cursor, actor="Ana", action="planted MARKER-4711")
    ws.close()
    for module in (schema, upgrade):
        monkeypatch.setattr(module, "scripts", lambda: all_scripts)
    ws = open_workspace(path)
    assert _acts(ws)[0] == "planted MARKER-4711"
    ws.close()
    (copy,) = copies.list_migration_copies(path)
    assert b"MARKER-4711" not in path.read_bytes() + copy.read_bytes()
    monkeypatch.delenv("PLUMBLINE_KEY")
    with pytest.raises(PlumblineError, match="PLUMBLINE_KEY is not set"):
        open_workspace(copy)


def test_a_link_to_the_workspace_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    path = unpack(5, tmp_path / "far" / "ws.duckdb")
    link = tmp_path / "link.duckdb"
    link.symlink_to(path)
    open_workspace(link).close()
    assert link.is_symlink()
    assert [p.parent for p in copies.list_migration_copies(link)] == [tmp_path / "far" / "backups"]
    assert copies.list_migration_copies(path) == copies.list_migration_copies(link)


def test_the_newest_copies_are_kept_and_no_other_workspaces(tmp_path: Path) -> None:
    path = unpack(18, tmp_path / "ws.duckdb")
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [folder / f"ws.schema-{n:02d}.20260{n}01T000000Z.duckdb" for n in range(1, 6)]
    others = [folder / "ws-two.schema-01.20260101T000000Z.duckdb", folder / "ws.duckdb", folder / "notes.txt"]
    for file in (*old, *others):
        file.write_bytes(b"x")
    open_workspace(path).close()
    kept = copies.list_migration_copies(path)
    assert kept[:-1] == old[-copies.KEPT + 1 :]
    assert kept[-1].name.startswith("ws.schema-18.")
    assert all(file.exists() for file in others)


#: opens a workspace and dies at a step, or inside the migration that has a number
_DYING = """
import os, signal, sys
from plumbline.store import schema, upgrade, workspace
at = sys.argv[2]
def die(name):
    if name == at:
        os.kill(os.getpid(), signal.SIGKILL)
if at.isdigit():
    found = schema.scripts()
    def migrate(connection, number):
        for version, script in found:
            if version > number:
                connection.execute("BEGIN TRANSACTION")
                connection.execute(script)
                die(str(version))
                connection.execute("INSERT INTO schema_version VALUES (?, now())", [version])
                connection.execute("COMMIT")
    upgrade.migrate = migrate
whole = upgrade.upgrade
workspace.upgrade = lambda *given: whole(*given, step=die)
workspace.open_workspace(sys.argv[1])
"""


@pytest.mark.parametrize("at", ["copied", "migrated", "linked", "replaced", "8", "13", str(NEWEST)])
def test_an_upgrade_killed_at_any_step_opens_again_with_nothing_lost(at: str, tmp_path: Path) -> None:
    path = unpack(7, tmp_path / "ws.duckdb")
    before = path.read_bytes()
    died = subprocess.run(
        [sys.executable, "-c", _DYING, str(path), at], check=False, capture_output=True, cwd=ROOT
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    ws = open_workspace(path)
    acts = _acts(ws)
    assert acts.count("workspace migrated") == 1
    assert {"recorded: rollback rehearsed", "context answered"} <= set(acts)
    assert scorecard(ws, "orders").controls
    ws.close()
    kept = copies.list_migration_copies(path)
    assert [copy.read_bytes() for copy in kept] == [before]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backups", "ws.duckdb"]


_WRITING = """
import sys, time
from plumbline.domain import PlumblineError
from plumbline.store import trail
from plumbline.store.workspace import open_workspace
while True:
    try:
        ws = open_workspace(sys.argv[1])
        break
    except PlumblineError as error:
        assert "open in another process" in str(error), error
        time.sleep(0.01)
with ws.write() as cursor:
    trail.append(cursor, actor="test", action=f"written by {sys.argv[2]}")
ws.close()
"""


def test_of_several_processes_one_migrates_and_nobodys_write_is_lost(tmp_path: Path) -> None:
    path = unpack(3, tmp_path / "ws.duckdb")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITING, str(path), str(n)], cwd=ROOT, stderr=subprocess.PIPE
        )
        for n in range(4)
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    ws = open_workspace(path)
    acts = _acts(ws)
    ws.close()
    assert acts.count("workspace migrated") == 1
    assert {f"written by {n}" for n in range(4)} <= set(acts)
    assert len(copies.list_migration_copies(path)) == 1


def test_without_room_for_the_copy_nothing_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = unpack(4, tmp_path / "ws.duckdb")
    before = path.read_bytes()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(upgrade.shutil, "disk_usage", lambda _folder: usage(10**9, 10**9, 10**6))
    with pytest.raises(PlumblineError, match=r"first copies it: \d+ MB have to be free, and 0 MB are"):
        open_workspace(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ws.duckdb"]


@pytest.mark.parametrize("fails", ["_copy", "_migrate_copy", "link", "replace"])
def test_a_failure_on_the_way_is_a_sentence_and_leaves_the_workspace_as_it_was(
    fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = unpack(4, tmp_path / "ws.duckdb")
    before = path.read_bytes()

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upgrade.os if fails in ("link", "replace") else upgrade, fails, full)
    with pytest.raises(PlumblineError, match=r"schema \(No space left on device\)"):
        open_workspace(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["ws.duckdb"]
    open_workspace(path).close()


def test_an_erasure_takes_the_copies_too(tmp_path: Path) -> None:
    path = unpack(12, tmp_path / "ws.duckdb")
    ws = open_workspace(path)
    assert len(copies.list_migration_copies(path)) == 1
    made = erase_person(ws, "orders", decision_id="o0003", actor="Ana")
    ws.close()
    assert made.copies_deleted == 1
    assert copies.list_migration_copies(path) == []
    assert b"o0003" not in path.read_bytes()


def test_a_workspace_of_a_newer_version_is_one_sentence(tmp_path: Path) -> None:
    path = unpack(18, tmp_path / "ws.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, now())")
    before = path.read_bytes()
    with pytest.raises(
        PlumblineError, match=f"newer version of Plumbline .schema 99; this one knows {NEWEST}"
    ):
        open_workspace(path)
    assert path.read_bytes() == before
    assert not (tmp_path / "backups").exists()
    os.remove(path)
