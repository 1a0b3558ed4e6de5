"""Systems, their mappings and the columns of their decision tables."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from difflib import get_close_matches
from operator import itemgetter
from typing import Any

import duckdb

from plumbline.domain import (
    SINGLE_ROLES,
    ColumnMap,
    DecisionColumn,
    Kind,
    Mapping,
    PlumblineError,
    RoleName,
    Settings,
    System,
    Task,
)
from plumbline.domain.messages import message
from plumbline.store.digests import settings_digest
from plumbline.store.sql import decision_table, ident, system_key
from plumbline.store.workspace import aware, naive, now

_FIELDS = (
    "key, title, created_at, task, positive, classes, timezone, reference_start, reference_end, "
    "reference_source, settings"
)
_TEXT_ROLES = ("decision_id", "version", "arm", "subject")
_TIME_ROLES = ("timestamp", "label_time", "trained_at")


def _system(row: tuple[Any, ...]) -> System:
    reference = (aware(row[7]), aware(row[8])) if row[7] is not None and row[8] is not None else None
    return System(
        key=row[0],
        title=row[1],
        created_at=aware(row[2]),
        task=Task(row[3]) if row[3] else None,
        positive=row[4],
        classes=tuple(json.loads(row[5])),
        timezone=row[6],
        reference=reference,
        reference_source=row[9],
        settings=Settings.parse(json.loads(row[10])),
    )


def list_systems(cursor: duckdb.DuckDBPyConnection) -> list[System]:
    """All systems by title."""
    rows = cursor.execute(f"SELECT {_FIELDS} FROM system ORDER BY lower(title), key").fetchall()
    return [_system(row) for row in rows]


def find_system(cursor: duckdb.DuckDBPyConnection, key: str) -> System | None:
    """The system of that key, or None."""
    row = cursor.execute(f"SELECT {_FIELDS} FROM system WHERE key = ?", [key]).fetchone()
    return _system(row) if row else None


def get_system(cursor: duckdb.DuckDBPyConnection, key: str) -> System:
    """The system of that key.

    Raises:
        PlumblineError: there is none; the sentence names those there are.
    """
    system = find_system(cursor, key)
    if system is None:
        known = [s.key for s in list_systems(cursor)]
        near = get_close_matches(key, known, 1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise PlumblineError(
            message("There is no system {key}", key=repr(key)),
            todo=f"{meant}There are: {', '.join(known)}."
            if known
            else "Load a log first: plumbline load FILE --system NAME.",
        )
    return system


def count_decisions(cursor: duckdb.DuckDBPyConnection, key: str) -> int:
    """How many decisions a system holds now, erased ones left out."""
    row = cursor.execute(f"SELECT count(*) FROM {decision_table(key)}").fetchone()
    return int(row[0]) if row else 0


def create_system(
    cursor: duckdb.DuckDBPyConnection,
    title: str,
    *,
    task: Task,
    positive: str | None = None,
    timezone: str = "UTC",
) -> System:
    """Make a system and its decision table inside the caller's transaction.

    The fixed columns are there whatever a log holds: ``_load_id``, ``_line`` (record number in the file),
    ``_hash`` (of the row's content), ``_label_load`` (the labels file that gave the label) and one column
    for each single role. Named roles add columns by ``ensure_columns``.
    """
    key = system_key(title)
    create_table(cursor, key, task)
    settings_digest.begin(cursor, key)
    cursor.execute(
        "INSERT INTO system (key, title, created_at, task, positive, timezone) VALUES (?, ?, ?, ?, ?, ?)",
        [key, title.strip(), naive(now()), task.value, positive, timezone],
    )
    return get_system(cursor, key)


def create_table(cursor: duckdb.DuckDBPyConnection, key: str, task: Task) -> None:
    """Make the decision table of a system that predicts so."""
    types = single_types(task)
    columns = ", ".join(f"{ident(role)} {types[role]}" for role in SINGLE_ROLES)
    cursor.execute(
        f"CREATE TABLE {decision_table(key)} "
        f"(_load_id INTEGER, _line BIGINT, _hash UBIGINT, _label_load INTEGER, {columns})"
    )


def single_types(task: Task | None) -> dict[str, str]:
    """DuckDB's type of the column of each single role."""
    output = "DOUBLE" if task is Task.REGRESSION else "VARCHAR"
    types = dict.fromkeys(SINGLE_ROLES, output)
    return (
        types
        | dict.fromkeys(_TEXT_ROLES, "VARCHAR")
        | dict.fromkeys(_TIME_ROLES, "TIMESTAMP")
        | {"score": "DOUBLE"}
    )


def update_system(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Write back everything that may change of a system."""
    settings_digest.begin(cursor, system.key)
    start, end = system.reference if system.reference else (None, None)
    cursor.execute(
        """UPDATE system SET title = ?, task = ?, positive = ?, classes = ?, timezone = ?,
           reference_start = ?, reference_end = ?, reference_source = ?, settings = ? WHERE key = ?""",
        [
            system.title,
            system.task.value if system.task else None,
            system.positive,
            json.dumps(list(system.classes)),
            system.timezone,
            naive(start) if start else None,
            naive(end) if end else None,
            system.reference_source,
            json.dumps(system.settings.to_dict(), sort_keys=True),
            system.key,
        ],
    )


def set_reference(
    cursor: duckdb.DuckDBPyConnection, system: System, span: tuple[datetime, datetime], source: str
) -> System:
    """Change which decisions count as healthy; the caller rebuilds the profiles."""
    if span[0] >= span[1]:
        raise PlumblineError("The reference ends before it starts", todo="Give a start before the end.")
    changed = replace(system, reference=span, reference_source=source)
    update_system(cursor, changed)
    return changed


def mapping_text(mapping: Mapping) -> str:
    """A mapping as JSON; ``parse_mapping`` reads it back."""
    body = asdict(mapping)
    for column, source in zip(body["columns"], mapping.columns, strict=True):
        column["role"] = str(source.role)
    return json.dumps(body)


def parse_mapping(text: str) -> Mapping:
    """A mapping as ``mapping_text`` wrote it."""
    body = json.loads(text)
    columns = tuple(
        ColumnMap(
            column=c["column"],
            role=RoleName.parse(c["role"], c["column"]),
            kind=Kind(c["kind"]) if c["kind"] else None,
            format=c["format"],
            confidence=c["confidence"],
            reason=c["reason"],
        )
        for c in body["columns"]
    )
    return Mapping(columns, Task(body["task"]) if body["task"] else None, body["positive"], body["timezone"])


def save_mapping(
    cursor: duckdb.DuckDBPyConnection, key: str, mapping: Mapping, kind: str = "decisions"
) -> None:
    """Remember how this system's logs (or label files) are read."""
    settings_digest.begin(cursor, key)
    cursor.execute(
        "INSERT OR REPLACE INTO mapping VALUES (?, ?, ?, ?)", [key, kind, mapping_text(mapping), naive(now())]
    )


def saved_mapping(cursor: duckdb.DuckDBPyConnection, key: str, kind: str = "decisions") -> Mapping | None:
    """The remembered mapping, or None."""
    row = cursor.execute("SELECT body FROM mapping WHERE system = ? AND kind = ?", [key, kind]).fetchone()
    return parse_mapping(row[0]) if row else None


def decision_columns(cursor: duckdb.DuckDBPyConnection, key: str) -> list[DecisionColumn]:
    """The named-role columns of a decision table, in the order in which they came."""
    rows = cursor.execute(
        "SELECT name, role, kind, source, first_load, rowid FROM decision_column WHERE system = ?", [key]
    ).fetchall()
    # asked with each fingerprint: with its own sorting DuckDB takes twice as long
    rows.sort(key=itemgetter(4, 5))
    return [
        DecisionColumn(
            name=r[0], role=RoleName(*r[1].split(":", 1)), kind=Kind(r[2]), source=r[3], first_load=r[4]
        )
        for r in rows
    ]


def ensure_columns(
    cursor: duckdb.DuckDBPyConnection, key: str, columns: list[DecisionColumn], load_id: int
) -> list[DecisionColumn]:
    """Add the columns that a later log brings; returns those added. Numeric ones are DOUBLE, others text.

    A table without rows is made anew with all of them: to add one to a table costs as much as the table is wide.
    """
    known = {column.name.lower() for column in decision_columns(cursor, key)}
    added = [column for column in columns if column.name.lower() not in known]
    if not added:
        return []
    table = decision_table(key)
    typed = [f"{ident(c.name)} {'DOUBLE' if c.kind is Kind.NUMERIC else 'VARCHAR'}" for c in added]
    if cursor.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
        present = [f"{ident(str(c[0]))} {c[1]}" for c in cursor.execute(f"DESCRIBE {table}").fetchall()]
        cursor.execute(f"DROP TABLE {table}")
        cursor.execute(f"CREATE TABLE {table} ({', '.join([*present, *typed])})")
    else:
        for definition in typed:
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")
    cursor.executemany(
        "INSERT INTO decision_column VALUES (?, ?, ?, ?, ?, ?)",
        [[key, c.name, str(c.role), c.kind.value, c.source, load_id] for c in added],
    )
    return added


def remove_columns_of_load(
    cursor: duckdb.DuckDBPyConnection, key: str, load_id: int, first_loads: dict[str, int]
) -> bool:
    """Undo what a load did to the columns: those it brought go, or count from the next load that has them.

    To be called before any row of the load is deleted: DuckDB alters no table that has lost rows.

    Args:
        first_loads: column -> the first load but this one that stands and names it.

    Returns:
        whether any column changed.
    """
    brought = [c for c in decision_columns(cursor, key) if c.first_load == load_id]
    for column in brought:
        row = cursor.execute(
            f"SELECT min(_load_id) FROM {decision_table(key)} WHERE _load_id <> ? AND {ident(column.name)} IS NOT NULL",
            [load_id],
        ).fetchone()
        others = [n for n in (row[0] if row else None, first_loads.get(column.name)) if n is not None]
        if others:
            cursor.execute(
                "UPDATE decision_column SET first_load = ? WHERE system = ? AND name = ?",
                [min(others), key, column.name],
            )
        else:
            cursor.execute(f"ALTER TABLE {decision_table(key)} DROP COLUMN {ident(column.name)}")
            cursor.execute("DELETE FROM decision_column WHERE system = ? AND name = ?", [key, column.name])
    return bool(brought)
