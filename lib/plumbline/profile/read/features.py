"""Reading the profiles of features: the stored counts by day, added up over loads, versions and arms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import FeatureProfile, IntArray, Slice, System
from plumbline.profile.arrays import Rows, fetch_with_lists, float_sums, sums
from plumbline.profile.bins import (
    OUTPUTS,
    feature_name,
    make_grids,
    profiled_columns,
    read_grids,
    stored_grids,
)
from plumbline.profile.constants import ERROR
from plumbline.profile.count import filtered_features
from plumbline.profile.grids import Grid
from plumbline.profile.scope import is_stored, slice_scope, stored_condition
from plumbline.store.sql import decision_table
from plumbline.store.workspace import aware

_ALL = Slice()
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "col, (day - DATE '1970-01-01')::INTEGER AS day, missing, total, squares, len(other) AS others"


def feature_profiles(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice = _ALL,
    features: Collection[str] | None = None,
    *,
    reference: tuple[datetime | None, datetime | None] | None = None,
) -> tuple[FeatureProfile, ...]:
    """Counts by day of every feature, then of ``prediction``, ``score`` and ``label``.

    ``features`` limits them by name (``Bins.feature``). An output that the log never holds is left out; a
    feature without decisions in the slice has no days. Edges at which reference values pile up come in
    pairs (see ``plumbline.profile.bins``); the first and last numeric cell lie outside the reference.

    ``reference``: another one than the system's own, whose grids are then made, and everything counted, for this once.
    """
    if reference is not None and reference != system.reference:
        other = replace(system, reference=_closed_span(cursor, system, reference))
        return _profiles_from_rows(cursor, other, part, features)
    stored = is_stored(part)
    grids = [
        grid
        for grid in (stored_grids if stored else read_grids)(cursor, system)
        if grid.column != ERROR
        and (features is None or grid.bins.feature in features)
        and (grid.rows_used or grid.column not in OUTPUTS)
    ]
    if not stored:
        return filtered_features.feature_profiles(cursor, grids, slice_scope(cursor, system, part))
    condition, params = stored_condition(system, part)
    if features is not None:
        condition += " AND list_contains($wanted, col)"
        params = params | {"wanted": [grid.column for grid in grids]}
    rows = fetch_with_lists(cursor, _COLUMNS, ("counts",), f"profile_feature WHERE {condition}", params)
    return _profiles(
        grids, rows, _other_levels(cursor, condition, params) if rows.plain["others"].any() else {}
    )


def _closed_span(
    cursor: duckdb.DuckDBPyConnection, system: System, span: tuple[datetime | None, datetime | None]
) -> tuple[datetime, datetime]:
    """A span with both its ends: those of the log where it is open."""
    row = cursor.execute(
        f"""SELECT min("timestamp"), max("timestamp") + INTERVAL 1 MICROSECOND FROM {decision_table(system.key)}"""
    ).fetchone()
    first, last = (aware(t) for t in row) if row and row[0] else (_LONG_AGO, _LONG_AGO)
    return span[0] or first, span[1] or last


def _profiles_from_rows(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, features: Collection[str] | None
) -> tuple[FeatureProfile, ...]:
    wanted = [
        c for c in profiled_columns(cursor, system) if features is None or feature_name(c[0]) in features
    ]
    grids = [g for g in make_grids(cursor, system, wanted) if g.rows_used or g.column not in OUTPUTS]
    return filtered_features.feature_profiles(cursor, grids, slice_scope(cursor, system, part))


def _other_levels(
    cursor: duckdb.DuckDBPyConnection, condition: str, params: dict[str, Any]
) -> dict[str, dict[str, int]]:
    """Column -> level that its grid does not name -> how often, most frequent first."""
    others: dict[str, dict[str, int]] = {}
    for column, level, n in cursor.execute(
        f"""SELECT col, level, sum(n)::BIGINT AS n
            FROM (SELECT col, unnest(other) AS level, unnest(other_n) AS n FROM profile_feature
                  WHERE {condition} AND len(other) > 0)
            GROUP BY col, level ORDER BY n DESC, level""",
        params,
    ).fetchall():
        others.setdefault(column, {})[level] = n
    return others


def _profiles(
    grids: Sequence[Grid], rows: Rows, others: dict[str, dict[str, int]]
) -> tuple[FeatureProfile, ...]:
    """Rows in any order, added up by column and day."""
    place = {grid.column: i for i, grid in enumerate(grids)}
    column = np.array([place.get(name, -1) for name in rows.plain["col"]], dtype=np.int64)
    day = rows.plain["day"].astype(np.int64)
    order = np.lexsort((day, column))
    bounds = np.searchsorted(column[order], np.arange(len(grids) + 1))
    totals: dict[bytes, tuple[date, ...]] = {}  # days that features share are made once
    values, offsets = rows.lists["counts"]
    profiles = []
    for i, grid in enumerate(grids):
        rows_of_profile = order[bounds[i] : bounds[i + 1]]
        own_days = day[rows_of_profile]
        starts = np.flatnonzero(np.diff(own_days, prepend=-1 - (1 << 40)))
        days = own_days[starts]
        key = days.tobytes()
        if key not in totals:
            totals[key] = tuple(days.astype("datetime64[D]").tolist())
        profiles.append(
            FeatureProfile(
                bins=grid.bins,
                days=totals[key],
                counts=sums(_matrix(values, offsets, rows_of_profile, grid.bins.cells), starts),
                missing=sums(rows.plain["missing"][rows_of_profile], starts),
                sums=float_sums(rows.plain["total"][rows_of_profile], starts),
                squares=float_sums(rows.plain["squares"][rows_of_profile], starts),
                other_levels=others.get(grid.column, {}),
            )
        )
    return tuple(profiles)


def _matrix(values: IntArray, offsets: IntArray, rows: IntArray, width: int) -> IntArray:
    """The lists of some rows, each ``width`` long, as (rows, width); without a copy where they lie in order."""
    if not len(rows):
        return np.zeros((0, width), dtype=np.int64)
    if np.all(np.diff(rows) == 1):
        return values[offsets[rows[0]] : offsets[rows[-1] + 1]].reshape(len(rows), width)
    return np.asarray(values[offsets[rows][:, None] + np.arange(width)])
