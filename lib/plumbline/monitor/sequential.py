"""Comparing two arms while they run: an always-valid p-value, sample ratio, and what could be seen by when.

The p-value is the mixture sequential probability ratio test of Robbins (1970) as Johari, Koomen, Pekelis and
Walsh (2017, KDD; 2022, Operations Research 70) give it for a difference of means: with the difference d and its
estimated variance V after so many decisions, and a normal prior N(0, tau^2) on the true difference,
L = sqrt(V / (V + tau^2)) exp(tau^2 d^2 / (2 V (V + tau^2))). Under no difference L is a martingale that starts at
one, so it ever reaches 1/p with probability p at most, however often one looks. It rests on the normal law of a
mean, so looking begins where both arms have ``LEAST`` decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from plumbline.domain import FloatArray, PlumblineError
from plumbline.monitor.intervals import Z

#: decisions each arm needs before the normal law of its mean is relied on
LEAST = 100
#: of a proportion, the events and non-events each arm needs beside that
LEAST_EVENTS = 10
#: the standard normal's 80 % quantile: the power at which a difference counts as one that would be seen
POWER = 0.8416212335729143
#: a ratio of arms is called a mismatch from here (Fabijan et al. 2019, KDD)
MISMATCH = 0.0005


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, sum and sum of squares of one quantity, (looks, 2) or (2,): the arm before, the arm beside it."""

    n: FloatArray
    total: FloatArray
    squares: FloatArray

    @property
    def mean(self) -> FloatArray:
        """NaN where there is nothing."""
        return np.asarray(
            np.divide(self.total, self.n, out=np.full(self.n.shape, np.nan), where=self.n > 0), dtype=float
        )

    @property
    def variance(self) -> FloatArray:
        """The sample variance, NaN below two values."""
        spare = np.maximum(self.squares - self.n * np.nan_to_num(self.mean) ** 2, 0.0)
        return np.asarray(
            np.divide(spare, self.n - 1, out=np.full(self.n.shape, np.nan), where=self.n > 1), dtype=float
        )

    def cumulated(self) -> Moments:
        """Running sums over the looks."""
        return Moments(self.n.cumsum(0), self.total.cumsum(0), self.squares.cumsum(0))

    def summed(self) -> Moments:
        """All looks together, (2,)."""
        return Moments(self.n.sum(0), self.total.sum(0), self.squares.sum(0))


def always_valid(looks: Moments, tau: float, *, proportion: bool) -> FloatArray:
    """The always-valid p-value after each look, (looks,): never rising, 1 until there is enough to look at.

    Args:
        looks: moments *of* each look, (looks, 2), in order of time.
        tau: the standard deviation of the true difference that the test is tuned to, in the quantity's unit;
            it has to be settled before looking.
        proportion: whether the quantity is 0 or 1.

    Raises:
        PlumblineError: tau is not positive.
    """
    if not tau > 0:
        raise PlumblineError("The difference that a sequential test is tuned to has to be positive")
    so_far = looks.cumulated()
    enough = (so_far.n >= LEAST).all(1)
    if proportion:
        enough &= (so_far.total >= LEAST_EVENTS).all(1) & (so_far.n - so_far.total >= LEAST_EVENTS).all(1)
    v = (so_far.variance / np.maximum(so_far.n, 1)).sum(1)
    enough &= np.nan_to_num(v) > 0
    d = so_far.mean[:, 1] - so_far.mean[:, 0]
    v, d = np.where(enough, v, 1.0), np.where(enough, d, 0.0)
    log_ratio = 0.5 * np.log(v / (v + tau**2)) + tau**2 * d**2 / (2 * v * (v + tau**2))
    log_ratio = np.where(enough, np.maximum(log_ratio, 0.0), 0.0)
    return np.asarray(np.exp(-np.maximum.accumulate(log_ratio))) if len(v) else np.empty(0)


def detectable(total: Moments) -> float | None:
    """The smallest true difference that a test at 5 % would have seen four times in five, in the unit's own.

    (z(97.5 %) + z(80 %)) standard errors of the difference; None while an arm is too small to say.
    """
    se = standard_error(total)
    return None if se is None else (Z + POWER) * se


def standard_error(total: Moments) -> float | None:
    """Of the difference of the two means; None below two values or without any spread."""
    if (total.n < 2).any():
        return None
    v = float((total.variance / total.n).sum())
    return v**0.5 if v > 0 else None


def more_time(total: Moments, elapsed: float, matters: float) -> float | None:
    """How much longer the arms have to run to see a difference of ``matters``, in the unit of ``elapsed``.

    The variance of a difference falls with time where traffic and split stay as they are; 0 where it is
    seen already, None while nothing can be said.
    """
    seen = detectable(total)
    if seen is None or matters <= 0 or elapsed <= 0:
        return None
    return max(elapsed * ((seen / matters) ** 2 - 1), 0.0)


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether decisions were dealt to the arms as intended.

    ``share``: of the second arm; ``intended``: what it should be, None where nobody said and it is no even
    split; ``p``: chi-square against it; ``steady_p``: chi-square that the share was the same all along.
    """

    share: float
    intended: float | None
    p: float | None
    steady_p: float | None

    @property
    def status(self) -> Literal["ok", "breach", "unknown"]:
        """``breach`` where the split is not what was intended, or moved while the arms ran."""
        tested = [p for p in (self.p, self.steady_p) if p is not None]
        if any(p < MISMATCH for p in tested):
            return "breach"
        return "unknown" if self.p is None else "ok"


def sample_ratio(n: FloatArray, intended: float | None) -> SampleRatio:
    """Test the split of decisions, (blocks of time, 2), against the intended share of the second arm.

    Pearson's chi-square; blocks with an expectation under 5 are left out of the test of steadiness. Without a
    stated intention a share from 40 to 60 % is held against an even split, and any other against nothing.
    """
    both = n.sum(0)
    everyone = float(both.sum())
    share = float(both[1] / everyone) if everyone else 0.0
    if intended is None and 0.4 <= share <= 0.6:
        intended = 0.5
    p = None
    if intended is not None and 0 < intended < 1 and everyone:
        expected = everyone * np.array([1 - intended, intended])
        p = float(chdtrc(1, ((both - expected) ** 2 / expected).sum()))
    steady = None
    if 0 < share < 1:
        expected_blocks = n.sum(1, keepdims=True) * np.array([1 - share, share])
        usable = (expected_blocks >= 5).all(1)
        if usable.sum() >= 2:
            part = n[usable]
            within = part.sum(1, keepdims=True) * (part.sum(0) / part.sum())
            statistic = ((part - within) ** 2 / np.maximum(within, 1e-12)).sum()
            steady = float(chdtrc(int(usable.sum()) - 1, statistic))
    return SampleRatio(share, intended, p, steady)
