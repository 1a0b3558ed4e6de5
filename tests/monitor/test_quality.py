"""Completeness counted by hand, and gaps that were cut into known cadences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import CompletenessProfile, PointStatus
from plumbline.monitor.quality import audit, gaps, hourly

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
        tuple(day for day in days for _ in versions),
        versions * len(days),
        n,
        {role: np.round(n * share).astype(np.int64) for role, share in (present or {}).items()},
        table,
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
        (), (), np.zeros(0, int), {"decision_id": np.zeros(0, int)}, np.zeros((0, 24), int)
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
