"""Counting features by day straight from the decisions, for a filter that no stored profile answers.

Two scans, however many features: the numeric columns stream past once and are binned in NumPy (see
``plumbline.profile.numeric``), the levels are grouped by DuckDB in grouping sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import FeatureProfile, FloatArray, IntArray, Kind
from plumbline.profile.features import NAMED_OTHERS, Grid
from plumbline.profile.numeric import Cells
from plumbline.profile.scope import DAY, Scope
from plumbline.store.sql import ident

#: rows that are binned at once: few enough to stay in the processor's cache
BATCH_ROWS = 32_768
#: columns grouped in one scan
BATCH_SETS = 16
DAY_NUMBER = f"({DAY} - DATE '1970-01-01')::INTEGER AS day"


@dataclass(slots=True)
class Tally:
    """One column's counts so far, a row a day (``_Days`` says which): a last column for missing values.

    There may be rows to spare.
    """

    counts: IntArray
    total: FloatArray
    squares: FloatArray
    others: dict[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls, cells: int) -> Tally:
        return cls(np.zeros((0, cells + 1), np.int64), np.zeros(0), np.zeros(0))

    def grow(self, days: int) -> None:
        """Make room for so many days."""
        if days > len(self.counts):
            more = 2 * days - len(self.counts)
            self.counts = np.pad(self.counts, ((0, more), (0, 0)))
            self.total, self.squares = np.pad(self.total, (0, more)), np.pad(self.squares, (0, more))

    def told(self, grid: Grid, days: IntArray) -> FeatureProfile:
        """As a profile: ``days`` numbers the rows' days; those that hold nothing are left out."""
        held = np.flatnonzero(self.counts[: len(days)].any(axis=1))
        held = held[np.argsort(days[held])]
        counts = self.counts[held]
        return FeatureProfile(
            bins=grid.bins,
            days=tuple(days[held].astype("datetime64[D]").tolist()),
            counts=counts[:, :-1],
            missing=counts[:, -1],
            sums=self.total[held],
            squares=self.squares[held],
            other_levels=dict(sorted(self.others.items(), key=lambda item: (-item[1], item[0]))),
        )


class _Days:
    """The days seen so far and the row that each has."""

    def __init__(self) -> None:
        self._row: dict[int, int] = {}

    def rows(self, days: IntArray) -> tuple[IntArray, IntArray]:
        """The rows (d,) of the days that are among (n,) days, new ones last, and which of them each is, (n,)."""
        low, span = int(days.min()), int(np.ptp(days)) + 1
        if span <= 4 * len(days) + 1_000:
            held = np.bincount(days - low) > 0
            there = np.flatnonzero(held) + low
            local = (np.cumsum(held) - 1)[days - low]
        else:
            there, local = np.unique(days, return_inverse=True)
        rows = [self._row.setdefault(day, len(self._row)) for day in there.tolist()]
        return np.array(rows, np.int64), np.asarray(local, np.int64)

    def __len__(self) -> int:
        return len(self._row)

    @property
    def numbers(self) -> IntArray:
        return np.fromiter(self._row, np.int64, len(self._row))


def feature_profiles(
    cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], scope: Scope
) -> tuple[FeatureProfile, ...]:
    """Counts by day of each grid's column over the scope, in the order given.

    At most ``NAMED_OTHERS`` levels a day that the grid does not name are kept by name.
    """
    days = _Days()
    found = {grid.column: Tally.empty(grid.bins.cells) for grid in grids}
    numeric = [grid for grid in grids if grid.bins.kind is Kind.NUMERIC]
    if numeric:
        _numbers(cursor, numeric, scope, days, found)
    levels = [grid for grid in grids if grid.bins.kind is Kind.CATEGORICAL]
    for at in range(0, len(levels), BATCH_SETS):
        _levels(cursor, levels[at : at + BATCH_SETS], scope, days, found)
    numbers = days.numbers
    return tuple(found[grid.column].told(grid, numbers) for grid in grids)


def _numbers(
    cursor: duckdb.DuckDBPyConnection,
    grids: Sequence[Grid],
    scope: Scope,
    days: _Days,
    found: dict[str, Tally],
) -> None:
    cells = [Cells.of(grid.bins.edges) for grid in grids]
    values = ", ".join(ident(grid.column) for grid in grids)
    reader = cursor.execute(
        f"SELECT {DAY_NUMBER}, _load_id, {values} {scope.rows}", scope.params
    ).to_arrow_reader(BATCH_ROWS)
    for batch in _batches(reader):
        rows, group = days.rows(batch[0])
        first = int(batch[1].min())
        for i, grid in enumerate(grids):
            absent = batch[1] < grid.first_load if first < grid.first_load else None
            found[grid.column].grow(len(days))
            _add(found[grid.column], cells[i], np.asarray(batch[i + 2], np.float64), rows, group, absent)


