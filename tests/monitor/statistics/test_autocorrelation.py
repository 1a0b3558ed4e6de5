"""The long-run variance of series whose truth is known, and of those that only seem to follow each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from plumbline.monitor.statistics.autocorrelation import (
    MOST_KEPT,
    lag_decay,
    lag_one,
    long_run_ratio,
    span_ratio,
)
from tests.monitor.outcomes import wandering


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.5, 0.8])
def test_an_autoregression_has_the_ratio_of_its_law(kept: float) -> None:
    """(1 + r) / (1 - r), and the variance of a mean of so many values is that over n."""
    rng = np.random.default_rng(1)
    told = [long_run_ratio(wandering(rng, 400, kept)) for _ in range(100)]
    law = (1 + kept) / (1 - kept)
    assert np.median(told) == pytest.approx(law, rel=0.2)
    means = np.array([wandering(rng, 400, kept).mean() for _ in range(400)])
    assert 400 * means.var() == pytest.approx(law, rel=0.25)


def test_the_correlation_of_a_short_series_is_not_too_low() -> None:
    """Without the correction the mean over series of 28 is 0.39, not 0.5."""
    rng = np.random.default_rng(2)
    plain, told = [], []
    for _ in range(600):
        x = wandering(rng, 28, 0.5)
        x = x - x.mean()
        plain.append(float(x[1:] @ x[:-1] / (x @ x)))
        told.append(lag_one(x))
    assert np.mean(plain) < 0.42
    assert np.mean(told) == pytest.approx(0.5, abs=0.05)


def test_whole_weeks_show_what_chance_within_the_days_hides() -> None:
    """An autoregression of 0.8 under twice as much white noise: lag one alone tells 0.27, so 1.7, weeks
    2.2, where a series of any length has 3.7."""
    rng = np.random.default_rng(3)
    noise = [
        np.sqrt(1 / 3) * wandering(rng, 365, 0.8) + np.sqrt(2 / 3) * rng.normal(size=365) for _ in range(100)
    ]
    weekly, without = (np.median([long_run_ratio(x, week=week) for x in noise]) for week in (7, 1))
    assert without < 1.9
    assert 1.95 < weekly < 3.7


def test_a_weekday_rhythm_alone_is_no_dependence() -> None:
    rng = np.random.default_rng(4)
    day = np.arange(84)
    made = [rng.normal(size=84) + 2.0 * (day % 7 >= 5) for _ in range(60)]
    assert np.median([long_run_ratio(x, weekday=day % 7) for x in made]) == 1.0
    assert np.median([long_run_ratio(x, week=1) for x in made]) > 1.2  # what lag one makes of it


def test_few_values_and_constant_ones_tell_nothing_and_the_ratio_has_an_end() -> None:
    assert long_run_ratio(np.arange(9.0)) == 1.0
    assert long_run_ratio(np.full(50, 3.0)) == 1.0
    assert long_run_ratio(np.empty(0)) == 1.0
    assert long_run_ratio(np.arange(200.0)) == pytest.approx((1 + MOST_KEPT) / (1 - MOST_KEPT))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**-600, 2.0**520, 2.0**1000])
def test_what_days_keep_does_not_hang_on_the_unit(unit: float) -> None:
    """Squares of such numbers are 0 or have no number."""
    x = wandering(np.random.default_rng(4), 90, 0.5)
    for told in (long_run_ratio, lambda y: span_ratio(y, 7), lag_one, lag_decay):
        assert told(x * unit) == told(x)


@pytest.mark.filterwarnings("error")
def test_nothing_is_known_of_a_series_that_holds_no_number() -> None:
    x = wandering(np.random.default_rng(4), 90, 0.5)
    x[7] = np.inf
    assert (long_run_ratio(x), span_ratio(x, 7)[0], lag_one(x), lag_decay(x)) == (1.0, 1.0, 0.0, (0.0, 0.0))


@pytest.mark.parametrize(("share", "kept"), [(0.0, 0.0), (0.4, 0.5), (0.4, 0.8), (1.0, 0.5)])
def test_a_weeks_mean_lies_where_ninety_days_say(share: float, kept: float) -> None:
    """Days whose level has that ``share`` of their variance, the rest chance: a first-order autoregression of what
    neighbours show decays too soon (at 0.4 and 0.8 its interval held the truth in 0.90)."""
    rng = np.random.default_rng(8)
    inside, ratios = [], []
    for _ in range(1200):
        x = np.sqrt(share) * wandering(rng, 90 + 60, kept) + np.sqrt(1 - share) * rng.normal(size=150)
        ratio, freedom = span_ratio(x[:90], 7)
        half = stdtrit(freedom, 0.975) * np.sqrt(ratio / 7) * x[:90].std(ddof=1)
        inside.append(abs(x[-7:].mean()) <= half)
        ratios.append(ratio)
    assert 0.93 <= np.mean(inside) <= (0.975 if share else 0.985)
    true = 1 + 2 * share * sum((1 - k / 7) * kept**k for k in range(1, 7))
    assert np.median(ratios) == pytest.approx(true, rel=0.12)


def test_a_months_mean_is_read_off_the_decay_of_the_correlations() -> None:
    rng = np.random.default_rng(9)
    inside = []
    for _ in range(600):
        x = wandering(rng, 90 + 90, 0.5)
        ratio, freedom = span_ratio(x[:90], 30)
        inside.append(
            abs(x[-30:].mean()) <= stdtrit(freedom, 0.975) * np.sqrt(ratio / 30) * x[:90].std(ddof=1)
        )
    assert np.mean(inside) >= 0.93
