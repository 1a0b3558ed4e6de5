"""Restore: a copy takes the place whole or not at all, and what was there is kept, whatever is killed or damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.operations.backup import backup
from plumbline.answers.operations.verify import verify
from plumbline.domain import PlumblineError
from plumbline.store import trail
from plumbline.store.backup import restoration
from plumbline.store.workspace import open_workspace
from tests.answers.operations.conftest import Run, acts_on_trail, die, run_killed_fork
from tests.environment import product


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
            tmp_path / "b.duckdb", path, actor="t", step=lambda name: die() if name == at else None
        )

    run_killed_fork(killed)
    ws = open_workspace(path)
    assert acts_on_trail(ws)[0] == ("workspace restored" if at == "replaced" else "settings changed")
    assert verify(ws).intact
    ws.close()
    restoration.restore(tmp_path / "b.duckdb", path, actor="t")  # and it can be done again
    ws = open_workspace(path)
    assert acts_on_trail(ws)[0] == "workspace restored"
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
