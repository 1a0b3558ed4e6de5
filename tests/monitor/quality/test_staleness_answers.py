"""Repeats, callers, silence and age of small logs: the occupancy law, the time between alarms and the Wilson
limits are held by the modules' own tests; statuses and sentences come from code that was read, and were looked
at by sample, each limit with the case beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Repeats, VersionHours
from plumbline.monitor.quality.consistency import consistency, largest_score_gap, score_tolerance
from plumbline.monitor.quality.extraction import _is_enumeration, caller_queries, count_neighbours, probes
from plumbline.monitor.quality.silence import pause
from plumbline.monitor.quality.staleness import last_arrival, staleness
from tests.known_answers import Table, differences
from tests.monitor.outcomes import at


def _repeats() -> Iterator[tuple[str, Any]]:
    for n, wrong, groups, bad, near in (
        (0, 0, 0, 0, 0),
        (29, 2, 10, 1, 0),
        (30, 0, 15, 0, 0),
        (30, 3, 15, 1, 0),
        (400, 1, 200, 1, 0),
        (4000, 4, 2000, 2, 0),
        (4000, 5, 2000, 2, 0),
        (4000, 400, 2000, 200, 0),
        (4000, 0, 2000, 0, 4),
        (4000, 0, 2000, 0, 5),
        (4000, 90, 2000, 40, 7),
    ):
        one = Repeats(
            decisions=n,
            conflicting=wrong,
            groups=groups,
            conflicting_groups=bad,
            decided=wrong // 2,
            near=near,
            reach=0.0125,
        )
        said = consistency(one)
        name = f"{wrong} of {n}, {bad} of {groups}, {near} near"
        yield name, (said, said.decided_share, said.near_share)
        yield (
            f"{name}, other limits",
            (
                consistency(one, limit=0.01, fewest=300).status,
                consistency(replace(one, unknown=True)).sentence,
            ),
        )


def _gaps() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(231)
    for n in (5, 30, 400):
        x = rng.integers(0, 40, n).astype(float)
        lacking = np.where(rng.random(n) < 0.2, np.nan, x / 4)
        score = x / 40 + rng.integers(-3, 4, n) / 100
        score[::9] = np.nan
        inputs = {"x": x, "few": x % 11, "twelve": x % 12, "lacking": lacking, "still": np.ones(n)}
        for names in (["x"], ["few"], ["twelve"], ["lacking"], ["x", "twelve", "lacking"], ["still"], []):
            some = {name: inputs[name] for name in names}
            yield f"{n} by {names}", largest_score_gap(some, score)
            for groups, bad in ((14, 14), (15, 13), (15, 14), (100, 89), (100, 90)):
                one = Repeats(decisions=9, conflicting=3, groups=groups, conflicting_groups=bad)
                yield f"{n} by {names}, {bad} of {groups}", score_tolerance(one, some, score)


def _callers() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(232)

    def hashes(values: Any) -> Any:
        return np.asarray(values).astype(np.uint64) * np.uint64(0x9E3779B9)

    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8), np.arange(8), indexing="ij"), -1).reshape(-1, 3)
    line = np.full((300, 4), 5)
    line[np.arange(300), np.arange(300) % 4] = np.arange(300) + 9
    crowd = rng.integers(0, 10**6, (600, 4))
    callers = {
        "nothing": np.zeros((0, 3)),
        "few": grid[:199],
        "enough": grid[:200],
        "a grid": grid,
        "a grid, twice": np.vstack([grid, grid]),
        "a line": line,
        "a crowd": crowd[:300],
        "coarse": rng.integers(0, 4, (500, 4)),
        "chance": rng.integers(0, 30, (400, 3)),
        "one input": np.arange(300)[:, None],
    }
    for name, inputs in callers.items():
        width = inputs.shape[1]
        others = {
            "nobody": None,
            "few": crowd[:150, :width],
            "less": crowd[:250, :width],
            "a crowd": crowd[:, :width],
            "like": inputs[::-1],
        }
        yield f"{name}: neighbours", count_neighbours(hashes(inputs))
        for other, rows in others.items():
            said = caller_queries(name, hashes(inputs), None if rows is None else hashes(rows))
            yield f"{name} beside {other}", (said, said.share, said.usual_share, probes(said))
    for asked, n, cells in (
        (400, 199, 400.0),
        (400, 200, 400.0),
        (400, 300, 400.0),
        (400, 400, 400.0),
        (400, 400, 1600.0),
        (400, 400, 1601.0),
        (9000, 512, 512.0),
    ):
        yield f"{n} different of {asked}, {cells} cells", _is_enumeration(asked, n, cells)


def _pauses() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(233)
    daily = [at(i) + timedelta(hours=6) for i in range(60)]
    rhythms = {
        "nothing": [],
        "nine": daily[:9],
        "ten in ten days": daily[:10],
        "daily": daily,
        "weekdays": [t for t in daily if t.weekday() < 5],
        "weekly": daily[::7],
        "hourly": [at(0) + timedelta(hours=i) for i in range(24 * 40)],
        "fifteen days": daily[:16],
        "by chance": [at(0) + timedelta(hours=int(h)) for h in np.cumsum(rng.integers(1, 60, 80))],
        "forty": daily[:41],
        "thirty-nine": daily[:40],
        "a hole": [t for t in daily if not 20 <= (t - at(0)).days < 28],
        "years": [at(7 * i) for i in range(120)],
    }
    for name, arrivals in rhythms.items():
        last = max(arrivals, default=at(0))
        for hours in (0, 1, 20, 40, 60, 100, 300, 2000):
            one = pause(arrivals[::-1], last + timedelta(hours=hours, minutes=5))
            yield f"{name}, {hours} hours on", one and (one, one.is_silent)
        yield f"{name}, before", pause(arrivals, at(-1))


def _beats() -> Iterator[tuple[str, Any]]:
    for name, days in (
        ("none", []),
        ("nine", range(9)),
        ("ten", range(10)),
        ("daily", range(30)),
        ("weekly", range(0, 200, 7)),
        ("hourly", np.arange(0, 2, 1 / 24)),
    ):
        times = np.array(
            [np.datetime64("2026-01-05", "us") + np.timedelta64(int(86400 * d), "s") for d in days],
            dtype="datetime64[us]",
        )
        last = float(max(days)) if len(days) else 0.0
        for later in (0.0, 0.9, 1.01, 2.1, 3.0, 3.1, 6.1, 21.1, 43.0):
            yield (
                f"{name}, {later} days on",
                [last_arrival(times, at(0) + timedelta(days=last + later), waits=w) for w in (0.0, 1.0)],
            )


def _ages() -> Iterator[tuple[str, Any]]:
    for name, versions, trained in (
        ("named", ("1", "2"), (None, None)),
        ("trained", ("1", "2"), (-30, 3)),
        ("later", ("1", "2"), (-30, 900)),
        ("no name", ("", ""), (None, None)),
        ("no name, trained", ("", ""), (-5, -5)),
    ):
        hour = np.array([np.datetime64(at(d).replace(tzinfo=None), "us") for d in range(0, 40, 2)])
        first = np.arange(20) < 10
        hours = VersionHours(
            hours=hour,
            versions=tuple(versions[0] if f else versions[1] for f in first),
            arms=("",) * 20,
            first=hour,
            last=hour + np.timedelta64(50, "m"),
            trained=np.array(
                [
                    np.datetime64("NaT", "us")
                    if (d := trained[0 if f else 1]) is None
                    else np.datetime64(at(d).replace(tzinfo=None), "us")
                    for f in first
                ]
            ),
            n=np.full(20, 60),
            positives=np.full(20, 9.0),
            n_labelled=np.full(20, 9),
            correct=np.full(20, 5),
        )
        for day in (-5, 1, 30, 92, 93, 109, 110, 111, 182, 183, 200, 201, 400):
            yield (
                f"{name}, day {day}",
                staleness(hours, as_of=at(day), last_label=at(35) if day > 40 else None),
            )
        yield f"{name}, other limits", staleness(hours, as_of=at(60), watch_days=20, breach_days=400).sentence


TABLES: dict[str, Table] = {
    "repeats": _repeats,
    "gaps": _gaps,
    "callers": _callers,
    "pauses": _pauses,
    "beats": _beats,
    "ages": _ages,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
