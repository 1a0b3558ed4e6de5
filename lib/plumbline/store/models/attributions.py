"""Taking stored attributions away with what they belong to: a load, or a model file that was replaced."""

from __future__ import annotations

import duckdb


def forget_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Stored attributions of a load's decisions go with it."""
    cursor.execute("DELETE FROM attribution WHERE load_id = ?", [load_id])


def forget_version(cursor: duckdb.DuckDBPyConnection, system: str, version: str) -> None:
    """Stored attributions of a version go: its file was replaced."""
    for table in ("attribution", "attribution_pass"):
        cursor.execute(f"DELETE FROM {table} WHERE system = ? AND version = ?", [system, version])
