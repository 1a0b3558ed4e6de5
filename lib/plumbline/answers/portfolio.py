"""All systems, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plumbline.answers.scorecard import Answer, scorecard_answer
from plumbline.domain import Verdict
from plumbline.store import systems
from plumbline.store.workspace import Workspace

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


def portfolio(ws: Workspace) -> tuple[SystemRow, ...]:
    """All systems, worst verdict first, then by decisions."""
    with ws.read() as cursor:
        keys = [system.key for system in systems.list_systems(cursor)]
    rows = [_row(scorecard_answer(ws, key)) for key in keys]
    return tuple(sorted(rows, key=lambda row: (WORST_FIRST.index(row.verdict), -row.decisions, row.title)))


def _row(answer: Answer) -> SystemRow:
    card, facts = answer.card, answer.measured.facts
    return SystemRow(
        answer.system.key, answer.system.title, card.verdict, card.reasons[0] if card.reasons else "", card.since,
        facts.decisions, answer.share, facts.first_decision, facts.last_decision, card.at_stake,
    )  # fmt: skip
