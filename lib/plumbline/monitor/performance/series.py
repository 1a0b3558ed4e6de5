"""Performance over time where labels are known: every metric, chunk by chunk, against its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import CostMatrix, DelayProfile, FloatArray, OutcomeProfile, Point, Slice
from plumbline.domain.messages import NOTHING, Message
from plumbline.monitor.chunks import choose_chunk, chunk_index, day_array, days_mask
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.design_effect import design, widen_interval
from plumbline.monitor.metrics.family import Member, allowances, join_chunks, running_sums, window_length
from plumbline.monitor.metrics.intervals import THREE_SIGMA, Days
from plumbline.monitor.metrics.metrics import ALIASES, Metric, metric, metrics_for, needs_scores
from plumbline.monitor.metrics.status import judge_points
from plumbline.monitor.metrics.thresholds import Threshold, threshold, usual_chunks
from plumbline.monitor.performance.label_delay import (
    OF_CLASSES,
    arrival_shares,
    immature_chunks,
    provisional,
    unbalanced_chunks,
)
from plumbline.monitor.performance.selective_labels import decisions_for

Span = tuple[datetime, datetime]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChunkedCounts:
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
    own_reference: bool = False,
    delay: DelayProfile | None = None,
    today: datetime | None = None,
    cost: CostMatrix | None = None,
    together: Sequence[str] = (),
    windows: bool = False,
    unknown: Mapping[str, Message] | None = None,
    known: Sequence[str] = (),
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
        own_reference: each series is held against its own part of the reference, for a profile split by
            segments; versions are held against the whole.
        delay, today: label delays and when the log was last complete, for provisional chunks.
        cost: the owner's cost matrix (``counts.cost_array``); adds ``value``.
        together: metrics that are judged as one family (``family.allowances``), asked for or not.
        windows: where a chunk holds too few positives (or whatever a metric of the family counts) to judge it, judge
            it together with those before it; its point then says over how many.
        unknown: metric -> why it cannot be known, whatever the counts say (``selection.unknown_metrics``).
        known: where only decisions for some classes ever have outcomes, these: fewer of them is no wait for labels.

    Raises:
        PlumblineError: an unknown metric or chunk, or a cost matrix that does not fit.
    """
    by = by or choose_chunk(profile)
    chosen = _chosen(profile, metrics, cost is not None)
    shared = [metric(name, profile.classes) for name in together]
    all_counts = counts_of(profile, cost, scores=needs_scores((*chosen, *shared)))
    if known:  # as many in all as the delays of labels are known of, shared out as those decisions are
        able = decisions_for(profile, known)
        all_counts = replace(all_counts, n=able * (all_counts.n.sum() / max(able.sum(), 1.0)))
    healthy = _reference(profile, all_counts, reference, by, window)
    shown = window_rows(profile, window)
    versions: list[str | None] = [window.version if window else None]
    if by_version:
        versions = list(dict.fromkeys(np.array(profile.versions, dtype=object)[shown].tolist()))
    series = []
    of_each: dict[str | None, tuple[Counts | None, Days | None]] = {}
    for version in versions:
        if own_reference:
            of_each[version] = _reference(profile, all_counts, reference, by, window, version)
        mask = shown & _equals(profile.versions, version if by_version else None)
        if mask.any():
            counts = sum_by_chunk(profile.days, all_counts, mask, by)
            waiting = provisional(counts.counts.labelled, counts.counts.n, delay, today)
            ordered = np.unique(day_array(profile.days)[mask])
            come = arrival_shares(ordered, delay, today)
            of_days = (counts.days.counts.n, counts.days.chunk, len(counts.starts))
            late = dict.fromkeys(OF_CLASSES, waiting | immature_chunks(come, *of_days))
            series.append(
                (version, counts, waiting, late | {"accuracy": waiting | unbalanced_chunks(come, *of_days)})
            )
    families: dict[str | None, tuple[dict[str, Member], FloatArray]] = {}
    points: list[Point] = []
    for chosen_metric in chosen:
        common = (
            None
            if own_reference or chosen_metric.name in together
            else healthy_band(chosen_metric, healthy, by, floors)
        )
        for version, counts, waiting, late in series:
            own_healthy = of_each[version] if own_reference else healthy
            chance: FloatArray | float = THREE_SIGMA
            if chosen_metric.name in together:
                if version not in families:
                    families[version] = _family(shared, counts.counts, own_healthy, floors, windows, by)
                member, chance = families[version][0][chosen_metric.name], families[version][1]
            else:
                member = Member(
                    chosen_metric,
                    common or healthy_band(chosen_metric, own_healthy, by, floors),
                    counts.counts,
                )
            sure = widen_interval(chosen_metric, member.counts, counts.days, member.band.design)
            why = (unknown or {}).get(chosen_metric.name, NOTHING)
            points_judged = judge_points(
                chosen_metric,
                counts.starts,
                counts.ends,
                member.counts,
                sure,
                member.band,
                late.get(chosen_metric.name, waiting),
                version=version,
                chance=chance,
                window=member.length,
                refused=[why] * len(counts.starts) if why else None,
            )
            points += (
                [replace(p, value=None, low=None, high=None) for p in points_judged] if why else points_judged
            )
    return tuple(points)


