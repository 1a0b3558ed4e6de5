"""Importance of features and its drift on small contributions: NDCG is held against scikit-learn's and the rest
against its formula in ``test_global_importance.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.explain.reasons.global_importance import (
    attribution_drift,
    importance,
    magnitude_ratio,
    ndcg,
    sample_rows,
    share_shift,
    sum_by_group,
)
from tests.known_answers import Table, differences

NAMES = ("a", "b", "c", "d")


def _contributions() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(221)
    for n in (0, 1, 2, 9, 40):
        yield f"{n} rows", rng.integers(-9, 10, (n, 4)) / 4.0
    gaps = rng.integers(-9, 10, (12, 4)) / 4.0
    gaps[::3, 1] = np.nan
    yield "gaps", gaps
    yield "nothing in it", np.zeros((6, 4))
    yield "ties", np.tile([1.0, -1.0, 2.0, 2.0], (5, 1))


def _importance() -> Iterator[tuple[str, Any]]:
    for name, rows in _contributions():
        yield name, importance(rows, NAMES)
        for groups in ({}, {"a": "g", "c": "g"}, {name: "all" for name in NAMES}):
            yield f"{name} by {groups}", sum_by_group(rows, NAMES, groups)


def _drift() -> Iterator[tuple[str, Any]]:
    cases = [(name, rows) for name, rows in _contributions() if len(rows) and np.isfinite(rows).all()]
    for name, then in cases:
        for other, now in cases:
            yield f"{name}, then {other}", attribution_drift(then, now, NAMES)
    for a, b in (
        ([0, 0, 0], [1, 2, 3]),
        ([3, 2, 1], [1, 2, 3]),
        ([1, 1, 1], [2, 2, 2]),
        ([5, 0, 0], [0, 0, 0]),
    ):
        then, now = np.array(a, float), np.array(b, float)
        yield f"then {a}, now {b}", (ndcg(then, now), share_shift(then, now), magnitude_ratio(then, now))
    for n, most in ((0, 5), (5, 5), (6, 5), (40, 7)):
        yield f"{most} of {n}", sample_rows(n, most)


TABLES: dict[str, Table] = {"importance": _importance, "drift": _drift}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
