"""Ratios of proportions against SciPy's relative risk, the likelihood and Tukey's studentized range."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.monitor.statistics.ratios import katz, koopman, range_p, range_z

tables = st.tuples(st.integers(1, 400), st.integers(1, 400)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


@given(tables.filter(lambda t: t[0] and t[2]), st.sampled_from([1.0, stats.norm.ppf(0.975), 3.0]))
@settings(max_examples=60, deadline=None)
def test_katz_is_scipys_relative_risk(table: tuple[int, int, int, int], z: float) -> None:
    truth = stats.contingency.relative_risk(*table)
    limits = truth.confidence_interval(2 * stats.norm.cdf(z) - 1)
    assert katz(*table, z) == pytest.approx((truth.relative_risk, limits.low, limits.high), rel=1e-7)


def test_katz_of_no_event_has_the_limit_of_half_an_event_more_on_either_side() -> None:
    """Haldane (1956) and Anscombe: 0 of 10 beside 5 of 10, by hand (0.5/10.5)/(5.5/10.5) = 1/11."""
    spread = math.sqrt(1 / 0.5 - 1 / 10.5 + 1 / 5.5 - 1 / 10.5)
    assert katz(0, 10, 5, 10) == (0.0, 0.0, pytest.approx(math.exp(1.959964 * spread) / 11, rel=1e-6))


def test_koopman_is_the_published_example() -> None:
    """Koopman (1984), table 2: 36 of 40 beside 16 of 80, 2.94 to 7.15."""
    ratio, low, high = koopman(36, 40, 16, 80)
    assert ratio == pytest.approx(4.5)
    assert (round(low, 2), round(high, 2)) == (2.94, 7.15)


def chi_square(ratio: float, x1: int, n1: int, x0: int, n0: int) -> float:
    """Koopman's statistic at the most likely proportions of this ratio, found on a grid that closes in."""
    least, most = 0.0, min(1.0, 1 / ratio)
    for _ in range(40):
        p0 = np.linspace(least, most, 41)[1:-1]
        likely = stats.binom.logpmf(x1, n1, np.clip(ratio * p0, 0, 1)) + stats.binom.logpmf(x0, n0, p0)
        at = int(np.argmax(likely))
        step = p0[1] - p0[0]
        least, most = max(p0[at] - 2 * step, 0.0), min(p0[at] + 2 * step, 1.0, 1 / ratio)
    p0, p1 = p0[at], ratio * p0[at]
    return (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x0 - n0 * p0) ** 2 / (n0 * p0 * (1 - p0))


@pytest.mark.parametrize(
    "table", [(7, 40, 30, 90), (1, 12, 3, 15), (200, 350, 20, 300), (0, 30, 9, 45), (9, 45, 0, 30)]
)
@pytest.mark.parametrize("z", [1.0, 1.959963984540054])
def test_at_koopmans_limits_the_score_test_just_refuses(table: tuple[int, int, int, int], z: float) -> None:
    ratio, low, high = koopman(*table, z)
    assert ratio == pytest.approx((table[0] / table[1]) / (table[2] / table[3]) if table[2] else math.inf)
    for limit in (low, high):
        if 0 < limit < math.inf:
            assert chi_square(limit, *table) == pytest.approx(z**2, rel=1e-3)
    assert (low == 0.0) is (table[0] == 0)
    assert (high == math.inf) is (table[2] == 0)
    assert low <= ratio <= high


@given(tables)
@settings(max_examples=40, deadline=None)
def test_the_other_way_round_koopmans_limits_are_turned_over(table: tuple[int, int, int, int]) -> None:
    x1, n1, x0, n0 = table
    if x1 == x0 == 0:
        assert koopman(*table) == (1.0, 0.0, math.inf)
        return
    _, low, high = koopman(x1, n1, x0, n0)
    _, other_low, other_high = koopman(x0, n0, x1, n1)
    assert low == pytest.approx(1 / other_high if other_high < math.inf else 0.0, rel=1e-9)
    assert 1 / other_low if other_low else math.inf == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize("groups", [3, 4, 7, 15])
@pytest.mark.parametrize("p", [0.3, 0.05, 0.01, 1e-4, 2e-6])
def test_the_farthest_two_of_many_are_judged_by_tukeys_range(groups: int, p: float) -> None:
    z = -stats.norm.ppf(p / 2)
    truth = stats.studentized_range.sf(math.sqrt(2) * z, groups, 1e7)
    assert range_p(p, groups) == pytest.approx(truth, rel=2e-3, abs=0)


def test_of_two_groups_none_was_chosen_and_a_tiny_p_is_that_of_all_pairs() -> None:
    assert range_p(0.03, 2) == 0.03
    assert range_p(0.03, 1) == 0.03
    assert range_p(0.0, 5) == 0.0
    assert range_p(1e-9, 5) == pytest.approx(10e-9, rel=1e-6, abs=0)
    assert range_p(0.9e-7, 5) == pytest.approx(range_p(1.1e-7, 5) * 0.9 / 1.1, rel=1e-2)
    assert range_p(1.0, 4) == 1.0


def test_standard_errors_of_all_pairs_are_those_of_the_table() -> None:
    """Upper 5 % points of the studentized range for many degrees of freedom (Harter 1960): 3.31, 3.63, 4.47, 5.01."""
    for groups, q in ((3, 3.314), (4, 3.633), (10, 4.474), (20, 5.012)):
        assert range_z(groups) == pytest.approx(q / math.sqrt(2), abs=5e-4)
    assert range_z(2) == range_z(1) == pytest.approx(stats.norm.ppf(0.975))
