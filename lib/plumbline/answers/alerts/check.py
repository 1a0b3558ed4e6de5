"""Running every signal over a system: what was compared goes on the trail, what was found into the register.

A load does this for itself, so that no chunk goes unwatched; cron does it between loads.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from plumbline.answers.alerts.measurements import measurements
from plumbline.answers.alerts.signals import all_findings
from plumbline.answers.faults import SystemFault, answer_systems
from plumbline.answers.question import log_span, reporting_date
from plumbline.domain import Finding, PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.monitor.alarms.episodes import CALM
from plumbline.monitor.alarms.findings import is_same_problem
from plumbline.monitor.chunks import chunk_index
from plumbline.monitor.drift.first_year import FOLLOWS, is_consequence, split_findings
from plumbline.profile import build
from plumbline.profile.bins import has_new_basis
from plumbline.store import findings as register
from plumbline.store import loads, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.cache import answer_cache
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.findings import FindingRecord
from plumbline.store.respond.deliveries import Delivery
from plumbline.store.workspace import Cursor, Workspace, now

if TYPE_CHECKING:
    from plumbline.answers.releases.history import ReleasesAnswer

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def check(ws: Workspace, key: str | None, *, actor: str, all_signals: bool = True) -> tuple[Finding, ...]:
    """Run the signals of one system, or of all, and record what they find; returns it, open ones first.

    Args:
        all_signals: False leaves out those that are too slow to run with every load; what they found before
            stays as it is.

    Raises:
        PlumblineError: no such system; or, of all, one could not be checked, after the others were.
    """
    if key is None:
        checked = check_systems(ws, actor=actor, all_signals=all_signals)
        if checked.faults:
            first = checked.faults[0]
            raise PlumblineError(f"The system {first.system} could not be checked: {first.sentence}")
        return checked.findings
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
    return _sort_open_first(_check(ws, system, actor, all_signals))


def check_open_findings(ws: Workspace, load_id: int, *, actor: str) -> None:
    """Check the system of a load that was taken back, where something is open: what that load alone showed is closed,
    and taken back where it was told. The undo is done; a check that fails leaves it to the next one."""
    with ws.read() as cursor:
        key = next((load.system for load in loads.list_loads(cursor) if load.load_id == load_id), "")
        waiting = bool(key) and any(record.open for record in register.recorded_findings(cursor, key))
    if waiting:
        with suppress(Exception):
            check(ws, key, actor=actor, all_signals=False)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found, open findings first, the systems that were checked, and those that could not be."""

    findings: tuple[Finding, ...]
    systems: tuple[System, ...]
    faults: tuple[SystemFault, ...] = ()


