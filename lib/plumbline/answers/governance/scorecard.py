"""The verdict of one system and everything it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from plumbline.answers import events
from plumbline.answers.governance.documents import read_versions
from plumbline.answers.governance.facts import MeasuredFacts, measure
from plumbline.answers.governance.past_scorecards import changes_since_last
from plumbline.answers.question import stated_moment
from plumbline.answers.signer import signer
from plumbline.answers.statements import change_settings
from plumbline.domain import (
    Attestation,
    ControlResult,
    Exemption,
    Scorecard,
    Status,
    System,
    Verdict,
)
from plumbline.governance import canonical_json, history
from plumbline.governance.catalogue import catalogue
from plumbline.governance.context import interaction_share
from plumbline.governance.history import Changes, ScorecardInputs
from plumbline.governance.next_actions import NextAction, next_actions
from plumbline.governance.onset import onset
from plumbline.governance.verdict import is_as_bad_as, pipeline_verdict
from plumbline.store import scorecards, statements, systems
from plumbline.store.workspace import BusyWriter, Cursor, FullDisk, Workspace

__all__ = [
    "Answer",
    "AssignedAction",
    "assign",
    "is_as_bad_as",
    "pipeline_verdict",
    "scorecard",
    "scorecard_answer",
]

CONTEXT = "Context"  # stands for a control where the questions about the system are open


@dataclass(frozen=True, slots=True)
class AssignedAction:
    """One of the next actions, with who does it and by when; nobody and None until somebody is named."""

    action: NextAction
    owner: str = ""
    due: date | None = None

    def __str__(self) -> str:
        return str(self.action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A scorecard with what a leader needs beside it."""

    card: Scorecard
    system: System
    measured: MeasuredFacts
    actions: tuple[AssignedAction, ...]  # the next three
    history: tuple[tuple[datetime, str], ...]  # kept scorecards, the oldest first
    share: float | None  # of customer interactions
    changes: Changes | None = None  # since the scorecard before; None: this is the first

    def failing_controls(self) -> tuple[ControlResult, ...]:
        """Controls that are asked and do not pass."""
        return tuple(
            c for c in self.card.controls if c.status in (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)
        )


def scorecard(ws: Workspace, key: str, *, at: datetime | None = None) -> Scorecard:
    """The scorecard of a system, computed anew and kept where anything it rests on has changed.

    Args:
        at: the moment it is for: decides what has expired. None: the owner's date or, where somebody has
            stated something since, that day; else now.

    Raises:
        PlumblineError: no such system.
    """
    return scorecard_answer(ws, key, at=at).card


def scorecard_answer(ws: Workspace, key: str, *, at: datetime | None = None) -> Answer:
    """The scorecard with its next actions, its history and the measurements behind it."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        context = statements.context_answers(cursor, key)
        alone = tuple(statements.unapproved_answers(cursor, key))
        attestations = statements.attestations(cursor, key)
        exempted = statements.exemptions(cursor, key)
        spoken = _figures_date(cursor, system, attestations, exempted) if at is None else None
    moment = at or spoken or datetime.now(UTC)
    measured = measure(ws, system, moment)
    inputs = ScorecardInputs(
        system=key,
        at=moment,
        facts=measured.facts,
        context=context,
        attestations=tuple(attestations),
        exemptions=tuple(exempted),
        limits={name: dict(bounds) for name, bounds in system.settings.limits.items()},
        stake=measured.stake,
        four_eyes=system.settings.four_eyes,
        alone=alone,
    )
    card = history.judge(inputs)
    text = canonical_json.write(card)
    item = scorecards.StoredScorecard(
        0,
        key,
        moment,
        card.verdict.value,
        history.scorecard_digest(inputs, card),
        canonical_json.write(inputs),
        text,
        history.sha256(text),
        history.catalogue_hash(),
        history.rules_hash(),
    )
    # on a full disk, or while somebody else writes, it is shown and not kept: the next look keeps it
    with suppress(FullDisk, BusyWriter), ws.write(by_itself=True, wait=False) as cursor:
        scorecards.keep(cursor, item)
    with ws.read() as cursor:
        entries = tuple(scorecards.verdicts(cursor, key))
        changes = changes_since_last(cursor, key)
    judged = _verdict_start(entries, card.verdict)
    card = replace(card, since=onset(card, measured.facts, inputs.limits) or judged, judged_at=judged)
    share = interaction_share(context, measured.facts)
    return Answer(
        card=card,
        system=system,
        measured=measured,
        actions=_assigned_actions(card, system),
        history=entries,
        share=share,
        changes=changes,
    )


def _figures_date(
    cursor: Cursor, system: System, stated: Sequence[Attestation], exempted: Sequence[Exemption]
) -> datetime | None:
    """The owner's date, or the day of the newest statement where somebody has stated something since.

    Otherwise what is stated today about an old log would count only from a day that its date never reaches.
    """
    date_set = stated_moment(system)
    if date_set is None:
        return None
    days = [a.approved_on or a.at for a in stated] + [e.approved_on or e.at for e in exempted]
    days += [r.at.date() for r in events.read_records(cursor, system.key)]
    days += [review.at.date() for v in read_versions(cursor, system.key) for review in v.reviews]
    act = system.settings.ai_act or {}
    days += [date.fromisoformat(act["reviewed"])] if act.get("reviewed") else []
    newest = max(days, default=date_set.date())
    if newest <= date_set.date():
        return date_set
    return min(datetime.combine(newest, time.max, UTC), datetime.now(UTC))


def assign(ws: Workspace, key: str, control: str, *, owner: str, due: date | None, by: str) -> None:
    """Say who does the next action of a control, and by when; an empty owner takes it back.

    Raises:
        PlumblineError: no such control or system, or nobody signs.
    """
    signer(by, "An assignment", "Say who assigns it.")
    if control != CONTEXT:
        catalogue().control(control)
    with ws.read() as cursor:
        plan = dict(systems.get_system(cursor, key).settings.plan)
    plan.pop(control, None)
    if owner.strip():
        plan[control] = {"owner": owner.strip(), "due": due.isoformat() if due else None}
    change_settings(ws, key, {"plan": plan or None}, by=by.strip())


def _assigned_actions(card: Scorecard, system: System) -> tuple[AssignedAction, ...]:
    plan = system.settings.plan
    assigned = []
    for action in next_actions(card):
        assignment = plan.get(action.control) or {}
        due = assignment.get("due")
        assigned.append(
            AssignedAction(action, str(assignment.get("owner", "")), date.fromisoformat(due) if due else None)
        )
    return tuple(assigned)


def _verdict_start(entries: tuple[tuple[datetime, str], ...], verdict: Verdict) -> datetime | None:
    """Since when the kept scorecards have had this verdict without a break."""
    since = None
    for at, verdict_before in reversed(entries):
        if verdict_before != verdict.value:
            break
        since = at
    return since
