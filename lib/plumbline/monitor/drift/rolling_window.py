"""The last seven days against the reference, anew every day: what alarms of drift are raised on.

A calendar chunk makes an alarm wait for its end, is half empty at the log's edges (three days of a week have
other weekdays than a whole one), and as a day is too small in a log of few decisions. Seven days hold every
weekday once, and sliding them by a day waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import FeatureDrift, FeatureProfile, FloatArray, IntArray
from plumbline.monitor.chunks import day_array, midnight
from plumbline.monitor.drift.aligned_counts import AlignedCounts, Span, days_within, lay, sum_sample
from plumbline.monitor.drift.dispersion import laws
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.features import judge_chunks, measure_distance
from plumbline.monitor.statistics.null_distribution import INDEPENDENT, NullDistribution

#: days of a window: as many as a week has, so that its rhythm is no drift
WIDTH = 7
#: days that a reference needs before it can say how far one of its own days may lie from the rest
FEWEST_DAYS = 28
_DAY = timedelta(days=1)


def rolling_windows(
    profiles: Sequence[FeatureProfile],
    *,
    reference: Span,
    until: datetime,
    width: int = WIDTH,
    laws: Callable[..., tuple[NullDistribution, ...]] = laws,
) -> tuple[AlignedCounts, ...]:
    """Every feature's windows of ``width`` days beside its reference, in order of time, a day apart.

    Args:
        laws: chance of the windows, of ``dispersion``.

    Only whole windows: none begins before the log's first day, and none ends after ``until``.

    Returns:
        nothing where the log or its reference holds less than a window: calendar chunks are all there is then.
    """
    laid = []
    healthy_days = [days_within(profile.days, reference) for profile in profiles]
    chance = laws(profiles, healthy_days, by="day" if width == 1 else "week")
    for profile, healthy, law in zip(profiles, healthy_days, chance, strict=True):
        if not healthy.any():
            continue
        days = day_array(profile.days)
        day_numbers = (days - days.min()).astype(np.int64)
        first = midnight(days.min().item())
        if np.ptp(day_numbers[healthy]) + 1 < WIDTH:
            continue
        length = int(day_numbers.max()) + 1
        if first + length * _DAY > until:
            length -= 1
        if length < 2 * WIDTH:
            continue
        shown = day_numbers < length
        counts = _sliding_sums(day_numbers[shown], length, profile.counts[shown], width)
        missing = _sliding_sums(day_numbers[shown], length, profile.missing[shown], width)
        starts = tuple(first + i * _DAY for i in range(len(counts)))
        ends = tuple(start + width * _DAY for start in starts)
        laid.append(lay(profile, sum_sample(profile, healthy), law, counts, missing, starts, ends))
    return tuple(laid)


def sudden_drift(
    profiles: Sequence[FeatureProfile], *, reference: Span, until: datetime, method: str = "js"
) -> tuple[FeatureDrift, ...]:
    """Single days after the reference, each drifted where a week need not be waited for, in order of time.

    A day alone has one weekday, few decisions, and a larger distance by chance. So it has drifted only where it lies
    farther from the reference than any of the reference's own days, by as much as the threshold of a week again; a
    reference under ``FEWEST_DAYS`` does not know how its days differ. ``threshold`` is that limit. Whether chance
    reaches it is for the one who raises alarms to judge by the p-value.
    """
    drifts: list[FeatureDrift] = []
    first, last = reference
    for aligned in rolling_windows(profiles, reference=reference, until=until, width=1):
        days = judge_chunks([aligned], method)
        feature_days = [
            d
            for d in days
            if (not first or first <= _day_bound(d.start)) and (not last or _day_bound(d.end) <= last)
        ]
        known = [d.value for d in feature_days if d.value is not None]
        if len(known) < FEWEST_DAYS:
            continue
        limit = max(known) + METHODS[method].breach
        drifts += [
            replace(day, threshold=limit, drifted=day.value is not None and day.value >= limit)
            for day in days
            if last and _day_bound(day.start) >= last
        ]
    return tuple(sorted(drifts, key=lambda d: _day_bound(d.start)))


def _day_bound(bound: datetime | None) -> datetime:
    """A bound of a day, which has both."""
    assert bound is not None
    return bound


def joint_chance(
    laid: Sequence[AlignedCounts], method: str = "js"
) -> Callable[[Sequence[FeatureDrift]], float]:
    """How likely several windows of one feature without a day in common, as one sample, are by chance.

    One sample has one reference and one estimate of its dispersion, so nothing that windows share counts twice.
    """
    place = {
        aligned.bins.feature: (aligned, {start: i for i, start in enumerate(aligned.starts)})
        for aligned in laid
    }

    def chance(windows: Sequence[FeatureDrift]) -> float:
        aligned, at = place[windows[0].feature]
        law = aligned.cells.law
        summed = aligned.cells.q[[at[w.start] for w in windows]].sum(axis=0) / law.week_dispersion(
            len(windows)
        )
        return float(METHODS[method].compute(replace(aligned.cells, q=summed[None, :])).p_value[0])

    return chance


def onset(
    profile: FeatureProfile, *, reference: Span, first: datetime, known: datetime, method: str = "js"
) -> datetime:
    """The day on which a shift began: of all days from ``first`` on, the one from which until ``known`` it is plainest.

    Plainest is the largest squared distance times the sample size of the two samples together, which for small
    shifts is the likelihood ratio of a step on that day (Hinkley 1970) up to a constant.
    """
    healthy = days_within(profile.days, reference)
    begins = [first + i * _DAY for i in range(max((known - first) // _DAY, 1))]
    masks = [days_within(profile.days, (begin, known)) for begin in begins]
    counts = np.array([profile.counts[rows].sum(axis=0) for rows in masks])
    missing = np.array([profile.missing[rows].sum() for rows in masks])
    aligned = lay(
        profile, sum_sample(profile, healthy), INDEPENDENT, counts, missing, begins, [known] * len(begins)
    )
    n, m = float(aligned.reference.n), counts.sum(axis=1)
    weight: FloatArray = n * m / np.maximum(n + m, 1)
    plain = np.nan_to_num(measure_distance(aligned, METHODS[method]).value ** 2) * weight
    return begins[int(np.argmax(plain))]


def _sliding_sums(counts: IntArray, length: int, values: IntArray, width: int) -> IntArray:
    """Sums of every ``width`` days running, (length - width + 1, ...), of values by group; ``counts``: its day."""
    daily = np.zeros((length + 1, *values.shape[1:]), dtype=np.int64)
    np.add.at(daily, counts + 1, values)
    total: IntArray = np.cumsum(daily, axis=0)
    return np.asarray(total[width:] - total[:-width], dtype=np.int64)
