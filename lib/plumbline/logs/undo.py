"""Taking a load back: its rows go, and labels are what they were without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from plumbline.domain import Load, PlumblineError, System, Task
from plumbline.logs.reference import settle_reference
from plumbline.logs.register import settle_classes
from plumbline.store import loads, systems, trail
from plumbline.store.sql import decision_table
from plumbline.store.workspace import Workspace

#: called with (cursor, system, the load, other loads whose labels changed) in the undo's own transaction
AfterUndo = Callable[[duckdb.DuckDBPyConnection, System, Load, Sequence[int]], None]


def undo(ws: Workspace, load_id: int, *, actor: str, after: AfterUndo | None = None) -> int:
    """Take a load back in one transaction.

    Decisions: its rows are deleted, and labels that its repeats filled in elsewhere are emptied. Labels: each
    decision gets the label back that it had before, or none. The register keeps the load, marked as undone;
    its quarantine goes.

    Args:
        after: takes the load out of the profiles; gets the other loads whose rows changed their label.

    Returns:
        decisions removed, or for a labels file labels taken back.

    Raises:
        PlumblineError: there is no such load, it was undone before, or a retry of its quarantine stands.
    """
    with ws.write() as cursor:
        load = loads.get_load(cursor, load_id)
        if load.undone_at:
            raise PlumblineError(
                f"Load {load_id} was undone on {load.undone_at:%d %B %Y}",
                todo="Load the file again to have it back.",
            )
        later = loads.retries_of(cursor, load_id)
        if later:
            raise PlumblineError(
                f"Load {later[-1]} was made of rows of load {load_id}'s quarantine",
                todo=f"Take back load {later[-1]} first.",
            )
        system = systems.get_system(cursor, load.system)
        table = decision_table(system.key)
        touched = _take_labels_back(cursor, table, system, load_id)
        removed = sum(touched.values())
        if load.kind == "decisions":
            removed = _remove_rows(cursor, table, system, load_id)
            touched.pop(load_id, None)
        loads.mark_undone(cursor, load_id)
        system = settle_reference(cursor, settle_classes(cursor, system))
        detail = {"load_id": load_id, "file": load.file, "kind": load.kind, "rows_removed": removed}
        trail.append(cursor, actor=actor, action="undo", system=system.key, detail=detail)
        if after:
            after(cursor, system, load, sorted(touched))
    return removed


def _remove_rows(cursor: duckdb.DuckDBPyConnection, table: str, system: System, load_id: int) -> int:
    row = cursor.execute(f"DELETE FROM {table} WHERE _load_id = ?", [load_id]).fetchone()
    cursor.execute("DELETE FROM label_before WHERE system = ? AND row_load = ?", [system.key, load_id])
    return int(row[0]) if row else 0


def _take_labels_back(
    cursor: duckdb.DuckDBPyConnection, table: str, system: System, load_id: int
) -> dict[int, int]:
    """Give every decision that the load labelled its label from before; returns load of the rows -> rows."""
    rows = cursor.execute(
        f"SELECT _load_id, count(*) FROM {table} WHERE _label_load = ? GROUP BY _load_id", [load_id]
    ).fetchall()
    mine = {"key": system.key, "load": load_id}
    kind = "DOUBLE" if system.task is Task.REGRESSION else "VARCHAR"
    if rows:
        cursor.execute(
            f"""UPDATE {table} AS d
                SET label = b.label::{kind}, "label_time" = b.label_time, _label_load = b.label_load
                FROM (SELECT * FROM label_before WHERE system = $key AND by_load = $load) b
                WHERE d._load_id = b.row_load AND d._line = b.row_line AND d._label_load = $load""",
            mine,
        )
        cursor.execute(
            f'UPDATE {table} SET label = NULL, "label_time" = NULL, _label_load = NULL WHERE _label_load = ?',
            [load_id],
        )
    # a later correction remembers this load's label as the one before: let it remember the one before that
    later = "system = $key AND label_load = $load AND by_load <> $load"
    cursor.execute(
        """UPDATE label_before AS a SET label = b.label, label_time = b.label_time, label_load = b.label_load
            FROM (SELECT * FROM label_before WHERE system = $key AND by_load = $load) b
            WHERE a.system = $key AND a.label_load = $load AND a.by_load <> $load
              AND a.row_load = b.row_load AND a.row_line = b.row_line""",
        mine,
    )
    cursor.execute(f"DELETE FROM label_before WHERE ({later}) OR (system = $key AND by_load = $load)", mine)
    return {int(load): int(n) for load, n in rows}
