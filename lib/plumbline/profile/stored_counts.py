"""Putting counts into the profile tables, inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import duckdb

from plumbline.domain import System

#: columns of the profile tables that tell rows of one load apart
KEYS = ("col", "version", "arm", "day", "hour", "prediction", "label")


def keep_counts(
    cursor: duckdb.DuckDBPyConnection, table: str, columns: str, system: System, load_id: int, counted: Any
) -> None:
    """Store counts that NumPy or a cluster made, an Arrow table."""
    cursor.register("counted_rows", counted)
    insert_counts(cursor, table, columns, system, load_id, "SELECT * FROM counted_rows", {})
    cursor.unregister("counted_rows")


def insert_counts(
    cursor: duckdb.DuckDBPyConnection,
    table: str,
    columns: str,
    system: System,
    load_id: int,
    sql: str,
    params: dict[str, Any],
) -> None:
    """Store what a counting statement yields, in an order that does not depend on threads."""
    key = ", ".join(name for name in columns.split(", ") if name in KEYS)
    cursor.execute(
        f"INSERT INTO {table} (system, load_id, {columns}) "
        f"SELECT $system_key, $this_load, {columns} FROM ({sql}) ORDER BY {key}",
        params | {"system_key": system.key, "this_load": load_id},
    )
