"""How far samples of one source lie apart by chance: what the reference's own weeks say of it.

Decisions repeat each other, weekdays differ and levels wander, so chance is larger than counts of independent
decisions suggest, and it is larger in some directions than in others. Both are read from how the reference's own
weeks lie apart, with what a few weeks cannot know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, fdtrc, polygamma, psi

from plumbline.domain import FeatureProfile, FloatArray, IntArray, Kind
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.chunks import day_array, sum_by
from plumbline.monitor.statistics.null_distribution import KNOWN, NullDistribution

FEWEST = 30  # values of a window below which nothing is judged
FEWEST_WEEKS = 4
#: chance below which a feature's own dispersion is not of the family of the others'
APART = 0.05
#: directions that may hide behind one another: what a few weeks say of a spread in many directions is divided by it
HIDDEN = 6.0


def laws(
    profiles: Sequence[FeatureProfile], rows: Sequence[NDArray[np.bool_]], *, by: str = "week"
) -> tuple[NullDistribution, ...]:
    """One law a feature, from the days ``rows`` of each profile: own dispersion, steadied by that of the others."""
    return shrink_dispersion(
        [null_distribution(p, held, by=by) for p, held in zip(profiles, rows, strict=True)]
    )


def null_distribution(
    profile: FeatureProfile, rows: NDArray[np.bool_], *, by: str = "week"
) -> NullDistribution:
    """The law of one feature's samples from how its weeks (or days) differ among the days ``rows`` of its profile.

    Pearson's chi-square of weeks by cells over its degrees of freedom is the spread (McCullagh and Nelder 1989, 4.5).
    Of the covariance of the weeks' residuals the squared trace over the trace of the square says how many directions
    chance has (Satterthwaite 1946), the latter without the bias of few weeks (Bai and Saranadasa 1996).
    """
    days_of_rows = day_array(profile.days)[rows]
    if not len(days_of_rows):
        return NullDistribution()
    place = (days_of_rows - days_of_rows.min()).astype(np.int64)
    width = 7 if by == "week" else 1
    whole = (int(place.max()) + 1) // width
    weekly = _block_counts(profile, rows, place // width, whole)
    distribution = _law_of_blocks(weekly)
    if by == "day" or (distribution is not None and len(weekly) >= FEWEST_WEEKS):
        base = replace(distribution or NullDistribution(), weeks=len(weekly))
        return replace(base, level=_law_of_level(profile, weekly))
    daily = _block_counts(profile, rows, place, int(place.max()) + 1, least=1)
    return replace(
        _law_of_blocks(daily, running=True) or NullDistribution(),
        level=_law_of_level(profile, daily, running=True),
    )


def daily_laws(
    profiles: Sequence[FeatureProfile], rows: Sequence[NDArray[np.bool_]], *, by: str = "week"
) -> tuple[NullDistribution, ...]:
    """One law a feature of seven days running, from how its days differ: many blocks where a reference has few weeks.

    What days keep of the day before widens it, so it holds for what comes again within days, not for what a week
    hides from its days. ``by`` is as for ``laws``, and makes no difference.
    """
    laws = []
    for profile, mask in zip(profiles, rows, strict=True):
        days_of_rows = day_array(profile.days)[mask]
        place = (
            (days_of_rows - days_of_rows.min()).astype(np.int64)
            if len(days_of_rows)
            else np.zeros(0, np.int64)
        )
        daily = _block_counts(profile, mask, place, int(place.max(initial=-1)) + 1, least=1)
        laws.append(_law_of_blocks(daily, running=True) or NullDistribution())
    return shrink_dispersion(laws)


def _block_counts(
    profile: FeatureProfile, rows: NDArray[np.bool_], block: IntArray, n: int, least: int = FEWEST
) -> FloatArray:
    """Counts of each whole block of days by decile or level, of those blocks that hold enough."""
    inside = block < n
    if not inside.any():
        return np.zeros((0, 1))
    summed = sum_by(block[inside], n, profile.counts[rows][inside]).astype(float)
    counts = binned_counts(profile.bins, summed[0], summed).coarse_counts[1]
    counts = counts[counts.sum(axis=1) >= least]
    present: FloatArray = counts[:, counts.sum(axis=0) > 0] if len(counts) else counts
    return present


def _law_of_blocks(counts: FloatArray, *, running: bool = False) -> NullDistribution | None:
    """The law from (blocks, cells); ``running``: of seven blocks' sum, blocks keeping part of the one before."""
    if len(counts) < 3 or counts.shape[1] < 2:
        return None
    due = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return _law_of_residuals((counts - due) / np.sqrt(due), counts.shape[1] - 1, running=running)


def _law_of_level(
    profile: FeatureProfile, counts: FloatArray, *, running: bool = False
) -> NullDistribution | None:
    """The law of a number's level, as the mean rank of its deciles, from (blocks, cells)."""
    if profile.bins.kind is not Kind.NUMERIC or len(counts) < 3 or counts.shape[1] < 2:
        return None
    share = counts.sum(axis=0) / counts.sum()
    rank = np.cumsum(share) - share / 2
    sizes = counts.sum(axis=1)
    spread = math.sqrt(float(share @ rank**2) - float(share @ rank) ** 2)
    left = np.sqrt(sizes) * (counts @ rank / sizes - share @ rank) / max(spread, 1e-300)
    return _law_of_residuals(left[:, None], 1, running=running)


