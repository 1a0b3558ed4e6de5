"""Which slices hurt most: every level, range and pair of them, with multiplicity handled.

Against the ``rest``: the slice is worse than the window's other rows. Against the ``reference``: it changed
for the worse by more than the other rows did since then (a difference of differences), so that a slice that
was always harder, or a fall that hits everybody alike, is not told as a segment's problem.

A slice is told only if that is beyond chance after Benjamini and Hochberg (1995) over every slice that was
tried, is enough to matter, and rests on enough rows. A pair is told only if it is worse than the remainder
of either of its sides: else one side alone says it. Levels of proportions are compared by the chi-square
test with Yates's correction (1934) and Newcombe's interval (1998, method 10), means by Welch's t (1947),
changes by the normal law of the four means. Decisions count for as many fewer as their subjects, or days, have in
common (``clusters``). Limits of what is told are those of Benjamini and Yekutieli (2005, JASA 100): of the segments
that were selected as the worst of many, 95 in 100 hold the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from plumbline.domain import FloatArray, SlicedRows
from plumbline.monitor.metrics.counts import ratio
from plumbline.monitor.metrics.metrics import METRICS, Metric
from plumbline.monitor.performance.slice_sums import SliceSums, slice_sums, total_sums
from plumbline.monitor.statistics.clusters import design_effect
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.monitor.statistics.proportions import wilson

#: labelled rows that a slice needs, and as a share of the rows searched
FEWEST = 30
SMALLEST = 0.005
#: false discoveries among the slices that are told
LEVEL = 0.05
#: a slice matters from this many times the change that matters for the whole: slices always differ a little
TIMES = 2.0
MOST = 12  # slices told


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One slice that is worse. ``where``: (column, filter value), one or two of them.

    ``value`` with its 95 % limits and rows; ``against``: what it would be like the rest (``rest``), or had it
    changed like the rest (``reference``), on ``n_against`` rows; ``difference`` = value - against with its
    limits; ``reference``: the slice's own value there, None where it has too few rows. ``extra``: rows times
    difference, in the window (wrong decisions, units of error).
    """

    where: tuple[tuple[str, str], ...]
    n: int
    value: float
    low: float
    high: float
    against: float
    n_against: int
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    q_value: float
    extra: float
    reference: float | None
    n_reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSearch:
    """What was found, worst first, and how hard was looked: ``tried`` slices, ``n`` of ``available`` rows."""

    metric: str
    against: str  # rest | reference
    segments: tuple[Segment, ...]
    tried: int
    n: int
    available: int
    overall: float | None
    named: bool = False  # decisions were counted by subject


