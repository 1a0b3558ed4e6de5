"""Newcombe's interval against his published examples and its coverage counted out exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, ttest_ind

from plumbline.monitor.statistics.proportions import difference, mean_difference


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_is_the_published_one(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10: first less second."""
    told = difference(*second, *first)
    assert told is not None
    assert (told.low, told.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("p0", "p1"), [(0.1, 0.1), (0.2, 0.35), (0.01, 0.03), (0.9, 0.95)])
def test_it_covers_the_truth_about_19_times_in_20(p0: float, p1: float) -> None:
    """Summed over every outcome of 100 and 120 rows, no simulation."""
    total = 0.0
    for a in range(101):
        weight = binom.pmf(a, 100, p0)
        if weight < 1e-7:
            continue
        for b in np.flatnonzero(binom.pmf(np.arange(121), 120, p1) > 1e-7):
            told = difference(a, 100, int(b), 120)
            assert told is not None
            total += weight * binom.pmf(b, 120, p1) * (told.low <= p1 - p0 <= told.high)
    assert 0.93 <= total <= 0.99


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_swapping_the_sides_mirrors_the_interval(n0: int, n1: int, a: float, b: float) -> None:
    h0, h1 = int(a * n0), int(b * n1)
    told, back = difference(h0, n0, h1, n1), difference(h1, n1, h0, n0)
    assert told is not None
    assert back is not None
    assert (told.low, told.high) == pytest.approx((-back.high, -back.low))
    assert -1 <= told.low <= told.value + 1e-12
    assert told.value - 1e-12 <= told.high <= 1


def test_no_rows_give_no_difference() -> None:
    assert difference(0, 0, 1, 2) is None
    assert difference(1, 2, 0, 0) is None


def test_beyond_chance_is_an_interval_without_zero() -> None:
    clear, close = difference(10, 1000, 400, 1000), difference(50, 1000, 55, 1000)
    assert clear is not None
    assert close is not None
    assert (clear.is_beyond_chance, close.is_beyond_chance) == (True, False)


@pytest.mark.parametrize("sizes", [(5, 9), (40, 400), (2, 3)])
def test_the_interval_of_two_means_is_scipys(sizes: tuple[int, int]) -> None:
    """Welch's, against scipy.stats.ttest_ind without equal variances."""
    rng = np.random.default_rng(3)
    before, after = rng.normal(10, 2, sizes[0]), rng.normal(11, 5, sizes[1])
    told = mean_difference(sizes, (before.sum(), after.sum()), ((before**2).sum(), (after**2).sum()))
    assert told is not None
    expected = ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    assert told.value == pytest.approx(after.mean() - before.mean())
    assert mean_difference((1, 5), (1, 5), (1, 5)) is None
