"""A fall that no single week proves is one finding, from when it was sure until it is over."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import OutcomeProfile
from plumbline.monitor.alarms.change_point import change_point
from plumbline.monitor.alarms.findings import PerformanceProblem, performance_problems
from plumbline.monitor.alarms.persistence import lasting_change
from plumbline.monitor.performance.series import performance, thresholds
from tests.monitor.outcomes import at, classified

REFERENCE = (at(0), at(56))


def log(seed: int, falls: int | None, days: int = 350, a_day: int = 60) -> OutcomeProfile:
    """94.8 % right, and 91.5 % from the day on which it falls."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), a_day)
    right = rng.random(len(day)) < np.where(day >= (days if falls is None else falls), 0.915, 0.948)
    true = rng.integers(0, 2, len(day))
    return classified(day, np.where(right, true, 1 - true), true)


def told(profile: OutcomeProfile, until: int = 350) -> list[PerformanceProblem]:
    asked = {"reference": REFERENCE, "metrics": ["accuracy"]}
    points = [p for p in performance(profile, by="week", **asked) if p.end <= at(until)]  # type: ignore[arg-type]
    daily = [p for p in performance(profile, by="day", **asked) if p.end <= at(until)]  # type: ignore[arg-type]
    bands = thresholds(profile, by="week", **asked)  # type: ignore[arg-type]
    healthy = {"accuracy": bands["accuracy"].mean}
    return performance_problems(
        points, healthy, lasting_change(points, change_point(daily), bands["accuracy"])
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_lasting_fall_is_one_problem_that_stays_open(seed: int) -> None:
    profile = log(seed, 120)
    (found,) = told(profile)
    assert found.until is None
    assert abs((found.since - at(120)).days) <= 21
    assert at(120) < found.confirmed <= at(120 + 70)


def test_what_was_sure_was_sure_before_the_rest_of_the_log_came() -> None:
    profile = log(1, 120)
    (found,) = told(profile)
    days = (found.confirmed - at(0)).days
    (then,) = told(profile, until=days + 14)
    assert abs((then.confirmed - found.confirmed).days) <= 14


def test_quiet_systems_have_no_lasting_fall() -> None:
    """20 systems of 42 weeks: under one a system-year is allowed, none is made."""
    assert sum(len(told(log(seed, None))) for seed in range(20)) == 0


def test_a_change_without_a_chunk_that_could_be_judged_does_not_last() -> None:
    asked = {"reference": REFERENCE, "metrics": ["accuracy"]}
    profile = log(0, 120)
    change = change_point(performance(profile, by="day", **asked))  # type: ignore[arg-type]
    band = thresholds(profile, by="week", **asked)["accuracy"]  # type: ignore[arg-type]
    assert change is not None
    assert lasting_change([], change, band) is None
    assert lasting_change(performance(profile, by="week", **asked), change, band) is not None  # type: ignore[arg-type]
    assert lasting_change(performance(profile, by="week", **asked), None, band) is None  # type: ignore[arg-type]
    assert lasting_change(performance(profile, by="week", **asked), change, None) is None  # type: ignore[arg-type]
