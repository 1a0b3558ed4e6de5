"""What comes every year is no new problem of performance, and what does not is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import binom, norm

from plumbline.domain import Point, PointStatus
from plumbline.domain.messages import NOTHING
from plumbline.monitor.alarms.change_point import ChangePoint
from plumbline.monitor.alarms.contradiction import contradictions
from plumbline.monitor.alarms.persistence import LastingChange
from plumbline.monitor.alarms.year_before import is_as_year_before, mark_seasonal_breaches, seasonal
from tests.monitor.outcomes import at, classified

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(weeks=1)
END = START + 13 * WEEK
HEALTHY = {"accuracy": 0.8}


def series(values: dict[range, float], n: int = 400) -> list[Point]:
    """117 weeks at 0.8, or what ``values`` says; under 0.75 is a breach."""
    made = []
    for i in range(117):
        value = next((v for weeks, v in values.items() if i in weeks), 0.8)
        status = PointStatus.BREACH if value < 0.75 else PointStatus.OK
        made.append(
            Point(metric="accuracy", start=START + i * WEEK, end=START + (i + 1) * WEEK, n=n, value=value,
                  low=value - 0.01, high=value + 0.01, threshold=0.75, status=status)
        )  # fmt: skip
    return made


def broken(points: tuple[Point, ...]) -> list[int]:
    return [i for i, p in enumerate(points) if p.status is PointStatus.BREACH]


def test_a_fall_as_in_the_same_weeks_of_the_year_before_is_the_seasons() -> None:
    points = series({range(30, 45): 0.70, range(82, 97): 0.69})
    told = mark_seasonal_breaches(points, HEALTHY, END)
    assert broken(told) == list(range(30, 45))
    assert told[85].note == "As in the same weeks of the year before."
    assert [p.value for p in told] == [p.value for p in points]


@pytest.mark.parametrize(
    "values",
    [
        {range(30, 45): 0.70, range(82, 97): 0.55},  # twice as deep
        {range(30, 45): 0.70, range(60, 75): 0.70},  # at another time of the year
        {range(82, 97): 0.70},  # for the first time
        {range(30, 117): 0.70},  # since the first year
    ],
)
def test_a_fall_that_the_year_before_did_not_have_stays(values: dict[range, float]) -> None:
    points = series(values)
    assert broken(mark_seasonal_breaches(points, HEALTHY, END)) == broken(tuple(points))


def test_an_owners_limit_holds_in_every_season() -> None:
    points = series({range(30, 45): 0.70, range(82, 97): 0.70})
    assert broken(mark_seasonal_breaches(points, HEALTHY, END, {"accuracy": 0.75})) == broken(tuple(points))
    assert broken(mark_seasonal_breaches(points, {"accuracy": None}, END)) == broken(tuple(points))


def test_too_few_decisions_a_year_before_explain_nothing() -> None:
    points = series({range(30, 45): 0.70, range(82, 97): 0.70}, n=1)
    assert not is_as_year_before(points, START + 82 * WEEK, START + 90 * WEEK, 0.8)


def test_a_change_point_of_the_second_year_may_be_the_seasons() -> None:
    points = series({range(30, 45): 0.70, range(82, 97): 0.69})

    def lasting(first: int, last: int) -> LastingChange:
        begun = START + first * WEEK
        change = ChangePoint(
            metric="accuracy", kind="step", at=begun, low=begun, high=begun, before=0.8, after=0.7, n_before=1,
            n_after=1, until=None, sentence=NOTHING, onset=begun, breach=NOTHING,
        )  # fmt: skip
        return LastingChange(change, tuple(points[first:last]), START + last * WEEK)

    assert seasonal(lasting(82, 95), points, HEALTHY, END)
    assert not seasonal(lasting(30, 45), points, HEALTHY, END)
    early = series(
        {range(11, 30): 0.70, range(64, 82): 0.69}
    )  # begun a week before the second year, known within it
    assert is_as_year_before(early, START + 64 * WEEK, START + 70 * WEEK, 0.8)
    assert seasonal(lasting(64, 70), early, HEALTHY, END)


def test_outcomes_that_contradict_the_score_every_summer_are_told_once() -> None:
    """And labels that are turned round in the second year are told, though they were not in the first."""
    rng = np.random.default_rng(2)
    days = np.repeat(np.arange(820), 60)
    p = 1 / (1 + np.exp(-rng.normal(-1.5, 1.4, len(days))))
    summer = (days % 364 > 180) & (days % 364 < 260)
    told = []
    for turned in (summer, (days >= 600)):
        y = (rng.random(len(days)) < p) ^ (turned & (rng.random(len(days)) < 0.1))
        profile = classified(days, (p > 0.5).astype(int), y.astype(int), p)
        told.append([found.at for found in contradictions(profile, reference=(at(0), at(90)))])
    assert len(told[0]) == 1
    assert at(180) < told[0][0] < at(260)
    assert len(told[1]) == 1
    assert at(600) < told[1][0] < at(640)


def counted(weeks: dict[int, tuple[int, int]]) -> list[Point]:
    """Weeks by their number, of so many right decisions of so many, with Wald's 95 % limits."""
    made = []
    for i, (right, n) in weeks.items():
        value = right / n
        error = norm.ppf(0.975) * np.sqrt(value * (1 - value) / n)
        made.append(
            Point(metric="accuracy", start=START + i * WEEK, end=START + (i + 1) * WEEK, n=n, value=value,
                  low=value - error, high=value + error, threshold=None, status=PointStatus.OK)
        )  # fmt: skip
    return made


