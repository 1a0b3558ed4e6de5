"""The bucketed search finds the cell that a search of all edges finds, for any edges and values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.profile.count.numeric import CellFinder

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=200, deadline=None)
@given(edges=st.lists(NUMBERS, max_size=12), values=st.lists(NUMBERS, min_size=1, max_size=12))
def test_every_value_falls_where_a_search_of_all_edges_puts_it(
    edges: list[float], values: list[float]
) -> None:
    grid = np.unique(np.array(edges, float))
    with np.errstate(over="ignore"):
        near = np.concatenate([grid, np.nextafter(grid, -np.inf), np.nextafter(grid, np.inf), values])
    near = near[np.isfinite(near)]
    assert CellFinder.from_edges(grid).find(near).tolist() == np.searchsorted(grid, near).tolist()


@pytest.mark.parametrize("shape", ["even", "skewed", "pairs", "far"])
def test_a_large_sample_of_any_shape(shape: str) -> None:
    rng = np.random.default_rng(1)
    values = {
        "even": rng.random(50_000),
        "skewed": np.exp(8 * rng.random(50_000)),
        "pairs": rng.integers(0, 90, 50_000).astype(float),
        "far": np.r_[rng.normal(size=49_990), np.full(10, 1e12)],
    }[shape]
    edges = np.unique(np.quantile(values, np.arange(251) / 250))
    edges = np.union1d(edges, np.nextafter(edges[::10], -np.inf))
    assert np.array_equal(CellFinder.from_edges(edges).find(values), np.searchsorted(edges, values))
