"""The register of loads and the rows they could not take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from plumbline.domain import Load, Mapping, PlumblineError
from plumbline.domain.messages import message
from plumbline.store import sources
from plumbline.store.systems import mapping_text, parse_mapping
from plumbline.store.workspace import aware, naive, now

_FIELDS = (
    "load_id, system, file, sha256, kind, made_at, actor, rows_read, rows_loaded, rows_duplicate, "
    "rows_quarantined, labels_joined, reference, reasons, notes, undone_at, retry_of, pushes"
)


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One row that could not be loaded. ``raw``: its text, cut at 4,000 bytes; a JSON object where the file is no
    text. ``place``: what tells it from its neighbours."""

    load_id: int
    line: int | None
    reason: str
    detail: str
    raw: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class LoadForm:
    """How a load's raw rows are read: the file's columns, what stands between them, and what they mean.

    ``delimiter`` is empty where the raw rows are JSON objects.
    """

    columns: tuple[str, ...]
    delimiter: str
    quote: str
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class RetryLoad:
    """Rows of a load's quarantine that another load takes."""

    of: int
    rows: tuple[QuarantinedRow, ...]


def _load(row: tuple[Any, ...]) -> Load:
    return Load(
        load_id=row[0],
        system=row[1],
        file=row[2],
        sha256=row[3],
        kind=row[4],
        at=aware(row[5]),
        actor=row[6],
        rows_read=row[7],
        rows_loaded=row[8],
        rows_duplicate=row[9],
        rows_quarantined=row[10],
        labels_joined=row[11],
        reference=row[12],
        reasons=json.loads(row[13]),
        notes=tuple(json.loads(row[14])),
        undone_at=aware(row[15]) if row[15] else None,
        retry_of=row[16],
        pushes=row[17] or 0,
    )


#: a column of the decision table -> its name in the file, and its kind there
Schema = dict[str, tuple[str, str]]


def record_schema(cursor: duckdb.DuckDBPyConnection, system: str, load_id: int, schema: Schema) -> None:
    """Note which columns a load held."""
    cursor.execute("INSERT INTO load_schema VALUES (?, ?, ?)", [load_id, system, json.dumps(schema)])


def replace_schema(cursor: duckdb.DuckDBPyConnection, load_id: int, schema: Schema) -> None:
    """Note that a load's columns have other roles now."""
    cursor.execute("UPDATE load_schema SET body = ? WHERE load_id = ?", [json.dumps(schema), load_id])


def schemas(cursor: duckdb.DuckDBPyConnection, system: str) -> list[tuple[int, Schema]]:
    """The loads of a system that stand, in order, each with the columns it held."""
    rows = cursor.execute(
        "SELECT load_id, body FROM load_schema WHERE system = ? ORDER BY load_id", [system]
    ).fetchall()
    return [(row[0], {name: (held[0], held[1]) for name, held in json.loads(row[1]).items()}) for row in rows]


def next_load_id(cursor: duckdb.DuckDBPyConnection) -> int:
    """A number for a load that is about to be made."""
    row = cursor.execute("SELECT nextval('load_id')").fetchone()
    return int(row[0]) if row else 1


