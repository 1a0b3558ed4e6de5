"""Backup, restore and verify: a copy is what the workspace was, and nothing is lost whatever is killed or damaged."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import duckdb
import pytest

from plumbline.answers.operations.backup import backup, nightly
from plumbline.answers.operations.verify import verify
from plumbline.domain import PlumblineError
from plumbline.store import copies, trail
from plumbline.store.backup import restoration, snapshot
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.environment import product
from tests.factory.workspaces import loaded_workspace

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


def _acts(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        return [entry.action for entry in trail.entries(cursor)]


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _forked(work: Callable[[], object]) -> None:
    """Run something in a fork that is killed at its work; this process has no workspace open meanwhile."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            work()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


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
    assert _acts(ws)[:2] == ["workspace restored", "settings changed"]
    ws.close()
    monkeypatch.setenv("PLUMBLINE_KEY", "another")
    with pytest.raises(PlumblineError, match="not the key"):
        restoration.restore(tmp_path / "b.duckdb", tmp_path / "third.duckdb", actor="t")
    assert not list(tmp_path.glob("third*"))


def test_a_restored_copy_takes_the_place_and_what_was_there_is_kept(
    plumbline: Run, path: Path, tmp_path: Path
) -> None:
    plumbline("backup", tmp_path / "b.duckdb")
    plumbline("context", "shop-offers", "impact=credit", "--by", "ana")
    told = plumbline("restore", tmp_path / "b.duckdb", "--by", "ana", "--json").json
    assert told["lost"] == 2  # the backup's own entry, and the context
    assert told["erasures"] == 0
    with duckdb.connect(str(told["replaced"]), read_only=True) as old:
        assert old.execute("SELECT answer FROM context").fetchall() == [("credit",)]
    entry = plumbline("trail", "--verify", "--limit", "1", "--json").json["entries"][0]
    assert (entry["actor"], entry["action"], entry["detail"]["sha256"]) == (
        "ana",
        "workspace restored",
        told["sha256"],
    )
    assert plumbline("context", "shop-offers", "--json").json["context"] == {}
    assert plumbline("verify", "--json").json["intact"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.duckdb", "backups", "workspace.duckdb"]
    shutil.rmtree(tmp_path / "backups")
    path.unlink()  # nothing there: the simplest case
    assert plumbline("restore", tmp_path / "b.duckdb").code == 0
    assert not (tmp_path / "backups").exists()


def test_a_restore_that_brings_erased_people_back_says_so(plumbline: Run, path: Path, tmp_path: Path) -> None:
    plumbline("backup", tmp_path / "b.duckdb")
    assert plumbline("erase", "shop-offers", "--decision", "o-000-001", "--by", "ana").code == 0
    ran = plumbline("restore", tmp_path / "b.duckdb")
    assert "1 of them erased data: the copy holds it again" in ran.out


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


@pytest.mark.parametrize("damage", ["cut", "flipped", "none", "text", "empty", "folder"])
def test_what_is_no_whole_copy_is_refused_and_nothing_changes(
    plumbline: Run, path: Path, tmp_path: Path, damage: str
) -> None:
    copy = tmp_path / "b.duckdb"
    body = bytearray(path.read_bytes())
    if damage == "cut":
        copy.write_bytes(body[: len(body) // 3])
    elif damage == "flipped":
        for place in range(12_288 + 100, len(body), 262_144):  # one byte of each block
            body[place] ^= 0xFF
        copy.write_bytes(body)
    elif damage == "text":
        copy.write_text("a,b\n1,2\n")
    elif damage == "empty":
        duckdb.connect(str(copy)).close()
    elif damage == "folder":
        copy.mkdir()
    before = path.read_bytes()
    ran = plumbline("restore", copy)
    assert ran.code == 2, ran.out
    assert len(ran.err.splitlines()) == 1
    assert "inside Plumbline" not in ran.err
    assert path.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} - {"b.duckdb"} == {"workspace.duckdb"}


def test_a_damaged_workspace_is_told_and_gives_way_to_a_copy(
    plumbline: Run, path: Path, tmp_path: Path
) -> None:
    plumbline("backup", tmp_path / "b.duckdb")
    body = bytearray(path.read_bytes())
    for place in range(12_288 + 100, len(body), 262_144):
        body[place] ^= 0xFF
    path.write_bytes(body)
    told = plumbline("verify", "--json")
    assert told.code == 1
    assert told.json["intact"] is False
    assert "damaged" in told.json["problems"][0]["sentence"]
    ran = plumbline("systems")
    assert (ran.code, "plumbline restore FILE" in ran.err) == (2, True), ran.err
    assert plumbline("backup", tmp_path / "c.duckdb").code == 2
    assert not (tmp_path / "c.duckdb").exists()
    assert plumbline("restore", tmp_path / "b.duckdb").code == 0
    assert plumbline("verify").code == 0
    (kept,) = (tmp_path / "backups").iterdir()
    assert kept.read_bytes() == body


def test_a_workspace_that_is_open_elsewhere_is_not_replaced(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "b.duckdb")
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [product.python(), "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(PlumblineError, match="open in another process"):
            restoration.restore(tmp_path / "b.duckdb", path, actor="t")
    finally:
        other.communicate("")


@pytest.mark.parametrize("at", ["copied", "noted", "kept", "replaced"])
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new(path: Path, tmp_path: Path, at: str) -> None:
    ws = open_workspace(path)
    backup(ws, tmp_path / "b.duckdb", actor="t")
    with ws.write() as cursor:
        trail.append(cursor, actor="t", action="settings changed")
    ws.close()

    def killed() -> None:
        restoration.restore(
            tmp_path / "b.duckdb", path, actor="t", step=lambda name: _die() if name == at else None
        )

    _forked(killed)
    ws = open_workspace(path)
    assert _acts(ws)[0] == ("workspace restored" if at == "replaced" else "settings changed")
    assert verify(ws).intact
    ws.close()
    restoration.restore(tmp_path / "b.duckdb", path, actor="t")  # and it can be done again
    ws = open_workspace(path)
    assert _acts(ws)[0] == "workspace restored"
    ws.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.duckdb", "backups", "workspace.duckdb"]


def test_a_backup_killed_midway_leaves_no_copy_and_the_next_one_sweeps_up(path: Path, tmp_path: Path) -> None:
    def killed(copy: Callable[[Workspace], object]) -> None:
        snapshot._verify_snapshot = lambda *_: _die()
        copy(open_workspace(path))

    _forked(lambda: killed(lambda ws: backup(ws, tmp_path / "b.duckdb", actor="t")))
    _forked(lambda: killed(lambda ws: nightly(ws, actor="t", days=14)))
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


def test_what_a_killed_process_left_in_the_log_of_writes_goes_with_the_old_file(
    path: Path, tmp_path: Path
) -> None:
    shutil.copy(path, tmp_path / "b.duckdb")
    write = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute(\"INSERT INTO respond_setting VALUES ('late', '{}')\"); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", write, str(path)], check=False)
    assert Path(f"{path}.wal").exists()
    found = restoration.restore(tmp_path / "b.duckdb", path, actor="t")
    with (
        duckdb.connect(str(path), read_only=True) as new,
        duckdb.connect(str(found.replaced), read_only=True) as old,
    ):
        count = "SELECT count(*) FROM respond_setting"
        assert (new.execute(count).fetchone(), old.execute(count).fetchone()) == ((0,), (1,))


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


@pytest.mark.parametrize(
    ("attack", "kinds"),
    [
        ("UPDATE profile_hour SET n = n + 1000 WHERE rowid = 0", {"profiles", "state"}),
        ("UPDATE \"decision_shop-offers\" SET label = 'yes' WHERE label = 'no'", {"profiles", "state"}),
        ('DELETE FROM "decision_shop-offers" WHERE rowid < 10', {"profiles", "state"}),
        ("UPDATE load SET file = 'other.csv'", {"loads"}),
        ("UPDATE load SET rows_loaded = rows_loaded + 1, rows_read = rows_read + 1", {"loads"}),
        ("INSERT INTO person VALUES ('eve@example.com', 'owner', 'eve', '2026-01-01')", {"people"}),
        ("INSERT INTO token VALUES ('eve', 'd', 'owner', '[]', NULL, 'eve', '2026-01-01', NULL)", {"tokens"}),
        ("UPDATE trail SET actor = 'eve' WHERE seq = 1", {"trail", "loads"}),
    ],
)
def test_what_was_changed_by_hand_is_found(ws: Workspace, attack: str, kinds: set[str]) -> None:
    assert verify(ws).problems == ()
    with ws.write() as cursor:
        cursor.execute(attack)
    found = verify(ws)
    assert {one.kind for one in found.problems} == kinds
    assert not found.intact


def test_verifying_changes_nothing(ws: Workspace) -> None:
    tables = "SELECT * FROM profile_feature ORDER BY ALL"
    with ws.read() as cursor:
        before = cursor.execute(tables).fetchall()
    assert verify(ws).intact
    with ws.read() as cursor:
        assert cursor.execute(tables).fetchall() == before
        assert cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_a_rehearsal_leaves_a_receipt_and_takes_no_strange_copy(
    plumbline: Run, made: Path, path: Path, tmp_path: Path
) -> None:
    plumbline("backup", tmp_path / "b.duckdb")
    told = plumbline("rehearse-restore", tmp_path / "b.duckdb", "--by", "ana", "--json").json
    assert told["entry"] > 0
    entry = plumbline("trail", "--limit", "1", "--json").json["entries"][0]
    assert (entry["action"], entry["detail"]["sha256"]) == ("restore of a copy rehearsed", told["sha256"])
    controls = plumbline("scorecard", "shop-offers", "--json").json["controls"]
    (control,) = [one for one in controls if one["id"] == "CMP-5"]
    assert control["status"] == "partial"
    assert "Restore rehearsed on" in str(control["evidence"])
    ws = open_workspace(tmp_path / "stranger.duckdb")
    with ws.write() as cursor:
        trail.append(cursor, actor="t", action="settings changed")
    ws.close()
    ran = plumbline("rehearse-restore", tmp_path / "stranger.duckdb")
    assert (ran.code, "no copy of this workspace" in ran.err) == (2, True)


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
