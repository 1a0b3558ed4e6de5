"""Intervals against published values, scipy, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.monitor.counts import counts_of
from plumbline.monitor.intervals import THREE_SIGMA, Days, binomial_reach, interval, wilson
from plumbline.monitor.metrics import metric

from .outcomes import classified, regressed, scored


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_published_limits(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(np.array([hits]), np.array([n]))
    assert found[0][0] == pytest.approx(low, abs=5e-5)
    assert found[1][0] == pytest.approx(high, abs=5e-5)


@given(n=st.integers(1, 3000), share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_wilson_is_scipys(n: int, share: float) -> None:
    hits = round(n * share)
    truth = stats.binomtest(hits, n).proportion_ci(method="wilson")
    found = wilson(np.array([hits]), np.array([n]))
    assert found[0][0] == pytest.approx(truth.low, abs=1e-9)
    assert found[1][0] == pytest.approx(truth.high, abs=1e-9)


@given(n=st.integers(1, 2000), p=st.floats(0.001, 0.999))
@settings(max_examples=50, deadline=None)
def test_the_binomial_reach_is_exact(n: int, p: float) -> None:
    low, high = (round(float(share[0]) * n) for share in binomial_reach(np.array([p]), np.array([float(n)])))
    law = stats.binom(n, p)
    assert law.cdf(low - 1) < THREE_SIGMA * (1 + 1e-6)  # beyond is rare
    assert law.cdf(low) >= THREE_SIGMA * (1 - 1e-6)  # and the limit itself is not
    assert law.sf(high) < THREE_SIGMA * (1 + 1e-6)
    assert law.sf(high - 1) >= THREE_SIGMA * (1 - 1e-6)


def delong_by_pairs(true: np.ndarray, score: np.ndarray) -> float:
    """DeLong's variance from all pairs of rows."""
    x, y = score[true == 1], score[true == 0]
    pairs = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    return float(np.sqrt(pairs.mean(1).var(ddof=1) / len(x) + pairs.mean(0).var(ddof=1) / len(y)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_delong_from_cells_is_delong_from_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days, predicted, true, score = scored(rng, 2, 150)
    score = (np.floor(score * 50) + 0.5) / 50  # scores that a grid of 50 cells keeps as they are
    counts = counts_of(classified(days, predicted, true, score, cells=50)).pooled()
    assert interval(metric("roc_auc"), counts).se[0] == pytest.approx(delong_by_pairs(true, score), rel=1e-12)


def test_moments_give_the_textbook_interval_of_a_mean() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(100, 10, 500)
    predicted = true + rng.normal(2, 5, 500)
    counts = counts_of(regressed(np.zeros(500, int), predicted, true))
    for name, rows in (("bias", predicted - true), ("mae", abs(predicted - true))):
        found = interval(metric(name), counts)
        truth = stats.norm.interval(0.95, rows.mean(), stats.sem(rows))
        assert (found.low[0], found.high[0]) == pytest.approx(truth, rel=1e-9)


def coverage(name: str, days: int, rows: int, runs: int = 200) -> float:
    """How often the interval of one chunk holds the value over a very large sample."""
    rng = np.random.default_rng(11)
    one = metric(name)

    def drawn(days: int, rows: int):  # type: ignore[no-untyped-def]
        if name in ("r2", "mape", "smape", "rmse", "mae", "median_absolute_error"):
            true = rng.gamma(4, 10, days * rows) + 5
            return regressed(np.repeat(np.arange(days), rows), true + rng.normal(0, 6, days * rows), true)
        return classified(*scored(rng, days, rows))

    truth = one.compute(counts_of(drawn(4, 50_000)).pooled())[0]
    held = 0
    for _ in range(runs):
        own = counts_of(drawn(days, rows))
        found = interval(one, own.pooled(), Days(own, np.zeros(days, dtype=np.int64)))
        held += found.low[0] <= truth <= found.high[0]
    return held / runs


@pytest.mark.parametrize(
    "name",
    ["accuracy", "balanced_accuracy", "f1", "matthews_corrcoef", "roc_auc", "average_precision", "log_loss",
     "brier", "rmse", "mae", "median_absolute_error", "r2", "mape"],
)  # fmt: skip
def test_a_week_of_fifty_rows_a_day_is_covered_about_95_times_in_100(name: str) -> None:
    assert 0.905 <= coverage(name, 7, 50) <= 0.995


def test_a_bootstrap_over_too_few_days_says_nothing() -> None:
    own = counts_of(regressed(np.arange(40) % 4, np.arange(40.0), np.arange(40.0) + 1))
    assert np.isnan(interval(metric("r2"), own.pooled(), Days(own, np.zeros(4, dtype=np.int64))).low[0])
