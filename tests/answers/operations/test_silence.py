"""A source that falls silent against its own rhythm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.quality.silence import pause

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def _hours(hours: Any) -> list[datetime]:
    return [MONDAY - timedelta(days=364) + timedelta(hours=int(h)) for h in hours]


def _alarms(arrivals: list[datetime], every: int = 24) -> float:
    """Silences told a year, looking once a day from the eleventh week on."""
    begin, end = arrivals[0] + timedelta(days=75), arrivals[-1]
    count, was, at = 0, False, begin
    while at < end:
        held = pause([a for a in arrivals if a <= at], at)
        silent = held is not None and held.is_silent
        count += silent and not was
        was, at = silent, at + timedelta(hours=every)
    return count / ((end - begin).days / 365)


def test_healthy_rhythms_are_called_silent_about_once_a_year_at_most() -> None:
    rng = np.random.default_rng(4)
    days, hours = np.arange(364), np.arange(364 * 24)
    working = days[(days % 7 < 5) & ((days < 350) | (days > 357))]  # a week of holidays
    office = hours[(hours // 24 % 7 < 5) & (hours % 24 >= 8) & (hours % 24 < 18)]
    rhythms = {
        "daily": days * 24 + 6 + rng.integers(0, 4, 364),
        "weekdays with holidays": working * 24 + 6 + rng.integers(0, 4, len(working)),
        "office hours, a third missing": office[rng.random(len(office)) < 0.67],
        "three a day": hours[rng.random(len(hours)) < 3 / 24],
        "now and then": hours[rng.random(len(hours)) < 0.5 / 24],
        "weekly": days[::7] * 24 + rng.integers(0, 48, 52),
    }
    found = {name: _alarms(_hours(np.unique(at))) for name, at in rhythms.items()}
    assert max(found.values()) <= 2.6, found  # at most two in 9.5 months, for six rhythms at once
    assert sum(found.values()) / len(found) <= 1.0, found


@pytest.mark.parametrize(
    ("step", "skip", "most"),
    [(1, 0, 0.7), (24, 0, 3.0), (24, 2, 6.0)],
    ids=["hourly", "daily", "weekdays"],
)
def test_a_source_that_stops_is_noticed(step: int, skip: int, most: float) -> None:
    hours = [h for h in range(0, 200 * 24, step) if not skip or h // 24 % 7 < 5]
    arrivals = _hours(hours)
    at = next(
        arrivals[-1] + timedelta(hours=n)
        for n in range(1, 24 * 30)
        if (held := pause(arrivals, arrivals[-1] + timedelta(hours=n))) and held.is_silent
    )
    assert (at - arrivals[-1]) / timedelta(days=1) <= most


def test_a_weekend_is_no_silence_and_little_history_is_none_either() -> None:
    arrivals = _hours([d * 24 + 6 for d in range(75) if d % 7 < 5])
    friday = next(a for a in reversed(arrivals) if a.weekday() == 4)
    held = pause([a for a in arrivals if a <= friday], friday + timedelta(hours=71))
    assert held is not None
    assert not held.is_silent
    assert pause(arrivals[:8], arrivals[8]) is None
    assert pause(_hours(range(40)), _hours([400])[0]) is None  # two days of hours say nothing of a week
    assert pause([], MONDAY) is None
