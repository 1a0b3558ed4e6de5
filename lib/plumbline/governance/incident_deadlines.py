"""The clocks of an incident: which notices are due to whom by when, under DORA, the GDPR and the AI Act.

Article numbers and hours are data in ``law.toml``. A helper, not legal advice.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from plumbline.governance.ai_act import law

CLASSIFY_HOURS = 24  # an incident has to be classified by then, as the first notice is due at the latest then
#: what an incident may be, and which clock each starts
FLAGS = {
    "major": "Major under DORA",
    "supplier": "A customer that is a financial entity is hit, for whom we are the supplier",
    "personal_data": "Personal data was breached, and it is not unlikely that people are at risk",
    "processor": "Personal data that we process for a controller was breached",
    "high_risk": "Personal data was breached, and people are likely at high risk",
    "serious": "Serious under the AI Act (health, rights, property or environment harmed)",
    "death": "A person died",
    "widespread": "Widespread, or critical infrastructure was hit",
    "rights": "Duties that protect fundamental rights were infringed (AI Act)",
}
#: the AI Act asks for reports of high-risk systems alone (Article 73(1))
OF_HIGH_RISK = ("serious", "death", "widespread", "rights")


def flags_for(act_class: str | None) -> dict[str, str]:
    """What an incident of a system of that class may be; a class that is not worked out leaves all open."""
    reported = act_class is None or act_class in ("high risk", "prohibited")
    return {flag: words for flag, words in FLAGS.items() if reported or flag not in OF_HIGH_RISK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. Times are aware UTC; ``sent`` says when each notice was given, by its key."""

    title: str
    aware_at: datetime  # when somebody knew
    opened_at: datetime
    by: str
    id: int = 0
    classified_at: datetime | None = None
    flags: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()  # of DORA, that are met
    critical_service: bool = False
    sent: dict[str, datetime] = field(default_factory=dict)
    closed_at: datetime | None = None
    cause: str = ""  # as far as it is known; and what was done, as said when it was closed
    owner: str = ""  # who deals with it
    due: date | None = None  # by when it is to be closed
    finding: int = 0  # of the register of findings, that led to it; 0: none
    known: dict[str, str] = field(
        default_factory=dict
    )  # what the log knew of each criterion when it was opened
    role: str = ""  # under the AI Act, when it was classified: provider or deployer; empty: not said

    @property
    def planned_day(self) -> date | None:
        """Until when it counts as in hand: classified, with a cause, somebody who deals with it, and a day."""
        return self.due if self.classified_at and self.cause and self.owner else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One step with its end. ``late``: done after it was due, or due and not done."""

    key: str
    law: str
    title: str
    due: datetime
    sent: datetime | None
    late: bool
    source: str
    read: date | None = None  # when the entry of the law was read in a copy
    undue: bool = False  # the law names no hours: those until it is due are ours

    def time_left(self, now: datetime) -> timedelta:
        """Time until it is due; below zero when it is overdue."""
        return self.due - now


def is_major(critical_service: bool, criteria: Sequence[str]) -> bool:
    """Whether DORA calls an incident major: a critical service is hit, and enough thresholds are met.

    Malicious access that may lose data is enough by itself: it makes the service count as hit (Article 6(c) of (EU)
    2024/1772), and Article 8(1)(a) asks for nothing more.
    """
    met = [c for c in law().criteria if c["key"] in criteria]
    return any(c.get("alone") for c in met) or (critical_service and len(met) >= law().criteria_needed)


def notices(incident: Incident, now: datetime) -> tuple[Notice, ...]:
    """Every step that the incident's answers call for, the soonest first.

    DORA's first notice is due four hours after classification and 24 hours after somebody knew at the latest;
    where it was classified as major only after those 24 hours, four hours after that. The second runs from the
    first, the last from the second: from when each was sent, and until then from when it is due.
    """
    notices: list[Notice] = []
    if incident.classified_at is None:
        due = incident.aware_at + timedelta(hours=CLASSIFY_HOURS)
        late = now > due and incident.closed_at is None
        notices.append(
            Notice(
                key="classify",
                law="",
                title="Classify it",
                due=due,
                sent=None,
                late=late,
                source="DORA 18; GDPR 33; AI Act 73",
            )
        )
    ends: dict[str, datetime] = {}
    for clock in law().clocks:
        if not _starts(clock, incident):
            continue
        key = str(clock["key"])
        due = _deadline(clock, incident, ends)
        sent = incident.sent.get(key)
        ends[key] = sent or due
        undue = bool(clock.get("undue"))
        late = (sent or now) > due and not undue  # hours that no law names make nobody late
        notices.append(
            Notice(
                key=key,
                law=clock["law"],
                title=clock["title"],
                due=due,
                sent=sent,
                late=late,
                source=clock["source"],
                read=clock.get("read", law().read),
                undue=undue,
            )
        )
    return tuple(sorted(notices, key=lambda n: (n.sent is not None, n.due)))


def _starts(clock: Mapping[str, Any], incident: Incident) -> bool:
    """Whether what an incident is starts a clock, and it falls on the company in its role."""
    answers = [clock["when"]] if isinstance(clock["when"], str) else clock["when"]
    falls = not incident.role or incident.role in clock.get("roles", [incident.role])
    return falls and any(flag in incident.flags for flag in answers)


def overdue(incident: Incident, now: datetime) -> tuple[Notice, ...]:
    """Steps that are due and not done."""
    return tuple(n for n in notices(incident, now) if n.sent is None and n.late)


def _deadline(clock: Mapping[str, Any], incident: Incident, ends: Mapping[str, datetime]) -> datetime:
    moments = {"aware": incident.aware_at, "classified": incident.classified_at or incident.opened_at, **ends}
    start = moments[clock["runs_from"]]
    if "months" in clock:
        return _add_months(start, clock["months"])
    due = start + timedelta(hours=clock.get("hours", 0), days=clock.get("days", 0))
    if "latest_hours" in clock:
        latest = moments[clock["latest_from"]] + timedelta(hours=clock["latest_hours"])
        return due if start > latest else min(due, latest)
    return due


def _add_months(at: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day."""
    month = at.month - 1 + months
    year, month = at.year + month // 12, month % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
