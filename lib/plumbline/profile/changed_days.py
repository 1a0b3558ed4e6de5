"""Counting days anew of decisions that lie elsewhere and changed there."""

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
