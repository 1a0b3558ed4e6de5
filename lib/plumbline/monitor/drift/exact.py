"""Figures from the decisions themselves, for when a grid's bound is too wide."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from plumbline.domain import Bins, FloatArray, Kind, deviation
from plumbline.monitor.binned_counts import Distance, binned_counts
from plumbline.monitor.drift.distances import STILL, psi


def exact_ks(reference: FloatArray, window: FloatArray) -> Distance:
    """Two-sample Kolmogorov-Smirnov over all values."""
    a, b = np.sort(reference), np.sort(window)
    points = np.concatenate([a, b])
    f = np.searchsorted(a, points, side="right") / len(a)
    g = np.searchsorted(b, points, side="right") / len(b)
    value = float(np.max(np.abs(f - g)))
    return Distance(
        value=value,
        bound=0.0,
        p_value=float(kolmogorov(value * np.sqrt(len(a) * len(b) / (len(a) + len(b))))),
    )


def exact_psi(reference: FloatArray, window: FloatArray) -> Distance:
    """Population stability index over the reference's deciles with open ends."""
    edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    p, q = (
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1).astype(float)
        for x in (reference, window)
    )
    bins = Bins(feature="", kind=Kind.NUMERIC, edges=edges, levels=(), decile_cells=tuple(range(len(edges))))
    return psi(binned_counts(bins, p, q)).distance()


def exact_wasserstein(reference: FloatArray, window: FloatArray) -> Distance:
    """Wasserstein-1 over the reference's sample standard deviation; none where that hardly varies."""
    sd = deviation(reference, 1)
    if sd <= 1e-9 * max(float(np.max(np.abs(reference))), 1e-300):
        return Distance(value=None, note=STILL)
    a, b = np.sort(reference), np.sort(window)
    points = np.sort(np.concatenate([a, b]))
    f = np.searchsorted(a, points[:-1], side="right") / len(a)
    g = np.searchsorted(b, points[:-1], side="right") / len(b)
    return Distance(value=float(np.sum(np.abs(f - g) * np.diff(points)) / sd))


def exact_auc(scores: FloatArray, positive: NDArray[np.bool_]) -> tuple[float, float] | None:
    """ROC AUC and its standard error by DeLong, DeLong and Clarke-Pearson (1988), from the rows themselves.

    Placements come from mid-ranks (Sun and Xu 2014), so ties count half and the cost is that of sorting.

    Args:
        scores: (n,) finite; positive: (n,) whether the label is the positive class.

    Returns:
        None where one class is absent; a standard error of NaN where one class has a single row.
    """
    above, below = np.sort(scores[positive]), np.sort(scores[~positive])
    m, n = len(above), len(below)
    if not m or not n:
        return None
    of_positive = (np.searchsorted(below, above, "left") + np.searchsorted(below, above, "right")) / (2 * n)
    of_negative = 1 - (np.searchsorted(above, below, "left") + np.searchsorted(above, below, "right")) / (
        2 * m
    )
    if min(m, n) < 2:
        return float(of_positive.mean()), float("nan")
    variance = np.var(of_positive, ddof=1) / m + np.var(of_negative, ddof=1) / n
    return float(of_positive.mean()), float(np.sqrt(variance))


EXACT: dict[str, Any] = {"ks": exact_ks, "psi": exact_psi, "wasserstein": exact_wasserstein}


def finite(values: NDArray[Any]) -> FloatArray:
    """Only the finite values, as floats."""
    numbers = values.astype(float)
    return np.asarray(numbers[np.isfinite(numbers)])
