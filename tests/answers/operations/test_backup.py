"""Backup: a copy is what the workspace was, and nothing is lost whatever is killed or written meanwhile."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.operations.backup import backup, nightly
from plumbline.answers.operations.verify import verify
from plumbline.domain import PlumblineError
from plumbline.store import copies, trail
from plumbline.store.backup import restoration, snapshot
from plumbline.store.workspace import Workspace, open_workspace
from tests.answers.operations.conftest import Run, acts_on_trail, die, run_killed_fork


def test_a_copy_is_the_workspace_and_its_hash_is_on_the_trail(
    plumbline: Run, path: Path, tmp_path: Path
) -> None:
    told = plumbline("backup", tmp_path / "b.duckdb", "--by", "ana", "--json").json
    copy = tmp_path / "b.duckdb"
    assert told["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert told["bytes"] == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    entry = plumbline("trail", "--limit", "1", "--json").json["entries"][0]
    assert (entry["actor"], entry["action"]) == ("ana", "workspace backed up")
    assert (entry["detail"]["sha256"], entry["seq"]) == (told["sha256"], told["entry"] + 1)
    with duckdb.connect(str(copy), read_only=True) as one, duckdb.connect(str(path), read_only=True) as other:
        rows = 'SELECT * FROM "decision_shop-offers" ORDER BY ALL'
        assert one.execute(rows).fetchall() == other.execute(rows).fetchall()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.duckdb", "workspace.duckdb"]
    again = plumbline("backup", copy)
    assert (again.code, "file of that name" in again.err) == (2, True)
    assert plumbline("backup", copy, "--overwrite").code == 0
    assert plumbline("backup", path, "--overwrite").code == 2
    assert plumbline("backup", tmp_path / "none" / "b.duckdb").code == 2


def test_a_copy_made_while_others_write_is_whole(ws: Workspace, tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        n = 0
        while not stop.is_set():
            with ws.write() as cursor:
                n += 1
                cursor.execute("INSERT INTO respond_setting VALUES (?, repeat('x', 20000))", [f"n{n}"])
                trail.append(cursor, actor="t", action="settings changed", detail={"n": n})

    thread = threading.Thread(target=work)
    thread.start()
    try:
        found = [backup(ws, tmp_path / f"b{n}.duckdb", actor="t") for n in range(3)]
    finally:
        stop.set()
        thread.join()
    for one in found:
        with duckdb.connect(str(one.path), read_only=True) as copy:
            (noted,) = copy.execute(
                "SELECT count(*) FROM trail WHERE action = 'settings changed'"
            ).fetchone() or (0,)
            (there,) = copy.execute("SELECT count(*) FROM respond_setting").fetchone() or (-1,)
            assert noted == there
    assert found[0].entry < found[1].entry < found[2].entry


def test_a_file_that_changes_faster_than_it_is_copied_is_copied_with_writers_waiting(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, waited = snapshot._copy_once, []

    def moved(ws: Workspace, part: Path) -> dict[str, object]:
        waited.append(ws._writer is not None)
        return once(ws, part) | ({} if waited[-1] else {"same": False})

    monkeypatch.setattr(snapshot, "_copy_once", moved)
    backup(ws, tmp_path / "b.duckdb", actor="t")
    assert waited == [False] * (snapshot.ATTEMPTS - 1) + [True]


def test_a_backup_beside_a_load_waits_for_its_end(ws: Workspace, tmp_path: Path) -> None:
    found: list[object] = []

    def copy() -> None:
        try:
            found.append(backup(ws, tmp_path / "b.duckdb", actor="t").entry)
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=copy, daemon=True)
    with ws.write() as cursor:  # DuckDB merges no log of writes beside a transaction that alters or updates
        cursor.execute("CREATE TABLE staged (i INTEGER)")
        cursor.execute("UPDATE respond_setting SET body = body")
        number = trail.append(cursor, actor="t", action="settings changed")
        thread.start()
        thread.join(1.0)
        assert found == []
    thread.join(30)
    assert found == [number]


def test_an_encrypted_workspace_has_an_encrypted_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_KEY", "a key of this test")
    ws = open_workspace(tmp_path / "workspace.duckdb")
    with ws.write() as cursor:
        trail.append(cursor, actor="PLANTED-MARKER", action="settings changed")
    backup(ws, tmp_path / "b.duckdb", actor="t")
    ws.close()
    assert b"PLANTED-MARKER" not in (tmp_path / "b.duckdb").read_bytes()
    restoration.restore(tmp_path / "b.duckdb", tmp_path / "other.duckdb", actor="t")
    ws = open_workspace(tmp_path / "other.duckdb")
    assert acts_on_trail(ws)[:2] == ["workspace restored", "settings changed"]
    ws.close()
    monkeypatch.setenv("PLUMBLINE_KEY", "another")
    with pytest.raises(PlumblineError, match="not the key"):
        restoration.restore(tmp_path / "b.duckdb", tmp_path / "third.duckdb", actor="t")
    assert not list(tmp_path.glob("third*"))


def test_an_erasure_deletes_every_copy_beside_the_workspace(
    plumbline: Run, path: Path, tmp_path: Path
) -> None:
    ws = open_workspace(path)
    nightly(ws, actor="t", days=14)
    ws.close()
    plumbline("backup", tmp_path / "b.duckdb")
    plumbline("restore", tmp_path / "b.duckdb")
    assert len(list((tmp_path / "backups").iterdir())) == 2
    told = plumbline("erase", "shop-offers", "--decision", "o-000-001", "--by", "ana", "--json").json
    assert told["copies_deleted"] == 2
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_killed_midway_leaves_no_copy_and_the_next_one_sweeps_up(path: Path, tmp_path: Path) -> None:
    def killed(copy: Callable[[Workspace], object]) -> None:
        snapshot._verify_snapshot = lambda *_: die()
        copy(open_workspace(path))

    run_killed_fork(lambda: killed(lambda ws: backup(ws, tmp_path / "b.duckdb", actor="t")))
    run_killed_fork(lambda: killed(lambda ws: nightly(ws, actor="t", days=14)))
    assert len(list(tmp_path.glob("b.duckdb.*.part"))) == 1
    assert not (tmp_path / "b.duckdb").exists()
    ws = open_workspace(path)
    backup(ws, tmp_path / "b.duckdb", actor="t")
    assert len(list((tmp_path / "backups").iterdir())) == 1
    copies.drop_all(path)  # as an erasure does
    assert list((tmp_path / "backups").iterdir()) == []
    assert verify(ws).intact
    ws.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.duckdb", "backups", "workspace.duckdb"]


def test_a_full_disk_is_told(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: free)
    with pytest.raises(PlumblineError, match="no room for a copy"):
        backup(ws, tmp_path / "b.duckdb", actor="t")
    monkeypatch.undo()
    monkeypatch.setattr(snapshot, "_COPYING", "import os; raise OSError(28, os.strerror(28))")
    with pytest.raises(PlumblineError, match="disk is full"):
        backup(ws, tmp_path / "b.duckdb", actor="t")
    assert [p.name for p in tmp_path.iterdir()] == ["workspace.duckdb"]


def test_nightly_copies_are_kept_two_weeks(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    from plumbline.answers.operations import backup as module

    at = dt.datetime(2026, 3, 1, 2, 30, tzinfo=dt.UTC)
    monkeypatch.setattr(module, "backup", lambda ws, out, actor: out.write_bytes(b""))
    for day in range(20):
        monkeypatch.setattr(module, "now", lambda day=day: at + dt.timedelta(days=day))
        nightly(ws, actor="t", days=14)
    names = [p.name for p in copies.nightly_copies(ws.path)]
    assert len(names) == 15
    assert [name.split(".")[2][:8] for name in (names[0], names[-1])] == ["20260306", "20260320"]
    for day, left in ((400, 16), (401, 2)):  # after a year all of them are old: they go with the second copy
        monkeypatch.setattr(module, "now", lambda day=day: at + dt.timedelta(days=day))
        nightly(ws, actor="t", days=14)
        assert len(copies.nightly_copies(ws.path)) == left
    assert [p.name.split(".")[2][:8] for p in copies.nightly_copies(ws.path)] == ["20270405", "20270406"]
