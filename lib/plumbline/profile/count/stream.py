"""Reading the decisions of one load once: its columns in batches, and the group that each row falls into.

A group is a version, an arm and a day. What counts (``Counter``) names the SQL of the columns that it wants and
is handed their values batch by batch, so that one scan answers them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.store.sql import ident

if TYPE_CHECKING:  # what counts a batch runs where there is no DuckDB, see ``profile.partial``
    import duckdb

    from plumbline.profile.scope import Scope

#: rows that are held at once, fewer where that would be more values than these
BATCH_ROWS, BATCH_VALUES = 122_880, 8_000_000
#: distinct texts up to which DuckDB finds a text's place in a list: once a level where it holds the column by level
MANY = 200
#: counts by group and cell that are held at once, four bytes each, and columns that are read together
MOST_CELLS, MOST_COLUMNS = 16_000_000, 250
#: microseconds
DAY, HOUR = 86_400_000_000, 3_600_000_000


@dataclass(frozen=True, slots=True)
class BatchSplit:
    """The rows of one batch by group: ``groups`` (k,) are the numbers of those that are in it, ``of_row`` (n,) the
    place among them of each row's. In runs of rows of one group: where each begins (r,), and its group's place.
    ``key`` (n,) tells groups apart, ``at`` (n,) are the rows' times in microseconds."""

    key: IntArray
    at: IntArray
    groups: IntArray
    of_row: IntArray
    starts: IntArray
    of_run: IntArray

    def counts(self, codes: IntArray, width: int) -> IntArray:
        """How many rows of each group have each code from 0 to width - 1: (k, width)."""
        k = len(self.groups)
        return np.bincount(self.of_row * width + codes, minlength=k * width).reshape(k, width)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum of the values of each group, (n,) to (k,)."""
        k = len(self.groups)
        if len(self.starts) * 8 > len(values):
            return np.bincount(self.of_row, values, k).astype(np.float64)
        return np.bincount(self.of_run, np.add.reduceat(values, self.starts), k).astype(np.float64)

    def sizes(self) -> IntArray:
        """How many rows each group has, (k,)."""
        return np.bincount(self.of_row, minlength=len(self.groups))

    def count_by_group(self, rows: NDArray[np.bool_]) -> IntArray:
        """How many of these rows each group has, (n,) to (k,)."""
        return np.bincount(self.of_row[rows], minlength=len(self.groups))

    def extremes(self, values: IntArray, which: np.ufunc) -> IntArray:
        """``np.minimum`` or ``np.maximum`` of each group's values, (n,) to (k,)."""
        of_runs = which.reduceat(values, self.starts)
        extreme_values = np.empty(len(self.groups), np.int64)
        extreme_values[self.of_run] = of_runs  # any of them, then all
        which.at(extreme_values, self.of_run, of_runs)
        return extreme_values


#: the SQL of a column, with the parameters in it
Column = tuple[str, dict[str, Any]]


class Counter(Protocol):
    """What counts some columns."""

    columns: Sequence[Column]

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch; ``values`` are its columns as Arrow arrays."""


class ColumnCounter(Counter, Protocol):
    """What counts one column: ``width`` cells by group."""

    width: int


@dataclass(slots=True)
class Groups:
    """The groups met so far: ``numbers`` of their keys, in the order in which they came."""

    versions: list[str]
    arms: list[str]
    numbers: dict[int, int] = field(default_factory=dict)

    def split(self, at: IntArray, version: IntArray | int, arm: IntArray | int) -> BatchSplit:
        """The groups of a batch's rows from their times (microseconds) and the places of version and arm."""
        key = ((at // DAY) * len(self.versions) + version) * len(self.arms) + arm
        return split_batch(key, at, self.numbers)

    def keys(self) -> IntArray:
        """The key of every group, by number."""
        return np.array(list(self.numbers), np.int64)

    def decode_keys(self, keys: IntArray) -> tuple[list[str], list[str], IntArray]:
        """Version, arm and day (days since 1970) of each key."""
        rest, arm = np.divmod(keys, len(self.arms))
        day, version = np.divmod(rest, len(self.versions))
        return [self.versions[i] for i in version], [self.arms[i] for i in arm], day


def split_batch(key: IntArray, at: IntArray, numbers: dict[int, int]) -> BatchSplit:
    """The rows of a batch by key; a key that is new is given the next number."""
    starts = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1])
    keys, of_run = _distinct(key[starts])
    of_row = np.repeat(of_run, np.diff(np.append(starts, len(key))))
    groups = [numbers.setdefault(k, len(numbers)) for k in keys.tolist()]
    return BatchSplit(key, at, np.array(groups, np.int64), of_row, starts, of_run)


