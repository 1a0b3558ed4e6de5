"""Rows, sums and sums of squares of every slice: each level of each column, and each pair of levels of two columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, SlicedRows
from plumbline.monitor.metrics.counts import ratio

#: cells of a block of columns at most: the table of two blocks stays in a processor's cache
BLOCK_CELLS = 256


@dataclass(frozen=True, slots=True)
class SliceSums:
    """Rows, sum and sum of squares of every slice, (k,) each."""

    n: FloatArray
    total: FloatArray
    squares: FloatArray

    @property
    def mean(self) -> FloatArray:
        return ratio(self.total, self.n)

    @property
    def variance(self) -> FloatArray:
        spread = np.maximum(self.squares - self.n * np.nan_to_num(self.mean) ** 2, 0.0)
        return ratio(spread, self.n - 1)

    def select(self, rows: NDArray[Any]) -> SliceSums:
        return SliceSums(self.n[rows], self.total[rows], self.squares[rows])

    def times(self, share: float) -> SliceSums:
        """The same means on ``share`` of the rows."""
        return SliceSums(self.n * share, self.total * share, self.squares * share)

    def subtract(self, part: SliceSums) -> SliceSums:
        """These less a part of them."""
        return SliceSums(self.n - part.n, self.total - part.total, self.squares - part.squares)


@dataclass(frozen=True, slots=True)
class _Block:
    """Some columns as one: each row's cell among ``cells``, and which levels a cell has, (cells, levels) of 0 and 1.

    ``first``: the place of its first level among those of all columns.
    """

    codes: IntArray
    cells: int
    levels: FloatArray
    first: int

    @property
    def places(self) -> slice:
        return slice(self.first, self.first + self.levels.shape[1])


def slice_sums(rows: SlicedRows, pairs: bool) -> SliceSums:
    """Sums of every slice: the levels of each column in turn, then, where asked, the pairs of each two columns.

    Cost: a pass over the rows for each pair of blocks of columns, a tenth of the pairs of columns. What is in none of a
    column's slices is left out.
    """
    widths = [len(c.labels) for c in rows.columns]
    if not widths:
        return SliceSums(*(np.zeros(0) for _ in range(3)))
    squares = rows.values**2
    binary = np.array_equal(squares, rows.values)  # of 0 and 1 the squares are the values
    weights = [None, rows.values] if binary else [None, rows.values, squares]
    blocks = _blocks(rows, widths)
    moments = np.stack([_crossed(blocks, weight, pairs) for weight in weights])
    starts = np.cumsum([0, *(width + 1 for width in widths)])
    spans = [slice(start, start + width) for start, width in zip(starts[:-1], widths, strict=True)]
    parts = [np.diagonal(moments, axis1=1, axis2=2)[:, span] for span in spans]
    for a, b in combinations(spans, 2) if pairs else ():
        parts.append(moments[:, a, b].reshape(len(moments), -1))
    sums = np.concatenate(parts, axis=1)
    return SliceSums(sums[0], sums[1], sums[-1])


def total_sums(rows: SlicedRows, sums: SliceSums) -> SliceSums:
    """Those of all rows, as often as there are slices."""
    ones = np.ones_like(sums.n)
    return SliceSums(
        ones * len(rows.values), ones * float(rows.values.sum()), ones * float((rows.values**2).sum())
    )


def _blocks(rows: SlicedRows, widths: list[int]) -> list[_Block]:
    """Neighbouring columns together, as many as ``BLOCK_CELLS`` hold; the last level of each is its rest."""
    groups: list[list[int]] = [[]]
    for i, width in enumerate(widths):
        cells = int(np.prod([widths[k] + 1 for k in groups[-1]]))
        if groups[-1] and cells * (width + 1) > BLOCK_CELLS:
            groups.append([])
        groups[-1].append(i)
    blocks, first = [], 0
    for group in groups:
        shape = [widths[i] + 1 for i in group]
        codes = np.zeros(len(rows.values), np.int64)
        for i, size in zip(group, shape, strict=True):
            codes = codes * size + np.minimum(rows.codes[i], size - 1)
        cells = int(np.prod(shape))
        levels = np.concatenate(
            [
                np.eye(size)[code]
                for size, code in zip(shape, np.unravel_index(np.arange(cells), shape), strict=True)
            ],
            axis=1,
        )
        blocks.append(_Block(codes, cells, levels, first))
        first += levels.shape[1]
    return blocks


def _crossed(blocks: list[_Block], weight: FloatArray | None, pairs: bool) -> FloatArray:
    """The sum of the weights, or the number, of the rows that have two levels, of all levels; above the diagonal."""
    size = blocks[-1].places.stop
    crossed = np.zeros((size, size))
    for block in blocks:
        counts = np.bincount(block.codes, weight, block.cells).astype(float)
        crossed[block.places, block.places] = _levels_by_levels(block, np.diag(counts), block)
    for a, b in combinations(blocks, 2) if pairs else ():
        counts = np.bincount(a.codes * b.cells + b.codes, weight, a.cells * b.cells).astype(float)
        crossed[a.places, b.places] = _levels_by_levels(a, counts.reshape(a.cells, b.cells), b)
    return crossed


def _levels_by_levels(a: _Block, counts: FloatArray, b: _Block) -> FloatArray:
    """Of (cells of a, cells of b): the same by level. Not by BLAS: its threads wait for each other longer than this."""
    left = np.einsum("ik,ij->kj", a.levels, counts)
    return np.asarray(np.einsum("kj,jl->kl", left, b.levels), dtype=np.float64)
