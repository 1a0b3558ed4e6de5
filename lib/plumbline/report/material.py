"""One system's answers, put together for its documents: the same ones that the pages show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from plumbline.answers.drift.features import DriftAnswer, drift
from plumbline.answers.governance.scorecard import Answer, scorecard_answer
from plumbline.answers.operations.schedule import Schedule, schedule
from plumbline.answers.performance.series import PerformanceAnswer, performance
from plumbline.answers.proof import ScorecardProof, proof
from plumbline.answers.releases.history import ReleasesAnswer
from plumbline.answers.statements import Statements, statements
from plumbline.domain import DecisionColumn, PlumblineError
from plumbline.store.workspace import Workspace

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the documents are made of. None: cannot be known; ``missing`` says why."""

    answer: Answer
    statements: Statements
    proof: ScorecardProof
    performance: PerformanceAnswer | None
    drift: DriftAnswer | None
    releases: ReleasesAnswer | None
    columns: tuple[DecisionColumn, ...]
    schedule: Schedule
    missing: dict[str, PlumblineError]


def gather(ws: Workspace, key: str) -> Material:
    """Put every question of a system's documents.

    Raises:
        PlumblineError: no such system.
    """
    answer = scorecard_answer(ws, key)
    missing: dict[str, PlumblineError] = {}

    def answer_or_none(name: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except PlumblineError as error:
            missing[name] = error
            return None

    scorecard_proof = proof(ws, key)
    loaded = bool(answer.measured.facts.decisions)
    return Material(
        answer=answer,
        statements=statements(ws, key),
        proof=scorecard_proof,
        performance=answer_or_none("performance", lambda: performance(ws, key)) if loaded else None,
        drift=answer_or_none("drift", lambda: drift(ws, key)) if loaded else None,
        releases=answer.measured.releases,
        columns=scorecard_proof.columns,
        schedule=schedule(ws),
        missing=missing,
    )
