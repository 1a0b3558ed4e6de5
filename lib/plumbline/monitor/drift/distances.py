"""How far two distributions lie apart: one table of methods, each a function of counts by cell.

p: counts of the reference (cells,); q: counts of k windows over the same cells (k, cells), missing values
left out. Numeric features come on their fine grid (about 250 reference quantiles, ``Bins.edges``), of which
the deciles are a subset; categorical ones by level, the last cell being every level the reference did not
have. All windows are compared at once: nothing here loops over them.

Limits are 95 % and come by the delta method, the sample's own upward push taken off the lower one: the
share-based distances are never negative, so two samples of one distribution lie apart by chance alone. The same is
taken off the value that is held against a threshold (``above_chance``). Chance itself is Pearson's chi-square of the
same cells: its law holds in small samples, where those of the distances do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, Kind
from plumbline.domain.messages import NOTHING, message, word
from plumbline.monitor.binned_counts import BinnedCounts, Distance, Distances, shares, spread
from plumbline.monitor.drift.missing_values import (
    Z,
    difference_limits,
    missing_share_distance,
    new_levels_distance,
    out_of_range_distance,
)
from plumbline.wording.quantities import decimal, percent

EMPTY = 1e-4  # share that an empty cell gets before renormalising (PSI)
_BOTH = (Kind.NUMERIC, Kind.CATEGORICAL)
STILL = message("The reference hardly varies, so there is no spread to compare a shift with.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One row of the table. ``watch`` and ``breach``: from where a difference matters.

    ``counts_missing``: it is about all decisions, not only those that hold a value.
    """

    name: str
    kinds: tuple[Kind, ...]
    watch: float
    breach: float
    compute: Callable[[BinnedCounts], Distances]
    says: str
    counts_missing: bool = False

    def distance(self, cells: BinnedCounts) -> Distance:
        """The only window of ``cells``."""
        return self.compute(cells).distance()


