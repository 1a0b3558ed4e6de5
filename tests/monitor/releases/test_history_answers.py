"""Versions, spans, overlaps, ways back, shelf lives and guardrails of small histories: read against what was
drawn; the median life is held against lifelines' by ``test_shelf_life.py``, the interval of a rate against
scipy's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Point, PointStatus, Task, VersionHours
from plumbline.monitor.releases.ab_test import change_that_matters, measure, overlap_kind
from plumbline.monitor.releases.challengers import presences
from plumbline.monitor.releases.champion import spans
from plumbline.monitor.releases.guardrail import guardrail, smallest_change, usual_rates
from plumbline.monitor.releases.history import duration, releases
from plumbline.monitor.releases.shelf_life import (
    VersionLife,
    median_life,
    median_limits,
    shelf_life,
    version_lives,
    version_start,
)
from plumbline.monitor.statistics.sequential_test import ArmSums
from tests.known_answers import Table, differences
from tests.monitor.outcomes import at

Row = tuple[int, str, str, int, int, int]  # hour, version, arm, first and last minute, decisions


def _hours(rows: list[Row], trained: dict[str, int] | None = None, *, seed: int = 1) -> VersionHours:
    rng = np.random.default_rng([151, seed])
    rows = sorted(rows)
    begin = np.datetime64("2026-01-05", "us")
    hour = np.array([begin + np.timedelta64(r[0], "h") for r in rows], dtype="datetime64[us]")
    n = np.array([r[5] for r in rows], dtype=np.int64)
    labelled = rng.binomial(n, 0.8)
    return VersionHours(
        hours=hour,
        versions=tuple(r[1] for r in rows),
        arms=tuple(r[2] for r in rows),
        first=hour + np.array([np.timedelta64(r[3], "m") for r in rows]),
        last=hour + np.array([np.timedelta64(r[4], "m") for r in rows]),
        trained=np.array(
            [
                begin - np.timedelta64(trained[r[1]], "D")
                if trained and r[1] in trained
                else np.datetime64("NaT", "us")
                for r in rows
            ]
        ),
        n=n,
        positives=rng.binomial(n, 0.3).astype(float),
        n_labelled=labelled,
        correct=rng.binomial(labelled, 0.9),
    )


def _runs(*parts: tuple[str, int, int], rows: int = 20, arm: str = "") -> list[Row]:
    return [(h, version, arm, 2, 58, rows) for version, first, last in parts for h in range(first, last)]


def _histories() -> Iterator[tuple[str, VersionHours]]:
    yield "one", _hours(_runs(("1", 0, 100)))
    yield "two", _hours(_runs(("1", 0, 100), ("2", 100, 150)), {"1": 30, "2": 2})
    yield (
        "mixed hour",
        _hours([*_runs(("1", 0, 50), ("2", 51, 90)), (50, "1", "", 0, 30, 9), (50, "2", "", 20, 59, 11)]),
    )
    yield "there and back", _hours(_runs(("1", 0, 50), ("2", 50, 53), ("1", 53, 90), ("2", 90, 99)))
    yield "a canary", _hours([*_runs(("1", 0, 90)), *_runs(("2", 40, 90), rows=2)])
    yield "a ramp", _hours([*_runs(("1", 0, 60)), *[(h, "2", "", 1, 59, h - 20) for h in range(21, 80)]])
    yield (
        "a shadow",
        _hours(
            [
                *_runs(("1", 0, 90), arm="champion"),
                *_runs(("2", 30, 90), arm="shadow"),
                *_runs(("2", 90, 99), arm="champion"),
            ]
        ),
    )
    yield "no name", _hours(_runs(("", 0, 40)))
    yield "named late", _hours(_runs(("", 0, 40), ("1", 40, 80)))
    yield "unnamed for long", _hours(_runs(("1", 0, 10), ("", 10, 10 + 24 * 31)))
    yield (
        "stragglers",
        _hours([*_runs(("1", 0, 50), ("2", 50, 90)), (55, "1", "", 5, 5, 1), (70, "1", "", 5, 9, 3)]),
    )
    yield "thin", _hours(_runs(("1", 0, 3), ("2", 3, 5), rows=1))
    yield "a hole", _hours(_runs(("1", 0, 30), ("2", 90, 120)))
    yield "three", _hours(_runs(("1", 0, 30), ("2", 30, 60), ("3", 60, 90), ("2", 90, 99)))


def _releases() -> Iterator[tuple[str, Any]]:
    for name, hours in _histories():
        for task, positive in ((Task.BINARY, "yes"), (Task.MULTICLASS, None), (Task.REGRESSION, None)):
            yield f"{name}, {task.value}", releases(hours, task=task, positive=positive)
        yield f"{name}, until", [spans(hours, until=at(0) + timedelta(hours=h)) for h in (0, 45, 52)]
        yield f"{name}, beside", presences(hours, spans(hours))
        yield f"{name}, kinds", [overlap_kind(o) for o in releases(hours, task=Task.BINARY).overlaps]
    for minutes in (0.4, 61, 119.6, 120, 4319, 4320, 99999):
        yield f"{minutes} minutes", duration(minutes)


def _guardrails() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(152)
    for rate, before, n_before in (
        (0.1, 0.1, 900),
        (0.3, 0.1, 900),
        (0.02, 0.1, 900),
        (0.5, 0.4, 30),
        (0.9, 1.0, 90),
        (0.2, 0.0, 90),
        (0.2, 0.3, 0),
    ):
        for n in (0, 1, 60, 700):
            hits = rng.random(n) < rate
            times = np.datetime64("2026-03-02T08:00", "us") + np.arange(n) * np.timedelta64(7, "m")
            for rising, over in ((False, 1.0), (True, 1.0), (False, 3.0)):
                one = guardrail(
                    times, hits, previous_rate=before, previous_n=n_before, rising=rising, times_over=over
                )
                yield (
                    f"{rate} of {n} after {before} of {n_before}, rising {rising}, {over}",
                    (one, smallest_change(one)),
                )
    late = guardrail(
        np.arange(9000).astype("datetime64[m]"), np.arange(9000) >= 8400, previous_rate=0.05, previous_n=5000
    )
    yield "after a block", late
    for rate in (0.0, 0.004, 0.5, 1.0):
        yield (
            f"usual {rate}",
            [usual_rates(rate, n, alpha) for n in (0, 1, 40, 4000) for alpha in (0.0005, 0.05)],
        )


def _lives() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(153)
    for n in (1, 2, 3, 5, 9, 20):
        for kept in (0.0, 0.4, 1.0):
            days = rng.integers(10, 200, n).astype(float).tolist()
            censored = (rng.random(n) < kept).tolist()
            lives = [
                VersionLife(version=str(i), since=at(i), source="first seen", days=d, kept=c)
                for i, (d, c) in enumerate(zip(days, censored, strict=True))
            ]
            name = f"{n} versions, {kept} kept"
            yield name, (median_life(days, censored), median_limits(days, censored))
            for current in (None, (at(0), "first seen"), (at(300), "trained_at")):
                said = shelf_life(lives, current, as_of=at(200))
                yield (
                    f"{name}, from {current and current[0].date()}",
                    (said.days, said.retrain_by, said.status, said.sentence, said.low, said.high),
                )
    yield "none", shelf_life([], None, as_of=at(0))
    for left in (-1, -0.5, 0, 0.5, 1, 13, 13.5, 14, 15):
        lives = [
            VersionLife(version=str(i), since=at(0), source="first seen", days=100.0, kept=False)
            for i in range(9)
        ]
        said = shelf_life(lives, (at(0), "trained_at"), as_of=at(100) - timedelta(days=left))
        yield f"{left} days left", (said.status, said.sentence)
    hours = _hours(_runs(("1", 0, 24 * 20), ("2", 24 * 20, 24 * 40), ("3", 24 * 40, 24 * 50)), {"2": 3})
    for states in ("oobb", "uubo", "bbbb", "oooo", "oobo"):
        points = [
            Point(
                metric="accuracy",
                start=at(5 * i + 20 * v),
                end=at(5 * i + 20 * v + 5),
                n=9,
                value=0.5,
                low=None,
                high=None,
                threshold=None,
                status={"o": PointStatus.OK, "b": PointStatus.BREACH, "u": PointStatus.UNKNOWN}[s],
                version=str(v + 1),
                estimated=False,
            )
            for v in (0, 1, 2)
            for i, s in enumerate(states)
        ]
        yield f"lives of {states}", version_lives(hours, points, as_of=at(50))
    yield (
        "starts",
        [
            version_start(hours, v, as_of)
            for v in ("1", "2")
            for as_of in (at(50), datetime(2025, 1, 1, tzinfo=UTC))
        ],
    )


def _measures() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(154)
    for looks, rows, apart, moved in (
        (1, 300, 0.0, False),
        (30, 60, 0.0, False),
        (30, 60, 0.2, False),
        (48, 40, 0.1, True),
        (5, 2, 0.0, False),
    ):
        hours = np.datetime64("2026-03-02", "h") + np.arange(looks)
        n = rng.integers(1, 2 * rows, (looks, 2)).astype(float)
        if moved:
            n[looks // 2 :, 1] *= 4
        level = 0.3 + np.array([0.0, apart]) + rng.integers(-2, 3, (looks, 1)) / 20
        share = np.floor(n * level)
        numbers = ArmSums(n, 9 * n * level, n * (81 * level**2 + 4.0))
        before = ArmSums(np.array([900.0]), np.array([270.0]), np.array([270.0]))
        none = ArmSums(np.array([0.0]), np.array([0.0]), np.array([0.0]))
        name = f"{looks} looks of {rows}, {apart} apart{', split moved' if moved else ''}"
        for said, then in (("before", before), ("no before", none)):
            yield (
                f"{name}, share, {said}",
                measure("positive_rate", hours, ArmSums(n, share, share), then, proportion=True),
            )
            yield f"{name}, number, {said}", measure("score", hours, numbers, then, proportion=False)
    for share in (0.0, 0.04, 0.5, 0.9):
        sums = ArmSums(
            np.array([100.0, 50.0]), np.array([100.0, 50.0]) * share, np.array([100.0, 50.0]) * share
        )
        yield f"matters at {share}", [change_that_matters(sums, proportion=p) for p in (True, False)]


TABLES: dict[str, Table] = {
    "releases": _releases,
    "guardrails": _guardrails,
    "lives": _lives,
    "measures": _measures,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
