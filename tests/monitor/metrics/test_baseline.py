"""What guessing would give: every answer held against every outcome, as a random order of the answers would."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from plumbline.monitor.metrics.baseline import compare_with_baseline
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import interval
from plumbline.monitor.metrics.metrics import metric
from tests.monitor.outcomes import classified, regressed

NAMES = (
    "accuracy", "recall", "specificity", "precision", "average_precision", "balanced_accuracy", "roc_auc",
    "matthews_corrcoef",
)  # fmt: skip


def guess_of(name: str, predicted: np.ndarray, true: np.ndarray, scored: np.ndarray) -> float:
    """The mean over all pairs of an answer and an outcome."""
    pairs = [(p, t) for p in predicted.tolist() for t in true.tolist()]
    if name == "accuracy":
        return float(np.mean([p == t for p, t in pairs]))
    if name in ("recall", "specificity"):
        wanted = int(name == "recall")
        return float(np.mean([p == wanted for p, t in pairs if t == wanted]))
    if name == "precision":
        return float(np.mean([t for p, t in pairs if p == 1]))
    if name == "average_precision":
        return float(true[scored].mean())
    return 0.0 if name == "matthews_corrcoef" else 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_chance_does_not_tell_from_guessing_is_no_better(name: str) -> None:
    seen = Counter[object]()
    for seed in range(24):
        rng = np.random.default_rng(seed)
        n = int(rng.choice([29, 30, 120]))
        true = (rng.random(n) < rng.choice([0.2, 0.5])).astype(int)
        truth = rng.choice([-0.6, 0.0, 0.8])
        score = np.clip(0.5 + truth * (true - 0.5) * 0.8 + rng.normal(0, 0.2, n), 0.01, 0.99)
        predicted = (score > 0.5).astype(int)
        profile = classified(rng.integers(0, 3, n), predicted, true, score)
        counts, one = counts_of(profile), metric(name)
        found = compare_with_baseline(one, counts)
        guess = guess_of(name, predicted, true, np.ones(n, bool))
        value, limits = float(one.compute(counts.pool())[0]), interval(one, counts.pool())
        if n < 30 or not np.isfinite(value) or limits.low[0] > guess:
            assert found is None, seed
        else:
            assert found is not None, seed
            assert (found.metric, found.worse) == (name, bool(limits.high[0] < guess)), seed
            assert (found.value, found.guess) == pytest.approx((value, guess)), seed
        seen[None if found is None else found.worse] += 1
    assert min(seen[one] for one in (None, True, False)) >= 2, seen


@pytest.mark.parametrize("name", ["mae", "rmse", "bias"])
def test_numbers_are_held_against_the_mean_of_the_labels_whatever_their_metric(name: str) -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(100, 10, 60)
    day = np.zeros(60, int)
    good, bad = true + rng.normal(0, 5, 60), true + rng.normal(0, 20, 60)
    assert compare_with_baseline(metric(name), counts_of(regressed(day, good, true))) is None
    found = compare_with_baseline(metric(name), counts_of(regressed(day, bad, true)))
    assert found is not None
    r2 = 1 - ((bad - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    assert (found.metric, found.guess, found.worse) == (name, 0.0, False)
    assert found.value == pytest.approx(r2)


def test_a_metric_without_a_guess_is_never_no_better() -> None:
    counts = counts_of(classified(np.zeros(60, int), np.zeros(60, int), np.arange(60) % 2, np.full(60, 0.4)))
    assert compare_with_baseline(metric("brier"), counts) is None
