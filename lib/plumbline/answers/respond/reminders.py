"""Which urgent problems nobody has seen, or nobody has dealt with by the day that was set: they are told again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from plumbline.answers.respond.disclosure import public_sentence
from plumbline.answers.respond.messages import finding_event
from plumbline.answers.respond.outbox import queue
from plumbline.answers.respond.receipts import BEGINNINGS, channels_aware
from plumbline.domain import Severity
from plumbline.respond import retries
from plumbline.respond.events import Event
from plumbline.store import findings as register
from plumbline.store.findings import FindingRecord
from plumbline.store.respond import deliveries
from plumbline.store.respond import triage as triage_store
from plumbline.store.respond.deliveries import Delivery
from plumbline.store.respond.triage import NOTHING, Triage
from plumbline.store.workspace import Cursor, Workspace

#: two reminders of one problem are never closer, however long nobody worked
CLOSEST = timedelta(hours=4)


def remind(ws: Workspace, at: datetime) -> None:
    """Write the reminders that are due."""
    with ws.read() as cursor:
        any_due = bool(due_reminders(cursor, at))
    if any_due:
        with ws.write(by_itself=True) as cursor:
            write(cursor, at)


def write(cursor: Cursor, at: datetime) -> None:
    """Write the reminders that are due at a time, one message a system and channel, in the caller's transaction."""
    groups: dict[tuple[str, tuple[str, ...]], list[Event]] = {}
    for event, names in due_reminders(cursor, at):
        groups.setdefault((event.system, tuple(names)), []).append(event)
    for (_, channels), events in groups.items():
        queue(cursor, *events, only=channels)


def due_reminders(cursor: Cursor, at: datetime) -> list[tuple[Event, list[str]]]:
    """Reminders that are due at a time, each with the channels that know of the problem."""
    triages = triage_store.triages(cursor)
    owed = []
    for record in register.recorded_findings(cursor):
        if not record.open or record.finding.severity is not Severity.HIGH:
            continue
        of_finding = deliveries.deliveries_of_finding(cursor, record.id)
        names = channels_aware(of_finding)
        sentence = _sentence(record, of_finding, triages.get(record.id, NOTHING), at)
        if names and sentence:
            owed.append((finding_event(cursor, record, "finding.reminder", at, sentence=sentence), names))
    return owed


def _sentence(record: FindingRecord, deliveries: Sequence[Delivery], state: Triage, at: datetime) -> str:
    """What a reminder would say, where one is due."""
    begun = [_announcement_time(d) for d in deliveries if d.event in BEGINNINGS]
    if not begun or state.is_muted(at.date()):
        return ""
    since = max(begun)
    moments = sorted({d.made_at for d in deliveries if d.event == "finding.reminder" and d.made_at > since})
    if not record.acknowledged_by:
        if at < retries.reminder_due(since, len(moments)) or (moments and at - moments[-1] < CLOSEST):
            return ""
        return (
            f"Nobody has acknowledged this since {since:%d %B %H:%M} UTC: {public_sentence(record.finding)}"
        )
    if not state.is_overdue(at.date()) or (moments and at - moments[-1] < retries.WEEK):
        return ""
    return f"This was to be dealt with by {state.due}: {public_sentence(record.finding)}"


def _announcement_time(delivery: Delivery) -> datetime:
    """When a beginning was told, or will be where it waits for its hour."""
    tried = delivery.state in ("failed", "dead")
    return delivery.made_at if tried else max(delivery.made_at, delivery.due_at)
