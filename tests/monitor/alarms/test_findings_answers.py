"""Problems and findings of small series of points: the code was read against the rules of episodes, of what is
one problem and of what is known when, and the answers looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Finding, Point, PointStatus, Severity
from plumbline.domain.messages import Message, as_message
from plumbline.monitor.alarms.episodes import episodes, is_clear, runs
from plumbline.monitor.alarms.findings import (
    is_same_problem,
    merge_problem_findings,
    performance_findings,
    performance_problems,
    problem_key,
    with_cost,
)
from plumbline.monitor.alarms.persistence import lasting_change
from plumbline.monitor.alarms.year_before import is_as_year_before, mark_seasonal_breaches
from tests.known_answers import Table, differences
from tests.monitor.outcomes import at

STATES = {"b": PointStatus.BREACH, "o": PointStatus.OK, "w": PointStatus.WATCH, "u": PointStatus.UNKNOWN}


def _points(
    states: str, metric: str = "accuracy", *, wide: float = 0.02, first: int = 0, estimated: bool = False
) -> list[Point]:
    """One a week: a breach at 0.7 under a limit of 0.8, clear at 0.9, just within at 0.81; capitals: provisional."""
    value = {"b": 0.7, "o": 0.9, "w": 0.81, "u": 0.6}
    points = []
    for i, state in enumerate(states):
        middle = value[state.lower()] - 0.001 * (i % 5)
        points.append(
            Point(
                metric=metric,
                start=at(first + 7 * i),
                end=at(first + 7 * i + 7),
                n=100 + i,
                value=middle,
                low=middle - wide,
                high=middle + wide,
                threshold=0.8,
                status=STATES[state.lower()],
                version=None,
                estimated=estimated,
                provisional=state.isupper(),
            )
        )
    return points


SERIES = (
    "ooooo",
    "obooo",
    "obbboooo",
    "obbbwoow",
    "obuubooooobb",
    "booooooob",
    "obbbb",
    "obBbB",
    "wwbww",
    "ubu",
    "obwoboooooooo",
    "obbooobb",
    "obbwwwwwwbb",
    "bbbbooooobbbbooooo",
)


def _episodes() -> Iterator[tuple[str, Any]]:
    for states in SERIES:
        beyond, clear = [s == "b" for s in states], [s == "o" for s in states]
        starts = [at(7 * i) for i in range(len(states))]
        for days in (1, 7, 30):
            ends = [start + timedelta(days=days) for start in starts]
            yield (
                f"{states}, {days} days",
                [(r.start, r.stop, over) for r, over in episodes(beyond, clear, starts, ends)],
            )
        yield f"{states}, runs", [(r.start, r.stop) for r in runs(beyond)]
    for value in (None, 0.75, 0.8, 0.85, 0.9):
        yield (
            f"clear at {value}",
            [is_clear(value, limit, healthy) for limit in (None, 0.8, 0.85) for healthy in (None, 0.9, 0.7)],
        )


def _say(name: str, value: float | None) -> Message:
    return as_message(f"{value:.3f}" if value is not None else "none")


def _findings() -> Iterator[tuple[str, Any]]:
    for states in SERIES:
        for wide in (0.02, 0.2):
            for healthy in (None, 0.92):
                points = _points(states, wide=wide)
                name = f"{states}, {wide} wide, {healthy} healthy"
                yield name, performance_problems(points, healthy)
                said = performance_findings(
                    "s",
                    points,
                    name=as_message,
                    say=_say,
                    delay=timedelta(days=3),
                    onset=at(3),
                    healthy=healthy,
                )
                yield f"{name}, findings", said
    for one, other in (
        ("obbboo", "ooobbb"),
        ("obbooooo", "oooooobb"),
        ("obbooooooooo", "ooooooooobbb"),
        ("ooo", "obb"),
    ):
        points = [*_points(one), *_points(other, "recall"), *_points(other, "brier", wide=0.2)]
        for healthy in (None, {"accuracy": 0.91, "recall": 0.9}):
            yield (
                f"{one} and {other}, {healthy}",
                performance_findings("s", points, name=as_message, say=_say, healthy=healthy),
            )
    estimated = _points("obbb", estimated=True)
    yield "estimated", performance_findings("s", estimated, name=as_message, say=_say, onset=at(7))
    bare = [replace(p, low=None, high=None) for p in _points("obbb")]
    yield "no interval", performance_findings("s", bare, name=as_message, say=_say)


def _finding(
    signal: str, since: int | None, until: int | None, known: int | None, system: str = "s"
) -> Finding:
    times = [None if day is None else at(day) for day in (since, until, known)]
    return Finding(
        system=system,
        signal=signal,
        sentence=as_message(signal),
        since=times[0],
        until=times[1],
        severity=Severity.LOW,
        confidence=None,
        page="p",
        figures={},
        known_at=times[2],
    )


def _merges() -> Iterator[tuple[str, Any]]:
    found = [
        _finding("performance.accuracy", 20, 40, 34),
        _finding("warning.accuracy", 12, None, 25),
        _finding("estimate.recall", 22, 30, 24),
        _finding("warning.mae", 90, 95, 93),
        _finding("estimate.mae", 94, None, 99),
        _finding("drift.x", 5, 9, 8),
        _finding("group.x", 9, None, 12),
        _finding("season", 1, 5, 4),
        _finding("season", 300, None, 320),
        _finding("season", 800, None, 801),
        _finding("drift.x", None, None, None),
        _finding("drift.x", 5, 9, 8, "other"),
    ]
    yield "merged", merge_problem_findings(found)
    yield "reversed", merge_problem_findings(found[::-1])
    for i, one in enumerate(found):
        yield (
            f"{i}: {one.signal}",
            (problem_key(one.signal), [is_same_problem(one, other) for other in found]),
        )
    for stake in ({}, {"amount": 0}, {"amount": 9.5}, {"amount": -3.0, "currency": "EUR"}):
        yield f"cost {stake}", with_cost(found[0], stake).figures


def _years() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(111)
    for name, now in (("as then", 0.0), ("half as far", 0.05), ("farther", 0.2), ("better", -0.05)):
        states = ("o" * 10 + "b" * 6 + "o" * 36) * 2 + "o" * 10 + "b" * 6
        points = []
        for i, p in enumerate(_points(states)):
            moved = (p.value or 0.0) - (now if i >= 114 else 0.0) + float(rng.integers(-3, 4)) / 500
            points.append(replace(p, value=moved, low=moved - 0.02, high=moved + 0.02))
        yield (
            f"{name}, marked",
            [
                (p.start, p.status, p.note)
                for p in mark_seasonal_breaches(points, {"accuracy": 0.9}, at(50))[100:]
            ],
        )
        yield (
            f"{name}, an owner's",
            [p.status for p in mark_seasonal_breaches(points, {"accuracy": 0.9}, at(50), ["accuracy"])[100:]],
        )
        asked = [
            is_as_year_before(points, at(7 * a), at(7 * b), level)
            for a, b in ((114, 116), (115, 119), (60, 64))
            for level in (0.9, None)
        ]
        yield f"{name}, asked", asked


def _lasting() -> Iterator[tuple[str, Any]]:
    yield "nothing", lasting_change(_points("obb"), None, None)


TABLES: dict[str, Table] = {
    "episodes": _episodes,
    "findings": _findings,
    "merges": _merges,
    "years": _years,
    "lasting": _lasting,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