def _law_of_residuals(left: FloatArray, cells: int, *, running: bool) -> NullDistribution:
    """The law from standardised residuals (blocks, any), which have so many degrees of freedom a block."""
    blocks = len(left) - 1
    trace = float(np.sum(left**2)) / blocks
    square = float(np.sum((left @ left.T) ** 2)) / blocks**2
    square = blocks**2 / ((blocks - 1) * (blocks + 2)) * (square - trace**2 / blocks)
    used = min(max(trace**2 / square, 1.0), cells) if square > 0 else float(cells)
    spread, freedom = trace / cells, blocks * used
    correlation = _autocorrelation(left)
    if running:
        spread *= (1 + correlation) / (1 - correlation)
    else:
        long = min((1 + correlation) / (1 - correlation) / len(left), 0.5)
        spread *= (1 + long) / (1 - long) * blocks / (blocks + 2)
    freedom = max(freedom * (1 - correlation**2) / (1 + correlation**2), 1.0)
    return NullDistribution(
        spread=spread,
        share=used / cells,
        freedom=freedom,
        kept=0.0 if running else correlation,
        directions=used,
    )


def _autocorrelation(left: FloatArray) -> float:
    """How much a block keeps of the one before, in the directions in which blocks differ most; 0 to 0.8.

    Few blocks show too little of it: the bias of a first autocorrelation is added back (Kendall 1954).
    """
    gram = left @ left.T
    square = gram @ gram
    kept_share = float(np.sum(np.diag(square, 1)) / np.trace(square)) if np.trace(square) > 0 else 0.0
    return min(max(kept_share + (1 + 3 * max(kept_share, 0.0)) / len(left), 0.0), 0.8)


def shrink_dispersion(laws: Sequence[NullDistribution]) -> tuple[NullDistribution, ...]:
    """Each feature's spread drawn to that of all, as far as they are alike; never below 1.

    A few weeks say little of one feature's dispersion; repeated decisions raise all features' alike. Variances of a
    family are steadied by empirical Bayes (Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3; for dispersions Lund et al.
    2012, same journal 11): log spreads beyond their own sampling error tell how far the family's true ones differ. One
    that is plainly larger than the family's keeps its own spread and its own few degrees of freedom (Phipson et al.
    2016, Ann. Appl. Stat. 10).
    """
    level = [law.level for law in laws if law.level is not None]
    if level:
        at = iter(_shrink_spreads(level))
        return tuple(
            law if before.level is None else replace(law, level=next(at))
            for before, law in zip(laws, _shrink_spreads(laws), strict=True)
        )
    return _shrink_spreads(laws)


def _shrink_spreads(laws: Sequence[NullDistribution]) -> tuple[NullDistribution, ...]:
    distributions = [law for law in laws if math.isfinite(law.freedom) and law.spread > 0]
    common, freedom = _family([(law.spread, law.freedom) for law in distributions])
    steadied = []
    for law in laws:
        if not math.isfinite(law.freedom) or law.spread <= 0:
            steadied.append(replace(law, spread=max(law.spread, 1.0)))
            continue
        apart = fdtrc(law.freedom, freedom, law.spread / common) if freedom else 0.0
        if apart < APART:
            steadied.append(replace(law, spread=max(law.spread, 1.0), freedom=_effective_freedom(law)))
            continue
        both = _effective_freedom(law) + freedom
        spread = (law.freedom * law.spread + freedom * common) / (law.freedom + freedom)
        steadied.append(replace(law, spread=max(spread, law.spread, 1.0), freedom=both))
    return tuple(steadied)


def _effective_freedom(law: NullDistribution) -> float:
    """Degrees of freedom that a feature's own weeks are worth for the one direction in which it may move.

    A level that wanders does so in one direction, and a few weeks of many directions can miss it.
    """
    return max(law.freedom / min(max(law.directions, 1.0), HIDDEN), 1.0)


def _family(spreads: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The family's spread and its worth in degrees of freedom: Smyth's fit to the log spreads, odd ones left out."""
    if len(spreads) < 3:
        return 1.0, 0.0
    spread, freedom = (np.array(side) for side in zip(*spreads, strict=True))
    among = chdtrc(freedom, freedom * spread / np.median(spread)) >= APART / len(spreads)
    if among.sum() < 3:
        return 1.0, 0.0
    spread, freedom = spread[among], freedom[among]
    log = np.log(spread) - psi(freedom / 2) + np.log(freedom / 2)
    sampled = float(np.mean(polygamma(1, freedom / 2)))
    middle, beyond = float(log.mean()), float(np.var(log, ddof=1)) - sampled
    beyond = max(beyond, 0.0) + sampled * math.sqrt(
        2 / (len(log) - 1)
    )  # by as much as a few features may miss it
    prior = 2 * brentq(lambda half: float(polygamma(1, half)) - beyond, 1e-3, KNOWN)
    return math.exp(middle + float(psi(prior / 2)) - math.log(prior / 2)), prior
