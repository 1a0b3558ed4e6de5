"""Pages as people set them up, under a name, a row each."""

from __future__ import annotations

import json
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.domain.notes import NamedView
from plumbline.store.workspace import Cursor, aware, naive

_FIELDS = "name, system, page, query, saved_by, saved_at"


def views_of_system(cursor: Cursor, system: str) -> tuple[NamedView, ...]:
    """Those of a system, by name."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM named_view WHERE system = ? ORDER BY lower(name), name", [system]
    ).fetchall()
    return tuple(map(_read, rows))


def read_view(cursor: Cursor, system: str, name: str) -> NamedView:
    """The view of that name.

    Raises:
        PlumblineError: the system has none of that name.
    """
    row = cursor.execute(
        f"SELECT {_FIELDS} FROM named_view WHERE system = ? AND name = ?", [system, name]
    ).fetchone()
    if row is None:
        raise PlumblineError(
            message("{system} has no view of the name {name}", system=system, name=repr(name))
        )
    return _read(row)


def keep(cursor: Cursor, view: NamedView) -> None:
    """Keep a view; one of the same name is replaced."""
    remove(cursor, view.system, view.name)
    cursor.execute(
        f"INSERT INTO named_view ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?)",
        [view.name, view.system, view.page, json.dumps(dict(view.query)), view.by, naive(view.at)],
    )


def remove(cursor: Cursor, system: str, name: str) -> None:
    """Delete a view."""
    cursor.execute("DELETE FROM named_view WHERE system = ? AND name = ?", [system, name])


def _read(row: tuple[Any, ...]) -> NamedView:
    return NamedView(
        name=row[0],
        system=row[1],
        page=row[2],
        query=tuple((str(name), str(value)) for name, value in json.loads(row[3]).items()),
        by=row[4],
        at=aware(row[5]),
    )
