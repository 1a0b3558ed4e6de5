"""Reliability curves against scikit-learn, and an error that chance alone does not raise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from plumbline.domain import EQUAL_CELLS, SCORE_CELLS, PointStatus, Slice
from plumbline.monitor.performance.calibration import (  # fmt: skip
    calibration,
    calibration_sentence,
    cox,
    observed_over_expected,
)
from tests.monitor.outcomes import classified, regressed


def _log(rows: int, *, power: float = 1.0, seed: int = 0, versions: list[str] | None = None):
    """Scores on the middles of 1,000 cells; truth comes with score ** power."""
    rng = np.random.default_rng(seed)
    score = (rng.integers(0, 1000, rows) + 0.5) / 1000
    true = (rng.random(rows) < score**power).astype(int)
    days = np.arange(rows) * 20 // rows
    profile = classified(days, (score >= 0.5).astype(int), true, score, versions=versions)
    return profile, score, true


def test_the_curve_is_that_of_scikit_learn() -> None:
    profile, score, true = _log(30_000, power=1.6)
    (found,) = calibration(profile)
    share, mean = calibration_curve(true, score, n_bins=15, strategy="quantile")
    # a cell is never split, so a bin's edge may lie one cell beside scikit-learn's
    assert [b.share for b in found.bins] == pytest.approx(share, abs=0.01)
    assert [b.score for b in found.bins] == pytest.approx(mean, abs=0.002)
    assert sum(b.n for b in found.bins) == found.n == 30_000
    sizes = np.array([b.n for b in found.bins])
    assert found.ece == pytest.approx(float((sizes * np.abs(share - mean)).sum() / sizes.sum()), abs=0.002)
    assert found.status is PointStatus.BREACH
    assert found.gap == pytest.approx(float((score - true).mean()), abs=1e-9)
    assert "too high" in calibration_sentence([found])


def test_intervals_hold_the_truth_and_chance_is_not_an_alarm() -> None:
    inside, alarms = [], 0
    for seed in range(20):
        (found,) = calibration(_log(1_000, seed=seed)[0])
        alarms += found.status is not PointStatus.OK
        inside += [b.low <= b.score <= b.high for b in found.bins]
    assert np.mean(inside) > 0.92
    assert alarms <= 2


def test_each_version_has_its_own_curve() -> None:
    rng = np.random.default_rng(3)
    score = (rng.integers(0, 1000, 8_000) + 0.5) / 1000
    old = np.arange(8_000) < 4_000
    true = (rng.random(8_000) < np.where(old, score, score**3)).astype(int)
    profile = classified(
        np.where(old, 0, 1), (score > 0.5).astype(int), true, score,
        versions=["1.0" if o else "2.0" for o in old],
    )  # fmt: skip
    every, first, second = calibration(profile, by_version=True)
    assert (every.version, first.version, second.version) == (None, "1.0", "2.0")
    assert first.status is PointStatus.OK
    assert second.status is PointStatus.BREACH
    assert calibration(profile, window=Slice(version="1.0"))[0].n == 4_000


def test_too_few_rows_are_unknown_and_other_tasks_have_none() -> None:
    (found,) = calibration(_log(60)[0])
    assert found.status is PointStatus.UNKNOWN
    assert "100 are needed" in found.note
    rng = np.random.default_rng(0)
    assert calibration(regressed(np.arange(50), rng.random(50), rng.random(50))) == ()


def rare(rows: int, times: float, seed: int):
    """A score of a class of about 0.4 %, ``times`` as high as it should be."""
    rng = np.random.default_rng(seed)
    true_p = np.clip(rng.lognormal(-6.6, 1.4, rows), 0, 0.25)
    true = (rng.random(rows) < true_p).astype(int)
    score = np.clip(true_p * times, 0, 1)
    return classified(np.arange(rows) * 20 // rows, (score >= 0.5).astype(int), true, score)


@pytest.mark.parametrize(("times", "way"), [(4, "high"), (1 / 3, "low"), (2, "high")])
def test_a_score_of_a_rare_class_four_times_too_high_or_a_third_is_found(times: float, way: str) -> None:
    for seed in range(5):
        (found,) = calibration(rare(60_000, times, seed))
        assert found.status is PointStatus.BREACH
        sentence = calibration_sentence([found])
        assert sentence.startswith(f"The score is too {way}: ")
        assert f"{found.observed:,} came true where the scores add up to {found.expected:,.0f}" in sentence


def test_a_calibrated_score_of_a_rare_class_raises_no_alarm_beyond_its_five_per_cent() -> None:
    alarms, held = 0, 0
    for seed in range(40):
        (found,) = calibration(rare(20_000, 1, seed))
        alarms += found.status is not PointStatus.OK
        assert found.ratio is not None
        held += found.ratio.low <= 1 <= found.ratio.high
    assert alarms <= 5  # 5 % of 40: 6 or more once in 70
    assert held >= 36


@pytest.mark.parametrize(("hits", "expected"), [(0, 3.0), (7, 10.0), (152, 609.0)])
def test_the_limits_of_a_count_are_scipys_poisson(hits: int, expected: float) -> None:
    found = observed_over_expected(hits, expected)
    assert found.low == pytest.approx((chi2.ppf(0.025, 2 * hits) / 2 if hits else 0.0) / expected)
    assert found.high == pytest.approx(chi2.ppf(0.975, 2 * hits + 2) / 2 / expected)


def test_coxs_slope_and_intercept_are_scikit_learns_logistic_regression() -> None:
    profile, score, true = _log(20_000, power=1.6, seed=4)
    (found,) = calibration(profile)
    odds = np.log(score / (1 - score))
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=500).fit(odds[:, None], true)
    assert found.slope is not None
    assert found.slope.value == pytest.approx(fit.coef_[0, 0], abs=1e-4)
    p = fit.predict_proba(odds[:, None])[:, 1]
    design = np.column_stack([np.ones(len(odds)), odds])
    error = np.sqrt(np.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))[1, 1])
    assert (found.slope.high - found.slope.low) / 2 == pytest.approx(1.959964 * error, rel=1e-3)
    assert found.intercept is not None
    offset = brentq(lambda a: (true - 1 / (1 + np.exp(-odds - a))).sum(), -5, 5)
    assert found.intercept.value == pytest.approx(offset, abs=1e-6)


def test_coxs_limits_hold_a_calibrated_slope() -> None:
    inside = []
    for seed in range(60):
        cells = np.zeros((2, 1000))
        rng = np.random.default_rng(seed)
        place = np.clip(rng.normal(300, 120, 2_000).astype(int), 0, 999)
        np.add.at(cells, ((rng.random(2_000) < (place + 0.5) / 1000).astype(int), place), 1)
        slope, intercept = cox(cells)
        assert slope is not None
        assert intercept is not None
        inside += [slope.low <= 1 <= slope.high, intercept.low <= 0 <= intercept.high]
    assert np.mean(inside) > 0.9


def test_no_slope_from_a_handful_of_events() -> None:
    cells = np.zeros((2, 1000))
    cells[0, :500], cells[1, 300] = 10, 9
    assert cox(cells) == (None, None)


def test_the_scores_of_a_rare_class_are_told_apart() -> None:
    """Calibrated at 0.03 %: nearly all scores lie in the first thousandth."""
    rng = np.random.default_rng(21)
    score = 1 / (1 + np.exp(-rng.normal(-8.5, 1.0, 200_000)))
    true = (rng.random(len(score)) < score).astype(int)
    (fine,), (coarse,) = (
        calibration(classified(np.zeros(len(score), int), 0 * true, true, score, cells=cells))
        for cells in (SCORE_CELLS, EQUAL_CELLS)
    )
    assert fine.bound < 1e-5 < coarse.bound
    assert fine.expected == pytest.approx(score.sum(), rel=0.001)
    assert coarse.expected > 1.3 * score.sum()  # the middle of the first cell stands for them all
    assert fine.slope is not None
    assert fine.ratio is not None
    of_rows = LogisticRegression(C=np.inf, tol=1e-8).fit(np.log(score / (1 - score))[:, None], true)
    assert fine.slope.value == pytest.approx(float(of_rows.coef_[0, 0]), abs=0.01)
    assert fine.ratio.value == pytest.approx(true.sum() / score.sum(), rel=0.001)
