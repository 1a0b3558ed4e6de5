"""The register of incidents: open, classify, give notice, close. Each step is on the trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from plumbline.answers.alerts.incident_impact import CRITICAL, hints
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.governance import canonical_json
from plumbline.governance.incident_deadlines import FLAGS, Incident, flags_for, is_major, notices
from plumbline.store import findings, systems, trail
from plumbline.store import incidents as kept
from plumbline.store.backup import register_digest
from plumbline.store.findings import FindingRecord
from plumbline.store.respond.triage import NOTHING, triages
from plumbline.store.workspace import Cursor, Workspace

OPENED, CLOSED = Act.RECORDED.with_words("incident opened"), Act.RECORDED.with_words("incident closed")


def open_incident(
    ws: Workspace,
    key: str,
    title: str,
    *,
    by: str,
    aware_at: datetime | None = None,
    at: datetime | None = None,
    finding: int = 0,
) -> Incident:
    """Put an incident into the register.

    Args:
        title: what happened; may be left out where a finding says it.
        finding: the number of the finding that led to it. DORA's criteria are then filled in as far as the log
            knows; a person still has to classify it. Who saw the finding knew of it.
        aware_at: when somebody knew of it; the clocks run from then. None: now.
        at: when it was opened. None: now.

    Raises:
        PlumblineError: no title or name, a moment that is still to come, or a finding that is another system's or
            has an incident already.
    """
    now = datetime.now(UTC)
    opened = at or now
    record = _finding(ws, key, finding) if finding else None
    seen = record.acknowledged_at if record else None
    aware = aware_at or (min(seen, opened) if seen else opened)
    title = title.strip() or (record.finding.sentence if record else "")
    if not title.strip() or not by.strip():
        raise PlumblineError(
            "An incident needs a title and a name", todo="Say what happened, and who opens it."
        )
    if aware > opened or opened > now:
        raise PlumblineError(
            "Somebody has to know of an incident before it is opened", todo="Check the times."
        )
    with ws.write() as cursor:
        return record_incident(cursor, key, title, by=by, aware=aware, opened=opened, record=record)


def record_incident(
    cursor: Cursor,
    key: str,
    title: str,
    *,
    by: str,
    aware: datetime,
    opened: datetime,
    record: FindingRecord | None = None,
) -> Incident:
    """Put an incident into the register, in the caller's transaction; see ``open_incident``.

    Args:
        record: the finding that led to it, which has no incident yet.
    """
    item = Incident(title=title.strip(), aware_at=aware, opened_at=opened, by=by.strip())
    system = systems.get_system(cursor, key)
    if record is not None:
        item = _draft_incident(cursor, system, item, record)
    begun = register_digest.begin(cursor, key)
    number = kept.add(cursor, key, opened, canonical_json.write(item))
    item = replace(item, id=number)
    detail: dict[str, Any] = {
        "at": opened.isoformat(),
        "note": f"{number}: {item.title}",
        "aware_at": aware.isoformat(),
        "incident": number,
    }
    if record is not None:
        detail["finding"] = record.id
    detail |= register_digest.seal(cursor, key, begun)
    trail.append(cursor, actor=item.by, action=OPENED, system=key, detail=detail)
    return item


def _finding(ws: Workspace, key: str, number: int) -> FindingRecord:
    with ws.read() as cursor:
        record = findings.read_finding_of_system(cursor, key, number)
        taken = next((i.id for i in read_incidents(cursor, key) if i.finding == number), None)
    if taken is not None:
        raise PlumblineError(
            message("Finding {number} has incident {taken} already", number=str(number), taken=str(taken)),
            todo="Take a step of that one.",
        )
    return record


def _draft_incident(cursor: Cursor, system: System, item: Incident, record: FindingRecord) -> Incident:
    criterion_hints, triage = hints(cursor, system, record), triages(cursor).get(record.id, NOTHING)
    return replace(
        item,
        finding=record.id,
        known={h.key: h.sentence for h in criterion_hints},
        criteria=tuple(h.key for h in criterion_hints if h.met and h.key != CRITICAL),
        owner=triage.owner,
        due=date.fromisoformat(triage.due) if triage.due else None,
        critical_service=any(h.met for h in criterion_hints if h.key == CRITICAL),
    )


def classify(
    ws: Workspace,
    key: str,
    number: int,
    *,
    by: str,
    flags: Sequence[str],
    critical_service: bool = False,
    criteria: Sequence[str] = (),
    at: datetime | None = None,
    finding: int = 0,
) -> Incident:
    """Say what an incident is. It is major under DORA where the criteria say so, whether or not it is flagged.

    Args:
        finding: that it is about, where it was opened without one: only then does it handle a breach.

    Raises:
        PlumblineError: no such incident, an unknown flag, it is closed, or the finding is another system's, has
            an incident already, or is not the one that this incident names.
    """
    unknown = [flag for flag in flags if flag not in FLAGS]
    if unknown:
        raise PlumblineError(
            message("{unknown} is not what an incident can be", unknown=repr(unknown[0])),
            todo=message("Use one of: {names}.", names=", ".join(FLAGS)),
        )
    refused = [flag for flag in flags if flag not in act_flags(ws, key)]
    if refused:
        raise PlumblineError(
            message(
                "{flags}: the AI Act asks for no such report, as the system is not high risk",
                flags=FLAGS[refused[0]],
            ),
            todo="If the incident shows that it is, work out its class anew first.",
        )
    with ws.read() as cursor:
        role = str((systems.get_system(cursor, key).settings.ai_act or {}).get("role", ""))
    levels = set(flags) | ({"major"} if is_major(critical_service, criteria) else set())
    moment = at or datetime.now(UTC)
    incident = {i.id: i for i in incidents(ws, key)}.get(number)
    if incident and finding == incident.finding:
        finding = 0
    elif incident and finding and incident.finding:
        raise PlumblineError(
            message(
                "Incident {number} names finding {finding} already",
                number=str(number),
                finding=str(incident.finding),
            )
        )
    if finding:
        _finding(ws, key, finding)

    def change(item: Incident) -> Incident:
        return replace(
            item,
            flags=tuple(flag for flag in FLAGS if flag in levels),
            criteria=tuple(criteria),
            critical_service=critical_service,
            classified_at=item.classified_at or moment,
            finding=finding or item.finding,
            role=role,
        )

    return _step(
        ws,
        key,
        number,
        by,
        Act.INCIDENT_CLASSIFIED,
        {"flags": sorted(levels), "criteria": list(criteria)} | ({"finding": finding} if finding else {}),
        change,
    )


def plan(ws: Workspace, key: str, number: int, *, by: str, cause: str, owner: str, due: date) -> Incident:
    """Say what caused an incident as far as it is known, who deals with it, and by when it is to be closed.

    Only then, and once it is classified, does it count as in hand, and not beyond that day.

    Raises:
        PlumblineError: no such incident, it is closed, no cause, nobody, or a day that is over.
    """
    if not cause.strip() or not owner.strip():
        raise PlumblineError(
            "An incident is in hand with a cause and somebody who deals with it",
            todo="Say both, as far as is known.",
        )
    if due < datetime.now(UTC).date():
        raise PlumblineError(message("{due} is over", due=str(due)), todo="Give a day that is still to come.")
    detail = {"cause": cause.strip(), "owner": owner.strip(), "due": due.isoformat()}
    return _step(
        ws,
        key,
        number,
        by,
        Act.INCIDENT.with_words("planned"),
        detail,
        lambda item: replace(item, cause=cause.strip(), owner=owner.strip(), due=due),
    )


def act_flags(ws: Workspace, key: str) -> dict[str, str]:
    """What an incident of this system may be, in words, by the AI Act's class that was worked out."""
    with ws.read() as cursor:
        act = systems.get_system(cursor, key).settings.ai_act or {}
    return flags_for(act.get("class") if not act.get("open") else None)


