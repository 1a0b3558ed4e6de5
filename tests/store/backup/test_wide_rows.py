"""Hashes of wide rows, put together portion by portion, are those that DuckDB gives of all columns at once."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from plumbline.answers.data.load import load_file
from plumbline.store.backup import state_digest, wide_rows
from plumbline.store.backup.wide_rows import hash_sum
from plumbline.store.workspace import Workspace
from tests.factory.decisions import decisions, write


@pytest.mark.parametrize("portion", [1, 2, 3, 100])
@pytest.mark.parametrize("rows", [0, 1, 10_000])
def test_a_portion_changes_no_sum(portion: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide_rows, "PORTION", portion)
    with duckdb.connect() as connection:
        connection.execute(
            f"""CREATE TABLE t AS
                SELECT i % 3 AS load, i AS "a""b", i * 1.5 - 7 AS b, 's' || i % 5 AS c, NULL::DOUBLE AS d,
                       TIMESTAMP '2026-01-01' + to_hours(i::BIGINT) AS e, i % 2 = 0 AS f
                FROM range({rows}) r(i)"""
        )
        names = ['a"b', "b", "c", "d", "e", "f"]
        whole = connection.execute(
            """SELECT count(*), coalesce(sum(hash("a""b", b, c, d, e, f)), 0) FROM t WHERE load = 1"""
        ).fetchone()
        assert hash_sum(connection, "FROM t WHERE load = 1", names) == whole


def test_a_digest_is_the_same_however_wide_a_row_is_taken_to_be(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for start in (0, 50):
        load_file(workspace, write(tmp_path / f"{start}.csv", decisions(50, start)), title="s", actor="t")
    monkeypatch.setattr(state_digest, "WIDE", 3)
    monkeypatch.setattr(wide_rows, "PORTION", 4)
    with workspace.write() as cursor:
        assert list(state_digest.differences(cursor, "s")) == []
        cursor.execute("UPDATE decision_s SET score = 0.123 WHERE decision_id = 'd0060'")
        assert list(state_digest.differences(cursor, "s")) == [state_digest.Difference("s", "decisions", 2)]