NOW, THEN = (82, 83), (29, 30, 31, 32)  # two weeks, and those a year before with one more on either side


def of_both(now: list[tuple[int, int]], then: list[tuple[int, int]], healthy: float) -> bool:
    points = counted(dict(zip((*THEN, *NOW), (*then, *now), strict=True)))
    return is_as_year_before(points, START + 82 * WEEK, START + 84 * WEEK, healthy)


def test_the_allowance_for_chance_is_that_of_two_weighted_means() -> None:
    """The largest difference that is taken for chance, found by trying, is 1.96 standard errors of the difference.

    Each year's mean is that of its decisions; its error is the sum of its weeks' variances by their weights (no pooled
    share, and a large week weighs as its decisions do).
    """
    then = [(30, 50), (480, 600), (35, 50), (470, 600)]
    n = np.array([m for _, m in then])
    share = np.array([k for k, _ in then]) / n
    spread = float(np.sum(n**2 * share * (1 - share) / n) / n.sum() ** 2)
    level = float(np.average(share, weights=n))
    for healthy in (
        1.0,
        level + 0.05,
    ):  # beside the farther one half of the way decides, beside the nearer one chance
        taken = {}
        for right in range(150):
            value = right / 150
            limit = norm.ppf(0.975) * np.sqrt(spread + value * (1 - value) / 300)
            apart, way = abs(value - level), abs(value - healthy)
            taken[right] = of_both([(right, 150), (right, 150)], then, healthy)
            assert taken[right] == (apart < max(way / 2, min(limit, way))), right
        assert {True, False} == set(taken.values())


def test_a_season_that_comes_again_is_within_the_allowance_in_95_of_100_years() -> None:
    """By simulation: both years at one level, of so few decisions that half of the way is within chance."""
    rng = np.random.default_rng(8)
    level, healthy, n = 0.70, 0.78, 40

    def weeks(share: float, many: int) -> list[tuple[int, int]]:
        return [(int(k), n) for k in rng.binomial(n, share, many)]

    told = by_hand = 0
    for _ in range(2000):
        now, then = weeks(level, 2), weeks(level, 4)
        told += of_both(now, then, healthy)
        a, b = (sum(k for k, _ in own) / (n * len(own)) for own in (now, then))
        way = abs(a - healthy)
        chance = 1.96 * np.sqrt(level * (1 - level) / n * (1 / 2 + 1 / 4))
        by_hand += abs(a - b) < max(way / 2, min(chance, way))
    assert told / 2000 == pytest.approx(by_hand / 2000, abs=0.02)
    far = sum(of_both(weeks(level, 2), weeks(level, 4), 0.95) for _ in range(500))
    assert far / 500 >= binom.ppf(0.001, 500, 0.95) / 500


