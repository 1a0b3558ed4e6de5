"""Counts of a reference and of windows on one grid, and what a measure of distance says about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import kolmogorov

from plumbline.domain import Bins, FloatArray, Kind
from plumbline.domain.messages import NOTHING, Message
from plumbline.monitor.statistics.null_distribution import INDEPENDENT, NullDistribution, cauchy


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A value, how far a grid may have moved it, its p-value under no change, 95 % limits, and a note."""

    value: float | None
    bound: float = 0.0
    p_value: float | None = None
    note: Message = NOTHING
    low: float | None = None
    high: float | None = None
    above_chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """The same of k windows: (k,) arrays, NaN where there is none; ``notes`` one a window, or none.

    ``above_chance``: the value with what chance brings taken off; None where the measure has no push of its own.
    """

    value: FloatArray
    p_value: FloatArray
    low: FloatArray
    high: FloatArray
    bound: FloatArray
    notes: tuple[Message, ...] = ()
    above_chance: FloatArray | None = None

    @property
    def above_chance_or_value(self) -> FloatArray:
        """``above_chance``, or the value itself, (k,)."""
        return self.value if self.above_chance is None else self.above_chance

    def distance(self, i: int = 0) -> Distance:
        """Window i."""
        of = (self.value, self.p_value, self.low, self.high, self.above_chance_or_value)
        value, p, low, high, above = or_none(np.array([x[i] for x in of]))
        return Distance(
            value=value,
            bound=float(self.bound[i]),
            p_value=p,
            note=self.notes[i] if self.notes else NOTHING,
            low=low,
            high=high,
            above_chance=above,
        )


