"""How a run of a retraining trigger goes on, from what the log and the registry show; the log has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.domain.messages import message, word
from plumbline.domain.respond import RunState, TriggerRun
from plumbline.wording.quantities import count
from plumbline.wording.times import clock

#: a version has to be seen so many days after the fire
TIME_OUT_DAYS = 14
#: and, beside the usual delay of outcomes, so long in charge before a breach that goes on counts as not cured
TRIAL_DAYS = 28


#: where a version is seen -> the words for it
_PLACES = {"log": word("log", "place"), "registry": word("registry", "place")}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSight:
    """A version that the log shows deciding (``log``) or that a registry holds (``registry``), with its dates.

    Times are aware UTC; ``zone``: whose days its training is told by.
    """

    version: str
    where: str
    first: datetime
    trained: datetime | None = None
    zone: str = "UTC"


def is_new(run: TriggerRun, sight: VersionSight) -> bool:
    """Whether a version was made after the fire: trained that day or later, else first seen after it.

    Training dates are often dates alone, so the day of the fire counts; a version that was known then never does.
    """
    if run.fired_at is None or sight.version in run.versions:
        return False
    if sight.trained is not None:
        return clock(sight.trained, sight.zone).date() >= clock(run.fired_at, sight.zone).date()
    return sight.first > run.fired_at


def follow(
    run: TriggerRun,
    now: datetime,
    sights: Sequence[VersionSight],
    *,
    still_open: bool,
    label_days: float = 0.0,
) -> TriggerRun:
    """The run as it stands now.

    Args:
        still_open: whether the condition that made it due still holds in the log.
        label_days: how long outcomes usually take.
    """
    if run.test or run.state in (RunState.CURED, RunState.NOT_CURED, RunState.FAILED, RunState.WITHDRAWN):
        return run
    if run.state in (RunState.DUE, RunState.APPROVED):
        if still_open:
            return run
        over = message("The condition was over before it was fired.")
        return replace(run, state=RunState.WITHDRAWN, ended_at=now, note=over)
    new = sorted((s for s in sights if is_new(run, s)), key=lambda s: (s.where != "log", s.first))
    if run.state is not RunState.SEEN or run.seen_where != "log":
        run = _with_seen_version(run, now, new)
    if run.state is RunState.SEEN and run.seen_where == "log":
        return _with_verdict(run, now, still_open, label_days)
    return run


def _with_seen_version(run: TriggerRun, now: datetime, new: Sequence[VersionSight]) -> TriggerRun:
    """Seen in the log, else in the registry, else waited for until the time is out."""
    if new:
        best = new[0]
        if run.state is RunState.SEEN and best.where != "log":
            return run
        return replace(
            run,
            state=RunState.SEEN,
            seen_at=max(best.first, run.fired_at or best.first),
            seen_version=best.version,
            seen_where=best.where,
            ended_at=None,
            note=message(
                "Version {version} was seen in the {place}.",
                version=best.version,
                place=_PLACES.get(best.where, best.where),
            ),
        )
    late = run.fired_at is not None and now - run.fired_at > timedelta(days=TIME_OUT_DAYS)
    if late and run.state in (RunState.FIRED, RunState.RUNNING, RunState.FIRING):
        verdict = message(
            "No version that was trained after the fire was seen within {days} days.",
            days=count(TIME_OUT_DAYS),
        )
        return replace(run, state=RunState.TIMED_OUT, ended_at=now, note=verdict)
    return run


def _with_verdict(run: TriggerRun, now: datetime, still_open: bool, label_days: float) -> TriggerRun:
    if not still_open:
        verdict = message(
            "Version {version} decides, and what made the retraining due is over.", version=run.seen_version
        )
        return replace(run, state=RunState.CURED, cured_at=now, ended_at=now, note=verdict)
    waited = timedelta(days=TRIAL_DAYS + label_days)
    if run.seen_at is not None and now - run.seen_at > waited:
        verdict = message(
            "Version {version} has decided for {days} days, and its cause goes on.",
            version=run.seen_version,
            days=count(waited.days),
        )
        return replace(run, state=RunState.NOT_CURED, ended_at=now, note=verdict)
    return run


def days_from_breach(run: TriggerRun, at: datetime | None) -> float | None:
    """Days from when the breach could be known (else its onset) until a moment of the run."""
    began = run.known_at or run.onset
    if began is None or at is None:
        return None
    return (at - began).total_seconds() / 86400
