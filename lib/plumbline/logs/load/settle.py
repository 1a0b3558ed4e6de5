"""What every load settles: the task, its entry on the trail, and the secret for persons."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from plumbline.domain import Load, Mapping, PlumblineError, Task
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.logs.files.source import Source, relation
from plumbline.logs.values.cast import number
from plumbline.store import sources, systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.database.engine import few_threads
from plumbline.store.sql import system_key
from plumbline.store.workspace import Workspace

#: called with a phrase and a share from 0 to 1
Progress = Callable[[str, float], None]
#: called with (cursor, load) in the load's own transaction, where its rows come from requests
Settle = Callable[[duckdb.DuckDBPyConnection, Load], None]


@contextmanager
def write_columns(ws: Workspace, source: Source, title: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A transaction in which the file is read and written to the system of that title, however wide either is."""
    with ws.write() as cursor:
        columns = max(len(source.columns), len(systems.decision_columns(cursor, system_key(title))))
        with few_threads(cursor, columns):
            yield cursor


def secret(cursor: duckdb.DuckDBPyConnection) -> str:
    """The key under which persons are hashed; made once, kept in the workspace."""
    row = cursor.execute("SELECT value FROM setting WHERE name = 'subject_key'").fetchone()
    if row:
        return str(row[0])
    key = secrets.token_hex(32)
    cursor.execute("INSERT INTO setting VALUES ('subject_key', ?)", [key])
    return key


def refuse_growing_file(source: Source) -> None:
    """Nothing is loaded of a file that is still written: its last row may be cut, and would count twice later.

    Raises:
        PlumblineError: the file is no longer what was opened.
    """
    if source.has_changed:
        raise PlumblineError(
            "The file changed while it was read, and nothing was loaded",
            where=source.given.name,
            todo="Load it again when it is whole; plumbline watch FOLDER waits for that by itself.",
        )


def no_row_error(file: str, records: int, reasons: dict[str, int]) -> PlumblineError:
    """The refusal of a file of which no row could be loaded: a wrong mapping rather than a dirty file."""
    if not reasons:
        return PlumblineError(
            "The file has a header and no rows", where=file, todo="Export it again and load that."
        )
    reason, rows = max(reasons.items(), key=lambda item: item[1])
    return PlumblineError(
        message(
            "None of the {records} rows could be loaded: {reason} in {rows}",
            records=str(records),
            reason=reason.replace("_", " "),
            rows=str(rows),
        ),
        where=file,
        todo="Check what each column was taken for; in a terminal: plumbline inspect FILE.",
    )


def resolve_task(cursor: duckdb.DuckDBPyConnection, source: Source, mapping: Mapping) -> Task:
    """The mapping's task, or where it names none what the first predictions look like."""
    column = mapping.column_of("prediction") or mapping.column_of("label")
    if mapping.task or column is None or mapping.columns_of("proba"):
        return mapping.task or (Task.MULTICLASS if mapping.columns_of("proba") else Task.BINARY)
    cell = source.cell(column)
    form = next((c.format for c in mapping.columns if c.column == column and c.format), "")
    value = number(cell, form, text=source.is_text(column))
    row = cursor.execute(
        f"""SELECT count(DISTINCT c), count(c), count(v), coalesce(bool_or(v <> round(v)), false)
            FROM (SELECT nullif(trim(CAST({cell} AS VARCHAR)), '') AS c, {value} AS v
                  FROM {relation(source, rejects=False)} LIMIT 10000)"""
    ).fetchone()
    distinct, there, numbers, fractions = row or (0, 0, 0, False)
    if distinct <= 2:
        return Task.BINARY
    return Task.REGRESSION if numbers > 0.95 * there and (fractions or distinct > 20) else Task.MULTICLASS


def log_load(cursor: duckdb.DuckDBPyConnection, load: Load, source: Source) -> None:
    """Put a load on the trail with what it made of the decisions and counts, last of all that changes them; and
    remember how far it has read where it was pulled."""
    detail: dict[str, object] = {
        "load_id": load.load_id, "file": load.file, "sha256": load.sha256, "kind": load.kind,
        "rows_read": load.rows_read, "rows_loaded": load.rows_loaded, "rows_duplicate": load.rows_duplicate,
        "rows_quarantined": load.rows_quarantined, "labels_joined": load.labels_joined,
        "reference": load.reference,
    }  # fmt: skip
    if load.retry_of is not None:
        detail["retry_of"] = load.retry_of
    if load.kind == "decisions" and load.rows_loaded:
        state_digest.add(cursor, load.system, load.load_id)
    detail |= state_digest.seal(cursor, load.system)
    trail.append(cursor, actor=load.actor, action=Act.LOADED, system=load.system, detail=detail)
    if source.origin:
        sources.keep(cursor, load, source.origin)
