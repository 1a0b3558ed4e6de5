"""How well a system does over time: the series, their limits, the change and the sentence that states it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from plumbline.answers.performance.cautions import of_the_log
from plumbline.answers.performance.headline import metric_family, outcome_population, system_headline
from plumbline.answers.performance.label_delay import delays
from plumbline.answers.performance.sentence import complete, performance_sentence
from plumbline.answers.question import log_span, reporting_date, resolve_filters
from plumbline.domain import (
    OutcomeProfile,
    Point,
    PointStatus,
    Result,
    Slice,
    System,
    Task,
    json_object,
    json_value,
)
from plumbline.domain.messages import NOTHING, Message
from plumbline.monitor.alarms import change_point as changes
from plumbline.monitor.alarms.cusum import EarlyWarning, early_warning
from plumbline.monitor.alarms.findings import performance_problems
from plumbline.monitor.alarms.persistence import lasting_change
from plumbline.monitor.alarms.retraining import retraining_due
from plumbline.monitor.chunks import alarm_chunk, choose_chunk
from plumbline.monitor.drift.exact import exact_auc
from plumbline.monitor.estimate.backtest import Hindsight, hindsight
from plumbline.monitor.metrics.intervals import auc_limits
from plumbline.monitor.metrics.metrics import metrics_for
from plumbline.monitor.metrics.thresholds import Threshold
from plumbline.monitor.performance.calibration import Calibration, calibration_sentence
from plumbline.monitor.performance.calibration import calibration as curves_of
from plumbline.monitor.performance.selective_labels import selection, unknown_metrics
from plumbline.monitor.performance.series import performance as measure
from plumbline.monitor.performance.series import thresholds
from plumbline.monitor.performance.weights import WeightedMetric
from plumbline.profile.read import profiles
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.scan import exact as rows
from plumbline.profile.scan.slices import Slicer, slicer
from plumbline.profile.scan.weights import refuse_sample, weights_note
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.names import metric_unit, say_level

#: slices of a column that have a line of their own
SERIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceAnswer(Result):
    """Points ordered by metric, version, time; ``bands`` by metric; ``change`` of the headline metric."""

    COLUMNS = (
        "metric",
        "start",
        "end",
        "version",
        "n",
        "value",
        "low",
        "high",
        "threshold",
        "status",
    )

    system: System
    headline: str
    by: str
    points: tuple[Point, ...]
    bands: dict[str, Threshold]
    change: changes.ChangePoint | None
    sentence: Message
    labelled: int
    decisions: int
    metrics: tuple[str, ...]
    hindsight: tuple[Hindsight, ...] = ()  # where estimates were asked for
    retraining: str = ""  # why the threshold calls for retraining; empty: it does not
    parts: tuple[Point, ...] = ()  # one series a slice of the column that was asked for, in ``version``
    warned: EarlyWarning | None = None  # the early warning on the headline metric
    reason: Message = NOTHING  # why the headline is not the usual metric of the task
    family: tuple[str, ...] = ()  # the metrics whose breaches are findings, the headline first
    selected: Message = NOTHING  # whom the figures speak of, where being labelled depends on the decision
    over_all: tuple[WeightedMetric, ...] = ()  # what all decisions would say then, by weights or with bounds
    as_of: datetime | None = None  # the moment that the log speaks for
    cautions: tuple[str, ...] = ()  # what is to be known of the reference first

    def latest(self, name: str) -> Point | None:
        """The last complete period of a metric; where none is complete the last that has a value."""
        known = sorted(
            (p for p in self.points if p.metric == name and p.value is not None and not p.estimated),
            key=lambda p: (p.start, p.n),
        )
        whole = complete(known, self.as_of) if self.as_of else []
        points = whole or known
        return points[-1] if points else None

    def points_of(self, name: str) -> tuple[Point, ...]:
        """The points of one metric, a line each slice of a column where that was asked for."""
        return tuple(point for point in self.parts or self.points if point.metric == name)

    def rows(self) -> list[dict[str, Any]]:
        """One a point, estimated ones as well where they were asked for: ``to_dict`` says which those are."""
        return [{**json_value(point), "start": point.start, "end": point.end} for point in self.points]

    def _json_values(self) -> dict[str, Any]:
        """``series``: one entry a metric, version and chunk; ``breach`` is true where its status is."""
        return json_object(
            {
                "system": self.system.key,
                "sentence": self.sentence,
                "by": self.by,
                "metric": self.headline,
                "why_this_metric": self.reason,
                "family": self.family,
                "whose_outcomes": self.selected,
                "decisions": self.decisions,
                "labelled": self.labelled,
                "change": self.change,
                "series": [{**json_value(p), "breach": p.status is PointStatus.BREACH} for p in self.points],
                "hindsight": self.hindsight,
            }
        )


def performance(
    ws: Workspace,
    key: str,
    *,
    window: Slice | None = None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    by_version: bool = False,
    split: str | None = None,
    estimated: bool = False,
    exact: bool = False,
) -> PerformanceAnswer:
    """Measure a system's performance over a window.

    Args:
        window: span, version and filters; the reference is taken from the whole log under the same filters.
        by: day, week or month; None chooses so that chunks hold enough labelled rows.
        metrics: names; None: all of the task.
        by_version: one series a version.
        split: a column; one series each of its commonest levels or ranges, in place of versions, each held
            against its own reference. Its slice's name stands in the points' ``version``.
        estimated: add points estimated from the scores where labels are missing or late.
        exact: ROC AUC from the decisions instead of the profile's score cells.

    Raises:
        PlumblineError: no such system, metric, chunk or column.
    """
    window = window or Slice()
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        window = resolve_filters(cursor, system, window)
        profile = _profile(cursor, system, window, by_version)
        delay, span = delays(cursor, system), log_span(cursor, system)
        now = reporting_date(system, span)
        selected = selection(profile, delay, now)
        unknown = unknown_metrics(selected)
        by = by or choose_chunk(profile)
        asked: dict[str, Any] = {
            "reference": system.reference, "window": window, "floors": system.settings.floors,
            "cost": system.settings.cost_matrix,
        }  # fmt: skip
        waiting: dict[str, Any] = {"delay": delay, "today": now, "unknown": unknown}
        waiting["known"] = selected.labelled_classes if selected and selected.is_one_sided else ()
        first = system_headline(cursor, system)
        family = tuple(name for name in metric_family(system, profile, first.metric) if name not in unknown)
        points = measure(
            profile, by=by, metrics=metrics, by_version=by_version, together=family, **asked, **waiting
        )
        parts = _split(cursor, system, window, split, by, metrics, asked | waiting) if split else ()
        if exact:
            refuse_sample(cursor, system)
            points = tuple(_exact_auc_point(cursor, system, window, point) for point in points)
        sampled, cautions = weights_note(cursor, system), of_the_log(cursor, system, span)
        versions = profiles.version_hours(cursor, system)
        bands = thresholds(profile, by=by, metrics=metrics, **asked)
        guesses: tuple[Point, ...] = ()
        if estimated:
            from plumbline.answers.performance.estimates import estimates

            guesses = estimates(
                cursor,
                system,
                profile,
                window,
                by=by,
                metrics=metrics,
                floors=asked["floors"],
                cost=asked["cost"],
                selected=selected,
            )
    headline = first.metric
    if metrics and headline not in metrics:
        headline = points[0].metric if points else headline
    looked_back = _hindsight(points, guesses, system)
    points += guesses
    alarms: dict[str, Any] = asked | {"by": alarm_chunk(profile), "metrics": family}
    judged = measure(profile, together=family, windows=True, **alarms, **waiting)
    limits = thresholds(profile, **alarms)
    levels = {name: band.mean for name, band in limits.items()}
    due = None if by_version else retraining_due(judged, versions, as_of=now, healthy=levels)
    warned = None
    if system.reference and not window.where and headline not in unknown:
        warned = early_warning(
            profile,
            reference=system.reference,
            name=headline,
            window=window,
            cost=asked["cost"],
            delay=delay,
            today=now,
        )
    daily = measure(profile, by="day", metrics=[headline], **asked, **waiting)
    change_point = changes.change_point(daily, unit=metric_unit(system, headline))
    task = system.task or Task.BINARY
    names = tuple(dict.fromkeys(metrics or (m.name for m in metrics_for(task, profile.classes))))
    lasts = lasting_change(judged, change_point, limits.get(headline))
    sentence = performance_sentence(
        system,
        headline,
        points,
        performance_problems(judged, levels, lasts),
        change_point,
        profile,
        window,
        now,
        selected,
    )
    return PerformanceAnswer(
        system=system,
        headline=headline,
        by=by,
        points=points,
        bands=bands,
        change=change_point,
        sentence=sampled or sentence,
        labelled=int(profile.n_labelled.sum()),
        decisions=int(profile.n.sum()),
        metrics=names,
        hindsight=looked_back,
        retraining=due.sentence if due else "",
        parts=parts,
        warned=warned,
        reason=first.reason,
        family=family,
        selected=selected.sentence if selected else NOTHING,
        over_all=selected.whole if selected else (),
        as_of=now,
        cautions=cautions,
    )


def _split(
    cursor: Cursor,
    system: System,
    window: Slice,
    column: str,
    by: str,
    metrics: Sequence[str] | None,
    asked: dict[str, Any],
) -> tuple[Point, ...]:
    """The points of the largest slices of a column, one series each."""
    column = resolve_filters(cursor, system, Slice(where=((column, ""),))).where[0][0]
    column_slicer = slicer(cursor, system, column)
    if column_slicer is None:
        return ()
    profile = _profile(cursor, system, window, False, column_slicer)
    size: Counter[str] = Counter()
    for name, n in zip(profile.versions, profile.n_labelled.tolist(), strict=True):
        size[name] += n
    shown = {name for name, _ in size.most_common(SERIES)}
    points = measure(profile, by=by, metrics=metrics, by_version=True, own_reference=True, **asked)
    return tuple(replace(p, version=say_level(str(p.version))) for p in points if str(p.version) in shown)


def _hindsight(points: Sequence[Point], guesses: Sequence[Point], system: System) -> tuple[Hindsight, ...]:
    """How right the estimates of each metric were, past the reference, whose labels they have seen."""
    start = system.reference[1] if system.reference else None
    hindsights = []
    for name in dict.fromkeys(p.metric for p in guesses):
        own_points = [p for p in guesses if p.metric == name and (start is None or p.start >= start)]
        hindsights.append(hindsight(own_points, [p for p in points if p.metric == name]))
    return tuple(backtest for backtest in hindsights if backtest is not None)


def _profile(
    cursor: Cursor, system: System, window: Slice, by_version: bool, split: Slicer | None = None
) -> OutcomeProfile:
    """The window and the reference together, whole days; a window within a day is counted from the rows."""
    start, end = window.start, window.end
    if system.reference and (start or end):
        start = min(start, system.reference[0]) if start else None
        end = max(end, system.reference[1]) if end else None
    midnight = all(
        t is None or (t.hour, t.minute, t.second, t.microsecond) == (0, 0, 0, 0)
        for t in (window.start, window.end)
    )
    wide = Slice(start, end, None, window.arm, window.where) if midnight else replace(window, version=None)
    if split:
        return outcome_profile(cursor, system, replace(wide, version=window.version), split=split)
    return outcome_profile(cursor, system, wide, by_version=by_version or window.version is not None)


def _exact_auc_point(cursor: Cursor, system: System, window: Slice, point: Point) -> Point:
    if point.metric != "roc_auc" or point.value is None:
        return point
    start = max(point.start, window.start) if window.start else point.start
    end = min(point.end, window.end) if window.end else point.end
    scores, labels = rows.scores_and_labels(cursor, system, replace(window, start=start, end=end))
    auc_range = exact_auc(scores, labels)
    if auc_range is None:
        return point
    value, se = auc_range
    positives = float(labels.sum())
    sure = auc_limits(*(np.array([x]) for x in (value, se, len(labels) - positives, positives)))
    return replace(point, value=value, low=float(sure.low[0]), high=float(sure.high[0]), bound=0.0)


@dataclass(frozen=True, slots=True)
class CalibrationAnswer:
    """Reliability curves of a window: all versions together, then each; empty where there is no score."""

    curves: tuple[Calibration, ...]
    sentence: str


def calibration(
    ws: Workspace, key: str, *, window: Slice | None = None, by_version: bool = True
) -> CalibrationAnswer:
    """Whether the scores of a window mean what they say, from the profile's score cells.

    Raises:
        PlumblineError: no such system or column.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        part = resolve_filters(cursor, system, window or Slice())
        profile = outcome_profile(cursor, system, part, by_version=True)
        sampled, whose = weights_note(cursor, system), outcome_population(cursor, system)
    calibrations = () if sampled else curves_of(profile, by_version=by_version)
    return CalibrationAnswer(
        calibrations,
        sampled or f"{calibration_sentence(calibrations)} {whose if calibrations else ''}".rstrip(),
    )
