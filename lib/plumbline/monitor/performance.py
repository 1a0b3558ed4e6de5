"""Performance over time where labels are known: values, intervals, limits and statuses, chunk by chunk.

How a point gets its status (the rule is stated once, here):

- ``unknown``: fewer than 30 labelled rows, a value that cannot be computed, or nothing to compare with;
- ``ok``: the value is within its limits;
- ``watch``: the value is beyond a limit, but only in this chunk and its interval is not wholly beyond; or
  the chunk is provisional;
- ``breach``: the whole interval is beyond the limit, or this chunk and a neighbour (unknown and
  provisional ones skipped) are both beyond it on the same side; both are then marked.

A limit from the reference already leaves room for chance and for changes too small to matter, so a breach
is always a difference that is large enough and more than chance. A floor is the owner's word and is taken
as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import (
    DelayProfile,
    FloatArray,
    IntArray,
    OutcomeProfile,
    Point,
    PointStatus,
    Slice,
)
from plumbline.monitor.chunks import ENOUGH, choose_chunk, chunk_index, midnight
from plumbline.monitor.counts import Counts, counts_of
from plumbline.monitor.delay import provisional
from plumbline.monitor.intervals import Days, interval
from plumbline.monitor.metrics import ALIASES, Metric, metric, metrics_for
from plumbline.monitor.thresholds import Threshold, limits, threshold

Span = tuple[datetime, datetime]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Chunked:
    """Groups of a profile added up by chunk and by day. ``days.chunk`` is the chunk of each day."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    counts: Counts
    days: Days


def performance(
    profile: OutcomeProfile,
    *,
    reference: Span | None = None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
    by_version: bool = False,
    delay: DelayProfile | None = None,
    today: datetime | None = None,
    cost: dict[str, Any] | None = None,
) -> tuple[Point, ...]:
    """Each metric over time against its limits; points ordered by metric, version, time.

    Args:
        profile: outcomes by day, holding the window and the reference.
        reference: half-open span of healthy decisions (whole days are used); None: no limit but floors.
        by: day, week or month; None: ``choose_chunk``.
        metrics: names as in ``metrics.TABLE``, aliases, ``recall:<class>``; None: all of the task.
        window: which decisions to report; its version and arm filter the points, its arm the reference too.
        floors: the owner's absolute limits by metric.
        by_version: one series a version.
        delay, today: label delays and when the log was last complete, for provisional chunks.
        cost: the owner's cost matrix (``counts.cost_array``); adds ``value``.

    Raises:
        PlumblineError: an unknown metric or chunk, or a cost matrix that does not fit.
    """
    by = by or choose_chunk(profile)
    chosen = _chosen(profile, metrics, cost is not None)
    all_counts = counts_of(profile, cost)
    healthy = _reference(profile, all_counts, reference, by, window)
    shown = window_rows(profile, window)
    versions: list[str | None] = [window.version if window else None]
    if by_version:
        versions = list(dict.fromkeys(np.array(profile.versions, dtype=object)[shown].tolist()))
    series = []
    for version in versions:
        own = shown & _equals(profile.versions, version if by_version else None)
        if own.any():
            found = chunked(profile.days, all_counts, own, by)
            waiting = provisional(found.counts.labelled, found.counts.n, delay, today)
            series.append((version, found, waiting))
    points: list[Point] = []
    for one in chosen:
        band = threshold(one, *healthy, floor=_floor_of(one, floors))
        for version, found, waiting in series:
            points += _points(one, version, found, band, waiting)
    return tuple(points)


def thresholds(
    profile: OutcomeProfile,
    *,
    reference: Span | None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
    cost: dict[str, Any] | None = None,
) -> dict[str, Threshold]:
    """The healthy band of each metric by its name, as ``performance`` uses it: for the band of a chart.

    Arguments and errors as for ``performance``.
    """
    by = by or choose_chunk(profile)
    healthy = _reference(profile, counts_of(profile, cost), reference, by, window)
    chosen = _chosen(profile, metrics, cost is not None)
    return {one.name: threshold(one, *healthy, floor=_floor_of(one, floors)) for one in chosen}


def chunked(days: Sequence[date], counts: Counts, rows: Mask, by: str) -> Chunked:
    """Add up the groups of ``rows`` by chunk and by day."""
    own = [day for day, held in zip(days, rows, strict=True) if held]
    ordered, day_of = np.unique(np.array(own, dtype="datetime64[D]"), return_inverse=True)
    starts, ends, chunk = chunk_index(ordered.tolist(), by)
    daily = counts.taken(rows).grouped(day_of, len(ordered))
    return Chunked(starts, ends, daily.grouped(chunk, len(starts)), Days(daily, chunk))


def reference_rows(profile: OutcomeProfile, span: Span, arm: str | None = None) -> Mask:
    """Groups whose whole day lies in the reference; its first day counts though it begins later."""
    first, end = span[0].date(), span[1]
    held = [first <= day and (midnight(day) < end and day < end.date()) for day in profile.days]
    return np.array(held, dtype=bool) & _equals(profile.arms, arm)


