"""Counting the columns of a load portion by portion, and storing what was counted."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from plumbline.domain import System
from plumbline.profile import grids as features
from plumbline.profile.count import stream, to_arrow
from plumbline.profile.count.categorical import Levels
from plumbline.profile.count.completeness import MissingRows
from plumbline.profile.count.numeric import Numbers
from plumbline.profile.scope import Scope
from plumbline.profile.stored_counts import keep_counts


def count_later(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    scope: Scope,
    portions: Sequence[list[Numbers | Levels]],
    lacking: MissingRows | None = None,
) -> set[str]:
    """Count portions of columns, a scan each; see ``keep_seen``. ``lacking``: notes which rows lack any of them."""
    stored: set[str] = set()
    for portion in portions:
        if lacking is not None:
            lacking.begin(portion)
        groups = stream.count_rows(cursor, scope, [*portion, *([lacking] if lacking is not None else [])])
        stored |= keep_seen(cursor, system, load_id, groups, portion)
    return stored


def keep_seen(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    groups: stream.Groups,
    columns: Sequence[Numbers | Levels],
) -> set[str]:
    """Store the counts of the columns of which every level was looked for; which they are. All counts are let go."""
    done = [each for each in columns if isinstance(each, Numbers) or not each.unseen]
    if groups.numbers:
        for counted in to_arrow.features(groups, done):
            keep_counts(cursor, "profile_feature", features.COLUMNS, system, load_id, counted)
    for each in columns:
        each.counts.clear()
    return {each.grid.column for each in done}
