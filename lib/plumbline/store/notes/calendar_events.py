"""Events of the calendar, a row each."""

from __future__ import annotations

from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.notes import CalendarEvent, EventKind
from plumbline.store.workspace import Cursor, aware, naive

_FIELDS = "id, system, kind, text, first_day, last_day, added_by, added_at"


def events_of_system(cursor: Cursor, system: str) -> tuple[CalendarEvent, ...]:
    """Those of a system, the earliest first."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM calendar_event WHERE system = ? ORDER BY first_day, id", [system]
    ).fetchall()
    return tuple(map(_read, rows))


def read_event(cursor: Cursor, system: str, number: int) -> CalendarEvent:
    """The event of that number.

    Raises:
        PlumblineError: the system has none of that number.
    """
    row = cursor.execute(
        f"SELECT {_FIELDS} FROM calendar_event WHERE system = ? AND id = ?", [system, number]
    ).fetchone()
    if row is None:
        raise PlumblineError(f"{system} has no event {number}", todo=f"See `plumbline event list {system}`.")
    return _read(row)


def add(cursor: Cursor, event: CalendarEvent) -> CalendarEvent:
    """Keep an event under a number of its own."""
    row = cursor.execute(
        f"INSERT INTO calendar_event ({_FIELDS}) VALUES (nextval('calendar_event_id'), ?, ?, ?, ?, ?, ?, ?)"
        f" RETURNING {_FIELDS}",
        [event.system, event.kind.value, event.text, event.first, event.last, event.by, naive(event.at)],
    ).fetchone()
    assert row is not None
    return _read(row)


def remove(cursor: Cursor, number: int) -> None:
    """Delete an event."""
    cursor.execute("DELETE FROM calendar_event WHERE id = ?", [number])


def _read(row: tuple[Any, ...]) -> CalendarEvent:
    return CalendarEvent(
        id=row[0],
        system=row[1],
        kind=EventKind(row[2]),
        text=row[3],
        first=row[4],
        last=row[5],
        by=row[6],
        at=aware(row[7]),
    )
