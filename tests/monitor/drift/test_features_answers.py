"""Drift of small logs by chunk, by running weeks and as findings: each distance is held by its own tests and
the evidence of runs against simulation. Verdicts, dates and notes are kept as the product said them when this was
written: a few were looked at, and the code was not read for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import FeatureProfile, Kind
from plumbline.monitor.drift import exact
from plumbline.monitor.drift.aligned_counts import aligned_chunks, days_within, sum_sample
from plumbline.monitor.drift.correlation import performance_correlation, ranks
from plumbline.monitor.drift.dispersion import daily_laws, laws
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.features import (
    confirm_running_drift,
    drift,
    exceeds,
    judge,
    judge_chunks,
    ranking,
    with_exact_distance,
)
from plumbline.monitor.drift.findings import brown_p_value, drift_findings, presence_findings
from plumbline.monitor.drift.group_shift import group_findings, group_shifts
from plumbline.monitor.drift.missing_share import earliest_findings, missing_findings
from plumbline.monitor.drift.multivariate import components, encoder
from plumbline.monitor.drift.rolling_window import joint_chance, onset, rolling_windows, sudden_drift
from plumbline.monitor.drift.season import is_slow_shift, without_yearly_repeats
from plumbline.monitor.drift.shifts import shift_findings
from plumbline.monitor.performance.series import performance
from plumbline.profile.scan.grouped_inputs import GroupedRows
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import binary
from tests.monitor.drift.test_features import REFERENCE, UTC_START, levels, numbers

DAYS = 84
UNTIL = UTC_START + timedelta(days=DAYS)


def _values(
    seed: int, *, since: int = DAYS, to: int = DAYS, shift: float = 0.0, a_day: int = 40, days: int = DAYS
) -> list[Any]:
    """In tenths, so that values tie; ``shift`` from day ``since`` to day ``to``."""
    rng = np.random.default_rng([161, seed])
    return [
        np.round(10 * rng.normal(shift * (since <= i < to), 1, int(rng.integers(a_day // 2, 2 * a_day)))) / 10
        for i in range(days)
    ]


def _inputs() -> dict[str, FeatureProfile]:
    rng = np.random.default_rng(162)

    def level(since: int = DAYS, other: int = 0) -> list[list[int]]:
        p = np.array([0.6, 0.3, 0.1])
        return [
            [
                *rng.multinomial(60, p[::-1] if i >= since else p).tolist(),
                other if i >= 50 else int(i % 9 == 0),
            ]
            for i in range(DAYS)
        ]

    gone = [int(x) for x in np.where(np.arange(DAYS) >= 60, 9, 1) * (rng.random(DAYS) < 0.8)]
    made = [
        numbers(_values(1), name="still"),
        numbers(_values(2, since=50, shift=0.8), name="moved"),
        numbers(_values(3, since=40, to=55, shift=1.5), name="there and back"),
        numbers(_values(4, since=60, to=61, shift=6.0), name="a day"),
        numbers([v + 0.02 * i for i, v in enumerate(_values(5))], name="creeps"),
        numbers(_values(6), gone, name="missing"),
        levels(level(), "levels"),
        levels(level(50), "turned"),
        levels(level(DAYS, 9), "new", {"z": 200, "y": 3}),
        numbers([np.ones(9) for _ in range(DAYS)], name="constant"),
    ]
    return {p.bins.feature: p for p in made}


def _brief(drifts: Any) -> list[tuple[Any, ...]]:
    return [
        (
            d.feature,
            d.start,
            d.value,
            d.threshold,
            d.p_value,
            d.q_value,
            d.low,
            d.high,
            d.drifted,
            d.status,
            d.n,
            d.above_chance,
            d.note,
        )
        for d in drifts
    ]


def _chunks() -> Iterator[tuple[str, Any]]:
    profiles = [*_inputs().values()]
    for by in ("week", "month"):
        laid = aligned_chunks(profiles, reference=REFERENCE, by=by)
        for method in METHODS:
            if by == "week" or method in ("js", "ks", "missing"):
                with np.errstate(all="ignore"):
                    yield f"{method} by {by}", _brief(judge_chunks(laid, method)[-24:])
    window = (UTC_START + timedelta(days=56), UNTIL)
    for methods in (("js",), ("psi", "chi2"), ("missing", "new_levels", "out_of_range")):
        found = drift(profiles, reference=REFERENCE, window=window, methods=methods)
        yield f"window by {', '.join(methods)}", found
        yield f"window by {', '.join(methods)}, judged", _brief(judge(found))
    few = drift(profiles, reference=REFERENCE, window=(UTC_START, UTC_START + timedelta(days=1)))
    yield "a day", few
    yield (
        "the reference is short",
        drift(profiles, reference=(UTC_START, UTC_START + timedelta(days=1)), window=window),
    )


def _laws() -> Iterator[tuple[str, Any]]:
    profiles = [*_inputs().values()]
    for days in (1, 13, 28, 56):
        healthy = [days_within(p.days, (UTC_START, UTC_START + timedelta(days=days))) for p in profiles]
        yield (
            f"{days} days",
            [
                (law.spread, law.share, law.freedom, law.weeks, law.kept, law.directions)
                for law in laws(profiles, healthy)
            ],
        )
        yield (
            f"{days} days, by day",
            [(law.spread, law.freedom, law.kept) for law in daily_laws(profiles, healthy)],
        )
        yield f"{days} days, levels", [law.level for law in laws(profiles, healthy, by="day")]
    for profile in profiles:
        one = sum_sample(profile, np.arange(DAYS) < 20)
        yield profile.bins.feature, (one, one.missing_share, one.sd, one.scale)


def _running() -> Iterator[tuple[str, Any]]:
    inputs = _inputs()
    laid = rolling_windows([*inputs.values()], reference=REFERENCE, until=UNTIL)
    judged = judge_chunks(laid, "js")
    for name, profile in inputs.items():
        own = [d for d in judged if d.feature == name]
        yield name, _brief(own[::6])
        apart = own[-1::-7][:3]
        if apart:
            yield f"{name}, joined", (joint_chance(laid)(apart), brown_p_value(apart))
        yield (
            f"{name}, onset",
            [
                onset(
                    profile,
                    reference=REFERENCE,
                    first=UTC_START + timedelta(days=a),
                    known=UTC_START + timedelta(days=b),
                )
                for a, b in ((30, 31), (40, 60), (35, 80))
            ],
        )
        yield (
            f"{name}, slow",
            [is_slow_shift(profile, REFERENCE, UTC_START + timedelta(days=d)) for d in (30, 60, 84)],
        )
    yield "sudden", _brief(sudden_drift([*inputs.values()], reference=REFERENCE, until=UNTIL))
    yield (
        "one day short",
        len(
            rolling_windows([inputs["still"]], reference=REFERENCE, until=UNTIL - timedelta(hours=1))[
                0
            ].starts
        ),
    )
    short = replace(
        inputs["still"],
        **{n: getattr(inputs["still"], n)[:13] for n in ("days", "counts", "missing", "sums", "squares")},
    )
    yield "thirteen days", rolling_windows([short], reference=REFERENCE, until=UNTIL)


def _findings() -> Iterator[tuple[str, Any]]:
    inputs = _inputs()
    profiles = [*inputs.values()]
    yield "shifts", shift_findings("s", profiles, reference=REFERENCE, until=UNTIL)
    yield (
        "shifts, outputs and weights",
        shift_findings(
            "s",
            profiles,
            reference=REFERENCE,
            until=UNTIL,
            outputs=["moved"],
            weights={"moved": 3.0, "creeps": 0.1, "still": 1.0},
        ),
    )
    yield "missing values, running", missing_findings("s", profiles, reference=REFERENCE, until=UNTIL)
    laid = aligned_chunks(profiles, reference=REFERENCE, by="week")
    for method in ("missing", "new_levels", "out_of_range"):
        yield method, presence_findings("s", method, judge_chunks(laid, method))
    weekly = judge_chunks(laid, "js")
    yield "weeks", drift_findings("s", weekly)
    yield "weeks, a small budget", drift_findings("s", weekly, budget=1e-9)
    yield (
        "weeks, spoken",
        [
            str(f.sentence)
            for f in drift_findings(
                "s", weekly, spoken={"js": "Jensen-Shannon distance"}, weights={"moved": 1.0}
            )
        ],
    )
    found = drift_findings("s", weekly)
    yield "earliest", earliest_findings([*found, *[replace(f, known_at=None) for f in found]])
    yield "yearly", without_yearly_repeats(found, inputs, REFERENCE, UNTIL)
    long = numbers(_values(7, since=60, to=100, shift=1.5, days=480), name="summer")
    again = replace(long, counts=long.counts.copy())
    again.counts[60 + 364 : 100 + 364] = long.counts[60:100]
    for name, profile in (("once", long), ("again", again)):
        until = UTC_START + timedelta(days=480)
        own = shift_findings("s", [profile], reference=REFERENCE, until=until)
        yield f"a year, {name}", (own, without_yearly_repeats(own, {"summer": profile}, REFERENCE, until))


def _rankings() -> Iterator[tuple[str, Any]]:
    profiles = [*_inputs().values()]
    window = (UTC_START + timedelta(days=56), UNTIL)
    found = drift(profiles, reference=REFERENCE, window=window)
    for importance in (None, {"moved": 0.7, "still": 0.2}, {}):
        yield f"by {importance}", ranking(found, importance)
    chunks = judge_chunks(aligned_chunks(profiles, reference=REFERENCE, by="week"), "js")
    points = performance(binary(163, DAYS, 30, fall=50), by="week", metrics=["accuracy"])
    for name in ("still", "moved", "creeps"):
        series = [d for d in chunks if d.feature == name]
        yield (
            f"{name} beside accuracy",
            [performance_correlation(series, points, higher_is_better=b) for b in (True, False, None)],
        )
        yield f"{name} beside little", performance_correlation(series[:2], points, higher_is_better=True)
    yield "ranks", ranks(np.array([3.0, 1, 3, 2, 3, 1]))
    for one in found[:4]:
        yield f"{one.feature} exceeds", [exceeds(one, t) for t in (0.0, 0.05, 0.1, 0.5)]
        for value in (None, 0.0, 0.3):
            yield f"{one.feature} exactly {value}", with_exact_distance(one, exact.Distance(value=value))
    status, drifted = np.array([2, 2, 0, 2, 1, 3, 2]), np.array([True, True, False, True, False, True, True])
    yield "confirmed", confirm_running_drift(status, drifted)


def _exact() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(164)
    for n, m, shift in ((1, 1, 0), (5, 9, 1), (40, 60, 0), (200, 90, 1)):
        a, b = rng.integers(-9, 10, n) / 2.0, shift + rng.integers(-9, 10, m) / 2.0
        yield f"{n} and {m}", [of(a, b) for of in (exact.exact_ks, exact.exact_wasserstein, exact.exact_psi)]
        yield f"{n} and {m}, AUC", exact.exact_auc(np.r_[a, b], np.r_[a, b] + rng.integers(-4, 5, n + m) > 0)
    yield "still", exact.exact_wasserstein(np.ones(9), np.arange(3.0))
    yield "one class", exact.exact_auc(np.arange(3.0), np.ones(3, bool))
    yield "finite", exact.finite(np.array([1, np.nan, np.inf, 2], object))


def _groups() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(165)
    values, n = _values(8, a_day=90), [len(v) for v in _values(8, a_day=90)]
    day = np.repeat(np.datetime64("2026-01-05", "D") + np.arange(DAYS), n)
    x = np.concatenate(values)
    for name, moved in (("quiet", 0.0), ("one group", 1.5), ("everybody", 1.0)):
        group = rng.integers(0, 3, len(x))
        late = day >= np.datetime64("2026-03-02")
        away = x + moved * late * ((group == 1) | (name == "everybody"))
        rows = GroupedRows(
            day=day,
            names=("x",),
            values=away[:, None],
            columns=("region",),
            groups=(("n", "s", "w"),),
            codes=group[:, None],
        )
        shifts = group_shifts(rows, [numbers(values).bins], reference=REFERENCE, until=UNTIL)
        yield name, (shifts, group_findings("s", shifts))


def _encoders() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(166)
    words = rng.choice(np.array(["a", "b", "c", None], object), 60)
    rows = [
        ("x", Kind.NUMERIC, rng.integers(-5, 9, 60) / 2.0),
        ("w", Kind.CATEGORICAL, words),
        ("k", Kind.NUMERIC, np.ones(60)),
    ]
    rows[0][2][::7] = np.nan
    fitted = encoder(rows)
    window = [
        ("x", Kind.NUMERIC, np.array([np.nan, 0.0, 1e9])),
        ("w", Kind.CATEGORICAL, np.array(["z", None, "a"], object)),
        ("k", Kind.NUMERIC, np.array([1.0, 2, np.inf])),
    ]
    yield "encoder", fitted
    yield "codes", (fitted.codes(rows), fitted.codes(window))
    yield "matrix", (fitted.matrix(rows), fitted.matrix(window))
    for chunks in (1, 4):
        one = components(fitted.matrix(rows), np.arange(60) % chunks)
        yield f"components of {chunks}", (np.abs(one.directions), one.mean, one.sd, one.chunks)


TABLES: dict[str, Table] = {
    "chunks": _chunks,
    "laws": _laws,
    "running": _running,
    "findings": _findings,
    "rankings": _rankings,
    "exact": _exact,
    "groups": _groups,
    "encoders": _encoders,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name], 1e-7 if name == "encoders" else 1e-9) == []
