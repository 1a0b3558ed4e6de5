"""What was done outside Plumbline and recorded here: rehearsals, alerts, incidents.

Each record, by a pipeline or a person, is one entry on the hash-chained trail, so that it cannot be added or
changed afterwards unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from plumbline.answers.signer import signer
from plumbline.domain import Finding, PlumblineError, TrailEntry
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.governance import canonical_json
from plumbline.governance.incident_deadlines import Incident
from plumbline.store import findings, systems, trail
from plumbline.store import incidents as incident_store
from plumbline.store.workspace import Cursor, Workspace

#: what can be recorded -> what it means, in the words of the form
EVENTS = {
    "rollback rehearsed": "A return to the version before was rehearsed and worked.",
    "automatic rollback tested": "The guardrail was tripped in a test and rolled the release back by itself.",
    "restore rehearsed": "A restore of the system and its data was rehearsed and worked.",
    "retraining fired": "A performance threshold started a retraining, and it finished.",
    "retraining tested": "The retraining trigger was fired in a test, and it finished.",
    "alert tested": "A test alert reached a person.",
    "alert delivered": "An alert reached a person.",
    "alert acknowledged": "A person confirmed that they saw an alert.",
    "alert failed": "An alert could not be delivered.",
    "incident opened": "An incident was opened for a finding.",
    "incident closed": "The incident was closed.",
    "complaint received": "A person complained of a decision or contested it; the note is the complaint's number.",
    "complaint answered": "That complaint was answered; the note is its number.",
}
#: those that are told apart by a number of their own, which the note holds
NUMBERED_EVENTS = frozenset({"complaint received", "complaint answered"})
#: those that were done to see whether something works, and not because something happened
REHEARSAL_EVENTS = frozenset(
    {
        "rollback rehearsed",
        "automatic rollback tested",
        "restore rehearsed",
        "retraining tested",
        "alert tested",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One recorded event: ``at`` is when it happened, ``recorded_at`` when it was written down.

    ``about``: the finding that it names; None: it names none. ``incident``: its number in the register; 0: it is
    in none. ``complaint``: the number that its keeper gave it, in small letters. ``due``: until when that incident
    counts as in hand; None: it was not classified, or has no cause, nobody to deal with it, or no day.
    """

    event: str
    at: datetime
    recorded_at: datetime
    by: str
    note: str
    seq: int
    about: Finding | None = None
    incident: int = 0
    due: date | None = None
    complaint: str = ""


def record(
    ws: Workspace,
    key: str,
    event: str,
    *,
    by: str,
    at: datetime | None = None,
    note: str = "",
    finding: int = 0,
) -> None:
    """Put one event on the trail.

    Args:
        finding: the number of the finding that it is about; only an incident that names one handles a breach.

    Raises:
        PlumblineError: an event that cannot be recorded, no name, a time that is still to come, or a finding
            of another system.
    """
    if event not in EVENTS:
        raise PlumblineError(
            message("{event} cannot be recorded", event=repr(event)),
            todo=message("Use one of: {names}.", names=", ".join(EVENTS)),
        )
    signer(by, "A record", "Say who did it, or which pipeline.")
    if event in NUMBERED_EVENTS and not note.strip():
        raise PlumblineError(
            "A complaint is recorded by its number", todo="Give the number of your own register as the note."
        )
    when = at or datetime.now(UTC)
    if when > datetime.now(UTC):
        raise PlumblineError(
            "What is recorded has to have happened", todo="Give a time that is not in the future."
        )
    with ws.write() as cursor:
        systems.get_system(cursor, key)
        detail: dict[str, Any] = {"at": when.isoformat(), "note": note}
        if event in NUMBERED_EVENTS:
            detail["complaint"] = note.strip().lower()
        if finding:
            findings.read_finding_of_system(cursor, key, finding)
            detail["finding"] = finding
        trail.append(
            cursor, actor=by.strip(), action=Act.RECORDED.with_words(event), system=key, detail=detail
        )


def records(ws: Workspace, key: str) -> tuple[EventRecord, ...]:
    """All events recorded for a system, the newest first."""
    with ws.read() as cursor:
        return read_records(cursor, key)


def read_records(cursor: Cursor, key: str) -> tuple[EventRecord, ...]:
    """The same, on a cursor that is open already."""
    entries = trail.entries(cursor, system=key, limit=100_000)
    named: dict[int, int] = {}  # incident -> finding, where it was named after the incident was opened
    for entry in entries:
        if entry.detail.get("finding") and "incident" in entry.detail:
            named.setdefault(int(entry.detail["incident"]), int(entry.detail["finding"]))
    known = {r.id: r.finding for r in findings.recorded_findings(cursor, key, parts=True)}
    bodies = incident_store.incidents_of_system(cursor, key)
    due = {number: canonical_json.read(Incident, body).planned_day for number, body in bodies}
    records = (_record(entry, known, named) for entry in entries if entry.action.startswith(Act.RECORDED))
    return tuple(replace(r, due=due.get(r.incident)) for r in records)


def _record(entry: TrailEntry, known: Mapping[int, Finding], named: Mapping[int, int]) -> EventRecord:
    detail = entry.detail
    at = datetime.fromisoformat(str(detail.get("at", entry.at.isoformat())))
    number = int(detail.get("finding") or named.get(int(detail.get("incident", 0)), 0))
    event = entry.action.removeprefix(Act.RECORDED)
    return EventRecord(
        event=event,
        at=at,
        recorded_at=entry.at,
        by=entry.actor,
        note=str(detail.get("note", "")),
        seq=entry.seq,
        about=known.get(number),
        incident=int(detail.get("incident", 0)),
        complaint=str(detail.get("complaint", "")),
    )


def newest_records(records: tuple[EventRecord, ...], events: Iterable[str]) -> tuple[EventRecord, ...]:
    """The newest of each of the events, where there is one."""
    held = {r.event: r for r in sorted(records, key=lambda r: (r.at, r.seq))}
    return tuple(held[event] for event in events if event in held)


def closed_incidents(records: tuple[EventRecord, ...]) -> frozenset[int]:
    """The incidents of the register that were closed, with their cause."""
    return frozenset(r.incident for r in records if r.event == "incident closed" and r.incident)


def count(records: tuple[EventRecord, ...], event: str) -> int:
    """How often an event was recorded."""
    return sum(r.event == event for r in records)
