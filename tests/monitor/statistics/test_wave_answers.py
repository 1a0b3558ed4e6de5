"""Season or step, of levels that hang on no close decision: each answer was held against the shape that was
drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.statistics.wave import _error_reduction, _squared_error, is_gradual
from tests.known_answers import Table, differences


def _shapes(day: Any) -> dict[str, Any]:
    return {
        "wave": np.cos(2 * np.pi * day / 364),
        "step": (day >= 120) * 1.0,
        "slope": np.maximum(day - 110, 0) / 40,
        "late step": (day >= day[-1] - 2) * 1.0,
        "pulse": ((day >= 130) & (day < 150)) * 1.0,
        "flat": day * 0.0,
    }


def _gradual() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(5)
    for days in (7, 8, 30, 150, 200, 400):
        day = np.flatnonzero(rng.random(days) < 0.95) if days > 8 else np.arange(days)
        for name, shape in _shapes(day).items():
            for size in (0.0, 0.5, 4.0):
                weight = rng.integers(20, 200, len(day)).astype(float)
                level = size * shape + rng.integers(-9, 10, len(day)) / 9 / np.sqrt(weight / 50)
                for end in (0, 90, 149):
                    yield f"{days} days, {name} of {size}, until {end}", is_gradual(level, weight, day, end)
    day = np.arange(150)
    for name, shape in _shapes(day).items():
        small = (shape + rng.integers(-9, 10, 150) / 90) / 1000  # of shares, whose errors are under one
        yield f"small, {name}", is_gradual(small, np.full(150, 50.0), day, 90)
    yield "constant", is_gradual(np.ones(20), np.ones(20), np.arange(20), 9)


def _fits() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(6)
    for n in (5, 20, 60):
        level, root = rng.integers(-9, 10, n) / 3.0, np.sqrt(rng.integers(1, 9, n).astype(float))
        base = np.column_stack([np.ones(n), np.arange(n) % 3])
        shapes = np.column_stack([np.arange(n) >= n // 2, np.ones(n), np.arange(n) ** 2.0, np.arange(n) % 3])
        yield f"{n} days, what is left", _squared_error(level, root, base)
        yield f"{n} days, what shapes explain", _error_reduction(level, root, base, shapes * 1.0)


TABLES: dict[str, Table] = {"is_gradual": _gradual, "fits": _fits}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
