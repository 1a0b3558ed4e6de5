"""The edges of a numeric grid from the values of the reference; see ``bins``."""

from __future__ import annotations

import numpy as np

from plumbline.domain import FloatArray

QUANTILES = 250


def numeric_edges(values: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Edges (ascending, distinct, finite) and the positions of the decile edges, from finite values.

    Args:
        values: (n,) any order; empty gives no edges.
    """
    if values.size == 0:
        return np.empty(0), ()
    values = np.sort(values)
    grid = np.quantile(values, np.arange(QUANTILES + 1) / QUANTILES)
    deciles = np.unique(grid[QUANTILES // 10 : -1 : QUANTILES // 10])
    distinct = values[np.r_[True, np.diff(values) > 0]]
    if len(distinct) <= QUANTILES:
        points = alone = np.union1d(distinct, deciles)
    else:
        points = np.unique(grid)
        alone = np.concatenate([deciles, grid[:1], grid[1:][np.diff(grid) <= 0]])
    with np.errstate(over="ignore"):
        edges = np.union1d(points, np.nextafter(alone, -np.inf))
        below = np.nextafter(deciles, -np.inf)
    edges = edges[np.isfinite(edges)]
    return edges, tuple(int(place) for place in np.searchsorted(edges, below))