def test_a_new_fall_is_surely_apart_as_soon_as_chance_allows() -> None:
    """A fall that the year before had half of is new once the difference is beyond 1.96 standard errors."""
    rng = np.random.default_rng(9)
    taken = {}
    for n in (20, 2000):
        now, then = rng.binomial(n, 0.60, (400, 2)), rng.binomial(n, 0.75, (400, 4))
        taken[n] = sum(
            of_both([(int(k), n) for k in one], [(int(k), n) for k in other], 0.80)
            for one, other in zip(now, then, strict=True)
        )
    assert taken[20] >= 40
    assert taken[2000] <= 5


def weekly(values: list[float], n: list[int] | None = None, error: float = 0.0) -> list[Point]:
    rows = n or [100] * len(values)
    return [
        Point(metric="accuracy", start=START + i * WEEK, end=START + (i + 1) * WEEK, n=rows[i], value=v,
              low=v - 1.959964 * error, high=v + 1.959964 * error, threshold=None, status=PointStatus.OK)
        for i, v in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "alike"),
    [
        ([0.8, 0.66, 0.66, 0.66, 0.8], True), ([0.0, 0.66, 0.66, 0.66, 0.0], True),  # weeks that are not looked at
        ([0.8, 0.8, 0.66, 0.66, 0.8], False), ([0.8, 0.66, 0.66, 0.8, 0.8], False),  # a week on either side is
    ],
)  # fmt: skip
def test_a_week_more_on_either_side_of_the_year_before_is_looked_at(before: list[float], alike: bool) -> None:
    """One week at 0.6, of a reference at 0.8: 0.66 is nearer than half of the way, the mean with one at 0.8 is not."""
    points = weekly([*before, *[0.8] * 49, 0.6, 0.8])
    at_fall = points[54]
    assert is_as_year_before(points, at_fall.start, at_fall.end, 0.8) is alike
    assert not is_as_year_before(points, at_fall.start, at_fall.end, None)


@pytest.mark.parametrize(("then", "alike"), [(0.699, True), (0.701, False), (0.501, True), (0.499, False)])
def test_half_of_the_way_from_the_reference_is_no_seasons(then: float, alike: bool) -> None:
    points = weekly([0.8, *[then] * 3, *[0.8] * 50, 0.6])
    assert is_as_year_before(points, points[54].start, points[54].end, 0.8) is alike


@pytest.mark.parametrize(("error", "alike"), [(0.09, True), (0.05, False)])
def test_what_chance_may_bring_is_no_difference_as_far_as_the_reference_goes(
    error: float, alike: bool
) -> None:
    """One week now and three then: 1.96 standard errors of their difference are 2.26 of a week: 0.20 and 0.11."""
    points = weekly([0.8, *[0.75] * 3, *[0.8] * 50, 0.6], error=error)
    assert is_as_year_before(points, points[54].start, points[54].end, 0.8) is alike
    far = weekly([0.8, *[0.81] * 3, *[0.8] * 50, 0.6], error=error)
    assert not is_as_year_before(far, far[54].start, far[54].end, 0.8)


@pytest.mark.parametrize(("now", "then", "known"), [(30, 10, True), (29, 10, False), (30, 9, False)])
def test_thirty_decisions_are_needed_on_either_side(now: int, then: int, known: bool) -> None:
    rows = [500, *[then] * 3, *[500] * 50, now]
    points = weekly([0.8, *[0.6] * 3, *[0.8] * 50, 0.6], rows)
    assert is_as_year_before(points, points[54].start, points[54].end, 0.8) is known
