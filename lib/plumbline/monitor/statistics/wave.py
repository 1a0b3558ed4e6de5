"""Whether the levels of days move as a season does, smoothly over a year, or from one day to the next.

Two shapes are fitted to the same days by weighted least squares: a wave of one year with a free phase (or a slope that
begins on any day and lasts four weeks at least), and one step on any day. Errors are put in units of what neighbouring
days differ by (von Neumann 1941), which a smooth change leaves alone. A step is surer where it explains more by the
95 % point of chi-square with one degree of freedom, or where it adds to the better smooth shape
what the best of some hundred days adds by chance in under one series of a hundred.
"""

from __future__ import annotations

import numpy as np

from plumbline.domain import FloatArray, IntArray

#: days of a year, over which a slope grows at least, and that a step needs on its far side
YEAR, CREEP, FAR = 364.0, 28, 2
#: how much more of the squared error a step alone has to explain, and how much a step beside the wave
SURER, ADDS = 3.84, 15.0


def is_gradual(level: FloatArray, weight: FloatArray, day: IntArray, end: int) -> bool:
    """Whether levels moved as a season moves them rather than by a step after the reference.

    Args:
        level, weight: (n,) of each day its level and the decisions that it is of, all above 0.
        day: (n,) days since the reference's first, ascending.
        end: the first day after the reference.

    Returns:
        False where there are fewer days than the fit has constants, or none before or after ``end``.
    """
    if len(level) < 8 or day[0] >= end or day[-1] < end:
        return False
    apart = np.diff(level) ** 2 / (1 / weight[1:] + 1 / weight[:-1])
    unit = float(apart.mean())
    if unit <= 0:
        return False
    root = np.sqrt(weight / unit)
    angle = 2 * np.pi * day / YEAR
    flat = np.ones((len(level), 1))
    wave = np.column_stack([flat, np.cos(angle), np.sin(angle)])
    last = int(day[-1])
    steps = (day[:, None] >= np.arange(end, max(last + 2 - FAR, end + 1))).astype(float)
    slopes = np.maximum(day[:, None] - np.arange(0.0, max(last + 2 - CREEP, 1), 3), 0.0)
    slope = np.column_stack([flat, slopes[:, int(np.argmax(_error_reduction(level, root, flat, slopes)))]])
    left = {name: _squared_error(level, root, base) for name, base in (("wave", wave), ("slope", slope))}
    smooth = wave if left["wave"] < left["slope"] else slope
    step = _squared_error(level, root, flat) - float(_error_reduction(level, root, flat, steps).max())
    beside = float(_error_reduction(level, root, smooth, steps).max())
    return min(left.values()) <= step + SURER and beside <= ADDS


def _residuals(values: FloatArray, root: FloatArray, base: FloatArray) -> FloatArray:
    """What the base leaves of values (n, any), weighted."""
    q, _ = np.linalg.qr(base * root[:, None])
    weighted = values * root[:, None]
    return np.asarray(weighted - q @ (q.T @ weighted))


def _squared_error(level: FloatArray, root: FloatArray, base: FloatArray) -> float:
    return float(np.sum(_residuals(level[:, None], root, base) ** 2))


def _error_reduction(level: FloatArray, root: FloatArray, base: FloatArray, shapes: FloatArray) -> FloatArray:
    """By how much each of shapes (n, k) lowers the squared error that the base leaves, (k,)."""
    left, beside = _residuals(level[:, None], root, base)[:, 0], _residuals(shapes, root, base)
    size = np.sum(beside**2, axis=0)
    known = size > 1e-9 * np.sum((shapes * root[:, None]) ** 2, axis=0)
    return np.where(known, (left @ beside) ** 2 / np.where(known, size, 1.0), 0.0)
