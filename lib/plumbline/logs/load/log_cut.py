"""Cutting a log at a moment: only rows and outcomes that were known then stay. For copies that are thrown away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import duckdb

from plumbline.domain import System
from plumbline.logs.load.reference_period import settle_reference
from plumbline.store.sql import decision_table
from plumbline.store.systems import update_system
from plumbline.store.times import to_local
from plumbline.store.workspace import naive

#: tables of what was found and done, which begins anew where a past is played again
_TOLD = ("finding", "delivery", "trigger_run", "rollback_run")


@dataclass(frozen=True, slots=True)
class LogCut:
    """A system after its log was cut: ``last`` is the day of the cut and ``label_loss`` the first one whose decisions
    lost outcomes (None: none did), both of the clock of the system's zone."""

    system: System
    last: date
    label_loss: date | None


def cut_log(cursor: duckdb.DuckDBPyConnection, system: System, at: datetime) -> LogCut:
    """Take away what came after a moment, inside the caller's transaction; profiles have to follow (``build.shorten``).

    An outcome without a time of its own counts as known with its decision. A reference that nobody gave is made anew.

    Args:
        at: what the clock of the system's zone shows, as ``LogSpan`` gives it. What that clock showed later goes, so of
            an hour that it shows twice both passes are cut alike.
    """
    table, end = decision_table(system.key), naive(at)
    clock, known = (to_local(name, system.timezone) for name in ('"timestamp"', "label_time"))
    cursor.execute(f"DELETE FROM {table} WHERE {clock} > ?", [end])
    row = cursor.execute(f"SELECT min({clock})::DATE FROM {table} WHERE {known} > ?", [end]).fetchone()
    label_loss = row[0] if row else None
    if label_loss is not None:
        cursor.execute(f"UPDATE {table} SET label = NULL, label_time = NULL WHERE {known} > ?", [end])
    if system.reference_source != "given":
        system = replace(system, reference=None, reference_source="none")
        update_system(cursor, system)
        system = settle_reference(cursor, system)
    return LogCut(system, end.date(), label_loss)


def clear_findings_and_outbox(cursor: duckdb.DuckDBPyConnection) -> None:
    """Empty what was found and told."""
    for table in _TOLD:
        cursor.execute(f"DELETE FROM {table}")  # of a copy that is thrown away
