"""From the register of findings to events: what began, got worse, ended, or turned out not to be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.answers.respond.disclosure import public_sentence
from plumbline.answers.respond.outbox import queue
from plumbline.answers.respond.receipts import BEGINNINGS, channels_aware
from plumbline.domain import Finding, Severity, Task
from plumbline.monitor.drift.first_year import BREACH, includes_family, signals
from plumbline.respond.events import Event
from plumbline.store.cache.samples import SampleShare, sample_share
from plumbline.store.findings import FindingRecord
from plumbline.store.respond import deliveries
from plumbline.store.systems import find_system
from plumbline.store.workspace import Cursor

#: families that say how things are and have no end of their own: once no longer so, they are over
CONDITIONS = ("retraining", "staleness", "quality.id", "quality.version", "quality.features", "quality.duplicates",
              "consistency", "release", "source", "fairness")  # fmt: skip
#: families that an open problem of performance stands for
BENEATH = ("drift.", "group.", "missing.", "new_levels.", "out_of_range.", "association.")
#: money that grew by this factor since it was told is told again
DOUBLE = 2.0
#: how a signal begins -> the control that asks for its being handled
CONTROLS = {
    "performance": "MON-4", "estimate": "MON-4", "warning": "MON-4", "retraining": "MON-7", "drift": "MON-5",
    "missing": "MON-5", "new_levels": "MON-5", "out_of_range": "MON-5", "association": "MON-5", "staleness": "MON-3",
    "group": "MON-5",
}  # fmt: skip


#: how the signals begin that are measured from rows: of a table that lies elsewhere, from the sample that is here
OF_ROWS = ("group.", "association.", "cutoff.")
#: the same where the score of one class does not say it
OF_ROWS_UNLESS_BINARY = ("estimate.",)


@dataclass(frozen=True, slots=True)
class FindingChange:
    """What happened to one finding between two states of the register."""

    type: str
    record: FindingRecord


def announce(
    cursor: Cursor, before: Sequence[FindingRecord], after: Sequence[FindingRecord], at: datetime
) -> None:
    """Write the messages about what a check or an undo changed in one system's register, in its own transaction.

    Args:
        before, after: every record of the system, parts of others too.
    """
    changed = sorted(changes(before, after), key=lambda change: change.record.follows)
    above = next((r for r in after if r.open and includes_family(r.finding, BREACH)), None)
    group = []
    for change in changed:
        record = change.record
        if change.type not in BEGINNINGS:
            _announce_end(cursor, change, at)
        elif (
            above is None
            or not record.finding.signal.startswith(BENEATH)
            or _is_announced_above(changed, above)
        ):
            group.append(finding_event(cursor, record, change.type, at))
        else:
            reason = f"finding {above.id}, an open problem of performance, stands for it"
            queue(cursor, finding_event(cursor, record, change.type, at), withheld=reason)
    group += [
        finding_event(cursor, r, "finding.worsened", at) for r in after if _has_doubled_cost(cursor, r, group)
    ]
    group.sort(key=lambda event: -list(Severity).index(event.severity))
    if group:
        queue(cursor, *group)


def _is_announced_above(changed: Sequence[FindingChange], above: FindingRecord) -> bool:
    """Whether the problem of performance is told by the same message."""
    return any(change.record.id == above.id and change.type in BEGINNINGS for change in changed)


def changes(before: Sequence[FindingRecord], after: Sequence[FindingRecord]) -> list[FindingChange]:
    """What began, rose, ended, or became part of another, finding by finding."""
    earlier = {record.id: record for record in before}
    listed = []
    for record in after:
        kind = _change(earlier.get(record.id), record)
        if kind:
            listed.append(FindingChange(kind, record))
    return listed


def _change(old: FindingRecord | None, record: FindingRecord) -> str:
    was_open = old is not None and old.open
    if record.part_of is not None:
        if was_open and old is not None and old.part_of is None:
            return "finding.merged"
        return "finding.opened" if record.follows and record.open and not was_open else ""
    if record.open and not was_open:
        return "source.silent" if record.finding.signal.startswith("source.silent.") else "finding.opened"
    if record.open:
        ranks = list(Severity)
        rose = old is not None and ranks.index(record.finding.severity) > ranks.index(old.finding.severity)
        return "finding.worsened" if rose else ""
    if not was_open:
        return ""
    over = record.finding.until is not None or record.finding.signal.startswith(CONDITIONS)
    return "finding.resolved" if over else "finding.withdrawn"


def _has_doubled_cost(cursor: Cursor, record: FindingRecord, group: Sequence[Event]) -> bool:
    """Whether what a problem costs doubled since it was told."""
    amount = _amount(record.finding.figures.get("cost"))
    if not record.open or amount is None or record.id in {event.finding for event in group}:
        return False
    announced = [
        d.data["money"]
        for d in deliveries.deliveries_of_finding(cursor, record.id)
        if d.event in BEGINNINGS and "money" in d.data
    ]
    last = _amount(announced[-1]) if announced else None
    return last is not None and last > 0 and amount >= DOUBLE * last


def _amount(money: object) -> float | None:
    amount = money.get("amount") if isinstance(money, Mapping) else None
    return float(amount) if isinstance(amount, (int, float)) else None


def _announce_end(cursor: Cursor, change: FindingChange, at: datetime) -> None:
    """Tell the end of a problem where its beginning was told; what had not left yet never leaves."""
    of_finding = deliveries.deliveries_of_finding(cursor, change.record.id)
    names = channels_aware(of_finding)
    for name in list(names):
        begun = [d for d in of_finding if d.channel == name and d.event in BEGINNINGS]
        unsent = [d.id for d in begun if d.state == "queued" and not d.attempts]
        alone = not any(deliveries.members(cursor, number) for number in unsent)
        if unsent and len(unsent) == len(begun) and alone:
            deliveries.suppress(cursor, unsent, "it was over before it was sent", at)
            names.remove(name)
    if names:
        queue(cursor, finding_event(cursor, change.record, change.type, at), only=names)


def finding_event(
    cursor: Cursor, record: FindingRecord, kind: str, at: datetime, *, sentence: str = ""
) -> Event:
    """The event of a finding, with figures and names of columns, and no value of one; where its figures are from a
    sample of the decisions, it says of how many. What follows from another is told under the number of that one.

    Args:
        sentence: what it says, where that is not the finding's own; the finding's own sentence is added by the caller.
    """
    f = record.finding
    words = sentence or _words(record, kind)
    share = _sample(cursor, f)
    begins_beneath = kind == "finding.opened" and record.follows
    return Event(
        type=kind,
        sentence=f"{words} {share.short_sentence}" if share else words,
        at=at,
        system=f.system,
        finding=record.part_of if begins_beneath else record.id,
        severity=f.severity,
        data=_figures(record) | ({"sample": share.figures} if share else {}),
    )


def _sample(cursor: Cursor, finding: Finding) -> SampleShare | None:
    """The sample that a finding's figures are from; None where they are from every decision."""
    named = signals(finding)
    of_rows = any(signal.startswith(OF_ROWS) for signal in named)
    if not of_rows and any(signal.startswith(OF_ROWS_UNLESS_BINARY) for signal in named):
        system = find_system(cursor, finding.system)
        of_rows = system is not None and system.task is not Task.BINARY
    return sample_share(cursor, finding.system) if of_rows else None


def _words(record: FindingRecord, kind: str) -> str:
    words = public_sentence(record.finding)
    if kind == "finding.resolved":
        return f"Over: {words}"
    if kind == "finding.withdrawn":
        return f"Not so after all: {words}"
    if kind == "finding.merged":
        return f"Part of finding {record.part_of}: {words}"
    return words


def _figures(record: FindingRecord) -> dict[str, Any]:
    f = record.finding
    figures = {
        "signal": f.signal, "since": f.since, "known_at": f.known_at, "until": f.until, "confidence": f.confidence,
        "value": f.figures.get("value"), "limit": f.figures.get("threshold"), "n": f.figures.get("n"),
        "money": f.figures.get("cost"), "open": record.open,
    }  # fmt: skip
    named = (CONTROLS.get(signal.partition(".")[0]) for signal in signals(f))
    controls = list(dict.fromkeys(control for control in named if control))
    return {k: v for k, v in figures.items() if v is not None} | ({"control": controls} if controls else {})
