"""Inputs that give the outcome away against the rules written out slowly: pair by pair, on drawn inputs."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import spearmanr

from plumbline.domain import FloatArray, Kind, Task
from plumbline.monitor.metrics.intervals import newcombe_auc
from plumbline.monitor.quality.leakage import leaks

NORMAL = 1.959963984540054


def auc_slowly(x: FloatArray, outcome: FloatArray) -> tuple[float, float]:
    """Of every pair of a positive and a negative which is higher, ties count half; DeLong's error of both means."""
    high, low = x[outcome == 1], x[outcome == 0]
    if min(len(high), len(low)) < 25:
        return 0.0, 0.0
    wins = (high[:, None] > low) + (high[:, None] == low) / 2
    above, below = wins.mean(1).tolist(), wins.mean(0).tolist()
    auc = sum(above) / len(above)
    error = math.sqrt(np.var(above, ddof=1) / len(high) + np.var(below, ddof=1) / len(low))
    least, _ = newcombe_auc(np.array([auc]), np.array([float(len(low))]), np.array([float(len(high))]))
    return auc, min(auc - NORMAL * error, float(least[0]))


def rank_slowly(x: FloatArray, outcome: FloatArray) -> tuple[float, float]:
    if len(x) < 25 or len(set(x.tolist())) == 1 or len(set(outcome.tolist())) == 1:
        return 0.0, 0.0
    r = float(spearmanr(x, outcome).statistic)
    return r, math.tanh(
        math.atanh(max(min(r, 1 - 1e-12), 1e-12 - 1)) - NORMAL * math.sqrt(1.06 / (len(x) - 3))
    )


def measured(x: FloatArray, outcome: FloatArray, task: Task) -> tuple[float, float]:
    return rank_slowly(x, outcome) if task is Task.REGRESSION else auc_slowly(x, outcome)


def of_number(values: FloatArray, outcome: FloatArray, task: Task) -> tuple[float, float]:
    """Missing values below all others or above, and either way round."""
    known = values[~np.isnan(values)]
    if not len(known) or (len(set(known.tolist())) == 1 and len(known) == len(values)):
        return 0.0, 0.0
    best = (-1.0, 0.0)
    for end in (known.min() - 1, known.max() + 1):
        x = np.where(np.isnan(values), end, values)
        best = max(best, measured(x, outcome, task), measured(-x, outcome, task))
    return best


def of_levels(values: np.ndarray, outcome: FloatArray, task: Task) -> tuple[float, float]:
    """By each level's mean outcome among the other half, of a level that is not there the mean of all."""
    half = np.random.default_rng(0).permutation(len(outcome)) % 2
    both = []
    for side in (0, 1):
        other: dict[object, list[float]] = {}
        for value, y, own in zip(values.tolist(), outcome.tolist(), half.tolist(), strict=True):
            if own != side:
                other.setdefault(value, []).append(y)
        usual = float(np.mean([y for ys in other.values() for y in ys])) if other else 0.0
        mine = half == side
        x = np.array([float(np.mean(other[v])) if v in other else usual for v in values[mine].tolist()])
        both.append(measured(x, outcome[mine], task))
    return (both[0][0] + both[1][0]) / 2, (both[0][1] + both[1][1]) / 2


def drawn(seed: int) -> tuple[FloatArray, dict[str, tuple[Kind, np.ndarray]], Task]:
    rng = np.random.default_rng(seed)
    n, task = (
        int(rng.choice([40, 49, 60, 300, 1500], p=[0.2, 0.2, 0.2, 0.3, 0.1])),
        Task.REGRESSION if seed % 3 == 0 else Task.BINARY,
    )
    outcome = (
        rng.normal(size=n)
        if task is Task.REGRESSION
        else (rng.random(n) < rng.choice([0.1, 0.5])).astype(float)
    )
    noise = rng.choice([0.0, 0.02, 0.3])
    close = outcome + noise * rng.normal(size=n)
    missing = np.where(outcome > np.quantile(outcome, 0.7), np.nan, rng.normal(size=n))
    levels = np.array([f"l{v}" for v in np.round(close * 3).astype(int)], object)
    levels[rng.random(n) < 0.03] = None
    inputs = {
        "close": (Kind.NUMERIC, close), "turned": (Kind.NUMERIC, -np.round(close, 1)),
        "gone": (Kind.NUMERIC, np.full(n, np.nan)), "same": (Kind.NUMERIC, np.full(n, 7.0)),
        "missing": (Kind.NUMERIC, missing), "flag": (Kind.NUMERIC, np.where(outcome > 0.5, np.nan, 1.0)),
        "levels": (Kind.CATEGORICAL, levels), "own": (Kind.CATEGORICAL, np.array([f"r{i}" for i in range(n)], object)),
        "noise": (Kind.NUMERIC, rng.normal(size=n)),
    }  # fmt: skip
    return outcome, inputs, task


def test_leaks_are_those_of_the_rules_written_out_slowly() -> None:
    told = Counter[str]()
    for seed in range(24):
        outcome, inputs, task = drawn(seed)
        found = leaks(outcome, inputs, task)
        expected = {}
        for name, (kind, values) in inputs.items():
            own = (
                of_number(values, outcome, task) if kind is Kind.NUMERIC else of_levels(values, outcome, task)
            )
            if own[1] > 0.98:
                expected[name] = own
        assert {one.feature for one in found} == set(expected), seed
        assert [one.value for one in found] == sorted((one.value for one in found), reverse=True)
        for one in found:
            assert (one.value, one.low) == pytest.approx(expected[one.feature]), (seed, one.feature)
            assert (one.n, one.measure) == (
                len(outcome),
                "rank correlation" if task is Task.REGRESSION else "ROC AUC",
            )
        told.update(expected.keys())
    assert {"close", "turned", "levels", "flag"} <= set(told)
    assert not {"gone", "same", "own", "noise"} & set(told)
