"""Series of every metric over small logs, as points: read against the rules of the modules beneath, whose
figures are held each by its own tests; what is asked here is that they are put together alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import DelayProfile, Point, Slice, Task
from plumbline.domain.messages import message
from plumbline.monitor.alarms.change_point import change_point
from plumbline.monitor.alarms.persistence import lasting_change
from plumbline.monitor.performance.compare_windows import compare_windows
from plumbline.monitor.performance.headline import headline
from plumbline.monitor.performance.series import performance, thresholds
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, binary, multiclass, profiles, regression
from tests.monitor.outcomes import at, day

REFERENCE = (at(0), at(14))
FAMILY = ("accuracy", "recall", "precision", "brier")


def _brief(points: tuple[Point, ...]) -> list[tuple[Any, ...]]:
    return [
        (
            p.metric,
            p.start,
            p.n,
            p.value,
            p.low,
            p.high,
            p.threshold,
            p.status,
            p.version,
            p.provisional,
            p.note,
        )
        for p in points
    ]


def _series() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        cost = COSTS.get(str(profile.task.value))
        for by in ("day", "week"):
            if by == "week" or len(set(profile.days)) < 15:
                with np.errstate(all="ignore"):
                    yield (
                        f"{name} by {by}",
                        _brief(performance(profile, reference=REFERENCE, by=by, cost=cost)),
                    )
        chosen = [m for m in ("accuracy", "mae") if (m == "mae") == (profile.task is Task.REGRESSION)]
        yield f"{name}, no reference", _brief(performance(profile, by="week", metrics=chosen))
        yield (
            f"{name}, a floor",
            _brief(performance(profile, by="week", metrics=chosen, floors={chosen[0]: 0.9})),
        )
        refused = {chosen[0]: message("It cannot be known.")}
        yield (
            f"{name}, unknown",
            _brief(performance(profile, by="week", metrics=chosen, reference=REFERENCE, unknown=refused)),
        )


def _families() -> Iterator[tuple[str, Any]]:
    for name, seed, rows, base, fall in (
        ("many", 21, 60, 0.0, None),
        ("a fall", 22, 60, 0.0, 40),
        ("rare", 23, 90, -3.5, 40),
        ("few", 24, 9, 0.0, 30),
    ):
        profile = binary(seed, 63, rows, base=base, fall=fall)
        for windows in (False, True):
            points = performance(
                profile,
                reference=(at(0), at(28)),
                by="week",
                metrics=FAMILY,
                together=FAMILY,
                windows=windows,
            )
            yield f"{name}{', over windows' if windows else ''}", _brief(points)
        yield f"{name}, bands", thresholds(profile, by="week", metrics=FAMILY, reference=(at(0), at(28)))


def _delays() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(41)
    profile = binary(25, 42, 80, known=0.7)
    days = tuple(day(i) for i in range(42))
    counts = np.zeros((42, 92), np.int64)
    for i in range(42):
        counts[i, : max(1, min(10, 42 - i))] = rng.integers(0, 9, max(1, min(10, 42 - i)))
    delay = DelayProfile(days, counts, counts.sum(1) + rng.integers(0, 9, 42), counts // 3)
    for today in (at(30), at(42), at(200)):
        points = performance(
            profile, reference=REFERENCE, by="week", metrics=FAMILY, delay=delay, today=today
        )
        yield f"seen on {today.date()}", _brief(points)


def _versions() -> Iterator[tuple[str, Any]]:
    profile = multiclass(31, 28, 50, fall=14)
    half = replace(profile, versions=tuple("1" if i < 14 else "2" for i in range(len(profile.days))))
    for own in (False, True):
        points = performance(
            half,
            reference=REFERENCE,
            by="week",
            by_version=True,
            own_reference=own,
            metrics=["accuracy", "recall:b"],
        )
        yield f"by version{', each by its own' if own else ''}", _brief(points)
    yield "one version", _brief(performance(half, by="day", window=Slice(version="2"), metrics=["f1_macro"]))


def _windows() -> Iterator[tuple[str, Any]]:
    for name, before, after in (
        ("alike", binary(51, 14, 60), binary(52, 14, 60)),
        ("a fall", binary(53, 14, 60), binary(54, 14, 60, fall=0)),
        ("few", binary(55, 3, 4), binary(56, 14, 60)),
        ("numbers", regression(57, 14, 40), regression(58, 14, 40, fall=0)),
        ("classes", multiclass(59, 10, 40), multiclass(60, 10, 40, fall=0)),
    ):
        with np.errstate(all="ignore"):
            yield name, compare_windows(before, after)


def _headlines() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        labels = (
            dict(zip(profile.classes, profile.confusion[:, :, :-1].sum((0, 1)).tolist(), strict=True))
            if profile.classes
            else {}
        )
        yield name, [headline(profile.task, labels, profile, valued=valued) for valued in (False, True)]


def _change_points() -> Iterator[tuple[str, Any]]:
    for name, profile in (
        ("none", binary(61, 70, 60)),
        ("a fall", binary(62, 70, 60, fall=45)),
        ("an early fall", binary(65, 91, 60, fall=35)),
        ("late", binary(63, 70, 60, fall=66)),
        ("few", binary(66, 70, 12, fall=40)),
        ("errors", regression(64, 70, 20, fall=40)),
    ):
        metric = "mae" if profile.task is Task.REGRESSION else "accuracy"
        change = change_point(performance(profile, by="day", metrics=[metric]), unit="")
        yield name, change
        yield f"{name}, by week", change_point(performance(profile, by="week", metrics=[metric]), unit="x")
        for end in (14, 28):
            reference = (at(0), at(end))
            points = performance(profile, by="week", metrics=[metric], reference=reference)
            band = thresholds(profile, by="week", metrics=[metric], reference=reference)[metric]
            for size in (len(points), len(points) - 1, 7, 6):
                lasts = lasting_change(points[:size], change, band)
                yield (
                    f"{name}, lasting from {end}, {size} weeks",
                    lasts and (lasts.known_at, len(lasts.part), lasts.part[0].start),
                )


TABLES: dict[str, Table] = {
    "series": _series,
    "families": _families,
    "delays": _delays,
    "versions": _versions,
    "windows": _windows,
    "headlines": _headlines,
    "change points": _change_points,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
