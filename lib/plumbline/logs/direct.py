"""The short road of a clean file: its rows go into the decision table as they are read, written once.

Most logs are clean: each record parses, each cell fits, nothing repeats, and the rows are in order of time. For
those a stage would be a second copy. Where anything at all is to be set aside, nothing is left behind and the
stage does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from plumbline.logs.plan import Plan, odd_columns
from plumbline.logs.source import REJECTS, Source
from plumbline.logs.staging import drop_stage, read_into, staged_rows
from plumbline.store.sql import ident

#: a file that is larger is first tried on its beginning: a second reading costs more than this look
LOOK_BYTES, LOOK_ROWS = 32 * 1024 * 1024, 20_000


def insert_clean(
    cursor: duckdb.DuckDBPyConnection, source: Source, plan: Plan, table: str, targets: Sequence[str], load_id: int
) -> int | None:  # fmt: skip
    """Load a clean file in one reading; returns its rows, or None where it is not clean (nothing has changed).

    Args:
        table: the quoted decision table, which has all columns already.
        targets: the columns of the table for the plan's columns and derived ones, in that order.

    Raises:
        PlumblineError: DuckDB cannot read the file at all.
    """
    drop_stage(cursor)
    if source.faults or source.lined or not _looks_clean(cursor, source, plan, table):
        return None
    names = [c.name for c in plan.columns] + [name for name, _ in plan.derived]
    into = ", ".join(ident(name) for name in targets)
    values = ", ".join(ident(name) for name in names)
    drop_stage(cursor)
    read_into(
        cursor, source,
        f"""INSERT INTO {table} (_load_id, _line, _hash, {into})
            SELECT {int(load_id)}, {_flag(plan)}, _hash, {values} FROM ({staged_rows(source, plan)})""",
    )  # fmt: skip
    rows = _clean_rows(cursor, source, table, load_id)
    if rows is None:
        cursor.execute(f"DELETE FROM {table} WHERE _load_id = {int(load_id)}")
    return rows


def _flag(plan: Plan) -> str:
    """1 where a row needs more than to be inserted; the column ``_line`` carries it until the rows are numbered."""
    odd = " OR ".join(f"_odd{i} <> 0" for i in range((len(odd_columns(plan.columns)) + 61) // 62))
    return f"CASE WHEN _reason IS NOT NULL{f' OR {odd}' if odd else ''} THEN 1 ELSE 0 END"


def _looks_clean(cursor: duckdb.DuckDBPyConnection, source: Source, plan: Plan, table: str) -> bool:
    if source.survey is not None and source.survey.size < LOOK_BYTES:
        return True
    rows = staged_rows(source, plan, limit=LOOK_ROWS)
    read_into(
        cursor, source,
        f"""CREATE TEMP TABLE stage_look AS SELECT {_flag(plan)} AS flag, _hash, "timestamp",
            "timestamp" < lag("timestamp") OVER () AS back FROM ({rows})""",
    )  # fmt: skip
    row = cursor.execute(
        f"""SELECT (SELECT count(*) FILTER (flag = 1 OR back) + count(*) - count(DISTINCT _hash) FROM temp.stage_look)
                 + (SELECT count(*) FROM temp.stage_look l SEMI JOIN {table} d
                    ON l._hash = d._hash AND l."timestamp" = d."timestamp")"""
    ).fetchone()
    cursor.execute("DROP TABLE temp.stage_look")
    return row is not None and row[0] == 0 and not _rejects(cursor, source)


def _rejects(cursor: duckdb.DuckDBPyConnection, source: Source) -> bool:
    if source.is_table:
        return False
    return cursor.execute(f"SELECT 1 FROM {REJECTS} LIMIT 1").fetchone() is not None


def _clean_rows(cursor: duckdb.DuckDBPyConnection, source: Source, table: str, load_id: int) -> int | None:
    """The rows of the load, numbered, or None where there is anything to set aside or to put in order."""
    mine = f"FROM {table} WHERE _load_id = {int(load_id)}"
    row = cursor.execute(
        f"SELECT count(*), coalesce(sum(_line), 0), count(DISTINCT _hash), min(rowid), max(rowid) {mine}"
    ).fetchone()
    rows, flagged, distinct, first, last = row or (0, 0, 0, 0, 0)
    if not rows or flagged or distinct < rows or last - first + 1 != rows or _rejects(cursor, source):
        return None
    back = f'SELECT "timestamp" < lag("timestamp") OVER () AS back {mine}'
    if cursor.execute(f"SELECT 1 FROM ({back}) WHERE back LIMIT 1").fetchone():
        return None
    span = f'(SELECT min("timestamp") {mine}) AND (SELECT max("timestamp") {mine})'
    again = cursor.execute(
        f"""SELECT 1 FROM (SELECT _hash, "timestamp" {mine}) n
            SEMI JOIN (SELECT _hash, "timestamp" FROM {table}
                       WHERE _load_id <> {int(load_id)} AND "timestamp" BETWEEN {span}) d
            ON n._hash = d._hash AND n."timestamp" = d."timestamp" LIMIT 1"""
    ).fetchone()
    if again:
        return None
    cursor.execute(f"UPDATE {table} SET _line = rowid - {int(first) - 1} WHERE _load_id = {int(load_id)}")
    return int(rows)
