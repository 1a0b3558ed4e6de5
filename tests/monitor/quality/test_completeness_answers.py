"""Audit trails and gaps of small logs: gaps that were cut are those that are told (``test_completeness.py``);
shares, statuses and sentences were read against the table of what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from plumbline.domain import CompletenessProfile
from plumbline.monitor.quality.completeness import (
    SHARES,
    audit,
    gaps,
    hourly,
    lack_sentence,
    without_seasonal_repeats,
)
from tests.known_answers import Table, differences

FIRST = date(2026, 1, 5)


def _profile(hours: Any, share: float, roles: tuple[str, ...], versions: int = 1) -> CompletenessProfile:
    days = [FIRST + timedelta(days=i) for i in range(len(hours)) if hours[i].any()]
    kept = np.repeat(hours[hours.any(axis=1)].astype(np.int64), versions, axis=0)
    n = kept.sum(1)
    return CompletenessProfile(
        days=tuple(d for d in days for _ in range(versions)),
        versions=tuple(f"v{i}" for i in range(versions)) * len(days),
        n=n,
        present={role: np.floor(n * share).astype(np.int64) for role in roles},
        hours=kept,
    )


def _hours(seed: int, days: int, rows: float, cadence: str) -> Any:
    rng = np.random.default_rng([101, seed])
    hour, weekday = np.arange(24), np.arange(days) % 7
    rate = np.full((days, 24), rows)
    if cadence != "steady":
        rate = rate * ((hour >= 8) & (hour < 18)) * (weekday < 5)[:, None]
    if cadence == "growing":
        rate = np.full((days, 24), rows) * np.linspace(0.05, 2, days)[:, None]
    return rng.integers(0, np.maximum(2 * rate, 0) + 1, (days, 24))


def _logs() -> Iterator[tuple[str, Any]]:
    for seed, (days, rows, cadence) in enumerate(
        (
            (13, 9, "steady"),
            (14, 9, "steady"),
            (40, 1, "steady"),
            (60, 9, "office"),
            (60, 6, "growing"),
            (120, 4, "office"),
        )
    ):
        hours = _hours(seed, days, rows, cadence)
        yield f"{days} days of {rows}, {cadence}", hours
        for length in (4, 13, 40, 100):
            cut = hours.copy().ravel()
            cut[24 * (days // 2) + 10 :][:length] = 0
            yield f"{days} days of {rows}, {cadence}, {length} hours gone", cut.reshape(-1, 24)
    yield "nothing", np.zeros((3, 24), int)


def _gaps() -> Iterator[tuple[str, Any]]:
    for name, hours in _logs():
        profile = _profile(hours, 1.0, ("decision_id",))
        yield name, (gaps(profile), hourly(profile)[0], int(hourly(profile)[1].sum()))
    yearly = _hours(9, 800, 3, "steady").ravel()
    for day, length in ((100, 60), (110 + 365, 80), (100 + 730, 91), (300, 60)):
        yearly[24 * day : 24 * day + length] = 0
    told = gaps(_profile(yearly.reshape(-1, 24), 1.0, ()))
    yield "years", (told, without_seasonal_repeats(told))


def _audits() -> Iterator[tuple[str, Any]]:
    hours = _hours(1, 30, 9, "steady")
    roles = tuple(SHARES.values())
    for share in (1.0, 0.9995, 0.999, 0.9945, 0.99, 0.97, 0.95, 0.94, 0.0):
        for some in (roles, roles[:2], ("features", "label")):
            profile = _profile(hours, share, some, 2)
            for duplicates in (None, 0, int(profile.n.sum() * 0.001), int(profile.n.sum() * 0.002)):
                said = audit(profile, decisions=int(profile.n.sum()), duplicate_ids=duplicates)
                yield f"{share} of {', '.join(some)}, {duplicates} duplicates", said
    for n in (99, 100):
        few = np.zeros((20, 24), int)
        few[:, 9] = n // 20
        few[0, 9] += n - few.sum()
        yield f"{n} decisions", audit(_profile(few, 1.0, roles), decisions=n, duplicate_ids=1)
    for name, hours in _logs():
        n = int(hours.sum())
        yield name, audit(_profile(hours, 0.98, roles[:3]), decisions=n, duplicate_ids=None).sentence


def _sentences() -> Iterator[tuple[str, Any]]:
    for name in ("id", "version", "features"):
        yield name, [lack_sentence(name, share, n) for share, n in ((0.98765, 1234567), (0.0, 3), (1.0, 10))]


TABLES: dict[str, Table] = {"gaps": _gaps, "audit": _audits, "sentences": _sentences}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
