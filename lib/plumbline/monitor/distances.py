"""How far two distributions lie apart: one table of methods, each a function of counts by cell.

p, q: counts of the reference and of the window over the same cells, missing values left out. Numeric
features come on their fine grid (about 250 reference quantiles, ``Bins.edges``), of which the deciles are a
subset; categorical ones by level, the last cell being every level the reference did not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogorov

from plumbline.domain import Bins, FloatArray, Kind

EMPTY = 1e-4  # share that an empty cell gets before renormalising (PSI)
_BOTH = (Kind.NUMERIC, Kind.CATEGORICAL)


@dataclass(frozen=True, slots=True)
class Distance:
    """A value, how far a grid may have moved it, its p-value under no change, and a note."""

    value: float | None
    bound: float = 0.0
    p_value: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """Two samples on one grid: ``p`` and ``q`` (cells,) counts; ``edges`` for numeric features.

    ``sd``: the reference's sample standard deviation, ``scale`` the size of its values; both 0 for levels.
    """

    p: FloatArray
    q: FloatArray
    kind: Kind
    edges: FloatArray
    deciles: tuple[int, ...] = ()
    sd: float = 0.0
    scale: float = 0.0
    levels: tuple[str, ...] = ()

    def coarse(self) -> tuple[FloatArray, FloatArray]:
        """Counts by reference decile with open ends, or by level; cells empty in both left out."""
        if self.kind is Kind.CATEGORICAL:
            held = (self.p + self.q) > 0
            return self.p[held], self.q[held]
        cuts = [0, *(place + 1 for place in self.deciles)]
        return np.add.reduceat(self.p, cuts), np.add.reduceat(self.q, cuts)


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table. ``watch`` and ``breach``: from where a difference matters."""

    name: str
    kinds: tuple[Kind, ...]
    watch: float
    breach: float
    compute: Callable[[Cells], Distance]
    says: str


def shares(counts: FloatArray) -> FloatArray:
    """Counts as shares of their sum."""
    return np.asarray(counts / counts.sum())


def psi(cells: Cells) -> Distance:
    """Population stability index: sum (p - q) ln(p / q) over reference deciles or levels.

    Under no change it is about chi-square(B - 1) times (1/n + 1/m) (Yurdakul 2018, Statistical Properties of
    the Population Stability Index). A value equal to a decile edge belongs to the upper decile.
    """
    p, q = cells.coarse()
    a, b = (np.where(x > 0, x, EMPTY) for x in (shares(p), shares(q)))
    a, b = a / a.sum(), b / b.sum()
    value = float(np.sum((a - b) * np.log(a / b)))
    scale = 1 / p.sum() + 1 / q.sum()
    return Distance(value, p_value=_chi2(value / scale, len(p) - 1))


def js(cells: Cells) -> Distance:
    """Jensen-Shannon distance: the square root of the divergence, log base 2 (Lin 1991); 0 to 1.

    For small divergences 8 ln 2 nm/(n + m) times the divergence is about chi-square(B - 1): the expansion of
    the divergence around p = q is half the symmetric chi-square over 8 ln 2.
    """
    p, q = cells.coarse()
    a, b = shares(p), shares(q)
    middle = (a + b) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(a > 0, a * np.log2(a / middle), 0) + np.where(b > 0, b * np.log2(b / middle), 0)
    divergence = max(float(parts.sum()) / 2, 0.0)
    n, m = p.sum(), q.sum()
    return Distance(
        float(np.sqrt(divergence)), p_value=_chi2(8 * np.log(2) * n * m / (n + m) * divergence, len(p) - 1)
    )


def hellinger(cells: Cells) -> Distance:
    """Hellinger distance: sqrt(1 - sum sqrt(p q)), 0 to 1; 8 nm/(n + m) times its square is about chi-square."""
    p, q = cells.coarse()
    square = max(1 - float(np.sum(np.sqrt(shares(p) * shares(q)))), 0.0)
    n, m = p.sum(), q.sum()
    return Distance(float(np.sqrt(square)), p_value=_chi2(8 * n * m / (n + m) * square, len(p) - 1))


def ks(cells: Cells) -> Distance:
    """Two-sample Kolmogorov-Smirnov: the largest difference of the two distribution functions.

    At the grid's edges it is exact. Inside a cell both functions rise from their value at the left edge to
    that at the right one, so the difference there cannot exceed the larger of F(right) - G(left) and
    G(right) - F(left); ``bound`` is how much that could add. p by the asymptotic law.
    """
    f, g = np.cumsum(shares(cells.p)), np.cumsum(shares(cells.q))
    value = float(np.max(np.abs(f - g)))
    left_f, left_g = np.r_[0.0, f[:-1]], np.r_[0.0, g[:-1]]
    inside = np.maximum(f - left_g, g - left_f)
    single = _single_valued(cells)
    most = float(np.max(np.where(single, np.abs(f - g), inside)))
    n, m = cells.p.sum(), cells.q.sum()
    return Distance(value, max(most - value, 0.0), float(kolmogorov(value * np.sqrt(n * m / (n + m)))))


def _single_valued(cells: Cells) -> NDArray[np.bool_]:
    """Cells that can hold one value only: no float lies strictly between their edges."""
    edges = cells.edges
    inner = np.nextafter(edges[:-1], np.inf) >= edges[1:] if len(edges) > 1 else np.zeros(0, bool)
    return np.asarray(np.concatenate([[False], inner, [False]])[: len(cells.p)], dtype=np.bool_)


