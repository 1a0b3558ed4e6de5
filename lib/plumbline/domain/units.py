"""Numbers whose squares have no number, as a log may hold them: taken in a unit in which they have."""

from __future__ import annotations

import numpy as np

from plumbline.domain.profiles import FloatArray


def to_unit(x: FloatArray) -> tuple[FloatArray, float]:
    """Values in a unit in which their squares are numbers, and that unit: a power of two, so that nothing is rounded.

    Nothing is known of values of which one is no number: zeros, and NaN.
    """
    most = float(np.abs(x).max(initial=0.0))
    if not np.isfinite(most):
        return np.zeros(len(x)), np.nan
    unit = float(np.ldexp(1.0, int(np.frexp(most)[1]) - 1)) if most > 0 else 1.0
    return x / unit, unit


def deviation(x: FloatArray, spared: int = 0) -> float:
    """Standard deviation of finite values, ``spared`` fewer than they are in its denominator; 0 of none."""
    held, unit = to_unit(x)
    return unit * float(held.std(ddof=spared)) if len(held) > spared else 0.0
