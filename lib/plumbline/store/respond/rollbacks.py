"""Modes of rollback and its runs; a body is canonical JSON."""

from __future__ import annotations

from datetime import datetime

from plumbline.store.digests import settings_digest
from plumbline.store.times import naive
from plumbline.store.workspace import Cursor


def save_setting(cursor: Cursor, system: str, body: str) -> None:
    """Keep how far a system's rollback may go."""
    settings_digest.begin(cursor, system)
    cursor.execute("INSERT OR REPLACE INTO rollback_mode VALUES (?, ?)", [system, body])


def setting(cursor: Cursor, system: str) -> str | None:
    """How far a system's rollback may go; None: nobody said."""
    row = cursor.execute("SELECT body FROM rollback_mode WHERE system = ?", [system]).fetchone()
    return str(row[0]) if row else None


def save_run(cursor: Cursor, number: str, system: str, at: datetime, state: str, body: str) -> None:
    """Keep a run, in place of what was known of it."""
    cursor.execute(
        "INSERT OR REPLACE INTO rollback_run VALUES (?, ?, ?, ?, ?)", [number, system, naive(at), state, body]
    )


def runs(cursor: Cursor, system: str | None) -> list[str]:
    """The bodies of a system's runs, or of all, the newest first."""
    rows = cursor.execute(
        "SELECT body FROM rollback_run WHERE ? IS NULL OR system = ? ORDER BY made_at DESC, id DESC",
        [system, system],
    ).fetchall()
    return [str(body) for (body,) in rows]


def run(cursor: Cursor, number: str) -> str | None:
    """The body of one run."""
    row = cursor.execute("SELECT body FROM rollback_run WHERE id = ?", [number]).fetchone()
    return str(row[0]) if row else None
