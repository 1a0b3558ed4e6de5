"""The pause that a source is in, against a clock that walks hour by hour, and the rules at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from plumbline.monitor.quality.silence import Pause, pause

START = datetime(2025, 1, 1, 0, 20, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return START + timedelta(hours=float(hour))


def walked(arrivals: list[int], now: int) -> tuple[float, float, int, int]:
    """Missed arrivals, limit, the longest usual pause in hours and how many pauses, by adding up one hour at a time."""
    begin = int((START - EPOCH) / timedelta(hours=1))
    hours = sorted({h + begin for h in arrivals if h <= now})
    now += begin
    kept = [h for h in hours if h >= now - 26 * 7 * 24 or h in hours[-20:]]
    weeks = (kept[-1] - kept[0] + 1) / 168
    likely = dict.fromkeys(range(168), len(kept) / 168)
    for hour in kept:
        for away, share in ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1)):
            likely[(hour + away) % 168] += share / 9
    likely = {h: total / (weeks + 1) for h, total in likely.items()}

    def between(first: int, last: int) -> float:
        return sum(likely[h % 168] for h in range(first, last))

    pauses = sorted((between(a, b), b - a) for a, b in pairwise(kept))
    usual = pauses[-1] if len(pauses) < 40 else pauses[-2]
    return between(kept[-1], now), max(1.5 * usual[0], 1.6), usual[1], len(pauses)


RHYTHMS = {
    "every day": [24 * d + 6 for d in range(60)],
    "working days": [24 * d + h for d in range(50) if d % 7 < 5 for h in (7, 8, 15)],
    "for longer than half a year": [31 * i for i in range(220)],
    "once in a while": [24 * 11 * i for i in range(24)],
    "by chance": np.unique(np.random.default_rng(3).integers(0, 3000, 150)).tolist(),
    "39 pauses, one of them long": [12 * i + 200 * (i > 20) for i in range(40)],
    "40 pauses, one of them long": [12 * i + 200 * (i > 20) for i in range(41)],
    "one long pause": [5 * i for i in range(60)] + [300 + 400 + 5 * i for i in range(30)],
}


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("later", [0, 1, 30, 500])
def test_likely_arrivals_are_those_of_a_clock_that_walks(rhythm: str, later: int) -> None:
    hours = RHYTHMS[rhythm]
    held = pause([at(h) for h in reversed(hours)], at(hours[-1] + later))
    assert held is not None
    missed, limit, longest, n = walked(hours, hours[-1] + later)
    assert (held.missed, held.limit) == (pytest.approx(missed, rel=1e-9), pytest.approx(limit, rel=1e-9))
    assert (held.longest, held.n) == (timedelta(hours=longest), n)
    assert (held.since, held.length) == (at(hours[-1]), timedelta(hours=later))
    assert held.is_silent is (missed > limit)


def test_a_clock_that_ran_ahead_is_left_out() -> None:
    hours = RHYTHMS["every day"]
    early = pause([at(h) for h in [*hours, hours[-1] + 90]], at(hours[-1] + 30))
    assert early == pause([at(h) for h in hours], at(hours[-1] + 30))
    minutes = [at(h + quarter / 4) for h in hours for quarter in range(2)]
    held = pause(minutes, at(hours[-1] + 1))
    assert held is not None
    assert (held.n, held.since) == (len(hours) - 1, at(hours[-1] + 0.25))


def test_a_rhythm_is_known_from_ten_hours_over_fifteen_days() -> None:
    def known(hours: list[int]) -> bool:
        return pause([at(h) for h in hours], at(hours[-1])) is not None

    assert known([40 * i for i in range(9)] + [360])
    assert not known([40 * i for i in range(9)] + [359])
    assert not known([45 * i for i in range(9)])
    assert known([40 * i for i in range(10)])
    assert pause([], at(0)) is None


def test_a_source_is_silent_only_beyond_its_limit() -> None:
    def one(missed: float) -> Pause:
        return Pause(since=at(0), length=timedelta(1), missed=missed, limit=2.0, longest=timedelta(1), n=12)

    assert [one(x).is_silent for x in (1.9, 2.0, 2.1)] == [False, False, True]
