"""A process's own folder goes with it; what a killed one left is swept away, and what a living one holds is not."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

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
    sweep(tmp_path, young=0)
    assert (left / "scratch.duckdb").exists()  # its process lives
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    sweep(tmp_path)
    assert left.exists()  # too young to tell
    sweep(tmp_path, young=0)
    assert not left.exists()
    assert (mine / "log.csv").exists()
    drop_inbox(mine)
    assert not mine.exists()
    os.close(heard)
    os.close(said)


def test_an_inbox_ends_with_its_workspace(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb")
    (ws.inbox / "log.csv").write_text("a\n")
    ws.close()
    assert not ws.inbox.exists()
