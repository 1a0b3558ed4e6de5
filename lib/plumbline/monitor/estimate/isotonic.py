"""Calibration of scores by isotonic regression, which must prove itself on days that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, IntArray, score_middles
from plumbline.monitor.chunks import Days, sum_by
from plumbline.monitor.metrics.counts import Counts
from plumbline.monitor.metrics.status import Mask

#: folds, of whole days, in which a calibration must prove itself
FOLDS = 5

Calibration = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Curves:
    """P(positive) of each cell by curves of calibration.

    ``used`` (curves, S) and the one of each group, ``of`` (groups,); ``others``: those without a fold of the
    reference's days each, and last the one by all of them; empty where there are no two folds.
    """

    used: FloatArray
    of: IntArray
    others: FloatArray


def assign_folds(days: Days, mask: Mask) -> tuple[IntArray, int]:
    """The fold of each group of the reference, -1 elsewhere, and how many there are: whole days are dealt in turn."""
    unique, place = np.unique(days[mask], return_inverse=True)
    folds = min(FOLDS, len(unique))
    fold = np.full(len(mask), -1, dtype=np.int64)
    fold[mask] = place % max(folds, 1)
    return fold, folds


def isotonic(cells: FloatArray) -> Calibration:
    """Isotonic regression of truth on score from counts (2, S); linear between scores seen, flat beyond."""
    from scipy.optimize import isotonic_regression

    n, x = cells.sum(0), score_middles(cells.shape[1])
    occupied = n > 0
    fitted = isotonic_regression(cells[1][occupied] / n[occupied], weights=n[occupied]).x
    return lambda score: np.asarray(np.interp(score, x[occupied], fitted))


def squared_error(cells: FloatArray, p: FloatArray) -> float:
    return float((cells[1] * (1 - p) ** 2 + cells[0] * p**2).sum())


def calibration_curves(counts: Counts, mask: Mask, days: Days) -> Curves:
    """P(positive) of each cell for each group.

    Cross-fitted: the reference's days are dealt into folds and a day is calibrated by the others. Only if
    that lowers the held-out squared error is it used, else the score is taken as calibrated already.
    """
    middles = score_middles(counts.cells.shape[2])
    raw = np.zeros(len(counts.n), np.int64)
    fold, folds = assign_folds(days, mask)
    if folds < 2:
        return Curves(middles[None, :], raw, np.zeros((0, len(middles))))
    cells = sum_by(fold[mask], folds, counts.cells[mask])
    whole = cells.sum(0)
    fitted = np.stack([isotonic(fold_counts)(middles) for fold_counts in (*(whole - cells), whole)])
    before = sum(squared_error(out, middles) for out in cells)
    after = sum(squared_error(out, p) for out, p in zip(cells, fitted[:folds], strict=True))
    if after >= before:
        return Curves(middles[None, :], raw, fitted)
    return Curves(fitted, np.where(fold >= 0, fold, folds), fitted)
