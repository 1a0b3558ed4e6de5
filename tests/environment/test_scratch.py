"""Tests write into memory only where the machine has enough of it."""

from __future__ import annotations

import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from tests.environment import scratch

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "available", "named", "in_memory"),
    [
        (scratch.ROOM, 2 * scratch.ROOM, None, True),
        (scratch.ROOM - 1, 2 * scratch.ROOM, None, False),
        (scratch.ROOM, 2 * scratch.ROOM - 1024, None, False),
        (scratch.ROOM, 2 * scratch.ROOM, "elsewhere", False),
    ],
)
def test_memory_is_taken_where_there_is_enough(
    free: int,
    available: int,
    named: str | None,
    in_memory: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    if named:
        (tmp_path / named).mkdir()
        monkeypatch.setenv("TMPDIR", str(tmp_path / named))
    monkeypatch.setattr(scratch.shutil, "disk_usage", lambda path: Usage(free, 0, free))
    facts = tmp_path / "meminfo"
    facts.write_text(f"MemTotal: 1 kB\nMemAvailable: {available >> 10} kB\n")
    memory = tmp_path / "memory"
    memory.mkdir()
    usual = tmp_path / named if named else Path(tempfile.gettempdir())
    assert scratch.scratch(memory, facts) == (memory if in_memory else usual)
    assert scratch.scratch(tmp_path / "missing", facts) == usual
