"""The short road of a clean file: its rows go into the decision table as they are read, written once.

Most logs are clean: each record parses, each cell fits, nothing repeats, and the rows are in order of time. For
those a stage would be a second copy. Where anything at all is to be set aside, nothing is left behind and the
stage does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import duckdb

from plumbline.logs.files.source import REJECTS, Source, relation
from plumbline.logs.load.plan import MASK_BITS, Plan, content_hash, watched_columns
from plumbline.logs.load.staging import LOOK, drop_stage, execute_on_file, masking_query
from plumbline.logs.values.cast import is_reckonable
from plumbline.store.sql import ident

#: a file that is larger is first tried on its beginning: a second reading costs more than this look
LOOK_BYTES, LOOK_ROWS = 32 * 1024 * 1024, 20_000
#: values of that look at most, however many columns there are, but for its first rows
LOOK_VALUES, FEWEST_ROWS = 4_000_000, 1_000


def insert_clean_file(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan_for: Callable[[Source], Plan],
    table: str,
    targets: Sequence[str],
    load_id: int,
) -> int | None:
    """Load a clean file in one reading; returns its rows, or None where it is not clean (nothing has changed).

    Args:
        plan_for: how a file is staged, whatever the types that its columns are read with.
        table: the quoted decision table, which has all columns already.
        targets: the columns of the table for the plan's columns and derived ones, in that order.

    Raises:
        PlumblineError: DuckDB cannot read the file at all.
    """
    if source.faults or source.lined:
        return None
    if source.survey is not None and source.survey.size < LOOK_BYTES:
        return _insert(cursor, source, plan_for(source), table, targets, load_id)
    tried = _guess_number_columns(cursor, source, plan_for, table)
    if tried is None:
        return None
    rows = _insert(cursor, tried, plan_for(tried), table, targets, load_id)
    fewer = _drop_word_columns(cursor, source, tried) if rows is None else None
    return rows if fewer is None else _insert(cursor, fewer, plan_for(fewer), table, targets, load_id)


def look_rows(columns: int) -> int:
    """How many rows of a file of so many columns are looked at first."""
    return min(LOOK_ROWS, max(LOOK_VALUES // max(columns, 1), FEWEST_ROWS))


def _guess_number_columns(
    cursor: duckdb.DuckDBPyConnection, source: Source, plan_for: Callable[[Source], Plan], table: str
) -> Source | None:
    """The file, of text with the columns as numbers in whose beginning no word stands; None where it is not clean."""
    plan = plan_for(source)
    names = dict.fromkeys(source.cell(c.map.column) for c in plan.columns)
    cells = f"SELECT {', '.join(names)} FROM {relation(source, rejects=False)} LIMIT {look_rows(len(names))}"
    drop_stage(cursor)
    execute_on_file(cursor, source, f"CREATE TEMP TABLE {LOOK} AS {cells}")
    beginning = f"temp.{LOOK}"
    row = cursor.execute(
        f"""WITH seen AS MATERIALIZED (
                SELECT _flag, _hash, "timestamp", "timestamp" < lag("timestamp") OVER () AS back
                FROM ({_rows(source, plan, beginning)}))
            SELECT (SELECT count(*) FILTER (_flag = 1 OR back) + count(*) - count(DISTINCT _hash) FROM seen)
                 + (SELECT count(*) FROM seen l SEMI JOIN {table} d
                    ON l._hash = d._hash AND l."timestamp" = d."timestamp")"""
    ).fetchone()
    clean = row is not None and row[0] == 0
    return source.with_number_columns(_numbers(cursor, source, plan, beginning)) if clean else None


def _numbers(cursor: duckdb.DuckDBPyConnection, source: Source, plan: Plan, beginning: str) -> list[str]:
    """The columns of a file of text that are numbers and nothing else, without a format of their own, in whose
    beginning no word stands."""
    other = {c.map.column for c in plan.columns if not c.plain}
    plain = [
        name for name in dict.fromkeys(c.map.column for c in plan.columns if c.plain) if name not in other
    ]
    if source.is_table or not plain:
        return []
    words = ", ".join(
        f"bool_or({c} IS NOT NULL AND ({is_reckonable(f'TRY_CAST({c} AS DOUBLE)')}) IS NOT TRUE)"
        for c in map(source.cell, plain)
    )
    row = cursor.execute(f"SELECT {words} FROM {beginning}").fetchone() or ()
    return [name for name, word in zip(plain, row, strict=True) if not word]


def _drop_word_columns(cursor: duckdb.DuckDBPyConnection, source: Source, tried: Source) -> Source | None:
    """The file with the columns as text in which a word stood; None where that is not all that was wrong."""
    if tried.kinds == source.kinds:
        return None
    rejected = cursor.execute(f"SELECT DISTINCT error_type::VARCHAR, column_idx FROM {REJECTS}").fetchall()
    if not rejected or any(kind != "CAST" for kind, _ in rejected):
        return None
    words = {source.columns[place - 1] for _, place in rejected}
    numbers = {name for name, kind in tried.kinds.items() if kind != "VARCHAR"}
    return source.with_number_columns(numbers - words)


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    plan: Plan,
    table: str,
    targets: Sequence[str],
    load_id: int,
) -> int | None:
    names = [c.name for c in plan.columns] + [name for name, _ in plan.derived]
    into = ", ".join(ident(name) for name in targets)
    values = ", ".join(ident(name) for name in names)
    drop_stage(cursor)
    execute_on_file(
        cursor,
        source,
        f"""INSERT INTO {table} (_load_id, _line, _hash, {into})
            SELECT {int(load_id)}, _flag, _hash, {values} FROM ({_rows(source, plan)})""",
    )
    rows = _number_clean_rows(cursor, source, table, load_id)
    if rows is None:
        cursor.execute(f"DELETE FROM {table} WHERE _load_id = {int(load_id)}")
    return rows


def _rows(source: Source, plan: Plan, cells: str = "") -> str:
    """The query that casts the file, or the table of its ``cells``: the plan's columns, ``_hash``, and ``_flag``: 1
    where a row needs more than to be inserted. The column ``_line`` carries it until the rows are numbered."""
    odd = [f"_odd{i} <> 0" for i in range((len(watched_columns(plan.columns)) + MASK_BITS - 1) // MASK_BITS)]
    endless = [f"NOT {is_reckonable(ident(c.name))}" for c in plan.columns if c.unbounded]
    wrong = " OR ".join([*(f"({sql})" for _, sql, _ in plan.reasons), *odd, *endless])
    derived = "".join(f", {sql} AS {ident(name)}" for name, sql in plan.derived)
    return (
        f"SELECT *{derived}, CASE WHEN {wrong} THEN 1 ELSE 0 END AS _flag, {content_hash(plan)} AS _hash "
        f"FROM ({masking_query(source, plan, cells=cells)})"
    )


def _has_rows(cursor: duckdb.DuckDBPyConnection, query: str, **values: datetime) -> bool:
    return cursor.execute(query, values).fetchone() is not None


def _rejects(cursor: duckdb.DuckDBPyConnection, source: Source) -> bool:
    return not source.is_table and _has_rows(cursor, f"SELECT 1 FROM {REJECTS} LIMIT 1")


def _number_clean_rows(
    cursor: duckdb.DuckDBPyConnection, source: Source, table: str, load_id: int
) -> int | None:
    """The rows of the load, numbered, or None where there is anything to set aside or to put in order."""
    mine = f"FROM {table} WHERE _load_id = {int(load_id)}"
    row = cursor.execute(
        f"""SELECT count(*), coalesce(sum(_line), 0), min(place), max(place), min("timestamp"), max("timestamp"),
                   count(*) FILTER ("timestamp" < before), count(*) FILTER ("timestamp" = before)
            FROM (SELECT _line, rowid AS place, "timestamp", lag("timestamp") OVER () AS before {mine})"""
    ).fetchone()
    rows, flagged, first, last, start, end, back, ties = row or (0,) * 8
    if not rows or flagged or back or last - first + 1 != rows or _rejects(cursor, source):
        return None
    if ties and _has_rows(cursor, f"SELECT 1 {mine} HAVING count(DISTINCT _hash) < count(*)"):
        return None  # the time is part of what is hashed: rows in strict order are no repeats
    earlier = f'FROM {table} WHERE _load_id <> {int(load_id)} AND "timestamp" BETWEEN $start AND $end'
    if _has_rows(cursor, f"SELECT 1 {earlier} LIMIT 1", start=start, end=end) and _has_rows(
        cursor,
        f"""SELECT 1 FROM (SELECT _hash, "timestamp" {mine}) n SEMI JOIN (SELECT _hash, "timestamp" {earlier}) d
            ON n._hash = d._hash AND n."timestamp" = d."timestamp" LIMIT 1""",
        start=start,
        end=end,
    ):
        return None
    cursor.execute(f"UPDATE {table} SET _line = rowid - {int(first) - 1} WHERE _load_id = {int(load_id)}")
    return int(rows)