def record_load(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Register a load; the table itself refuses counts that do not add up."""
    values = _values(load)
    cursor.execute(f"INSERT INTO load ({_FIELDS}) VALUES ({', '.join('?' * len(values))})", values)


def rewrite_load(cursor: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Register a load that others were merged into, in place of what it was."""
    number, *values = _values(load)
    _, *fields = _FIELDS.split(", ")
    stated = ", ".join(f"{field} = ?" for field in fields)
    cursor.execute(f"UPDATE load SET {stated} WHERE load_id = ?", [*values, number])


def _values(load: Load) -> list[Any]:
    """A load as its row, in the order of ``_FIELDS``."""
    return [
        load.load_id,
        load.system,
        load.file,
        load.sha256,
        load.kind,
        naive(load.at),
        load.actor,
        load.rows_read,
        load.rows_loaded,
        load.rows_duplicate,
        load.rows_quarantined,
        load.labels_joined,
        load.reference,
        json.dumps(load.reasons),
        json.dumps(list(load.notes)),
        naive(load.undone_at) if load.undone_at else None,
        load.retry_of,
        load.pushes,
    ]


def list_loads(cursor: duckdb.DuckDBPyConnection, system: str | None = None) -> list[Load]:
    """All loads, the newest first, undone ones included."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM load WHERE ? IS NULL OR system = ? ORDER BY load_id DESC", [system, system]
    ).fetchall()
    return [_load(row) for row in rows]


def loads_of_file(cursor: duckdb.DuckDBPyConnection, system: str, sha256: str, kind: str) -> list[Load]:
    """The loads of one file that stand, the newest first.

    Where one was merged with others since, the load that took it, with the counts of the file alone.
    """
    rows = cursor.execute(
        f"""SELECT {_FIELDS} FROM load WHERE system = ? AND sha256 = ? AND kind = ? AND undone_at IS NULL
            ORDER BY load_id DESC""",
        [system, sha256, kind],
    ).fetchall()
    merged = cursor.execute(
        f"""SELECT {", ".join(f"l.{name}" for name in _FIELDS.split(", "))}, w.rows_read, w.rows_loaded, w.labels_joined
            FROM merged_load w JOIN load l ON l.load_id = w.into_load
            WHERE w.system = ? AND w.sha256 = ? AND l.kind = ? AND l.undone_at IS NULL ORDER BY w.load_id DESC""",
        [system, sha256, kind],
    ).fetchall()
    of_file = [
        replace(_load(row), rows_read=row[-3], rows_loaded=row[-2], labels_joined=row[-1]) for row in merged
    ]
    return sorted([*map(_load, rows), *of_file], key=lambda load: load.load_id, reverse=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a load came, and what it brought; ``load_id``: the load that has it now. ``at``: aware, UTC."""

    load_id: int
    kind: str
    at: datetime
    rows_loaded: int
    labels_joined: int


def arrivals(cursor: duckdb.DuckDBPyConnection, system: str) -> list[Arrival]:
    """When each load of a system that stands came, in order of time, those that were merged since each by itself."""
    rows = cursor.execute(
        """SELECT l.load_id, l.kind, coalesce(w.made_at, l.made_at), coalesce(w.rows_loaded, l.rows_loaded),
                  coalesce(w.labels_joined, l.labels_joined)
           FROM load l LEFT JOIN merged_load w ON w.into_load = l.load_id AND w.made_at IS NOT NULL
           WHERE l.system = ? AND l.undone_at IS NULL ORDER BY 3, l.load_id""",
        [system],
    ).fetchall()
    return [
        Arrival(load_id=row[0], kind=row[1], at=aware(row[2]), rows_loaded=row[3], labels_joined=row[4])
        for row in rows
    ]


def list_loads_by_id(cursor: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> list[Load]:
    """Loads by their numbers, in their order; those that are not there are left out."""
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM load WHERE list_contains($ids::INTEGER[], load_id) ORDER BY load_id",
        {"ids": [int(load) for load in ids]},
    ).fetchall()
    return [_load(row) for row in rows]


def get_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> Load:
    """The load of that number.

    Raises:
        PlumblineError: there is none.
    """
    row = cursor.execute(f"SELECT {_FIELDS} FROM load WHERE load_id = ?", [load_id]).fetchone()
    whole = merged_load(cursor, load_id) if row is None else None
    if whole is not None:
        raise PlumblineError(
            message(
                "Load {load_id} was merged into load {load_id_2} with other pushes",
                load_id=str(load_id),
                load_id_2=str(whole.load_id),
            ),
            todo=message(
                "Name load {load_id}: the pushes of it are taken back together.", load_id=str(whole.load_id)
            ),
        )
    if row is None:
        raise PlumblineError(
            message("There is no load {load_id}", load_id=str(load_id)),
            todo="The Logs page and `plumbline trail` list them.",
        )
    return _load(row)


@dataclass(frozen=True, slots=True)
class MergedLoad:
    """Where the rows of a load are that is no longer there: in which one, behind how many others."""

    load_id: int
    rows_before: int


def merged_load(cursor: duckdb.DuckDBPyConnection, load_id: int) -> MergedLoad | None:
    """What a load was merged into; None where it was not."""
    row = cursor.execute(
        "SELECT into_load, rows_before FROM merged_load WHERE load_id = ?", [load_id]
    ).fetchone()
    return MergedLoad(int(row[0]), int(row[1])) if row else None


def mark_undone(cursor: duckdb.DuckDBPyConnection, load_id: int) -> None:
    """Note that a load was taken back; its register entry stays.

    Its quarantine goes; rows that it took out of another load's quarantine wait there again.
    """
    cursor.execute("UPDATE load SET undone_at = ? WHERE load_id = ?", [naive(now()), load_id])
    cursor.execute("DELETE FROM quarantine WHERE load_id = ?", [load_id])
    cursor.execute("DELETE FROM load_schema WHERE load_id = ?", [load_id])
    cursor.execute("DELETE FROM load_form WHERE load_id = ?", [load_id])
    cursor.execute("UPDATE quarantine SET retried_by = NULL WHERE retried_by = ?", [load_id])
    sources.forget_load(cursor, load_id)


def save_form(cursor: duckdb.DuckDBPyConnection, load_id: int, form: LoadForm) -> None:
    """Keep how a load's rows are read, for those that wait in quarantine."""
    cursor.execute(
        "INSERT INTO load_form VALUES (?, ?, ?, ?, ?)",
        [load_id, json.dumps(form.columns), form.delimiter, form.quote, mapping_text(form.mapping)],
    )


def load_forms(cursor: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> dict[int, LoadForm]:
    """How the rows of some loads are read, by load; as ``load_form``."""
    rows = cursor.execute(
        """SELECT load_id, columns, delimiter, quote, mapping FROM load_form
           WHERE list_contains($ids::INTEGER[], load_id)""",
        {"ids": [int(load) for load in ids]},
    ).fetchall()
    return {
        int(row[0]): LoadForm(tuple(json.loads(row[1])), row[2], row[3], parse_mapping(row[4]))
        for row in rows
    }


def load_form(cursor: duckdb.DuckDBPyConnection, load_id: int) -> LoadForm | None:
    """How a load's rows are read; None where nothing of it was quarantined, or an earlier version made it."""
    row = cursor.execute(
        "SELECT columns, delimiter, quote, mapping FROM load_form WHERE load_id = ?", [load_id]
    ).fetchone()
    if row is None:
        return None
    return LoadForm(tuple(json.loads(row[0])), row[1], row[2], parse_mapping(row[3]))


_WAITING = """FROM quarantine WHERE system = $system AND retried_by IS NULL
              AND ($load IS NULL OR load_id = $load) AND ($reason IS NULL OR reason = $reason)"""


def quarantined_rows(
    cursor: duckdb.DuckDBPyConnection,
    *,
    system: str,
    load_id: int | None = None,
    reason: str | None = None,
    limit: int | None = 500,
) -> list[QuarantinedRow]:
    """Rows that wait in quarantine, in file order, at most ``limit``; rows that a retry loaded are not among them."""
    most = f"LIMIT {int(limit)}" if limit is not None else ""
    rows = cursor.execute(
        f"SELECT load_id, line, reason, detail, raw, rowid {_WAITING} ORDER BY load_id, line, rowid {most}",
        {"system": system, "load": load_id, "reason": reason},
    ).fetchall()
    return [QuarantinedRow(*row) for row in rows]


def quarantine_counts(cursor: duckdb.DuckDBPyConnection, system: str) -> list[tuple[int, str, int]]:
    """(load, reason, rows that wait), newest load first, the most frequent reason first."""
    rows = cursor.execute(
        f"SELECT load_id, reason, count(*) AS n {_WAITING} GROUP BY ALL ORDER BY load_id DESC, n DESC, reason",
        {"system": system, "load": None, "reason": None},
    ).fetchall()
    return [(int(row[0]), str(row[1]), int(row[2])) for row in rows]


def mark_retried_rows(cursor: duckdb.DuckDBPyConnection, retry: RetryLoad, by: int) -> None:
    """Mark rows of a load's quarantine as taken by the load ``by``.

    Raises:
        PlumblineError: the quarantine changed since the rows were read.
    """
    cursor.execute(
        """UPDATE quarantine AS q SET retried_by = $by
           FROM (SELECT unnest($places::BIGINT[]) AS place, unnest($raws::VARCHAR[]) AS raw) p
           WHERE q.rowid = p.place AND q.raw = p.raw AND q.load_id = $load AND q.retried_by IS NULL""",
        {
            "by": by,
            "load": retry.of,
            "places": [r.place for r in retry.rows],
            "raws": [r.raw for r in retry.rows],
        },
    )
    row = cursor.execute("SELECT count(*) FROM quarantine WHERE retried_by = ?", [by]).fetchone()
    if not row or row[0] != len(retry.rows):
        raise PlumblineError("The quarantine changed meanwhile; nothing was loaded", todo="Try again.")


def retries_of(cursor: duckdb.DuckDBPyConnection, load_id: int) -> list[int]:
    """Loads that stand and took rows out of this load's quarantine."""
    rows = cursor.execute(
        "SELECT load_id FROM load WHERE retry_of = ? AND undone_at IS NULL ORDER BY load_id", [load_id]
    ).fetchall()
    return [int(row[0]) for row in rows]
