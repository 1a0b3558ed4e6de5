"""What guessing would give: a value that has been there since the first day is steady, and still says nothing.

Guessing is answering at random with the shares of the answers that were given (for accuracy the agreement by chance
of Cohen 1960, for an order of scores a random one). For numbers it is always answering the labels' mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, Task
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import Counts, ratio
from plumbline.monitor.metrics.intervals import interval
from plumbline.monitor.metrics.metrics import METRICS, Metric


@dataclass(frozen=True, slots=True)
class BaselineComparison:
    """A metric's value over all labelled rows beside what guessing gives; ``worse``: wholly below it."""

    metric: str
    value: float
    guess: float
    worse: bool


def _shares(c: Counts) -> tuple[FloatArray, FloatArray]:
    """Shares of the classes among predictions and among labels, (m, K) each."""
    n = c.confusion.sum((1, 2))[:, None]
    return ratio(c.confusion.sum(2), n), ratio(c.confusion.sum(1), n)


def _agreement(c: Counts) -> FloatArray:
    predicted, true = _shares(c)
    return np.asarray((predicted * true).sum(1))


def _true_positive(c: Counts) -> FloatArray:
    return _shares(c)[1][:, c.positive]


def _predicted_positive(c: Counts) -> FloatArray:
    return _shares(c)[0][:, c.positive]


def _constant(value: float) -> Callable[[Counts], FloatArray]:
    return lambda c: np.full(len(c.labelled), value)


GUESSES: dict[str, Callable[[Counts], FloatArray]] = {
    "accuracy": _agreement,
    "recall": _predicted_positive,
    "specificity": lambda c: 1 - _predicted_positive(c),
    "precision": _true_positive,
    "average_precision": lambda c: ratio(c.cells[:, 1].sum(1), c.cells.sum((1, 2))),
    "balanced_accuracy": _constant(0.5),
    "roc_auc": _constant(0.5),
    "matthews_corrcoef": _constant(0.0),
    "r2": _constant(0.0),
}


def compare_with_baseline(metric: Metric, counts: Counts) -> BaselineComparison | None:
    """The value beside what guessing gives, where it is not better by more than chance; None where it is, or unknown.

    Args:
        counts: in any rows; they are added up. A regression is judged by R², whatever its metric.
    """
    asked = METRICS["r2"] if counts.task is Task.REGRESSION else metric
    if asked.name not in GUESSES or counts.labelled.sum() < ENOUGH:
        return None
    whole = counts.pool()
    value, guess = float(asked.compute(whole)[0]), float(GUESSES[asked.name](whole)[0])
    if not (np.isfinite(value) and np.isfinite(guess)):
        return None
    if asked.name == "r2":
        return BaselineComparison(metric.name, value, guess, False) if value <= guess else None
    sure = interval(asked, whole)
    low, high = float(np.nan_to_num(sure.low[0], nan=value)), float(np.nan_to_num(sure.high[0], nan=value))
    return BaselineComparison(metric.name, value, guess, high < guess) if low <= guess else None
