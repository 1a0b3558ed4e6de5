"""Chunks against the calendar of the standard library and pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.monitor.chunks import (
    alarm_chunk,
    chunk_for,
    chunk_index,
    day_array,
    days_mask,
    midnight,
    sum_by,
)
from tests.monitor.outcomes import classified, scored

FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M"}
DAYS = st.lists(st.dates(date(1999, 1, 1), date(2030, 12, 31)), min_size=1, max_size=40)


@given(days=DAYS, by=st.sampled_from(list(FREQUENCY)))
@settings(max_examples=50, deadline=None)
def test_chunks_are_the_periods_of_pandas(days: list[date], by: str) -> None:
    starts, ends, index = chunk_index(days, by)
    for day, i in zip(days, index, strict=True):
        period = pd.Period(day, freq=FREQUENCY[by])
        assert starts[i] == period.start_time.to_pydatetime().replace(tzinfo=UTC)
        assert ends[i] == (period + 1).start_time.to_pydatetime().replace(tzinfo=UTC)
    assert list(starts) == sorted(set(starts))
    assert set(index) == set(range(len(starts)))


@given(
    days=DAYS,
    start=st.none() | st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1)),
    hours=st.integers(0, 9000),
)
@settings(max_examples=50, deadline=None)
def test_a_span_touches_the_days_it_shares_a_moment_with(
    days: list[date], start: datetime | None, hours: int
) -> None:
    start = start.replace(tzinfo=UTC) if start else None
    end = start + timedelta(hours=hours) if start else None
    held = [(start is None or d >= start.date()) and (end is None or midnight(d) < end) for d in days]
    assert days_mask(days, start, end).tolist() == held
    assert days_mask(day_array(days), start, end).tolist() == held
    assert day_array(days).tolist() == days


def test_weeks_begin_on_monday_and_cross_the_year() -> None:
    starts, ends, index = chunk_index([date(2025, 12, 31), date(2026, 1, 4), date(2026, 1, 5)], "week")
    assert starts[0] == datetime(2025, 12, 29, tzinfo=UTC)
    assert ends[0] == starts[1] == datetime(2026, 1, 5, tzinfo=UTC)
    assert index.tolist() == [0, 0, 1]


def test_sums_add_up() -> None:
    _, _, index = chunk_index([date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 9)], "month")
    assert sum_by(index, 2, np.array([[1, 2], [3, 4], [5, 6]])).tolist() == [[6, 8], [3, 4]]


@pytest.mark.parametrize(
    ("days", "rows", "chunk"),
    [
        (30, 300, "day"),
        (30, 10, "week"),
        (30, 3, "month"),
        (180, 300, "week"),  # readable
        (900, 300, "month"),
        (30, 0, "month"),
    ],
)
def test_the_chunk_has_enough_rows_and_the_window_stays_readable(days: int, rows: int, chunk: str) -> None:
    span = [date(2026, 1, 1) + timedelta(days=i) for i in range(days)]
    assert chunk_for(span, np.full(days, rows)) == chunk


@pytest.mark.parametrize(
    ("days", "rows", "chunk"),
    [(60, 250, "day"), (60, 80, "week"), (700, 250, "week"), (700, 8, "week"), (120, 2, "month")],
)
def test_alarms_wait_for_no_month_and_trust_no_day_of_few_decisions(days: int, rows: int, chunk: str) -> None:
    rng = np.random.default_rng(3)
    assert alarm_chunk(classified(*scored(rng, days, rows))) == chunk


def test_an_unknown_chunk_is_refused() -> None:
    with pytest.raises(PlumblineError, match="day, week or month"):
        chunk_index([], "hour")


@pytest.mark.parametrize("width", [1, 3, 400])
@pytest.mark.parametrize(
    "index",
    [[], [0, 1, 2, 3, 4], [1, 3], [3, 1], [4, 0, 2], [2, 2, 2], [0, 0, 3, 4, 4], [4, 0, 4, 1]],
    ids=str,
)
def test_sums_are_those_of_numpy_whatever_the_order_and_whichever_chunks_are_empty(
    index: list[int], width: int
) -> None:
    place = np.array(index, dtype=np.int64)
    values = np.random.default_rng(len(index)).integers(1, 100, (len(index), width))
    expected = np.zeros((5, width), np.int64)
    np.add.at(expected, place, values)
    np.testing.assert_array_equal(sum_by(place, 5, values), expected)
    np.testing.assert_array_equal(sum_by(place, 5, values[:, 0]), expected[:, 0])