def give_notice(
    ws: Workspace, key: str, number: int, notice: str, *, by: str, at: datetime | None = None
) -> Incident:
    """Record that a notice was sent.

    Raises:
        PlumblineError: no such incident, or it calls for no such notice.
    """
    moment = at or datetime.now(UTC)

    def change(item: Incident) -> Incident:
        if notice not in {n.key for n in notices(item, moment)} - {"classify"}:
            raise PlumblineError("This incident calls for no such notice", where=notice)
        return replace(item, sent={**item.sent, notice: moment})

    return _step(
        ws, key, number, by, Act.INCIDENT_NOTIFIED, {"notice": notice, "sent": moment.isoformat()}, change
    )


def close_incident(
    ws: Workspace, key: str, number: int, *, by: str, cause: str, at: datetime | None = None
) -> Incident:
    """Close an incident with its cause and what was done. Notices that are still due stay due.

    Raises:
        PlumblineError: no such incident, no cause, or it was never classified.
    """
    moment = at or datetime.now(UTC)
    if not cause.strip():
        raise PlumblineError(
            "An incident is closed with its cause", todo="Say why it happened and what was done."
        )

    def change(item: Incident) -> Incident:
        if item.classified_at is None:
            raise PlumblineError("This incident was never classified", todo="Say first what it is.")
        return replace(item, closed_at=moment, cause=cause.strip())

    detail = {"at": moment.isoformat(), "note": f"{number}: {cause.strip()}"}
    return _step(ws, key, number, by, CLOSED, detail, change)


def incidents(ws: Workspace, key: str) -> tuple[Incident, ...]:
    """The register, the newest first."""
    with ws.read() as cursor:
        return read_incidents(cursor, key)


def incidents_by_finding(ws: Workspace, keys: Iterable[str]) -> dict[int, Incident]:
    """The incident of each finding of these systems that has one."""
    with ws.read() as cursor:
        return {i.finding: i for key in keys for i in read_incidents(cursor, key) if i.finding}


def read_incidents(cursor: Cursor, key: str) -> tuple[Incident, ...]:
    """The same, on a cursor that is open already."""
    return tuple(
        replace(canonical_json.read(Incident, body), id=number)
        for number, body in kept.incidents_of_system(cursor, key)
    )


def _step(
    ws: Workspace, key: str, number: int, by: str, action: str, detail: dict[str, Any], change: Any
) -> Incident:
    signer(by, "A step")
    with ws.write() as cursor:
        item = next((i for i in read_incidents(cursor, key) if i.id == number), None)
        if item is None:
            raise PlumblineError(
                message("There is no incident {number} of {key}", number=str(number), key=key)
            )
        if item.closed_at is not None and action != Act.INCIDENT_NOTIFIED:
            raise PlumblineError("This incident is closed", todo="Open another one.")
        changed: Incident = change(item)
        begun = register_digest.begin(cursor, key)
        kept.change(cursor, number, changed.closed_at, canonical_json.write(changed))
        detail = {"incident": number, **detail, **register_digest.seal(cursor, key, begun)}
        trail.append(cursor, actor=by.strip(), action=action, system=key, detail=detail)
    return changed
