"""Counting a column of categories: DuckDB gives each level's place in a list, and NumPy counts the places.

DuckDB holds such a column by level, so a place is found once a level and not once a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import IntArray
from plumbline.profile.constants import NAMED_OTHERS
from plumbline.profile.count.stream import MANY, BatchSplit, Column, GroupTally
from plumbline.profile.grids import Grid
from plumbline.profile.scope import Scope
from plumbline.store.sql import ident


def distinct(cursor: duckdb.DuckDBPyConnection, scope: Scope, column: str) -> list[str] | None:
    """The levels of a column in the scope, ascending; None where there are more than MANY."""
    rows = cursor.execute(
        f"SELECT {ident(column)}::VARCHAR AS level {scope.rows} AND level IS NOT NULL GROUP BY 1 LIMIT {MANY + 1}",
        scope.params,
    ).fetchall()
    return sorted(str(row[0]) for row in rows) if len(rows) <= MANY else None


def place(column: str, levels: Sequence[str], name: str) -> Column:
    """The SQL of a level's place in the list, for ``codes``. ``name``: its parameter's."""
    return f"list_position(${name}::VARCHAR[], {ident(column)}::VARCHAR)", {name: [None, *levels]}


def codes(places: Any) -> IntArray:
    """A batch's places: 1 where a row has no level, 2 and up by the list, 0 where the list lacks its level."""
    return np.asarray((places.fill_null(0) if places.null_count else places).to_numpy(), np.int64)


class Levels:
    """Counts one column of categories by group: ``counts`` by code.

    ``missing``: which rows of the batch last seen have no level. ``unseen``: whether any has a level that is not in
    the list; what was counted is then of no use.
    """

    def __init__(self, grid: Grid, levels: Sequence[str], name: str) -> None:
        """``levels``: ascending where the grid lacks any; ``name``: of the parameter that holds them."""
        self.grid, self.levels = grid, levels
        self.columns: Sequence[Column] = [place(grid.column, levels, name)]
        self.width = len(levels) + 2
        self.counts = GroupTally(self.width, np.uint32)
        self.missing: IntArray = np.zeros(0, np.int64)
        self.unseen = False

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch."""
        found = codes(values[0])
        self.unseen |= values[0].null_count > 0
        self.missing = np.flatnonzero(found == 1)
        self.counts.add(split.groups, split.counts(found, len(self.levels) + 2))

    def rows(self) -> dict[str, Any]:
        """What was counted, by group's number: columns of ``profile_feature``, levels in the grid's order.

        Levels that the grid does not have are one last cell together; the most frequent of them are named.
        """
        values = self.counts.values
        known = {level: i for i, level in enumerate(self.grid.bins.levels)}
        last = len(known)
        cells = np.array([known.get(level, last) for level in self.levels], np.int64)
        counts = np.zeros((len(values), last + 1), np.uint32)
        np.add.at(counts.T, cells, values[:, 2:].T)
        unseen = np.flatnonzero(cells == last)
        other, other_n = [], []
        for row in values[:, unseen + 2]:
            # the levels ascend, so that a stable order settles what is as frequent
            most = [i for i in np.argsort(-row.astype(np.int64), kind="stable")[:NAMED_OTHERS] if row[i]]
            other.append([self.levels[unseen[i]] for i in most])
            other_n.append([int(row[i]) for i in most])
        none = np.zeros(len(counts))
        return {
            "counts": counts, "missing": values[:, 1], "total": none, "squares": none,
            "other": other, "other_n": other_n,
        }  # fmt: skip
