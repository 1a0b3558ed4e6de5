"""How sure a metric is: 95 % intervals and standard errors from counts alone.

Each entry of ``INTERVALS`` takes (metric, counts of m chunks, days) and returns an ``Interval`` of (m,)
arrays, NaN where the counts cannot tell. ``days`` holds, for a bootstrap over days, the counts a day and
each day's chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, expit, logit, ndtri, stdtrit

from plumbline.domain import FloatArray, IntArray, score_middles
from plumbline.monitor.metrics.counts import Counts, ratio
from plumbline.monitor.metrics.heavy_tails import FEWEST_VALUES, Tail, tail
from plumbline.monitor.metrics.metrics import M, Metric, error_quantile
from plumbline.monitor.metrics.score_metrics import ranked_scores
from plumbline.monitor.statistics.proportions import Z, wilson

#: chance of a false alarm that three standard errors stand for, one-sided
THREE_SIGMA = 0.0013498980316300933
#: a bootstrap over fewer days says nothing
FEWEST_DAYS = 5
RESAMPLES = 400
#: steps from a guess after which a limit is solved for instead
GUESSES = 12
SEED = 20260101
#: rows of the rarer class under which DeLong's normal law of an AUC is not relied on
FEW = 50
BISECTIONS = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % limits and the standard error, (m,) each, in the metric's unit."""

    low: FloatArray
    high: FloatArray
    se: FloatArray


@dataclass(frozen=True, slots=True)
class Days:
    """Counts a day (D rows) and the chunk each day belongs to (D,)."""

    counts: Counts
    chunk: IntArray


def binomial_reach(
    p: FloatArray, n: FloatArray, chance: FloatArray | float = THREE_SIGMA
) -> tuple[FloatArray, FloatArray]:
    """The shares below and above which a proportion of truth ``p`` falls by ``chance`` (one, or (m,)) only, exactly.

    Below the first, P(X/n <= share) < chance; above the second, likewise. Without rows: 0 and 1.
    """
    n1, p = np.maximum(np.round(n), 1.0), np.clip(p, 1e-9, 1 - 1e-9)

    def lower_rate(q: FloatArray) -> FloatArray:
        return _binomial_quantile(n1, q, chance) / n1

    return np.where(n > 0, lower_rate(p), 0.0), np.where(n > 0, 1 - lower_rate(1 - p), 1.0)


def _binomial_quantile(n: FloatArray, q: FloatArray, chance: FloatArray | float) -> FloatArray:
    """The smallest k with P(X <= k) >= chance for X binomial (n, q), (m,): from a guess, then hit by hit.

    The guess is the normal law's with its first correction for skewness (Cornish and Fisher 1938).
    """
    whole, z = n.astype(np.int64), ndtri(chance)
    guess = n * q + z * np.sqrt(n * q * (1 - q)) + (1 - 2 * q) * (z**2 - 1) / 6
    k = np.clip(np.floor(guess), 0.0, n)
    for _ in range(GUESSES):
        short = bdtr(k, whole, q) < chance
        far = ~short & (k > 0) & (bdtr(np.maximum(k - 1, 0), whole, q) >= chance)
        if not (short | far).any():
            return k
        k = k + short - far
    least_hits = np.where((1 - q) ** n < chance, np.ceil(bdtrik(chance, n, q)), 0.0)
    return np.where(short | far, np.nan_to_num(least_hits, nan=0.0), k)


def _from_se(metric: Metric, value: FloatArray, se: FloatArray, quantile: FloatArray | float = Z) -> Interval:
    low, high = metric.range
    half = quantile * se
    return Interval(np.clip(value - half, low, high), np.clip(value + half, low, high), se)


def _wilson(metric: Metric, c: Counts, days: Days | None) -> Interval:
    assert metric.hits is not None
    hits, n = metric.hits(c)
    low, high = wilson(hits, n)
    p = (hits + 2) / (n + 4)
    return Interval(low, high, np.sqrt(ratio(p * (1 - p), n)))


