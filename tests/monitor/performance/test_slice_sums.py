"""Sums of slices are those of counting each level and each pair of levels by itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from plumbline.domain import SlicedColumn, SlicedRows
from plumbline.monitor.performance.slice_sums import SliceSums, slice_sums, total_sums


def rows_of(widths: list[int], rows: int, *, binary: bool, seed: int = 5) -> SlicedRows:
    """Rows with codes up to one beyond each column's levels (the rest), and one far beyond."""
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, width + 2, rows) for width in widths]).astype(np.uint8)
    codes[:, 0] = 200
    values = (rng.random(rows) < 0.7).astype(float) if binary else rng.normal(3.0, 10.0, rows)
    columns = tuple(SlicedColumn(f"c{i}", tuple(map(str, range(width)))) for i, width in enumerate(widths))
    return SlicedRows(columns=columns, codes=codes, values=values, available=rows)


def counted_one_by_one(rows: SlicedRows, pairs: bool) -> SliceSums:
    masks = [
        [codes == level for level in range(len(c.labels))]
        for c, codes in zip(rows.columns, rows.codes, strict=True)
    ]
    slices = [mask for column in masks for mask in column]
    if pairs:
        slices += [a & b for left, right in combinations(masks, 2) for a in left for b in right]
    return SliceSums(
        *(np.array([weight[mask].sum() for mask in slices]) for weight in
          (np.ones(len(rows.values)), rows.values, rows.values**2))
    )  # fmt: skip


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("pairs", [True, False])
@pytest.mark.parametrize("widths", [[3], [1, 1], [4, 2, 13, 6, 6, 3, 14, 5], [13] * 5, [254, 3, 254]])
def test_every_slice_is_counted_and_the_rest_is_left_out(
    widths: list[int], pairs: bool, binary: bool
) -> None:
    rows = rows_of(widths, 900, binary=binary)
    sums, one_by_one = slice_sums(rows, pairs), counted_one_by_one(rows, pairs)
    assert np.array_equal(sums.n, one_by_one.n)
    assert sums.total == pytest.approx(one_by_one.total, rel=1e-12, abs=1e-9)
    assert sums.squares == pytest.approx(one_by_one.squares, rel=1e-12, abs=1e-9)
    if binary:
        assert np.array_equal(sums.total, one_by_one.total)


def test_neither_columns_nor_rows_are_needed() -> None:
    assert len(slice_sums(rows_of([3, 4], 1, binary=True), pairs=True).n) == 3 + 4 + 12
    nothing = SlicedRows(columns=(), codes=np.zeros((0, 4), np.uint8), values=np.ones(4), available=4)
    assert len(slice_sums(nothing, pairs=True).n) == 0


def test_the_total_is_that_of_all_rows_for_each_slice() -> None:
    rows = rows_of([3, 4], 50, binary=False)
    sums = slice_sums(rows, pairs=False)
    total = total_sums(rows, sums)
    assert total.n.tolist() == [50.0] * 7
    assert total.total == pytest.approx(np.full(7, rows.values.sum()))
    assert total.squares == pytest.approx(np.full(7, (rows.values**2).sum()))
