"""Counting a numeric column: its values stream past once and are binned in NumPy.

DuckDB's ``histogram(x, edges)`` searches all edges for every value. Here a table of equal buckets over the span of
the edges says the cell of nearly every value at once; in a bucket that holds an edge or two the value is held
against these, and only where there are more are all edges searched. The counts are the same
(``tests/profile/count/test_numeric.py``), at a fraction of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import LARGEST_NUMBER, Bins, FloatArray, IntArray
from plumbline.profile.count.stream import BatchSplit, Column, GroupTally
from plumbline.store.sql import ident

#: buckets of the table (many to each edge), and values that are looked at together
BUCKETS, BLOCK = 32_768, 16_384
#: added to the cell of a bucket that holds one or two edges, and of one that holds more
_MIXED, _CROWDED = 10_000, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinder:
    """Finds the cell of a value: the number of edges below it, so that a value on an edge is under it."""

    edges: FloatArray
    low: float
    scale: float
    table: NDArray[np.int16]  # the cell where a bucket begins, marked where an edge is in it
    above: FloatArray  # the edges and infinity, for the edge above a cell

    @staticmethod
    def from_edges(edges: FloatArray) -> CellFinder:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            low = float(edges[0]) if edges.size else 0.0
            scale = (BUCKETS - 2) / (float(edges[-1]) - low) if edges.size > 1 else 0.0
        above = np.append(edges, np.inf)
        if not np.isfinite(scale) or scale <= 0 or edges.size >= _MIXED:
            return CellFinder(edges=edges, low=low, scale=0.0, table=np.empty(0, np.int16), above=above)
        at = _bucket(edges, low, scale)
        rows_in_bucket = np.bincount(at, minlength=BUCKETS + 1)
        first = np.cumsum(rows_in_bucket) - rows_in_bucket
        table = (
            first + np.where(rows_in_bucket > 2, _CROWDED, np.where(rows_in_bucket > 0, _MIXED, 0))
        ).astype(np.int16)
        return CellFinder(edges=edges, low=low, scale=scale, table=table, above=above)

    def find(self, values: FloatArray) -> IntArray:
        """Cell of each finite value, (n,) to (n,)."""
        if self.scale == 0.0:
            return np.searchsorted(self.edges, values)
        places = np.empty(len(values), np.int64)
        for at in range(0, len(values), BLOCK):
            part = values[at : at + BLOCK]
            cells = self.table.take(_bucket(part, self.low, self.scale))
            near = np.flatnonzero(cells >= _MIXED)
            if near.size:
                cells[near] = self._cells_near_edges(part[near], cells[near])
            places[at : at + BLOCK] = cells
        return places

    def _cells_near_edges(self, values: FloatArray, marked: NDArray[np.int16]) -> NDArray[np.int16]:
        """Cells of values whose bucket holds an edge, from what the table says of it."""
        crowded = np.flatnonzero(marked >= _CROWDED)
        cells = marked - np.int16(_MIXED)
        cells[crowded] = 0
        cells += values > self.above.take(cells)
        cells += values > self.above.take(cells)
        cells[crowded] = np.searchsorted(self.edges, values[crowded])
        return cells


def _bucket(values: FloatArray, low: float, scale: float) -> IntArray:
    """A bucket for each value, never falling as values rise: 0 below the edges, BUCKETS at the far end."""
    with np.errstate(over="ignore"):
        place = values - low
        place *= scale
    np.maximum(place, -1.0, out=place)
    np.minimum(place, BUCKETS - 1.0, out=place)
    place += 1.0
    return place.astype(np.int64)


class BinnedColumn(Protocol):
    """A column and its bins, as a grid has them."""

    @property
    def column(self) -> str: ...

    @property
    def bins(self) -> Bins: ...


class Numbers:
    """Counts one numeric column by group: ``counts`` by cell, with a last column for missing values.

    ``missing``: which rows of the batch last seen have no finite value.
    """

    def __init__(self, grid: BinnedColumn) -> None:
        self.grid, self.cells = grid, CellFinder.from_edges(grid.bins.edges)
        self.columns: Sequence[Column] = [(ident(grid.column), {})]
        self.width = grid.bins.cells + 1
        self.counts, self.total, self.squares = (
            GroupTally(self.width, np.uint32), GroupTally(kind=np.float64), GroupTally(kind=np.float64)
        )  # fmt: skip
        self.missing: IntArray = np.zeros(0, np.int64)

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch; NaN, infinities and what is as good as one are missing."""
        x = np.asarray(values[0].to_numpy(zero_copy_only=False), np.float64)
        self.missing = np.flatnonzero(~(np.abs(x) <= LARGEST_NUMBER))
        if self.missing.size:
            x = x.copy()
            x[self.missing] = 0.0
        cells = self.cells.find(x)
        cells[self.missing] = self.width - 1
        self.counts.add(split.groups, split.counts(cells, self.width))
        self.total.add(split.groups, split.sums(x))
        self.squares.add(split.groups, split.sums(x * x))

    def rows(self) -> dict[str, Any]:
        """What was counted, by group's number: columns of ``profile_feature``."""
        counts = self.counts.values
        return {
            "counts": counts[:, :-1], "missing": counts[:, -1], "total": self.total.values,
            "squares": self.squares.values, "other": [[]] * len(counts), "other_n": [[]] * len(counts),
        }  # fmt: skip
