"""Inputs that all but equal the outcome: what no model is given when it decides, but a training table may hold.

A single input that orders outcomes nearly without a mistake is seldom knowledge and mostly the outcome in disguise,
such as a date of closing (Kaufman et al. 2012, ACM TKDD 6). It is a property of the log, not an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, Kind, Task
from plumbline.domain.messages import Message, message
from plumbline.monitor.metrics.intervals import newcombe_auc
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import decimal

#: ROC AUC, or rank correlation of a number, from which an input all but equals the outcome; its lower limit as well
TOO_GOOD = 0.98
#: labelled decisions of either class, or of a number, below which nothing is said
FEWEST = 50
RANKS = "rank correlation"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLeak:
    """An input whose ``value`` (ROC AUC; of numbers, rank correlation) has a lower 95 % limit beyond ``TOO_GOOD``."""

    feature: str
    measure: str
    value: float
    low: float
    n: int

    @property
    def sentence(self) -> Message:
        """What it is, on how many decisions, and what to ask."""
        values = {
            "feature": self.feature,
            "value": decimal(self.value, ".3f"),
            "low": decimal(self.low, ".3f"),
            "n": decimal(self.n, ","),
        }
        if self.measure == RANKS:
            return message(
                "{feature} all but equals the outcome: alone it has a rank correlation of {value} with it (at least "
                "{low}, n = {n} of the reference). Check that it is known when a decision is made.",
                **values,
            )
        return message(
            "{feature} all but equals the outcome: alone it has a ROC AUC of {value} with it (at least {low}, "
            "n = {n} of the reference). Check that it is known when a decision is made.",
            **values,
        )


def leaks(
    outcome: FloatArray, inputs: dict[str, tuple[Kind, np.ndarray]], task: Task
) -> tuple[LabelLeak, ...]:
    """The inputs that give the outcome away, the plainest first.

    Args:
        outcome: (n,) 1 and 0, or numbers in regression.
        inputs: values (n,) by name; NaN or None where missing, which counts as a value of its own.
    """
    results = []
    for name, (kind, values) in inputs.items():
        association = _numeric if kind is Kind.NUMERIC else _levels
        value, low = association(outcome, values, task)
        if low > TOO_GOOD:
            measure = RANKS if task is Task.REGRESSION else "ROC AUC"
            results.append(LabelLeak(feature=name, measure=measure, value=value, low=low, n=len(outcome)))
    return tuple(sorted(results, key=lambda leak: -leak.value))


def _numeric(outcome: FloatArray, values: np.ndarray, task: Task) -> tuple[float, float]:
    """Of a number, either way round; missing values first or last, whichever tells more."""
    gone = np.isnan(values)
    if gone.all() or (np.ptp(values[~gone]) == 0 and not gone.any()):
        return 0.0, 0.0
    filled = [np.where(gone, values[~gone].min() - 1, values)]
    if gone.any():
        filled.append(np.where(gone, values[~gone].max() + 1, values))
    return max(_association(outcome, sign * x, task) for x in filled for sign in (1, -1))


def _levels(outcome: FloatArray, values: np.ndarray, task: Task) -> tuple[float, float]:
    """Of levels, by the mean outcome of each in the other half: one of its own in every row tells nothing."""
    _, level = np.unique(["" if v is None else f"={v}" for v in values], return_inverse=True)
    half = np.random.default_rng(0).permutation(len(outcome)) % 2
    results = []
    for side in (0, 1):
        in_half, other = half == side, half != side
        rows = np.bincount(level[other], minlength=level.max() + 1)
        sums = np.bincount(level[other], outcome[other], level.max() + 1)
        mean = np.where(rows > 0, sums / np.maximum(rows, 1), outcome[other].mean() if other.any() else 0.0)
        results.append(_association(outcome[in_half], mean[level[in_half]], task))
    value, low = np.mean(results, axis=0)
    return float(value), float(low)


def _association(outcome: FloatArray, x: FloatArray, task: Task) -> tuple[float, float]:
    """ROC AUC or Spearman's correlation, and its lower 95 % limit; (0, 0) where there is too little of it."""
    if task is Task.REGRESSION:
        return _spearman(outcome, x)
    return auc_with_limit(x[outcome == 1], x[outcome == 0])


def auc_with_limit(positive: FloatArray, negative: FloatArray) -> tuple[float, float]:
    """ROC AUC by mid-ranks, and its lower limit: the lower of DeLong's (Sun and Xu 2014) and Newcombe's method 5.

    Near 1 DeLong's alone lies above the true area too often.
    """
    from scipy.stats import rankdata

    m, n = len(positive), len(negative)
    if min(m, n) < FEWEST / 2:
        return 0.0, 0.0
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1 - (ranks[m:] - rankdata(negative)) / m
    auc = float(above.mean())
    se = float(np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n))
    least, _ = newcombe_auc(np.array([auc]), np.array([float(n)]), np.array([float(m)]))
    return auc, min(auc - Z * se, float(least[0]))


def _spearman(outcome: FloatArray, x: FloatArray) -> tuple[float, float]:
    """Spearman's correlation, and its lower limit on Fisher's scale (Fieller, Hartley and Pearson 1957)."""
    from scipy.stats import rankdata

    n = len(outcome)
    if n < FEWEST / 2 or np.ptp(x) == 0 or np.ptp(outcome) == 0:
        return 0.0, 0.0
    r = float(np.corrcoef(rankdata(x), rankdata(outcome))[0, 1])
    inside = np.clip(r, 1e-12 - 1, 1 - 1e-12)  # a perfect order has no place on the scale
    return r, float(np.tanh(np.arctanh(inside) - Z * np.sqrt(1.06 / (n - 3))))
