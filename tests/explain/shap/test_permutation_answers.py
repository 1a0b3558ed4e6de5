"""Contributions of any function by coalitions and by orders: held against Shapley values by brute force in
``test_permutation.py``; here with every number of players, owners and pairs, and they add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.explain.shap.permutation import _gains, orders, row_seed, split
from tests.known_answers import Table, differences


def _worth(x: Any) -> Any:
    """A product, a threshold and a sum."""
    return x[:, 0] * x[:, 1 % x.shape[1]] + 2.0 * (x[:, -1] > 0.5) + x.sum(axis=1) / 4


def _splits() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(201)
    for columns, players, pairs in (
        (1, 1, 0),
        (2, 2, 0),
        (3, 3, 0),
        (5, 3, 0),
        (6, 6, 0),
        (1, 1, 4),
        (3, 3, 4),
        (5, 3, 7),
        (12, 12, 8),
        (12, 12, 32),
    ):
        rows, known = rng.integers(-4, 5, (3, columns)) / 2.0, rng.integers(-4, 5, (7, columns)) / 2.0
        owner = np.arange(columns) % players
        found = split(_worth, rows, known, owner, players, [1, 2, 3], pairs)
        assert found.parts.sum(axis=1) + found.base == pytest.approx(_worth(rows))
        yield f"{columns} columns of {players}, {pairs} pairs", found
        none = np.where(np.arange(columns) == 0, -1, owner)
        yield (
            f"{columns} columns of {players}, {pairs} pairs, one of nobody",
            split(_worth, rows, known, none, players, [1, 2, 3], pairs),
        )
    yield "no player", split(_worth, np.ones((2, 3)), np.ones((4, 3)), np.full(3, -1), 0, [1, 2])
    yield "no row", split(_worth, np.ones((0, 3)), np.ones((4, 3)), np.arange(3), 3, [])


def _sizes() -> Iterator[tuple[str, Any]]:
    for cost in (1.0, 100.0, 3906.0, 3906.25, 3907.0, 1e5, 1e9):
        yield f"cost {cost}", [orders(players, cost) for players in (0, 1, 2, 9, 10, 11, 40, 500, 60_000)]
    for m in (1, 2, 3, 5):
        yield f"{m} players", _gains(m)
    for values in ([1.0, 2.0], [2.0, 1.0], [np.nan, -0.0], [0.1 + 0.2, 1e300]):
        yield (
            f"seed of {values}",
            (row_seed(["a", "b"], np.array(values)), row_seed(["b", "a"], np.array(values[::-1]))),
        )


TABLES: dict[str, Table] = {"splits": _splits, "sizes": _sizes}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
