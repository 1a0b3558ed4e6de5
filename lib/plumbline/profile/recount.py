"""Counting a load again beside its stored counts, to see whether these are still those of its rows."""

from __future__ import annotations

import duckdb

from plumbline.domain import System
from plumbline.profile import build
from plumbline.store.backup.state_digest import PROFILES

#: kinds of columns whose sums may differ in their last digits
_INEXACT = ("DOUBLE", "DOUBLE[]", "FLOAT")


def differences(cursor: duckdb.DuckDBPyConnection, system: System, load: int) -> list[str]:
    """The tables whose whole numbers are not those that the load's rows give. Leaves the new counts: take them back."""
    where = "WHERE system = $system AND load_id = $load"
    bound = {"system": system.key, "load": load}
    for table in PROFILES:
        cursor.execute(f"CREATE TEMP TABLE before_{table} AS SELECT * FROM {table} {where}", bound)
    build.build(cursor, system, load)
    results = []
    for table in PROFILES:
        columns = ", ".join(_exact_columns(cursor, table))
        before, after = f"SELECT {columns} FROM before_{table}", f"SELECT {columns} FROM {table} {where}"
        rows = cursor.execute(
            f"SELECT count(*) FROM (({before} EXCEPT ALL {after}) UNION ALL ({after} EXCEPT ALL {before}))",
            bound,
        ).fetchone()
        if rows and rows[0]:
            results.append(table)
    return results


def _exact_columns(cursor: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    rows = cursor.execute(
        """SELECT column_name, data_type FROM duckdb_columns()
           WHERE table_name = ? AND database_name = current_database()""",
        [table],
    ).fetchall()
    return [f'"{name}"' for name, kind in rows if kind not in _INEXACT]
