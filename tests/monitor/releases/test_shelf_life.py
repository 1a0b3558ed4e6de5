"""How long versions keep, against lifetimes worked out by hand and scipy's survival curve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import Point, PointStatus
from plumbline.monitor.quality.staleness import last_arrival
from plumbline.monitor.releases.shelf_life import (
    VersionLife,
    median_life,
    median_limits,
    shelf_life,
    version_lives,
)
from tests.monitor.versions import every, version_hours

START = datetime(2025, 1, 6, tzinfo=UTC)
TIMES = every(360, "2025-01-06", "2025-12-01")
VERSIONS = [
    "1" if t < np.datetime64("2025-05-05") else "2" if t < np.datetime64("2025-09-01") else "3" for t in TIMES
]
HOURS = version_hours(TIMES, VERSIONS)
AS_OF = datetime(2025, 12, 1, tzinfo=UTC)


def week(version: str, n: int, status: PointStatus) -> Point:
    at = START + timedelta(weeks=n)
    return Point(
        metric="accuracy",
        start=at,
        end=at + timedelta(weeks=1),
        n=90,
        value=0.8,
        low=0.7,
        high=0.9,
        threshold=0.7,
        status=status,
        version=version,
    )


OK, BREACH = PointStatus.OK, PointStatus.BREACH
ONE = [week("1", i, BREACH if i >= 10 else OK) for i in range(17)]
TWO = [week("2", i, BREACH if i >= 30 else OK) for i in range(17, 34)]
THREE = [week("3", i, OK) for i in range(34, 47)]


def test_retrain_by_is_the_median_life_after_the_present_versions_start() -> None:
    earlier = version_lives(HOURS, [*ONE, *TWO, *THREE], as_of=AS_OF)
    assert [(x.version, x.days, x.kept, x.source) for x in earlier] == [
        ("1", 70.0, False, "first seen"), ("2", 91.0, False, "first seen"),
    ]  # fmt: skip
    began = datetime(2025, 9, 1, tzinfo=UTC)
    told = shelf_life(earlier, (began, "first seen"), as_of=AS_OF)
    assert (told.days, told.retrain_by, told.status) == (70, None, PointStatus.UNKNOWN)
    assert "2 broke their limits, and 5 make a date to retrain by" in told.sentence
    many = [
        *earlier,
        *(
            VersionLife(version=f"0.{i}", since=START, source="first seen", days=days, kept=False)
            for i, days in enumerate((60, 70, 80))
        ),
    ]
    told = shelf_life(many, (began, "first seen"), as_of=AS_OF)
    assert (told.days, told.low, told.high) == (70, 70, None)
    assert told.retrain_by == began + timedelta(days=70)
    assert told.status is PointStatus.BREACH
    assert "(95 % interval from 70 days): retrain by 10 November 2025, 21 days ago" in told.sentence
    for day, words in ((11, "1 day ago."), (9, "in 1 day."), (8, "in 2 days.")):
        told = shelf_life(many, (began, "first seen"), as_of=datetime(2025, 11, day, tzinfo=UTC))
        assert f"retrain by 10 November 2025, {words}" in told.sentence


@pytest.mark.parametrize(
    ("observed", "median", "limits"),
    [  # acute myelogenous leukaemia (Miller 1997, Survival Analysis, p. 49), as R's survfit has its medians
        ("9 13 13+ 18 23 28+ 31 34 45+ 48 161+", 31, (18, None)),
        ("5 5 8 8 12 16+ 23 27 30 33 43 45", 23, (8, None)),
    ],
)
def test_the_limits_of_a_median_are_the_published_ones(
    observed: str, median: float, limits: tuple[float, float | None]
) -> None:
    days = [float(one.strip("+")) for one in observed.split()]
    kept = [one.endswith("+") for one in observed.split()]
    assert median_life(days, kept) == median
    assert median_limits(days, kept) == limits


def test_the_limits_hold_the_median_about_95_times_in_100() -> None:
    """300 systems of 20 versions that keep an exponential time and are replaced at another."""
    rng = np.random.default_rng(6)
    held = []
    for _ in range(300):
        life, left = rng.exponential(100, 20), rng.exponential(250, 20)
        low, high = median_limits(np.minimum(life, left).tolist(), (life > left).tolist())
        held.append(low <= 100 * np.log(2) and (high is None or 100 * np.log(2) <= high))
    assert 0.9 <= np.mean(held) <= 0.995


def test_a_version_that_never_worked_has_no_shelf_life() -> None:
    bad = [week("2", i, BREACH) for i in range(17, 34)]
    assert [x.version for x in version_lives(HOURS, [*ONE, *bad, *THREE], as_of=AS_OF)] == ["1"]


def test_versions_that_never_broke_say_at_least() -> None:
    good = [week("1", i, OK) for i in range(17)]
    told = shelf_life(version_lives(HOURS, good, as_of=AS_OF), (START, "first seen"), as_of=AS_OF)
    assert (told.days, told.retrain_by, told.status) == (None, None, PointStatus.UNKNOWN)
    assert "at least 119 days" in told.sentence
    assert shelf_life((), None, as_of=AS_OF).status is PointStatus.UNKNOWN


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_the_median_is_that_of_the_survival_curve(observed: list[tuple[int, bool]]) -> None:
    # at a tie scipy, too, takes deaths before those who left
    observed = sorted(observed, key=lambda x: (x[0], x[1]))
    curve = stats.ecdf(
        stats.CensoredData.right_censored([float(d) for d, _ in observed], [kept for _, kept in observed])
    ).sf
    below = curve.quantiles[curve.probabilities <= 0.5 + 1e-12]
    found = median_life([float(d) for d, _ in observed], [kept for _, kept in observed])
    assert found == (float(below[0]) if len(below) and not all(k for _, k in observed) else None)


@pytest.mark.parametrize(("later", "status"), [(0.5, "ok"), (3.5, "watch"), (7, "breach")])
def test_a_log_that_stops_is_noticed_at_its_own_pace(later: float, status: str) -> None:
    times = every(1440, "2026-01-01", "2026-03-01").to_numpy("datetime64[us]")
    as_of = datetime(2026, 2, 28, tzinfo=UTC) + timedelta(days=later)
    assert last_arrival(times, as_of).status == status
    assert last_arrival(times[:3], as_of).status == "unknown"
