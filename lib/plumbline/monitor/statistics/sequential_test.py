"""Comparing two arms while they run: an always-valid p-value, sample ratio, and what could be seen by when.

The p-value is the mixture sequential probability ratio test of Robbins (1970) as Johari, Koomen, Pekelis and
Walsh (2017, KDD; 2022, Operations Research 70) give it for a difference of means: with the difference d and its
estimated variance V after so many decisions, and a normal prior N(0, tau^2) on the true difference,
L = sqrt(V / (V + tau^2)) exp(tau^2 d^2 / (2 V (V + tau^2))). Under no difference L is a martingale that starts at
one, so it ever reaches 1/p with probability p at most, however often one looks. It rests on the normal law of a
mean, so looking begins where both arms have enough units.

d is the difference within the looks (hours), each weighted by n0 n1 / (n0 + n1): what both arms meet at one time
cancels, and a split that is ramped up while the world moves makes no difference of its own (Simpson's paradox: Crook
et al. 2009, KDD). V counts each subject's decisions as one (delta method: Deng, Knoblich and Lu 2018, KDD); where no
subject is known it is scaled by how much more the hours differ than independent decisions would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc, fdtrc

from plumbline.domain import FloatArray, PlumblineError
from plumbline.monitor.statistics.proportions import Z

#: subjects, or decisions, that each arm needs before the normal law of its mean is relied on; of numbers, which may be
#: skewed as a share is not
LEAST = 100
LEAST_NUMBERS = 400
#: hours that both arms share before what they have in common is told from chance, and standard errors that are added
LEAST_LOOKS = 6
MARGIN = 1.28
#: of a proportion, the events and non-events each arm needs beside that
LEAST_EVENTS = 10
#: the standard normal's 80 % quantile: the power at which a difference counts as one that would be seen
POWER = 0.8416212335729143
#: a ratio of arms is called a mismatch from here (Fabijan et al. 2019, KDD)
MISMATCH = 0.0005


@dataclass(frozen=True, slots=True)
class ArmSums:
    """Count, sum and sum of squares of one quantity, (looks, 2) or (2,): the arm before, the arm beside it.

    Where a subject is known: ``subjects`` (looks, 2), how many were first seen in each arm, and ``spread`` (looks,), by
    how much each look adds to the sum over subjects of their squared part in the score (see ``scores``).
    """

    n: FloatArray
    total: FloatArray
    squares: FloatArray
    subjects: FloatArray | None = None
    spread: FloatArray | None = None

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

    def cumulate(self) -> ArmSums:
        """Running sums over the looks."""
        return ArmSums(*(None if x is None else x.cumsum(0) for x in self._parts()))  # type: ignore[arg-type]

    def sum_looks(self) -> ArmSums:
        """All looks together, (2,)."""
        return ArmSums(*(None if x is None else x.sum(0) for x in self._parts()))  # type: ignore[arg-type]

    def _parts(self) -> tuple[FloatArray | None, ...]:
        return self.n, self.total, self.squares, self.subjects, self.spread


def difference_by_look(looks: ArmSums) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The difference of means within the looks so far, its variance, and how often decisions count, (looks,) each.

    The variance is that of the cumulated arms; times the last, which is above one where decisions of one subject, or
    without a subject of one hour, have something in common.
    """
    so_far = looks.cumulate()
    both = np.maximum(looks.n.sum(1), 1.0)
    weight = looks.n.prod(1) / both
    score = (looks.n[:, 0] * looks.total[:, 1] - looks.n[:, 1] * looks.total[:, 0]) / both
    part = (
        looks.n * (looks.n[:, ::-1] / both[:, None]) ** 2
    )  # rows of each arm, by the squared share of the other
    spread = (part.cumsum(0) * np.nan_to_num(so_far.variance)).sum(1)
    weights = weight.cumsum()
    d = np.divide(score.cumsum(), weights, out=np.zeros(len(weight)), where=weights > 0)
    if looks.spread is not None:
        information = looks.spread.cumsum()
    else:
        shared = (weight > 0).cumsum()
        # what is left of each hour about the difference so far: sum of (score - d weight)^2
        information = (score**2).cumsum() - 2 * d * (score * weight).cumsum() + d**2 * (weight**2).cumsum()
        information = np.where(
            shared >= LEAST_LOOKS, information * (1 + MARGIN * np.sqrt(2 / np.maximum(shared, 1))), 0.0
        )
    times = np.divide(information, spread, out=np.ones(len(information)), where=spread > 0)
    v = np.divide(spread, weights**2, out=np.zeros(len(information)), where=weights > 0)
    return d, v, np.maximum(times, 1.0)


def always_valid(looks: ArmSums, tau: float, *, proportion: bool) -> FloatArray:
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
    so_far = looks.cumulate()
    units = so_far.n if so_far.subjects is None else np.minimum(so_far.n, so_far.subjects)
    enough = (units >= (LEAST if proportion else LEAST_NUMBERS)).all(1)
    if looks.spread is None:
        enough &= (looks.n > 0).all(1).cumsum() >= LEAST_LOOKS
    d, v, times = difference_by_look(looks)
    if proportion:
        apart = LEAST_EVENTS * times[:, None]
        enough &= (so_far.total >= apart).all(1) & (so_far.n - so_far.total >= apart).all(1)
    v = v * times
    enough &= np.nan_to_num(v) > 0
    v, d = np.where(enough, v, 1.0), np.where(enough, d, 0.0)
    log_ratio = 0.5 * np.log(v / (v + tau**2)) + tau**2 * d**2 / (2 * v * (v + tau**2))
    log_ratio = np.where(enough, np.maximum(log_ratio, 0.0), 0.0)
    return np.asarray(np.exp(-np.maximum.accumulate(log_ratio))) if len(v) else np.empty(0)


