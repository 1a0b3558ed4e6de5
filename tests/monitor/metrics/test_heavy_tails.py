"""The shape of a tail against the published algorithm on the errors themselves, and what has no interval for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import FloatArray
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.heavy_tails import (
    ENDLESS,
    HEAVY,
    endless,
    error_tail,
    error_tail_notes,
    shape,
    squared_tail,
    squared_tail_notes,
    tail,
)
from tests.monitor.outcomes import regressed


def zhang_stephens(x: FloatArray) -> float:
    """Shape of the generalised Pareto law of exceedances, one theta after the other (Zhang and Stephens 2009,
    section 2, with the prior's quarter quantile and 30 + sqrt(n) points, as in PSIS of Vehtari et al. 2024)."""
    x, n = np.sort(x), len(x)
    points = 30 + int(np.sqrt(n))
    quarter = x[int(np.ceil(n / 4)) - 1]
    theta, log = [], []
    for j in range(1, points + 1):
        one = 1 / x[-1] + (1 - np.sqrt(points / (j - 0.5))) / (3 * quarter)
        k = np.mean([np.log1p(-one * y) for y in x])
        theta.append(one)
        log.append(n * (np.log(-one / k) - k - 1))
    weight = [1 / sum(np.exp(other - own) for other in log) for own in log]
    mean = sum(t * w for t, w in zip(theta, weight, strict=True))
    return float(np.mean(np.log1p(-mean * x)))


def one_cell_each(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.ones(len(x)), np.stack([x, x])


@pytest.mark.parametrize(
    "law", [stats.expon(), stats.genpareto(0.4), stats.genpareto(-0.3), stats.t(2.5), stats.laplace()]
)
@pytest.mark.parametrize("rows", [60, 801])
def test_the_shape_is_the_published_one_of_the_largest_fifth(law, rows: int) -> None:
    x = np.abs(law.rvs(rows, random_state=np.random.default_rng(rows)))
    found, held = shape(*one_cell_each(x))
    beyond = np.sort(x)[-(rows // 5) :]
    start = (beyond[0] + np.sort(x)[-(rows // 5) - 1]) / 2
    assert held == rows // 5
    assert found == pytest.approx(zhang_stephens(beyond - start), rel=1e-9)
    turned = np.random.default_rng(0).permutation(rows)
    assert shape(*one_cell_each(x[turned])) == (pytest.approx(found), held)


def test_a_large_sample_shows_the_shape_of_its_law() -> None:
    rng = np.random.default_rng(5)
    for law, truth in ((stats.expon(), 0.0), (stats.genpareto(0.4), 0.4), (stats.genpareto(-0.3), -0.3)):
        assert shape(*one_cell_each(law.rvs(20_000, random_state=rng)))[0] == pytest.approx(truth, abs=0.06)


def test_cells_stand_at_their_middle_and_an_open_one_at_its_edge() -> None:
    x = np.sort(stats.expon().rvs(500, random_state=np.random.default_rng(1)))
    counts, ends = one_cell_each(x)
    wide = ends + np.array([[-1e-3], [1e-3]])
    assert shape(counts, wide)[0] == pytest.approx(shape(counts, ends)[0])
    wide[:, -1] = x[-1], np.inf
    assert shape(counts, wide)[0] == pytest.approx(shape(counts, ends)[0])
    padded = np.r_[counts, 0.0, 0.0], np.c_[ends, [[0.1, 50.0], [0.2, 60.0]]]
    assert shape(*padded) == shape(counts, ends)
    doubled, _ = shape(2 * counts, ends)
    assert doubled == pytest.approx(shape(np.ones(1000), np.repeat(ends, 2, axis=1))[0])


def test_a_tail_of_under_three_values_or_of_all_has_no_shape() -> None:
    few, held = shape(np.array([80.0, 10.0, 10.0]), np.array([[1.0, 2, 3], [1, 2, 3]]))
    assert (np.isnan(few), held) == (True, 20.0)
    three, held = shape(np.array([80.0, 8.0, 6.0, 6.0]), np.array([[1.0, 2, 3, 5], [1, 2, 3, 5]]))
    assert (np.isfinite(three), held) == (True, 20.0)
    assert np.isnan(shape(np.zeros(4), np.array([[1.0, 2, 3, 5], [1, 2, 3, 5]]))[0])


@pytest.mark.parametrize(
    ("rows", "shape_of_law", "verdict"),
    [(10_000, 0.20, True), (10_000, 0.10, False), (250, 0.10, True), (250, 0.0, False)],
)
def test_a_tail_is_heavy_from_its_limit_on_which_few_errors_lower(
    rows: int, shape_of_law: float, verdict: bool
) -> None:
    """0.15 as the module says; of 50 errors in the tail 0.35 - 1.645 x 1.3 / sqrt(50) = 0.05."""
    x = stats.genpareto(shape_of_law).ppf((np.arange(rows) + 0.5) / rows)
    c = errors(x, edges=rows)
    found, held = shape(c.error_cells.sum(0), c.error_ends)
    assert held == rows / 5
    assert found == pytest.approx(shape_of_law, abs=0.04)
    assert endless(c) is verdict


def errors(x: FloatArray, edges: int = 4000) -> Counts:
    grid = np.unique(np.concatenate([x, x + 1e-9]))[:: max(len(x) // edges, 1)]
    return counts_of(regressed(np.zeros(len(x), int), x, np.zeros(len(x)), edges=grid)).pool()


def test_the_ratio_is_the_second_moment_over_the_squared_first() -> None:
    x = np.abs(np.random.default_rng(2).normal(size=500))
    c = counts_of(regressed(np.arange(500) % 4, x, np.zeros(500)))
    assert error_tail(c).ratio == pytest.approx(np.mean(x**2) / np.mean(x) ** 2)
    assert squared_tail(c).ratio == pytest.approx(np.mean(x**4) / np.mean(x**2) ** 2)
    assert error_tail(c).endless is False
    assert np.isnan(tail(np.zeros(2), np.zeros(2), np.zeros(2)))
    assert tail(np.ones(2), np.zeros(2), np.zeros(2)) == 0.0


def test_the_tail_of_two_and_a_half_degrees_of_freedom_is_endless_and_that_of_many_is_not() -> None:
    rng = np.random.default_rng(11)
    heavy = [endless(errors(stats.t(2.5).rvs(3000, random_state=rng))) for _ in range(12)]
    light = [endless(errors(stats.norm().rvs(3000, random_state=rng))) for _ in range(12)]
    assert sum(heavy) >= 11
    assert sum(light) == 0
    # few errors of Laplace's law, whose shape is 0, are not told from a heavy tail; many are
    few = [endless(errors(stats.laplace().rvs(120, random_state=rng))) for _ in range(20)]
    many = [endless(errors(stats.laplace().rvs(3000, random_state=rng))) for _ in range(12)]
    assert np.mean(few) > 0.5
    assert sum(many) <= 2


@pytest.mark.parametrize(("rows", "few"), [(15, False), (14, True)])
def test_five_values_have_to_make_up_a_mean(rows: int, few: bool) -> None:
    """One error of 1 in three makes the ratio 3, so 15 rows hold five values; of the squares it is 3 too."""
    x = np.tile([0.0, 0.0, 1.0], 20)
    day = np.zeros(60, int)
    day[rows:] = 1
    c = counts_of(regressed(day, x, np.zeros(60)))
    assert error_tail(c).ratio == pytest.approx(3.0)
    assert (error_tail_notes(c)[0] == HEAVY) is few
    assert (squared_tail_notes(c)[0] == HEAVY) is few
    assert error_tail_notes(c)[1] != HEAVY


def test_an_endless_tail_is_told_of_squares_alone_and_of_no_chunk_without_rows() -> None:
    x = stats.t(2.0).rvs(3000, random_state=np.random.default_rng(4))
    c = errors(x)
    assert squared_tail(c).endless
    said = squared_tail_notes(c.apply_weights(np.array([[0.0], [1000.0], [1e-3]])))
    assert said[0] == ""
    assert said[1] == ENDLESS
    assert said[2] == HEAVY
    assert ENDLESS not in error_tail_notes(c)
    assert (
        error_tail_notes(
            counts_of(regressed(np.zeros(3, int), np.ones(3), np.ones(3))).select_rows(np.zeros(1, bool))
        )
        == []
    )
