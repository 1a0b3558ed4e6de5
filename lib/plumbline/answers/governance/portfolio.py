"""All systems, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.answers.faults import Fault, for_each
from plumbline.answers.governance.scorecard import Answer, scorecard_answer
from plumbline.domain import Requirement, Scorecard, Status, Verdict
from plumbline.governance.history import Changes
from plumbline.governance.verdict import ORDER
from plumbline.monitor.performance.money_at_stake import StakeState, stake_state
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import say_day

WORST_FIRST = (Verdict.LIABILITY, Verdict.EXPOSED, Verdict.MANAGED, Verdict.MATURE, Verdict.EXEMPT)


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One line of the portfolio."""

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
    trend: str = "first"  # better | worse | same, against the scorecard before; first where there is none
    moved: str = ""  # what changed since, in words


@dataclass(frozen=True, slots=True)
class Overview:
    """The systems, worst first, and those that could not be judged."""

    rows: tuple[SystemRow, ...]
    faults: tuple[Fault, ...] = ()


def overview(ws: Workspace) -> Overview:
    """All systems, worst verdict first; of one verdict the most money at stake first, then the most decisions.

    One that cannot be judged does not keep the others from being listed.
    """
    with ws.read() as cursor:
        known = systems.list_systems(cursor)
    rows, faults = for_each(known, lambda system: _row(scorecard_answer(ws, system.key)))
    order = sorted(
        rows, key=lambda row: (WORST_FIRST.index(row.verdict), -_money(row), -row.decisions, row.title)
    )
    return Overview(tuple(order), faults)


def portfolio(ws: Workspace) -> tuple[SystemRow, ...]:
    """The systems that could be judged, as ``overview`` orders them."""
    return overview(ws).rows


def _money(row: SystemRow) -> float:
    """The amount at stake, where it is no chance; currencies are not converted, so that the order is a rough one
    where they differ."""
    sure = stake_state(row.at_stake) in (StakeState.LOSS, StakeState.STATED)
    return float(row.at_stake["amount"]) if sure else 0.0


def _row(answer: Answer) -> SystemRow:
    card, facts = answer.card, answer.measured.facts
    return SystemRow(
        answer.system.key, answer.system.title, card.verdict, card.reasons[0] if card.reasons else "", card.since,
        facts.decisions, answer.share, facts.first_decision, facts.last_decision, card.at_stake,
        *_trend(answer.changes),
    )  # fmt: skip


def _trend(changes: Changes | None) -> tuple[str, str]:
    """Whether the verdict, or else the controls that fail, went up or down since the scorecard before."""
    if changes is None or changes.before.at.date() == changes.after.at.date():
        return "first", ""
    was, now = (ORDER.index(card.verdict) for card in (changes.before, changes.after))
    since = say_day(changes.before.at)
    if was != now:
        return "worse" if now > was else "better", f"{changes.before.verdict.value} on {since}"
    fewer = _failing(changes.before) - _failing(changes.after)
    if not fewer:
        return "same", f"as many mandatory controls fail as on {since}"
    words = f"{abs(fewer)} {'fewer' if fewer > 0 else 'more'} mandatory controls fail than on {since}"
    return "better" if fewer > 0 else "worse", words


def _failing(card: Scorecard) -> int:
    return sum(c.status is Status.FAIL and c.requirement is Requirement.MANDATORY for c in card.controls)
