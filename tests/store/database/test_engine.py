"""What DuckDB or the machine cannot give is said in words, and the next question is answered."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest

from plumbline.answers.data.push import _is_the_machine
from plumbline.answers.faults import sentence
from plumbline.store.database.engine import FullDisk, MemoryShortage, is_memory_shortage
from plumbline.store.workspace import open_workspace


def test_too_little_memory_is_a_sentence_and_the_workspace_goes_on(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb", memory_limit="20MB")
    with ws.write() as cursor:
        cursor.execute("CREATE TABLE own AS SELECT 1 AS n")

    def too_much() -> None:
        with ws.write() as cursor:
            cursor.execute("INSERT INTO own VALUES (2)")
            cursor.execute("SELECT list(repeat('x', 1000) || i) FROM range(1000000) t(i)").fetchall()

    with pytest.raises(MemoryShortage, match="PLUMBLINE_MEMORY"):
        too_much()
    with ws.read() as cursor:
        assert cursor.execute("SELECT n FROM own").fetchall() == [(1,)]
    with pytest.raises(MemoryShortage), ws.read():
        raise MemoryError
    ws.close()


def test_a_shortage_is_the_machine_s_fault_and_a_full_disk_no_shortage_of_memory() -> None:
    spilled = duckdb.OutOfMemoryException(
        "Out of Memory Error: failed to offload: 'max_temp_directory_size' reached"
    )
    assert not is_memory_shortage(spilled)
    assert not is_memory_shortage(FullDisk(Path("/x")))
    unmapped = ImportError("libgfortran.so.5: failed to map segment from shared object")
    threadless = RuntimeError("can't start new thread")
    assert not is_memory_shortage(ImportError("No module named 'x'"))
    for error in (
        MemoryError(), duckdb.OutOfMemoryException("could not allocate block"), MemoryShortage(), unmapped,
        threadless, OSError(errno.ENOMEM, "Cannot allocate memory"),
    ):  # fmt: skip
        assert _is_the_machine(error)  # pushed rows wait, and are tried again
        assert "PLUMBLINE_MEMORY" in sentence(error)
