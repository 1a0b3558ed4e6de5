"""Completeness counted by hand, and gaps that were cut into known cadences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import CompletenessProfile, PointStatus
from plumbline.monitor.quality.completeness import Gap, audit, gaps, hourly, without_seasonal_repeats

FIRST = date(2026, 1, 5)  # a Monday
START = datetime(2026, 1, 5, tzinfo=UTC)


def profile(
    hours: np.ndarray, present: dict[str, float] | None = None, versions: tuple[str, ...] = ("1",)
) -> CompletenessProfile:
    """hours: (days, 24) decisions; each version gets an equal profile."""
    days = [FIRST + timedelta(days=i) for i in range(len(hours)) if hours[i].any()]
    kept = hours[hours.any(axis=1)].astype(np.int64)
    table = np.repeat(kept, len(versions), axis=0)
    n = table.sum(1)
    return CompletenessProfile(
        days=tuple(day for day in days for _ in versions),
        versions=versions * len(days),
        n=n,
        present={role: np.round(n * share).astype(np.int64) for role, share in (present or {}).items()},
        hours=table,
    )


def steady(days: int) -> np.ndarray:
    return np.full((days, 24), 10)


def office(days: int) -> np.ndarray:
    """Decisions from 08:00 to 18:00 on Monday to Friday."""
    hours = np.zeros((days, 24), dtype=int)
    for i in range(days):
        if i % 7 < 5:
            hours[i, 8:18] = 10
    return hours


def cut(hours: np.ndarray, day: int, hour: int, length: int) -> np.ndarray:
    flat = hours.copy().ravel()
    flat[24 * day + hour : 24 * day + hour + length] = 0
    return flat.reshape(-1, 24)


@pytest.mark.parametrize("cadence", [steady, office])
def test_nights_and_weekends_are_no_gaps(cadence: Callable[[int], np.ndarray]) -> None:
    assert gaps(profile(cadence(120))) == ()


@pytest.mark.parametrize(("length", "expected"), [(1, 0), (3, 0), (4, 1), (30, 1), (24 * 20, 1)])
def test_a_hole_in_a_steady_log_is_a_gap_beyond_three_hours(length: int, expected: int) -> None:
    found = gaps(profile(cut(steady(60), 20, 13, length)))
    assert len(found) == expected
    if expected:
        assert found[0].start == START + timedelta(days=20, hours=13)
        assert (found[0].hours, found[0].end - found[0].start) == (length, timedelta(hours=length))


def test_hours_run_from_the_first_decision_to_the_last_with_what_lies_between() -> None:
    hours = np.zeros((4, 24), dtype=int)
    hours[1, 22], hours[1, 23], hours[3, 1] = 2, 1, 5  # a day without any between them
    begin, counts = hourly(profile(hours, versions=("1", "2")))
    assert begin == START + timedelta(days=1, hours=22)
    assert counts.tolist() == [4, 2, *[0] * 25, 10]
    begin, counts = hourly(profile(np.zeros((0, 24), dtype=int)))
    assert (begin, counts.tolist()) == (datetime(1970, 1, 1, tzinfo=UTC), [])


def test_two_lost_weeks_of_office_hours_are_one_gap() -> None:
    """Two weeks are lost: from Friday 18:00 to Monday 08:00, 16 days later."""
    hours = office(120)
    hours[35:42] = 0
    hours[42:49] = 0
    found = gaps(profile(hours))
    assert [(g.start, g.usual_hours) for g in found] == [(START + timedelta(days=32, hours=18), 62)]
    assert found[0].hours == 6 + 16 * 24 + 8


def test_two_lost_days_in_the_week_are_a_gap_although_weekends_are_longer() -> None:
    hours = office(120)
    hours[36:38] = 0
    (found,) = gaps(profile(hours))
    assert (found.hours, found.usual_hours) == (62, 14)


def test_a_lost_morning_of_office_hours_is_no_gap() -> None:
    assert gaps(profile(cut(office(120), 37, 8, 5))) == ()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("a_day", [0.5, 3, 30, 100])
def test_the_thin_traffic_of_a_small_system_has_no_gaps(seed: int, a_day: float) -> None:
    hours = np.random.default_rng(seed).poisson(a_day / 24, size=(365, 24))
    assert gaps(profile(hours)) == ()


def test_a_system_that_grew_has_no_gaps_in_its_thin_beginnings() -> None:
    rate = np.geomspace(0.05, 50, 365)[:, None] * np.ones(24)
    assert gaps(profile(np.random.default_rng(1).poisson(rate))) == ()


@pytest.mark.parametrize(("others", "found"), [(2, 3), (3, 0)])
def test_usual_is_what_nine_in_ten_weeks_do_not_exceed(others: int, found: int) -> None:
    """Six hours at the same time of the week, in so many of the sixteen weeks around each."""
    hours = steady(7 * 30)
    for week in (12, 14, 16, 18)[: others + 1]:
        hours = cut(hours, 7 * week + 2, 4, 6)
    assert len(gaps(profile(hours))) == found


def test_weeks_further_than_eight_away_do_not_tell_what_is_usual() -> None:
    hours = steady(7 * 40)
    for week in (2, 4, 6, 8, 22):
        hours = cut(hours, 7 * week + 2, 4, 6)
    assert [g.start for g in gaps(profile(hours))] == [START + timedelta(days=7 * 22 + 2, hours=4)]


def test_the_longest_gap_is_told_and_gaps_come_in_order_of_time() -> None:
    hours = cut(cut(cut(steady(180), 20, 10, 30), 62, 12, 40), 100, 3, 9)
    told = audit(profile(hours, {"decision_id": 1.0}), decisions=43_000, duplicate_ids=0)
    assert [g.hours for g in told.gaps] == [30, 40, 9]
    assert (told.longest_gap_hours, told.usual_gap_hours) == (40.0, 0.0)
    assert told.sentence.endswith("3 gaps, the longest of 40 hours from 8 March 2026, 12:00 UTC.")
    one = audit(profile(cut(steady(180), 20, 10, 30)), decisions=1, duplicate_ids=0).sentence
    assert one.endswith("; one gap of 30 hours from 25 January 2026, 10:00 UTC.")


@pytest.mark.parametrize(("days", "a_day", "known"), [(14, 24, True), (13, 240, False), (14, 7, False)])
def test_gaps_are_looked_for_from_two_weeks_and_a_hundred_decisions(
    days: int, a_day: int, known: bool
) -> None:
    hours = np.zeros((days, 24), dtype=int)
    hours[:, : min(a_day, 24)] = max(a_day // 24, 1)
    hours[0, 0] += 100 - 7 * 14 - 1 if a_day == 7 else 0  # 99 decisions
    told = audit(profile(hours), decisions=1, duplicate_ids=0)
    assert told.gaps_known is known
    assert told.statuses["gaps"] is (PointStatus.OK if known else PointStatus.UNKNOWN)
    if a_day == 7:
        hours[0, 0] += 1
        assert audit(profile(hours), decisions=1, duplicate_ids=0).gaps_known


@pytest.mark.parametrize(
    ("role", "missing", "status"),
    [
        ("decision_id", 1, "ok"), ("decision_id", 2, "watch"), ("decision_id", 10, "watch"),
        ("decision_id", 11, "breach"), ("version", 0, "ok"), ("version", 1, "watch"), ("version", 50, "watch"),
        ("version", 51, "breach"), ("features", 10, "ok"), ("features", 11, "watch"), ("features", 50, "watch"),
        ("features", 51, "breach"),
    ],
)  # fmt: skip
def test_what_an_audit_trail_stands_on_is_judged_at_its_limits(role: str, missing: int, status: str) -> None:
    one = profile(np.full((1, 24), 1000)[:, :1].repeat(24, axis=1) // 24)  # 984 decisions
    one.n[:] = 1000
    one.present[role] = np.array([1000 - missing])
    name = {"decision_id": "id"}.get(role, role)
    assert audit(one, decisions=1, duplicate_ids=0).statuses[name] == PointStatus(status)


@pytest.mark.parametrize(("twice", "status"), [(0, "ok"), (10, "ok"), (11, "breach")])
def test_duplicates_are_too_many_beyond_one_in_a_thousand(twice: int, status: str) -> None:
    told = audit(profile(steady(30), {"decision_id": 1.0}), decisions=10_000, duplicate_ids=twice)
    assert told.statuses["duplicates"] == PointStatus(status)
    assert ("share their id" in told.sentence) is (twice > 0)


def test_a_share_says_all_or_none_only_where_it_is() -> None:
    def said(share: float) -> str:
        one = profile(steady(30), {"decision_id": 1.0})
        one.n[:] = 100_000
        one.present["decision_id"] = np.round(one.n * share).astype(np.int64)
        return (
            audit(one, decisions=1, duplicate_ids=0)
            .sentence.partition(" have an id")[0]
            .split("decisions ")[1]
        )

    assert [said(s) for s in (1.0, 0.99999, 0.5, 0.00001, 0.0)] == [
        "100 %",
        "99.9 %",
        "50.0 %",
        "0.1 %",
        "0 %",
    ]


def test_outages_that_overlap_in_the_week_do_not_hide_each_other() -> None:
    hours = cut(cut(steady(180), 20, 10, 40), 62, 12, 30)
    assert [g.hours for g in gaps(profile(hours))] == [40, 30]


@pytest.mark.parametrize("seed", range(5))
def test_traffic_that_grows_day_by_day_from_nothing_has_no_gaps(seed: int) -> None:
    a_day = 2 * 95.0 * np.arange(1, 169) / 168
    hours = np.random.default_rng(seed).poisson(np.repeat(a_day[:, None] / 24, 24, axis=1))
    assert gaps(profile(hours)) == ()


@pytest.mark.parametrize("days", [1, 7, 13])
def test_a_tiny_log_has_no_gaps_and_says_it_cannot_tell(days: int) -> None:
    hours = cut(steady(days + 1), 0, 4, 18)[:days]
    told = audit(profile(hours, {"decision_id": 1.0}), decisions=240, duplicate_ids=0)
    assert (told.gaps, told.gaps_known, told.longest_gap_hours) == ((), False, None)
    assert told.statuses["gaps"] is PointStatus.UNKNOWN


def test_shares_are_of_all_decisions_and_absent_where_not_mapped() -> None:
    told = audit(
        profile(steady(30), {"decision_id": 2 / 3, "version": 1 / 3, "features": 1.0}),
        decisions=7200, duplicate_ids=72,
    )  # fmt: skip
    assert told.n == 7200
    assert told.shares == pytest.approx({"id": 160 / 240, "version": 80 / 240, "features": 1.0})
    assert told.duplicate_share == pytest.approx(0.01)
    assert told.statuses == {
        "id": PointStatus.BREACH, "version": PointStatus.BREACH, "features": PointStatus.OK,
        "duplicates": PointStatus.BREACH, "gaps": PointStatus.OK,
    }  # fmt: skip
    assert "66.7 % have an id, 33.3 % name their version" in told.sentence
    assert "no explanation is logged" in told.sentence


def test_shares_by_version_tell_them_apart() -> None:
    one = profile(steady(30), {"explanation": 1.0}, versions=("", "1"))
    one.present["explanation"][::2] = 0
    told = audit(one, decisions=1, duplicate_ids=0)
    assert told.by_version == {"": {"explanation": 0.0}, "1": {"explanation": 1.0}}
    assert told.shares["explanation"] == pytest.approx(0.5)


def test_almost_all_is_not_told_as_all() -> None:
    one = profile(np.full((30, 24), 1000), {"decision_id": 1.0})
    one.present["decision_id"][3] -= 1
    assert "99.9 % have an id" in audit(one, decisions=720_000, duplicate_ids=0).sentence


def test_no_id_leaves_duplicates_unknown() -> None:
    told = audit(profile(steady(30)), decisions=7200, duplicate_ids=0)
    assert told.duplicate_share is None
    assert told.statuses["duplicates"] is PointStatus.UNKNOWN
    assert told.statuses["id"] is PointStatus.BREACH


def test_an_empty_log_is_unknown() -> None:
    none = CompletenessProfile(
        days=(),
        versions=(),
        n=np.zeros(0, int),
        present={"decision_id": np.zeros(0, int)},
        hours=np.zeros((0, 24), int),
    )
    told = audit(none, decisions=0, duplicate_ids=0)
    assert (told.n, told.shares, told.gaps) == (0, {}, ())
    assert set(told.statuses.values()) == {PointStatus.UNKNOWN}


@given(st.lists(st.integers(0, 2), min_size=24, max_size=24 * 40), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_gaps_are_empty_hours_inside_the_log(counts: list[int], seed: int) -> None:
    size = len(counts) // 24 * 24
    one = profile(np.array(counts[:size]).reshape(-1, 24))
    begin, series = hourly(one)
    for gap in gaps(one):
        first = int((gap.start - begin) / timedelta(hours=1))
        assert series[first : first + gap.hours].sum() == 0
        assert series[first - 1] > 0
        assert series[first + gap.hours] > 0
        assert gap.hours > 3 * max(1, gap.usual_hours)


def test_a_gap_of_every_summer_is_told_once_and_a_longer_one_again() -> None:
    summers = [datetime(year, 7, 1 + year % 5, tzinfo=UTC) for year in (2020, 2021, 2022)]
    closed = [
        Gap(at, at + timedelta(hours=h), h, 12) for at, h in zip(summers, (1000, 1100, 2000), strict=True)
    ]
    winter = Gap(datetime(2021, 1, 10, tzinfo=UTC), datetime(2021, 1, 12, tzinfo=UTC), 48, 12)
    assert without_seasonal_repeats([closed[0], winter, *closed[1:]]) == (closed[0], winter, closed[2])
