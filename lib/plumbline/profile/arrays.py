"""Rows with list columns as NumPy arrays, summed by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError

#: times that rows are read again which another process changed between two statements
TRIES = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """A query's rows: ``plain`` columns as (n,) arrays, ``lists`` as all values and (n + 1,) offsets."""

    n: int
    plain: dict[str, Any]
    lists: dict[str, tuple[Any, IntArray]]

    def matrix(self, name: str, width: int, rows: slice = slice(None)) -> Any:
        """A list column of lists of equal length as (rows, width)."""
        values, offsets = self.lists[name]
        start, stop, _ = rows.indices(self.n)
        return values[offsets[start] : offsets[stop]].reshape(stop - start, width)

    def parts(self, name: str) -> list[Any]:
        """A list column's own arrays, one a row."""
        values, offsets = self.lists[name]
        at = offsets.tolist()
        return [values[start:stop] for start, stop in pairwise(at)]

    def reorder(self, order: Sequence[int]) -> Rows:
        """The same rows in another order."""
        at = np.asarray(order, dtype=np.int64)
        plain = {
            name: column[at] if isinstance(column, np.ndarray) else [column[i] for i in order]
            for name, column in self.plain.items()
        }
        lists = {}
        for name, (values, offsets) in self.lists.items():
            lengths = np.diff(offsets)[at]
            ends = np.cumsum(lengths)
            moved = np.repeat(offsets[:-1][at] - (ends - lengths), lengths)
            lists[name] = (values[np.arange(len(moved)) + moved], np.concatenate([[0], ends]))
        return Rows(len(at), plain, lists)


def fetch(cursor: duckdb.DuckDBPyConnection, sql: str, params: dict[str, Any]) -> Rows:
    """Run a query and take its columns without making a Python object a number."""
    import pyarrow as pa

    table = cursor.execute(sql, params).to_arrow_table().combine_chunks()
    plain: dict[str, Any] = {}
    lists: dict[str, tuple[Any, IntArray]] = {}
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_list(column.type):
            array = column.chunk(0) if column.num_chunks else pa.array([], type=column.type)
            offsets = array.offsets.to_numpy().astype(np.int64)
            lists[name] = (array.flatten().to_numpy(zero_copy_only=False), offsets - offsets[0])
        elif pa.types.is_string(column.type) or pa.types.is_date(column.type):
            plain[name] = column.to_pylist()
        else:
            plain[name] = column.to_numpy()
    return Rows(table.num_rows, plain, lists)


def fetch_with_lists(
    cursor: duckdb.DuckDBPyConnection,
    columns: str,
    wide: Sequence[str],
    source: str,
    params: dict[str, Any],
) -> Rows:
    """Rows of a stored table in the order in which they lie there, with lists of hundreds of numbers.

    Unnested, numbers come at a third of the cost of lists. Both statements keep the table's order (DuckDB's
    documentation, Order Preservation), so that they tell of the same rows.

    Args:
        columns: the other columns, as after SELECT.
        wide: the list columns, of any length each.
        source: what follows FROM, one table and a condition.

    Raises:
        PlumblineError: loads kept changing the table meanwhile.
    """
    lengths = ", ".join(f"len({name}) AS _long_{name}" for name in wide)
    for _ in range(TRIES):
        rows = fetch(cursor, f"SELECT {columns}, {lengths} FROM {source}", params)
        lists = {}
        for name in wide:
            read = cursor.execute(f"SELECT unnest({name}) AS {name} FROM {source}", params).fetchnumpy()
            ends = np.cumsum(rows.plain.pop(f"_long_{name}").astype(np.int64))
            lists[name] = (np.asarray(read[name]), np.concatenate([[0], ends]))
        if all(len(values) == offsets[-1] for values, offsets in lists.values()):
            return Rows(rows.n, rows.plain, rows.lists | lists)
    raise PlumblineError("The profiles changed while they were read", todo="Ask again.")


def groups(keys: Sequence[Any]) -> tuple[list[Any], IntArray]:
    """The distinct keys of sorted rows and where each begins."""
    starts = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
    return [keys[i] for i in starts], np.array(starts, dtype=np.int64)


def sums(values: Any, starts: IntArray) -> IntArray:
    """Whole numbers summed by group of consecutive rows; (rows, ...) to (groups, ...)."""
    whole = np.asarray(values)
    total = whole.astype(np.int64) if len(starts) == len(whole) else whole[starts].astype(np.int64)
    if len(starts) < len(whole):
        # most groups are one row (a day with one version): only what is more is added
        more = np.delete(np.arange(len(whole)), starts)
        np.add.at(total, np.searchsorted(starts, more, side="right") - 1, whole[more])
    return np.asarray(total)


def float_sums(values: Any, starts: IntArray) -> FloatArray:
    """As ``sums``, for real numbers."""
    real = np.asarray(values, dtype=np.float64)
    if len(starts) == len(real):
        return real
    return np.add.reduceat(real, starts, axis=0) if len(starts) else real[:0]
