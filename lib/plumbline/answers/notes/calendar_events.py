"""Events of the calendar: campaigns, price changes, holidays, outages, which may explain what is seen in a log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, Result, json_value
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.notes import CalendarEvent, EventKind
from plumbline.store import systems, trail
from plumbline.store.notes import calendar_events as store
from plumbline.store.workspace import Workspace, now
from plumbline.wording import numbers

LONGEST_TEXT = 200
#: no event lasts longer, in days: it would be no event
LONGEST_SPAN = 3660


@dataclass(frozen=True, slots=True)
class CalendarEvents(Result):
    """The events of one system, the earliest first."""

    COLUMNS = ("id", "kind", "text", "first", "last", "by", "at")

    system: str
    items: tuple[CalendarEvent, ...]

    @property
    def sentence(self) -> str:
        """How many there are, and the newest of them."""
        if not self.items:
            return f"No event is noted for {self.system}."
        last = max(self.items, key=lambda event: (event.last, event.id))
        many = "1 event is" if len(self.items) == 1 else f"{len(self.items)} events are"
        return f"{many} noted for {self.system}; the latest: {say(last)}."

    def rows(self) -> list[dict[str, Any]]:
        """One an event, with its days as they are."""
        return [{name: getattr(event, name) for name in self.COLUMNS} for event in self.items]

    def _json_values(self) -> dict[str, Any]:
        """``events``: as the command line prints them."""
        return {"sentence": self.sentence, "system": self.system, "events": json_value(self.rows())}

    def __iter__(self) -> Iterator[CalendarEvent]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def say(event: CalendarEvent) -> str:
    """``holiday: Christmas, 24–26 Dec 2026``."""
    return f"{event.name}, {numbers.span(event.start, event.end)}"


def calendar_events(ws: Workspace, key: str) -> CalendarEvents:
    """The events of a system, the earliest first.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        return CalendarEvents(key, store.events_of_system(cursor, key))


def add(
    ws: Workspace, key: str, *, kind: str, text: str, first: date, last: date | None = None, by: str
) -> CalendarEvent:
    """Note an event; it is shown on every picture of time of the system.

    Args:
        last: its last day, included; None: it is over on its first.

    Raises:
        PlumblineError: no such system, no kind of event, no words, too many of them, or days that are no span.
    """
    name = signer(by, "An event")
    kinds = [known.value for known in EventKind]
    if kind not in kinds:
        raise PlumblineError(
            message("{kind} is no kind of event", kind=repr(kind)),
            todo=message("Use one of: {names}.", names=", ".join(kinds)),
        )
    words = " ".join(text.split())
    if not words:
        raise PlumblineError("An event says what happened", todo="Write it in a few words.")
    if len(words) > LONGEST_TEXT:
        raise PlumblineError(
            message(
                "An event has {longest_text} characters at most; this one has {words}",
                longest_text=str(LONGEST_TEXT),
                words=str(len(words)),
            )
        )
    end = last or first
    if end < first:
        raise PlumblineError(
            message("The event ends on {end}, before it begins on {first}", end=str(end), first=str(first))
        )
    if (end - first).days >= LONGEST_SPAN:
        raise PlumblineError("An event lasts ten years at most")
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        event = store.add(
            cursor,
            CalendarEvent(
                id=0, system=key, kind=EventKind(kind), text=words, first=first, last=end, by=name, at=now()
            ),
        )
        trail.append(cursor, actor=name, action=Act.EVENT_ADDED, system=key, detail=_detail(event))
    return event


def remove(ws: Workspace, key: str, number: int, *, by: str) -> CalendarEvent:
    """Delete an event; the trail keeps what it was.

    Raises:
        PlumblineError: no such event of that system, or no name.
    """
    name = signer(by, "Removing an event")
    with ws.write() as cursor:
        event = store.read_event(cursor, key, number)
        store.remove(cursor, number)
        trail.append(cursor, actor=name, action=Act.EVENT_REMOVED, system=key, detail=_detail(event))
    return event


def _detail(event: CalendarEvent) -> dict[str, Any]:
    return {
        "event": event.id,
        "kind": event.kind.value,
        "text": event.text,
        "first": event.first.isoformat(),
        "last": event.last.isoformat(),
    }