def healthy_band(
    metric: Metric,
    healthy: tuple[Counts | None, Days | None],
    by: str,
    floors: Mapping[str, float] | None,
    length: int = 1,
) -> Threshold:
    """A metric's healthy band, of windows of ``length`` chunks, with its usual reference days' design effect."""
    found = design(metric, _usual_days(metric, *healthy), by)
    if length > 1 and healthy[0] is not None:
        healthy = (join_chunks(healthy[0], length), None)
    return replace(threshold(metric, *healthy, floor=owner_floor(metric, floors)), design=found)


def _usual_days(metric: Metric, reference: Counts | None, days: Days | None) -> Counts | None:
    """The reference's days without those of an odd chunk, which would widen every limit to hide what is as bad."""
    if reference is None or days is None:
        return None
    return days.counts.select_rows(usual_chunks(metric, reference)[days.chunk])


def _family(
    shared: Sequence[Metric],
    counts: Counts,
    healthy: tuple[Counts | None, Days | None],
    floors: Mapping[str, float] | None,
    windows: bool,
    by: str,
) -> tuple[dict[str, Member], FloatArray]:
    """The members by name, and the chance that each chunk allows all of them."""
    members = {one.name: _member(one, counts, healthy, floors, windows, len(shared), by) for one in shared}
    return members, allowances(list(members.values()), len(counts.labelled))


def _member(
    metric: Metric,
    counts: Counts,
    healthy: tuple[Counts | None, Days | None],
    floors: Mapping[str, float] | None,
    windows: bool,
    members: int,
    by: str,
) -> Member:
    """A metric's band and counts, by running windows where its chunks hold too little."""
    length = 1
    if windows and healthy[0] is not None and len(healthy[0].labelled):
        length = window_length(metric, healthy[0], counts, members)
    band = healthy_band(metric, healthy, by, floors, length)
    return Member(metric, band, counts if length == 1 else running_sums(counts, length), length)


def thresholds(
    profile: OutcomeProfile,
    *,
    reference: Span | None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
    cost: CostMatrix | None = None,
) -> dict[str, Threshold]:
    """The healthy band of each metric by its name, as ``performance`` uses it: for the band of a chart.

    Arguments and errors as for ``performance``.
    """
    by = by or choose_chunk(profile)
    chosen = _chosen(profile, metrics, cost is not None)
    counts = counts_of(profile, cost, scores=needs_scores(chosen))
    healthy = _reference(profile, counts, reference, by, window)
    return {chosen_metric.name: healthy_band(chosen_metric, healthy, by, floors) for chosen_metric in chosen}


def sum_by_chunk(days: Sequence[date], counts: Counts, rows: Mask, by: str) -> ChunkedCounts:
    """Add up the groups of ``rows`` by chunk and by day."""
    ordered, day_of = np.unique(day_array(days)[rows], return_inverse=True)
    starts, ends, chunk = chunk_index(ordered, by)
    daily = counts.select_rows(rows).sum_by_group(day_of, len(ordered))
    return ChunkedCounts(starts, ends, daily.sum_by_group(chunk, len(starts)), Days(daily, chunk))


def reference_rows(profile: OutcomeProfile, span: Span, arm: str | None = None) -> Mask:
    """Groups whose whole day lies in the reference; its first day counts though it begins later."""
    whole = day_array(profile.days) < np.datetime64(span[1].date(), "D")
    return days_mask(profile.days, *span) & whole & _equals(profile.arms, arm)


def _reference(
    profile: OutcomeProfile,
    counts: Counts,
    span: Span | None,
    by: str,
    window: Slice | None,
    version: str | None = None,
) -> tuple[Counts | None, Days | None]:
    if span is None:
        return None, None
    rows = reference_rows(profile, span, window.arm if window else None) & _equals(profile.versions, version)
    if not rows.any():
        return None, None
    chunked_counts = sum_by_chunk(profile.days, counts, rows, by)
    return chunked_counts.counts, chunked_counts.days


def _chosen(profile: OutcomeProfile, names: Sequence[str] | None, value_known: bool) -> tuple[Metric, ...]:
    if names:
        return tuple(metric(name, profile.classes) for name in names)
    return metrics_for(profile.task, profile.classes, value_known=value_known)


def owner_floor(metric: Metric, floors: Mapping[str, float] | None) -> float | None:
    """The owner's limit of a metric, under any of its spellings."""
    spelled = {ALIASES.get(name, name): level for name, level in (floors or {}).items()}
    return spelled.get(metric.name)


def _equals(values: Sequence[str], wanted: str | None) -> Mask:
    if wanted is None:
        return np.ones(len(values), dtype=bool)
    return np.array([value == wanted for value in values], dtype=bool)


def window_rows(profile: OutcomeProfile, window: Slice | None) -> Mask:
    """Groups of the days that the window touches."""
    window = window or Slice()
    chosen = _equals(profile.versions, window.version) & _equals(profile.arms, window.arm)
    return days_mask(profile.days, window.start, window.end) & chosen
