"""Two windows side by side: differences with their intervals as Newcombe has them, and none from chance."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.monitor.performance.compare_windows import compare_windows
from plumbline.monitor.statistics.proportions import difference
from tests.monitor.outcomes import classified, regressed, scored


def _right(rng: np.random.Generator, share: float, rows: int):  # type: ignore[no-untyped-def]
    true = rng.integers(0, 2, rows)
    return classified(np.arange(rows) % 14, np.where(rng.random(rows) < share, true, 1 - true), true)


def test_the_difference_of_proportions_is_newcombes() -> None:
    rng = np.random.default_rng(0)
    a, b = _right(rng, 0.9, 600), _right(rng, 0.8, 500)
    (found,) = compare_windows(a, b, ["accuracy"])
    hits = [int(np.trace(p.confusion.sum(0)[:, :2])) for p in (a, b)]
    exact = difference(hits[0], 600, hits[1], 500)
    assert exact is not None
    assert (found.difference, found.low, found.high) == pytest.approx((exact.value, exact.low, exact.high))
    assert found.verdict == "worse"
    assert (found.first.n, found.second.n) == (600, 500)


def test_chance_is_no_difference_and_every_metric_is_compared() -> None:
    names, alarms = set(), 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        pair = [classified(*scored(rng, 14, 60)) for _ in range(2)]
        found = compare_windows(pair[0], pair[1])
        names = {one.metric for one in found}
        alarms += sum(one.verdict == "worse" for one in found)
    assert {"accuracy", "roc_auc", "f1", "brier", "matthews_corrcoef"} <= names
    assert alarms <= 8  # of 120, many of them moving together


def test_persons_who_come_again_are_no_difference() -> None:
    """Five decisions a day alike, 28 days each: no more pairs differ than by chance."""
    told = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        pair = []
        for _ in range(2):
            true = np.repeat(rng.integers(0, 2, 28 * 40), 5)
            right = np.repeat(rng.random(28 * 40) < 0.8, 5)
            pair.append(classified(np.repeat(np.arange(28), 200), np.where(right, true, 1 - true), true))
        (found,) = compare_windows(pair[0], pair[1], ["accuracy"])
        told += found.verdict in ("better", "worse")
    assert told <= 5  # 5 % of 40: 6 or more once in 70


def test_errors_of_numbers_are_compared_and_too_little_is_unknown() -> None:
    rng = np.random.default_rng(1)
    days = np.arange(700) % 14
    near, far = (regressed(days, rng.normal(0, s, 700), np.zeros(700)) for s in (1.0, 2.0))
    found = {one.metric: one for one in compare_windows(near, far)}
    assert found["mae"].verdict == "worse"
    assert compare_windows(far, near, ["mae"])[0].verdict == "better"
    few = regressed(days[:20], np.ones(20), np.zeros(20))
    assert compare_windows(near, few, ["mae"])[0].verdict == "unknown"


def test_what_cells_may_have_moved_is_no_difference() -> None:
    """All scores in two cells: the two areas look apart, and may be the same."""
    rng = np.random.default_rng(4)
    pair = [scored(rng, 14, 200, drop=np.full(14, drop)) for drop in (0.0, 0.1)]
    (fine,) = compare_windows(*(classified(*columns) for columns in pair), ["roc_auc"])
    coarse = [classified(*columns, cells=2) for columns in pair]
    (found,) = compare_windows(*coarse, ["roc_auc"])
    assert fine.verdict == "worse"
    assert found.difference is not None
    assert found.difference < -0.02
    assert found.verdict == "same"
    assert found.low is not None
    assert found.high is not None
    assert found.first.bound > 0.05 > 0.002 > fine.first.bound > 0
    assert found.high - found.low > 2 * (found.first.bound + found.second.bound)
