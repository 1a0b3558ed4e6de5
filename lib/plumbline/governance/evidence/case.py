"""What an evidence rule is given, and the few ways in which it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from plumbline.domain import Evidence, EvidenceKind, Status
from plumbline.domain.messages import NOTHING, Day, Message, message, sequence, word
from plumbline.governance.facts import Facts, LatestRecord

#: How long a test, rehearsal or review counts.
VALID_DAYS = 365


@dataclass(frozen=True, slots=True)
class ControlCase:
    """One control's question put to one system."""

    facts: Facts
    limits: Mapping[str, float]  # that hold in this tier
    context: Mapping[str, str]  # the answers as given; an unanswered question is absent
    today: date


Rule = Callable[[ControlCase], Evidence]


def measured_evidence(status: Status, sentence: Message) -> Evidence:
    """Computed from the log or the records kept beside it."""
    return Evidence(status=status, kind=EvidenceKind.MEASURED, sentence=sentence)


def probed_evidence(status: Status, sentence: Message) -> Evidence:
    """Read from a registry, a repository or the workspace."""
    return Evidence(status=status, kind=EvidenceKind.PROBED, sentence=sentence)


def unknown_evidence(sentence: Message) -> Evidence:
    """A quantity that cannot be shown: a statement may fill the gap where the catalogue accepts one."""
    return Evidence(status=Status.UNKNOWN, kind=EvidenceKind.NONE, sentence=sentence)


def missing_evidence(sentence: Message) -> Evidence:
    """A capability that nobody has seen: it fails, until a statement or better says otherwise."""
    return Evidence(status=Status.FAIL, kind=EvidenceKind.NONE, sentence=sentence)


#: event that can be recorded -> how evidence says it
RECORDED = {
    "alert tested": word("a test alert reached a person"),
    "alert delivered": word("an alert reached a person"),
    "alert failed": word("an alert could not be delivered"),
    "retraining fired": word("the trigger for retraining fired"),
    "retraining tested": word("the trigger for retraining fired in a test"),
    "rollback rehearsed": word("a rollback was rehearsed"),
    "automatic rollback tested": word("the automatic rollback was tested"),
    "restore rehearsed": word("a restore was rehearsed"),
}
A_RECORD = message("A record alone is partial.")


def newest_record(case: ControlCase, *events: str) -> LatestRecord | None:
    """The newest record of one of the events within twelve months; None: there is none."""
    held = [n for n in case.facts.noted if n.event in events and is_within_a_year(n.at, case.today)]
    return max(held, key=lambda n: n.at, default=None)


def recorded_evidence(status: Status, *notes: LatestRecord, more: Message = NOTHING) -> Evidence:
    """What people wrote down: attested, dated, and partial at most; it ends twelve months after the oldest."""
    records = [
        message(
            "Recorded by {who}: {event} on {day}.",
            who=n.by.strip().rstrip("."),
            event=RECORDED[n.event],
            day=Day(n.at),
        )
        for n in notes
    ]
    limit = A_RECORD if status is Status.PARTIAL else NOTHING
    first = min(notes, key=lambda n: n.at)
    return Evidence(
        status=status,
        kind=EvidenceKind.ATTESTED,
        sentence=sequence([*records, limit, more]),
        until=first.at.date() + timedelta(days=VALID_DAYS),
        by=first.by,
    )


def is_within_a_year(when: date | datetime | None, today: date) -> bool:
    """Whether a test, rehearsal or review still counts; one dated after today does not."""
    if when is None:
        return False
    on = when.date() if isinstance(when, datetime) else when
    return 0 <= (today - on).days <= VALID_DAYS
