"""The retraining trigger: fires with a confirmed breach, falls silent when a newer version is in charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from plumbline.domain import Point, PointStatus
from plumbline.monitor.alarms.retraining import retraining_due
from tests.monitor.versions import every, version_hours

START = datetime(2026, 6, 1, tzinfo=UTC)
NOW = START + timedelta(weeks=5)
TIMES = every(60, "2026-06-01", "2026-07-06")
OK, WATCH, BREACH, UNKNOWN = PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH, PointStatus.UNKNOWN


def series(*statuses: PointStatus) -> list[Point]:
    """One point a week from the first of June."""
    return [
        Point(
            metric="accuracy", start=START + timedelta(weeks=i), end=START + timedelta(weeks=i + 1), n=500,
            value=0.7, low=0.68, high=0.72, threshold=0.75, status=status,
        )
        for i, status in enumerate(statuses)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "week"),
    [
        ((OK, BREACH, BREACH), 1),
        ((BREACH, OK, BREACH), 0),  # one week within the limit is no end
        ((OK, BREACH, UNKNOWN, BREACH, UNKNOWN), 1),
        ((OK, BREACH, OK), 1),
        ((OK, BREACH, OK, OK), None),
        ((BREACH, OK, OK, OK, BREACH), 4),
        ((OK, WATCH), None),
        ((UNKNOWN, UNKNOWN), None),
        ((), None),
    ],
)
def test_it_fires_with_the_first_week_of_the_problem_that_is_open(
    statuses: tuple[PointStatus, ...], week: int | None
) -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2026-05-20")
    found = retraining_due(series(*statuses), hours, as_of=NOW)
    if week is None:
        assert found is None
        return
    assert found is not None
    assert (found.since, found.version) == (START + timedelta(weeks=week), "1")
    assert "version 1, trained on 20 May 2026, is still in use" in found.sentence


def test_a_version_trained_after_the_breach_began_answers_it_and_one_trained_before_does_not() -> None:
    switched = ["1"] * (len(TIMES) - 24) + ["2"] * 24
    for day, due in (("2026-06-20", False), ("2026-06-02", True)):
        trained = ["2026-05-20"] * (len(TIMES) - 24) + [day] * 24
        found = retraining_due(
            series(OK, BREACH, BREACH), version_hours(TIMES, switched, trained=trained), as_of=NOW
        )
        assert (found is not None) is due


def test_without_a_training_date_no_version_is_taken_for_a_new_one() -> None:
    found = retraining_due(series(OK, BREACH), version_hours(TIMES, ["1"] * len(TIMES)), as_of=NOW)
    assert found is not None
    assert "version 1 is still in use" in found.sentence


def test_what_is_provisional_estimated_or_later_does_not_fire_it() -> None:
    hours = version_hours(TIMES, ["1"] * len(TIMES), trained="2026-05-20")
    ok, breach = series(OK, BREACH)
    for change in ({"provisional": True}, {"estimated": True}, {"start": NOW}):
        assert retraining_due([ok, replace(breach, **change)], hours, as_of=NOW) is None  # type: ignore[arg-type]


def test_a_version_that_helped_for_a_week_is_no_answer_for_ever() -> None:
    """Trained in the first week of a breach: within the limit in the second, in breach again from the third on."""
    hours = version_hours(TIMES, ["1"] * 24 + ["2"] * (len(TIMES) - 24), trained="2026-06-03")
    due = retraining_due(series(BREACH, OK, BREACH, BREACH), hours, as_of=NOW)
    assert due is not None
    assert due.since == START + timedelta(weeks=2)
    assert retraining_due(series(BREACH, BREACH, BREACH), hours, as_of=NOW) is None  # not healed yet
