"""The rule by which a chunk's value gets its status, case by case, where value, interval and limit are given."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import Point
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import Interval
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.metrics.status import judge_points
from plumbline.monitor.metrics.thresholds import Threshold
from tests.monitor.outcomes import at, counted


def points(
    right: list[int],
    rows: list[int],
    *,
    half: float = 0.5,
    low: float | None = 0.8,
    high: float | None = None,
    waiting: tuple[int, ...] = (),
    window: int | None = None,
    refused: list[str] | None = None,
) -> list[Point]:
    """Accuracy of days beside an owner's limits, each value known to ``half``."""
    counts = counts_of(counted(np.array(right), np.array(rows)))
    value = METRICS["accuracy"].compute(counts)
    days = range(len(rows))
    return judge_points(
        METRICS["accuracy"],
        [at(i) for i in days],
        [at(i + 1) for i in days],
        counts,
        Interval(value - half, value + half, value * 0 + half / 2),
        Threshold(
            metric="accuracy",
            mean=None,
            sd=None,
            low=low,
            high=high,
            source="none" if low is None and high is None else "floor",
        ),
        np.isin(np.array(days), waiting),
        refused=refused,
        **({} if window is None else {"window": window}),
    )


def statuses(*args: object, **more: object) -> list[str]:
    return [p.status.value for p in points(*args, **more)]  # type: ignore[arg-type]


ROWS = [100] * 5


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([90, 80, 90, 90, 90], ["ok"] * 5),  # on the limit is within it
        ([90, 79, 90, 90, 90], ["ok", "watch", "ok", "ok", "ok"]),
        ([79, 90, 79, 90, 79], ["watch", "ok", "watch", "ok", "watch"]),
        ([90, 79, 79, 90, 90], ["ok", "breach", "breach", "ok", "ok"]),
        ([90, 90, 90, 79, 79], ["ok", "ok", "ok", "breach", "breach"]),
    ],
)
def test_one_chunk_beyond_is_watched_and_two_in_a_row_are_a_breach(
    right: list[int], expected: list[str]
) -> None:
    assert statuses(right, ROWS) == expected


def test_a_whole_interval_beyond_is_a_breach_at_once() -> None:
    assert statuses([90, 70, 90], [100] * 3, half=0.099) == ["ok", "breach", "ok"]
    assert statuses([90, 70, 90], [100] * 3, half=0.101) == ["ok", "watch", "ok"]
    assert statuses([50, 70, 50], [100] * 3, half=0.099, low=None, high=0.6) == ["ok", "breach", "ok"]


def test_one_beyond_on_either_side_is_no_run() -> None:
    assert statuses([70, 95, 70], [100] * 3, high=0.9) == ["watch"] * 3
    assert statuses([95, 95, 70], [100] * 3, high=0.9) == ["breach", "breach", "watch"]


def test_what_is_unknown_or_waits_is_skipped_between_neighbours() -> None:
    assert statuses([79, 0, 79], [100, 29, 100]) == ["breach", "unknown", "breach"]
    assert statuses([79, 0, 79], [100, 30, 100], half=0.9) == ["breach"] * 3
    assert statuses([79, 10, 79], [100] * 3, half=0.1, waiting=(1,)) == ["breach", "watch", "breach"]
    assert statuses([90, 10, 79], [100] * 3, half=0.1, waiting=(1,)) == ["ok", "watch", "watch"]
    assert statuses([90, 10, 79], [100] * 3, refused=["", "Not now.", ""]) == ["ok", "unknown", "watch"]


def test_a_chunk_without_rows_has_no_value_and_no_limit_and_says_what_is_missing() -> None:
    none, few, enough = points([0, 1, 27], [0, 1, 30])
    assert (none.value, none.low, none.high, none.threshold) == (None, None, None, None)
    assert (few.value, few.threshold, few.status.value) == (1.0, 0.8, "unknown")
    assert (enough.threshold, enough.status.value, enough.note) == (0.8, "ok", "")
    assert none.note == "0 labelled rows; 30 are needed, 30 more."
    assert few.note == "1 labelled rows; 30 are needed, 29 more."
    (alone,) = points([90], [100], low=None)
    assert (alone.status.value, alone.threshold) == ("unknown", None)
    assert alone.note == "There is no reference to compare with yet."


def test_of_two_limits_the_one_on_the_values_side_is_shown() -> None:
    assert [p.threshold for p in points([61, 84, 86, 99], [100] * 4, high=0.9)] == [0.8, 0.8, 0.9, 0.9]
    assert [p.threshold for p in points([10, 99], [100] * 2, low=None, high=0.9)] == [0.9, 0.9]
    assert [p.threshold for p in points([10, 99], [100] * 2)] == [0.8, 0.8]


def test_only_a_running_window_says_how_long_it_is() -> None:
    assert [p.note for p in points([90], [100])] == [p.note for p in points([90], [100], window=1)] == [""]
    (two,) = points([90], [100], window=2)
    assert two.note == "Over 2 chunks, with those before it."
