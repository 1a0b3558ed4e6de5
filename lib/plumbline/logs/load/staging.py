"""A file as a temporary table: every record that could be parsed, cast to its roles, with a reason where it is bad."""

from __future__ import annotations

import duckdb

from plumbline.domain import PlumblineError
from plumbline.logs.files.source import REJECT_SCANS, REJECTS, Source, relation, unreadable
from plumbline.logs.load.plan import (
    MASK_BITS,
    Plan,
    StagedColumn,
    digest,
    text_columns,
    texts_sql,
    unreadable_conditions,
    unreadable_masks,
    watched_columns,
)
from plumbline.store.sql import ident, literal

STAGE, STAGE_TABLE, REPEATS, SHIFTS = "stage_rows", "stage_table", "stage_repeats", "stage_shifts"
LOOK = "stage_look"


def stage(cursor: duckdb.DuckDBPyConnection, source: Source, plan: Plan, first: int | None = None) -> int:
    """Read the file, or its ``first`` rows, once into a temporary table, seen through the view STAGE.

    Returns its number of rows.

    Columns: those of ``staging_query`` and ``_row`` (0-based place among the records that could be parsed).

    Raises:
        PlumblineError: DuckDB cannot read the file at all.
    """
    drop_stage(cursor)
    execute_on_file(
        cursor, source, f"CREATE TEMP TABLE {STAGE_TABLE} AS {staging_query(source, plan, limit=first)}"
    )
    return _number_rows(cursor)


def execute_on_file(cursor: duckdb.DuckDBPyConnection, source: Source, sql: str) -> None:
    """Run a statement that reads the file.

    Raises:
        PlumblineError: DuckDB cannot read the file at all.
    """
    try:
        cursor.execute(sql)
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.PermissionException) as error:
        raise unreadable(source.given, error) from error


def staging_query(source: Source, plan: Plan, *, limit: int | None = None) -> str:
    """The query that casts the file: the plan's columns, ``_reason`` (NULL where the row is good), ``_odd0`` ...
    (see ``plan.unreadable_conditions``), ``_texts`` (see ``plan.texts_sql``) and ``_hash``; of the first ``limit``
    records only, where it is given."""
    reason = "CASE " + " ".join(f"WHEN {sql} THEN {literal(r)}" for r, sql, _ in plan.reasons) + " END"
    derived = "".join(f", {sql} AS {ident(name)}" for name, sql in plan.derived)
    texts = texts_sql(plan.columns)
    inner = masking_query(source, plan, limit=limit, keep=bool(texts))
    if texts:  # a step of its own: the masks are not worked out again for each of its cells
        names, odd = ", ".join(ident(c.name) for c in plan.columns), watched_columns(plan.columns)
        words = ", ".join(f"_odd{i}" for i in range((len(odd) + MASK_BITS - 1) // MASK_BITS))
        inner = f"SELECT {names}, {words}, {texts} FROM ({inner})"
    return f"SELECT *{derived}, {reason} AS _reason, {digest(plan)} AS _hash FROM ({inner})"


def masking_query(
    source: Source, plan: Plan, *, limit: int | None = None, keep: bool = False, cells: str = ""
) -> str:
    """The query of the plan's columns and ``_odd0`` ...; ``keep``: and of the cells that ``_texts`` needs;
    ``cells``: of a table of the file's cells."""
    values = ", ".join(f"{c.value} AS {ident(c.name)}" for c in plan.columns)
    odd = watched_columns(plan.columns)
    raw = "".join(f", {c.watched} AS _raw{i}" for i, c in enumerate(odd))
    read = _cells(source, plan, cells) + (f" LIMIT {int(limit)}" if limit else "")
    raw_columns = "".join(f", _raw{i}" for i, c in enumerate(odd) if c.beside) if keep else ""
    names = ", ".join(ident(c.name) for c in plan.columns)
    return f"SELECT {names}, {unreadable_masks(plan.columns)}{raw_columns} FROM (SELECT {values}{raw} FROM ({read}))"


def _cells(source: Source, plan: Plan, text: str) -> str:
    """The mapped cells of the file, those that stay text without blanks around them."""
    trimmed = {c.trimmed for c in plan.columns}
    names = dict.fromkeys(source.cell(c.map.column) for c in plan.columns)
    # few cells hold a blank at all, and looking for one costs a fifth of taking it away
    cells = ", ".join(
        f"CASE WHEN contains({name}, ' ') THEN trim({name}) ELSE {name} END AS {name}"
        if name in trimmed
        else name
        for name in names
    )
    return f"SELECT {cells} FROM {text or relation(source, rejects=True)}"


def _number_rows(cursor: duckdb.DuckDBPyConnection) -> int:
    """Give the stage its ``_row``: row ids are in file order, but start high inside a transaction."""
    row = cursor.execute(
        f"SELECT count(*), coalesce(min(rowid), 0), max(rowid) FROM temp.{STAGE_TABLE}"
    ).fetchone()
    rows, first, last = row or (0, 0, None)
    if last is not None and last - first + 1 != rows:
        raise PlumblineError("The rows were not kept in the file's order", todo="Load the file again.")
    cursor.execute(
        f"CREATE TEMP VIEW {STAGE} AS SELECT *, rowid - {int(first)} AS _row FROM temp.{STAGE_TABLE}"
    )
    return int(rows)


def count_unreadable_cells(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> dict[str, int]:
    """Good rows by column whose cell could not be read and was left empty."""
    columns = watched_columns(plan.columns)
    if not columns:
        return {}
    unreadable = unreadable_conditions(plan.columns)
    counts = ", ".join(f"count(*) FILTER ({unreadable[c.name]})" for c in columns)
    row = cursor.execute(f"SELECT {counts} FROM {STAGE} WHERE _reason IS NULL").fetchone()
    return {c.name: n for c, n in zip(columns, row or (), strict=True) if n}


def text_places(cursor: duckdb.DuckDBPyConnection, plan: Plan) -> list[tuple[int, StagedColumn]]:
    """The columns of which good rows hold something that is kept as text, each with its place in ``_texts`` from 1."""
    columns = text_columns(plan.columns)
    if not columns:
        return []
    counts = ", ".join(f"count(_texts[{i}])" for i in range(1, len(columns) + 1))
    row = cursor.execute(f"SELECT {counts} FROM {STAGE} WHERE _reason IS NULL").fetchone()
    return [(i, c) for i, (c, n) in enumerate(zip(columns, row or (), strict=True), 1) if n]


def bad_rows(cursor: duckdb.DuckDBPyConnection) -> int:
    """How many rows of the stage cannot be loaded."""
    row = cursor.execute(f"SELECT count(_reason) FROM {STAGE}").fetchone()
    return int(row[0]) if row else 0


def drop_stage(cursor: duckdb.DuckDBPyConnection) -> None:
    """Remove what a load left on this connection."""
    cursor.execute(f"DROP VIEW IF EXISTS temp.{STAGE}")
    for table in (STAGE_TABLE, LOOK, REPEATS, SHIFTS, REJECTS, REJECT_SCANS):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{table}")
