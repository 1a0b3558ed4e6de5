"""The register of incidents, one row each."""

from __future__ import annotations

from datetime import datetime

import duckdb

from plumbline.store.workspace import naive


def add(cursor: duckdb.DuckDBPyConnection, system: str, opened_at: datetime, body: str) -> int:
    """Put an incident into the register; its number."""
    row = cursor.execute(
        "INSERT INTO incident VALUES (nextval('incident_id'), ?, ?, NULL, ?) RETURNING id",
        [system, naive(opened_at), body],
    ).fetchone()
    return int(row[0]) if row else 0


def change(cursor: duckdb.DuckDBPyConnection, number: int, closed_at: datetime | None, body: str) -> None:
    """Replace what is known of an incident."""
    closed = naive(closed_at) if closed_at else None
    cursor.execute("UPDATE incident SET closed_at = ?, body = ? WHERE id = ?", [closed, body, number])


def incidents_of_system(cursor: duckdb.DuckDBPyConnection, system: str) -> list[tuple[int, str]]:
    """Number and body of each incident, the newest first."""
    rows = cursor.execute(
        "SELECT id, body FROM incident WHERE system = ? ORDER BY opened_at DESC, id DESC", [system]
    ).fetchall()
    return [(int(number), body) for number, body in rows]
