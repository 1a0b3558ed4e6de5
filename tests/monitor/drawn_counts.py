"""Small seeded outcomes for known answers: profiles by day with ties, empty days, one class, zero errors and
extremes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from plumbline.domain import OutcomeProfile
from tests.monitor.outcomes import classified, regressed

#: value of a decision, for systems of classes and of numbers
COSTS = {
    "binary": {"currency": "EUR", "matrix": {"yes|yes": 9.0, "yes|no": -4.0, "no|yes": -1.5}},
    "regression": {"currency": "EUR", "over": 2.0, "under": 3.5},
}


def binary(
    seed: int,
    days: int,
    rows: int,
    *,
    skill: float = 1.5,
    base: float = 0.0,
    fall: int | None = None,
    known: float = 1.0,
) -> OutcomeProfile:
    """Scores in quarters of a log-odd, so that they tie; from day ``fall`` on a third of labels are turned."""
    rng = np.random.default_rng([11, seed])
    day = np.repeat(np.arange(days), rng.integers(0, 2 * rows + 1, days) if rows > 1 else np.ones(days, int))
    odds = np.round(4 * (skill * rng.normal(size=len(day)) + base)) / 4
    score = 1 / (1 + np.exp(-odds))
    true = (rng.random(len(day)) < score).astype(int)
    if fall is not None:
        true = np.where((day >= fall) & (rng.random(len(day)) < 0.35), 1 - true, true)
    return classified(
        day, (score >= 0.5).astype(int), true, score, labelled=rng.random(len(day)) < known, cells=40
    )


def multiclass(seed: int, days: int, rows: int, fall: int | None = None) -> OutcomeProfile:
    rng = np.random.default_rng([12, seed])
    day = np.repeat(np.arange(days), rows)
    true = rng.choice(3, len(day), p=[0.6, 0.3, 0.1])
    wrong = rng.random(len(day)) < np.where(day >= (fall or days), 0.5, 0.2)
    predicted = np.where(wrong, rng.integers(0, 3, len(day)), true)
    return classified(day, predicted, true, classes=("a", "b", "c"), positive=None)


def regression(
    seed: int, days: int, rows: int, *, fall: int | None = None, heavy: bool = False
) -> OutcomeProfile:
    """Numbers in quarters, some of them nought; ``heavy``: a few errors are a hundred times the others."""
    rng = np.random.default_rng([13, seed])
    day = np.repeat(np.arange(days), rows)
    true = np.round(4 * rng.normal(3, 3, len(day))) / 4
    error = np.round(4 * rng.normal(0, 1, len(day))) / 4 * np.where(day >= (fall or days), 2.0, 1.0)
    if heavy:
        error = error * np.where(rng.random(len(day)) < 0.02, 100.0, 1.0)
    return regressed(day, true + error, true, edges=np.linspace(-5, 5, 41))


def profiles() -> Iterator[tuple[str, OutcomeProfile]]:
    """Systems of every task, by name."""
    yield "binary, 9 days of 40", binary(1, 9, 40)
    yield "binary, 40 days of 60, a fall", binary(2, 40, 60, fall=28)
    yield "binary, 12 days of 400, rare", binary(3, 12, 400, base=-4)
    yield "binary, 6 days of 3", binary(4, 6, 3)
    yield "binary, half labelled", binary(5, 20, 80, known=0.5)
    yield "binary, one class", binary(6, 5, 60, base=-30)
    yield (
        "binary, no score",
        replace(binary(7, 8, 50), score_cells=np.zeros((8, 2, 0), np.int64)[: len(binary(7, 8, 50).days)]),
    )
    yield "three classes", multiclass(1, 14, 60, fall=10)
    yield "three classes, few", multiclass(2, 4, 5)
    yield "regression", regression(1, 20, 60, fall=14)
    yield "regression, heavy tails", regression(2, 12, 120, heavy=True)
    yield "regression, few", regression(3, 3, 4)
