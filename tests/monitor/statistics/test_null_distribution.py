"""The law of a distance where nothing changed, against SciPy's laws; p-values joined, against its Cauchy law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.monitor.statistics.null_distribution import NullDistribution, cauchy

STATISTICS = np.array([0.0, 0.3, 4.0, 9.0, 31.0])
FREEDOM = np.array([1.0, 2.0, 4.0, 9.0, 10.0])


@pytest.mark.parametrize("share", [1.0, 0.7])
def test_a_known_dispersion_leaves_pearsons_law_and_an_estimated_one_fishers(share: float) -> None:
    used = np.maximum(FREEDOM * share, 1.0)
    infinite = NullDistribution(share=share).chance(STATISTICS, FREEDOM)
    assert infinite == pytest.approx(stats.chi2.sf(STATISTICS * used / FREEDOM, used))
    known = NullDistribution(share=share, freedom=1e6).chance(STATISTICS, FREEDOM)
    np.testing.assert_array_equal(known, infinite)
    few = NullDistribution(share=share, freedom=12.0).chance(STATISTICS, FREEDOM)
    assert few == pytest.approx(stats.f.sf(STATISTICS / FREEDOM, used, 12.0))
    many = NullDistribution(share=share, freedom=999_999.0).chance(STATISTICS, FREEDOM)
    assert many == pytest.approx(infinite, rel=1e-3)
    assert (many != infinite)[1:].all()


def test_nothing_to_differ_in_is_no_surprise_and_a_statistic_below_nought_is_nought() -> None:
    chance = NullDistribution(freedom=5.0).chance(
        np.array([7.0, 7.0, -3.0, 7.0]), np.array([0.0, -1.0, 2.0, 0.5])
    )
    assert chance[:3].tolist() == [1.0, 1.0, 1.0]
    assert chance[3] == pytest.approx(stats.f.sf(7.0, 1, 5))  # one degree at least


@pytest.mark.parametrize("kept", [0.0, 0.4, -0.3])
@pytest.mark.parametrize("weeks", [1, 2, 5])
def test_weeks_that_keep_something_of_each_other_vary_as_their_correlations_say(
    kept: float, weeks: int
) -> None:
    correlation = kept ** np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    assert NullDistribution(kept=kept).week_dispersion(weeks) == pytest.approx(correlation.sum() / weeks)


def test_a_reader_is_told_where_the_reference_is_too_short_or_its_weeks_differ() -> None:
    assert "under four whole weeks" in NullDistribution().note
    assert "under four whole weeks" in NullDistribution(spread=9.0, freedom=3.0).note
    assert NullDistribution(weeks=8, freedom=7.0, spread=2.99).note == ""
    assert "differ 3.0 times" in NullDistribution(weeks=8, freedom=7.0, spread=3.0).note
    assert "differ 1.0 times" in NullDistribution(weeks=8).note  # how far they differ has no estimate


@given(st.lists(st.floats(1e-14, 0.999), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_joined_p_values_are_those_of_the_cauchy_law(p: list[float]) -> None:
    truth = stats.cauchy.sf(np.mean(stats.cauchy.isf(p)))
    assert float(cauchy(*np.array(p))) == pytest.approx(truth, rel=1e-6, abs=0)


def test_joining_is_by_place_and_holds_at_the_ends() -> None:
    a, b = np.array([0.01, 0.5, 0.0, 1.0]), np.array([0.01, 0.02, 0.5, 1.0])
    found = cauchy(a, b)
    assert found[0] == pytest.approx(0.01)
    assert found[1] == pytest.approx(float(cauchy(np.array(0.5), np.array(0.02))))
    assert 0 < found[2] < 1e-290
    assert found[3] == pytest.approx(1.0, abs=1e-8)
    tiny = np.array([1e-12])
    assert cauchy(tiny, np.array([0.5]))[0] == pytest.approx(2e-12, rel=1e-6, abs=0)
    assert math.isclose(float(cauchy(np.array([0.99]), np.array([0.99]))[0]), 0.99, rel_tol=1e-9)
