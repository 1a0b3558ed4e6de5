"""Where a metric stops being healthy: the owner's floor, or the reference's own spread.

A limit from the reference lies three standard deviations of its chunks from their mean (the rule of
NannyML), but never nearer than chance reaches at the size of the chunk that is judged, and never nearer
than a change that matters. So what lies beyond a limit is both large enough and more than chance.

Mean and spread are those of the reference's usual chunks: one odd week is left out (``usual_values``), or it
would hide whatever is as bad as it was. Few chunks know their spread and their mean less well: it is the
sample's standard deviation, widened for the error of the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from plumbline.domain import FloatArray, Task
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import Counts, ratio
from plumbline.monitor.metrics.design_effect import DesignEffect, effective_counts_of_limit
from plumbline.monitor.metrics.intervals import THREE_SIGMA, Days, binomial_reach, interval
from plumbline.monitor.metrics.metrics import METRICS, Metric, relevant_change

#: standard deviations, or standard errors, from the mean
WIDTH = 3.0
#: fewer reference chunks give no standard deviation
FEWEST_CHUNKS = 3
#: of fewer chunks none is called odd
FEWEST_USUAL = 6
#: robust standard deviations from the median beyond which a chunk of the reference is odd
ODD = 4.0
#: share of the reference's chunks that may be left out, one at least
ODD_SHARE = 0.1
#: what makes the median absolute deviation of n normal values unbiased (Croux and Rousseeuw 1992), n = 6 to 9
SMALL_SAMPLE = {6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The healthy band of one metric, in its own unit.

    ``low``, ``high``: the bounds that the reference's spread or the floor alone gives (None: no bound on
    that side); ``limits`` moves them out for a small chunk. ``source``: ``floor`` (the owner's),
    ``reference`` (mean and standard deviation of its chunks), ``chance`` (too few reference chunks for a
    standard deviation) or ``none``.
    """

    metric: str
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    source: str
    n: int = 0  # labelled rows of the reference
    chunks: int = 0  # reference chunks with enough rows
    se: float = 0.0  # standard error of the mean
    matters: float = 0.0  # smallest change worth an alarm
    design: DesignEffect = field(
        default_factory=DesignEffect
    )  # how much more its chunks vary than independent decisions
    level: float | None = None  # of a proportion: the mean, drawn away from 0 and 1 by what n rows leave open


def threshold(
    metric: Metric, reference: Counts | None, days: Days | None = None, floor: float | None = None
) -> Threshold:
    """The healthy band of a metric.

    Args:
        reference: counts of the reference's chunks, None or empty where no reference is known.
        days: the reference's days, for metrics whose interval is a bootstrap; chunk numbers are ignored.
        floor: the owner's absolute limit: the least allowed where higher is better, else the most; for a
            two-sided metric the largest distance from 0.

    Mean and standard deviation are weighted by labelled rows, so that a chunk cut off by the edge of the
    reference counts for what it holds; with chunks of equal size the mean is the plain one, and ``sd`` is the
    sample's times sqrt(1 + 1 / chunks), as the next chunk differs from a mean that is estimated too.
    """
    values = metric.compute(reference) if reference is not None else np.empty(0)
    rows = reference.labelled if reference is not None else np.empty(0)
    mask = (rows >= ENOUGH) & np.isfinite(values)
    if reference is None or not (mask.any() or (rows.sum() >= ENOUGH)):
        return _floor(metric, floor, None, None) if floor is not None else _no_threshold(metric)
    pooled = reference.pool()
    mask &= usual_chunks(metric, reference)
    mean = (
        float(np.average(values[mask], weights=rows[mask]))
        if mask.any()
        else float(metric.compute(pooled)[0])
    )
    if not np.isfinite(mean):
        return _floor(metric, floor, None, None) if floor is not None else _no_threshold(metric)
    many = int(mask.sum()) >= FEWEST_CHUNKS
    sd = _spread(values[mask], rows[mask], mean) if many else None
    if floor is not None:
        return _floor(metric, floor, mean, sd, n=int(rows.sum()), chunks=int(mask.sum()))
    whole = Days(days.counts, np.zeros(len(days.chunk), dtype=np.int64)) if days else None
    se = float(np.nan_to_num(interval(metric, pooled, whole).se[0]))
    rmse = METRICS["rmse"].compute(pooled)[0] if pooled.task is Task.REGRESSION else 0.0
    level = _agresti_coull_level(metric, mean, pooled)
    matters = relevant_change(metric, level, float(rmse))
    half = max(WIDTH * (sd or 0.0), matters)
    return Threshold(
        metric=metric.name,
        mean=mean,
        sd=sd,
        low=None if metric.higher_is_better is False else mean - half,
        high=None if metric.higher_is_better else mean + half,
        source="reference" if many else "chance",
        n=int(rows.sum()),
        chunks=int(mask.sum()),
        se=se,
        matters=matters,
        level=level,
    )


def _no_threshold(metric: Metric) -> Threshold:
    return Threshold(metric=metric.name, mean=None, sd=None, low=None, high=None, source="none")


def _floor(
    metric: Metric, floor: float, mean: float | None, sd: float | None, n: int = 0, chunks: int = 0
) -> Threshold:
    two_sided = metric.higher_is_better is None
    low = floor if metric.higher_is_better else -abs(floor) if two_sided else None
    high = None if metric.higher_is_better else abs(floor) if two_sided else floor
    if two_sided and metric.range[0] == 0.0:
        low = None  # a rate has a ceiling, not a distance from 0
    return Threshold(
        metric=metric.name, mean=mean, sd=sd, low=low, high=high, source="floor", n=n, chunks=chunks
    )


