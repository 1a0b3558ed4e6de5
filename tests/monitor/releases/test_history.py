"""Releases: made-up histories with known truth, and the real logs against their recorded truth."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import Task
from plumbline.monitor.releases.history import Releases, duration, releases
from tests.monitor.versions import every, version_hours

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def history(
    *parts: tuple[str, str, str, str, int], rates: dict[str, float] | None = None, seed: int = 0
) -> Releases:
    """Parts (version, arm, start, end, minutes); positives by version's rate; every label is right."""
    rows = sorted((t, v, arm) for v, arm, start, end, step in parts for t in every(step, start, end))
    chance = np.array([(rates or {}).get(v, 0.5) for _, v, _ in rows])
    hit = np.random.default_rng(seed).random(len(rows)) < chance
    return releases(
        version_hours(
            [t for t, _, _ in rows], [v for _, v, _ in rows], arms=[a for _, _, a in rows],
            positive=hit, right=np.ones(len(rows)),
        ),
        task=Task.BINARY, positive="yes",
    )  # fmt: skip


def test_the_fraud_story_is_one_release_and_one_way_back_after_18_hours() -> None:
    told = history(
        ("4.1", "", "2026-01-01", "2026-01-21T09:00", 5),
        ("4.2", "", "2026-01-21T09:00", "2026-01-22T03:00", 5),
        ("4.1", "", "2026-01-22T03:00", "2026-01-31", 5),
        rates={"4.1": 0.011, "4.2": 0.4},
    )
    (switch,), (back,) = told.switches, told.rollbacks
    assert (switch.previous, switch.version, switch.at) == ("4.1", "4.2", utc("2026-01-21T09:00"))
    assert (switch.overlap_hours, switch.overlap_decisions) == (0.0, 0)
    assert switch.positives is not None
    assert switch.positives.low > 0.3
    assert (switch.positives.n_before, switch.positives.n_after) == (20 * 288 + 108, 216)
    assert (back.bad_version, back.back_to, back.minutes) == ("4.2", "4.1", 18 * 60)
    assert (back.start, back.end) == (utc("2026-01-21T09:00"), utc("2026-01-22T03:00"))
    assert "18.0 hours" in told.sentence
    assert told.overlaps == ()


def test_a_shadow_before_the_release_is_its_overlap() -> None:
    told = history(
        ("1", "champion", "2026-01-01", "2026-03-01", 60),
        ("2", "shadow", "2026-02-15", "2026-03-01", 60),
        ("2", "champion", "2026-03-01", "2026-04-01", 60),
    )
    (switch,) = told.switches
    assert switch.overlap_decisions == 14 * 24
    assert switch.overlap_hours == pytest.approx(14 * 24 - 1)
    (overlap,) = told.overlaps
    assert (overlap.versions, overlap.shadow) == (("1", "2"), True)
    assert overlap.n == (14 * 24, 14 * 24)
    two = told.versions[1]
    assert (two.arms, two.n, two.n_shadow) == (("champion", "shadow"), 31 * 24, 14 * 24)


def test_a_shadow_half_a_year_earlier_does_not_stretch_the_overlap() -> None:
    told = history(
        ("1", "", "2026-01-01", "2026-09-01", 60),
        ("2", "shadow", "2026-01-10", "2026-01-12", 60),
        ("2", "shadow", "2026-08-30", "2026-09-01", 60),
        ("2", "", "2026-09-01", "2026-10-01", 60),
    )
    assert told.switches[0].overlap_hours == pytest.approx(2 * 47)


def test_quarterly_releases_are_switches_in_order() -> None:
    quarters = ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]
    parts = [(f"v{i}", "", a, b, 60) for i, (a, b) in enumerate(itertools.pairwise(quarters))]
    told = history(*parts)
    assert [(s.previous, s.version) for s in told.switches] == [("v0", "v1"), ("v1", "v2"), ("v2", "v3")]
    assert told.rollbacks == ()
    positives = told.switches[1].positives
    assert positives is not None
    assert (positives.n_before, positives.n_after) == (28 * 24, 28 * 24)