def search(
    window: SlicedRows,
    metric: str,
    *,
    reference: SlicedRows | None = None,
    against: str = "rest",
    proportion: bool = True,
    pairs: bool = True,
) -> SegmentSearch:
    """Find the slices that hurt most.

    Args:
        window: the rows to search; reference: healthy rows with the same columns.
        metric: what ``values`` are the rows of; decides which way is worse and what matters.
        against: ``rest``: the window's other rows; ``reference``: the same slice there.
        proportion: values are 0 or 1.
        pairs: whether two columns are crossed as well.

    Returns:
        at most ``MOST`` segments, those with most extra harm first.
    """
    segment_metric, n = METRICS[metric], len(window.values)
    where = _places(window, pairs)
    overall = float(window.values.mean()) if n else None
    if not where or not n or (against == "reference" and reference is None):
        return SegmentSearch(
            metric=metric,
            against=against,
            segments=(),
            tried=0,
            n=n,
            available=window.available,
            overall=overall,
        )
    sums = slice_sums(window, pairs)
    then = slice_sums(reference, pairs) if reference is not None else None
    old = then if against == "reference" else None
    rest = total_sums(window, sums).subtract(sums)
    old_rest = total_sums(reference, old).subtract(old) if reference is not None and old is not None else None
    least = max(FEWEST, SMALLEST * n)
    mask = (sums.n >= least) & (rest.n >= FEWEST)
    if old is not None and old_rest is not None:
        mask &= (old.n >= FEWEST) & (old_rest.n >= FEWEST)
    now, past = (
        1 / design_effect(window),
        1 / design_effect(reference) if old is not None and reference else 1.0,
    )
    a, b = sums.times(now), rest.times(now)
    old_a, old_b = (side.times(past) if side is not None else None for side in (old, old_rest))
    compared = _compare_slices(a, b, old_a, old_b, proportion)
    p = np.where(mask, compared.p, np.nan)
    q = benjamini_hochberg(p)
    worse = _deterioration(segment_metric, sums.mean, compared.expected)
    significant = mask & (q < LEVEL) & (worse > TIMES * _relevant_change(segment_metric, compared.expected))
    significant = _necessary_pairs(where, a, old_a, significant, segment_metric, proportion, sums.n)
    extra = sums.n * worse * (window.available / n)
    order = np.flatnonzero(significant)[np.argsort(-extra[significant], kind="stable")][:MOST]
    miss = LEVEL * max(len(order), 1) / max(int(mask.sum()), 1)
    compared = _compare_slices(a, b, old_a, old_b, proportion, miss)
    low, high = _limits(a, proportion, miss)
    segments = tuple(
        Segment(
            where=where[i],
            n=int(sums.n[i]),
            value=float(sums.mean[i]),
            low=float(low[i]),
            high=float(high[i]),
            against=float(compared.expected[i]),
            n_against=int((rest if old is None else old).n[i]),
            difference=float(sums.mean[i] - compared.expected[i]),
            difference_low=float(compared.low[i]),
            difference_high=float(compared.high[i]),
            p_value=float(p[i]),
            q_value=float(q[i]),
            extra=float(extra[i]),
            reference=float(then.mean[i]) if then is not None and then.n[i] >= FEWEST else None,
            n_reference=int(then.n[i]) if then is not None else 0,
        )
        for i in order
    )
    return SegmentSearch(
        metric=metric,
        against=against,
        segments=segments,
        tried=int(mask.sum()),
        n=n,
        available=window.available,
        overall=overall,
        named=window.named,
    )


def _places(rows: SlicedRows, pairs: bool) -> list[tuple[tuple[str, str], ...]]:
    """(column, label) of every slice, in the order in which ``slice_sums`` counts them."""
    names = [[(c.name, label) for label in c.labels] for c in rows.columns]
    single = [(place,) for column in names for place in column]
    if not pairs:
        return list(single)
    crossed = [(a, b) for left, right in combinations(names, 2) for a in left for b in right]
    return [*single, *crossed]


@dataclass(frozen=True, slots=True)
class _SliceComparison:
    """What each slice is expected to be, the limits of the difference from it, and its two-sided p-value."""

    expected: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray


def _compare_slices(
    a: SliceSums,
    b: SliceSums,
    old_a: SliceSums | None,
    old_b: SliceSums | None,
    proportion: bool,
    miss: float = 0.05,
) -> _SliceComparison:
    """Slices ``a`` against ``b``: levels, or where the reference's sums are given, changes since then; the limits leave
    the truth out in ``miss`` of cases."""
    if old_a is None or old_b is None:
        return _shares(a, b, miss) if proportion else _means(a, b, miss)
    expected = old_a.mean + b.mean - old_b.mean
    sides = [_variance_of_mean(side, proportion) for side in (a, b, old_a, old_b)]
    difference, se = a.mean - expected, np.sqrt(np.sum(sides, axis=0))
    p = 2 * ndtr(-np.abs(ratio(difference, se, 0.0)))
    z = -float(ndtri(miss / 2))
    return _SliceComparison(expected, difference - z * se, difference + z * se, p)


def _variance_of_mean(side: SliceSums, proportion: bool) -> FloatArray:
    """Of a proportion with one success and one failure added, so that none is taken as certain."""
    if not proportion:
        return ratio(side.variance, side.n)
    share = (side.total + 1) / (side.n + 2)
    return np.asarray(share * (1 - share) / (side.n + 2))


