"""The last seven days against the reference, anew every day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from plumbline.domain import Bins, FeatureProfile, Finding, Kind
from plumbline.monitor.drift.aligned_counts import aligned_chunks
from plumbline.monitor.drift.features import judge_chunks
from plumbline.monitor.drift.findings import drift_findings
from plumbline.monitor.drift.rolling_window import WIDTH, onset, rolling_windows, sudden_drift

START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
DAY = timedelta(days=1)
HEALTHY = (START, START + 56 * DAY)
LEVELS = ("a", "b", "c", "d", "e", "f", "g")


def profile(daily: np.ndarray, name: str = "x") -> FeatureProfile:
    """A categorical feature from (days, levels) counts."""
    days = tuple(date(2026, 1, 1) + i * DAY for i in range(len(daily)))
    none = np.zeros(len(daily))
    counts = np.c_[daily, none].astype(np.int64)
    return FeatureProfile(
        bins=Bins(feature=name, kind=Kind.CATEGORICAL, edges=(), levels=LEVELS[: daily.shape[1]]),
        days=days,
        counts=counts,
        missing=none.astype(np.int64),
        sums=none,
        squares=none,
    )


def steady(days: int, rows: int = 80, seed: int = 1, *, change: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(seed)
    p, q = [0.4, 0.3, 0.2, 0.1], [0.2, 0.2, 0.3, 0.3]
    return np.array(
        [rng.multinomial(rows, q if change is not None and i >= change else p) for i in range(days)]
    )


def test_windows_are_whole_weeks_a_day_apart_that_add_up_to_the_days_they_hold() -> None:
    daily = steady(30)
    (laid,) = rolling_windows(
        [profile(daily)], reference=(START, START + 14 * DAY), until=START + 29 * DAY + DAY / 2
    )
    assert [(e - s) / DAY for s, e in zip(laid.starts, laid.ends, strict=True)] == [WIDTH] * 23  # type: ignore[operator]
    assert laid.starts[0] == START
    assert laid.ends[-1] == START + 29 * DAY  # the thirtieth day is not over
    assert laid.sizes.tolist() == [daily[i : i + 7].sum() for i in range(23)]


def test_a_log_or_reference_shorter_than_its_windows_has_none() -> None:
    late = START + 99 * DAY
    assert rolling_windows([profile(steady(13))], reference=(START, START + 8 * DAY), until=late) == ()
    assert rolling_windows([profile(steady(40))], reference=(START, START + 6 * DAY), until=late) == ()


def test_the_weekday_is_no_drift_where_a_calendar_week_is_cut_short() -> None:
    """A log that begins on a Thursday and ends on a Wednesday: half weeks hold other weekdays than whole ones."""
    daily = np.eye(7, dtype=np.int64)[np.arange(100) % 7] * 60
    held = profile(daily)
    cut = judge_chunks(aligned_chunks([held], reference=HEALTHY, by="week"), "js")
    assert cut[0].drifted
    whole = judge_chunks(rolling_windows([held], reference=HEALTHY, until=START + 100 * DAY), "js")
    assert not any(c.drifted for c in whole)


@pytest.mark.parametrize("change", [70, 73])
def test_a_change_is_found_before_its_calendar_week_is_out_and_dated_to_the_day(change: int) -> None:
    held = profile(steady(100, change=change))
    judged = judge_chunks(rolling_windows([held], reference=HEALTHY, until=START + 100 * DAY), "js")
    (found,) = drift_findings(
        "s", judged, overlap=WIDTH,
        dated=lambda _, first, known: onset(held, reference=HEALTHY, first=first, known=known),
    )  # fmt: skip
    began = START + change * DAY
    assert found.known_at is not None
    assert (
        began < found.known_at <= began + 7 * DAY
    )  # one feature, eight weeks: chance itself is known by seven
    assert found.since is not None
    assert abs(found.since - began) <= DAY


def test_twenty_quiet_logs_of_eighty_decisions_a_day_raise_nothing() -> None:
    for seed in range(20):
        held = profile(steady(240, seed=seed))
        judged = judge_chunks(rolling_windows([held], reference=HEALTHY, until=START + 240 * DAY), "js")
        assert drift_findings("s", judged, overlap=WIDTH) == []


FAR, NEAR = [0.12, 0.13, 0.25, 0.5], [0.3, 0.25, 0.25, 0.2]


def shifted(days: int, at: int, *, to: list[float] = FAR, length: int = 1000) -> np.ndarray:
    """Steady days of 200 decisions, but others from day ``at`` on for ``length`` days."""
    daily = steady(days, 200)
    far = np.random.default_rng(5).multinomial(200, to, days)
    inside = (np.arange(days) >= at) & (np.arange(days) < at + length)
    return np.where(inside[:, None], far, daily)


def raised(held: FeatureProfile, days: int, *, alone: bool = True) -> list[Finding]:
    until = START + days * DAY
    judged = judge_chunks(rolling_windows([held], reference=HEALTHY, until=until), "js")
    days_alone = sudden_drift([held], reference=HEALTHY, until=until) if alone else ()
    return drift_findings(
        "s", judged, overlap=WIDTH, sudden=days_alone,
        dated=lambda _, first, known: onset(held, reference=HEALTHY, first=first, known=known),
    )  # fmt: skip


def test_an_overwhelming_shift_is_known_after_one_day_and_told_by_that_day() -> None:
    began = START + 70 * DAY
    (found,) = raised(profile(shifted(71, 70)), 71)
    assert (found.since, found.known_at, found.until) == (began, began + DAY, None)
    assert found.figures["n"] == 200
    assert f"on {began:%Y-%m-%d} alone" in found.sentence
    (later,) = raised(profile(shifted(90, 70)), 90)
    assert (later.since, later.known_at, later.until) == (began, began + DAY, None)


def test_a_day_that_came_alone_is_over_after_two_calm_weeks() -> None:
    (found,) = raised(profile(shifted(100, 70, length=1)), 100)
    assert found.until is not None
    assert found.until <= START + 77 * DAY


def test_no_day_is_sudden_for_its_weekday_or_beside_a_reference_of_less_than_four_weeks() -> None:
    weekdays = profile(np.eye(7, dtype=np.int64)[np.arange(100) % 7] * 60)
    assert not any(d.drifted for d in sudden_drift([weekdays], reference=HEALTHY, until=START + 100 * DAY))
    short = (START, START + 27 * DAY)
    assert sudden_drift([profile(shifted(100, 70))], reference=short, until=START + 100 * DAY) == ()


def test_a_shift_that_is_merely_large_waits_for_more_days() -> None:
    held = profile(shifted(100, 70, to=NEAR))
    assert len(raised(held, 100)) == 1
    assert [f.known_at for f in raised(held, 100)] == [f.known_at for f in raised(held, 100, alone=False)]