def _reference(
    profile: OutcomeProfile, counts: Counts, span: Span | None, by: str, window: Slice | None
) -> tuple[Counts | None, Days | None]:
    if span is None:
        return None, None
    rows = reference_rows(profile, span, window.arm if window else None)
    if not rows.any():
        return None, None
    found = chunked(profile.days, counts, rows, by)
    return found.counts, found.days


def _chosen(profile: OutcomeProfile, names: Sequence[str] | None, value_known: bool) -> tuple[Metric, ...]:
    if names:
        return tuple(metric(name, profile.classes) for name in names)
    return metrics_for(profile.task, profile.classes, value_known=value_known)


def _floor_of(one: Metric, floors: Mapping[str, float] | None) -> float | None:
    spelled = {ALIASES.get(name, name): level for name, level in (floors or {}).items()}
    return spelled.get(one.name)


def _equals(values: Sequence[str], wanted: str | None) -> Mask:
    return np.array([wanted is None or value == wanted for value in values], dtype=bool)


def window_rows(profile: OutcomeProfile, window: Slice | None) -> Mask:
    """Groups of the days that the window touches."""
    window = window or Slice()
    start, end = window.start, window.end
    touched = [
        (start is None or day >= start.date()) and (end is None or midnight(day) < end)
        for day in profile.days
    ]
    chosen = _equals(profile.versions, window.version) & _equals(profile.arms, window.arm)
    return np.array(touched, dtype=bool) & chosen


def _points(one: Metric, version: str | None, found: Chunked, band: Threshold, waiting: Mask) -> list[Point]:
    counts = found.counts
    values, sure = one.compute(counts), interval(one, counts, found.days)
    bounds = np.nan_to_num(one.bound(counts)) if one.bound else np.zeros(len(values))
    low, high = limits(band, one, counts)
    judged = (counts.labelled >= ENOUGH) & np.isfinite(values) & (np.isfinite(low) | np.isfinite(high))
    if one.hits is not None:
        judged &= one.hits(counts)[1] > 0
    side = np.where(values + bounds < low, -1, np.where(values - bounds > high, 1, 0))
    whole = (sure.high + bounds < low) | (sure.low - bounds > high)
    breached = _breached(side, whole, judged & ~waiting)
    notes = one.note(counts) if one.note else [""] * len(values)
    points = []
    for i, value in enumerate(values):
        status = PointStatus.OK
        if not judged[i]:
            status = PointStatus.UNKNOWN
        elif breached[i]:
            status = PointStatus.BREACH
        elif side[i]:
            status = PointStatus.WATCH
        points.append(
            Point(
                metric=one.name, start=found.starts[i], end=found.ends[i], n=int(counts.labelled[i]),
                value=_known(value), low=_known(sure.low[i]), high=_known(sure.high[i]),
                threshold=_nearer(value, low[i], high[i], band.mean), status=status, version=version,
                provisional=bool(waiting[i]), bound=float(bounds[i]),
                note=f"{notes[i]} {_why(one, int(counts.labelled[i]), value, judged[i], band)}".strip(),
            )
        )  # fmt: skip
    return points


def _breached(side: IntArray, whole: Mask, judged: Mask) -> Mask:
    """Beyond by the whole interval, or together with the neighbour before or after, among judged chunks."""
    breached = whole & judged & (side != 0)
    order = np.flatnonzero(judged)
    running = (side[order][1:] == side[order][:-1]) & (side[order][1:] != 0)
    breached[order[1:][running]] = True
    breached[order[:-1][running]] = True
    return np.asarray(breached)


def _known(value: FloatArray | float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _nearer(value: float, low: float, high: float, mean: float | None) -> float | None:
    """The limit that is shown: of two, the one on the value's side."""
    if np.isfinite(low) and np.isfinite(high):
        middle = mean if mean is not None else (low + high) / 2
        return float(high if value > middle else low)
    return _known(low) if np.isfinite(low) else _known(high)


def _why(one: Metric, labelled: int, value: float, judged: bool, band: Threshold) -> str:
    """Why a point has no status, in words."""
    if judged:
        return ""
    if labelled < ENOUGH:
        return f"{labelled} labelled rows; {ENOUGH} are needed, {ENOUGH - labelled} more."
    if band.source == "none" and np.isfinite(value):
        return "There is no reference to compare with yet."
    if one.name == "value" and not np.isfinite(value):
        return "The owner has stated no cost matrix."
    if one.name in ("roc_auc", "average_precision", "log_loss", "brier") and not np.isfinite(value):
        return "No score is logged here, or the labels are all of one class."
    return (
        "No row of this chunk counts towards this metric."
        if np.isfinite(value)
        else "It cannot be computed here."
    )
