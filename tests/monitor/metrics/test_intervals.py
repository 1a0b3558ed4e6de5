"""Intervals against published values, scipy, brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gamma

from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import THREE_SIGMA, Days, binomial_reach, interval, newcombe_auc
from plumbline.monitor.metrics.metrics import metric
from plumbline.monitor.statistics.proportions import wilson
from tests.monitor.outcomes import classified, regressed, scored


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


@pytest.mark.parametrize("chance", [1e-3, 1e-6, 1e-10])
def test_the_reach_of_any_law_and_chance_is_scipys_quantile(chance: float) -> None:
    """Skewed laws and small chances too, where the first guess is far off."""
    n, p = (
        each.ravel()
        for each in np.meshgrid([3.0, 1e4, 1e6, 1e8], [1e-8, 1e-6, 1e-4, 1e-3, 0.3, 0.999, 1 - 1e-6])
    )
    low, high = binomial_reach(p, n, chance)
    np.testing.assert_allclose(low * n, stats.binom.ppf(chance, n, p), atol=0.01)
    np.testing.assert_allclose((1 - high) * n, stats.binom.ppf(chance, n, 1 - p), atol=0.3)


def test_the_reach_of_certainty_and_of_nothing() -> None:
    low, high = binomial_reach(np.array([0.0, 1.0, 0.5, 0.5, 0.5]), np.array([100.0, 100.0, 0.0, 1.0, 2.0]))
    assert low.tolist() == [0, 1, 0, 0, 0]
    assert high.tolist() == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_the_error_of_a_mean_loss_is_that_of_its_rows(name: str) -> None:
    days, predicted, true, score = scored(np.random.default_rng(9), 2, 400)
    counts = counts_of(classified(days, predicted, true, score))
    found = interval(metric(name), counts)
    for day in (0, 1):
        hit, p = true[days == day], score[days == day]
        rows = (p - hit) ** 2 if name == "brier" else -np.log(np.where(hit == 1, p, 1 - p))
        assert found.se[day] == pytest.approx(rows.std() / np.sqrt(len(rows)), rel=0.01)
        width = (
            np.log(np.array([found.low[day], found.high[day]]) / rows.mean()) * rows.mean() / found.se[day]
        )
        assert width[1] == pytest.approx(-width[0], rel=0.01)  # on the logarithm's scale, by Student's t
        assert 1.96 < width[1] < 2.02


def test_the_error_of_f1_is_the_delta_methods_with_four_rows_spread_over_the_cells() -> None:
    """Derivatives by hand: 2(FP + FN)/D^2 of TP, -2TP/D^2 of FP and FN, where D = 2TP + FP + FN."""
    cells = np.array([[40, 0], [6, 25]])  # predicted no and yes by row, true by column
    predicted, true = (np.repeat(side.ravel(), cells.ravel()) for side in np.indices((2, 2)))
    found = interval(metric("f1"), counts_of(classified(np.zeros(len(true), int), predicted, true)))
    smooth = cells + 1.0
    tp, fp, fn = smooth[1, 1], smooth[1, 0], smooth[0, 1]
    bottom = 2 * tp + fp + fn
    variance = tp * (2 * (fp + fn) / bottom**2) ** 2 + (fp + fn) * (2 * tp / bottom**2) ** 2
    assert found.se[0] == pytest.approx(np.sqrt(variance), rel=1e-3)
    value = 2 * 25 / (2 * 25 + 6)
    assert (found.low[0], found.high[0]) == pytest.approx(
        (value - 1.959964 * found.se[0], value + 1.959964 * found.se[0]), rel=1e-6
    )


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
    counts = counts_of(classified(days, predicted, true, score, cells=50)).pool()
    assert interval(metric("roc_auc"), counts).se[0] == pytest.approx(delong_by_pairs(true, score), rel=1e-12)


def test_moments_give_the_textbook_interval_of_a_mean() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(100, 10, 500)
    predicted = true + rng.normal(2, 5, 500)
    counts = counts_of(regressed(np.zeros(500, int), predicted, true))
    found, rows = interval(metric("bias"), counts), predicted - true
    truth = stats.norm.interval(0.95, rows.mean(), stats.sem(rows))
    assert (found.low[0], found.high[0]) == pytest.approx(truth, rel=1e-9)


def test_a_mean_error_has_its_textbook_standard_error_and_limits_on_the_logarithms_scale() -> None:
    rng = np.random.default_rng(5)
    error = rng.normal(0, 5, 500)
    counts = counts_of(regressed(np.zeros(500, int), error, np.zeros(500)))
    for name, rows, power in (("mae", abs(error), 1.0), ("rmse", error**2, 0.5)):
        found, value = interval(metric(name), counts), rows.mean() ** power
        relative = power * stats.sem(rows) / rows.mean()
        assert found.se[0] == pytest.approx(value * relative, rel=1e-9)
        many = rows.sum() ** 2 / (rows**2).sum()
        reach = np.exp(stats.t(many - 1).ppf(0.975) * relative)
        assert (found.low[0], found.high[0]) == pytest.approx((value / reach, value * reach), rel=1e-9)


#: E|t| of 2.5 degrees of freedom
MEAN_T = 2 * np.sqrt(2.5 / np.pi) * gamma(1.75) / (gamma(1.25) * 1.5)
LAWS = {
    "normal": (lambda rng, n: rng.normal(0, 1, n), np.sqrt(2 / np.pi), 1.0),
    "laplace": (lambda rng, n: rng.laplace(0, 1, n), 1.0, np.sqrt(2)),
    "lognormal": (lambda rng, n: rng.lognormal(0, 1.5, n), np.exp(1.125), np.exp(2.25)),
    "student": (lambda rng, n: rng.standard_t(2.5, n), MEAN_T, np.sqrt(5)),
}


#: the product's own cells of errors
_SIDE = 1.004 ** np.arange(-1500.0, 2500.0)
GRID = np.concatenate([-_SIDE[::-1], _SIDE])


@pytest.mark.parametrize("rows", [30, 100, 1000])
@pytest.mark.parametrize("law", LAWS)
def test_errors_of_any_law_are_covered_or_have_no_interval(law: str, rows: int) -> None:
    """30 systems of 20 chunks; by Wald's limits 0.78 to 0.94 (MAE) and 0.40 to 0.96 (RMSE) held the truth."""
    draw, *truths = LAWS[law]
    held: dict[str, list[bool]] = {"mae": [], "rmse": []}
    for seed in range(30 if rows < 1000 else 10):
        rng = np.random.default_rng(seed)
        error = draw(rng, 20 * rows)
        days = np.repeat(np.arange(20), rows)
        counts = counts_of(regressed(days, error, np.zeros(20 * rows), edges=GRID))
        for name, truth in zip(held, truths, strict=True):
            found, one = interval(metric(name), counts), metric(name)
            sure = np.isfinite(found.low)
            assert one.note is not None
            assert [bool(word) for word in one.note(counts)] == (~sure).tolist()
            assert np.isfinite(found.se).all()
            held[name] += ((found.low <= truth) & (truth <= found.high))[sure].tolist()
    assert np.mean(held["mae"]) >= 0.92
    told = len(held["rmse"]) / len(held["mae"])
    if law in ("normal", "laplace"):
        assert told >= (0.5 if rows == 30 else 0.9)
        assert np.mean(held["rmse"]) >= 0.925
    else:  # the fourth moment is huge, or infinite
        assert told <= 0.1