def _distinct(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct values, ascending, and the place of each key among them."""
    low = int(keys.min())
    span = int(keys.max()) - low + 1
    if span > 4 * len(keys):
        values, places = np.unique(keys, return_inverse=True)
        return values, places
    seen = np.zeros(span, np.bool_)
    seen[keys - low] = True
    values = np.flatnonzero(seen)
    place = np.zeros(span, np.int64)
    place[values] = np.arange(len(values))
    return values + low, place[keys - low]


def portions(
    cursor: duckdb.DuckDBPyConnection, scope: Scope, columns: Sequence[ColumnCounter]
) -> list[list[Any]]:
    """The columns in portions that are counted one after the other, a scan each, so that no more than ``MOST_CELLS``
    counts are held at once however many versions, days and columns there are; one portion as a rule."""
    row = cursor.execute(
        f"""SELECT count(*) FROM (SELECT 1 {scope.rows}
            GROUP BY "version", "arm", CAST("timestamp" AS DATE))""",
        scope.params,
    ).fetchone()
    groups = int(row[0]) if row else 0
    portions_so_far: list[list[Any]] = [[]]
    cells = values = 0
    for column in columns:
        width = groups * column.width
        if portions_so_far[-1] and (cells + width > MOST_CELLS or values == MOST_COLUMNS):
            portions_so_far.append([])
            cells = values = 0
        portions_so_far[-1].append(column)
        cells, values = cells + width, values + 1
    return portions_so_far


def count_rows(cursor: duckdb.DuckDBPyConnection, scope: Scope, counters: Sequence[Counter]) -> Groups:
    """Hand the scope's rows to the counters, in one scan; each batch to one after the other."""
    if not counters:
        return Groups([], [])
    groups = Groups(_texts(cursor, scope, "version"), _texts(cursor, scope, "arm"))
    if groups.versions:
        _scan(cursor, scope, groups, counters)
    return groups


def _texts(cursor: duckdb.DuckDBPyConnection, scope: Scope, column: str) -> list[str]:
    """The distinct texts, ascending; a missing one is empty."""
    rows = cursor.execute(f"SELECT {ident(column)} {scope.rows} GROUP BY 1", scope.params).fetchall()
    return sorted({str(row[0] or "") for row in rows})


def _scan(
    cursor: duckdb.DuckDBPyConnection, scope: Scope, groups: Groups, counters: Sequence[Counter]
) -> None:
    params, selected = dict(scope.params), ['"timestamp"']
    for name, known in (("version", groups.versions), ("arm", groups.arms)):
        if 1 < len(known) <= MANY:
            selected.append(f"coalesce(list_position(${name}_texts::VARCHAR[], {ident(name)}), 1) - 1")
            params[f"{name}_texts"] = known  # ascending: where any is empty or missing, that is the first
        elif len(known) > MANY:
            selected.append(f"coalesce({ident(name)}, '')")
    fixed = len(selected)
    for counter in counters:
        for sql, more in counter.columns:
            selected.append(sql)
            params |= more
    named = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(selected))
    rows = max(min(BATCH_ROWS, BATCH_VALUES // len(selected)), 2048)
    reader = cursor.execute(f"SELECT {named} {scope.rows}", params).to_arrow_reader(rows)
    for batch in reader:
        if not batch.num_rows:
            continue
        columns = batch.columns
        places = iter(columns[1:fixed])
        version, arm = (
            _places(next(places), known) if len(known) > 1 else 0 for known in (groups.versions, groups.arms)
        )
        split = groups.split(columns[0].to_numpy().view(np.int64), version, arm)
        at = fixed
        for counter in counters:
            width = len(counter.columns)
            counter.add(split, columns[at : at + width])
            at += width


def _places(column: Any, known: list[str]) -> IntArray:
    if len(known) > MANY:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = pc.index_in(column, value_set=pa.array(known))
    return np.asarray(column.to_numpy(), np.int64)


class GroupTally:
    """Numbers by group: ``values`` (groups, width), or (groups,) without a width. Groups are added as they come."""

    __slots__ = ("values",)

    def __init__(self, width: int | None = None, kind: Any = np.int64) -> None:
        self.values: Any = np.zeros(0 if width is None else (0, width), kind)

    def clear(self) -> None:
        """Hold nothing any more."""
        self.values = self.values[:0].copy()

    def add(self, groups: IntArray, more: Any) -> None:
        """Add to the numbers of some groups, each named once."""
        smaller = self.values
        need = int(groups.max(initial=-1)) + 1
        if need > len(smaller):
            room = max(need, len(smaller) * 3 // 2) - len(smaller)
            self.values = smaller = np.concatenate(
                [smaller, np.zeros((room, *smaller.shape[1:]), smaller.dtype)]
            )
        smaller[groups] += np.asarray(more).astype(smaller.dtype)
