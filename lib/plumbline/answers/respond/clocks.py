"""Legal steps and agreed days of open incidents that come near or are over: told once each, whatever is muted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from plumbline.answers.alerts.incidents import read_incidents
from plumbline.answers.respond.outbox import queue
from plumbline.domain import Severity, System
from plumbline.governance.incident_deadlines import Incident, notices
from plumbline.respond.events import Event
from plumbline.store import systems
from plumbline.store.respond import deliveries
from plumbline.store.workspace import Cursor, Workspace

#: a step is told when a third of its time is left, three days before it at the earliest
LEAD, SHARE = timedelta(days=3), 1 / 3
KIND = "clock.due"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that has to be done by a moment. ``law``: empty: it was agreed, no law asks for it."""

    incident: int
    key: str
    title: str
    law: str
    begun: datetime
    due: datetime


def write_deadline_messages(ws: Workspace, at: datetime) -> None:
    """Write a message about each step that comes near or is over and was not told of yet."""
    with ws.read() as cursor:
        any_due = bool(due_events(cursor, at))
    if any_due:
        with ws.write(by_itself=True) as cursor:
            for event in due_events(cursor, at):
                queue(cursor, event)


def due_events(cursor: Cursor, at: datetime) -> list[Event]:
    """The events about steps that are owed at a time."""
    owed = []
    for system in systems.list_systems(cursor):
        steps = [step for item in read_incidents(cursor, system.key) for step in _deadlines(system, item, at)]
        if not steps:
            continue
        marks = {_mark(d.data) for d in deliveries.deliveries_of_event(cursor, system.key, KIND)}
        for step in steps:
            event = _event(system.key, step, at)
            if event is not None and _mark(event.data) not in marks:
                owed.append(event)
    return owed


def _deadlines(system: System, item: Incident, at: datetime) -> Iterator[Deadline]:
    for notice in notices(item, at):
        if notice.sent is None:
            begun = item.aware_at if notice.key == "classify" else item.classified_at or item.opened_at
            yield Deadline(
                incident=item.id,
                key=notice.key,
                title=notice.title,
                law=notice.law,
                begun=begun,
                due=notice.due,
            )
    if (
        item.planned_day is not None and item.closed_at is None
    ):  # a notice stays due when the incident is closed
        end = datetime.combine(item.planned_day, time(0), ZoneInfo(system.timezone)) + timedelta(days=1)
        yield Deadline(incident=item.id, key="close", title="Close it", law="", begun=item.opened_at, due=end)


def _event(key: str, step: Deadline, at: datetime) -> Event | None:
    """What to tell of a step; None: it is not near yet."""
    left = step.due - at
    if left > min(LEAD, SHARE * (step.due - step.begun)):
        return None
    by = f"{step.law}: " if step.law else ""
    over = left <= timedelta()
    words = "was to be done" if over else "is to be done"
    sentence = (
        f"Incident {step.incident} of {key}: {by}“{step.title}” {words} by {step.due:%d %B %Y, %H:%M} UTC."
    )
    data = {
        "incident": step.incident, "step": step.key, "due": step.due.isoformat(), "overdue": over, "control": ["CMP-4"],
    }  # fmt: skip
    return Event(type=KIND, sentence=sentence, at=at, system=key, severity=Severity.HIGH, data=data)


def _mark(data: object) -> tuple[object, ...]:
    values = data if isinstance(data, dict) else {}
    return tuple(values.get(name) for name in ("incident", "step", "due", "overdue"))
