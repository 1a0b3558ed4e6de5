"""Where a system stands now: its headline series, any breach that is still open, and the money it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from plumbline.answers.decisions.explain import recorded_share
from plumbline.answers.drift.features import open_drift
from plumbline.answers.events import EventRecord
from plumbline.answers.performance.headline import metric_family, system_headline
from plumbline.answers.performance.label_delay import delays
from plumbline.answers.performance.sentence import baseline_comparison, say_guess
from plumbline.answers.releases.history import ReleasesAnswer, breach_response
from plumbline.domain import DelayProfile, OutcomeProfile, Point, PointStatus, Slice, System
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.governance.facts import Breach
from plumbline.monitor.alarms.change_point import ChangePoint, change_point
from plumbline.monitor.alarms.findings import Levels, Say, performance_problems, problem_key
from plumbline.monitor.alarms.persistence import LastingChange, lasting_change
from plumbline.monitor.alarms.retraining import RetrainingAdvice, retraining_due
from plumbline.monitor.alarms.year_before import mark_seasonal_breaches, seasonal
from plumbline.monitor.chunks import alarm_chunk, choose_chunk
from plumbline.monitor.figures import say_value
from plumbline.monitor.performance.money import money_at_stake, stated_stake
from plumbline.monitor.performance.money_at_stake import NO_LOSS
from plumbline.monitor.performance.selective_labels import Selection, selection, unknown_metrics
from plumbline.monitor.performance.series import performance, thresholds
from plumbline.profile.read import profiles
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.store.workspace import Cursor
from plumbline.wording.names import metric_unit, say_metric
from plumbline.wording.quantities import decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineAnswer:
    """The headline metric over the whole log, the family that is judged, and what is open at its end.

    ``points``: the headline by ``by``, as it is read best. ``judged``: the family by ``alarm_by``, from which findings,
    the open breach and retraining are; ``levels``: its healthy means.
    """

    profile: OutcomeProfile
    by: str
    headline: str
    points: tuple[Point, ...]
    alarm_by: str
    judged: tuple[Point, ...]
    levels: dict[str, float | None]
    lasts: LastingChange | None
    delay: DelayProfile
    change: ChangePoint | None
    performance_breach: Breach | None
    drift_breach: Breach | None
    stake: dict[str, Any]
    logged_share: float  # of recorded attributions, the share that adds up
    retraining: RetrainingAdvice | None
    selected: Selection | None = (
        None  # that being labelled depends on the decision, and whom the figures speak of
    )
    guess: Message = NOTHING  # that the headline is no better than guessing
    worse: bool = False  # than guessing

    def facts(self) -> dict[str, Any]:
        """The fields of ``Facts`` that this settles."""
        watched = [p for p in (*self.points, *self.judged) if p.status is not PointStatus.UNKNOWN]
        return {
            "performance_watched": bool(watched) or None, "performance_breach": self.performance_breach,
            "labels_selected": self.selected.sentence if self.selected else NOTHING,
            "labels_among": self.selected.population_note if self.selected else NOTHING,
            "performance_guess": self.guess,
            "performance_worse_than_guess": self.worse,
            "drift_watched": True, "drift_breach": self.drift_breach,
            "retraining_due": self.retraining.sentence if self.retraining else NOTHING,
        }  # fmt: skip


def measure_headline(
    cursor: Cursor, system: System, now: datetime, answer: ReleasesAnswer, noted: tuple[EventRecord, ...]
) -> HeadlineAnswer:
    """Measure the headline metric and its family, and find what is open at ``now``."""
    profile = outcome_profile(cursor, system, Slice())
    by, alarm_by = choose_chunk(profile), alarm_chunk(profile)
    headline = system_headline(cursor, system).metric
    delay = delays(cursor, system)
    waiting: dict[str, Any] = {"delay": delay, "today": now}
    selected = selection(profile, **waiting)
    unknown = unknown_metrics(selected)
    waiting["known"] = selected.labelled_classes if selected and selected.is_one_sided else ()
    names = tuple(name for name in metric_family(system, profile, headline) if name not in unknown)
    options: dict[str, Any] = {
        "reference": system.reference, "floors": system.settings.floors,
        "cost": system.settings.cost_matrix,
    }  # fmt: skip
    points, daily = (  # against the limits of the whole family, as on Accuracy
        performance(
            profile, by=chunk, metrics=[headline], together=names, unknown=unknown, **options, **waiting
        )
        for chunk in (by, "day")
    )
    judged = performance(
        profile, by=alarm_by, metrics=names, together=names, windows=True, **options, **waiting
    )
    guess = baseline_comparison(system, headline, profile, selected=selected)
    bands = thresholds(profile, by=alarm_by, metrics=names, **options)
    levels = {name: band.mean for name, band in bands.items()}
    change = change_point(daily, unit=metric_unit(system, headline))
    lasts = lasting_change(judged, change, bands.get(headline))
    if system.reference is not None:
        limits = options["floors"] or {}
        lasts = None if lasts and seasonal(lasts, judged, levels, system.reference[1]) else lasts
        judged = mark_seasonal_breaches(judged, levels, system.reference[1], limits)
    breach = open_breach(
        judged,
        change,
        answer,
        noted,
        lambda name, value: say_value(name, value, metric_unit(system, name)),
        levels,
        lasts,
    )
    return HeadlineAnswer(
        profile=profile,
        by=by,
        headline=headline,
        points=points,
        alarm_by=alarm_by,
        judged=judged,
        levels=levels,
        lasts=lasts,
        delay=delay,
        change=change,
        performance_breach=breach,
        drift_breach=open_drift(cursor, system, now, answer, noted),
        stake=_stake(profile, system, breach, change, delay, now, selected),
        logged_share=recorded_share(cursor, system),
        retraining=retraining_due(judged, profiles.version_hours(cursor, system), as_of=now, healthy=levels),
        selected=selected,
        guess=say_guess(system, headline, guess) if guess else NOTHING,
        worse=guess is not None and guess.worse,
    )


def open_breach(
    points: Sequence[Point],
    change: ChangePoint | None,
    answer: ReleasesAnswer,
    noted: tuple[EventRecord, ...],
    say: Say = say_value,
    healthy: Levels = None,
    lasts: LastingChange | None = None,
) -> Breach | None:
    """The breach that is not over, since its onset, as its finding has it; None where there is none."""
    problems = performance_problems(points, healthy, lasts)
    if not problems or problems[-1].until is not None:
        return None
    problem = problems[-1]
    last, since = problem.part[-1], problem.since
    name = problem.metric
    values = {"metric": say_metric(name), "value": say(name, last.value), "n": decimal(last.n, ",")}
    sentence = message("{metric} is {value} (n = {n})", **values)
    if last.threshold is not None:
        sentence = message(
            "{metric} is {value}, limit {limit} (n = {n})", **values, limit=say(name, last.threshold)
        )
    if change is not None and change.until is None and change.metric in (name, *problem.others):
        since = change.at
        sentence = message("{metric}: {change}", metric=say_metric(change.metric), change=change.breach)
    response = breach_response(since, [p.end for p in problem.part], answer, noted, _is_performance)
    return Breach(
        since=since,
        sentence=sentence,
        handled=response.by,
        unnamed=response.unnamed,
        in_hand=response.in_hand,
        until=response.until,
    )


def _is_performance(signal: str) -> bool:
    return problem_key(signal) == "performance"


def _stake(
    profile: OutcomeProfile,
    system: System,
    breach: Breach | None,
    change: ChangePoint | None,
    delay: DelayProfile,
    now: datetime,
    selected: Selection | None,
) -> dict[str, Any]:
    stake = stated_stake(system.settings.at_stake)
    if stake is not None:
        return asdict(stake)
    cost = system.settings.cost_matrix
    since = breach.since if breach else change.at if change else None
    if not cost or system.reference is None:
        return {}
    if since is None:
        return dict(NO_LOSS)
    until = None if breach else change.until if change else None
    lost = money_at_stake(
        profile,
        cost,
        reference=system.reference,
        since=since,
        until=until,
        searched=change is None,
        delay=delay,
        today=now,
        known=selected.labelled_classes if selected and selected.is_one_sided else (),
    )
    if lost is None:
        return {}
    return asdict(lost) | {"reason": cost.get("reason", "")} if lost.amount > 0 else dict(NO_LOSS)
