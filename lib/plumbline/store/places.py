"""The places that owners list for the pages to read, as one setting of the workspace."""

from __future__ import annotations

import json

import duckdb

from plumbline.store.digests import settings_digest

_NAME = settings_digest.PLACES


def places(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """The places as they are written, in the order in which they were listed."""
    row = cursor.execute("SELECT value FROM setting WHERE name = ?", [_NAME]).fetchone()
    return [str(text) for text in json.loads(row[0])] if row else []


def keep(cursor: duckdb.DuckDBPyConnection, listing: list[str]) -> None:
    """Keep a new listing instead of the one before."""
    settings_digest.begin(cursor, settings_digest.WORKSPACE)
    cursor.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [_NAME, json.dumps(listing)])
