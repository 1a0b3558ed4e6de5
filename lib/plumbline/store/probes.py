"""What was read from registries and repositories, one row a look."""

from __future__ import annotations

import duckdb

from plumbline.domain import Probe
from plumbline.store.workspace import naive


def add(cursor: duckdb.DuckDBPyConnection, system: str, item: Probe, body: str) -> None:
    """Keep one look; ``body`` is its canonical JSON."""
    cursor.execute(
        "INSERT INTO probe VALUES (nextval('probe_id'), ?, ?, ?, ?, ?, ?, ?)",
        [system, item.kind, item.place, item.subject, naive(item.at), item.by, body],
    )


def latest(cursor: duckdb.DuckDBPyConnection, system: str) -> list[str]:
    """The bodies of the newest look into each place, the newest first."""
    rows = cursor.execute(
        """SELECT body FROM probe WHERE system = ?
           QUALIFY row_number() OVER (PARTITION BY kind, place, subject ORDER BY made_at DESC, id DESC) = 1
           ORDER BY made_at DESC, id DESC""",
        [system],
    ).fetchall()
    return [body for (body,) in rows]


def forget(cursor: duckdb.DuckDBPyConnection, system: str, kind: str, place: str, subject: str) -> int:
    """Take a place out of account; the trail keeps that it was read. Returns how many looks went."""
    rows = cursor.execute(
        "DELETE FROM probe WHERE system = ? AND kind = ? AND place = ? AND subject = ? RETURNING id",
        [system, kind, place, subject],
    ).fetchall()
    return len(rows)
