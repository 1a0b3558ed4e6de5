"""Counting days anew of decisions that lie elsewhere and changed there, and how many decisions are counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from plumbline.domain import System
from plumbline.profile import build
from plumbline.profile.bins import has_new_basis


def recount_days(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    resized: Sequence[int],
    relabelled: Sequence[int],
    since: date,
) -> None:
    """Count loads anew of which rows came or went, and the labels of others since a day."""
    if has_new_basis(cursor, system):
        build.rebuild(cursor, system)
        return
    for load_id in resized:
        build.build(cursor, system, load_id)
    build.rebuild_outcomes(cursor, system, relabelled, since)


def decisions_counted(cursor: duckdb.DuckDBPyConnection, key: str, load_id: int | None = None) -> int:
    """How many decisions are counted, of one load or of all."""
    row = cursor.execute(
        """SELECT coalesce(sum(n), 0) FROM profile_hour
           WHERE system = $system AND ($load IS NULL OR load_id = $load)""",
        {"system": key, "load": load_id},
    ).fetchone()
    return int(row[0]) if row else 0
