"""Where a metric stops being healthy: spread, chance and floor, each by itself, against SciPy and plain sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.design_effect import DesignEffect
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.metrics.thresholds import (
    Threshold,
    deviations,
    limits,
    rows_needed,
    threshold,
    usual_chunks,
    usual_values,
)
from tests.monitor.outcomes import counted, regressed

ACCURACY, MAE, BIAS, RATE = (METRICS[name] for name in ("accuracy", "mae", "bias", "positive_rate"))
#: the normal law beyond three standard deviations
THREE = stats.norm.sf(3)


def right(shares: list[float], rows: list[int]) -> Counts:
    n = np.array(rows)
    return counts_of(counted(np.round(np.array(shares) * n).astype(int), n))


def band(metric: str = "accuracy", **more: object) -> Threshold:
    plain = Threshold(
        metric=metric, mean=0.8, sd=None, low=0.0, high=None, source="reference", n=1000, level=0.8
    )
    return replace(plain, **more)  # type: ignore[arg-type]


# --- which chunks of the reference are usual


@pytest.mark.parametrize(
    ("n", "factor"),
    [(6, 1.200), (7, 1.140), (8, 1.129), (9, 1.107), (10, 10 / 9.2), (25, 25 / 24.2)],
)
def test_a_chunk_is_odd_beyond_four_robust_deviations(n: int, factor: float) -> None:
    """The factors for small samples are those of Croux and Rousseeuw (1992), table 1."""
    rest = np.tile([0.0, 1.0, 3.0], 9)[: n - 1]
    for sign in (1, -1):
        values = np.r_[rest, 1e6 * sign]
        limit = 4 * factor * stats.median_abs_deviation(values, scale="normal")
        middle = np.median(values)
        for reach, kept in ((0.999, True), (1.001, False)):
            values[-1] = middle + sign * reach * limit
            found = usual_values(values)
            assert found[:-1].all()
            assert bool(found[-1]) is kept


def test_of_under_six_none_is_odd_and_of_more_a_tenth_at_most() -> None:
    assert usual_values(np.array([0.0, 0.1, 0.1, 0.2, 99.0])).all()
    assert not usual_values(np.array([0.0, 0.1, 0.1, 0.2, 0.2, 99.0]))[-1]
    calm = np.tile([0.0, 0.1, 0.2], 7)
    for n, left in ((19, [99.0]), (20, [99.0, 88.0]), (21, [99.0, 88.0])):
        values = np.r_[calm[: n - 3], 77.0, 99.0, 88.0]
        assert values[~usual_values(values)].tolist() == left
    assert usual_values(np.ones(12)).all()


def test_a_chunk_too_small_to_tell_is_not_called_odd() -> None:
    shares, rows = [0.8, 0.82, 0.8, 0.81, 0.8, 0.81, 0.1], [100] * 7
    assert not usual_chunks(ACCURACY, right(shares, rows))[-1]
    assert usual_chunks(ACCURACY, right(shares, [*rows[:-1], 29])).all()
    assert not usual_chunks(ACCURACY, right(shares, [*rows[:-1], 30]))[-1]


# --- mean, spread and bounds


def test_mean_and_spread_weigh_chunks_by_their_rows() -> None:
    shares, rows = [0.80, 0.84, 0.78, 0.9], [1000, 500, 250, 100]
    found = threshold(ACCURACY, right(shares, rows))
    every = np.repeat(shares, rows)
    spread = np.sqrt(
        every.var() * 4 / 3 * 5 / 4
    )  # of the sample, and of the next chunk about an estimated mean
    assert (found.mean, found.sd) == (pytest.approx(every.mean()), pytest.approx(spread))
    assert found.low == pytest.approx(every.mean() - 3 * spread)
    assert (found.high, found.source, found.n, found.chunks) == (None, "reference", 1850, 4)
    assert found.level == pytest.approx((every.mean() * 1850 + 2) / 1854)  # Agresti and Coull (1998)
    assert found.matters == pytest.approx(0.01)
    assert found.se == pytest.approx(np.sqrt(every.mean() * (1 - every.mean()) / 1850), rel=0.01)


def test_three_chunks_tell_their_spread_and_two_leave_it_to_chance() -> None:
    three, two = (threshold(ACCURACY, right([0.8, 0.8, 0.86][:k], [100] * k)) for k in (3, 2))
    assert (three.source, three.chunks) == ("reference", 3)
    assert (two.source, two.sd, two.chunks) == ("chance", None, 2)
    assert two.low == pytest.approx(0.8 - 0.01)  # what matters
    small = threshold(ACCURACY, right([0.8, 0.7, 0.9], [20, 20, 20]))  # together enough, none by itself
    assert (small.source, small.mean, small.chunks) == ("chance", pytest.approx(0.8), 0)
    assert threshold(ACCURACY, right([0.8], [30])).source == "chance"
    assert threshold(ACCURACY, right([0.8], [29])).source == "none"


def test_nothing_known_has_no_bound_and_a_floor_stands_by_itself() -> None:
    nothing = threshold(ACCURACY, None)
    assert (nothing.source, nothing.low, nothing.high, nothing.mean) == ("none", None, None, None)
    alone = threshold(ACCURACY, None, floor=0.7)
    assert (alone.source, alone.low, alone.high, alone.n) == ("floor", 0.7, None, 0)
    both = threshold(ACCURACY, right([0.8, 0.8, 0.86], [100] * 3), floor=0.7)
    assert (both.low, both.mean, both.n, both.chunks) == (0.7, pytest.approx(0.82), 300, 3)
    assert both.sd is not None


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("accuracy", 0.4, None), ("mae", None, 0.4), ("bias", -0.4, 0.4), ("positive_rate", None, 0.4)],
)
def test_a_floor_is_the_least_the_most_or_the_largest_distance_from_nought(
    name: str, low: float | None, high: float | None
) -> None:
    found = threshold(METRICS[name], None, floor=0.4)
    assert (found.low, found.high) == (low, high)
    if name == "bias":
        assert threshold(METRICS[name], None, floor=-0.4) == found


# --- limits of a chunk


def test_a_proportions_limit_is_where_the_binomial_law_ends() -> None:
    sizes = [31, 100, 5000]
    chunks = right([0.8] * 3, sizes)
    for chance in (THREE, 0.01):
        low, high = limits(band(), ACCURACY, chunks, chance)
        for n, found in zip(sizes, low.tolist(), strict=True):
            least = int(stats.binom.ppf(chance, n, 0.8))
            assert found == pytest.approx(least / n)
            assert stats.binom.cdf(least - 1, n, 0.8) < chance <= stats.binom.cdf(least, n, 0.8)
        assert (high == np.inf).all()
    # the level may be drawn away from the mean; the distance is from the mean
    (drawn,), _ = limits(band(level=0.7), ACCURACY, right([0.8], [100]))
    assert drawn == pytest.approx(stats.binom.ppf(THREE, 100, 0.7) / 100)
    (plain,), _ = limits(band(level=None), ACCURACY, right([0.8], [100]))
    assert plain == pytest.approx(stats.binom.ppf(THREE, 100, 0.8) / 100)


def test_the_references_own_error_is_added_in_squares() -> None:
    chunks = right([0.8], [400])
    reach = 0.8 - stats.binom.ppf(THREE, 400, 0.8) / 400
    for effect in (1.0, 2.5):
        one = band(se=0.02, design=DesignEffect(effect=effect, freedom=np.inf))
        (low,), _ = limits(one, ACCURACY, chunks)
        wide = 0.8 - stats.binom.ppf(THREE, int(400 / effect), 0.8) / int(400 / effect)
        assert (effect > 1) == (wide > reach)
        assert low == pytest.approx(0.8 - np.hypot(wide, 3 * 0.02 * np.sqrt(effect)), abs=1e-3)


def test_spread_and_what_matters_keep_the_limit_away() -> None:
    chunks = right([0.8], [10**6])
    assert limits(band(sd=0.02), ACCURACY, chunks)[0][0] == pytest.approx(0.74)
    assert limits(band(sd=0.02), ACCURACY, chunks, 0.01)[0][0] == pytest.approx(0.8 - 2.3263 * 0.02, abs=1e-5)
    assert limits(band(sd=0.02, matters=0.1), ACCURACY, chunks)[0][0] == pytest.approx(0.7)
    assert deviations(np.array([0.5, 0.025])) == pytest.approx([0.0, 1.959964])


def test_limits_stay_in_the_metrics_range_and_floors_stay_where_they_are() -> None:
    chunks = right([0.8], [40])
    low, high = limits(band(sd=0.5, high=0.9), ACCURACY, chunks)
    assert (low[0], high[0]) == (0.0, 1.0)
    low, high = limits(band(source="floor", low=-0.5, high=None), ACCURACY, chunks)
    assert (low[0], high[0]) == (-0.5, np.inf)
    low, high = limits(band(source="none", low=None, high=1.5), ACCURACY, chunks)
    assert (low[0], high[0]) == (-np.inf, 1.5)


def test_a_means_limit_is_the_references_error_scaled_to_the_chunks_rows() -> None:
    rng = np.random.default_rng(3)
    day = np.repeat([0, 1], [100, 400])
    chunks = counts_of(regressed(day, rng.normal(size=500), np.zeros(500)))
    one = band("mae", mean=2.0, low=None, high=2.0, se=0.05, level=None)
    low, high = limits(one, MAE, chunks)
    assert (low == -np.inf).all()
    own = 0.05 * np.sqrt(1000 / np.array([100, 400]))
    assert high == pytest.approx(2 + 3 * np.hypot(own, 0.05))
    low, high = limits(replace(one, metric="bias", low=2.0), BIAS, chunks)
    assert low == pytest.approx(2 - 3 * np.hypot(own, 0.05))
    assert high == pytest.approx(4 - low)


# --- rows that are needed


@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
def test_rows_needed_are_those_at_which_none_right_is_no_chance(level: float) -> None:
    found = rows_needed(band(mean=level, level=level), ACCURACY)
    assert found is not None
    n = int(np.ceil(found))
    assert stats.binom.pmf(0, n, level) <= THREE * 1.000001
    assert n == 1 or stats.binom.pmf(0, n - 1, level) > THREE
    twice = rows_needed(band(mean=level, level=None, design=DesignEffect(effect=2.0)), ACCURACY)
    assert twice == pytest.approx(2 * found)


def test_a_mean_needs_the_rows_at_which_its_limit_reaches_the_worst() -> None:
    auc = METRICS["average_precision"]
    one = band("average_precision", mean=0.3, se=0.02, level=None, matters=0.0)
    needed = rows_needed(one, auc)
    assert needed is not None
    reach = 3 * 0.02 * np.sqrt(1000 / needed)
    assert np.hypot(reach, 3 * 0.02) == pytest.approx(0.3)
    assert rows_needed(replace(one, design=DesignEffect(effect=3.0)), auc) == pytest.approx(3 * needed)
    assert rows_needed(replace(one, se=0.1), auc) is None  # three errors reach the worst by themselves
    assert rows_needed(replace(one, se=0.0999), auc) is not None
    assert rows_needed(one, auc, chance=0.01) < needed  # type: ignore[operator]


def test_no_rows_help_where_no_limit_comes_from_a_reference() -> None:
    assert rows_needed(band(source="floor"), ACCURACY) is None
    assert rows_needed(band(mean=None), ACCURACY) is None
    assert rows_needed(band(source="chance"), ACCURACY) is not None
    assert rows_needed(band("mae"), MAE) is None
    assert rows_needed(band("positive_rate"), RATE) is None
