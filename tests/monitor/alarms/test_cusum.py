"""The early warning's run length, by simulation, and how soon it sees a real fall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, logit

from plumbline.monitor.alarms.cusum import (
    DECADE,
    DEPENDENT,
    SHORT_DEPENDENT,
    cusum,
    cusum_limit,
    early_warning,
    unsure_mean,
)
from plumbline.monitor.metrics.metrics import metric, relevant_change
from plumbline.monitor.statistics.autocorrelation import long_run_ratio
from tests.monitor.outcomes import at, classified, counted, regressed, scored, wandering

REFERENCE = (at(0), at(90))


def run_length(limit: float, allowance: float, chains: int = 1500, longest: int = 6000) -> float:
    """Mean steps to the first alarm of chains of standard normal steps."""
    rng = np.random.default_rng(3)
    total, alarmed = np.zeros(chains), np.full(chains, longest)
    for step in range(1, longest + 1):
        total = np.maximum(total + rng.normal(size=chains) - allowance, 0)
        new = (total > limit) & (alarmed == longest)
        alarmed[new] = step
        if (alarmed < longest).all():
            break
    return float(alarmed.mean())


@pytest.mark.parametrize("wanted", [100.0, 365.0, 730.0])
def test_the_limit_gives_the_stated_run_length(wanted: float) -> None:
    assert run_length(cusum_limit(wanted), 0.5) == pytest.approx(wanted, rel=0.12)


def test_the_limit_is_the_one_of_the_tables() -> None:
    """Montgomery, Statistical Quality Control: k = 1/2 and h = 4 run 336 steps on one side, h = 5 930."""
    assert cusum_limit(336) == pytest.approx(4.0, abs=0.05)
    assert cusum_limit(930) == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize("allowance", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("wanted", [20.0, 3650.0, 1e6])
def test_the_limit_solves_siegmunds_formula(wanted: float, allowance: float) -> None:
    """Siegmund (1985): ARL = (exp(2kb) - 2kb - 1) / 2k^2, b = h + 1.166."""
    b = cusum_limit(wanted, allowance) + 1.166
    found = (np.exp(2 * allowance * b) - 2 * allowance * b - 1) / (2 * allowance**2)
    assert found == pytest.approx(wanted, rel=1e-9)
    assert cusum_limit(1e-3, allowance) == 0


def test_one_day_of_an_error_without_bounds_adds_four_standard_errors_at_most() -> None:
    rng = np.random.default_rng(5)
    day = np.repeat(np.arange(150), 60)
    true = np.full(len(day), 100.0)
    predicted = true + rng.normal(0, 5, len(day)) + 1e6 * (day == 120)
    warned = early_warning(regressed(day, predicted, true), reference=REFERENCE, name="mae")
    assert warned is not None
    steps = np.diff(warned.sums)
    assert warned.days[int(steps.argmax()) + 1] == at(120)
    assert 2.6 < steps.max() <= 4.0 - 0.5
    assert warned.at is None or steps.max() < warned.limit


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_sums_are_the_recursion(steps: list[float]) -> None:
    total, expected = 0.0, []
    for step in steps:
        total = max(0.0, total + step)
        expected.append(total)
    assert cusum(np.array(steps)) == pytest.approx(np.array(expected), abs=1e-9)


@pytest.mark.parametrize(("run_length", "most"), [(365.0, 1.0), (3650.0, 0.15)])
def test_a_stationary_system_alarms_no_more_than_is_stated(run_length: float, most: float) -> None:
    """40 systems watched for 180 days after a reference of 90: 20 years, each alarm counted, taken back or not."""
    days = alarms = 0
    for seed in range(40):
        profile = classified(*scored(np.random.default_rng(seed), 270, 60))
        warned = early_warning(profile, reference=REFERENCE, run_length=run_length)
        assert warned is not None
        alarms += len(warned.alarms)
        days += 180
    assert alarms <= most * days / 365


def quiet_years(kept: float, rows: int, seeds: int = 60, reference: int = 90) -> tuple[int, int]:
    """Early warnings in as many years, and systems said to be dependent; accuracy 85 %, sd of days 0.15 in logits."""
    alarms = dependent = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        days = reference + 365
        level = expit(logit(0.85) + 0.15 * wandering(rng, days, kept)) if kept else np.full(days, 0.85)
        n = np.maximum(rng.poisson(rows, len(level)), 1)
        span = (at(0), at(reference))
        warned = early_warning(counted(rng.binomial(n, level), n), reference=span, name="accuracy")
        assert warned is not None
        alarms, dependent = alarms + len(warned.alarms), dependent + warned.dependent
        assert warned.run_length == (
            (DEPENDENT if reference >= 60 else SHORT_DEPENDENT) if warned.dependent else DECADE
        )
    return alarms, dependent


@pytest.mark.parametrize(("kept", "rows"), [(0.3, 1000), (0.5, 1000), (0.8, 1000), (0.8, 200)])
def test_days_that_follow_each_other_alarm_no_more_than_is_stated(kept: float, rows: int) -> None:
    """60 years; with the days' own standard deviation in place of the long-run one 25 to 125 alarms."""
    alarms, dependent = quiet_years(kept, rows)
    assert alarms <= 60 * 365 / DEPENDENT + 6  # more than that once in 20, of a Poisson count
    assert dependent >= (0 if kept < 0.5 else 30)


