"""Counting what each decision held, by group, from the stream of one load: see ``activity.presence_statement``.

What a load holds in every row, or in none, is told by one count of it; only the rest is looked at row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import TEXT, DecisionColumn, Kind, System
from plumbline.profile.count.activity_sql import PRESENCE
from plumbline.profile.count.categorical import Levels
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.count.stream import HOUR, BatchSplit, Column, GroupTally
from plumbline.profile.grids import value
from plumbline.profile.scope import Scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns


def count_present(
    cursor: duckdb.DuckDBPyConnection, scope: Scope, columns: Sequence[str]
) -> tuple[int, list[int]]:
    """How many rows the scope has, and in how many of them each column holds something."""
    counted = ", ".join(["count(*)", *(f"count({ident(column)})" for column in columns)])
    row = cursor.execute(f"SELECT {counted} {scope.rows}", scope.params).fetchone() or (0,) * (
        len(columns) + 1
    )
    return int(row[0]), [int(n) for n in row[1:]]


class MissingRows:
    """Which rows lack a feature of the columns that are counted in scans of their own, in the order in which a scan
    brings them: the same for each, as rows are read in the order in which they were inserted.

    ``flags`` (n,): whether a row lacks any of them; ``names``: which columns they are.
    """

    columns: Sequence[Column] = ()

    def __init__(self) -> None:
        self.flags: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.names: set[str] = set()
        self._counted: Sequence[Numbers | Levels] = ()
        self._at = 0

    def begin(self, counted: Sequence[Numbers | Levels]) -> None:
        """Begin with the first row of a scan. ``counted``: counters that see each batch before this one."""
        self._counted, self._at = counted, 0
        self.names |= {counter.grid.column for counter in counted}

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Note the rows of one batch."""
        flags = self.take(len(split.at))
        for counter in self._counted:
            flags[counter.missing] = True

    def take(self, n: int) -> NDArray[np.bool_]:
        """The flags of the next n rows."""
        end = self._at + n
        if end > len(self.flags):
            room = max(end, len(self.flags) * 3 // 2) - len(self.flags)
            self.flags = np.concatenate([self.flags, np.zeros(room, np.bool_)])
        taken = self.flags[self._at : end]
        self._at = end
        return taken


class PresenceCounter:
    """Counts what rows hold, by group. ``always``: whether all rows hold a thing (False: none), None where
    ``columns`` say it of each row; ``counted``: the features that were counted of a batch before it is ours;
    ``lacking``: what was seen of those that had scans of their own."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        system: System,
        scope: Scope,
        load_id: int,
        counted: Sequence[Numbers | Levels],
        lacking: MissingRows,
    ) -> None:
        """``counted``: counters of columns that see each batch before this one."""
        self.lacking = lacking
        lacking.begin(())
        columns = decision_columns(cursor, system.key)
        plain = [name for name in PRESENCE if name not in ("features", "explanation")]
        names = [*plain, *(c.name for c in columns if c.role.role == "attribution")]
        n, counts = count_present(cursor, scope, names)
        place_of_name = dict(zip(names, counts, strict=True))
        self.always = {
            name: None if 0 < place_of_name[name] < n else place_of_name[name] == n for name in plain
        }
        sql = {name: f"{ident(name)} IS NOT NULL" for name in plain}
        given = [name for name in names[len(plain) :] if place_of_name[name]]
        self.always["explanation"] = any(place_of_name[name] == n for name in given) or (
            None if given else False
        )
        sql["explanation"] = f"coalesce({', '.join(ident(name) for name in given)}) IS NOT NULL"
        by_column = {c.grid.column: c for c in counted}
        self.counted, conditions = _features(columns, load_id, by_column, lacking.names)
        sql["features"] = " AND ".join(conditions) or "true"
        if any(c.role.role == "feature" for c in columns):
            unsure = conditions or self.counted or lacking.names
            self.always["features"] = None if unsure else True
        else:
            self.always["features"] = False
        self.columns: Sequence[Column] = [(sql[name], {}) for name in PRESENCE if self.always[name] is None]
        self.present, self.hours = GroupTally(len(PRESENCE)), GroupTally(24)

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch."""
        values_in_order = iter(values)
        present = np.zeros((len(split.groups), len(PRESENCE)), np.int64)
        for i, name in enumerate(PRESENCE):
            always = self.always[name]
            if always is None:
                rows = np.array(next(values_in_order).to_numpy(zero_copy_only=False), np.bool_)
                if name == "features":
                    if self.lacking.names:
                        rows &= ~self.lacking.take(len(rows))
                    for counter in self.counted:
                        rows[counter.missing] = False
                present[:, i] = split.count_by_group(rows)
            elif always:
                present[:, i] = split.sizes()
        self.present.add(split.groups, present)
        self.hours.add(split.groups, split.counts(split.at // HOUR % 24, 24))

    def rows(self) -> dict[str, Any]:
        """What was counted, by group's number: columns of ``profile_presence``."""
        hours = self.hours.values
        return {"n": hours.sum(axis=1), "present": self.present.values, "hours": hours}


def _features(
    columns: Sequence[DecisionColumn], load_id: int, counted: dict[str, Numbers | Levels], lacking: set[str]
) -> tuple[list[Numbers | Levels], list[str]]:
    """What tells that a row has all features of its load: counters, and conditions in SQL."""
    texts = {c.source.lower(): f" OR {ident(c.name)} IS NOT NULL" for c in columns if c.role.role == TEXT}
    used, conditions = [], []
    for column in columns:
        if column.role.role != "feature" or column.first_load > load_id:
            continue
        text = texts.get(column.name.lower(), "")
        if not text and column.name in counted:
            used.append(counted[column.name])
        elif text or column.name not in lacking:
            known = value(column.name) if column.kind is Kind.NUMERIC else ident(column.name)
            conditions.append(f"({known} IS NOT NULL{text})")
    return used, conditions