@dataclass(frozen=True, kw_only=True)
class BinnedCounts:
    """A reference and k windows on one grid: counts ``p`` (cells,) and ``q`` (k, cells); ``edges`` for numbers.

    ``sd``: the reference's sample standard deviation, ``scale`` the size of its values; both 0 for levels.
    ``missing``: values that are not there, of the reference and (k,) of the windows. All counts are those of
    decisions over the ``law``'s spread.
    """

    p: FloatArray
    q: FloatArray
    kind: Kind
    edges: FloatArray
    deciles: tuple[int, ...] = ()
    sd: float = 0.0
    scale: float = 0.0
    levels: tuple[str, ...] = ()
    missing: tuple[float, FloatArray] = (0.0, np.zeros(1))
    law: NullDistribution = INDEPENDENT

    @cached_property
    def sizes(self) -> tuple[float, FloatArray]:
        """Values of the reference and (k,) of the windows."""
        return float(self.p.sum()), self.q.sum(axis=1)

    @cached_property
    def coarse_counts(self) -> tuple[FloatArray, FloatArray]:
        """Counts (c,) and (k, c) by reference decile with open ends, or by level."""
        if self.kind is Kind.CATEGORICAL:
            return self.p, self.q
        cuts = [0, *(place + 1 for place in self.deciles)]
        return np.add.reduceat(self.p, cuts), np.add.reduceat(self.q, cuts, axis=1)

    @cached_property
    def coarse_shares(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Shares (1, c) and (k, c) of the same cells, and which of them either sample holds."""
        p, q = self.coarse_counts
        return shares(p)[None, :], shares(q), (p[None, :] + q) > 0

    @cached_property
    def gap(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The two distribution functions at the cells' right edges, (c,) and (k, c), and how far they lie apart."""
        f, g = (np.minimum(np.cumsum(shares(x), axis=-1), 1.0) for x in (self.p, self.q))
        return f, g, np.abs(f - g)

    @cached_property
    def gap_chance(self) -> FloatArray:
        """P(a largest gap of at least this), (k,): Kolmogorov's and Smirnov's asymptotic law."""
        n, m = self.sizes
        return np.asarray(kolmogorov(self.gap[2].max(axis=1) * np.sqrt(n * m / (n + m))))

    @cached_property
    def is_single_valued(self) -> NDArray[np.bool_]:
        """Cells (c,) that can hold one value only: no float lies strictly between their edges."""
        edges = self.edges
        inner = np.nextafter(edges[:-1], np.inf) >= edges[1:] if len(edges) > 1 else np.zeros(0, bool)
        return np.asarray(np.concatenate([[False], inner, [False]])[: len(self.p)], dtype=np.bool_)

    @cached_property
    def pearson(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Pearson's statistic, its degrees of freedom and its standard error, (k,) each.

        nm/(n + m) sum (p - q)² / r with r the pooled share; the error by the delta method, and at least that of
        the statistic's own law under no change.
        """
        a, b, mask = self.coarse_shares
        n, m = self.sizes
        m = np.maximum(m, 1e-300)
        part = (n / (n + m))[:, None]
        pooled = np.maximum(part * a + (1 - part) * b, 1e-300)
        change = (a - b) / pooled
        size = n * m / (n + m)
        square = change**2
        by_p, by_q = 2 * change - square * part, -2 * change - square * (1 - part)
        freedom = mask.sum(axis=1) - 1.0
        se = np.sqrt((size * spread(a, b, by_p, by_q, n, m)) ** 2 + 2 * freedom)
        return size * np.sum(square * pooled, axis=1), freedom, se

    @cached_property
    def chance(self) -> FloatArray:
        """P(at least this) of Pearson's statistic, (k,), by the ``law``."""
        statistic, freedom, _ = self.pearson
        return self.law.chance(statistic, freedom)

    @cached_property
    def chance_of_shift(self) -> FloatArray:
        """The same; of a number joined with that of its level alone, which a shift to one side moves most."""
        level = self.law.level
        if self.kind is Kind.CATEGORICAL or level is None:
            return self.chance
        a, b, _ = self.coarse_shares
        n, m = self.sizes
        rank = np.cumsum(a[0]) - a[0] / 2
        variance = max(float(a[0] @ rank**2) - float(a[0] @ rank) ** 2, 1e-300)
        moved = ((b - a) @ rank) ** 2 / (variance * (1 / n + 1 / np.maximum(m, 1e-300)))
        moved *= self.law.spread / level.spread
        return cauchy(self.chance, level.chance(moved, np.ones(len(moved))))


def spread(
    a: FloatArray, b: FloatArray, by_p: FloatArray, by_q: FloatArray, n: float, m: FloatArray
) -> FloatArray:
    """Standard error (k,) of a function of two rows of shares, given its derivatives (delta method)."""
    of_p = np.sum(a * by_p**2, axis=1) - np.sum(a * by_p, axis=1) ** 2
    of_q = np.sum(b * by_q**2, axis=1) - np.sum(b * by_q, axis=1) ** 2
    return np.asarray(np.sqrt(np.maximum(of_p, 0) / n + np.maximum(of_q, 0) / m))


def shares(counts: FloatArray) -> FloatArray:
    """Counts as shares of their sum, row by row."""
    return np.asarray(counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-300))


def binned_counts(
    bins: Bins,
    p: FloatArray,
    q: FloatArray,
    sd: float = 0.0,
    scale: float = 0.0,
    missing: tuple[float, FloatArray] | None = None,
    law: NullDistribution = INDEPENDENT,
) -> BinnedCounts:
    """A reference's counts (cells,) and those of windows, (cells,) or (k, cells), on a feature's grid."""
    q = np.atleast_2d(np.asarray(q, dtype=float))
    gone = missing if missing is not None else (0.0, np.zeros(len(q)))
    return BinnedCounts(
        p=np.asarray(p, dtype=float),
        q=q,
        kind=bins.kind,
        edges=bins.edges,
        deciles=bins.decile_cells,
        sd=sd,
        scale=scale,
        levels=bins.levels,
        missing=gone,
        law=law,
    )


def or_none(values: FloatArray) -> list[float | None]:
    """(k,) values as they are told: None where there is none."""
    values_known: list[float | None] = values.tolist()
    return (
        values_known
        if np.isfinite(values).all()
        else [x if x is not None and math.isfinite(x) else None for x in values_known]
    )