def _auc(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """DeLong, DeLong and Clarke-Pearson (1988): placements by score where all are known, else by cell.

    Newcombe's (2006) method 5 where a class has fewer than ``FEW`` rows, or no pair is out of order.
    """
    negative, positive = c.cells[:, 0], c.cells[:, 1]
    n0, n1 = negative.sum(1), positive.sum(1)
    auc = metric.compute(c)
    above = ratio(np.cumsum(negative, 1) - negative / 2, n0[:, None])
    below = ratio(n1[:, None] - np.cumsum(positive, 1) + positive / 2, n1[:, None])
    s1 = ratio((positive * (above - auc[:, None]) ** 2).sum(1), n1 - 1)
    s0 = ratio((negative * (below - auc[:, None]) ** 2).sum(1), n0 - 1)
    se, scores = np.sqrt(ratio(s1, n1) + ratio(s0, n0)), ranked_scores(c)
    if scores is not None:
        se = np.where(scores.whole, scores.auc_se(), se)
        n0, n1 = np.where(scores.whole, scores.negatives, n0), np.where(scores.whole, scores.positives, n1)
    return auc_limits(auc, se, n0, n1)


def auc_limits(auc: FloatArray, se: FloatArray, n0: FloatArray, n1: FloatArray) -> Interval:
    """Limits of a ROC AUC from DeLong's standard error, or Newcombe's where that says too little; all (m,)."""
    few = (np.minimum(n0, n1) < FEW) | ~(se > 0)
    low, high, se = np.clip(auc - Z * se, 0.0, 1.0), np.clip(auc + Z * se, 0.0, 1.0), se.copy()
    if few.any():  # Newcombe's are searched for
        low[few], high[few] = newcombe_auc(auc[few], n0[few], n1[few])
        se[few] = (high[few] - low[few]) / (2 * Z)
    return Interval(low, high, se)


def newcombe_auc(auc: FloatArray, n0: FloatArray, n1: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Score-like limits of a ROC AUC over (m,) samples of n0 negatives and n1 positives; NaN without either.

    Newcombe (2006), Statistics in Medicine 25, 559-573, method 5: the areas whose standard error, by Hanley and McNeil
    with exponential scores and (n0 + n1) / 2 - 1 on both sides, reaches the one that was seen. Never without width.
    """
    least = np.minimum(n0, n1)
    mask = np.isfinite(auc) & (least > 0)
    seen, half = np.where(mask, auc, 0.5), np.maximum((n0 + n1) / 2 - 1, 0.0)
    pairs = np.where(mask, n0 * n1, 1.0)

    def is_rejected(area: FloatArray) -> NDArray[np.bool_]:
        extra = half * ((1 - area) / (2 - area) + area / (1 + area))
        return np.asarray((seen - area) ** 2 > Z**2 * area * (1 - area) * (1 + extra) / pairs)

    ends = []
    for end in (0.0, 1.0):
        out, within = np.full(len(seen), end), seen.copy()
        for _ in range(BISECTIONS):
            middle = (out + within) / 2
            far = is_rejected(middle)
            out, within = np.where(far, middle, out), np.where(far, within, middle)
        ends.append(np.where(mask, within, np.nan))
    return ends[0], ends[1]


def _logit(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Logit interval of the average precision from the number of positives (Boyd, Eng and Page 2013)."""
    value, n = metric.compute(c), c.cells[:, 1].sum(1)
    inside = np.clip(value, 0.5 / np.maximum(n, 1), 1 - 0.5 / np.maximum(n, 1))
    spread = ratio(np.ones_like(n), np.sqrt(n * inside * (1 - inside)))
    low, high = expit(logit(inside) - Z * spread), expit(logit(inside) + Z * spread)
    se = np.sqrt(ratio(inside * (1 - inside), n))
    return Interval(np.minimum(low, value), np.maximum(high, value), se)


def _rows(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Delta method for a function of the confusion counts under multinomial sampling of rows.

    For f of degree 0 in the counts, var f = sum of counts x (df/dcount)^2; derivatives by central
    differences of half a row. Four rows are spread over the cells first, as Agresti and Coull (1998) do
    for a proportion, so that an empty cell is not taken for an impossible one.
    """
    classes = c.confusion.shape[1]
    smooth = c.confusion + 4 / classes**2
    variance = np.zeros(len(c.labelled))
    for i in range(classes):
        for j in range(classes):
            slope = _metric_after_step(metric, c, smooth, i, j, 0.5) - _metric_after_step(
                metric, c, smooth, i, j, -0.5
            )
            variance += smooth[:, i, j] * np.nan_to_num(slope) ** 2
    return _from_se(metric, metric.compute(c), np.sqrt(variance))


def _metric_after_step(
    metric: Metric, c: Counts, confusion: FloatArray, i: int, j: int, step: float
) -> FloatArray:
    moved = confusion.copy()
    moved[:, i, j] = np.maximum(moved[:, i, j] + step, 0.0)
    return metric.compute(replace(c, confusion=moved))


def _cells(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Mean of a row loss, by ``_mean_limits``; its second moment from the loss at the middle of each score cell."""
    size = c.cells.shape[2]
    value = metric.compute(c)
    if not size:
        return _days(metric, c, days)
    middle = score_middles(size)
    if metric.name == "log_loss":
        middle = np.clip(middle, 1e-15, 1 - 1e-15)
        losses = np.stack([-np.log1p(-middle), -np.log(middle)])
    else:
        losses = np.stack([middle**2, (1 - middle) ** 2])
    n = c.cells.sum((1, 2))
    first, second = (c.cells * losses).sum((1, 2)), (c.cells * losses**2).sum((1, 2))
    return _mean_limits(metric, value, n, Tail(tail(n, first, second)), 1.0)


def _moments(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Of a mean of errors without sign, or the root of one, by ``_mean_limits``; else the normal interval of a mean."""
    value, n = metric.compute(c), c.labelled
    if not c.moments.shape[1]:
        return _from_se(metric, value, np.full(len(n), np.nan))
    if metric.tail is not None:
        return _mean_limits(metric, value, n, metric.tail(c), 0.5 if metric.name == "rmse" else 1.0)
    with np.errstate(over="ignore"):  # beyond 1e154 a square has no number, and the interval none
        spread = ratio(c.moments[:, M["sq"]], n) - value**2
    return _from_se(metric, value, np.sqrt(ratio(np.maximum(spread, 0.0), np.maximum(n - 1, 0))))


def _mean_limits(metric: Metric, value: FloatArray, n: FloatArray, tail: Tail, power: float) -> Interval:
    """Limits of a positive mean of n values to a power, from the ratio of their second moment to their squared first.

    On the logarithm's scale, by Student's t with as many degrees of freedom as values make up the mean (n / ratio - 1:
    Kish 1965): what is skewed reaches further up than down. The ratio is that of all chunks together: the one chunk
    that missed the large values would be the surest of itself. None where fewer than ``FEWEST_VALUES`` make up a mean,
    or its variance may have no number.
    """
    heavy = tail.ratio
    if not heavy >= 1 - 1e-9:  # 0: every value is; else a sum went beyond what a number can hold
        return _from_se(metric, value, np.where((n > 0) & (heavy == 0), 0.0, np.nan))
    rows = np.maximum(n, 1.0)
    relative = power * np.sqrt(max(heavy - 1, 0.0) / np.maximum(rows - 1, 1.0))
    reach = stdtrit(np.maximum(rows / heavy - 1, 1.0), 0.975) * relative
    sure = (n / heavy >= FEWEST_VALUES) & np.isfinite(value) & (not tail.endless)
    low, high = value * np.exp(-reach), value * np.exp(np.minimum(reach, 700.0))
    return Interval(
        np.where(sure, low, np.nan),
        np.where(sure, np.minimum(high, metric.range[1]), np.nan),
        value * relative,
    )


def _ranks(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Order statistics either side of the median, widened to the ends of their cells."""
    n = np.maximum(c.labelled, 1)
    half = Z / 2 / np.sqrt(n)
    low, high = error_quantile(c, 0.5 - half, 0), error_quantile(c, 0.5 + half, 1)
    return Interval(low, np.where(np.isfinite(high), high, np.nan), (high - low) / (2 * Z))


def _days(metric: Metric, c: Counts, days: Days | None) -> Interval:
    """Bootstrap over the days of a chunk: whole days are drawn, so that days may be alike inside.

    The standard deviation over resamples is scaled by sqrt(D / (D - 1)) and the limits take Student's t
    with D - 1 degrees of freedom, because a chunk has few days. NaN under ``FEWEST_DAYS``.
    """
    value = metric.compute(c)
    se, quantile = np.full(len(value), np.nan), np.full(len(value), np.nan)
    for i in range(len(value) if days else 0):
        assert days is not None
        counts = days.counts.select_rows((days.chunk == i) & (days.counts.labelled > 0))
        days_labelled = len(counts.labelled)
        if days_labelled < FEWEST_DAYS:
            continue
        drawn = resample(metric.compute, counts)
        drawn = drawn[np.isfinite(drawn)]
        se[i] = np.std(drawn) * np.sqrt(days_labelled / (days_labelled - 1)) if len(drawn) else np.nan
        quantile[i] = stdtrit(days_labelled - 1, 0.975)
    return _from_se(metric, value, se, quantile)


def resample(
    compute: Callable[[Counts], FloatArray], days: Counts, size: int = RESAMPLES, seed: int = SEED
) -> FloatArray:
    """``compute`` on ``size`` resamples of whole days, (size,); the seed is fixed."""
    held = len(days.labelled)
    weights = np.random.default_rng(seed).multinomial(held, np.full(held, 1 / held), size=size)
    return compute(days.apply_weights(weights.astype(float)))


INTERVALS: dict[str, Callable[[Metric, Counts, Days | None], Interval]] = {
    "wilson": _wilson,
    "auc": _auc,
    "logit": _logit,
    "rows": _rows,
    "cells": _cells,
    "moments": _moments,
    "ranks": _ranks,
    "days": _days,
}


def interval(metric: Metric, counts: Counts, days: Days | None = None) -> Interval:
    """The metric's own interval for each chunk of ``counts``."""
    return INTERVALS[metric.interval](metric, counts, days)
