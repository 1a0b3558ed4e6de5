"""A table of very many columns is written by as few threads as the memory has room for."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from plumbline.logs.load.decisions import load_decisions
from plumbline.sandbox.limits import size_in_bytes
from plumbline.store.database import engine
from plumbline.store.database.engine import few_threads
from plumbline.store.workspace import Workspace, open_workspace
from tests.factory.decisions import decisions, mapping, write


def _threads(cursor: duckdb.DuckDBPyConnection) -> int:
    row = cursor.execute("SELECT current_setting('threads')").fetchone()
    assert row is not None
    return int(row[0])


def test_threads_follow_columns_and_come_back(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb", memory_limit="256MiB")
    with ws.read() as cursor:
        cursor.execute("SET threads = 4")
        for columns, threads in ((0, 4), (28, 4), (64, 4), (65, 3), (128, 2), (129, 1), (100_000, 1)):
            with few_threads(cursor, columns):
                assert _threads(cursor) == threads, columns
            assert _threads(cursor) == 4
        with pytest.raises(ZeroDivisionError), few_threads(cursor, 500):
            1 / 0  # noqa: B018 - what fails in it
        assert _threads(cursor) == 4
        with pytest.raises(duckdb.Error, match="locked"):
            cursor.execute("SET memory_limit = '1GB'")
    ws.close()


@pytest.mark.parametrize(
    ("text", "size"),
    [("1.3 GiB", int(1.3 * 2**30)), ("1500MB", 1_500_000_000), ("12", 0), ("", 0), ("1 XB", 0)],
)
def test_sizes_are_read_as_duckdb_writes_them(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


def test_a_load_of_a_wide_log_takes_as_few(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def after(cursor: duckdb.DuckDBPyConnection, *_: object) -> None:
        seen.append(_threads(cursor))

    with workspace.read() as cursor:
        cursor.execute("SET threads = 3")
    for room, name in ((0.5, "1.csv"), (1e-6, "2.csv")):  # as if the seven columns were very many
        monkeypatch.setattr(engine, "_ROOM", room)
        path = write(tmp_path / name, decisions(50))
        load_decisions(workspace, path, title=name, mapping=mapping(), actor="t", after=after)
    assert seen == [3, 1]
    with workspace.read() as cursor:
        assert _threads(cursor) == 3
