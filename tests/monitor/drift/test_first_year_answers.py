"""Slow changes that are one finding in a log's first year, and the call for a new version: which are joined, since
when, how grave and in which words. The code was read, and the answers looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Finding, Point, PointStatus, Severity
from plumbline.domain.messages import message
from plumbline.monitor.alarms.retraining import retraining_due
from plumbline.monitor.drift import first_year
from plumbline.monitor.drift.season import YEAR
from tests.known_answers import Table, differences
from tests.monitor.outcomes import at
from tests.monitor.versions import version_hours

REFERENCE = (at(0), at(90))


def _finding(
    signal: str, since: int | None, known: int | None, until: int | None = None, **more: Any
) -> Finding:
    told = {"severity": Severity.MEDIUM, "page": "drift", "figures": {}} | more
    return Finding(
        system="s", signal=signal, sentence=message("{signal} says so.", signal=signal), confidence=None,
        since=None if since is None else at(since), until=None if until is None else at(until),
        known_at=None if known is None else at(known), **told,
    )  # fmt: skip


def _daily(kind: str) -> list[Point]:
    """200 days at 0.8: slowly lower from day 90, at once lower from day 140, unknown, or without rows."""
    rng = np.random.default_rng(641)
    fall = {"slow": 0.0015 * np.maximum(np.arange(200) - 90, 0), "step": 0.15 * (np.arange(200) >= 140)}
    values = 0.8 - fall.get(kind, fall["slow"]) + rng.integers(-3, 4, 200) / 200
    return [
        Point(
            metric="accuracy", start=at(i), end=at(i + 1), n=0 if kind == "empty" else 100 + i % 7,
            value=None if kind == "unknown" else float(values[i]), low=None, high=None, threshold=0.75,
            status=PointStatus.OK,
        )
        for i in range(200)
    ]  # fmt: skip


PARTS = (
    _finding("performance.accuracy", 120, 170, 190, severity=Severity.HIGH, page="accuracy",
             figures={"metric": "accuracy", "cost": {"amount": 10.0}, "among": "Of some."}),
    _finding("warning.contradiction", 130, 160, page="accuracy", severity=Severity.LOW),
    _finding("warning.cusum", 100, 150, 155, figures={"metric": "mae", "cost": {"amount": 3.0}}),
    _finding("retraining", 170, 176, severity=Severity.HIGH, page="accuracy"),
    _finding("drift.x", 110, 140, figures={"feature": "x", "value": 0.3}),
    _finding("quality.gap", 120, 121, 122),
    _finding("performance.accuracy", 60, None),
)  # fmt: skip


def _joined() -> Iterator[tuple[str, Any]]:
    days = {kind: _daily(kind) for kind in ("slow", "step", "unknown", "empty")}
    for kept in product((False, True), repeat=4):
        found = [part for part, held in zip(PARTS, kept, strict=False) if held] + list(PARTS[4:])
        for asked in (False, True):
            for kind in days if all(kept) else ("slow",):
                told = first_year.merge_slow_changes(
                    found, {}, lambda _, k=kind: days[k], REFERENCE, asked=asked
                )
                name = "".join("ny"[held] for held in kept)
                yield f"{name}, {kind}{', asked' if asked else ''}", told
                if all(kept) and kind == "slow" and not asked:
                    yield "split again", [f.signal for f in first_year.split_findings(told)]
                    yield "signals", [first_year.signals(f) for f in told]
                    yield (
                        "families",
                        [
                            first_year.includes_family(told[0], f)
                            for f in ("performance.", "drift.", "season")
                        ],
                    )
    late = REFERENCE[1] + YEAR
    for name, known in {"a moment before": late - timedelta(seconds=1), "a year after": late}.items():
        yield (
            name,
            first_year._is_in_first_year(Finding(**{**_fields(PARTS[0]), "known_at": known}), REFERENCE),
        )


def _fields(one: Finding) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def _wording() -> Iterator[tuple[str, Any]]:
    shifts = [
        _finding(f"drift.{name}", 100 + i, 120 + i, figures={"feature": name, "value": value})
        for i, (name, value) in enumerate((("x", 0.2), ("y", 0.5), ("z", None)))
    ]
    for count in range(4):
        parts = [*shifts[:count], *PARTS[:2]]
        yield (
            f"{count} shifts",
            [first_year._shift(parts), first_year._losses(parts), first_year._losses(parts, "performance.")],
        )
        yield f"{count} shifts, merged", first_year._merged_finding(parts)
    yield "one part", first_year._merged_finding(PARTS[:1])
    for due, since, until in (
        (170, 170, None),
        (163, 170, None),
        (162, 170, None),
        (170, 100, 170),
        (170, 100, 171),
    ):
        part = _finding("performance.accuracy", since, 190, until)
        yield (
            f"{due} of {since} to {until}",
            first_year.is_consequence(_finding("retraining", due, 190), part),
        )
    yield "of no date", first_year.is_consequence(_finding("retraining", None, 190), PARTS[0])
    yield "of another", first_year.is_consequence(_finding("retraining", 120, 190), PARTS[1])


STATES = {"b": PointStatus.BREACH, "o": PointStatus.OK, "w": PointStatus.WATCH, "u": PointStatus.UNKNOWN}


def _weeks(states: str, metric: str = "accuracy") -> list[Point]:
    """One a week; capitals are provisional."""
    return [
        Point(
            metric=metric, start=at(7 * i), end=at(7 * i + 7), n=500, value=0.7, low=0.68, high=0.72, threshold=0.75,
            status=STATES[state.lower()], provisional=state.isupper(),
        )
        for i, state in enumerate(states)
    ]  # fmt: skip


def _calls() -> Iterator[tuple[str, Any]]:
    times = pd.date_range("2026-01-05", periods=24 * 70, freq="h")
    for version in ("1", ""):
        for trained in (None, "2025-12-01", "2026-01-19", "2026-01-20", "2026-02-10"):
            hours = version_hours(times, [version] * len(times), trained=trained)
            for states in (
                "bbbb",
                "obbb",
                "oobbob",
                "bboobb",
                "bbooobb",
                "obBob",
                "uubb",
                "bbooo",
                "bbobooobb",
                "",
                "oow",
            ):
                for day in (70, 21):
                    found = retraining_due(_weeks(states), hours, as_of=at(day))
                    yield f"{version or 'unnamed'}, {trained}, {states or 'nothing'} on {day}", found
    two = [*_weeks("obbbb"), *_weeks("bboobb", "recall")]
    hours = version_hours(times, ["1"] * len(times), trained="2026-01-20")
    yield "two metrics", retraining_due(two, hours, as_of=at(70))


TABLES: dict[str, Table] = {"joined": _joined, "wording": _wording, "calls": _calls}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