def detectable_difference(total: ArmSums, times: float = 1.0) -> float | None:
    """The smallest true difference that a test at 5 % would have seen four times in five, in the unit's own.

    (z(97.5 %) + z(80 %)) standard errors of the difference; None while an arm is too small to say.

    Args:
        times: how often decisions count, as ``difference_by_look`` says: the variance is so many times that of rows.
    """
    se = standard_error(total)
    return None if se is None else (Z + POWER) * se * times**0.5


def standard_error(total: ArmSums) -> float | None:
    """Of the difference of the two means; None below two values or without any spread."""
    if (total.n < 2).any():
        return None
    v = float((total.variance / total.n).sum())
    return v**0.5 if v > 0 else None


def time_to_detect(total: ArmSums, elapsed: float, matters: float, times: float = 1.0) -> float | None:
    """How much longer the arms have to run to see a difference of ``matters``, in the unit of ``elapsed``.

    The variance of a difference falls with time where traffic and split stay as they are; 0 where it is
    seen already, None while nothing can be said.
    """
    seen = detectable_difference(total, times)
    if seen is None or matters <= 0 or elapsed <= 0:
        return None
    return max(elapsed * ((seen / matters) ** 2 - 1), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """Whether decisions were dealt to the arms as intended.

    ``share``: of the second arm; ``intended``: what it should be, None where nobody said and it is no even
    split; ``p``: that chance departs from it as far; ``steady_p``: that the share was the same all along. ``unit``:
    what was counted, ``subjects`` or ``decisions``.
    """

    share: float
    intended: float | None
    p: float | None
    steady_p: float | None
    unit: str = "decisions"

    @property
    def status(self) -> Literal["ok", "breach", "unknown"]:
        """``breach`` where the split is not what was intended, or moved while the arms ran."""
        tested = [p for p in (self.p, self.steady_p) if p is not None]
        if any(p < MISMATCH for p in tested):
            return "breach"
        return "unknown" if self.p is None else "ok"


def sample_ratio(
    n: FloatArray, intended: float | None, *, independent: bool = True, unit: str = "decisions"
) -> SampleRatio:
    """Test the split of what was dealt, (blocks of time, 2), against the intended share of the second arm.

    Pearson's chi-square; blocks with an expectation under 5 are left out of the test of steadiness. Without a
    stated intention a share from 40 to 60 % is held against an even split, and any other against nothing.

    Args:
        independent: whether each was dealt by itself, as subjects are. Decisions of subjects that nobody names are
            not: their blocks differ by more than chance, so chance is judged by how much they do (quasi-likelihood:
            McCullagh and Nelder 1989, 4.5), and what moved by the plainest single step.
        unit: what was counted.
    """
    both = n.sum(0)
    everyone = float(both.sum())
    share = float(both[1] / everyone) if everyone else 0.0
    if intended is None and 0.4 <= share <= 0.6:
        intended = 0.5
    part = n[(n.sum(1, keepdims=True) * np.array([1 - share, share]) >= 5).all(1)] if 0 < share < 1 else n[:0]
    apart = _pearson(part) if len(part) >= 2 else 0.0
    p = None
    if intended is not None and 0 < intended < 1 and everyone:
        expected = everyone * np.array([1 - intended, intended])
        p = _chance(1, float(((both - expected) ** 2 / expected).sum()), apart, len(part) - 1, independent)
    steady = None
    if len(part) >= 2:
        steady = float(chdtrc(len(part) - 1, apart)) if independent else _step_p_value(part, apart)
    return SampleRatio(share=share, intended=intended, p=p, steady_p=steady, unit=unit)


def _chance(freedom: int, statistic: float, apart: float, blocks: int, independent: bool) -> float:
    """P that chance gives as much: chi-square, or F where blocks that are ``apart`` tell how much chance there is."""
    if independent:
        return float(chdtrc(freedom, statistic))
    if blocks < 1:
        return 1.0
    return float(fdtrc(freedom, blocks, statistic / freedom / max(apart / blocks, 1.0)))


def _step_p_value(part: FloatArray, apart: float) -> float | None:
    """P that chance alone gives a step of the share as plain as the plainest one, Bonferroni over all places."""
    spare = len(part) - 2
    if spare < 1:
        return None
    steps = [_pearson(np.stack([part[:i].sum(0), part[i:].sum(0)])) for i in range(1, len(part))]
    plainest = max(steps)
    return min(_chance(1, plainest, apart - plainest, spare, False) * len(steps), 1.0)


def _pearson(n: FloatArray) -> float:
    """Pearson's chi-square that rows of (blocks, 2) share one split."""
    within = n.sum(1, keepdims=True) * (n.sum(0) / n.sum())
    return float(((n - within) ** 2 / np.maximum(within, 1e-12)).sum())
