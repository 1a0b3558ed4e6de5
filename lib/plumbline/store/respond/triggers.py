"""Triggers of retraining and their runs; a body is canonical JSON."""

from __future__ import annotations

from datetime import datetime

from plumbline.store.digests import settings_digest
from plumbline.store.times import naive
from plumbline.store.workspace import Cursor


def save(cursor: Cursor, system: str, name: str, body: str) -> None:
    """Keep a trigger, in place of one of that name."""
    settings_digest.begin(cursor, system)
    cursor.execute("INSERT OR REPLACE INTO retraining_trigger VALUES (?, ?, ?)", [system, name, body])


def drop(cursor: Cursor, system: str, name: str) -> bool:
    """Forget a trigger; its runs stay. Whether there was one."""
    settings_digest.begin(cursor, system)
    row = cursor.execute(
        "DELETE FROM retraining_trigger WHERE system = ? AND name = ? RETURNING name", [system, name]
    ).fetchone()
    return row is not None


def triggers_of_system(cursor: Cursor, system: str | None) -> list[str]:
    """The bodies of a system's triggers, or of all, by name."""
    rows = cursor.execute(
        "SELECT body FROM retraining_trigger WHERE ? IS NULL OR system = ? ORDER BY system, name",
        [system, system],
    ).fetchall()
    return [str(body) for (body,) in rows]


def save_run(
    cursor: Cursor, number: str, system: str, name: str, at: datetime, state: str, body: str
) -> None:
    """Keep a run, in place of what was known of it."""
    cursor.execute(
        "INSERT OR REPLACE INTO trigger_run VALUES (?, ?, ?, ?, ?, ?)",
        [number, system, name, naive(at), state, body],
    )


def runs(cursor: Cursor, system: str | None) -> list[str]:
    """The bodies of the runs of a system's triggers, or of all, the newest first."""
    rows = cursor.execute(
        "SELECT body FROM trigger_run WHERE ? IS NULL OR system = ? ORDER BY made_at DESC, id DESC",
        [system, system],
    ).fetchall()
    return [str(body) for (body,) in rows]


def run(cursor: Cursor, number: str) -> str | None:
    """The body of one run."""
    row = cursor.execute("SELECT body FROM trigger_run WHERE id = ?", [number]).fetchone()
    return str(row[0]) if row else None
