"""The age of the model in charge, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from plumbline.domain import PointStatus
from plumbline.monitor.quality.staleness import staleness
from tests.monitor.versions import every, version_hours


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TIMES = every(60, "2026-01-01", "2026-03-01")


@pytest.mark.parametrize(
    ("days", "status"),
    [(0, PointStatus.OK), (89.9, PointStatus.OK), (90, PointStatus.WATCH), (179.9, PointStatus.WATCH),
     (180, PointStatus.BREACH)],
)  # fmt: skip
def test_age_counts_from_the_training_date(days: float, status: PointStatus) -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2025-12-20")
    as_of = utc("2026-03-01")
    trained = version_hours(
        TIMES, ["1"] * len(TIMES), trained=(as_of - timedelta(days=days)).replace(tzinfo=None)
    )
    told = staleness(trained, as_of=as_of)
    assert told.age_days == pytest.approx(days, abs=1e-6)
    assert (told.status, told.source) == (status, "trained_at")
    assert staleness(hours, as_of=as_of).age_days == pytest.approx(71)


def test_an_age_of_one_day_is_of_one_day() -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2026-02-28")
    assert "was trained 1 day ago (28 February 2026)" in staleness(hours, as_of=utc("2026-03-01")).sentence


def test_without_a_training_date_age_counts_from_the_first_decision_and_says_so() -> None:
    told = staleness(version_hours(TIMES, ["1"] * len(TIMES)), as_of=utc("2026-07-15"))
    assert told.source == "first seen"
    assert told.age_days == pytest.approx(195)
    assert told.status is PointStatus.BREACH
    assert "may be older" in told.sentence
    assert told.days_since_decision == pytest.approx(136 + 1 / 24)


def test_neither_version_nor_date_is_unknown() -> None:
    told = staleness(version_hours(TIMES, [""] * len(TIMES)), as_of=utc("2026-03-01"))
    assert (told.status, told.age_days, told.source) == (PointStatus.UNKNOWN, None, "")
    assert told.days_since_decision == pytest.approx(1 / 24)


def test_a_training_date_alone_suffices() -> None:
    told = staleness(version_hours(TIMES, [""] * len(TIMES), trained="2026-02-01"), as_of=utc("2026-03-01"))
    assert told.age_days == pytest.approx(28)


def test_no_decision_is_unknown() -> None:
    told = staleness(version_hours(TIMES, ["1"] * len(TIMES)), as_of=utc("2025-12-01"))
    assert (told.status, told.days_since_decision) == (PointStatus.UNKNOWN, None)


def test_shadow_decisions_do_not_make_the_model_young() -> None:
    times = TIMES.append(TIMES)
    n = len(TIMES)
    hours = version_hours(
        times, ["1"] * n + ["2"] * n, arms=[""] * n + ["Shadow"] * n,
        trained=["2025-06-01"] * n + ["2026-02-20"] * n,
    )  # fmt: skip
    told = staleness(hours, as_of=utc("2026-03-01"))
    assert told.version == "1"
    assert told.age_days == pytest.approx(273)


def test_the_past_is_judged_by_what_was_known_then() -> None:
    versions = ["1" if t < TIMES[700] else "2" for t in TIMES]
    trained = ["2025-12-01" if v == "1" else "2026-01-25" for v in versions]
    hours = version_hours(TIMES, versions, trained=trained)
    then, now = utc("2026-01-15"), utc("2026-03-01")
    assert (staleness(hours, as_of=then).version, staleness(hours, as_of=now).version) == ("1", "2")
    assert staleness(hours, as_of=then).age_days == pytest.approx(45)


def test_a_training_date_in_the_future_is_passed_over() -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2027-01-01")
    assert staleness(hours, as_of=utc("2026-03-01")).source == "first seen"


def test_retraining_under_one_name_makes_it_younger() -> None:
    trained = ["2025-06-01" if t < TIMES[500] else "2026-01-20" for t in TIMES]
    told = staleness(version_hours(TIMES, ["1"] * len(TIMES), trained=trained), as_of=utc("2026-03-01"))
    assert told.age_days == pytest.approx(40)


def test_the_zone_of_the_moment_does_not_matter() -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2026-01-01")
    there = utc("2026-02-01").astimezone(timezone(timedelta(hours=9)))
    assert staleness(hours, as_of=there).age_days == pytest.approx(31)


def test_the_owner_sets_the_limits_and_the_last_label_is_dated() -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2026-01-01")
    told = staleness(
        hours, as_of=utc("2026-02-01"), last_label=utc("2026-01-22"), watch_days=10, breach_days=30
    )
    assert told.status is PointStatus.BREACH
    assert told.days_since_label == pytest.approx(10)
