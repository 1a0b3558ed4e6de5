"""Where a metric stops being healthy: the owner's floor, or the reference's own spread.

A limit from the reference lies three standard deviations of its chunks from their mean (the rule of
NannyML), but never nearer than chance reaches at the size of the chunk that is judged, and never nearer
than a change that matters. So what lies beyond a limit is both large enough and more than chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from plumbline.domain import FloatArray, Task
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.counts import Counts
from plumbline.monitor.design import Design, fewer_of_limit
from plumbline.monitor.intervals import Days, binomial_reach, interval
from plumbline.monitor.metrics import METRICS, Metric, ratio

#: standard deviations, or standard errors, from the mean
WIDTH = 3.0
#: fewer reference chunks give no standard deviation
FEWEST_CHUNKS = 3


@dataclass(frozen=True, slots=True)
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
    design: Design = field(default_factory=Design)  # how much more its chunks vary than independent decisions


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
    reference counts for what it holds; with chunks of equal size they are the plain ones.
    """
    values = metric.compute(reference) if reference is not None else np.empty(0)
    rows = reference.labelled if reference is not None else np.empty(0)
    held = (rows >= ENOUGH) & np.isfinite(values)
    if reference is None or not (held.any() or (rows.sum() >= ENOUGH)):
        return _floor(metric, floor, None, None) if floor is not None else _nothing(metric)
    pooled = reference.pooled()
    mean = (
        float(np.average(values[held], weights=rows[held]))
        if held.any()
        else float(metric.compute(pooled)[0])
    )
    if not np.isfinite(mean):
        return _floor(metric, floor, None, None) if floor is not None else _nothing(metric)
    enough = int(held.sum()) >= FEWEST_CHUNKS
    sd = float(np.sqrt(np.average((values[held] - mean) ** 2, weights=rows[held]))) if enough else None
    if floor is not None:
        return _floor(metric, floor, mean, sd, n=int(rows.sum()), chunks=int(held.sum()))
    whole = Days(days.counts, np.zeros(len(days.chunk), dtype=np.int64)) if days else None
    se = float(np.nan_to_num(interval(metric, pooled, whole).se[0]))
    matters = _matters(metric, mean, pooled)
    half = max(WIDTH * (sd or 0.0), matters)
    return Threshold(
        metric.name, mean, sd,
        low=None if metric.higher_is_better is False else mean - half,
        high=None if metric.higher_is_better else mean + half,
        source="reference" if enough else "chance",
        n=int(rows.sum()), chunks=int(held.sum()), se=se, matters=matters,
    )  # fmt: skip


def _nothing(metric: Metric) -> Threshold:
    return Threshold(metric.name, None, None, None, None, "none")


def _floor(
    metric: Metric, floor: float, mean: float | None, sd: float | None, n: int = 0, chunks: int = 0
) -> Threshold:
    two_sided = metric.higher_is_better is None
    low = floor if metric.higher_is_better else -abs(floor) if two_sided else None
    high = None if metric.higher_is_better else abs(floor) if two_sided else floor
    if two_sided and metric.range[0] == 0.0:
        low = None  # a rate has a ceiling, not a distance from 0
    return Threshold(metric.name, mean, sd, low, high, "floor", n=n, chunks=chunks)


def _matters(metric: Metric, mean: float, pooled: Counts) -> float:
    if metric.matters_of == "level":
        return metric.matters * abs(mean)
    if metric.matters_of == "rmse":
        return (
            float(metric.matters * METRICS["rmse"].compute(pooled)[0])
            if pooled.task is Task.REGRESSION
            else 0.0
        )
    return metric.matters


def limits(found: Threshold, metric: Metric, chunks: Counts) -> tuple[FloatArray, FloatArray]:
    """The limits for chunks of these sizes, (m,) each: -inf or inf where there is none on that side.

    Chance: proportions by the exact binomial law at the chunk's own denominator, everything else by the
    reference's standard error scaled to the chunk's rows; the reference's own error is added in squares.
    """
    size = len(chunks.labelled)
    low = np.full(size, -np.inf if found.low is None else found.low)
    high = np.full(size, np.inf if found.high is None else found.high)
    if found.source not in ("reference", "chance") or found.mean is None:
        return low, high
    chunks = fewer_of_limit(chunks, found.design)
    if metric.hits is not None:
        near, far = binomial_reach(np.full(size, found.mean), metric.hits(chunks)[1])
        below, above = found.mean - near, far - found.mean
    else:
        below = above = WIDTH * found.se * np.sqrt(ratio(np.full(size, float(found.n)), chunks.labelled))
    own = (WIDTH * found.se) ** 2 * found.design.effect
    low = np.minimum(low, found.mean - np.sqrt(below**2 + own)) if found.low is not None else low
    high = np.maximum(high, found.mean + np.sqrt(above**2 + own)) if found.high is not None else high
    least, most = metric.range
    return (
        np.maximum(low, least) if found.low is not None else low,
        np.minimum(high, most) if found.high is not None else high,
    )