def test_a_reference_of_four_weeks_alarms_no_more_than_is_stated_of_it() -> None:
    """60 years at 0.8: it tells little of what days keep of each other, so once in two years is what is said."""
    alarms, _ = quiet_years(0.8, 1000, reference=28)
    assert alarms <= 60 * 365 / SHORT_DEPENDENT + 8


@pytest.mark.parametrize("rows", [20, 1000])
def test_independent_days_keep_to_the_decade_and_are_not_called_dependent(rows: int) -> None:
    alarms, dependent = quiet_years(0.0, rows)
    assert alarms <= 60 * 365 / DECADE + 5
    assert dependent <= 3


def test_a_fall_of_days_that_follow_each_other_is_still_seen() -> None:
    """From 85 to 75 %, days keeping half of the day before: within four weeks."""
    waits = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        level = expit(logit(np.where(np.arange(240) < 150, 0.85, 0.75)) + 0.15 * wandering(rng, 240, 0.5))
        rows = np.full(240, 1000)
        warned = early_warning(counted(rng.binomial(rows, level), rows), reference=REFERENCE, name="accuracy")
        assert warned is not None
        waits.append(min((alarm.at - at(150)).days for alarm in warned.alarms if alarm.at > at(150)))
    assert np.median(waits) <= 14
    assert max(waits) <= 28


def test_an_error_without_bounds_does_not_alarm_for_a_few_huge_ones() -> None:
    """Errors whose daily mean hangs on single decisions (lognormal): 20 years; 19 alarms without a bound."""
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(270), 60)
        true = np.full(len(day), 1000.0)
        predicted = true + rng.lognormal(0, 1.5, len(day))
        warned = early_warning(regressed(day, predicted, true), reference=REFERENCE, name="mae")
        assert warned is not None
        alarms += len(warned.alarms)
    assert alarms <= 8


def test_an_alarm_is_over_when_the_sum_is_back_at_zero_and_stays_on_record() -> None:
    drop = np.where((np.arange(200) >= 120) & (np.arange(200) < 130), 0.15, 0.0)
    columns = scored(np.random.default_rng(1), 200, 200, drop=drop)
    warned = early_warning(classified(*columns), reference=REFERENCE)
    assert warned is not None
    (alarm,) = warned.alarms
    assert alarm.until is not None
    assert alarm.since < at(124) < at(130) <= alarm.until
    assert warned.at is None
    soon = columns[0] < 126
    early = early_warning(classified(*(column[soon] for column in columns)), reference=REFERENCE)
    assert early is not None
    assert (early.at, early.since) == (alarm.at, alarm.since)


