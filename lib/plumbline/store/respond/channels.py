"""Channels by name; a body is canonical JSON without a secret."""

from __future__ import annotations

import duckdb

from plumbline.store.digests import settings_digest


def channels(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Name and body of each channel, by name."""
    rows = cursor.execute("SELECT name, body FROM channel ORDER BY name").fetchall()
    return [(str(name), str(body)) for name, body in rows]


def keep(cursor: duckdb.DuckDBPyConnection, name: str, body: str) -> None:
    """Add a channel, or replace what is known of it."""
    settings_digest.begin(cursor, settings_digest.WORKSPACE)
    cursor.execute("DELETE FROM channel WHERE name = ?", [name])
    cursor.execute("INSERT INTO channel VALUES (?, ?)", [name, body])


def remove(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    """Forget a channel; what went through it stays."""
    settings_digest.begin(cursor, settings_digest.WORKSPACE)
    cursor.execute("DELETE FROM channel WHERE name = ?", [name])
