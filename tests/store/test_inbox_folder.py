"""A process's own folder goes with it; what a killed one left is swept away, and what a living one holds is not."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from plumbline.store import inbox_folder
from plumbline.store.inbox_folder import drop_inbox, make_inbox, sweep
from plumbline.store.workspace import open_workspace


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_what_a_killed_process_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = make_inbox()
    (mine / "log.csv").write_text("a\n")
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        left = make_inbox()
        (left / "scratch.duckdb").write_text("a person's file")
        os.write(said, str(left).encode())
        signal.pause()
    left = Path(os.read(heard, 4096).decode())
    sweep(tmp_path)
    assert (left / "scratch.duckdb").exists()  # its process lives
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    sweep(tmp_path)  # the very next command: what lies there is a log in plain text
    assert not left.exists()
    assert (mine / "log.csv").exists()
    drop_inbox(mine)
    assert not mine.exists()
    os.close(heard)
    os.close(said)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_folder_is_called_a_process_s_own_only_once_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else another process could delete it between the two."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names, lock = [], inbox_folder._lock

    def seen(folder: Path) -> int | None:
        names.append(folder.name)
        sweep(tmp_path)  # another process comes just now
        assert folder.exists()
        return lock(folder)

    monkeypatch.setattr(inbox_folder, "_lock", seen)
    mine = make_inbox()
    assert [name.startswith("plumbline-own-") for name in (names[0], mine.name)] == [False, True]
    assert mine.stat().st_mode & 0o777 == 0o700
    unlocked = tmp_path / names[0].replace(names[0][-8:], "deadbeef")  # its maker died before it held it
    unlocked.mkdir()
    monkeypatch.setattr(inbox_folder, "_lock", lock)
    sweep(tmp_path)
    assert unlocked.exists()
    monkeypatch.setattr(inbox_folder, "_YOUNG", 0.0)
    sweep(tmp_path)
    assert not unlocked.exists()
    assert mine.exists()
    drop_inbox(mine)


def test_an_inbox_ends_with_its_workspace(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb")
    (ws.inbox / "log.csv").write_text("a\n")
    ws.close()
    assert not ws.inbox.exists()