def _shares(a: SliceSums, b: SliceSums, miss: float) -> _SliceComparison:
    difference, share = a.mean - b.mean, ratio(a.total + b.total, a.n + b.n)
    both = ratio(np.ones_like(a.n), a.n) + ratio(np.ones_like(a.n), b.n)
    z = ratio(np.maximum(np.abs(difference) - both / 2, 0.0), np.sqrt(share * (1 - share) * both), 0.0)
    (low_a, high_a), (low_b, high_b) = (
        wilson(side.total, side.n, -float(ndtri(miss / 2))) for side in (a, b)
    )
    down, up = np.hypot(a.mean - low_a, high_b - b.mean), np.hypot(high_a - a.mean, b.mean - low_b)
    return _SliceComparison(b.mean, difference - down, difference + up, 2 * ndtr(-z))


def _means(a: SliceSums, b: SliceSums, miss: float) -> _SliceComparison:
    va, vb = ratio(a.variance, a.n), ratio(b.variance, b.n)
    difference, se = a.mean - b.mean, np.sqrt(va + vb)
    freedom = ratio((va + vb) ** 2, ratio(va**2, a.n - 1) + ratio(vb**2, b.n - 1), 1.0)
    half = stdtrit(freedom, 1 - miss / 2) * se
    p = np.asarray(2 * stdtr(freedom, -np.abs(ratio(difference, se, 0.0))))
    return _SliceComparison(b.mean, difference - half, difference + half, p)


def _deterioration(metric: Metric, value: FloatArray, expected: FloatArray) -> FloatArray:
    """By how much the values are worse; a bias is worse further from zero, a rate either way."""
    if metric.higher_is_better is None:
        bias = metric.range[0] < 0
        return np.abs(value) - np.abs(expected) if bias else np.abs(value - expected)
    return expected - value if metric.higher_is_better else value - expected


def _relevant_change(metric: Metric, level: FloatArray) -> FloatArray:
    """The smallest change worth telling, in the metric's unit; of a bias, a share of the usual level."""
    if metric.matters_of == "points":
        return np.full(len(level), metric.matters)
    return metric.matters * np.abs(np.nan_to_num(level))


def _necessary_pairs(
    where: list[tuple[tuple[str, str], ...]],
    sums: SliceSums,
    old: SliceSums | None,
    chosen: NDArray[np.bool_],
    metric: Metric,
    proportion: bool,
    rows: FloatArray,
) -> NDArray[np.bool_]:
    """Keep a pair only where it is worse than the remainder of each of its sides, by enough and beyond
    chance: else one side alone says it, and the pair only repeats that."""
    place = {names[0]: i for i, names in enumerate(where) if len(names) == 1}
    necessary = chosen.copy()
    crossed = np.array([i for i in np.flatnonzero(chosen) if len(where[i]) == 2], dtype=np.int64)
    for side in (0, 1) if len(crossed) else ():
        parents = np.array([place[where[i][side]] for i in crossed], dtype=np.int64)
        pair, remainder = sums.select(crossed), sums.select(parents).subtract(sums.select(crossed))
        old_pair = old.select(crossed) if old else None
        old_remainder = old.select(parents).subtract(old.select(crossed)) if old else None
        compared = _compare_slices(pair, remainder, old_pair, old_remainder, proportion)
        gained = _deterioration(metric, pair.mean, compared.expected) > _relevant_change(
            metric, compared.expected
        )
        enough = rows[parents] - rows[crossed] >= FEWEST  # else the side is the pair, and told by itself
        necessary[crossed] &= np.asarray(gained & (compared.p < LEVEL) & enough)
    return necessary


def _limits(sums: SliceSums, proportion: bool, miss: float) -> tuple[FloatArray, FloatArray]:
    if proportion:
        return wilson(sums.total, sums.n, -float(ndtri(miss / 2)))
    half = stdtrit(np.maximum(sums.n - 1, 1), 1 - miss / 2) * np.sqrt(ratio(sums.variance, sums.n))
    return sums.mean - half, sums.mean + half