def wasserstein(cells: Cells) -> Distance:
    """Wasserstein-1 distance over the reference's sample standard deviation.

    The area between the distribution functions; on a grid each cell's area is known up to the mass inside
    it: ``bound`` is what those could add. A reference that is (nearly) constant has no spread to divide by.
    Values outside the reference's range are counted at its ends, and the note says so.
    """
    if cells.sd <= 1e-9 * max(cells.scale, 1e-300):
        return Distance(
            None, note="The reference hardly varies, so there is no spread to compare a shift with."
        )
    f, g = np.cumsum(shares(cells.p)), np.cumsum(shares(cells.q))
    widths = np.diff(cells.edges)
    gap = f[:-1] - g[:-1]
    left, right = gap[:-1], gap[1:]
    low = np.where(np.sign(left) * np.sign(right) >= 0, np.minimum(np.abs(left), np.abs(right)), 0.0)
    mass = shares(cells.p)[1:-1] + shares(cells.q)[1:-1]
    middle = np.abs((left + right) / 2)
    value = float(np.sum(widths * middle) / cells.sd)
    high = np.maximum(np.abs(left), np.abs(right)) + np.where(_single_valued(cells)[1:-1], 0.0, mass)
    single = _single_valued(cells)[1:-1]
    spread = np.where(single, 0.0, np.maximum(high - middle, middle - low))
    outside = float(cells.q[0] + cells.q[-1]) / float(cells.q.sum())
    note = (
        f"{100 * outside:.1f} % lie outside the reference's range and count at its ends." if outside else ""
    )
    return Distance(value, float(np.sum(widths * spread) / cells.sd) if not outside else np.inf, note=note)


def chi2(cells: Cells) -> Distance:
    """Pearson's chi-square of the two rows of level counts, without continuity correction."""
    p, q = cells.coarse()
    value = _pearson(p, q)
    return Distance(value, p_value=_chi2(value, len(p) - 1))


def cramers_v(cells: Cells) -> Distance:
    """Cramer's V with bias correction (Bergsma 2013, J. Korean Stat. Soc. 42)."""
    p, q = cells.coarse()
    n, levels = p.sum() + q.sum(), len(p)
    if levels < 2:
        return Distance(0.0, p_value=1.0)
    statistic = _pearson(p, q)
    phi2 = max(0.0, statistic / n - (levels - 1) / (n - 1))
    rows, columns = 2 - 1 / (n - 1), levels - (levels - 1) ** 2 / (n - 1)
    value = float(np.sqrt(phi2 / min(rows - 1, columns - 1)))
    return Distance(value, p_value=_chi2(statistic, levels - 1))


def linf(cells: Cells) -> Distance:
    """The largest change of one level's share; the note names the level."""
    change = shares(cells.q) - shares(cells.p)
    place = int(np.argmax(np.abs(change)))
    names = (*cells.levels, "other levels")
    p, q = cells.coarse()
    sign = "more" if change[place] > 0 else "less"
    note = f"{names[place]}: {abs(100 * change[place]):.1f} points {sign}."
    return Distance(float(abs(change[place])), p_value=_chi2(_pearson(p, q), len(p) - 1), note=note)


def _pearson(p: FloatArray, q: FloatArray) -> float:
    n, m, both = p.sum(), q.sum(), p + q
    expected = both * n / (n + m), both * m / (n + m)
    return float(np.sum((p - expected[0]) ** 2 / expected[0]) + np.sum((q - expected[1]) ** 2 / expected[1]))


def _chi2(value: float, freedom: int) -> float:
    return float(chdtrc(freedom, max(value, 0.0))) if freedom > 0 else 1.0


_C, _N = (Kind.CATEGORICAL,), (Kind.NUMERIC,)
TABLE = (
    Method("psi", _BOTH, 0.1, 0.25, psi, "How much the shares of the reference's tenths, or levels, moved."),
    Method("js", _BOTH, 0.1, 0.1, js, "Jensen-Shannon distance: 0 is the same distribution, 1 is none in common."),
    Method("hellinger", _BOTH, 0.1, 0.1, hellinger, "Like Jensen-Shannon, more sensitive to rare values."),
    Method("ks", _N, 0.1, 0.1, ks, "The largest gap between the two cumulative distributions."),
    Method("wasserstein", _N, 0.1, 0.1, wasserstein, "How far values moved, in standard deviations of the reference."),
    Method("chi2", _C, 0.0, 0.0, chi2, "Chi-square of the level counts; grows with the sample."),
    Method("cramers_v", _C, 0.1, 0.1, cramers_v, "Strength of the link between level and period, 0 to 1."),
    Method("linf", _C, 0.1, 0.1, linf, "The largest change of one level's share."),
)  # fmt: skip
METHODS = {method.name: method for method in TABLE}


def cells_of(bins: Bins, p: FloatArray, q: FloatArray, sd: float = 0.0, scale: float = 0.0) -> Cells:
    """Two rows of counts on a feature's grid."""
    return Cells(
        p.astype(float), q.astype(float), bins.kind, bins.edges, bins.decile_cells, sd, scale, bins.levels
    )
