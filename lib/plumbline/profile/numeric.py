"""Counting the numeric columns of one load: the values stream past once and are binned in NumPy.

DuckDB's ``histogram(x, edges)`` searches all edges for every value. Here a table of equal buckets over the span of
the edges says the cell of nearly every value at once, and only values in a bucket that holds an edge are searched
for. The counts are the same (``tests/profile/test_profile_numeric.py``), at a third of the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.profile.features import Grid
from plumbline.profile.scope import ARM, DAY, VERSION, Scope
from plumbline.store.sql import ident

#: rows that are held at once, and buckets of the table (a few to each edge)
BATCH_ROWS, BUCKETS = 122_880, 8192
GROUPS, COUNTED = "stage_groups", "stage_counted"


@dataclass(frozen=True, slots=True)
class Cells:
    """Finds the cell of a value: the number of edges below it, so that a value on an edge is under it."""

    edges: FloatArray
    low: float
    scale: float
    first: NDArray[np.int32]  # the cell of a bucket's values, where no edge is in it
    mixed: NDArray[np.bool_]  # whether a bucket holds an edge

    @staticmethod
    def of(edges: FloatArray) -> Cells:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            low = float(edges[0]) if edges.size else 0.0
            scale = (BUCKETS - 2) / (float(edges[-1]) - low) if edges.size > 1 else 0.0
        if not np.isfinite(scale) or scale <= 0:
            return Cells(edges, low, 0.0, np.empty(0, np.int32), np.empty(0, np.bool_))
        at = _bucket(edges, low, scale)
        mixed = np.zeros(BUCKETS + 1, np.bool_)
        mixed[at] = True
        return Cells(edges, low, scale, np.searchsorted(at, np.arange(BUCKETS + 1)).astype(np.int32), mixed)

    def find(self, values: FloatArray) -> IntArray:
        """Cell of each value, (n,) to (n,); what is found for NaN means nothing."""
        if self.scale == 0.0:
            return np.searchsorted(self.edges, values)
        bucket = _bucket(values, self.low, self.scale)
        found = self.first[bucket]
        search = np.flatnonzero(self.mixed[bucket])
        found[search] = np.searchsorted(self.edges, values[search])
        return found.astype(np.int64)


def _bucket(values: FloatArray, low: float, scale: float) -> NDArray[np.int32]:
    """A bucket for each value, never falling as values rise: 0 below the edges, BUCKETS at the far end."""
    with np.errstate(over="ignore", invalid="ignore"):
        place = (values - low) * scale
        np.fmax(place, -1.0, out=place)  # of NaN and a number this takes the number, so NaN ends in bucket 0
        np.fmin(place, BUCKETS - 1.0, out=place)
    place += 1.0
    return place.astype(np.int32)


@dataclass(slots=True)
class _Sums:
    """One column's counts by group: ``counts`` has a last column for missing values."""

    cells: Cells
    counts: IntArray
    total: FloatArray
    squares: FloatArray

    def add(self, values: FloatArray, group: IntArray) -> None:
        groups, width = self.counts.shape
        there = np.isfinite(values)
        cell = self.cells.find(values)
        if not there.all():
            cell = np.where(there, cell, width - 1)
            values = np.where(there, values, 0.0)
        self.counts += np.bincount(group * width + cell, minlength=groups * width).reshape(groups, width)
        self.total += np.bincount(group, values, groups)
        self.squares += np.bincount(group, values * values, groups)


def count(cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], scope: Scope) -> str | None:
    """Count numeric columns over the decisions of one load, by version, arm and day.

    Returns:
        the name of a temporary table with the columns of ``features.COLUMNS`` (drop it with ``forget``), None
        where there is nothing to count.
    """
    if not grids:
        return None
    forget(cursor)
    cursor.execute(
        f"""CREATE TEMP TABLE {GROUPS} AS
            SELECT version, arm, day, (row_number() OVER (ORDER BY version, arm, day) - 1)::INTEGER AS place
            FROM (SELECT DISTINCT {VERSION} AS version, {ARM} AS arm, {DAY} AS day {scope.rows})""",
        scope.params,
    )
    row = cursor.execute(f"SELECT count(*) FROM temp.{GROUPS}").fetchone()
    groups = int(row[0]) if row else 0
    if not groups:
        forget(cursor)
        return None
    held = [
        _Sums(Cells.of(grid.bins.edges), np.zeros((groups, grid.bins.cells + 1), np.int64), np.zeros(groups),
              np.zeros(groups))
        for grid in grids
    ]  # fmt: skip
    values = ", ".join(f"{ident(grid.column)} AS x{i}" for i, grid in enumerate(grids))
    reader = cursor.execute(
        f"""SELECT g.place, {", ".join(f"x{i}" for i in range(len(grids)))}
            FROM (SELECT {VERSION} AS version, {ARM} AS arm, {DAY} AS day, {values} {scope.rows}) d
            JOIN temp.{GROUPS} g USING (version, arm, day)""",
        scope.params,
    ).to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        group = batch.column(0).to_numpy().astype(np.int64)
        for i, sums in enumerate(held):
            sums.add(np.asarray(batch.column(i + 1).to_numpy(zero_copy_only=False), np.float64), group)
    _keep(cursor, grids, held)
    return f"temp.{COUNTED}"


def _keep(cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], held: Sequence[_Sums]) -> None:
    import pyarrow as pa

    types = "place INTEGER, col VARCHAR, counts UINTEGER[], missing UINTEGER, total DOUBLE, squares DOUBLE"
    cursor.execute(f"CREATE TEMP TABLE {COUNTED} ({types})")
    for grid, sums in zip(grids, held, strict=True):
        rows = np.flatnonzero(sums.counts.sum(axis=1) > 0)
        counts = sums.counts[rows]
        cells = counts.shape[1] - 1
        lists = pa.ListArray.from_arrays(
            np.arange(len(rows) + 1, dtype=np.int32) * cells, counts[:, :cells].astype(np.uint32).ravel()
        )
        columns: dict[str, Any] = {
            "place": rows.astype(np.int32), "col": [grid.column] * len(rows), "counts": lists,
            "missing": counts[:, cells].astype(np.uint32), "total": sums.total[rows], "squares": sums.squares[rows],
        }  # fmt: skip
        cursor.register("numeric_counts", pa.table(columns))
        cursor.execute(f"INSERT INTO temp.{COUNTED} SELECT * FROM numeric_counts")
        cursor.unregister("numeric_counts")
    cursor.execute(
        f"""CREATE OR REPLACE TEMP TABLE {COUNTED} AS
            SELECT col, version, arm, day, counts, missing, total, squares, []::VARCHAR[] AS other,
                   []::UINTEGER[] AS other_n
            FROM temp.{COUNTED} JOIN temp.{GROUPS} USING (place)"""
    )


def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """Drop what ``count`` left."""
    for table in (GROUPS, COUNTED):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{table}")
