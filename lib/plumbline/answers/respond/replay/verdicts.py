"""What came of each message: whether a loss went with it or followed, how much earlier it came, and in money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from plumbline.answers.performance.label_delay import delays
from plumbline.answers.question import log_span, reporting_date
from plumbline.answers.respond.replay.answer import ReplayedMessage
from plumbline.domain import Finding, Severity, Slice
from plumbline.domain.respond import RollbackRun
from plumbline.monitor.drift.first_year import split_findings
from plumbline.monitor.performance.money import Stake, money_at_stake
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.store import systems
from plumbline.store.workspace import Workspace

#: a warning is followed by a loss that begins within so many days
FOLLOWED = timedelta(days=60)
#: signals that speak of a loss to come, or of one; others are neither true nor false
_OF_LOSS = (
    "performance.",
    "warning.",
    "estimate.",
    "drift.",
    "retraining",
    "season",
    "cutoff.",
    "association.",
    "release.guard",
)


def with_verdicts(
    told: list[tuple[ReplayedMessage, Finding | None]], seen: Sequence[tuple[datetime, list[Finding]]]
) -> tuple[ReplayedMessage, ...]:
    """Each message against what the whole log shows in the end.

    Args:
        seen: the played moments, in order of time, with what each showed; the last one saw the whole log.
    """
    from plumbline.monitor.alarms.findings import is_same_problem

    final = seen[-1][1]
    losses = [f for f in split_findings(final) if f.signal.startswith("performance.") and f.since is not None]
    guilty = {
        str(f.figures.get("version"))
        for f in final
        if f.signal == "release.guardrail" and f.severity is Severity.HIGH
    }
    verdicts = []
    for message, finding in told:
        begins = message.event in ("finding.opened", "trigger.fired") or message.rule == "guardrail"
        speaks = message.rule.startswith((*_OF_LOSS, "trigger ", "guardrail"))
        if not begins or not speaks:
            verdicts.append(message)
            continue
        if message.rule in ("guardrail", "release.guardrail"):
            version = str(finding.figures.get("version")) if finding else message.version
            verdicts.append(replace(message, verdict="true" if version in guilty else "false"))
            continue
        loss = next((f for f in losses if finding is not None and is_same_problem(f, finding)), None)
        loss = loss or next((f for f in losses if _is_followed_by_loss(f, message.at)), None)
        if loss is None:
            verdicts.append(replace(message, verdict="false"))
            continue
        proof = _proof(loss, seen)
        ahead = (proof - message.at).total_seconds() / 86400 if proof else None
        verdicts.append(
            replace(message, verdict="true", earlier_days=max(ahead, 0.0) if ahead is not None else None)
        )
    return tuple(verdicts)


def _proof(loss: Finding, seen: Sequence[tuple[datetime, list[Finding]]]) -> datetime | None:
    """The earliest moment at which a loss may have been proved: that which it says itself, or the last played one that
    did not show it yet. A message is earlier by no more than this says, however seldom the past was played."""
    from plumbline.monitor.alarms.findings import is_same_problem

    for (before, _), (_, findings) in pairwise(seen):
        shown = (f for f in split_findings(findings) if f.signal.startswith("performance."))
        if any(is_same_problem(loss, f) for f in shown):
            return min(loss.known_at or before, before)
    return loss.known_at


def _is_followed_by_loss(loss: Finding, at: datetime) -> bool:
    """Whether a loss was on at that moment, or began soon after."""
    if loss.since is None:
        return False
    return loss.since <= at + FOLLOWED and (loss.until is None or loss.until >= at)


def with_money(
    ws: Workspace, key: str, messages: tuple[ReplayedMessage, ...], runs: tuple[RollbackRun, ...]
) -> tuple[ReplayedMessage, ...]:
    """The same messages, those about a rollback with what the version cost from the moment on, in whole days."""
    costs = {
        run.version: shortfall(ws, key, since=run.known_at or run.at, window=Slice(version=run.version))
        for run in runs
    }
    averted_moments = []
    for message in messages:
        stake = costs.get(message.version) if message.rule == "guardrail" else None
        averted_moments.append(replace(message, money=stake.amount) if stake is not None else message)
    return tuple(averted_moments)


def loss_from_first_alert(
    ws: Workspace, key: str, messages: tuple[ReplayedMessage, ...]
) -> Mapping[str, Any]:
    """What was lost from the first true message on, where the owner said what errors cost."""
    first = min((m.at for m in messages if m.verdict == "true"), default=None)
    stake = shortfall(ws, key, since=first, window=Slice()) if first is not None else None
    if stake is None or stake.amount <= 0:
        return {}
    return {
        "amount": stake.amount,
        "low": stake.low,
        "high": stake.high,
        "currency": stake.currency,
        "since": first,
    }


def shortfall(ws: Workspace, key: str, *, since: datetime, window: Slice) -> Stake | None:
    """What decisions since a day were worth less than the reference's; None where nobody said what errors cost."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        cost = system.settings.cost_matrix
        if not cost or system.reference is None:
            return None
        return money_at_stake(
            outcome_profile(cursor, system, by_version=window.version is not None),
            cost,
            reference=system.reference,
            since=since,
            window=window,
            delay=delays(cursor, system),
            today=reporting_date(system, log_span(cursor, system)),
        )