def test_a_rare_positive_rate_does_not_alarm_for_being_skewed() -> None:
    days = alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = 270 * 200
        predicted = (rng.random(rows) < 0.011).astype(int)
        profile = classified(np.repeat(np.arange(270), 200), predicted, predicted)
        warned = early_warning(profile, reference=REFERENCE, name="positive_rate")
        assert warned is not None
        alarms += len(warned.alarms)
        days += 180
    assert alarms <= 1.5 * days / 365


def test_a_fall_is_seen_within_days_and_dated_to_its_onset() -> None:
    drop = np.where(np.arange(150) >= 120, 0.15, 0.0)
    profile = classified(*scored(np.random.default_rng(1), 150, 200, drop=drop))
    warned = early_warning(profile, reference=REFERENCE)
    assert warned is not None
    assert warned.at is not None
    assert warned.since is not None
    assert at(120) < warned.at <= at(124)
    assert abs((warned.since - at(120)).days) <= 2


def test_bias_is_watched_on_both_sides() -> None:
    for shift in (-4.0, 4.0):
        rng = np.random.default_rng(2)
        true = rng.normal(100, 10, 150 * 40)
        day = np.repeat(np.arange(150), 40)
        predicted = true + rng.normal(0, 8, len(true)) + np.where(day >= 120, shift, 0.0)
        warned = early_warning(regressed(day, predicted, true), reference=REFERENCE, name="bias")
        assert warned is not None
        assert warned.since is not None
        assert abs((warned.since - at(120)).days) <= 3


def test_a_shift_too_small_to_matter_never_adds_up() -> None:
    """Half a point of accuracy below, with 20,000 rows a day: certain, and of no consequence."""
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(150), 20_000)
    right = rng.random(len(day)) < np.where(day >= 90, 0.897, 0.9)
    warned = early_warning(classified(day, right.astype(int), np.ones(len(day), int)), reference=REFERENCE)
    assert warned is not None
    assert warned.at is None


def test_nothing_to_watch_is_none() -> None:
    assert early_warning(classified(*scored(np.random.default_rng(1), 20, 40)), reference=REFERENCE) is None


@pytest.mark.parametrize("name", ["accuracy", "positive_rate", "mae", "bias"])
def test_a_day_adds_what_it_is_worse_in_its_own_standard_errors(name: str) -> None:
    """Two logs alike but for what they end on: their sums part by the difference over the day's standard error."""
    day, place = np.repeat(np.arange(92), 400), np.tile(np.arange(400), 92)

    def sums(level: int) -> np.ndarray:
        """Each day 40 errors of size 2 (or wrong ones, or positives) among 400, on the two days watched ``level``."""
        odd = place < np.where(day < 90, 40, level)
        if name == "accuracy":
            profile = classified(day, np.where(odd, 0, 1), np.ones(len(day), int))
        elif name == "positive_rate":
            profile = classified(day, odd.astype(int), odd.astype(int))
        else:
            profile = regressed(day, 100.0 + 2.0 * odd, np.full(len(day), 100.0))
        warned = early_warning(profile, reference=REFERENCE, name=name)
        assert warned is not None
        return warned.sums

    unit = np.sqrt(0.1 * 0.9 / 400) * (1 if name in ("accuracy", "positive_rate") else 2)
    low, high = 56, 60
    apart = (high - low) / 400 * (1 if name in ("accuracy", "positive_rate") else 2) / unit
    assert sums(high) - sums(low) == pytest.approx(np.array([apart, 2 * apart]), rel=1e-3)
    assert not sums(40).any()


@pytest.mark.parametrize(("name", "later"), [("mae", 5.0), ("mae", 2.0), ("bias", -9.0), ("bias", 5.0)])
def test_beside_a_reference_whose_errors_never_vary_nothing_adds_up(name: str, later: float) -> None:
    """It tells of no standard error to count in."""
    day = np.repeat(np.arange(100), 60)
    profile = regressed(day, np.where(day < 90, 102.0, 100.0 + later), np.full(len(day), 100.0))
    warned = early_warning(profile, reference=REFERENCE, name=name)
    assert warned is not None
    assert warned.sums.tolist() == [0.0] * 10
    assert (warned.at, warned.alarms) == (None, ())


