"""What holds for the workspace as a whole, by name; a body is canonical JSON."""

from __future__ import annotations

from plumbline.store.workspace import Cursor


def setting(cursor: Cursor, name: str) -> str | None:
    """The body under a name, or None."""
    row = cursor.execute("SELECT body FROM respond_setting WHERE name = ?", [name]).fetchone()
    return str(row[0]) if row else None


def save(cursor: Cursor, name: str, body: str) -> None:
    """Keep a body under a name, in place of the one before."""
    cursor.execute("INSERT OR REPLACE INTO respond_setting VALUES (?, ?)", [name, body])
