"""The verdict of one system and everything it rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from plumbline.answers.facts import Measured, measure
from plumbline.answers.past import changes_since_last
from plumbline.answers.reading import stated_moment
from plumbline.domain import ControlResult, Scorecard, Status, System, Verdict
from plumbline.governance import canon, history
from plumbline.governance.context import interaction_share
from plumbline.governance.history import Changes, Inputs
from plumbline.governance.verdict import is_as_bad_as, three_next_actions
from plumbline.store import promises, scorecards, systems
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
    changes: Changes | None = None  # since the scorecard before; None: this is the first

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
    inputs = Inputs(
        key, moment, measured.facts, context, tuple(stated), tuple(exempted),
        system.settings.get("limits") or {}, measured.stake,
    )  # fmt: skip
    card = history.judge(inputs)
    text = canon.write(card)
    item = scorecards.Kept(
        0, key, moment, card.verdict.value, history.digest_of(inputs, card), canon.write(inputs), text,
        history.sha256(text), history.catalogue_hash(), history.rules_hash(),
    )  # fmt: skip
    with ws.write() as cursor:
        scorecards.keep(cursor, item)
        entries = tuple(scorecards.verdicts(cursor, key))
        changes = changes_since_last(cursor, key)
    card = replace(card, since=_since(entries, card.verdict))
    share = interaction_share(context, measured.facts)
    return Answer(card, system, measured, three_next_actions(card), entries, share, changes)


def _since(entries: tuple[tuple[datetime, str], ...], verdict: Verdict) -> datetime | None:
    """Since when the kept scorecards have had this verdict without a break."""
    since = None
    for at, found in reversed(entries):
        if found != verdict.value:
            break
        since = at
    return since
