"""The verdict of one system and everything it rests on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from plumbline.answers.facts import Measured, measure
from plumbline.answers.reading import stated_moment
from plumbline.domain import ControlResult, Scorecard, Status, System, Verdict
from plumbline.governance import verdict as judging
from plumbline.governance.context import interaction_share
from plumbline.governance.verdict import is_as_bad_as, three_next_actions
from plumbline.store import promises, systems
from plumbline.store.workspace import Workspace

__all__ = ["Answer", "is_as_bad_as", "scorecard", "scorecard_answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A scorecard with what a leader needs beside it."""

    card: Scorecard
    system: System
    measured: Measured
    actions: tuple[str, ...]  # the next three
    history: tuple[tuple[datetime, str], ...]  # kept scorecards, the oldest first
    share: float | None  # of customer interactions

    def failing(self) -> tuple[ControlResult, ...]:
        """Controls that are asked and do not pass."""
        return tuple(
            c for c in self.card.controls if c.status in (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)
        )


def scorecard(ws: Workspace, key: str, *, at: datetime | None = None) -> Scorecard:
    """The scorecard of a system, computed anew and kept where anything it rests on has changed.

    Args:
        at: the moment it is for: decides what has expired. None: the owner's date, else now.

    Raises:
        PlumblineError: no such system.
    """
    return scorecard_answer(ws, key, at=at).card


def scorecard_answer(ws: Workspace, key: str, *, at: datetime | None = None) -> Answer:
    """The scorecard with its next actions, its history and the measurements behind it."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        context = promises.context_answers(cursor, key)
        stated = promises.attestations(cursor, key)
        exempted = promises.exemptions(cursor, key)
    moment = at or stated_moment(system) or datetime.now(UTC)
    measured = measure(ws, system, moment)
    card = judging.scorecard(
        key, measured.facts, context, stated, exempted, moment, measured.stake,
        tightened=system.settings.get("limits"),
    )  # fmt: skip
    inputs = _digest(measured, context, stated, exempted, moment)
    with ws.write() as cursor:
        promises.keep_scorecard(
            cursor, system=key, at=moment, verdict=card.verdict.value, inputs=inputs,
            body={"verdict": card.verdict.value, "reasons": list(card.reasons),
                  "controls": {c.id: c.status.value for c in card.controls}},
        )  # fmt: skip
        history = tuple(promises.verdict_history(cursor, key))
    card = replace(card, since=_since(history, card.verdict))
    share = interaction_share(context, measured.facts)
    return Answer(card, system, measured, three_next_actions(card), history, share)


def _since(history: tuple[tuple[datetime, str], ...], verdict: Verdict) -> datetime | None:
    """Since when the kept scorecards have had this verdict without a break."""
    since = None
    for at, found in reversed(history):
        if found != verdict.value:
            break
        since = at
    return since


def _digest(measured: Measured, context: Any, stated: Any, exempted: Any, moment: datetime) -> str:
    text = repr((measured.facts, measured.stake, sorted(context.items()), stated, exempted, moment.date()))
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()
