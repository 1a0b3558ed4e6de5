"""What every load leaves behind: its entry on the trail, the system's classes, and the secret for persons."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

import duckdb

from plumbline.domain import Load, PlumblineError, System, Task
from plumbline.store import systems, trail
from plumbline.store.sql import decision_table

#: called with a phrase and a share from 0 to 1
Progress = Callable[[str, float], None]
MAX_CLASSES = 200


def secret(cursor: duckdb.DuckDBPyConnection) -> str:
    """The key under which persons are hashed; made once, kept in the workspace."""
    row = cursor.execute("SELECT value FROM setting WHERE name = 'subject_key'").fetchone()
    if row:
        return str(row[0])
    made = secrets.token_hex(32)
    cursor.execute("INSERT INTO setting VALUES ('subject_key', ?)", [made])
    return made


def nothing_fits(file: str, records: int, reasons: dict[str, int]) -> PlumblineError:
    """The refusal of a file of which no row could be loaded: a wrong mapping rather than a dirty file."""
    if not reasons:
        return PlumblineError(
            "The file has a header and no rows", where=file, todo="Export it again and load that."
        )
    reason, rows = max(reasons.items(), key=lambda item: item[1])
    return PlumblineError(
        f"None of the {records} rows could be loaded: {reason} in {rows}",
        where=file,
        todo="Check the mapping: plumbline inspect FILE shows how each column was read.",
    )


def settle_classes(cursor: duckdb.DuckDBPyConnection, system: System) -> System:
    """Set the system's classes to those that its decisions and labels hold, sorted.

    Raises:
        PlumblineError: a classification with more than MAX_CLASSES classes.
    """
    if system.task is Task.REGRESSION:
        return system
    table = decision_table(system.key)
    rows = cursor.execute(
        f"""SELECT DISTINCT c FROM (SELECT DISTINCT prediction AS c FROM {table}
            UNION ALL SELECT DISTINCT label FROM {table}) WHERE c IS NOT NULL LIMIT {MAX_CLASSES + 1}"""
    ).fetchall()
    if len(rows) > MAX_CLASSES:
        raise PlumblineError(
            f"The predictions hold more than {MAX_CLASSES} classes, so they are not classes",
            todo="If they are numbers, load them as regression; otherwise map another column as prediction.",
        )
    classes = tuple(sorted(str(row[0]) for row in rows))
    if classes == system.classes:
        return system
    changed = replace(system, classes=classes)
    systems.update_system(cursor, changed)
    return changed


def log_load(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Put a load on the trail."""
    detail = {
        "load_id": load.load_id, "file": load.file, "sha256": load.sha256, "kind": load.kind,
        "rows_read": load.rows_read, "rows_loaded": load.rows_loaded, "rows_duplicate": load.rows_duplicate,
        "rows_quarantined": load.rows_quarantined, "labels_joined": load.labels_joined,
        "reference": load.reference,
    }  # fmt: skip
    trail.append(cursor, actor=load.actor, action="load", system=load.system, detail=detail)
