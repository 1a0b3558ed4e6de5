"""Runs of the champion: made-up histories with known truth, and the real logs."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import VersionHours
from plumbline.monitor.releases import champion
from plumbline.monitor.releases.champion import spans
from tests.monitor.versions import every, version_hours

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def story(
    *parts: tuple[str, str, str, int],
) -> tuple[np.ndarray, list[str], list[str]]:
    """Rows of (version, start, end, minutes between decisions) laid over each other; a name with * is a shadow."""
    times = [(t, v) for v, start, end, minutes in parts for t in every(minutes, start, end)]
    times.sort()
    names = [v for _, v in times]
    return (
        np.array([t.to_datetime64() for t, _ in times]),
        [n.rstrip("*") for n in names],
        ["shadow" if n.endswith("*") else "" for n in names],
    )


def hours_of(*parts: tuple[str, str, str, int]) -> VersionHours:
    times, versions, arms = story(*parts)
    return version_hours(times, versions, arms=arms)


def told(hours: VersionHours) -> list[tuple[str, datetime]]:
    return [(s.version, s.start) for s in spans(hours)]


def test_a_clean_takeover_in_the_middle_of_an_hour_is_exact() -> None:
    hours = hours_of(("1", "2026-01-01", "2026-01-05T09:20", 10), ("2", "2026-01-05T09:20", "2026-01-08", 10))
    assert told(hours) == [("1", utc("2026-01-01")), ("2", utc("2026-01-05T09:20"))]
    assert [s.n for s in spans(hours)] == [4 * 144 + 56, 14 * 4 + 32 + 2 * 144]


def test_a_return_after_some_hours_is_a_run_of_its_own() -> None:
    hours = hours_of(
        ("4.1", "2026-01-01", "2026-01-21T09:00", 5),
        ("4.2", "2026-01-21T09:00", "2026-01-22T03:00", 5),
        ("4.1", "2026-01-22T03:00", "2026-01-30", 5),
    )
    assert told(hours) == [
        ("4.1", utc("2026-01-01")), ("4.2", utc("2026-01-21T09:00")), ("4.1", utc("2026-01-22T03:00")),
    ]  # fmt: skip
    assert [s.n for s in spans(hours)] == [20 * 288 + 108, 216, 252 + 7 * 288]


def test_a_shadow_arm_is_never_in_charge() -> None:
    hours = hours_of(("1", "2026-01-01", "2026-02-01", 60), ("2*", "2026-01-01", "2026-03-01", 1))
    assert told(hours) == [("1", utc("2026-01-01"))]


@pytest.mark.parametrize("rate", [1, 8, 50])
@pytest.mark.parametrize("seed", range(4))
def test_months_of_an_even_test_are_one_run_until_the_champion_stops(rate: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = every(1, "2026-01-01", "2026-03-31").to_numpy()[:: 60 // rate]
    mixed = (times >= np.datetime64("2026-02-01")) & (times < np.datetime64("2026-03-15"))
    versions = np.where(times < np.datetime64("2026-02-01"), "1", "2")
    versions = np.where(mixed, rng.choice(["1", "2"], len(times)), versions)
    found = spans(version_hours(times, versions))
    assert [s.version for s in found] == ["1", "2"]
    assert abs((found[1].start - utc("2026-03-15")).total_seconds()) <= 8 * 3600


def test_a_canary_of_a_twentieth_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    times = every(2, "2026-01-01", "2026-02-01")
    versions = rng.choice(["1", "2"], len(times), p=[0.95, 0.05])
    assert told(version_hours(times, versions)) == [("1", utc("2026-01-01"))]


def test_stragglers_of_the_old_version_do_not_bring_it_back() -> None:
    hours = hours_of(
        ("1", "2026-01-01", "2026-01-10", 5),
        ("1", "2026-01-10", "2026-01-20", 240),
        ("2", "2026-01-10", "2026-01-20", 5),
    )
    assert [s.version for s in spans(hours)] == ["1", "2"]
    assert abs((spans(hours)[1].start - utc("2026-01-10")).total_seconds()) <= 3600


def test_rows_without_a_version_do_not_interrupt() -> None:
    hours = hours_of(("1", "2026-01-01", "2026-02-01", 60), ("", "2026-01-01", "2026-02-01", 20))
    assert told(hours) == [("1", utc("2026-01-01"))]


def test_a_log_without_versions_is_one_run() -> None:
    assert told(hours_of(("", "2026-01-01", "2026-02-01", 60))) == [("", utc("2026-01-01"))]


def test_nothing_decided_gives_no_run() -> None:
    assert spans(hours_of(("1*", "2026-01-01", "2026-01-02", 60))) == ()


def test_a_single_stray_row_is_no_takeover() -> None:
    hours = hours_of(
        ("1", "2026-01-01", "2026-01-05", 60),
        ("x", "2026-01-05", "2026-01-05T00:30", 60),
        ("1", "2026-01-05T01:00", "2026-01-09", 60),
    )
    assert [s.version for s in spans(hours)] == ["1"]


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=150), st.integers(1, 90))
@settings(max_examples=50, deadline=None)
def test_runs_follow_each_other_without_holes_and_differ(versions: list[str], minutes: int) -> None:
    times = every(minutes, "2026-01-01", "2026-02-01").to_numpy()[: len(versions)]
    found = spans(version_hours(times, versions[: len(times)]))
    assert found
    for one, other in itertools.pairwise(found):
        assert one.end == other.start
        assert one.start < one.end
        assert one.version != other.version
    assert sum(s.n for s in found) <= len(times)


@pytest.mark.reallogs
def test_the_bad_release_of_the_credit_log_and_its_return_are_exact() -> None:
    path = DATA / "income-credit" / "kredit_export.csv"
    if not path.exists():
        pytest.skip("the real logs are not here")
    frame = pd.read_csv(path, sep=";", decimal=",", encoding="cp1252")
    times = pd.to_datetime(frame["Zeitpunkt"], format="%d.%m.%Y %H:%M")
    found = spans(version_hours(times, frame["Modellversion"].astype(str)))
    assert [(s.version, s.start) for s in found] == [
        ("3.1", utc("2025-03-01T08:00")), ("3.2", utc("2025-06-10T09:00")), ("3.1", utc("2025-06-12T15:00")),
    ]  # fmt: skip
    assert [s.n for s in found][1] == 270
    assert found[-1].end == times.max().to_pydatetime().replace(tzinfo=UTC)


@pytest.mark.reallogs
def test_the_electricity_log_has_one_takeover() -> None:
    path = DATA / "electricity" / "electricity.csv"
    if not path.exists():
        pytest.skip("the real logs are not here")
    frame = pd.read_csv(path, usecols=["scored_at", "model_ver"], dtype=str)
    times = pd.to_datetime(frame["scored_at"], utc=True).dt.tz_localize(None)
    found = spans(version_hours(times, frame["model_ver"]))
    assert [(s.version, s.n) for s in found] == [("1.0.0", 18000), ("2.0.0", 18312)]
    assert found[1].start == utc("1997-11-20T02:00")


# --- the rule itself, on decisions by hour and version


def runs(*hours: tuple[int, ...]) -> list[tuple[int, int]]:
    return champion._runs(np.array(hours, np.int64))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        # a tenth of an hour's decisions is still there; under it the champion is gone
        ([(10, 0), (2, 18), (2, 18), (2, 18)], [(0, 0)]),
        ([(10, 0), (2, 19), (0, 30)], [(0, 0), (1, 1)]),
        # twenty by others in a row, whoever they are of
        ([(30, 0, 0), (0, 10, 9), (9, 0, 0), (0, 5, 5), (9, 0, 0)], [(0, 0)]),
        ([(30, 0, 0), (0, 11, 9), (9, 9, 0)], [(0, 0), (1, 1)]),
        ([(30, 0, 0), (0, 4, 3), (0, 9, 4), (9, 9, 9)], [(0, 0), (1, 1)]),
        (
            [(30, 0, 0), (0, 0, 3), (0, 9, 0), (0, 9, 0), (9, 0, 2)],
            [(0, 0), (2, 1)],
        ),  # from its first hour on
        # five are enough for one whose decisions lie together, unmixed
        ([(30, 0), (0, 5), (30, 0)], [(0, 0), (1, 1), (2, 0)]),
        ([(30, 0), (0, 4), (30, 0)], [(0, 0)]),
        ([(30, 0), (0, 5), (30, 0), (0, 5), (30, 0)], [(0, 0)]),  # twice is not together
        ([(30, 1), (0, 5), (30, 1)], [(0, 0), (1, 1), (2, 0)]),  # mixed in the outer two
        ([(30, 1), (1, 11), (0, 5), (30, 1)], [(0, 0)]),  # mixed within
        # at the start leads who made most of the first five
        ([(2, 0), (0, 3), (0, 9)], [(0, 1)]),
        ([(3, 0), (0, 2), (9, 0)], [(0, 0)]),
        ([(1, 4)], [(0, 1)]),
    ],
)
def test_who_is_in_charge_hour_by_hour(hours: list[tuple[int, ...]], expected: list[tuple[int, int]]) -> None:
    assert runs(*hours) == expected


@pytest.mark.parametrize(
    ("hours", "unmixed"),
    [
        ([(9, 0), (0, 3), (9, 0)], True), ([(9, 0), (9, 3), (0, 3), (9, 3)], True), ([(0, 3), (9, 3), (0, 3)], False),
        ([(0, 3), (9, 0), (0, 3)], False), ([(0, 3), (0, 2), (0, 1)], True), ([(1, 3), (1, 1)], True),
    ],
)  # fmt: skip
def test_decisions_lie_together_and_unmixed_but_for_the_outer_hours(
    hours: list[tuple[int, int]], unmixed: bool
) -> None:
    assert champion._is_unmixed(np.array(hours), 1) is unmixed


def test_where_an_hour_names_a_champion_only_that_arm_counts() -> None:
    times = every(30, "2026-01-01", "2026-01-05").to_numpy()
    late = np.arange(len(times)) >= len(times) // 2
    versions = ["1", "2"] * (len(times) // 2)
    arms = ["challenger" if late[i] and i % 2 else " Control " if late[i] else "" for i in range(len(times))]
    mixed = version_hours(times, versions)
    named = version_hours(times, versions, arms=arms)
    assert [s.version for s in spans(mixed)] == ["1"]
    assert [s.version for s in spans(named)] == ["1"]
    swapped = version_hours(times, versions, arms=["champion" if i % 2 else "x" for i in range(len(times))])
    assert [(s.version, s.n) for s in spans(swapped)] == [("2", len(times) // 2)]
    assert (
        champion.deciding_rows(version_hours(times[:4], ["1"] * 4, arms=["", "Shadow ", "shadow", "x"])).sum()
        == 2
    )


@pytest.mark.parametrize(("days", "named"), [(30, True), (31, False)])
def test_decisions_without_a_version_count_once_none_was_named_for_thirty_days(
    days: int, named: bool
) -> None:
    end = pd.Timestamp("2026-01-10") + pd.Timedelta(days=days)
    hours = hours_of(
        ("1", "2026-01-01", "2026-01-10T00:01", 60),
        ("", "2026-01-01", str(end + pd.Timedelta(minutes=30)), 20),
    )
    assert [s.version for s in spans(hours)] == (["1"] if named else ["1", ""])


def test_what_came_later_is_left_out_and_the_moment_itself_is_not() -> None:
    hours = hours_of(("1", "2026-01-01", "2026-01-05", 60), ("2", "2026-01-05", "2026-01-09", 60))
    before = spans(hours, until=utc("2026-01-04"))
    assert [(s.version, s.n, s.end) for s in before] == [("1", 73, utc("2026-01-04"))]
    assert [s.version for s in spans(hours, until=utc("2026-01-08"))] == ["1", "2"]
    assert spans(hours, until=utc("2025-12-31")) == ()
