"""How near decisions are: Gower's coefficient on places in the reference, by loops and by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from plumbline.domain import Bins, Kind
from plumbline.explain.counterfactual.neighbors import distances, nearest_positions, neighbour_distance, place

NUMBERS = Bins(
    feature="x", kind=Kind.NUMERIC, edges=np.array([1.0, 2.0, 4.0, 8.0]), levels=(), decile_cells=()
)
LEVELS = Bins(feature="c", kind=Kind.CATEGORICAL, levels=("a", "b"))


def test_a_number_is_its_place_among_the_references_edges() -> None:
    found = place(NUMBERS, np.array([0.5, 1.0, 1.5, 8.0, 9.0, np.inf, np.nan]))
    assert found == pytest.approx(np.array([0, 0, 0.25, 0.75, 1, 1, np.nan]), nan_ok=True)
    alone = Bins(feature="x", kind=Kind.NUMERIC, edges=np.array([]), levels=())
    assert place(alone, np.array([3.0, np.nan])) == pytest.approx(np.array([0, np.nan]), nan_ok=True)


def test_a_level_is_a_code_of_its_own_though_the_reference_does_not_know_it() -> None:
    found = place(LEVELS, np.array(["b", "a", "new", None, "other", "new", float("nan")], dtype=object))
    assert found[:3].tolist() == [1, 0, 2]
    assert np.isnan(found[[3, 6]]).all()
    assert found[4:6].tolist() == [3, 2]


def gower(a: np.ndarray, b: np.ndarray, categorical: list[bool]) -> float:
    parts = []
    for x, y, level in zip(a, b, categorical, strict=True):
        if math.isnan(x) or math.isnan(y):
            parts.append(0.0 if math.isnan(x) and math.isnan(y) else 1.0)
        else:
            parts.append(float(x != y) if level else abs(x - y))
    return sum(parts) / len(parts)


def test_the_distance_is_gowers() -> None:
    rng = np.random.default_rng(4)
    categorical = [False, True, False]
    rows = np.column_stack([rng.random(40), rng.integers(0, 4, 40), rng.random(40)])
    rows[rng.random(rows.shape) < 0.2] = np.nan
    for row in rows[:8]:
        assert distances(row, rows, categorical) == pytest.approx(
            [gower(row, one, categorical) for one in rows]
        )
    assert distances(np.zeros(0), np.zeros((3, 0)), []).tolist() == [0, 0, 0]


def test_the_nearest_come_first_and_equal_ones_in_their_order() -> None:
    assert nearest_positions(np.array([0.3, 0.1, 0.2, 0.1, 0.0]), 4).tolist() == [4, 1, 3, 2]
    assert nearest_positions(np.array([0.3, 0.1]), 5).tolist() == [1, 0]


def test_the_usual_distance_is_the_95th_percentile_of_that_to_another_decision() -> None:
    rows = np.random.default_rng(5).random((120, 3))
    apart = cdist(rows, rows, "cityblock") / 3
    np.fill_diagonal(apart, np.inf)
    least = apart.min(axis=1)
    assert neighbour_distance(rows, [False] * 3) == pytest.approx(np.quantile(least, 0.95))
    assert neighbour_distance(rows, [False] * 3, tried=7, share=0.5) == pytest.approx(np.median(least[:7]))
    assert neighbour_distance(np.repeat(rows[:1], 2, axis=0), [False] * 3) == 0
    assert math.isnan(neighbour_distance(rows[:1], [False] * 3))
