"""Segments of small logs, against the rest and against a reference: p-values and limits are held against
scipy's in ``test_segments.py``; which slices are told, and their order, was read against the rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import SlicedColumn, SlicedRows
from plumbline.monitor.performance.segments import search
from tests.known_answers import Table, differences


def _rows(
    seed: int,
    n: int,
    *,
    worse: float = 0.0,
    pair: float = 0.0,
    share: bool = True,
    units: int = 0,
    named: bool = False,
) -> SlicedRows:
    """Three columns; level 1 of the first is ``worse``, and so are levels 0 of the two others together."""
    rng = np.random.default_rng([81, seed])
    codes = np.stack([rng.integers(0, k, n) for k in (3, 4, 6)]).astype(np.uint8)
    away = worse * (codes[0] == 1) + pair * ((codes[1] == 0) & (codes[2] == 0))
    values = (
        (rng.random(n) < 0.85 - away).astype(float)
        if share
        else np.abs(rng.integers(-9, 10, n)) * (1 + 3 * away)
    )
    columns = tuple(
        SlicedColumn(name=name, labels=tuple(f"{name}{i}" for i in range(size)))
        for name, size in (("a", 3), ("b", 4), ("c", 5))
    )
    unit = rng.integers(0, units, n) if units else None
    return SlicedRows(columns=columns, codes=codes, values=values, available=3 * n, units=unit, named=named)


def _cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for n in (0, 20, 59, 61, 400, 3000):
        for name, own in (
            ("alike", {}),
            ("one is worse", {"worse": 0.3}),
            ("a pair is worse", {"pair": 0.5}),
        ):
            yield f"{n}, {name}", {"window": _rows(1, n, **own)}
    for named in (True, False):
        yield f"units, named {named}", {"window": _rows(2, 900, worse=0.3, units=40, named=named)}


def _rest() -> Iterator[tuple[str, Any]]:
    for name, given in _cases():
        for metric in ("accuracy", "recall", "positive_rate"):
            yield f"{name}: {metric}", search(**given, metric=metric)
        yield f"{name}: without pairs", search(**given, metric="accuracy", pairs=False)


def _numbers() -> Iterator[tuple[str, Any]]:
    for n in (59, 400, 3000):
        for name, own in (
            ("alike", {}),
            ("one is worse", {"worse": 0.6}),
            ("a pair is worse", {"pair": 1.5}),
        ):
            for metric in ("mae", "bias"):
                yield (
                    f"{n}, {name}: {metric}",
                    search(_rows(3, n, share=False, **own), metric, proportion=False),
                )


def _reference() -> Iterator[tuple[str, Any]]:
    for n in (61, 900, 3000):
        for name, own in (("alike", {}), ("one fell", {"worse": 0.3}), ("a pair fell", {"pair": 0.6})):
            then = _rows(4, 1200, worse=0.1)
            for share in (True, False):
                old = then if share else _rows(4, 1200, worse=0.1, share=False)
                now = _rows(5, n, share=share, **own)
                found = search(
                    now, "accuracy" if share else "mae", reference=old, against="reference", proportion=share
                )
                yield f"{n}, {name}, {'shares' if share else 'numbers'}", found
    yield "no reference", search(_rows(6, 300), "accuracy", against="reference")


TABLES: dict[str, Table] = {"rest": _rest, "numbers": _numbers, "reference": _reference}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