def check_systems(
    ws: Workspace, key: str | None = None, *, actor: str, all_signals: bool = True
) -> CheckResult:
    """``check`` of one system or of every one; a system that cannot be checked does not keep the others from it.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        known = [systems.get_system(cursor, key)] if key else systems.list_systems(cursor)
    results, faults = answer_systems(known, lambda system: (system, _check(ws, system, actor, all_signals)))
    findings = _sort_open_first([finding for _, system_findings in results for finding in system_findings])
    return CheckResult(findings, tuple(system for system, _ in results), faults)


def _recount_local_days(ws: Workspace, system: System) -> None:
    """Count a system anew whose days were those of UTC: an earlier version cut them so, whatever its zone."""
    if system.timezone == "UTC":
        return
    with ws.read() as cursor:
        stale = has_new_basis(cursor, system)
    if stale:
        with ws.write() as cursor:
            build.rebuild(cursor, systems.get_system(cursor, system.key))
            detail = state_digest.seal(cursor, system.key)
            trail.append(cursor, actor="plumbline", action=Act.COUNTED_ANEW, system=system.key, detail=detail)


def _check(ws: Workspace, system: System, actor: str, all_signals: bool) -> list[Finding]:
    _recount_local_days(ws, system)
    from plumbline.answers.respond import progress as acting

    with ws.read() as cursor:
        by, begins, findings, looked_at = signals_of(cursor, system, all_signals)
        followed = acting.follow(cursor, system, split_findings(findings))
    findings += followed.findings
    detail: dict[str, Any] = {
        "by": by, "chunks": [start.date().isoformat() for start in begins],
        "reference": [t.isoformat() for t in system.reference or ()],
        "signals": list(looked_at), "findings": [f.sentence for f in findings],
    }  # fmt: skip
    with ws.write() as cursor:
        reconcile(cursor, system.key, findings, looked_at, now())
        acting.keep(cursor, followed, actor=actor)
        answer_cache.forget_stale(cursor, system.key, fingerprint(cursor, system))
        trail.append(cursor, actor=actor, action=Act.SIGNALS_CHECKED, system=system.key, detail=detail)
    return findings


class _DryRunEnd(Exception):
    """Ends a transaction that was only to show what it would do."""


def rehearse(ws: Workspace, key: str | None = None) -> tuple[tuple[Finding, ...], tuple[Delivery, ...]]:
    """What a check would find, and the messages that it would write; nothing is recorded.

    Raises:
        PlumblineError: no such system, or one that cannot be checked.
    """
    from plumbline.store.respond import deliveries

    with ws.read() as cursor:
        known = [systems.get_system(cursor, key)] if key else systems.list_systems(cursor)
    measured = []
    for system in known:
        with ws.read() as cursor:
            _, _, system_findings, looked_at = signals_of(cursor, system, True)
        measured.append((system.key, system_findings, looked_at))
    findings = _sort_open_first(
        [finding for _, system_findings, _ in measured for finding in system_findings]
    )
    messages: list[Delivery] = []
    try:
        with ws.write() as cursor:
            before = {d.id for d in deliveries.recent_deliveries(cursor, limit=100_000)}
            for own_key, system_findings, looked_at in measured:
                reconcile(cursor, own_key, system_findings, looked_at, now())
            messages += [d for d in deliveries.recent_deliveries(cursor, limit=100_000) if d.id not in before]
            raise _DryRunEnd
    except _DryRunEnd:
        return findings, tuple(reversed(messages))


def _sort_open_first(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (f.until is not None, f.system)))


def reconcile(
    cursor: Cursor, key: str, findings: list[Finding], looked_at: tuple[str, ...], at: datetime
) -> None:
    """Bring the register up to date: one record a problem, however often it is found.

    A problem that is found again is updated; one whose signal was looked at and that is not found any more is
    closed (labels came or were corrected, or its load was undone); what was not looked at stays as it is. Where
    labels that came since join two recorded problems, the earlier record goes on and the other is part of it. A
    finding that joins several has a record, and so have its parts, which it stands for; a call for retraining belongs
    to the open problem that it follows from. A lasting change that is over stays as it was told once a later one has
    taken its place in the series.
    """
    from plumbline.answers.respond.messages import announce  # which knows nothing of this folder

    known = sorted(register.recorded_findings(cursor, key, parts=True), key=_age_key)
    place_of: dict[int, int] = {}
    parts = [part for finding in findings for part in finding.parts]
    findings = [*findings, *parts]
    for place, finding in _onset_order(findings):
        is_part = any(finding is part for part in parts)
        lasting = next((r for r in known if not is_part and _is_left_of_lasting_change(r, finding)), None)
        if lasting is not None:
            place_of.setdefault(lasting.id, place)
            continue
        record = next(
            (r for r in known if r.id not in place_of and is_same_problem(_with_end(r), finding)), None
        )
        closed = at if finding.until is not None or is_part else None
        if record is None:
            place_of[register.add(cursor, finding, at, closed)] = place
        else:
            place_of[record.id] = place
            register.update(cursor, record.id, finding, at, (record.closed_at or closed) if closed else None)
            if not record.open and closed is None:
                register.clear_acknowledgement(cursor, record.id)
    _mark_parts(cursor, findings, {place: number for number, place in place_of.items()})
    for record in known:
        if record.id in place_of:
            continue
        whole = next(
            (n for n, place in place_of.items() if is_same_problem(_with_end(record), findings[place])), None
        )
        if whole is not None:
            register.join(cursor, record.id, whole, at)
        elif record.open and record.finding.signal.startswith(looked_at):
            register.close(cursor, record.id, at)
    announce(cursor, known, register.recorded_findings(cursor, key, parts=True), at)


def _is_left_of_lasting_change(record: FindingRecord, finding: Finding) -> bool:
    """Whether a finding is what is left of a lasting change that was told and is over: it lies within its time."""
    change = record.finding
    if record.part_of is not None or not change.figures.get("lasting") or finding.figures.get("lasting"):
        return False
    if change.since is None or change.until is None or finding.since is None or finding.until is None:
        return False
    within = change.since <= finding.since and finding.until <= change.until
    return within and is_same_problem(change, finding)


def _mark_parts(cursor: Cursor, findings: list[Finding], number_of: dict[int, int]) -> None:
    """Mark the records of findings that another stands for: those that it joins, and a call that follows from it.

    Args:
        findings: parts among them.
        number_of: place in them -> number of its record.
    """
    parts = [part for finding in findings for part in finding.parts]
    for place, finding in enumerate(findings):
        for part in finding.parts:
            part_place = next(n for n, other in enumerate(findings) if other is part)
            register.mark_part(cursor, number_of[part_place], number_of[place])
        if finding.signal == FOLLOWS and not any(finding is part for part in parts):
            cause = next(
                (n for n, f in enumerate(findings) if f.until is None and is_consequence(finding, f)), None
            )
            if cause is not None:
                register.mark_part(cursor, number_of[place], number_of[cause], follows=True)


def _onset_order(findings: list[Finding]) -> list[tuple[int, Finding]]:
    """Findings with their places, earliest onset first; those without an onset last."""
    return sorted(enumerate(findings), key=lambda own: (own[1].since is None, own[1].since or LONG_AGO))


def _age_key(record: FindingRecord) -> tuple[bool, bool, datetime, int]:
    """Which record of one problem goes on: one that is no part of another, with the earliest onset, the oldest."""
    since = record.finding.since
    return record.part_of is not None, since is None, since or LONG_AGO, record.id


def _with_end(record: FindingRecord) -> Finding:
    """A recorded finding with an end: one that was closed because it was not found any more has none of its own, and
    must not be taken for whatever goes wrong with the same thing long after."""
    finding = record.finding
    if record.open or finding.until is not None or finding.since is None:
        return finding
    return replace(finding, until=max(finding.since, finding.known_at or finding.since) + CALM)


def findings(cursor: Cursor, system: System) -> tuple[Finding, ...]:
    """Every problem in the log, one finding from its onset to its end."""
    return tuple(signals_of(cursor, system, True)[2])


def chunks_on_trail(cursor: Cursor, system: System, by: str) -> set[date]:
    """The chunks (days, weeks or months) that the trail says were compared with the reference that holds now."""
    compared: set[date] = set()
    for entry in trail.entries(cursor, system=system.key, limit=100_000):
        same = entry.detail.get("reference") == [t.isoformat() for t in system.reference or ()]
        if entry.action == Act.SIGNALS_CHECKED and entry.detail.get("by") == by and same:
            compared |= {date.fromisoformat(day) for day in entry.detail.get("chunks", [])}
    return compared


def chunk_of(day: date, by: str) -> date:
    """The first day of the chunk that holds a day."""
    return chunk_index([day], by)[0][0].date()


def signals_of(
    cursor: Cursor, system: System, all_signals: bool, released: ReleasesAnswer | None = None
) -> tuple[str, list[datetime], list[Finding], tuple[str, ...]]:
    """The chunk of the system, where each that was compared begins, every finding, and the signals looked at.

    Args:
        released: the system's releases, where they are known.
    """
    from plumbline.answers.alerts.headline import measure_headline
    from plumbline.answers.events import read_records
    from plumbline.answers.releases.history import system_releases

    span = log_span(cursor, system)
    if span is None:
        return "week", [], [], ("",)
    moment = reporting_date(system, span)
    released = released or system_releases(cursor, system)
    answer = measure_headline(cursor, system, moment, released, read_records(cursor, system.key))
    measured = measurements(cursor, system, span, moment, answer, released)
    findings, looked_at = all_findings(cursor, measured, all_of_them=all_signals)
    return answer.by, list(measured.begun), findings, looked_at