@pytest.mark.parametrize(
    ("draw", "least", "most"),
    [
        (lambda rng: rng.normal(0, 1, 700), 0.95, 1.0),
        (lambda rng: np.round(rng.normal(0, 10, 700)), 0.95, 1.0),
        (lambda rng: rng.laplace(0, 1, 700), 0.92, 1.0),
        (lambda rng: rng.standard_t(2.5, 700), 0.0, 0.08),
    ],
    ids=["normal", "whole numbers", "laplace", "student 2.5"],
)
def test_one_week_tells_a_tail_without_a_fourth_moment(draw, least: float, most: float) -> None:
    """100 weeks of 700 errors: the share whose root mean squared error has an interval."""
    told = []
    for seed in range(100, 200):
        error = draw(np.random.default_rng(seed))
        counts = counts_of(regressed(np.zeros(700, int), error, np.zeros(700), edges=GRID))
        told.append(bool(np.isfinite(interval(metric("rmse"), counts).low[0])))
    assert least <= np.mean(told) <= most


def test_an_auc_of_few_positives_is_covered_and_a_perfect_one_has_a_width() -> None:
    """700 samples of 2,000 scores, about 10 positive: DeLong's normal limits hold the truth in 0.77."""
    rng = np.random.default_rng(1)

    def sample(n: int):  # type: ignore[no-untyped-def]
        score = 1 / (1 + np.exp(-rng.normal(-7.7, 2.2, n)))
        return score, rng.random(n) < score

    score, positive = sample(400_000)
    ranks, k = stats.rankdata(score)[positive], int(positive.sum())
    truth = (ranks.sum() - k * (k + 1) / 2) / (k * (len(score) - k))
    held = []
    for _ in range(700):
        score, positive = sample(2000)
        k = int(positive.sum())
        if k:
            area = (stats.rankdata(score)[positive].sum() - k * (k + 1) / 2) / (k * (2000 - k))
            low, high = newcombe_auc(np.array([area]), np.array([2000.0 - k]), np.array([float(k)]))
            held.append(low[0] <= truth <= high[0])
    assert 0.925 <= np.mean(held) <= 0.99
    for reversed_order in (False, True):
        true = np.arange(30) % 2
        counts = counts_of(
            classified(np.zeros(30, int), true, true, np.where(true != reversed_order, 0.9, 0.1))
        )
        found = interval(metric("roc_auc"), counts)
        assert found.high[0] - found.low[0] > 0.1
        assert found.se[0] > 0