@pytest.mark.parametrize(("n", "kept"), [(50, 1.0), (12, 1.5), (3, 2.0), (9, 2.0)])
def test_an_unsure_mean_is_students_with_the_independent_days_that_it_has(n: int, kept: float) -> None:
    """n over kept squared independent days, less the mean's own; one degree of freedom at least."""
    freedom = max(n / kept**2 - 1, 1)
    expected = stats.t(freedom).ppf(stats.norm.cdf(1.5)) / np.sqrt(n)
    assert unsure_mean(n, kept, 1.5) == pytest.approx(expected)


def _plainly(
    right: np.ndarray, rows: np.ndarray, reference: int
) -> tuple[list[float], float, list[tuple[int, ...]]]:
    """Sums, limit and alarms (end of the day, onset, over or -1) of daily counts of right answers, by the formulas of
    the docstrings and day by day; ``long_run_ratio`` and the limit have tests of their own."""
    healthy, n = right[:reference] / rows[:reference], rows[:reference]
    mean, total = right[:reference].sum() / n.sum(), n.sum()
    row = np.sqrt(max(mean * (1 - mean), 0.25 / total))
    normal = (mean - healthy) * np.sqrt(n) / row
    weekday = np.array([at(i).weekday() for i in range(reference)])
    plain = long_run_ratio(normal, weekday=weekday, week=7)
    kept = long_run_ratio(normal, weekday=weekday, week=7, unsure=1.0)
    restless = max(1.0, np.sqrt((normal**2).sum() / reference / max(1 - kept / reference, 0.5)))
    freedom = max(reference / kept - 1, 1)
    unsure = stats.t(freedom).ppf(stats.norm.cdf(1.645)) / np.sqrt(reference)
    least = min(0.5, 0.75 / np.sqrt(kept))
    limit = cusum_limit(3650.0, least)
    matters = relevant_change(metric("accuracy"), mean)
    sums, alarms, total_so_far, onset, crossed = [], [], 0.0, 0, -1
    for i in range(reference, len(rows)):
        se = row / np.sqrt(rows[i])
        unit = restless * np.sqrt(kept)
        step = (mean - right[i] / rows[i]) / se / unit
        before, total_so_far = (
            total_so_far,
            max(0.0, total_so_far + step - max(least, matters / (2 * se) / unit) - unsure),
        )
        sums.append(total_so_far)
        if before == 0 and total_so_far > 0:
            onset, crossed = i, -1
        if total_so_far > limit and crossed < 0:
            crossed = i
            alarms.append((i + 1, onset, -1))
        if before > 0 and total_so_far == 0 and crossed >= 0:
            alarms[-1] = (*alarms[-1][:2], i)
            crossed = -1
    assert plain <= kept
    return sums, limit, alarms


@pytest.mark.parametrize("seed", range(12))
def test_the_sum_its_limit_and_its_alarms_are_those_of_the_formulas(seed: int) -> None:
    """Days of 40 to 400 decisions, independent or not, with a fall that comes, goes, or is not there."""
    rng = np.random.default_rng(seed)
    reference, days = (28, 61, 90)[seed % 3], 150
    level = np.where((np.arange(days) >= 100) & (np.arange(days) < 125), 0.85 - 0.05 * (seed % 4), 0.85)
    if seed % 2:
        level = expit(logit(level) + 0.15 * wandering(rng, days, 0.7))
    rows = rng.integers(40, 400, days)
    right = rng.binomial(rows, level)
    sums, limit, alarms = _plainly(right, rows, reference)
    warned = early_warning(counted(right, rows), reference=(at(0), at(reference)), name="accuracy")
    assert warned is not None
    assert warned.limit == pytest.approx(limit)
    assert warned.sums == pytest.approx(np.array(sums), abs=1e-8)
    assert [(a.at, a.since, a.until) for a in warned.alarms] == [
        (at(end), at(onset), at(over) if over >= 0 else None) for end, onset, over in alarms
    ]
    open_alarm = alarms[-1] if alarms and alarms[-1][2] < 0 else None
    assert (warned.at, warned.since) == (
        (at(open_alarm[0]), at(open_alarm[1])) if open_alarm else (None, None)
    )
