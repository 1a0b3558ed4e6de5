"""Early warning: a CUSUM of daily outcomes that knows how often it cries wolf.

Each day's value is set against the reference in units of its own standard error at that day's size; what
is worse than ``ALLOWANCE`` of them adds up, what is better takes away, never below zero (Page 1954). The
limit is chosen so that a system that stays as its reference was crosses it about once a ``run_length``.

That holds for independent days. Days that follow each other cross it far more often (Johnson and Bagshaw 1974,
Technometrics 16), so the steps are put in units of the reference's *long-run* standard deviation (``dependence``).
What 90 days tell of that leaves an alarm in three to six years in place of one in ten: ``DEPENDENT``, by simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.special import ndtr, stdtrit

from plumbline.domain import CostMatrix, DelayProfile, FloatArray, IntArray, OutcomeProfile, Slice
from plumbline.domain.messages import Message, message, word
from plumbline.monitor.alarms.episodes import runs
from plumbline.monitor.chunks import ENOUGH, day_array
from plumbline.monitor.metrics.counts import Counts, counts_of, ratio
from plumbline.monitor.metrics.metrics import HEADLINE, Metric, metric, needs_scores
from plumbline.monitor.metrics.thresholds import Threshold, threshold
from plumbline.monitor.performance.label_delay import immature_days
from plumbline.monitor.performance.series import (
    ChunkedCounts,
    Span,
    reference_rows,
    sum_by_chunk,
    window_rows,
)
from plumbline.monitor.statistics.autocorrelation import long_run_ratio
from plumbline.wording.quantities import decimal

#: standard errors a day may be worse without adding up; half the shift that is found fastest
ALLOWANCE = 0.5
#: of days that follow each other it is taken from the days' own standard deviation up to this many of them, or no
#: shift of such a system would ever add up; the limit grows with what days keep in its place
LARGEST = 0.75
#: positives (of a recall; what its denominator is, of any proportion) that a block of days must hold
COUNTED = 5
#: days between false alarms: the budget that alarms of drift have too, so that all together raise under one a year
DECADE = 3650.0
#: days between false alarms where days follow each other, as simulated (tests/monitor/alarms/test_cusum.py): the
#: correlation itself is known no better than the reference's days tell it
DEPENDENT = 1095.0
#: the same where the reference is shorter than so many days
SHORT_DEPENDENT, SHORT = 730.0, 60
#: standard errors by which days are taken to keep more of each other than the reference shows
UNSURE_KEPT = 1.0
#: long-run variances over one day's from which days are said to follow each other
FOLLOWING = 2.0
#: standard errors by which the reference's mean is taken worse than measured (95 % one-sided): beside a short one that
#: was lucky every later day looks worse, and a sum that only ever grows crosses any limit
UNSURE = 1.645
#: standard errors that one day may add of an error without bounds, whose mean may hang on a single decision
REACH = 4.0


@dataclass(frozen=True, slots=True)
class DailyNoise:
    """Of a reference's days: their standard deviation in standard errors (``restless``, 1 where chance is all), and
    their long-run standard deviation over it (``kept``, 1 where they are independent). ``follows``: whether
    they are said to follow each other. ``span``: days it is long."""

    restless: float
    kept: float
    follows: bool
    span: int


@dataclass(frozen=True, slots=True)
class Excursion:
    """One alarm. ``at``: end of the day on which the sum crossed the limit, ``since``: start of the day from which it
    grew (the estimate of the onset), ``until``: start of the day on which it was back at zero, None while it is not."""

    at: datetime
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyWarning:
    """A CUSUM's course and its alarms.

    ``days`` start, ``sums`` and ``limit`` in standard errors. ``at`` and ``since``: of the alarm that is not over;
    None where there is none. ``run_length``: mean days between false alarms, and ``dependent`` whether that allows for
    days that follow each other. ``alarms``: every one, in order of time.
    """

    metric: str
    days: tuple[datetime, ...]
    sums: FloatArray
    limit: float
    run_length: float
    at: datetime | None = None
    since: datetime | None = None
    alarms: tuple[Excursion, ...] = ()
    dependent: bool = False


def cusum_limit(run_length: float, allowance: float = ALLOWANCE) -> float:
    """The limit h at which a CUSUM of standard normal steps alarms every ``run_length`` steps on average.

    Siegmund (1985, Sequential Analysis, 2.56): ARL = (exp(2kb) - 2kb - 1) / (2k^2), b = h + 1.166.
    """
    wanted = 2 * allowance**2 * run_length
    x = np.log1p(wanted)
    for _ in range(50):
        x = np.log(wanted + x + 1)
    return float(max(x / (2 * allowance) - 1.166, 0.0))


def cusum(steps: FloatArray) -> FloatArray:
    """Running sums of (n,) steps that never fall below zero."""
    total = np.cumsum(steps)
    return np.asarray(total - np.minimum(np.minimum.accumulate(total), 0.0))


def early_warning(
    profile: OutcomeProfile,
    *,
    reference: Span,
    name: str | None = None,
    window: Slice | None = None,
    run_length: float = DECADE,
    cost: CostMatrix | None = None,
    delay: DelayProfile | None = None,
    today: datetime | None = None,
) -> EarlyWarning | None:
    """Watch one metric day by day from the reference's end on.

    Days are joined until they hold 30 labelled rows, and ``COUNTED`` of what the metric counts (positives, of a
    recall). The reference's mean is taken ``UNSURE`` standard errors
    worse than measured, and the noise as large as its days really were, so that a short or restless
    reference does not raise false alarms. One day of an error without bounds adds at most ``REACH`` (a sum that is
    robust against single outliers: Lucas and Crosier 1982). A shift of less than half of what matters never adds up.

    Args:
        reference: half-open span of healthy decisions.
        name: a metric; None: the task's first.
        window: filters as in ``performance``; days before the reference's end are not watched.
        run_length: days between false alarms.
        cost: the owner's cost matrix, for ``value``.
        delay, today: label delays and when the log was last complete: days that still wait for their positives are
            not watched yet.

    Returns:
        None where the reference or what follows it holds too little.

    Raises:
        PlumblineError: an unknown metric.
    """
    watched_metric = metric(name or HEADLINE[profile.task], profile.classes)
    counts = counts_of(profile, cost, scores=needs_scores([watched_metric]))
    mask = reference_rows(profile, reference, window.arm if window else None)
    later = window_rows(profile, window) & np.array([day >= reference[1].date() for day in profile.days])
    if later.any():
        days, place = np.unique(day_array(profile.days), return_inverse=True)
        later &= ~immature_days(watched_metric.name, days, delay, today)[place]
    if not mask.any() or not later.any():
        return None
    healthy, watched = (
        sum_by_chunk(profile.days, counts, mask, "day"),
        sum_by_chunk(profile.days, counts, later, "day"),
    )
    band = threshold(watched_metric, healthy.counts, healthy.days)
    if band.mean is None:
        return None
    normal = _standardised_excess(watched_metric, band, _join_days(watched_metric, healthy)[0])
    blocks, block = _join_days(watched_metric, watched)
    worse_days = _standardised_excess(watched_metric, band, blocks)
    if not len(normal[0]) or not len(worse_days[0]):
        return None
    noise = reference_noise(normal[0], healthy.starts)
    return _watch(
        watched_metric, watched, block, worse_days, noise, unsure_mean(len(normal[0]), noise.kept), run_length
    )


def unsure_mean(n: int, keep: float, errors: float = UNSURE) -> float:
    """So many standard errors of the mean of n values, in long-run standard deviations: by Student's t with as many
    degrees of freedom as independent days would tell as much."""
    freedom = max(n / keep**2 - 1, 1.0)
    return float(stdtrit(freedom, float(ndtr(errors))) / np.sqrt(n))


def reference_noise(normal: FloatArray, starts: Sequence[datetime]) -> DailyNoise:
    """How restless the reference's blocks are, and how much they keep of each other.

    Args:
        normal: (m,) blocks in standard errors from the reference's mean.
        starts: of its days, as many as there are blocks or more.
    """
    single = len(normal) == len(starts)
    weekday = np.array([start.weekday() for start in starts]) if single else None
    span = (starts[-1] - starts[0]).days + 1
    week = max(round(7 * len(normal) / span), 1)
    shown, ratio = (
        long_run_ratio(normal, weekday=weekday, week=week, unsure=unsure) for unsure in (0.0, UNSURE_KEPT)
    )
    # the mean was fitted to the same days, and took so much of their variance with it
    spare = max(1 - ratio / len(normal), 0.5)
    return DailyNoise(
        max(1.0, float(np.sqrt(np.mean(normal**2) / spare))), float(np.sqrt(ratio)), shown >= FOLLOWING, span
    )


def _watch(
    metric: Metric,
    watched: ChunkedCounts,
    block: IntArray,
    found: tuple[FloatArray, FloatArray],
    noise: DailyNoise,
    unsure: float,
    run_length: float,
) -> EarlyWarning:
    """Add up; for a two-sided metric both ways, each with twice the run length."""
    sides = (1.0, -1.0) if metric.higher_is_better is None else (1.0,)
    per_block = len(block) / (block.max() + 1)
    least = min(ALLOWANCE, LARGEST / noise.kept)
    limit = cusum_limit(len(sides) * run_length / per_block, least)
    unit = noise.restless * noise.kept
    allowance = np.maximum(least, found[1] / unit) + unsure
    steps = found[0] if metric.hits is not None else np.clip(found[0], -REACH, REACH)
    paths = [cusum(np.nan_to_num(side * steps / unit - allowance)) for side in sides]
    sums = max(paths, key=lambda path: path[-1])
    places = np.arange(len(sums))
    starts = tuple(watched.starts[int(i)] for i in np.searchsorted(block, places))
    ends = tuple(watched.ends[int(i) - 1] for i in np.searchsorted(block, places, side="right"))
    alarms = sorted((e for path in paths for e in excursions(path, limit, starts, ends)), key=lambda e: e.at)
    open_one = next((e for e in reversed(alarms) if e.until is None), None)
    longest = DEPENDENT if noise.span >= SHORT else SHORT_DEPENDENT
    return EarlyWarning(
        metric=metric.name,
        days=starts,
        sums=sums,
        limit=limit,
        run_length=min(run_length, longest) if noise.follows else run_length,
        at=open_one.at if open_one else None,
        since=open_one.since if open_one else None,
        alarms=tuple(alarms),
        dependent=noise.follows,
    )


def excursions(
    sums: FloatArray, limit: float, starts: Sequence[datetime], ends: Sequence[datetime], farther: float = 0.0
) -> list[Excursion]:
    """Each stretch above zero that crossed the limit; it is over when it is back at zero, not when below the limit.

    Args:
        farther: times the highest sum of an earlier alarm that is over, which a later one has to reach as well: a
            level that left and came back has shown how far it goes.
    """
    excursions = []
    for stretch in runs((sums > 0).tolist()):
        course = sums[stretch.start : stretch.stop]
        above = np.flatnonzero(course > limit)
        if len(above):
            until = starts[stretch.stop] if stretch.stop < len(sums) else None
            excursions.append(Excursion(ends[stretch.start + int(above[0])], starts[stretch.start], until))
            limit = max(limit, farther * float(course.max()))
    return excursions


def _join_days(metric: Metric, chunks: ChunkedCounts) -> tuple[Counts, IntArray]:
    """Days joined, in order, into blocks of at least 30 labelled rows and ``COUNTED`` of what the metric counts;
    (block counts, block of each day).

    Days left over at the end join the last block.
    """
    block, number = np.zeros(len(chunks.starts), dtype=np.int64), 0
    level = counted = 0.0
    for i, (rows, n) in enumerate(
        zip(chunks.counts.labelled, _denominator(metric, chunks.counts), strict=True)
    ):
        block[i] = number
        level, counted = level + rows, counted + n
        if level >= ENOUGH and counted >= COUNTED:
            number, level, counted = number + 1, 0.0, 0.0
    if (level < ENOUGH or counted < COUNTED) and number:
        block[block == number] = number - 1
    return chunks.counts.sum_by_group(block, int(block.max()) + 1), block


def _denominator(metric: Metric, counts: Counts) -> FloatArray:
    """What a metric's value rests on, (m,): the denominator of a proportion, the rarer class of an order of scores."""
    if metric.hits is not None:
        return metric.hits(counts)[1]
    if metric.name in ("roc_auc", "average_precision"):
        return np.asarray(counts.cells.sum(2).min(1))
    return counts.labelled