def test_a_second_attempt_after_a_way_back_is_a_release_again() -> None:
    told = history(
        ("1", "", "2026-01-01", "2026-01-10", 30), ("2", "", "2026-01-10", "2026-01-11", 30),
        ("1", "", "2026-01-11", "2026-01-20", 30), ("2", "", "2026-01-20", "2026-01-30", 30),
    )  # fmt: skip
    assert [(s.previous, s.version, s.at.day) for s in told.switches] == [("1", "2", 10), ("1", "2", 20)]
    assert [(r.bad_version, r.back_to) for r in told.rollbacks] == [("2", "1")]
    assert told.switches[1].overlap_decisions == 0


def test_a_way_back_past_two_releases_leaves_the_last() -> None:
    told = history(
        ("1", "", "2026-01-01", "2026-01-10", 30), ("2", "", "2026-01-10", "2026-01-20", 30),
        ("3", "", "2026-01-20", "2026-01-21", 30), ("1", "", "2026-01-21", "2026-01-30", 30),
    )  # fmt: skip
    assert [(r.bad_version, r.back_to, r.minutes) for r in told.rollbacks] == [("3", "1", 24 * 60)]
    assert len(told.switches) == 2


def test_an_even_test_of_a_month_is_an_overlap_and_one_release() -> None:
    rng = np.random.default_rng(3)
    times = every(5, "2026-01-01", "2026-04-01").to_numpy()
    versions = np.where(times < np.datetime64("2026-02-01"), "a", "b")
    mixed = (times >= np.datetime64("2026-02-01")) & (times < np.datetime64("2026-03-01"))
    versions = np.where(mixed, rng.choice(["a", "b"], len(times)), versions)
    told = releases(version_hours(times, versions), task=Task.MULTICLASS)
    (switch,), (overlap,) = told.switches, told.overlaps
    assert switch.overlap_hours == pytest.approx(28 * 24, abs=3)
    assert switch.overlap_decisions == pytest.approx(int((mixed & (versions == "b")).sum()), abs=30)
    assert (overlap.start.month, overlap.end.day, overlap.shadow) == (2, 28, False)
    assert (switch.positives, switch.accuracy) == (None, None)


@pytest.mark.parametrize("task", list(Task))
def test_rates_are_told_only_where_they_mean_something(task: Task) -> None:
    times = every(30, "2026-01-01", "2026-02-01")
    versions = ["1" if t.day < 15 else "2" for t in times]
    hours = version_hours(times, versions, positive=np.ones(len(times)), right=np.ones(len(times)))
    told = releases(hours, task=task, positive="yes")
    assert (told.switches[0].positives is not None) == (task is Task.BINARY)
    assert (told.switches[0].accuracy is not None) == (task is not Task.REGRESSION)
    assert (told.versions[0].positives_rate is not None) == (task is Task.BINARY)
    assert (told.versions[0].accuracy is not None) == (task is not Task.REGRESSION)


def test_a_version_that_only_shadowed_is_seen_and_never_in_charge() -> None:
    told = history(("1", "", "2026-01-01", "2026-02-01", 60), ("2", "shadow", "2026-01-10", "2026-01-20", 60))
    assert [s.version for s in told.spans] == ["1"]
    assert (told.versions[1].n, told.versions[1].n_shadow) == (0, 240)
    assert told.versions[1].positives_rate == pytest.approx(0.5, abs=0.15)


def test_no_version_and_no_decision_say_so() -> None:
    assert "no version" in history(("", "", "2026-01-01", "2026-01-02", 60)).sentence
    empty = releases(version_hours([], []), task=Task.BINARY, positive="yes")
    assert (empty.versions, empty.spans, empty.overlaps) == ((), (), ())
    assert "No decision" in empty.sentence


