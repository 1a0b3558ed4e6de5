"""The register of loads and the rows they could not take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from plumbline.domain import Load, PlumblineError
from plumbline.store.workspace import aware, naive, now

_FIELDS = (
    "load_id, system, file, sha256, kind, made_at, actor, rows_read, rows_loaded, rows_duplicate, "
    "rows_quarantined, labels_joined, reference, reasons, notes, undone_at"
)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row that could not be loaded."""

    load_id: int
    line: int | None
    reason: str
    detail: str
    raw: str


def _load(row: tuple[Any, ...]) -> Load:
    return Load(
        load_id=row[0], system=row[1], file=row[2], sha256=row[3], kind=row[4], at=aware(row[5]),
        actor=row[6],
        rows_read=row[7], rows_loaded=row[8], rows_duplicate=row[9], rows_quarantined=row[10],
        labels_joined=row[11], reference=row[12], reasons=json.loads(row[13]),
        notes=tuple(json.loads(row[14])), undone_at=aware(row[15]) if row[15] else None,
    )  # fmt: skip


def next_load_id(cursor: duckdb.DuckDBPyConnection) -> int:
    """A number for a load that is about to be made."""
    row = cursor.execute("SELECT nextval('load_id')").fetchone()
    return int(row[0]) if row else 1


def record_load(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Register a load; the table itself refuses counts that do not add up."""
    cursor.execute(
        f"INSERT INTO load ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [load.load_id, load.system, load.file, load.sha256, load.kind, naive(load.at), load.actor,
         load.rows_read, load.rows_loaded, load.rows_duplicate, load.rows_quarantined, load.labels_joined,
         load.reference, json.dumps(load.reasons), json.dumps(list(load.notes)),
         naive(load.undone_at) if load.undone_at else None],
    )  # fmt: skip


def list_loads(cursor: duckdb.DuckDBPyConnection, system: str | None = None) -> list[Load]:
    """All loads, the newest first, undone ones included."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM load WHERE ? IS NULL OR system = ? ORDER BY load_id DESC", [system, system]
    ).fetchall()
    return [_load(row) for row in rows]


def get_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> Load:
    """The load of that number.

    Raises:
        PlumblineError: there is none.
    """
    row = cursor.execute(f"SELECT {_FIELDS} FROM load WHERE load_id = ?", [load_id]).fetchone()
    if row is None:
        raise PlumblineError(
            f"There is no load {load_id}", todo="The Logs page and `plumbline trail` list them."
        )
    return _load(row)


def mark_undone(cursor: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Note that a load was taken back; its register entry stays."""
    cursor.execute("UPDATE load SET undone_at = ? WHERE load_id = ?", [naive(now()), load_id])
    cursor.execute("DELETE FROM quarantine WHERE load_id = ?", [load_id])


def quarantined(
    cursor: duckdb.DuckDBPyConnection, *, system: str, load_id: int | None = None, limit: int = 500
) -> list[Quarantined]:
    """Rows in quarantine, in file order, at most ``limit``."""
    rows = cursor.execute(
        """SELECT load_id, line, reason, detail, raw FROM quarantine
           WHERE system = ? AND (? IS NULL OR load_id = ?) ORDER BY load_id, line LIMIT ?""",
        [system, load_id, load_id, limit],
    ).fetchall()
    return [Quarantined(*row) for row in rows]
