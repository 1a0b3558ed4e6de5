"""The law that a distance follows where nothing changed, with what few weeks cannot know of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc

from plumbline.domain import FloatArray
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.wording.quantities import decimal

#: degrees of freedom from which a dispersion is as good as known
KNOWN = 1e6
#: spread from which a reader is told that the reference's own weeks differ
WANDERS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NullDistribution:
    """What chance does to Pearson's statistic of a sample beside the reference.

    ``spread``: times of what independent decisions would have; ``share``: of the statistic's degrees of freedom, how
    many are at work (fewer where weeks differ in one direction); ``freedom``: of the estimate of ``spread``, infinite
    where nothing was there to estimate from; ``weeks``: of the reference, that it was estimated from, 0 where days had
    to do; ``kept``: how much a week keeps of the one before;
    ``directions``: in which its weeks differ; ``level``: the same of a number's level alone, by its rank.
    """

    spread: float = 1.0
    share: float = 1.0
    freedom: float = math.inf
    weeks: int = 0
    kept: float = 0.0
    directions: float = 1.0
    level: NullDistribution | None = None

    def week_dispersion(self, weeks: int) -> float:
        """Times of one week's that the dispersion of so many weeks running is, as one sample."""
        lags = np.arange(1, weeks)
        return float(1 + 2 * np.sum((1 - lags / weeks) * self.kept**lags))

    @property
    def note(self) -> Message:
        """What a reader has to know of it; empty where weeks enough are about as much alike as chance has them."""
        if math.isfinite(self.freedom) and self.weeks and self.spread < WANDERS:
            return NOTHING
        if not self.weeks:
            return message(
                "The reference holds under four whole weeks: how far its weeks differ is not known from them."
            )
        return message(
            "The reference's own weeks differ {times} times as much as independent decisions would: "
            "a shift of that size cannot be told from them.",
            times=decimal(self.spread, ".1f"),
        )

    def chance(self, statistic: FloatArray, freedom: FloatArray) -> FloatArray:
        """P(at least this), (k,), of a statistic over ``spread`` with so many nominal degrees of freedom (k,).

        The F law of an estimated dispersion (McCullagh and Nelder 1989, 4.5; Venables and Ripley 2002, 7.5), its
        numerator's degrees of freedom as Rao and Scott (1984) correct them to the second order.
        """
        freedom_floor, value = np.maximum(freedom, 1.0), np.maximum(statistic, 0.0)
        used = np.maximum(freedom_floor * self.share, 1.0)
        value = value / freedom_floor
        p = chdtrc(used, value * used) if self.freedom >= KNOWN else fdtrc(used, self.freedom, value)
        return np.where(freedom > 0, p, 1.0)


def cauchy(*p_values: FloatArray) -> FloatArray:
    """p-values of tests that depend on each other in any way, joined (Liu and Xie 2020, JASA 115)."""
    p = np.clip(np.array(p_values), 1e-300, 1 - 1e-9)
    tail = np.where(p < 1e-9, 1 / (np.pi * p), np.tan((0.5 - p) * np.pi)).mean(axis=0)
    far = tail > 1e9
    return np.where(far, 1 / (np.pi * np.where(far, tail, 1.0)), 0.5 - np.arctan(tail) / np.pi)


INDEPENDENT = NullDistribution()
