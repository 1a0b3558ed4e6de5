"""Changes planted in simulated systems are found, dated and told; stationary ones give none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from plumbline.domain import OutcomeProfile
from plumbline.monitor.alarms.change_point import ChangePoint, change_point
from plumbline.monitor.performance.series import performance
from tests.monitor.outcomes import at, classified, counted, regressed, scored, wandering


def found(profile: OutcomeProfile, metric: str = "accuracy") -> ChangePoint | None:
    return change_point(performance(profile, by="day", metrics=[metric]))


def system(drop: np.ndarray, seed: int = 1, rows: int = 200) -> OutcomeProfile:
    return classified(*scored(np.random.default_rng(seed), len(drop), rows, drop=drop))


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_dated_to_the_day_or_nearly(seed: int) -> None:
    change = found(system(np.where(np.arange(180) >= 100, 0.25, 0.0), seed))
    assert change is not None
    assert change.kind == "step"
    assert abs((change.at - at(100)).days) <= 1
    assert change.low <= change.at <= change.high
    assert change.before - change.after > 0.1
    assert change.until is None
    assert change.n_before + change.n_after == 180 * 200
    assert " since." in change.sentence


@pytest.mark.parametrize("seed", range(8))
def test_a_slope_is_dated_to_where_it_sets_in(seed: int) -> None:
    """Accuracy slides steadily by about 20 points over 90 days, 330 rows a day."""
    drop = np.clip((np.arange(180) - 90) / 90, 0, 1) * 0.34
    change = found(system(drop, seed, rows=330))
    assert change is not None
    assert change.kind == "slope"
    assert abs((change.at - at(90)).days) <= 7
    assert "falling since" in change.sentence
    assert change.after < change.before - 0.15


def test_the_onset_of_what_grows_from_nothing_lies_nearer_than_its_step_and_a_step_is_its_own() -> None:
    """A bias that comes as an adoption curve does, over three weeks, and one that is there at once."""
    grown, sharp = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(200), 60)
        true = rng.normal(100, 10, len(day))
        noise = true + rng.normal(0, 10, len(day))
        curve = 12 / (1 + np.exp(-(day - 100) / 5))
        for kept, shift, began in ((grown, curve, 88), (sharp, np.where(day >= 100, 8.0, 0.0), 100)):
            change = found(regressed(day, noise + shift, true), "bias")
            assert change is not None
            assert change.onset <= change.at
            assert ("Signs of it from" in change.sentence) <= (change.onset < change.at)
            kept.append([abs((moment - at(began)).days) for moment in (change.at, change.onset)])
    step, onset = np.median(grown, axis=0)
    assert onset <= 0.6 * step
    assert np.median(sharp, axis=0).tolist() == [0, 0]


def test_a_bad_day_that_passed_has_an_end() -> None:
    drop = np.zeros(60)
    drop[40:42] = 0.5
    change = found(system(drop))
    assert change is not None
    assert (change.at, change.until) == (at(40), at(42))


def test_the_last_of_two_changes_is_told() -> None:
    drop = np.zeros(200)
    drop[50:60], drop[150:] = 0.3, 0.3
    change = found(system(drop))
    assert change is not None
    assert abs((change.at - at(150)).days) <= 1
    assert change.until is None


def test_getting_better_is_no_change_for_the_worse() -> None:
    assert found(system(np.where(np.arange(120) < 60, 0.25, 0.0))) is None


def test_a_change_too_small_to_matter_is_not_told() -> None:
    drop = np.where(np.arange(120) >= 60, 0.008, 0.0)
    assert found(system(drop, rows=8000)) is None


def test_stationary_systems_seldom_break() -> None:
    broken = sum(found(system(np.zeros(180), seed, rows=60)) is not None for seed in range(60))
    assert broken <= 1


def wanders(
    kept: float, seed: int, days: int = 300, fall: int | None = None, to: float = 0.72
) -> OutcomeProfile:
    """Accuracy 82 % (72 % from day ``fall`` on) of 600 decisions a day, each day's level 0.2 off in logits."""
    rng = np.random.default_rng(seed)
    healthy = np.arange(days) < (days if fall is None else fall)
    level = expit(logit(np.where(healthy, 0.82, 0.72)) + 0.2 * wandering(rng, days, kept))
    rows = np.full(days, 600)
    return counted(rng.binomial(rows, level), rows)


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.8])
def test_days_that_follow_each_other_are_no_change(kept: float) -> None:
    """40 logs each; with the noise of neighbouring days 4, 15 and 36 of them were told one."""
    assert sum(found(wanders(kept, seed)) is not None for seed in range(40)) <= 2


@pytest.mark.parametrize(("kept", "least"), [(0.5, 37), (0.8, 33)])
def test_a_fall_of_wandering_days_is_told_and_its_range_holds_the_day(kept: float, least: int) -> None:
    """By ten points, of 40 logs; with the noise of neighbouring days the range held 34 and 25 of them."""
    held = told = 0
    for seed in range(40):
        change = found(wanders(kept, seed, 120, fall=50 + seed % 20))
        if change is not None:
            told, held = told + 1, held + (change.low <= at(50 + seed % 20) <= change.high)
    assert told >= 34
    assert held >= least / 40 * told


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_errors_that_hang_on_single_decisions_are_no_change(metric: str) -> None:
    """Errors of Student's t with 2.5 degrees of freedom: 10 logs each, of which 5 and 10 were told one."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(300), 100)
        true = rng.normal(100, 20, len(day))
        assert found(regressed(day, true + 10 * rng.standard_t(2.5, len(day)), true), metric) is None


def test_what_is_told_of_a_heavy_tailed_error_are_the_measured_means() -> None:
    rng = np.random.default_rng(5)
    day = np.repeat(np.arange(160), 100)
    error = rng.standard_t(2.5, len(day)) * np.where(day >= 80, 20, 10)
    true = np.full(len(day), 1000.0)
    change = found(regressed(day, true + error, true), "mae")
    assert change is not None
    assert abs((change.at - at(80)).days) <= 2
    split = (change.at - at(0)).days
    assert change.before == pytest.approx(abs(error[day < split]).mean())
    assert change.after == pytest.approx(abs(error[day >= split]).mean())


def test_an_error_that_grows_is_told_as_rising() -> None:
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(200), 60)
    true = rng.normal(100, 10, len(day))
    predicted = true * (1 + np.clip((day - 120) / 80, 0, 1) * 0.3) + rng.normal(0, 8, len(day))
    change = found(regressed(day, predicted, true), "bias")
    assert change is not None
    assert change.kind == "slope"
    assert abs((change.at - at(120)).days) <= 7
    assert "rising since" in change.sentence


def test_the_95_per_cent_range_holds_the_truth_about_as_often() -> None:
    held = 0
    for seed in range(60):
        change = found(system(np.where(np.arange(120) >= 70, 0.08, 0.0), seed, rows=150))
        assert change is not None, seed
        held += change.low <= at(70) <= change.high
    assert held >= 52


def test_too_few_days_say_nothing() -> None:
    assert found(system(np.zeros(5))) is None
    assert change_point([]) is None


@pytest.mark.parametrize(("days", "told"), [(7, False), (8, True), (15, True)])
def test_eight_days_are_enough_where_a_fall_is_plain(days: int, told: bool) -> None:
    """From 90 to 40 % of a thousand decisions a day, half-way through."""
    rows = np.full(days, 1000)
    right = np.where(np.arange(days) < days // 2, 900, 400) + np.arange(days) % 3
    change = found(counted(right, rows))
    assert (change is not None) is told
    if change is not None:
        assert change.at == at(days // 2)