def _standardised_excess(metric: Metric, band: Threshold, blocks: Counts) -> tuple[FloatArray, FloatArray]:
    """How many standard errors each block is worse than the reference (NaN: no value), and half of what
    matters in the same unit."""
    assert band.mean is not None
    value = metric.compute(blocks)
    if metric.hits is not None:
        rows = metric.hits(blocks)[1]
        spread = max(band.mean * (1 - band.mean), 0.25 / max(band.n, 1))
        se = np.sqrt(ratio(np.full(len(rows), spread), rows))
    else:
        se = band.se * np.sqrt(ratio(np.full(len(value), float(band.n)), blocks.labelled))
    if not np.all(np.nan_to_num(se) > 0):
        se = np.where(se > 0, se, np.nan)
    sign = -1.0 if metric.higher_is_better is False else 1.0
    keep = np.isfinite(value) & np.isfinite(se)
    return np.where(keep, sign * (band.mean - value) / se, 0.0), np.where(keep, band.matters / (2 * se), 0.0)


def warning_sentence(metric: Message, found: EarlyWarning, *, over: bool) -> Message:
    """That a metric gets worse day by day, and how seldom chance alone would say so."""
    steady = word("a steady system")
    if found.dependent:
        steady = word("a steady system whose days follow each other")
    values = {"metric": metric, "steady": steady, "years": decimal(found.run_length / 365, ".0f")}
    if over:
        return message(
            "{metric} was getting worse day by day: a running sum of daily outcomes went past its limit, which "
            "{steady} crosses about once in {years} years.",
            **values,
        )
    return message(
        "{metric} is getting worse day by day: a running sum of daily outcomes is past its limit, which {steady} "
        "crosses about once in {years} years.",
        **values,
    )
