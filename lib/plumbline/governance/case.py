"""What an evidence rule is given, and the few ways in which it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from plumbline.domain import Evidence, EvidenceKind, Status
from plumbline.governance.facts import Facts

#: How long a test, rehearsal or review counts.
VALID_DAYS = 365


@dataclass(frozen=True, slots=True)
class Case:
    """One control's question put to one system."""

    facts: Facts
    limits: Mapping[str, float]  # that hold in this tier
    context: Mapping[str, str]  # the answers as given; an unanswered question is absent
    today: date


Rule = Callable[[Case], Evidence]


def measured(status: Status, sentence: str) -> Evidence:
    """Computed from the log or the records kept beside it."""
    return Evidence(status, EvidenceKind.MEASURED, sentence)


def probed(status: Status, sentence: str) -> Evidence:
    """Read from a registry, a repository or the workspace."""
    return Evidence(status, EvidenceKind.PROBED, sentence)


def unknown(sentence: str) -> Evidence:
    """A quantity that cannot be shown: a statement may fill the gap where the catalogue accepts one."""
    return Evidence(Status.UNKNOWN, EvidenceKind.NONE, sentence)


def never_seen(sentence: str) -> Evidence:
    """A capability that nobody has seen: it fails, until a statement or better says otherwise."""
    return Evidence(Status.FAIL, EvidenceKind.NONE, sentence)


def within_a_year(when: date | datetime | None, today: date) -> bool:
    """Whether a test, rehearsal or review still counts; one dated after today does not."""
    if when is None:
        return False
    on = when.date() if isinstance(when, datetime) else when
    return 0 <= (today - on).days <= VALID_DAYS
