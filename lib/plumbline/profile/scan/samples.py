"""Random draws of a version's decisions, kept in a table of their own and read from there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from plumbline.domain import Slice, System, Task
from plumbline.profile.scan.decisions import column_list, localise_times, lowest_hashes
from plumbline.profile.scope import Scope, slice_scope
from plumbline.store.cache.samples import draw_name, draw_table, forget_draws, is_drawn, note_draw
from plumbline.store.sql import decision_table

if TYPE_CHECKING:
    import pandas as pd

#: decisions of a version that are kept, and at least so many of each of its commonest outcomes
DRAWN, OF_OUTCOME, OUTCOMES = 20_000, 5_000, 50
_HASHED = "hash(_load_id, _line, 0::BIGINT)"  # as in ``decisions.sample`` with seed 0: the same decisions


def keep(cursor: duckdb.DuckDBPyConnection, system: System, version: str, basis: str) -> None:
    """Draw a version's decisions ("" where none is logged: all of them) and keep them in place of the last draw."""
    table, columns = draw_table(system.key), column_list(cursor, system)
    _make(cursor, system, columns)
    cursor.execute(f"DELETE FROM {table} WHERE _of = $version", {"version": version})
    part = Slice(version=version or None)
    _insert(cursor, system, version, slice_scope(cursor, system, part, stored=True), DRAWN, columns)
    if system.task is not Task.REGRESSION:
        for outcome in _rare(cursor, table, version):
            only = slice_scope(cursor, system, replace(part, where=(("prediction", outcome),)), stored=True)
            _insert(cursor, system, version, only, OF_OUTCOME, columns)
    note_draw(cursor, system.key, version, basis)


def _make(cursor: duckdb.DuckDBPyConnection, system: System, columns: str) -> None:
    """The table, anew where the log has got other columns since."""
    table, source = draw_table(system.key), decision_table(system.key)
    rows = cursor.execute(f"DESCRIBE SELECT {columns} FROM {source}").fetchall()
    row = cursor.execute(
        """SELECT column_name, data_type FROM duckdb_columns()
           WHERE table_name = $table AND database_name = current_database() ORDER BY column_index""",
        {"table": draw_name(system.key)},
    ).fetchall()
    if row[2:] != [(name, kind) for name, kind, *_ in rows]:
        forget_draws(cursor, system.key)
        cursor.execute(
            f"CREATE TABLE {table} AS SELECT ''::VARCHAR AS _of, true AS _any, {columns} FROM {source} LIMIT 0"
        )


def _insert(
    cursor: duckdb.DuckDBPyConnection, system: System, version: str, scope: Scope, n: int, columns: str
) -> None:
    """The n decisions of a scope with the lowest hashes, those that are not there yet.

    ``_any``: of the draw that no outcome was asked of.
    """
    table = draw_table(system.key)
    there = f"(SELECT _load_id, _line FROM {table} WHERE _of = $of)"
    bound, params = lowest_hashes(cursor, scope, n, 0)
    cursor.execute(
        f"""INSERT INTO {table} SELECT $of, $any, {columns} FROM {scope.table}
            WHERE rowid IN ({bound}) AND (_load_id, _line) NOT IN {there}""",
        params | {"of": version, "any": "prediction" not in scope.condition},
    )


def _rare(cursor: duckdb.DuckDBPyConnection, table: str, version: str) -> list[str]:
    """The commonest outcomes of a full draw that fewer decisions in it have than are kept of one."""
    rows = cursor.execute(
        f"""SELECT prediction, count(*) AS n FROM {table} WHERE _of = $version AND prediction IS NOT NULL
            GROUP BY prediction ORDER BY n DESC, prediction LIMIT {OUTCOMES}""",
        {"version": version},
    ).fetchall()
    full = sum(n for _, n in rows) >= DRAWN / 2
    return [str(outcome) for outcome, n in rows if full and n < OF_OUTCOME]


def stored_sample(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    version: str,
    basis: str,
    n: int,
    *,
    outcome: str | None = None,
    columns: tuple[str, ...] | None = None,
) -> pd.DataFrame | None:
    """What ``decisions.sample`` with seed 0 gives of a version, or of one outcome of it; None where it is not kept.

    Of an outcome beyond the 50 commonest there may be fewer.

    Raises:
        ValueError: more than are kept.
    """
    if n > (DRAWN if outcome is None else OF_OUTCOME):
        raise ValueError(f"{n} decisions are not kept")
    if not is_drawn(cursor, system.key, version, basis):
        return None
    condition = "_any"
    params: dict[str, Any] = {"version": version, "n": n}
    if outcome is not None:
        condition, params["outcome"] = "prediction = $outcome", outcome
    frame = cursor.execute(
        f"""SELECT {column_list(cursor, system, columns)} FROM (
                SELECT * FROM {draw_table(system.key)} WHERE _of = $version AND {condition}
                ORDER BY {_HASHED}, _load_id, _line LIMIT $n)
            ORDER BY "timestamp", _load_id, _line""",
        params,
    ).df()
    return localise_times(frame)
