"""Counting features by day straight from the decisions, for a filter that no stored profile answers.

Two scans, however many features: the numeric columns stream past once and are binned in NumPy, the levels are
grouped by DuckDB in grouping sets, of which only the sums leave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import FeatureProfile, IntArray, Kind
from plumbline.profile.constants import NAMED_OTHERS
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.count.stream import GroupTally, split_batch
from plumbline.profile.grids import Grid
from plumbline.profile.scope import DAY, Scope
from plumbline.store.sql import ident

#: rows that are binned at once: few enough to stay in the processor's cache
BATCH_ROWS = 32_768
#: columns grouped in one scan
BATCH_SETS = 16
_DAY = f"({DAY} - DATE '1970-01-01')::INTEGER AS day"


@dataclass(slots=True)
class _Levels:
    """One column of levels: counts by day's number, missing values last, and how often levels not in the grid came."""

    counts: GroupTally
    others: dict[str, int] = field(default_factory=dict)


def feature_profiles(
    cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], scope: Scope
) -> tuple[FeatureProfile, ...]:
    """Counts by day of each grid's column over the scope, in the order given.

    At most ``NAMED_OTHERS`` levels a day that the grid does not name are kept by name.
    """
    numbers: dict[int, int] = {}  # of the days, in the order in which they come
    numeric = [grid for grid in grids if grid.bins.kind is Kind.NUMERIC]
    levels = [grid for grid in grids if grid.bins.kind is Kind.CATEGORICAL]
    values = dict(zip((g.column for g in numeric), _numeric(cursor, numeric, scope, numbers), strict=True))
    named: dict[str, _Levels] = {}
    for at in range(0, len(levels), BATCH_SETS):
        named |= _levels(cursor, levels[at : at + BATCH_SETS], scope, numbers)
    days = np.array(list(numbers), np.int64)
    order = np.argsort(days)
    profiles = []
    for grid in grids:
        if grid.bins.kind is Kind.NUMERIC:
            feature_numbers = values[grid.column]
            profiles.append(
                _profile(
                    grid,
                    days,
                    order,
                    feature_numbers.counts,
                    (feature_numbers.total, feature_numbers.squares),
                    {},
                )
            )
        else:
            level_counts = named[grid.column]
            profiles.append(
                _profile(
                    grid, days, order, level_counts.counts, (GroupTally(), GroupTally()), level_counts.others
                )
            )
    return tuple(profiles)


def _profile(
    grid: Grid,
    days: IntArray,
    order: IntArray,
    counts: GroupTally,
    sums: tuple[GroupTally, GroupTally],
    others: dict[str, int],
) -> FeatureProfile:
    """Counts by day's number as a profile in order of time; days that hold nothing are left out."""
    order = order[order < len(counts.values)]
    rows = order[counts.values[order].any(axis=1)] if len(order) else order
    cells = counts.values[rows].astype(np.int64)
    total, squares = (t.values[rows] if len(t.values) else np.zeros(len(rows)) for t in sums)
    return FeatureProfile(
        bins=grid.bins,
        days=tuple(days[rows].astype("datetime64[D]").tolist()),
        counts=cells[:, :-1],
        missing=cells[:, -1],
        sums=total,
        squares=squares,
        other_levels=dict(sorted(others.items(), key=lambda item: (-item[1], item[0]))),
    )


def _numeric(
    cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], scope: Scope, days: dict[int, int]
) -> list[Numbers]:
    counters = [Numbers(grid) for grid in grids]
    if not grids:
        return counters
    values = ", ".join(ident(grid.column) for grid in grids)
    reader = cursor.execute(f"SELECT {_DAY}, _load_id, {values} {scope.rows}", scope.params).to_arrow_reader(
        BATCH_ROWS
    )
    for batch in reader:
        if not batch.num_rows:
            continue
        columns = batch.columns
        day, load = (column.to_numpy().astype(np.int64) for column in columns[:2])
        split, first = split_batch(day, day, days), int(load.min())
        for grid, counter, column in zip(grids, counters, columns[2:], strict=True):
            if first >= grid.first_load:
                counter.add(split, [column])
                continue
            x = column.to_numpy(zero_copy_only=False)
            known = np.isfinite(x) | (load >= grid.first_load)  # else the load had no such column
            if known.any():
                counter.add(split_batch(day[known], day[known], days), [column.filter(known)])
    return counters


def _levels(
    cursor: duckdb.DuckDBPyConnection, grids: Sequence[Grid], scope: Scope, days: dict[int, int]
) -> dict[str, _Levels]:
    import pyarrow.compute as pc

    names = [f"x{i}" for i in range(len(grids))]
    values = ", ".join(f"{ident(grid.column)}::VARCHAR AS {x}" for grid, x in zip(grids, names, strict=True))
    since = {f"since{i}": load for i, load in enumerate(sorted({grid.first_load for grid in grids}))}
    later = ", ".join(f"count(*) FILTER (_load_id >= ${name}) AS {name}" for name in since)
    table = cursor.execute(
        f"""SELECT day, grouping({", ".join(names)}) AS own, coalesce({", ".join(names)}) AS level, count(*) AS n,
                   {later}
            FROM (SELECT {_DAY}, _load_id, {values} {scope.rows})
            GROUP BY GROUPING SETS ({", ".join(f"(day, {x})" for x in names)})""",
        scope.params | since,
    ).to_arrow_table()
    levels_by_column, everything = {}, (1 << len(names)) - 1
    for i, grid in enumerate(grids):
        level_counts = levels_by_column[grid.column] = _Levels(GroupTally(grid.bins.cells + 1))
        own_rows = table.filter(pc.equal(table["own"], everything - (1 << (len(names) - 1 - i))))
        if own_rows.num_rows:
            counted_as = next(name for name, load in since.items() if load == grid.first_load)
            _place(level_counts, grid, days, own_rows, own_rows[counted_as].to_numpy())
    return levels_by_column


def _place(levels: _Levels, grid: Grid, days: dict[int, int], values: Any, since: IntArray) -> None:
    """Count one column's rows (day, level, n) by cell; ``since``: of them, those of loads that had the column."""
    level = values["level"].combine_chunks().dictionary_encode()
    names = level.dictionary.to_pylist()
    other, missing = grid.bins.cells - 1, grid.bins.cells
    known = {name: place for place, name in enumerate(grid.bins.levels)}
    code = level.indices.fill_null(len(names)).to_numpy()
    cell = np.array([*(known.get(name, other) for name in names), missing], np.int64)[code]
    n = np.where(cell == missing, since, values["n"].to_numpy())
    day = values["day"].to_numpy().astype(np.int64)
    split = split_batch(day, day, days)
    counts = np.zeros((len(split.groups), missing + 1), np.int64)
    np.add.at(counts, (split.of_row, cell), n)
    levels.counts.add(split.groups, counts)
    unseen = np.flatnonzero(cell == other)
    taken: dict[int, int] = {}
    for row in sorted(unseen.tolist(), key=lambda i: (-n[i], names[code[i]])):
        taken[day[row]] = taken.get(day[row], 0) + 1
        if taken[day[row]] <= NAMED_OTHERS:
            name = names[code[row]]
            levels.others[name] = levels.others.get(name, 0) + int(n[row])
