"""Proportions, and differences of them and of means, on small counts: held against scipy's ``binomtest`` and
``ttest_ind`` and against Newcombe's own formula when they were written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.statistics.proportions import difference, mean_difference, wilson
from tests.known_answers import Table, differences


def _wilson() -> Iterator[tuple[str, Any]]:
    hits, n = np.array([0, 0, 1, 1, 5, 10, 3, 399, 400.0]), np.array([0, 1, 1, 2, 10, 10, 400, 400, 400.0])
    for z in (1.959963984540054, 1.0, 3.0):
        yield f"z {z}", wilson(hits, n, z)


def _difference() -> Iterator[tuple[str, Any]]:
    sides = ((0, 0), (0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (30, 400), (31, 400))
    for (x, n), (y, m) in product(sides, sides):
        one = difference(x, n, y, m)
        yield f"{x} of {n}, then {y} of {m}", (one, one.is_beyond_chance if one else None)
    yield "narrower", difference(3, 40, 9, 50, 1.0)


def _means() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(1)
    for n, m, shift, scale in (
        (1, 9, 0, 1),
        (2, 2, 1, 1),
        (2, 1, 1, 1),
        (9, 30, 0.5, 2),
        (40, 400, -1, 0.1),
        (5, 5, 0, 0),
    ):
        a, b = rng.integers(-9, 10, n) * float(scale > 0), shift + scale * rng.integers(-9, 10, m)
        sums = [[len(x), x.sum(), (x**2).sum()] for x in (a, b)]
        one = mean_difference(*zip(*sums, strict=True))
        yield f"{n} and {m}, {shift} apart, {scale} wide", (one, one.is_beyond_chance if one else None)


TABLES: dict[str, Table] = {"wilson": _wilson, "difference": _difference, "mean_difference": _means}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