def test_durations_are_told_as_people_say_them() -> None:
    assert [duration(m) for m in (35, 18 * 60, 6 * 24 * 60)] == ["35 minutes", "18.0 hours", "6.0 days"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "shadow"])), min_size=1, max_size=120))
@settings(max_examples=50, deadline=None)
def test_every_change_of_the_champion_is_a_release_or_a_way_back(rows: list[tuple[str, str]]) -> None:
    times = every(20, "2026-01-01", "2026-01-03")[: len(rows)]
    hours = version_hours(times, [v for v, _ in rows], arms=[a for _, a in rows])
    told = releases(hours, task=Task.MULTICLASS)
    assert len(told.switches) + len(told.rollbacks) == max(len(told.spans) - 1, 0)
    assert sum(v.n + v.n_shadow for v in told.versions) == len(rows)
    assert all(s.overlap_hours >= 0 and s.overlap_decisions >= 0 for s in told.switches)
    assert all(o.start <= o.end and min(o.n) > 0 for o in told.overlaps)


@pytest.mark.reallogs
def test_the_credit_log_tells_its_bad_release() -> None:
    path = DATA / "income-credit" / "kredit_export.csv"
    if not path.exists():
        pytest.skip("the real logs are not here")
    truth = json.loads((path.parent / "truth.json").read_text())["by_version"]
    frame = pd.read_csv(path, sep=";", decimal=",", encoding="cp1252")
    label = frame["Ergebnis"].where(frame["Ergebnis"].isin(["bewilligt", "abgelehnt"]))
    right = (frame["Entscheidung"] == label).astype(float).where(label.notna())
    times = pd.to_datetime(frame["Zeitpunkt"], format="%d.%m.%Y %H:%M")
    hours = version_hours(
        times, frame["Modellversion"].astype(str), positive=frame["Entscheidung"] == "bewilligt", right=right
    )
    told = releases(hours, task=Task.BINARY, positive="bewilligt")
    (switch,), (back,) = told.switches, told.rollbacks
    assert (back.bad_version, back.back_to, back.minutes) == ("3.2", "3.1", 54 * 60)
    assert switch.positives is not None
    assert switch.positives.after == 0
    assert switch.positives.high < -0.1
    assert {v.version: v.accuracy for v in told.versions} == pytest.approx(
        {name: of["accuracy"] for name, of in truth.items()}
    )
    assert {v.version: v.n_labelled for v in told.versions} == {name: of["n"] for name, of in truth.items()}


@pytest.mark.reallogs
def test_the_electricity_log_tells_its_one_release() -> None:
    path = DATA / "electricity" / "electricity.csv"
    if not path.exists():
        pytest.skip("the real logs are not here")
    truth = json.loads((path.parent / "truth.json").read_text())["by_version"]
    frame = pd.read_csv(
        path, usecols=["scored_at", "model_ver", "trained_at", "forecast", "outcome"], dtype=str
    )
    hours = version_hours(
        pd.to_datetime(frame["scored_at"], utc=True).dt.tz_localize(None), frame["model_ver"],
        trained=frame["trained_at"].tolist(), positive=frame["forecast"] == "UP",
        right=(frame["forecast"] == frame["outcome"]).astype(float),
    )  # fmt: skip
    told = releases(hours, task=Task.BINARY, positive="UP")
    assert [(s.previous, s.version, s.at) for s in told.switches] == [
        ("1.0.0", "2.0.0", utc("1997-11-20T02:00"))
    ]
    assert (told.rollbacks, told.overlaps) == ((), ())
    for seen in told.versions:
        assert seen.accuracy == pytest.approx(truth[seen.version]["accuracy"])
        assert seen.positives_rate == pytest.approx(truth[seen.version]["positive_rate"])
        assert seen.trained is not None
        assert seen.trained - seen.first < timedelta(days=1)
