"""A proportion, the difference of two independent ones, or of two means, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from plumbline.domain import FloatArray

#: the standard normal's 97.5 % quantile
Z = 1.959963984540054


def wilson(hits: FloatArray, n: FloatArray, z: float = Z) -> tuple[FloatArray, FloatArray]:
    """Score interval of a proportion (Wilson 1927); (0, 1) where n is 0."""
    n1 = np.maximum(n, 1e-12)
    p = hits / n1
    centre = (p + z**2 / (2 * n1)) / (1 + z**2 / n1)
    half = z / (1 + z**2 / n1) * np.sqrt(p * (1 - p) / n1 + z**2 / (4 * n1**2))
    low, high = np.where(n > 0, centre - half, 0.0), np.where(n > 0, centre + half, 1.0)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``value`` = ``after`` - ``before`` (shares 0 to 1, or means) with its 95 % interval, over n rows each."""

    before: float
    after: float
    value: float
    low: float
    high: float
    n_before: int
    n_after: int

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def difference(
    hits_before: int, n_before: int, hits_after: int, n_after: int, z: float = Z
) -> Difference | None:
    """Hybrid score interval of Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; ``z``: its width.

    None where either side has no rows.
    """
    if n_before <= 0 or n_after <= 0:
        return None
    lows, highs = wilson(np.array([hits_before, hits_after], float), np.array([n_before, n_after], float), z)
    before, after = hits_before / n_before, hits_after / n_after
    value = after - before
    down = float(np.hypot(after - lows[1], highs[0] - before))
    up = float(np.hypot(highs[1] - after, before - lows[0]))
    return Difference(
        before=before,
        after=after,
        value=value,
        low=max(-1.0, value - down),
        high=min(1.0, value + up),
        n_before=n_before,
        n_after=n_after,
    )


def mean_difference(
    n: Sequence[float], total: Sequence[float], squares: Sequence[float]
) -> Difference | None:
    """The difference of two means, after less before, with Welch's interval (1947, Biometrika 34).

    Args:
        n, total, squares: count, sum and sum of squares of the values before and after.

    Returns:
        ``before`` and ``after`` are means in the values' own unit. None where a side has under two values.
    """
    if min(n) < 2:
        return None
    means = [total[i] / n[i] for i in (0, 1)]
    parts = [max(squares[i] - n[i] * means[i] ** 2, 0.0) / (n[i] - 1) / n[i] for i in (0, 1)]
    variance = sum(parts)
    spread = 0.0
    if variance > 0:
        freedom = variance**2 / sum(parts[i] ** 2 / (n[i] - 1) for i in (0, 1))
        spread = float(stdtrit(freedom, 0.975)) * variance**0.5
    value = means[1] - means[0]
    return Difference(
        before=means[0],
        after=means[1],
        value=value,
        low=value - spread,
        high=value + spread,
        n_before=int(n[0]),
        n_after=int(n[1]),
    )