def _batches(reader: Any) -> Iterator[list[Any]]:
    for batch in reader:
        if batch.num_rows:
            yield [column.to_numpy(zero_copy_only=False) for column in batch.columns]


def _add(
    tally: Tally, cells: Cells, values: FloatArray, rows: IntArray, group: IntArray, absent: Any
) -> None:
    """Count values by day: ``group`` says which of ``rows``; ``absent`` those of loads without such a column."""
    width = tally.counts.shape[1]
    there = np.isfinite(values)
    if there.all():
        cell = cells.find(values)
    else:
        values = np.where(there, values, 0.0)
        cell = np.where(there, cells.find(values), width - 1)
    at = group * width + cell
    if absent is not None:
        at = at[there | ~absent]
    tally.counts[rows] += np.bincount(at, minlength=len(rows) * width).reshape(-1, width)
    tally.total[rows] += np.bincount(group, values, len(rows))
    tally.squares[rows] += np.bincount(group, values * values, len(rows))


def _levels(
    cursor: duckdb.DuckDBPyConnection,
    grids: Sequence[Grid],
    scope: Scope,
    days: _Days,
    found: dict[str, Tally],
) -> None:
    import pyarrow.compute as pc

    names = [f"x{i}" for i in range(len(grids))]
    values = ", ".join(f"{ident(grid.column)}::VARCHAR AS {x}" for grid, x in zip(grids, names, strict=True))
    since = {f"since{i}": load for i, load in enumerate(sorted({grid.first_load for grid in grids}))}
    later = ", ".join(f"count(*) FILTER (_load_id >= ${name}) AS {name}" for name in since)
    table = cursor.execute(
        f"""SELECT day, grouping({", ".join(names)}) AS own, coalesce({", ".join(names)}) AS level, count(*) AS n,
                   {later}
            FROM (SELECT {DAY_NUMBER}, _load_id, {values} {scope.rows})
            GROUP BY GROUPING SETS ({", ".join(f"(day, {x})" for x in names)})""",
        scope.params | since,
    ).to_arrow_table()
    everything = (1 << len(names)) - 1
    for i, grid in enumerate(grids):
        own = table.filter(pc.equal(table["own"], everything - (1 << (len(names) - 1 - i))))
        if not own.num_rows:
            continue
        rows, group = days.rows(own["day"].to_numpy().astype(np.int64))
        found[grid.column].grow(len(days))
        counted_as = next(name for name, load in since.items() if load == grid.first_load)
        _place(found[grid.column], grid, rows[group], own, own[counted_as].to_numpy())


def _place(tally: Tally, grid: Grid, group: IntArray, own: Any, since: IntArray) -> None:
    """Count one column's rows (day, level, n) by cell."""
    level = own["level"].combine_chunks().dictionary_encode()
    names = level.dictionary.to_pylist()
    rows, width = tally.counts.shape
    known = {name: place for place, name in enumerate(grid.bins.levels)}
    cells = np.array([*(known.get(name, width - 2) for name in names), width - 1], np.int64)
    code = level.indices.fill_null(len(names)).to_numpy()
    cell = cells[code]
    n = np.where(cell == width - 1, since, own["n"].to_numpy())
    counted = np.bincount(group * width + cell, n, rows * width)
    tally.counts += counted.astype(np.int64).reshape(rows, width)
    other = np.flatnonzero(cell == width - 2)
    if len(other):
        _name_others(tally, group[other], [names[i] for i in code[other].tolist()], n[other])


def _name_others(tally: Tally, group: IntArray, names: Sequence[str], n: IntArray) -> None:
    """Add up levels that the grid does not name, the most frequent ``NAMED_OTHERS`` of each day."""
    held: dict[int, int] = {}
    for row in sorted(range(len(names)), key=lambda i: (-n[i], names[i])):
        day = int(group[row])
        held[day] = held.get(day, 0) + 1
        if held[day] <= NAMED_OTHERS:
            tally.others[names[row]] = tally.others.get(names[row], 0) + int(n[row])
