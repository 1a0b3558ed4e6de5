"""How near decisions are: mean distance over features, numbers by where they lie in the reference.

A number becomes its place among the reference's quantiles (0 to 1, by the profile's grid), so that units do not
count; a category is the same or not; missing is apart from every value. Gower's coefficient on ranks (Gower 1971).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Bins, FloatArray, IntArray, Kind


def place(bins: Bins, values: NDArray[Any]) -> FloatArray:
    """Where numbers (n,) lie in the reference, 0 to 1; categories as codes; NaN where missing."""
    if bins.kind is Kind.NUMERIC:
        numbers = np.asarray(values, np.float64)
        cells = np.searchsorted(bins.edges, numbers, side="left") / max(len(bins.edges), 1)
        return np.where(np.isnan(numbers), np.nan, cells)
    known = {level: float(i) for i, level in enumerate(bins.levels)}
    extra: dict[str, float] = {}
    codes = []
    for value in values.tolist():
        if value is None or value != value:
            codes.append(np.nan)
        else:
            text = str(value)
            codes.append(
                known[text] if text in known else extra.setdefault(text, float(len(known) + len(extra)))
            )
    return np.array(codes, np.float64)


def distances(row: FloatArray, rows: FloatArray, categorical: Sequence[bool]) -> FloatArray:
    """Mean distance (n,) of one placed decision (d,) to others (n, d): 0 is the same, 1 as far as can be."""
    if not len(row):
        return np.zeros(len(rows))
    apart = np.abs(rows - row)
    unlike = np.array(categorical, bool)
    apart[:, unlike] = (rows[:, unlike] != row[unlike]).astype(np.float64)
    gone, absent = np.isnan(rows), np.isnan(row)
    apart = np.where(gone & absent, 0.0, np.where(gone | absent, 1.0, apart))
    mean: FloatArray = apart.mean(axis=1)
    return mean


def nearest_positions(distances: FloatArray, n: int) -> IntArray:
    """Positions of the n smallest distances, nearest first."""
    order: IntArray = np.argsort(distances, kind="stable")[:n]
    return order


def neighbour_distance(
    rows: FloatArray, categorical: Sequence[bool], *, tried: int = 200, share: float = 0.95
) -> float:
    """The distance to its nearest neighbour that 95 % of decisions (n, d) stay within, from the first ``tried``."""
    if len(rows) < 2:
        return np.nan
    least = []
    for i in range(min(tried, len(rows))):
        apart = distances(rows[i], rows, categorical)
        apart[i] = np.inf
        least.append(float(apart.min()))
    return float(np.quantile(least, share))
