"""What is no workspace, or cannot be opened, is one sentence that says what, where and what to do."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.governance.scorecard import scorecard
from plumbline.domain import PlumblineError, Task
from plumbline.store import locations, systems, trail
from plumbline.store.database import connection
from plumbline.store.workspace import open_workspace
from tests.conftest import Ran
from tests.store.stored import unpack

CSV = "id,when,score\nd1,2026-01-01,0.4\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of today with a system, merged into its file."""
    path = unpack(18, tmp_path_factory.mktemp("whole") / "ws.duckdb")
    open_workspace(path).close()
    shutil.rmtree(path.parent / "backups")
    return path


def _forbid(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Take the right to write away; root has every right, so for root the answer of the system is changed."""
    if os.geteuid():
        path.chmod(0o500 if path.is_dir() else 0o400)
    asked = os.access
    monkeypatch.setattr(connection.os, "access", lambda p, mode: Path(p) != path and asked(p, mode))


def _csv(folder: Path) -> Path:
    (folder / "log.csv").write_text(CSV)
    return folder / "log.csv"


def _empty(folder: Path) -> Path:
    (folder / "ws.duckdb").touch()
    return folder / "ws.duckdb"


def _folder(folder: Path) -> Path:
    (folder / "ws.duckdb").mkdir()
    return folder / "ws.duckdb"


def _sqlite(folder: Path) -> Path:
    import sqlite3

    with sqlite3.connect(folder / "ws.db") as made:
        made.execute("CREATE TABLE system (key TEXT)")
    return folder / "ws.db"


@pytest.mark.parametrize(
    ("made", "what", "todo"),
    [
        (_csv, "This file is not a workspace", "--workspace or PLUMBLINE_WORKSPACE"),
        (_empty, "This file is not a workspace", "Choose another path"),
        (_sqlite, "This file is not a workspace", "Choose another path"),
        (_folder, "The workspace's path is a folder", "workspace.duckdb"),
        (lambda folder: folder / "missing" / "ws.duckdb", "The workspace's folder does not exist", "Make it first"),
    ],
    ids=["CSV", "empty", "SQLite", "folder", "missing folder"],
)  # fmt: skip
@pytest.mark.parametrize("by", ["option", "variable"])
def test_what_is_no_workspace_is_refused_in_one_line_and_left_as_it_was(
    made: Callable[[Path], Path], what: str, todo: str, by: str, tmp_path: Path, plumbline: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = made(tmp_path)
    before = sorted((p, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*"))
    log = tmp_path / "more.csv"
    log.write_text(CSV)
    monkeypatch.setenv("PLUMBLINE_WORKSPACE", str(path))
    given = ("--workspace", path) if by == "option" else ()
    ran = plumbline("load", log, "--system", "s", "--timezone", "UTC", *given)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.strip().splitlines()) == 1
    assert what in ran.err
    assert todo in ran.err
    assert str(path if what != "The workspace's folder does not exist" else path.parent) in ran.err
    log.unlink()
    assert sorted((p, p.read_bytes() if p.is_file() else b"") for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_a_sentence(
    what: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shutil.copy(whole, tmp_path / "ws.duckdb")
    _forbid(monkeypatch, path if what == "file" else tmp_path)
    with pytest.raises(PlumblineError, match=f"The workspace's {what} may not be") as refused:
        open_workspace(path)
    assert "Give this user the right" in refused.value.todo
    tmp_path.chmod(0o700)


def test_no_workspace_is_made_in_a_folder_that_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forbid(monkeypatch, tmp_path)
    with pytest.raises(PlumblineError, match="The workspace's folder may not be written"):
        open_workspace(tmp_path / "ws.duckdb")
    tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_the_default_workspace_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "share" / "plumbline")
    monkeypatch.delenv("PLUMBLINE_WORKSPACE", raising=False)
    open_workspace().close()
    assert (tmp_path / "share" / "plumbline" / "workspace.duckdb").is_file()


def test_a_workspace_opened_twice_by_one_process_is_refused_and_keeps_its_lock(
    whole: Path, tmp_path: Path
) -> None:
    """Reading a file beside DuckDB would drop the lock that this process holds on it."""
    path = shutil.copy(whole, tmp_path / "ws.duckdb")
    first = open_workspace(path)
    with pytest.raises(PlumblineError, match="The workspace is open already"):
        open_workspace(path)
    code = f"import duckdb; duckdb.connect({str(path)!r})"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "lock on file" in other.stderr
    first.close()
    open_workspace(path).close()


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    bad = bytearray(data)
    for _ in range(8):
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
    return bytes(bad)


def _zeroed(data: bytes, chance: random.Random) -> bytes:
    bad = bytearray(data)
    for _ in range(16):
        at = chance.randrange(len(data) - 4096)
        bad[at : at + 4096] = bytes(4096)
    return bytes(bad)


def _told(path: Path) -> PlumblineError | None:
    """What is said when a workspace is opened and every table read, the scorecard too; None: nothing is wrong."""
    try:
        ws = open_workspace(path)
    except PlumblineError as error:
        return error
    try:
        with ws.read() as cursor:
            for (table,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                cursor.execute(f'SELECT * FROM "{table}"').fetchall()
        scorecard(ws, "orders")
    except PlumblineError as error:
        return error
    finally:
        ws.close()
    return None


@pytest.mark.parametrize("damage", [_cut, _flipped, _zeroed], ids=["cut", "flipped", "zeroed"])
def test_a_damaged_workspace_is_told_in_words_whenever_it_shows(
    damage: Callable[[bytes, random.Random], bytes], whole: Path, tmp_path: Path
) -> None:
    chance, data = random.Random(17), whole.read_bytes()
    told = []
    for turn in range(6):
        path = tmp_path / f"{turn}.duckdb"
        path.write_bytes(damage(data, chance))
        told.append((path, _told(path)))
    shown = [(path, error) for path, error in told if error is not None]
    assert len(shown) >= (5 if damage is _cut else 1)
    for path, error in shown:
        assert error.what in ("The workspace is damaged and cannot be read", "This file is not a workspace")
        assert error.where == str(path)
        assert "backup" in error.todo or "another path" in error.todo


def test_a_damaged_workspace_names_the_newest_copy(tmp_path: Path) -> None:
    path = unpack(18, tmp_path / "ws.duckdb")
    open_workspace(path).close()
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(PlumblineError, match="damaged") as told:
        open_workspace(path)
    assert "ws.schema-18." in told.value.todo


def test_a_damaged_old_workspace_is_called_damaged_and_not_migrated(tmp_path: Path) -> None:
    path = unpack(5, tmp_path / "ws.duckdb")
    bad = bytearray(path.read_bytes())
    for at in range(3 * 4096, len(bad), 4096):
        bad[at + 100] ^= 255
    path.write_bytes(bytes(bad))
    with pytest.raises(PlumblineError, match="damaged and cannot be read"):
        open_workspace(path)
    assert path.read_bytes() == bytes(bad)
    assert not list(tmp_path.rglob("*.migrating*"))


def test_another_error_of_duckdb_is_not_called_damage(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "ws.duckdb")
    with pytest.raises(duckdb.CatalogException), ws.read() as cursor:
        cursor.execute("SELECT * FROM nowhere")
    with ws.write() as cursor:
        systems.create_system(cursor, "Still fine", task=Task.BINARY)
        assert trail.verify(cursor).intact
    ws.close()
