"""Deleting a system that holds nothing, and beginning anew in one that does."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from plumbline.domain import PlumblineError, System, Task
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.store import loads, systems, trail
from plumbline.store.cache.samples import forget_draws
from plumbline.store.sql import decision_table, ident
from plumbline.store.workspace import Workspace
from plumbline.wording.quantities import count

#: how it stands on the trail


def is_empty(cursor: duckdb.DuckDBPyConnection, key: str) -> bool:
    """Whether a system holds no decision, and no load of it stands."""
    standing = any(load.undone_at is None and load.rows_loaded for load in loads.list_loads(cursor, key))
    return not standing and systems.count_decisions(cursor, key) == 0


def remove(ws: Workspace, key: str, *, actor: str) -> None:
    """Delete a system that holds nothing, with all that was stated of it; the trail keeps what was done.

    Raises:
        PlumblineError: no such system, it holds decisions, or incidents of it are on record.
    """
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        if not is_empty(cursor, system.key):
            raise PlumblineError(
                message(
                    "{key} holds {decisions} decisions and is not removed",
                    key=system.key,
                    decisions=count(systems.count_decisions(cursor, system.key)),
                ),
                todo="Take its loads back first: plumbline undo LOAD.",
            )
        row = cursor.execute("SELECT count(*) FROM incident WHERE system = ?", [system.key]).fetchone()
        if row and row[0]:
            raise PlumblineError(
                message(
                    "{key} has {incidents} incidents on record, and the record stays",
                    key=system.key,
                    incidents=row[0],
                ),
                todo="Leave it as it is.",
            )
        forget_draws(cursor, system.key)
        cursor.execute(
            "DELETE FROM load_form WHERE load_id IN (SELECT load_id FROM load WHERE system = ?)", [system.key]
        )
        for table in _tables(cursor):
            cursor.execute(f"DELETE FROM {ident(table)} WHERE system = ?", [system.key])
        cursor.execute("DELETE FROM system WHERE key = ?", [system.key])
        cursor.execute(f"DROP TABLE {decision_table(system.key)}")
        trail.append(
            cursor, actor=actor, action=Act.SYSTEM_REMOVED, system=system.key, detail={"title": system.title}
        )


def _tables(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables with rows of single systems, but for the trail and the decisions."""
    rows = cursor.execute(
        """SELECT c.table_name FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, table_oid)
           WHERE c.column_name = 'system' AND c.database_name = current_database() AND NOT t.temporary
             AND c.table_name <> 'trail' AND NOT starts_with(c.table_name, 'decision_')
           ORDER BY 1"""
    ).fetchall()
    return [*(str(row[0]) for row in rows), "decision_column"]


def reset_system(
    cursor: duckdb.DuckDBPyConnection, system: System, task: Task, positive: str | None, zone: str
) -> System:
    """Give a system that holds nothing what a new log says: its task, its positive class, its zone."""
    cursor.execute(f"DROP TABLE {decision_table(system.key)}")
    cursor.execute("DELETE FROM decision_column WHERE system = ?", [system.key])
    systems.create_table(cursor, system.key, task)
    changed = replace(
        system,
        task=task,
        positive=positive,
        timezone=zone,
        classes=(),
        reference=None,
        reference_source="none",
    )
    systems.update_system(cursor, changed)
    return changed
