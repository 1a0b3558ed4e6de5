"""When two computations of the same numbers agree: to the rounding of floating point, which is no two machines'.

A sum depends on the order of its terms, and the order on the processor, on the number of threads and on how many rows
are worked on at once. So what is kept is what is hashed, and what is computed again is held against it within
``RELATIVE``, far above rounding (about 1e-15) and far below anything that is printed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from plumbline.domain.profiles import FloatArray, IntArray

#: how far apart two computations of the same number may be, relative to the largest of its row
RELATIVE = 1e-9
_DIGITS = 9


def largest_difference(first: ArrayLike, again: ArrayLike) -> float:
    """The largest difference between two computations of rows (n, d) or of one row (d,), relative to the row's largest.

    The row's largest magnitude is the scale, so that a contribution near nought is not measured by itself. Infinite
    where the shapes differ, or where one has a number that the other lacks.
    """
    a, b = (np.atleast_2d(np.asarray(x, np.float64)) for x in (first, again))
    if a.shape != b.shape:
        return float("inf")
    if not a.size:
        return 0.0
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    both = np.isfinite(a) & np.isfinite(b)
    if not (same | both).all():
        return float("inf")
    size = np.where(both, np.maximum(np.abs(a), np.abs(b)), 0.0).max(axis=1, keepdims=True)
    apart = np.where(same, 0.0, np.abs(np.where(both, a, 0.0) - np.where(both, b, 0.0)))
    return float((apart / np.where(size > 0, size, 1.0)).max())


def agree(first: ArrayLike, again: ArrayLike) -> bool:
    """Whether two computations of the same rows are the same answer: within ``RELATIVE`` of each row's largest."""
    return largest_difference(first, again) <= RELATIVE


def magnitude_order(values: Mapping[str, float]) -> list[tuple[str, float]]:
    """Names and values by magnitude, the largest first; what differs by rounding alone stands in the order of names.

    Two inputs with the same effect would else change places from one processor to the next.
    """
    largest = max((abs(value) for value in values.values()), default=0.0)
    return sorted(values.items(), key=lambda item: (-_share(item[1], largest), item[0]))


def size_order(values: FloatArray) -> IntArray:
    """Places (d,) of values (d,) by magnitude, the largest first; what differs by rounding alone keeps its order."""
    size = np.abs(values)
    largest = float(size.max(initial=0.0))
    order: IntArray = np.argsort(-np.round(size / largest, _DIGITS) if largest > 0 else size, kind="stable")
    return order


def direction(value: float, largest: float) -> int:
    """1 up, -1 down, and 0 for what is nothing but the rounding of numbers of the size ``largest``."""
    return 0 if _share(value, largest) == 0 else 1 if value > 0 else -1


def _share(value: float, largest: float) -> float:
    return round(abs(value) / largest, _DIGITS) if largest > 0 else 0.0