def usual_values(values: FloatArray) -> NDArray[np.bool_]:
    """Which chunks (n,) are the reference's usual ones: all but a few far from the median.

    Far is by the median absolute deviation, which one odd chunk cannot move (Iglewicz and Hoaglin 1993).
    """
    n = len(values)
    usual = np.ones(n, dtype=np.bool_)
    if n < FEWEST_USUAL:
        return usual
    away = np.abs(values - np.median(values))
    robust = 1.4826 * SMALL_SAMPLE.get(n, n / (n - 0.8)) * float(np.median(away))
    furthest = np.argsort(-away, kind="stable")[: max(1, int(ODD_SHARE * n))]
    usual[furthest] = away[furthest] <= ODD * robust
    return usual


def usual_chunks(metric: Metric, reference: Counts) -> NDArray[np.bool_]:
    """Which of the reference's chunks (m,) are not odd in a metric; those too small to tell are not."""
    values = metric.compute(reference)
    usual = np.ones(len(values), dtype=np.bool_)
    mask = (reference.labelled >= ENOUGH) & np.isfinite(values)
    usual[mask] = usual_values(values[mask])
    return usual


def _spread(values: FloatArray, rows: FloatArray, mean: float) -> float:
    n = len(values)
    variance = float(np.average((values - mean) ** 2, weights=rows)) * n / (n - 1)
    return float(np.sqrt(variance * (1 + 1 / n)))


def _agresti_coull_level(metric: Metric, mean: float, pooled: Counts) -> float:
    """A proportion's level as Agresti and Coull (1998) put it, two rows of each kind added: never quite 0 or 1."""
    if metric.hits is None:
        return mean
    n = float(metric.hits(pooled)[1][0])
    return (mean * n + 2) / (n + 4)


def deviations(chance: FloatArray | float) -> FloatArray:
    """How many standard deviations a normal value exceeds with this probability, one-sided."""
    return np.asarray(-ndtri(chance), dtype=float)


def limits(
    threshold: Threshold, metric: Metric, chunks: Counts, chance: FloatArray | float = THREE_SIGMA
) -> tuple[FloatArray, FloatArray]:
    """The limits for chunks of these sizes, (m,) each: -inf or inf where there is none on that side.

    Chance: proportions by the exact binomial law at the chunk's own denominator, everything else by the
    reference's standard error scaled to the chunk's rows; the reference's own error is added in squares.

    Args:
        chance: the probability, a side, that a healthy chunk lies beyond; three standard deviations unless said.
    """
    low, high = _limits(threshold, metric, chunks, chance)
    least, most = metric.range
    if threshold.source not in ("reference", "chance"):
        return low, high
    return (
        np.maximum(low, least) if threshold.low is not None else low,
        np.minimum(high, most) if threshold.high is not None else high,
    )


def _limits(
    threshold: Threshold, metric: Metric, chunks: Counts, chance: FloatArray | float
) -> tuple[FloatArray, FloatArray]:
    """``limits`` before they are cut to the metric's range."""
    size = len(chunks.labelled)
    low = np.full(size, -np.inf if threshold.low is None else threshold.low)
    high = np.full(size, np.inf if threshold.high is None else threshold.high)
    if threshold.source not in ("reference", "chance") or threshold.mean is None:
        return low, high
    chunks = effective_counts_of_limit(metric, chunks, threshold.design)
    allowed = np.broadcast_to(np.asarray(chance, dtype=float), (size,))
    width = deviations(allowed)
    half = np.maximum(width * (threshold.sd or 0.0), threshold.matters)
    if metric.hits is not None:
        level = np.full(size, threshold.level if threshold.level is not None else threshold.mean)
        near, far = binomial_reach(level, metric.hits(chunks)[1], allowed)
        below, above = np.maximum(threshold.mean - near, 0.0), np.maximum(far - threshold.mean, 0.0)
    else:
        below = above = (
            width * threshold.se * np.sqrt(ratio(np.full(size, float(threshold.n)), chunks.labelled))
        )
    variance = (width * threshold.se) ** 2 * threshold.design.effect
    if threshold.low is not None:
        low = threshold.mean - np.maximum(half, np.sqrt(below**2 + variance))
    if threshold.high is not None:
        high = threshold.mean + np.maximum(half, np.sqrt(above**2 + variance))
    return low, high


def rows_needed(threshold: Threshold, metric: Metric, chance: float = THREE_SIGMA) -> float | None:
    """How many of what the metric counts a chunk must hold for even the worst value to be more than chance.

    In decisions for the positive class, positives, or labelled decisions (``Metric.of``); None where no such number
    is known: the owner's floor, or a reference that is too small itself.
    """
    if (
        threshold.source not in ("reference", "chance")
        or threshold.mean is None
        or not metric.higher_is_better
    ):
        return None
    least, width = metric.range[0], float(deviations(chance))
    room = threshold.mean - least
    if not np.isfinite(least) or room <= width * threshold.se:
        return None
    if metric.hits is None:
        chance_room = room**2 - (width * threshold.se) ** 2
        needed = threshold.n * (width * threshold.se) ** 2 / chance_room if chance_room > 0 else None
        return None if needed is None else float(needed * threshold.design.effect)
    level = threshold.level if threshold.level is not None else threshold.mean
    return float(np.log(chance) / np.log1p(-min(level, 1 - 1e-9))) * threshold.design.effect
