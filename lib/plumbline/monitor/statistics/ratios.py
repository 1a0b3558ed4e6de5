"""Ratios of two proportions with their intervals, and what it costs to look for the extreme group first.

Katz et al. (1978, Biometrics 34): the logarithm of a ratio is about normal with variance (1-p1)/x1 + (1-p0)/x0.
Koopman (1984, Biometrics 40) inverts the score test, which holds with few events or none on either side.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

Z95 = 1.959963984540054
_GRID = np.linspace(-9.0, 9.0, 1801)
_DENSITY = np.exp(-(_GRID**2) / 2) / math.sqrt(2 * math.pi)


def katz(x1: int, n1: int, x0: int, n0: int, z: float = Z95) -> tuple[float, float, float]:
    """Ratio of two proportions x1/n1 over x0/n0 with its interval.

    Returns:
        ratio, low, high. With no event in the first group the ratio is 0 and the upper limit comes from
        adding half an event to either side.
    """
    ratio = (x1 / n1) / (x0 / n0)
    a, b, c, d = (x1, n1, x0, n0) if x1 else (x1 + 0.5, n1 + 0.5, x0 + 0.5, n0 + 0.5)
    spread = z * math.sqrt(max(1 / a - 1 / b, 0) + max(1 / c - 1 / d, 0))
    middle = (a / b) / (c / d)
    return ratio, middle * math.exp(-spread) if x1 else 0.0, middle * math.exp(spread)


def koopman(x1: int, n1: int, x0: int, n0: int, z: float = Z95) -> tuple[float, float, float]:
    """Ratio of two proportions x1/n1 over x0/n0 with Koopman's score limits.

    Returns:
        ratio, low, high; the ratio is 1 where neither side has an event, infinite where only the first has.
    """
    if x1 == x0 == 0:
        return 1.0, 0.0, math.inf
    ratio = (x1 / n1) / (x0 / n0) if x0 else math.inf
    low = 0.0 if x1 == 0 else _limit(x1, n1, x0, n0, z)
    high = math.inf if x0 == 0 else 1 / _limit(x0, n0, x1, n1, z)
    return ratio, low, high


def _limit(x1: int, n1: int, x0: int, n0: int, z: float) -> float:
    """The smallest ratio that the score test does not refuse, by bisection of its logarithm."""
    below, above = -40.0, math.log((x1 / n1) / (x0 / n0)) if x0 else 40.0
    for _ in range(60):
        middle = (below + above) / 2
        if _score(math.exp(middle), x1, n1, x0, n0) > z:
            below = middle
        else:
            above = middle
    return math.exp((below + above) / 2)


def _score(ratio: float, x1: int, n1: int, x0: int, n0: int) -> float:
    """The score statistic of a ratio: (p1 - ratio p0) over its error where the ratio is true."""
    a, b, c = (n1 + n0) * ratio, -(n1 * ratio + x1 + n0 + x0 * ratio), float(x1 + x0)
    p0 = (-b - math.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
    p1 = min(ratio * p0, 1.0)
    variance = p1 * (1 - p1) / n1 + ratio**2 * p0 * (1 - p0) / n0
    return (x1 / n1 - ratio * x0 / n0) / math.sqrt(max(variance, 1e-300))


def range_p(p: float, groups: int) -> float:
    """A two-sided p-value of two of ``groups`` groups, after the two were chosen as the farthest apart.

    The law of the range of that many equal normal means (Tukey's honest significance test; Kramer 1956 for
    unequal sizes, where it errs to the safe side: Hayter 1984, Annals of Statistics 12).
    """
    pairs = groups * (groups - 1) / 2
    if groups <= 2 or p <= 0:
        return p
    if p < 1e-7:  # the bound is sharp there
        return min(pairs * p, 1.0)
    return min(_range_tail(-float(ndtri(p / 2)), groups), pairs * p, 1.0)


@cache
def range_z(groups: int) -> float:
    """How many standard errors hold all pairs of so many groups at once in 95 of 100 samples; 1.96 for two."""
    if groups <= 2:
        return Z95
    below, above = Z95, 8.0
    for _ in range(50):
        middle = (below + above) / 2
        below, above = (middle, above) if _range_tail(middle, groups) > 0.05 else (below, middle)
    return (below + above) / 2


def _range_tail(z: float, groups: int) -> float:
    inner = (ndtr(_GRID + math.sqrt(2) * z) - ndtr(_GRID)) ** (groups - 1)
    return max(1 - groups * float(np.trapezoid(_DENSITY * inner, _GRID)), 0.0)
