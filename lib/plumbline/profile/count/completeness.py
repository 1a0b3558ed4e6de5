"""Counting what each decision held, by group, from the stream of one load: see ``activity.presence_statement``.

What a load holds in every row, or in none, is told by one count of it; only the rest is looked at row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

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


class PresenceCounter:
    """Counts what rows hold, by group. ``always``: whether all rows hold a thing (False: none), None where
    ``columns`` say it of each row; ``counted``: the features that were counted of a batch before it is ours."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        system: System,
        scope: Scope,
        load_id: int,
        counted: Sequence[Numbers | Levels],
    ) -> None:
        """``counted``: counters of columns that see each batch before this one."""
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
        self.counted, conditions = _features(columns, load_id, {c.grid.column: c for c in counted})
        sql["features"] = " AND ".join(conditions) or "true"
        if any(c.role.role == "feature" for c in columns):
            self.always["features"] = None if conditions or self.counted else True
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
    columns: Sequence[DecisionColumn], load_id: int, counted: dict[str, Numbers | Levels]
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
        else:
            known = value(column.name) if column.kind is Kind.NUMERIC else ident(column.name)
            conditions.append(f"({known} IS NOT NULL{text})")
    return used, conditions