@given(n0=st.integers(1, 400), n1=st.integers(1, 60), area=st.floats(0.001, 0.999))
@settings(max_examples=30, deadline=None)
def test_newcombes_limits_solve_his_equation(n0: int, n1: int, area: float) -> None:
    low, high = (float(x[0]) for x in newcombe_auc(*(np.array([float(v)]) for v in (area, n0, n1))))
    assert low <= area <= high

    def excess(theta: float) -> float:
        half = (n0 + n1) / 2 - 1
        law = theta * (1 - theta) / (n0 * n1)
        law *= 1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)
        return (area - theta) ** 2 - stats.norm.ppf(0.975) ** 2 * law

    for end, outside in ((low, 0.0), (high, 1.0)):
        if abs(outside - area) > 1e-6:
            assert end == pytest.approx(
                brentq(excess, *sorted((outside + (area - outside) * 1e-12, area))), abs=1e-6
            )


def test_losses_of_a_rare_class_are_covered() -> None:
    """2,000 decisions, 0.5 % positive: 1,000 chunks; by the normal law 0.91 of the log loss's held the truth."""
    rng = np.random.default_rng(3)
    score = 1 / (1 + np.exp(-rng.normal(-7.7, 2.2, (400, 2000))))
    true = (rng.random(score.shape) < score).astype(int)
    day = np.repeat(np.arange(400), 2000)
    counts = counts_of(classified(day, (score > 0.2).astype(int).ravel(), true.ravel(), score.ravel()))
    for name in ("log_loss", "brier"):
        one = metric(name)
        found, truth = interval(one, counts), one.compute(counts.pool())[0]
        assert 0.925 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.99


@pytest.mark.filterwarnings("error")
def test_errors_too_large_to_square_warn_of_nothing() -> None:
    error = np.array([1e100, -2e100, 3e160, 1.0] * 10)
    with np.errstate(over="ignore", invalid="ignore"):
        sides = [(error, np.zeros(40)), (np.zeros(40), error)]
        made = [
            counts_of(regressed(np.zeros(40, int), *side, edges=np.array([-1.0, 0.0, 1.0]))) for side in sides
        ]
    for counts in made:
        for name in ("mae", "rmse", "bias", "r2"):
            one = metric(name)
            one.compute(counts)
            interval(one, counts)


def coverage(name: str, days: int, rows: int, runs: int = 200) -> float:
    """How often the interval of one chunk holds the value over a very large sample."""
    rng = np.random.default_rng(11)
    one = metric(name)

    def drawn(days: int, rows: int):  # type: ignore[no-untyped-def]
        if name in ("r2", "mape", "smape", "rmse", "mae", "median_absolute_error"):
            true = rng.gamma(4, 10, days * rows) + 5
            return regressed(np.repeat(np.arange(days), rows), true + rng.normal(0, 6, days * rows), true)
        return classified(*scored(rng, days, rows))

    truth = one.compute(counts_of(drawn(4, 50_000)).pool())[0]
    held = 0
    for _ in range(runs):
        own = counts_of(drawn(days, rows))
        found = interval(one, own.pool(), Days(own, np.zeros(days, dtype=np.int64)))
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
    assert np.isnan(interval(metric("r2"), own.pool(), Days(own, np.zeros(4, dtype=np.int64))).low[0])
