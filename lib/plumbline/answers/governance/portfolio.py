"""All systems, worst first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import hypot
from typing import Any

from plumbline.answers.faults import SystemFault, answer_systems
from plumbline.answers.governance.scorecard import Answer, scorecard_answer
from plumbline.domain import Point, Requirement, Scorecard, Status, Verdict
from plumbline.domain.messages import NOTHING, Message
from plumbline.governance.history import Changes
from plumbline.governance.verdict import ORDER
from plumbline.monitor.performance.money_at_stake import StakeState, stake_state
from plumbline.store import systems
from plumbline.store.cache.samples import sample_of
from plumbline.store.workspace import Workspace
from plumbline.wording.times import say_day

WORST_FIRST = (
    Verdict.LIABILITY, Verdict.NOT_YET_JUDGED, Verdict.EXPOSED, Verdict.MANAGED, Verdict.MATURE, Verdict.EXEMPT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """One line of the portfolio.

    ``since``: the day in the log from which the verdict holds, or the day it was first so judged, ``judged_at``.
    ``points``: ``metric``, the headline, over the whole log; ``broke_at``: since when it is in a confirmed breach.
    """

    key: str
    title: str
    verdict: Verdict
    reason: str
    since: datetime | None
    decisions: int
    share: float | None
    first_decision: datetime | None
    last_decision: datetime | None
    at_stake: dict[str, Any]
    judged_at: datetime | None = None
    metric: str = ""
    points: tuple[Point, ...] = ()
    broke_at: datetime | None = None
    trend: str = "first"  # better | worse | same, against the scorecard before; first where there is none
    moved: str = ""  # what changed since, in words
    sample: Message = NOTHING  # where only a sample of its rows is here: what is from it

    @property
    def amount(self) -> float:
        """The money at stake where it is no chance, else 0. Currencies are not converted: an order by it is a rough
        one where they differ."""
        sure = stake_state(self.at_stake) in (StakeState.LOSS, StakeState.STATED)
        return float(self.at_stake["amount"]) if sure else 0.0


@dataclass(frozen=True, slots=True)
class Overview:
    """The systems, worst first, and those that could not be judged."""

    rows: tuple[SystemRow, ...]
    faults: tuple[SystemFault, ...] = ()


def overview(ws: Workspace, judge: Callable[[Workspace, str], Answer] | None = None) -> Overview:
    """All systems, worst verdict first; of one verdict the most money at stake first, then the most decisions.

    One that cannot be judged does not keep the others from being listed.

    Args:
        judge: gives the scorecard of a system by its key, None: anew; pages have those of most systems already.
    """
    with ws.read() as cursor:
        known = systems.list_systems(cursor)
    rows, faults = answer_systems(known, lambda system: _row((judge or scorecard_answer)(ws, system.key)))
    order = sorted(
        rows, key=lambda row: (WORST_FIRST.index(row.verdict), -row.amount, -row.decisions, row.title)
    )
    return Overview(tuple(order), faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Money of several systems in one currency: measured losses with their interval, and what owners stated.

    ``low`` and ``high``: 95 % limits of the measured sum, as if the systems erred independently of each other
    (the distances of the limits from the amounts add in squares).
    """

    currency: str
    measured: float
    low: float
    high: float
    systems: int
    stated: float = 0.0
    stated_systems: int = 0


def totals(rows: Sequence[SystemRow]) -> tuple[Total, ...]:
    """The money at stake by currency, the most first; amounts that chance could explain are left out."""
    sums: dict[str, Total] = {}
    for row in rows:
        state, stake = stake_state(row.at_stake), row.at_stake
        if state not in (StakeState.LOSS, StakeState.STATED):
            continue
        currency, amount = str(stake.get("currency", "")), float(stake["amount"])
        total = sums.get(currency, Total(currency=currency, measured=0.0, low=0.0, high=0.0, systems=0))
        if state is StakeState.STATED:
            sums[currency] = replace(
                total, stated=total.stated + amount, stated_systems=total.stated_systems + 1
            )
            continue
        below = hypot(total.measured - total.low, amount - float(stake["low"]))
        above = hypot(total.high - total.measured, float(stake["high"]) - amount)
        measured = total.measured + amount
        sums[currency] = replace(
            total, measured=measured, low=measured - below, high=measured + above, systems=total.systems + 1
        )
    return tuple(sorted(sums.values(), key=lambda total: -(total.measured + total.stated)))


def portfolio(ws: Workspace) -> tuple[SystemRow, ...]:
    """The systems that could be judged, as ``overview`` orders them."""
    return overview(ws).rows


def _row(answer: Answer) -> SystemRow:
    card, facts, standing = answer.card, answer.measured.facts, answer.measured.standing
    trend, moved = _trend(answer.changes)
    return SystemRow(
        key=answer.system.key,
        title=answer.system.title,
        verdict=card.verdict,
        reason=card.reasons[0] if card.reasons else "",
        since=card.since,
        judged_at=card.judged_at,
        decisions=facts.decisions,
        share=answer.share,
        first_decision=facts.first_decision,
        last_decision=facts.last_decision,
        at_stake=card.at_stake,
        metric=standing.headline if standing else "",
        points=standing.points if standing else (),
        broke_at=facts.performance_breach.since if facts.performance_breach else None,
        trend=trend,
        moved=moved,
        sample=next(iter(sample_of(answer.measured.cautions)), NOTHING),
    )


def _trend(changes: Changes | None) -> tuple[str, str]:
    """Whether the verdict, or else the controls that fail, went up or down since the scorecard before."""
    if changes is None or changes.before.at.date() == changes.after.at.date():
        return "first", ""
    was, now = (ORDER.index(card.verdict) for card in (changes.before, changes.after))
    since = say_day(changes.before.at)
    if was != now:
        return "worse" if now > was else "better", f"{changes.before.verdict.words} on {since}"
    fewer = _failure_count(changes.before) - _failure_count(changes.after)
    if not fewer:
        return "same", f"as many mandatory controls fail as on {since}"
    words = f"{abs(fewer)} {'fewer' if fewer > 0 else 'more'} mandatory controls fail than on {since}"
    return "better" if fewer > 0 else "worse", words


def _failure_count(card: Scorecard) -> int:
    return sum(c.status is Status.FAIL and c.requirement is Requirement.MANDATORY for c in card.controls)