def psi(cells: BinnedCounts) -> Distances:
    """Population stability index: sum (p - q) ln(p / q) over reference deciles or levels.

    Under no change it is about chi-square(B - 1) times (1/n + 1/m) (Yurdakul 2018, Statistical Properties of
    the Population Stability Index). A value equal to a decile edge belongs to the upper decile.
    """
    p, q, n, m, mask = _coarse_cells(cells)
    # a decile that neither holds, as where a value is its edge twice, is an empty cell like any other
    counted = mask | (cells.kind is Kind.NUMERIC)
    a, b = (np.where(counted, np.where(x > 0, x, EMPTY), 0.0) for x in (p, q))
    a, b = shares(a), shares(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(counted, np.log(a / b), 0.0)
        by_p, by_q = log - np.where(counted, b / a, 0.0), -log - np.where(counted, a / b, 0.0)
    value = np.sum((a - b) * log, axis=1)
    freedom, per = mask.sum(axis=1) - 1, 1 / n + 1 / m
    se = spread(a, b, by_p, by_q, n, m)
    above = np.maximum(value - freedom * per, 0.0)
    low = np.maximum(value - freedom * per - Z * se, 0.0)
    p_value = cells.chance_of_shift
    return Distances(
        value=value,
        p_value=p_value,
        low=low,
        high=value + Z * se,
        bound=np.zeros(len(value)),
        above_chance=above,
    )


def js(cells: BinnedCounts) -> Distances:
    """Jensen-Shannon distance: the square root of the divergence, log base 2 (Lin 1991); 0 to 1.

    For small divergences 8 ln 2 nm/(n + m) times the divergence is about chi-square(B - 1): the expansion of
    the divergence around p = q is half the symmetric chi-square over 8 ln 2.
    """
    a, b, *_ = _coarse_cells(cells)
    middle = (a + b) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        by_p, by_q = (np.where(x > 0, np.log2(x / middle), 0.0) for x in (a, b))
    divergence = np.maximum(np.sum(a * by_p + b * by_q, axis=1) / 2, 0.0)
    return _root_divergence(cells, divergence, by_p / 2, by_q / 2, 8 * np.log(2))


def hellinger(cells: BinnedCounts) -> Distances:
    """Hellinger distance: sqrt(1 - sum sqrt(p q)), 0 to 1; 8 nm/(n + m) times its square is about chi-square."""
    a, b, *_ = _coarse_cells(cells)
    square = np.maximum(1 - np.sum(np.sqrt(a * b), axis=1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_p, by_q = (
            np.where((x > 0) & (y > 0), -np.sqrt(y / np.where(x > 0, x, 1)) / 2, 0.0)
            for x, y in ((a, b), (b, a))
        )
    return _root_divergence(cells, square, by_p, by_q, 8.0)


#: half the width of a 95 % band about a distribution function, times the root of its size: sqrt(ln(2 / 0.05) / 2)
BAND = 1.3581


def ks(cells: BinnedCounts) -> Distances:
    """Two-sample Kolmogorov-Smirnov: the largest difference of the two distribution functions.

    At the grid's edges it is exact. Inside a cell both functions rise from their value at the left edge to
    that at the right one, so the difference there cannot exceed the larger of F(right) - G(left) and
    G(right) - F(left); ``bound`` is how much that could add. p by the asymptotic law. Limits by the band that holds
    both functions everywhere (Dvoretzky, Kiefer and Wolfowitz 1956; Massart 1990): the largest of many gaps is larger
    by chance than the gap at a place that was named beforehand.
    """
    f, g, gap = cells.gap
    place = np.argmax(gap, axis=1)
    rows = np.arange(len(gap))
    value = gap[rows, place]
    inside = np.maximum(f, g)  # of the first cell, to whose left both are zero
    np.maximum(f[1:] - g[:, :-1], g[:, 1:] - f[:-1], out=inside[:, 1:])
    most = np.max(np.where(cells.is_single_valued, gap, inside), axis=1)
    n, m = cells.sizes
    p_value, m = cells.gap_chance, np.maximum(m, 1e-300)
    half = BAND * np.sqrt(1 / n + 1 / m)
    low, high = np.maximum(value - half, 0.0), np.minimum(value + half, 1.0)
    return Distances(value=value, p_value=p_value, low=low, high=high, bound=np.maximum(most - value, 0.0))


def wasserstein(cells: BinnedCounts) -> Distances:
    """Wasserstein-1 distance over the reference's sample standard deviation.

    The area between the distribution functions; on a grid each cell's area is known up to the mass inside
    it: ``bound`` is what those could add. A reference that is (nearly) constant has no spread to divide by.
    Values outside the reference's range are counted at its ends, and the note says so. p is that of the
    Kolmogorov-Smirnov test.
    """
    p_value = cells.gap_chance
    none = np.full(len(cells.q), np.nan)
    if cells.sd <= 1e-9 * max(cells.scale, 1e-300) or len(cells.edges) < 2:
        return Distances(
            value=none,
            p_value=p_value,
            low=none,
            high=none,
            bound=np.zeros(len(none)),
            notes=(STILL,) * len(none),
        )
    a, b = shares(cells.p), shares(cells.q)
    gap = (np.cumsum(a) - np.cumsum(b, axis=1))[:, :-1]
    widths = np.diff(cells.edges) / cells.sd
    left, right = gap[:, :-1], gap[:, 1:]
    low = np.where(np.sign(left) * np.sign(right) >= 0, np.minimum(np.abs(left), np.abs(right)), 0.0)
    centre = (left + right) / 2
    middle = np.abs(centre)
    value = np.sum(widths * middle, axis=1)
    single = cells.is_single_valued[1:-1]
    high = np.maximum(np.abs(left), np.abs(right)) + np.where(single, 0.0, a[1:-1] + b[:, 1:-1])
    bound = np.sum(widths * np.where(single, 0.0, np.maximum(high - middle, middle - low)), axis=1)
    outside = (cells.q[:, 0] + cells.q[:, -1]) / np.maximum(cells.q.sum(axis=1), 1e-300)
    notes = tuple(
        message("{share} lie outside the reference's range and count at its ends.", share=percent(x))
        if x
        else NOTHING
        for x in outside.tolist()
    )
    signed = widths * np.sign(centre) / 2
    at_edge = np.zeros((len(signed), signed.shape[1] + 1))
    at_edge[:, :-1] = signed
    at_edge[:, 1:] += signed
    score = np.zeros((len(signed), signed.shape[1] + 2))
    score[:, :-1] = np.cumsum(at_edge[:, ::-1], axis=1)[:, ::-1]
    n, m = cells.sizes
    se = spread(a[None, :], b, score, score, n, np.maximum(m, 1e-300))
    bound = np.where(outside > 0, np.inf, bound)
    return Distances(
        value=value,
        p_value=p_value,
        low=np.maximum(value - Z * se, 0),
        high=value + Z * se,
        bound=bound,
        notes=notes,
    )


def chi2(cells: BinnedCounts) -> Distances:
    """Pearson's chi-square of the two rows of level counts, without continuity correction."""
    value, freedom, se = cells.pearson
    low = np.maximum(value - freedom - Z * se, 0.0)
    return Distances(
        value=value, p_value=cells.chance, low=low, high=value + Z * se, bound=np.zeros(len(value))
    )


def cramers_v(cells: BinnedCounts) -> Distances:
    """Cramer's V with bias correction (Bergsma 2013, J. Korean Stat. Soc. 42)."""
    statistic, freedom, se = cells.pearson
    n, m = cells.sizes
    total = n + m
    levels = freedom + 1
    rows = 2 - 1 / (total - 1)
    columns = levels - (levels - 1) ** 2 / (total - 1)
    within = np.maximum(np.minimum(rows - 1, columns - 1), 1e-12)

    def root(chi: FloatArray) -> FloatArray:
        phi = np.maximum(chi / total - (levels - 1) / (total - 1), 0.0)
        return np.where(freedom > 0, np.sqrt(phi / within), 0.0)

    low, high = root(np.maximum(statistic - Z * se, 0)), np.minimum(root(statistic + Z * se), 1.0)
    return Distances(
        value=root(statistic), p_value=cells.chance, low=low, high=high, bound=np.zeros(len(statistic))
    )


def linf(cells: BinnedCounts) -> Distances:
    """The largest change of one level's share; the note names the level."""
    a, b = shares(cells.p), shares(cells.q)
    change = b - a
    place = np.argmax(np.abs(change), axis=1)
    rows = np.arange(len(change))
    value = np.abs(change[rows, place])
    names = (*cells.levels, word("other levels"))
    notes = tuple(
        message("{level}: {points} points more.", level=names[i], points=decimal(100 * x, ".1f"))
        if x > 0
        else message("{level}: {points} points less.", level=names[i], points=decimal(-100 * x, ".1f"))
        for i, x in zip(place.tolist(), change[rows, place].tolist(), strict=True)
    )
    low, high = difference_limits(value, a[place], b[rows, place], *cells.sizes)
    return Distances(
        value=value, p_value=cells.chance, low=low, high=high, bound=np.zeros(len(value)), notes=notes
    )


def _coarse_cells(cells: BinnedCounts) -> tuple[FloatArray, FloatArray, float, FloatArray, NDArray[np.bool_]]:
    """Shares (1, c) and (k, c), sizes, and the cells that either sample holds."""
    a, b, held = cells.coarse_shares
    n, m = cells.sizes
    return a, b, n, np.maximum(m, 1e-300), held


def _root_divergence(
    cells: BinnedCounts, square: FloatArray, by_p: FloatArray, by_q: FloatArray, times: float
) -> Distances:
    """The root of a divergence which chance brings to about chi-square over ``times`` nm/(n + m)."""
    a, b, n, m, mask = _coarse_cells(cells)
    push = (mask.sum(axis=1) - 1) / (times * n * m / (n + m))
    se = spread(a, b, by_p, by_q, n, m)
    low, above = (np.sqrt(np.maximum(square - push - x, 0.0)) for x in (Z * se, 0.0))
    high = np.minimum(np.sqrt(square + Z * se), 1.0)
    p_value = cells.chance_of_shift
    return Distances(
        value=np.sqrt(square),
        p_value=p_value,
        low=low,
        high=high,
        bound=np.zeros(len(square)),
        above_chance=above,
    )


_C, _N = (Kind.CATEGORICAL,), (Kind.NUMERIC,)
TABLE = (
    Method(
        name="psi",
        kinds=_BOTH,
        watch=0.1,
        breach=0.25,
        compute=psi,
        says="How much the shares of the reference's tenths, or levels, moved.",
    ),
    Method(
        name="js",
        kinds=_BOTH,
        watch=0.1,
        breach=0.1,
        compute=js,
        says="Jensen-Shannon distance: 0 is the same distribution, 1 is none in common.",
    ),
    Method(
        name="hellinger",
        kinds=_BOTH,
        watch=0.1,
        breach=0.1,
        compute=hellinger,
        says="Like Jensen-Shannon, more sensitive to rare values.",
    ),
    Method(
        name="ks",
        kinds=_N,
        watch=0.1,
        breach=0.1,
        compute=ks,
        says="The largest gap between the two cumulative distributions.",
    ),
    Method(
        name="wasserstein",
        kinds=_N,
        watch=0.1,
        breach=0.1,
        compute=wasserstein,
        says="How far values moved, in standard deviations of the reference.",
    ),
    Method(
        name="chi2",
        kinds=_C,
        watch=0.0,
        breach=0.0,
        compute=chi2,
        says="Chi-square of the level counts; grows with the sample.",
    ),
    Method(
        name="cramers_v",
        kinds=_C,
        watch=0.1,
        breach=0.1,
        compute=cramers_v,
        says="Strength of the link between level and period, 0 to 1.",
    ),
    Method(
        name="linf",
        kinds=_C,
        watch=0.1,
        breach=0.1,
        compute=linf,
        says="The largest change of one level's share.",
    ),
    Method(
        name="missing",
        kinds=_BOTH,
        watch=0.02,
        breach=0.05,
        compute=missing_share_distance,
        says="Change of the share of decisions without this value.",
        counts_missing=True,
    ),
    Method(
        name="new_levels",
        kinds=_C,
        watch=0.01,
        breach=0.05,
        compute=new_levels_distance,
        says="Share of levels that the reference did not have.",
    ),
    Method(
        name="out_of_range",
        kinds=_N,
        watch=0.01,
        breach=0.05,
        compute=out_of_range_distance,
        says="Share of values beyond the reference's smallest or largest.",
    ),
)
METHODS = {method.name: method for method in TABLE}
#: signals of their own: values that are not there, were never seen, or lie outside; the rest measure shape
OF_THEIR_OWN = ("missing", "new_levels", "out_of_range")
SHAPE = tuple(m.name for m in TABLE if m.name not in OF_THEIR_OWN)
