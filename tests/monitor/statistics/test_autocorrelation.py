"""The long-run variance of series whose truth is known, and of those that only seem to follow each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import stdtrit

from plumbline.monitor.statistics import autocorrelation
from plumbline.monitor.statistics.autocorrelation import (
    MOST_KEPT,
    autoregressive,
    lag_decay,
    lag_one_autocorrelation,
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
        told.append(lag_one_autocorrelation(x))
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
    for told in (long_run_ratio, lambda y: span_ratio(y, 7), lag_one_autocorrelation, lag_decay):
        assert told(x * unit) == told(x)


@pytest.mark.filterwarnings("error")
def test_nothing_is_known_of_a_series_that_holds_no_number() -> None:
    x = wandering(np.random.default_rng(4), 90, 0.5)
    x[7] = np.inf
    assert (long_run_ratio(x), span_ratio(x, 7)[0], lag_one_autocorrelation(x), lag_decay(x)) == (
        1.0,
        1.0,
        0.0,
        (0.0, 0.0),
    )


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


# --- each formula by itself, with plain sums


def plain_lag(x: np.ndarray, lag: int) -> float:
    return float(sum(x[i] * x[i - lag] for i in range(lag, len(x))) / sum(v * v for v in x))


@pytest.mark.parametrize(("seed", "n", "levels"), [(1, 10, 1), (2, 30, 1), (3, 30, 3), (4, 9, 1)])
def test_the_correlation_of_neighbours_is_kendalls(seed: int, n: int, levels: int) -> None:
    """Kendall (1954): (1 + 3 r) / n too low where one mean was taken off; a further mean takes (1 + r) / n more."""
    x = wandering(np.random.default_rng(seed), n, 0.5)
    x = x - x.mean()
    r = plain_lag(x, 1)
    expected = r + (1 + 3 * r) / n + (levels - 1) * (1 + r) / n
    assert lag_one_autocorrelation(x, levels) == (
        pytest.approx(np.clip(expected, 0, 0.9)) if n >= 10 else 0.0
    )
    assert lag_one_autocorrelation(np.resize([1.0, -1.0], 20)) == 0.0
    assert lag_one_autocorrelation(np.resize([1.0] * 30 + [-1.0] * 30, 60)) == 0.9


@pytest.mark.parametrize("unsure", [0.0, 1.0])
def test_the_decay_is_the_second_correlation_over_the_first(unsure: float) -> None:
    for seed in range(12):
        x = wandering(np.random.default_rng(seed), 80, 0.6)
        x = x - x.mean()
        r1, r2 = plain_lag(x, 1), plain_lag(x, 2)
        first, second = r1 + (1 + 3 * r1) / 80, r2 + (1 + 3 * (r1 + (1 + 3 * r1) / 80)) / 80
        more = min(first + unsure * np.sqrt((1 - first**2) / 80), 0.9) - first
        decay = min(np.clip(second / first, first, 0.9) + more, 0.9)
        assert lag_decay(x, unsure=unsure) == pytest.approx((first + more, decay))
    quiet = np.random.default_rng(0).normal(size=400)
    assert lag_decay(quiet - quiet.mean()) == (0.0, 0.0)


def test_a_correlation_within_chance_is_none() -> None:
    """1.28 standard errors of an independent series, 1 / sqrt(n)."""
    found = set()
    for seed in range(40):
        x = np.random.default_rng(seed).normal(size=60)
        x = x - x.mean()
        kept = lag_one_autocorrelation(x)
        surely = kept > stats.norm.ppf(0.9) / np.sqrt(60)
        found.add(surely)
        assert (lag_decay(x)[0] > 0) == surely
        plain = long_run_ratio(x, week=1, beyond=1.28)
        assert plain == pytest.approx((1 + kept) / (1 - kept) if surely else 1.0)
        wide = min(kept + np.sqrt((1 - kept**2) / 60), 0.9) if surely else kept
        assert long_run_ratio(x, week=1, unsure=1.0) == pytest.approx((1 + wide) / (1 - wide))
    assert found == {True, False}


@pytest.mark.parametrize("span", [1, 2, 7, 30])
@pytest.mark.parametrize(("correlation", "decay"), [(0.5, None), (0.3, 0.8), (0.0, 0.0)])
def test_a_mean_of_neighbours_varies_by_the_sum_of_their_correlations(
    span: int, correlation: float, decay: float | None
) -> None:
    lag = np.abs(np.subtract.outer(np.arange(span), np.arange(span)))
    falling = correlation if decay is None else decay
    table = np.where(lag == 0, 1.0, correlation * falling ** np.maximum(lag - 1, 0))
    assert autoregressive(correlation, span, decay) == pytest.approx(table.sum() / span)


@pytest.mark.parametrize(
    ("n", "span"), [(56, 7), (55, 7), (49, 7), (90, 30), (40, 30), (240, 30), (9, 1), (10, 1)]
)
def test_spans_are_looked_at_where_eight_fit_in(n: int, span: int) -> None:
    x = wandering(np.random.default_rng(n), n, 0.6)
    ratio, freedom = span_ratio(x, span)
    if n < 10:
        assert (ratio, freedom) == (1.0, n - 1)
        return
    centred = x - x.mean()
    if n // span < 8:
        kept, decay = lag_decay(centred, unsure=1.0 if n >= 56 else 0.0)
        expected = autoregressive(kept, span, decay)
        assert freedom == pytest.approx(n / expected - 1)
    else:
        means = [centred[i : i + span].mean() for i in range(n - span + 1)]
        kept, decay = lag_decay(centred)
        expected = span * (np.mean(np.square(means)) / centred.var() + autoregressive(kept, n, decay) / n)
        assert freedom == pytest.approx(1.5 * n / span)
    assert ratio == pytest.approx(max(expected, 1.0))


@pytest.mark.parametrize("n", [27, 28, 31, 70])
@pytest.mark.parametrize("levels", [1, 3])
def test_the_variance_of_whole_weeks_counts_where_it_is_more_and_four_weeks_are_there(
    n: int, levels: int
) -> None:
    rng = np.random.default_rng(n)
    x = np.repeat(rng.normal(size=n // 7 + 1), 7)[:n] + 2 * np.resize([1.0, -1.0], n)
    x = x - x.mean()
    weeks = n // 7
    means = x[n - 7 * weeks :].reshape(weeks, 7).mean(1)
    whole = 7 * ((means - means.mean()) ** 2).sum() / (weeks - levels) / x.var()
    counted = weeks >= max(4, levels + 2)
    assert long_run_ratio(x, levels=levels) == pytest.approx(max(whole, 1.0) if counted else 1.0)


@pytest.mark.parametrize(("p", "taken"), [(0.012, False), (0.008, True)])
def test_a_weekday_rhythm_is_taken_off_where_an_analysis_of_variance_finds_it(p: float, taken: bool) -> None:
    rng = np.random.default_rng(3)
    day, x, rhythm = np.arange(70) % 7, rng.normal(size=70), np.sin(np.arange(70) % 7)

    def chance(size: float) -> float:
        return float(stats.f_oneway(*[(x + size * rhythm)[day == d] for d in range(7)]).pvalue)

    made = x + brentq(lambda size: chance(size) - p, 0.0, 5.0) * rhythm
    made = made - made.mean()
    rest = autocorrelation._remove_weekday_means(made, day)
    assert (not np.array_equal(rest, made)) is taken
    if taken:
        assert [rest[day == d].mean() for d in range(7)] == pytest.approx([0.0] * 7, abs=1e-12)
    assert autocorrelation._remove_weekday_means(made, None) is made
    strong = 50 * rhythm - (50 * rhythm).mean()
    few = strong[:13]
    assert np.array_equal(
        autocorrelation._remove_weekday_means(few, day[:13]), few
    )  # under two of each weekday
    assert np.array_equal(autocorrelation._remove_weekday_means(few, np.zeros(13, int)), few)
