"""One problem from its first breach to its end: no chunk that comes later splits, joins or reopens what was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.monitor.alarms.episodes import CALM, CALM_CHUNKS, episodes, is_clear, runs

START, DAY = datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=1)
#: a chunk's length and the days from one chunk's start to the next: days, weeks, weeks that begin anew every day
LAID = ((1, 1), (7, 7), (7, 1))
STATES = st.lists(st.sampled_from(["breach", "clear", "between"]), max_size=60)


def laid(states: list[str], length: int, step: int) -> list[tuple[range, bool]]:
    starts = [START + i * step * DAY for i in range(len(states))]
    beyond, clear = [s == "breach" for s in states], [s == "clear" for s in states]
    return episodes(beyond, clear, starts, [at + length * DAY for at in starts])


@given(st.lists(st.booleans(), max_size=40))
@settings(deadline=None)
def test_runs_cover_every_true_once(flags: list[bool]) -> None:
    found = runs(flags)
    assert [i for run in found for i in run] == [i for i, flag in enumerate(flags) if flag]
    assert all(run.start == 0 or not flags[run.start - 1] for run in found)


@given(STATES, st.sampled_from(LAID))
@settings(deadline=None)
def test_every_breach_is_in_one_episode_and_an_end_takes_two_calm_weeks(
    states: list[str], by: tuple[int, int]
) -> None:
    found = laid(states, *by)
    assert [i for i, s in enumerate(states) if s == "breach"] == [
        i for run, _ in found for i in run if states[i] == "breach"
    ]
    assert all(states[run.start] == states[run.stop - 1] == "breach" for run, _ in found)
    assert all(over for _, over in found[:-1])
    needed = max(CALM_CHUNKS, -(-(CALM // DAY - by[0]) // by[1]) + 1)
    after = [(run.stop, later.start) for (run, _), (later, _) in pairwise(found)]
    after += [(run.stop, len(states)) for run, over in found[-1:] if over]
    for first, last in after:
        calm = [run for run in runs([s == "clear" for s in states[first:last]]) if len(run) >= needed]
        assert calm


@given(STATES, st.sampled_from(LAID), st.integers(0, 60))
@settings(deadline=None)
def test_what_was_told_stays_as_more_chunks_come(states: list[str], by: tuple[int, int], cut: int) -> None:
    before, after = laid(states[:cut], *by), laid(states, *by)
    closed = [run for run, over in before if over]
    assert [run for run, _ in after][: len(closed)] == closed
    if before and not before[-1][1]:
        assert after[len(closed)][0].start == before[-1][0].start


def test_one_week_within_the_limit_or_two_not_clear_of_it_are_no_end() -> None:
    assert laid(["breach", "clear", "breach"], 7, 7) == [(range(3), False)]
    assert laid(["breach", "between", "between", "between", "breach"], 7, 7) == [(range(5), False)]
    assert laid(["breach", "clear", "clear", "breach"], 7, 7) == [(range(1), True), (range(3, 4), False)]


@pytest.mark.parametrize(
    ("value", "limit", "healthy", "clear"),
    [
        (0.93, 0.90, 0.95, True), (0.92, 0.90, 0.95, False), (4.0, 6.0, 2.0, True), (5.0, 6.0, 2.0, False),
        (0.04, 0.1, 0.0, True), (0.06, 0.1, 0.0, False), (0.92, 0.90, None, True), (0.92, 0.90, 0.85, True),
        (None, 0.9, 0.95, True),
    ],
)  # fmt: skip
def test_clear_is_half_of_the_way_back(
    value: float | None, limit: float, healthy: float | None, clear: bool
) -> None:
    assert is_clear(value, limit, healthy) is clear
