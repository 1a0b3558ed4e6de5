"""Reading the decisions of one load once: its columns in batches, and the group that each row falls into.

A group is a version, an arm and a day. What counts (``Counter``) names the SQL of the columns that it wants and
is handed their values batch by batch, so that one scan answers them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.profile.scope import Scope
from plumbline.store.sql import ident

#: rows that are held at once, and columns that are read in one scan
BATCH_ROWS, BATCH_COLUMNS = 122_880, 64
#: distinct texts up to which DuckDB finds a text's place in a list: once a level where it holds the column by level
MANY = 200
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of one batch by group: ``groups`` (k,) are the numbers of those that are in it, ``of_row`` (n,) the
    place among them of each row's. In runs of rows of one group: where each begins (r,), and its group's place."""

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


class Counter(Protocol):
    """What counts some columns: ``columns`` are their SQL, with the parameters in it."""

    @property
    def columns(self) -> Sequence[tuple[str, dict[str, Any]]]: ...

    def add(self, split: Split, values: Sequence[Any]) -> None:
        """Count the rows of one batch; ``values`` are its columns as Arrow arrays."""


@dataclass(slots=True)
class Groups:
    """The groups met so far: ``numbers`` of their keys, in the order in which they came."""

    versions: list[str]
    arms: list[str]
    numbers: dict[int, int] = field(default_factory=dict)

    def split(self, at: IntArray, version: IntArray | int, arm: IntArray | int) -> Split:
        """The groups of a batch's rows from their times (microseconds) and the places of version and arm."""
        key = ((at // _DAY) * len(self.versions) + version) * len(self.arms) + arm
        starts = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1])
        keys, of_run = _distinct(key[starts])
        of_row = np.repeat(of_run, np.diff(np.append(starts, len(key))))
        numbers = [self.numbers.setdefault(k, len(self.numbers)) for k in keys.tolist()]
        return Split(np.array(numbers, np.int64), of_row, starts, of_run)

    def keys(self) -> tuple[list[str], list[str], NDArray[np.int32]]:
        """Version, arm and day (days since 1970) of every group, by number."""
        key = np.array(list(self.numbers), np.int64)
        key, arm = np.divmod(key, len(self.arms))
        day, version = np.divmod(key, len(self.versions))
        return [self.versions[i] for i in version], [self.arms[i] for i in arm], day.astype(np.int32)


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


def read(cursor: duckdb.DuckDBPyConnection, scope: Scope, counters: Sequence[Counter]) -> Groups:
    """Hand the scope's rows to the counters, in one scan (in one a ``BATCH_COLUMNS`` columns, where there are more)."""
    groups = Groups(_texts(cursor, scope, "version"), _texts(cursor, scope, "arm"))
    taken: list[Counter] = []
    for counter in counters:
        if taken and sum(len(c.columns) for c in (*taken, counter)) > BATCH_COLUMNS:
            _scan(cursor, scope, groups, taken)
            taken = []
        taken.append(counter)
    if taken and groups.versions:
        _scan(cursor, scope, groups, taken)
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
    reader = cursor.execute(f"SELECT {named} {scope.rows}", params).to_arrow_reader(BATCH_ROWS)
    for batch in reader:
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


def grown(held: Any, groups: IntArray) -> Any:
    """The array with room for these groups, zero where they are new."""
    need = int(groups.max(initial=-1)) + 1
    if need <= len(held):
        return held
    more = np.zeros((max(need, len(held) * 3 // 2) - len(held), *held.shape[1:]), held.dtype)
    return np.concatenate([held, more])
