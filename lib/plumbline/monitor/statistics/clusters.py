"""How often decisions count: the design effect of rows that come from the same subject, or on the same day."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, SlicedRows

#: standard errors above one within which an effect is taken for chance (one-sided 95 %)
CHANCE = 1.645
#: fewer units tell nothing of what their rows have in common
FEWEST = 5
#: neighbours that are summed, and sums that tell how they differ
BLOCKS = (25, 50, 100)
FEWEST_BLOCKS = 10


def design_effect(rows: SlicedRows) -> float:
    """The variance of a mean over that of independent rows (Kish 1965), 1 at least.

    By subject: the squares of what each subject's rows add to the distance from the mean (Liang and Zeger 1986,
    Biometrika 73). By day, where the log names no subject: the same of each slice of a day about the day and the
    slice, the middle one of all columns; so a day that is worse for everybody, which no slice is blamed for, adds
    nothing, and rows that come together do.
    """
    n = len(rows.values)
    if rows.units is None or n < 2:
        return 1.0
    units = int(rows.units.max()) + 1
    if rows.named:
        return _effect_beyond_chance(_subject_effect(rows.values, rows.units, units), units - 1)
    if units < FEWEST or not len(rows.codes):
        return 1.0
    effects_by_code = [
        _day_effect(rows.values, rows.units, units, codes.astype(np.int64)) for codes in rows.codes
    ]
    effects = sorted(effects_by_code)
    effect, freedom = effects[len(effects) // 2]
    return _effect_beyond_chance(effect, freedom)


def _effect_beyond_chance(effect: float, freedom: float) -> float:
    return effect if effect > 1 + CHANCE * np.sqrt(2 / max(freedom, 1.0)) else 1.0


def _subject_effect(values: FloatArray, unit: IntArray, units: int) -> float:
    away = values - values.mean()
    square = float(away @ away)
    return float((np.bincount(unit, away, units) ** 2).sum()) / square if square > 0 else 1.0


def _day_effect(values: FloatArray, day: IntArray, days: int, code: IntArray) -> tuple[float, float]:
    """The effect by one column's slices of a day, and its degrees of freedom."""
    width = int(code.max()) + 1
    cell = day * width + code
    rows = np.bincount(cell, minlength=days * width).reshape(days, width).astype(float)
    total = np.bincount(cell, values, days * width).reshape(days, width)
    n = rows.sum()
    mean = total.sum() / n
    of_day = total.sum(1) / np.maximum(rows.sum(1), 1)
    of_slice = total.sum(0) / np.maximum(rows.sum(0), 1)
    apart = total - rows * (of_day[:, None] + of_slice[None, :] - mean)
    within = float((values**2).sum() - (total**2 / np.maximum(rows, 1)).sum())
    cells = int((rows > 0).sum())
    freedom = max(cells - days - width + 1, 1)
    if within <= 0 or n <= cells:
        return 1.0, float(freedom)
    chance = float((rows * (1 - rows / np.maximum(rows.sum(1), 1)[:, None])).sum())
    square = within / (n - cells)  # of rows within a cell: what they have in common is not in it
    inside = float((apart**2).sum()) / max(chance, 1e-12)
    return inside / max(square, 1e-300) if square > 0 else 1.0, float(freedom)


def run_design_effect(values: FloatArray) -> float:
    """The design effect of (n,) values in order of time where nobody is named: how much more sums over ``BLOCKS``
    neighbours differ from the next ones than sums of independent values would (von Neumann 1941), 1 at least.

    From each block to the next, so that a rhythm of the day is no dependence. What few blocks tell may be too low: as
    many standard errors as take it for chance are added.
    """
    variance = float(np.var(values)) if len(values) else 0.0
    largest = 1.0
    for size in BLOCKS:
        blocks = len(values) // size
        if blocks < FEWEST_BLOCKS or variance <= 0:
            continue
        sums = values[: blocks * size].reshape(blocks, size).sum(1)
        effect = float((np.diff(sums) ** 2).mean()) / 2 / (size * variance)
        reach = CHANCE * np.sqrt(3 / blocks)  # successive differences share a block each
        if effect > 1 + reach:
            largest = max(largest, effect * (1 + reach))
    return largest


def subject_design_effect(values: FloatArray, subject: NDArray[np.uint64]) -> float:
    """The design effect of (n,) values whose subjects are known, 1 at least."""
    if len(values) < 2:
        return 1.0
    unit = np.unique(subject, return_inverse=True)[1].astype(np.int64)
    units = int(unit.max()) + 1
    return _effect_beyond_chance(_subject_effect(values, unit, units), units - 1)
