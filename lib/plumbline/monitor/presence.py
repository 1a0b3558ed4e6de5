"""Values that are not there, and levels that were not there before: changes of a share, with their chance."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, ndtr

from plumbline.domain import FloatArray
from plumbline.monitor.cells import Cells, Distances

Z = 1.959963984540054
FEW = 10  # hits expected in the smaller sample, below which the exact law is used


def missing(cells: Cells) -> Distances:
    """Change of the share of decisions that lack the value; two proportions, Fisher's test where few."""
    n, m = cells.sizes
    (j, k) = cells.missing
    return _proportions(j, k, n + j, m + k, "Missing values went from {:.1f} % to {:.1f} %.", sides=2)


def new_levels(cells: Cells) -> Distances:
    """Growth of the share of levels that the reference did not name: never seen there, or among its rarest."""
    n, m = cells.sizes
    found = _proportions(
        float(cells.p[-1]), cells.q[:, -1], n, m, "Levels not seen before: {:.1f} % to {:.1f} %.", sides=1
    )
    fell = cells.q[:, -1] / np.maximum(m, 1) <= cells.p[-1] / max(n, 1)
    value, low = np.where(fell, 0.0, found.value), np.where(fell, 0.0, found.low)
    return Distances(value, found.p_value, low, found.high, found.bound, found.notes)


def out_of_range(cells: Cells) -> Distances:
    """Share of values below the reference's smallest or above its largest.

    Of the reference's own values the two ends count as hits: one more value falls outside the range of n by
    chance with probability 2/(n + 1).
    """
    n, m = cells.sizes
    j, k = float(cells.p[0] + cells.p[-1]) + 2, cells.q[:, 0] + cells.q[:, -1]
    found = _proportions(j, k, n + 2, m, "", sides=1)
    share = k / np.maximum(m, 1)
    notes = tuple(f"{100 * x:.1f} % lie outside the reference's range." if x else "" for x in share.tolist())
    low, high = beside(share, np.zeros(len(k)), share, n, m)
    return Distances(share, found.p_value, low, high, found.bound, notes)


def _proportions(j: float, k: FloatArray, n: float, m: FloatArray, words: str, *, sides: int) -> Distances:
    """Size, chance and limits of a change from j of n to k of m (each (windows,))."""
    a, b = j / max(n, 1.0), k / np.maximum(m, 1)
    pooled = (j + k) / np.maximum(n + m, 1)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / max(n, 1) + 1 / np.maximum(m, 1)))
    z = np.where(spread > 0, (b - a) / np.where(spread > 0, spread, 1), 0.0)
    p_value = ndtr(-z) if sides == 1 else 2 * ndtr(-np.abs(z))
    few = pooled * np.minimum(n, m) < FEW
    for i in np.flatnonzero(few).tolist():
        more = larger_by_chance(k[i], m[i], j, n)
        less = larger_by_chance(j, n, k[i], m[i])
        p_value[i] = more if sides == 1 else min(2 * min(more, less), 1.0)
    low, high = beside(np.abs(b - a), np.full(len(b), a), b, n, m)
    notes = tuple(words.format(100 * a, 100 * x) if x != a else "" for x in b.tolist())
    return Distances(np.abs(b - a), p_value, low, high, np.zeros(len(b)), notes)


def beside(
    value: FloatArray, a: FloatArray, b: FloatArray, n: float, m: FloatArray, *, clip: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Limits of a difference of proportions; ``clip``: of its size, which lies between 0 and 1."""
    se = np.sqrt(a * (1 - a) / max(n, 1) + b * (1 - b) / np.maximum(m, 1))
    low, high = value - Z * se, value + Z * se
    return (np.maximum(low, 0.0), np.minimum(high, 1.0)) if clip else (low, high)


def larger_by_chance(k: float, m: float, j: float, n: float) -> float:
    """P(at least k of the k + j hits lie in a sample of m, the rest in one of n), if hits fall alike.

    Fisher's exact test, one-sided: the upper tail of the hypergeometric law.
    """
    hits = int(k + j)
    if k <= 0 or hits == 0:
        return 1.0
    at = np.arange(int(k), int(min(hits, m)) + 1, dtype=float)
    at = at[hits - at <= n]

    def choose(of: float, some: np.ndarray | float) -> np.ndarray | float:
        return np.asarray(
            gammaln(of + 1) - gammaln(np.asarray(some) + 1) - gammaln(of - np.asarray(some) + 1)
        )

    logs = choose(m, at) + choose(n, hits - at) - choose(n + m, float(hits))
    return float(min(np.exp(logs).sum(), 1.0))
