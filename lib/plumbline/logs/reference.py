"""Which decisions count as healthy, where nobody said so: a pure function of the loads that are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb

from plumbline.domain import System
from plumbline.store.sql import decision_table
from plumbline.store.systems import update_system
from plumbline.store.times import on_clock

#: the automatic reference is frozen once the loads so far hold this many decisions over this many days
FREEZE_ROWS, FREEZE_DAYS = 1000, 14
LONGEST_DAYS = 90


def settle_reference(cursor: duckdb.DuckDBPyConnection, system: System) -> System:
    """Set the reference from the loads, unless a person gave it; writes the system where it changes.

    Loads made with ``--reference``: the span of their rows. Otherwise the first third of the decisions' span
    in whole days of its zone, at least one and at most 90, over the earliest loads that together reach FREEZE_ROWS
    decisions over FREEZE_DAYS days; later loads then change nothing, and undoing one of them neither.
    """
    if system.reference_source == "given":
        return system
    loaded = _span_of_reference_loads(cursor, system)
    span = loaded or _automatic(cursor, system)
    source = "loaded" if loaded else "auto" if span else "none"
    if (span, source) == (system.reference, system.reference_source):
        return system
    changed = replace(system, reference=span, reference_source=source)
    update_system(cursor, changed)
    return changed


def _span_of_reference_loads(
    cursor: duckdb.DuckDBPyConnection, system: System
) -> tuple[datetime, datetime] | None:
    at = on_clock('"timestamp"', system.timezone)
    row = cursor.execute(
        f"""SELECT min({at}), max({at}) FROM {decision_table(system.key)}
            WHERE _load_id IN (SELECT load_id FROM load WHERE system = ? AND reference AND undone_at IS NULL)""",
        [system.key],
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return row[0].replace(tzinfo=UTC), row[1].replace(tzinfo=UTC) + timedelta(microseconds=1)


def _automatic(cursor: duckdb.DuckDBPyConnection, system: System) -> tuple[datetime, datetime] | None:
    at = on_clock('"timestamp"', system.timezone)
    loads = cursor.execute(
        f"""SELECT count(*), min({at}), max({at}) FROM {decision_table(system.key)}
            GROUP BY _load_id ORDER BY _load_id"""
    ).fetchall()
    if not loads:
        return None
    rows, first, last = 0, loads[0][1], loads[0][2]
    for n, low, high in loads:
        rows, first, last = rows + n, min(first, low), max(last, high)
        if rows >= FREEZE_ROWS and last - first >= timedelta(days=FREEZE_DAYS):
            break
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    days = (last.replace(tzinfo=UTC) - start) // timedelta(days=3)
    return start, start + timedelta(days=min(max(days, 1), LONGEST_DAYS))
