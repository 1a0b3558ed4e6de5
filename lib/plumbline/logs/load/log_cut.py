"""Cutting a log at a moment: only rows and outcomes that were known then stay. For copies that are thrown away."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import duckdb

from plumbline.domain import System
from plumbline.logs.load.reference_period import settle_reference
from plumbline.store.sql import decision_table
from plumbline.store.systems import update_system
from plumbline.store.workspace import naive

#: tables of what was found and done, which begins anew where a past is played again
_TOLD = ("finding", "delivery", "trigger_run", "rollback_run")


def cut(cursor: duckdb.DuckDBPyConnection, system: System, at: datetime) -> System:
    """Take away what came after a moment, inside the caller's transaction; profiles have to be counted anew.

    An outcome without a time of its own counts as known with its decision. A reference that nobody gave is made anew.
    """
    table = decision_table(system.key)
    cursor.execute(f'DELETE FROM {table} WHERE "timestamp" > ?', [naive(at)])
    cursor.execute(f"UPDATE {table} SET label = NULL, label_time = NULL WHERE label_time > ?", [naive(at)])
    if system.reference_source != "given":
        system = replace(system, reference=None, reference_source="none")
        update_system(cursor, system)
        return settle_reference(cursor, system)
    return system


def forget_told(cursor: duckdb.DuckDBPyConnection) -> None:
    """Empty what was found and told."""
    for table in _TOLD:
        cursor.execute(f"DELETE FROM {table}")  # of a copy that is thrown away
