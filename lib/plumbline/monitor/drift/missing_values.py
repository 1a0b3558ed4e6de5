"""Values that are not there, and levels that were not there before: changes of a share, with their chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import gammaln, ndtr

from plumbline.domain import FloatArray
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.binned_counts import BinnedCounts, Distances
from plumbline.wording.quantities import percent

Z = 1.959963984540054
FEW = 10  # hits expected in the smaller sample, below which the exact law is used


#: words for a share that went from one value to another
Note = Callable[[float, float], Message]


def _missing_note(before: float, after: float) -> Message:
    return message(
        "Missing values went from {before} to {after}.", before=percent(before), after=percent(after)
    )


def _new_levels_note(before: float, after: float) -> Message:
    return message(
        "Levels not seen before: {before} to {after}.", before=percent(before), after=percent(after)
    )


def missing_share_distance(cells: BinnedCounts) -> Distances:
    """Change of the share of decisions that lack the value; two proportions, Fisher's test where few."""
    n, m = cells.sizes
    (j, k) = cells.missing
    return _proportions(j, k, n + j, m + k, _missing_note, sides=2)


def new_levels_distance(cells: BinnedCounts) -> Distances:
    """Growth of the share of levels that the reference did not name: never seen there, or among its rarest."""
    n, m = cells.sizes
    distances = _proportions(float(cells.p[-1]), cells.q[:, -1], n, m, _new_levels_note, sides=1)
    fell = cells.q[:, -1] / np.maximum(m, 1) <= cells.p[-1] / max(n, 1)
    value, low = np.where(fell, 0.0, distances.value), np.where(fell, 0.0, distances.low)
    return Distances(
        value=value,
        p_value=distances.p_value,
        low=low,
        high=distances.high,
        bound=distances.bound,
        notes=distances.notes,
    )


def out_of_range_distance(cells: BinnedCounts) -> Distances:
    """Share of values below the reference's smallest or above its largest.

    Of the reference's own values the two ends count as hits: one more value falls outside the range of n by
    chance with probability 2/(n + 1).
    """
    n, m = cells.sizes
    j, k = float(cells.p[0] + cells.p[-1]) + 2, cells.q[:, 0] + cells.q[:, -1]
    distances = _proportions(j, k, n + 2, m, None, sides=1)
    share = k / np.maximum(m, 1)
    notes = tuple(
        message("{share} lie outside the reference's range.", share=percent(x)) if x else NOTHING
        for x in share.tolist()
    )
    low, high = difference_limits(share, np.zeros(len(k)), share, n, m)
    return Distances(
        value=share, p_value=distances.p_value, low=low, high=high, bound=distances.bound, notes=notes
    )


def _proportions(
    j: float, k: FloatArray, n: float, m: FloatArray, note: Note | None, *, sides: int
) -> Distances:
    """Size, chance and limits of a change from j of n to k of m (each (windows,))."""
    a, b = j / max(n, 1.0), k / np.maximum(m, 1)
    pooled = (j + k) / np.maximum(n + m, 1)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / max(n, 1) + 1 / np.maximum(m, 1)))
    z = np.where(spread > 0, (b - a) / np.where(spread > 0, spread, 1), 0.0)
    p_value = ndtr(-z) if sides == 1 else 2 * ndtr(-np.abs(z))
    few = pooled * np.minimum(n, m) < FEW
    if few.any():
        more = upper_tail_chance(k[few], m[few], j, n)
        if sides == 2:
            more = np.minimum(2 * np.minimum(more, _lower_tail_chance(k[few], m[few], j, n)), 1.0)
        p_value[few] = more
    low, high = difference_limits(np.abs(b - a), np.full(len(b), a), b, n, m)
    notes = tuple(note(a, x) if note and x != a else NOTHING for x in b.tolist())
    return Distances(
        value=np.abs(b - a), p_value=p_value, low=low, high=high, bound=np.zeros(len(b)), notes=notes
    )


def difference_limits(
    value: FloatArray, a: FloatArray, b: FloatArray, n: float, m: FloatArray, *, clip: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Limits of a difference of proportions; ``clip``: of its size, which lies between 0 and 1."""
    se = np.sqrt(a * (1 - a) / max(n, 1) + b * (1 - b) / np.maximum(m, 1))
    low, high = value - Z * se, value + Z * se
    return (np.maximum(low, 0.0), np.minimum(high, 1.0)) if clip else (low, high)


def upper_tail_chance(k: FloatArray, m: FloatArray, j: float, n: float) -> FloatArray:
    """P(at least k of the k + j hits lie in a sample of m, the rest in one of n), if hits fall alike, (windows,).

    Fisher's exact test, one-sided: the upper tail of the hypergeometric law. Certain where k is 0.
    """
    return _tail(k, m, np.full(len(k), j), np.full(len(k), n))


def _lower_tail_chance(k: FloatArray, m: FloatArray, j: float, n: float) -> FloatArray:
    """P(at most k of them lie in the sample of m): the other sample holds at least j."""
    return _tail(np.full(len(k), j), np.full(len(k), n), k, m)


def _tail(k: FloatArray, m: FloatArray, j: FloatArray, n: FloatArray) -> FloatArray:
    hits = np.floor(k + j)
    first, last = np.floor(k), np.floor(np.minimum(hits, m))
    at: FloatArray = first[:, None] + np.arange(max(int(np.max(last - first)), 0) + 1, dtype=float)
    mask = (at <= last[:, None]) & (hits[:, None] - at <= n[:, None])
    at = np.where(mask, at, first[:, None])
    logs = _choose(m[:, None], at) + _choose(n[:, None], hits[:, None] - at)
    logs = np.where(mask, logs - _choose(n + m, hits)[:, None], -np.inf)
    return np.where((k <= 0) | (hits == 0), 1.0, np.minimum(np.exp(logs).sum(axis=1), 1.0))


def _choose(of: FloatArray, some: FloatArray) -> FloatArray:
    """Logarithm of the binomial coefficient."""
    return np.asarray(gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1))
