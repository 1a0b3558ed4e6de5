"""Where a system stands now: its headline series, any breach that is still open, and the money it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from plumbline.answers.drift import open_drift
from plumbline.answers.explain import check_recorded
from plumbline.answers.recording import Record
from plumbline.answers.releases import ReleasesAnswer, handled
from plumbline.answers.wording import headline_of, say_metric, say_value
from plumbline.domain import OutcomeProfile, Point, PointStatus, Slice, System
from plumbline.governance.facts import Breach
from plumbline.monitor.change import ChangePoint, change_point
from plumbline.monitor.chunks import choose_chunk
from plumbline.monitor.findings import breaches, problem_of
from plumbline.monitor.performance import performance, thresholds
from plumbline.monitor.retraining import RetrainingDue, retraining_due
from plumbline.monitor.stake import NO_LOSS
from plumbline.monitor.value import money_at_stake, stated_stake
from plumbline.profile import read
from plumbline.profile.read_outcomes import outcome_profile
from plumbline.store.workspace import Cursor


@dataclass(frozen=True, slots=True)
class Standing:
    """The headline metric over the whole log, and what is open at its end."""

    profile: OutcomeProfile
    by: str
    headline: str
    points: tuple[Point, ...]
    change: ChangePoint | None
    performance_breach: Breach | None
    drift_breach: Breach | None
    stake: dict[str, Any]
    logged_share: float  # of recorded attributions, the share that adds up
    retraining: RetrainingDue | None

    def facts(self) -> dict[str, Any]:
        """The fields of ``Facts`` that this settles."""
        judged = [p for p in self.points if p.status is not PointStatus.UNKNOWN]
        return {
            "performance_watched": bool(judged) or None, "performance_breach": self.performance_breach,
            "drift_watched": True, "drift_breach": self.drift_breach,
            "retraining_due": self.retraining.sentence if self.retraining else "",
        }  # fmt: skip


def standing(
    cursor: Cursor, system: System, now: datetime, found: ReleasesAnswer, noted: tuple[Record, ...]
) -> Standing:
    """Measure the headline metric, and find what is open at ``now``."""
    profile = outcome_profile(cursor, system, Slice())
    by = choose_chunk(profile)
    headline = headline_of(system)
    points, daily = (headline_points(cursor, system, now, profile, by=chunk) for chunk in (by, "day"))
    change = change_point(daily, unit=system.unit)
    healthy = healthy_level(system, profile, by)
    breach = open_breach(headline, points, change, found, noted, system.unit, healthy)
    return Standing(
        profile, by, headline, points, change, breach, open_drift(cursor, system, now, found, noted),
        _stake(profile, system, breach, change), check_recorded(cursor, system),
        retraining_due(points, read.version_hours(cursor, system), as_of=now),
    )  # fmt: skip


def headline_points(
    cursor: Cursor, system: System, now: datetime, profile: OutcomeProfile, *, by: str
) -> tuple[Point, ...]:
    """The headline metric over the whole log by chunk."""
    return performance(
        profile, by=by, reference=system.reference, metrics=[headline_of(system)],
        floors=system.settings.get("floors"), delay=read.delays(cursor, system, Slice()), today=now,
        cost=system.settings.get("cost_matrix"),
    )  # fmt: skip


def healthy_level(system: System, profile: OutcomeProfile, by: str) -> float | None:
    """The headline metric's mean over the reference's chunks."""
    bands = thresholds(
        profile, reference=system.reference, by=by, metrics=[headline_of(system)],
        cost=system.settings.get("cost_matrix"),
    )  # fmt: skip
    return next(iter(bands.values())).mean


def open_breach(
    headline: str,
    points: Sequence[Point],
    change: ChangePoint | None,
    found: ReleasesAnswer,
    noted: tuple[Record, ...],
    unit: str = "",
    healthy: float | None = None,
) -> Breach | None:
    """The breach that is not over, since its onset, as its finding has it; None where there is none."""
    told = breaches(points, healthy)
    if not told or told[-1][1]:
        return None
    run = told[-1][0]
    since = run[0].start
    if change is not None and change.until is None:
        since = change.at
    last = run[-1]
    limit = f", limit {say_value(headline, last.threshold, unit)}" if last.threshold is not None else ""
    sentence = f"{say_metric(headline)} is {say_value(headline, last.value, unit)}{limit} (n = {last.n:,})"
    if change is not None and change.until is None:
        sentence = f"{say_metric(headline)}: {change.sentence}"
    done = handled(since, [p.end for p in run], found, noted, _of_performance)
    return Breach(since, sentence, done.by, done.unnamed, done.in_hand)


def _of_performance(signal: str) -> bool:
    return problem_of(signal).startswith("performance.")


def _stake(
    profile: OutcomeProfile, system: System, breach: Breach | None, change: ChangePoint | None
) -> dict[str, Any]:
    stated = stated_stake(system.settings)
    if stated is not None:
        return asdict(stated)
    cost = system.settings.get("cost_matrix")
    since = breach.since if breach else change.at if change else None
    if not cost or system.reference is None:
        return {}
    if since is None:
        return dict(NO_LOSS)
    until = None if breach else change.until if change else None
    lost = money_at_stake(profile, cost, reference=system.reference, since=since, until=until, searched=True)
    if lost is None:
        return {}
    return asdict(lost) | {"reason": cost.get("reason", "")} if lost.amount > 0 else dict(NO_LOSS)
