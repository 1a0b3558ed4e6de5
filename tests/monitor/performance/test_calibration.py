"""Reliability curves against scikit-learn, and an error that chance alone does not raise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.stats import chi2
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from plumbline.domain import EQUAL_CELLS, SCORE_CELLS, PointStatus, Slice
from plumbline.monitor.performance.calibration import (  # fmt: skip
    Calibration,
    Estimate,
    calibration,
    calibration_sentence,
    chance_level,
    cox,
    expected_error,
    join_cells,
    observed_over_expected,
    recalibrate,
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


def cells_of(score: np.ndarray, true: np.ndarray, cells: int = 50) -> np.ndarray:
    counts = np.zeros((2, cells))
    np.add.at(counts, (true, np.minimum((score * cells).astype(int), cells - 1)), 1)
    return counts


def test_a_recalibrated_cell_is_plattis_curve_moved_by_what_came_in_its_bin() -> None:
    """Platt (1999): scikit-learn's logistic regression on the log-odds, without a penalty."""
    rng = np.random.default_rng(2)
    score = rng.random(4000) ** 2
    cells = cells_of(score, (rng.random(4000) < score**1.5).astype(int))
    middle, rows = (np.arange(50) + 0.5) / 50, cells.sum(0)
    odds = np.log(middle / (1 - middle))
    platt = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.r_[odds, odds][:, None], np.repeat([0, 1], 50), sample_weight=np.r_[cells[0], cells[1]]
    )
    curve = platt.predict_proba(odds[:, None])[:, 1]
    assert recalibrate(cells, 1, 1e12) == pytest.approx(curve, abs=1e-4)  # a prior that nothing moves
    for bins, prior in ((4, 5.0), (10, 0.5)):
        place = np.clip(((np.cumsum(rows) - rows / 2) / rows.sum() * bins).astype(int), 0, bins - 1)
        found = recalibrate(cells, bins, prior)
        for one in range(bins):
            mine = place == one
            came, due, n = cells[1][mine].sum(), (rows * curve)[mine].sum(), rows[mine].sum()
            moved = np.log((came + prior) / (due + prior) * (n - due + prior) / (n - came + prior))
            expected = 1 / (1 + np.exp(-(np.log(curve / (1 - curve))[mine] + moved)))
            assert found[mine] == pytest.approx(expected, abs=1e-4)


def test_without_a_curve_a_cell_has_the_level_of_all() -> None:
    empty = recalibrate(np.zeros((2, 8)), 4, 1.0)
    assert empty == pytest.approx([0.5] * 8)
    one_kind = np.zeros((2, 8))
    one_kind[0, 2] = 19
    assert recalibrate(one_kind, 1, 1e12) == pytest.approx([0.5 / 20] * 8, rel=1e-6)


@pytest.mark.parametrize(("observed", "expected", "bound"), [(0, 4.0, 0.0), (7, 20.0, 1.5), (40, 2.0, 3.0)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_a_count_over_what_was_promised_has_the_limits_of_poissons_law(
    observed: int, expected: float, bound: float, level: float
) -> None:
    """Garwood (1936), by the chi-square law; the cells' width is added to either end."""
    found = observed_over_expected(observed, expected, bound, level)
    low = stats.chi2.ppf((1 - level) / 2, 2 * observed) / 2 if observed else 0.0
    high = stats.chi2.ppf((1 + level) / 2, 2 * observed + 2) / 2
    assert found.value == pytest.approx(observed / expected)
    assert found.low == pytest.approx(low / (expected + bound))
    assert found.high == pytest.approx(high / max(expected - bound, 1e-9))


def test_cells_are_joined_into_bins_of_about_equal_rows_and_none_is_split() -> None:
    rng = np.random.default_rng(3)
    for cells in (rng.integers(0, 9, (2, 37)), np.array([[5, 0, 90, 0, 5], [0, 0, 10, 0, 10]])):
        rows = cells.sum(0)
        at = [(sum(rows[:i]) + rows[i] / 2) / rows.sum() for i in range(len(rows))]
        groups: dict[int, list[int]] = {}
        for i, place in enumerate(at):
            if rows[i]:
                groups.setdefault(min(int(place * 10), 9), []).append(i)
        score, share, total = join_cells(cells, 10)
        middle = (np.arange(len(rows)) + 0.5) / len(rows)
        assert total.tolist() == [rows[own].sum() for own in groups.values()]
        assert score == pytest.approx(
            [(rows * middle)[own].sum() / rows[own].sum() for own in groups.values()]
        )
        assert share == pytest.approx([cells[1][own].sum() / rows[own].sum() for own in groups.values()])


def test_chance_is_the_error_of_a_perfect_score_in_nineteen_of_twenty_samples() -> None:
    score, rows = np.array([0.1, 0.4, 0.8]), np.array([200.0, 100, 50])
    limit = chance_level(score, rows)
    rng = np.random.default_rng(8)
    drawn = rng.binomial(rows.astype(int), score, (20_000, 3)) / rows
    errors = (np.abs(drawn - score) * rows).sum(1) / rows.sum()
    assert np.mean(errors > limit) == pytest.approx(0.05, abs=0.012)
    assert expected_error(score, drawn[0], rows) == pytest.approx(errors[0])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"status": PointStatus.OK},
            "The score means what it says: expected calibration error 4 % on 2,000 labelled",
        ),
        ({"gap": 0.04}, "The score is too high by 4.0 points on average: expected calibration error 4 %"),
        ({"gap": -0.04}, "The score is too low by 4.0 points on average"),
        ({"gap": 0.019}, "The score does not mean what it says: expected calibration error 4 %"),
        ({"gap": 0.02}, "The score is too high by 2.0 points"),
        (
            {"observed": 100, "ratio": Estimate(0.5, 0.4, 0.7)},
            "The score is too high: 100 came true where the scores",
        ),
        (
            {"observed": 100, "ratio": Estimate(1.5, 1.2, 1.9)},
            "The score is too low: 100 came true where the scores",
        ),
        (
            {"observed": 100, "ratio": Estimate(1.1, 0.9, 1.4), "gap": 0.04},
            "The score is too high by 4.0 points",
        ),
        ({"ece": None}, "Calibration is unknown: why."),
    ],
)
def test_what_the_curve_says_in_one_sentence(changed: dict, words: str) -> None:  # type: ignore[type-arg]
    plain = Calibration(
        version=None, bins=(), n=2000, ece=0.04, chance=0.01, gap=0.04, status=PointStatus.BREACH, note="why.",
        observed=600, expected=200.0, ratio=Estimate(3.0, 2.5, 3.5),
    )  # fmt: skip
    assert calibration_sentence([replace(plain, **changed)]).startswith(words)
    assert calibration_sentence([]).startswith("Calibration needs a binary system")
