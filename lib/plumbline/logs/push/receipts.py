"""What became of each request: written in the transaction of the load that holds its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import Load
from plumbline.logs.load.labels import STEPS
from plumbline.store.sql import decision_table
from plumbline.store.times import aware, naive, now

#: days for which receipts are kept
KEPT = 7
_FIELDS = (
    "id, system, kind, actor, key, digest, received_at, load_id, rows_read, rows_loaded, rows_duplicate, "
    "rows_quarantined, reasons, fault"
)
_KINDS = (
    *6 * ("VARCHAR",),
    "TIMESTAMP",
    "INTEGER",
    *4 * ("BIGINT",),
    "VARCHAR",
    "VARCHAR",
)  # of these fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReceipt:
    """One request and what became of its rows: read = loaded + duplicate + quarantined.

    ``load_id``: None where nothing was loaded; ``fault`` then says why. ``reasons``: of quarantine -> rows. ``key``:
    what the caller named the request, ``digest``: SHA-256 of its body.
    """

    id: str
    system: str
    kind: str  # decisions | labels
    actor: str
    key: str
    digest: str
    received_at: datetime
    rows_read: int
    load_id: int | None = None
    rows_loaded: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits to be loaded: its receipt as far as it is known, and its rows."""

    receipt: PushReceipt
    iso: tuple[str, ...]
    rows: list[dict[str, str]]


def settle(cursor: duckdb.DuckDBPyConnection, load: Load, requests: Sequence[Request]) -> None:
    """Write the receipts of the requests whose rows a load holds, one behind the other in its file."""
    ends = np.cumsum([len(request.rows) for request in requests])
    loaded = np.bincount(np.searchsorted(ends, _loaded_places(cursor, load)), minlength=len(requests))
    reasons: list[Counter[str]] = [Counter() for _ in requests]
    quarantined = cursor.execute(
        "SELECT line - 1, reason FROM quarantine WHERE load_id = ?", [load.load_id]
    ).fetchall()
    for row, reason in quarantined:
        reasons[int(np.searchsorted(ends, row, side="right"))][reason] += 1
    settled = []
    for request, count, aside in zip(requests, loaded.tolist(), reasons, strict=True):
        bad = sum(aside.values())
        settled.append(
            replace(
                request.receipt,
                load_id=load.load_id,
                rows_loaded=count,
                rows_duplicate=len(request.rows) - count - bad,
                rows_quarantined=bad,
                reasons=dict(aside),
            )
        )
    _keep(cursor, settled)


def refuse(cursor: duckdb.DuckDBPyConnection, request: Request, fault: str) -> None:
    """Write the receipt of a request of which nothing could be loaded."""
    rows = len(request.rows)
    refused = replace(request.receipt, rows_quarantined=rows, reasons={"refused": rows}, fault=fault)
    _keep(cursor, [refused])


def existing_receipts(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> set[str]:
    """Which of some receipts are written."""
    rows = cursor.execute(
        "SELECT id FROM receipt WHERE list_contains($ids, id)", {"ids": list(ids)}
    ).fetchall()
    return {str(row[0]) for row in rows}


def find_receipt(cursor: duckdb.DuckDBPyConnection, number: str) -> PushReceipt | None:
    """A receipt that is written; None where there is none, or it was forgotten."""
    row = cursor.execute(f"SELECT {_FIELDS} FROM receipt WHERE id = ?", [number]).fetchone()
    return _receipt(row) if row else None


def newest_keyed_receipts(cursor: duckdb.DuckDBPyConnection, since: datetime, most: int) -> list[PushReceipt]:
    """The newest receipts of requests that had a key, oldest first."""
    rows = cursor.execute(
        f"""SELECT {_FIELDS} FROM receipt WHERE key <> '' AND received_at >= ?
            ORDER BY received_at DESC LIMIT {int(most)}""",
        [naive(since)],
    ).fetchall()
    return [_receipt(row) for row in reversed(rows)]


def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """Delete receipts that are older than ``KEPT`` days."""
    cursor.execute("DELETE FROM receipt WHERE received_at < ?", [naive(now() - timedelta(days=KEPT))])


def _loaded_places(cursor: duckdb.DuckDBPyConnection, load: Load) -> Any:
    """The places in the file, from 1, of the rows that were loaded."""
    if load.kind == "labels":
        rows = cursor.execute(f"SELECT _row + 1 AS place FROM temp.{STEPS}").fetchnumpy()
    else:
        rows = cursor.execute(
            f"SELECT _line AS place FROM {decision_table(load.system)} WHERE _load_id = ?", [load.load_id]
        ).fetchnumpy()
    return np.asarray(rows["place"], np.int64)


def _keep(cursor: duckdb.DuckDBPyConnection, made: Sequence[PushReceipt]) -> None:
    cells = [
        [r.id, r.system, r.kind, r.actor, r.key, r.digest, naive(r.received_at), r.load_id, r.rows_read, r.rows_loaded,
         r.rows_duplicate, r.rows_quarantined, json.dumps(r.reasons), r.fault]
        for r in made
    ]  # fmt: skip
    lists = ", ".join(f"unnest(${i}::{kind}[])" for i, kind in enumerate(_KINDS, 1))
    cursor.execute(
        f"INSERT INTO receipt SELECT {lists}", [list(column) for column in zip(*cells, strict=True)]
    )


def _receipt(row: tuple[Any, ...]) -> PushReceipt:
    return PushReceipt(
        id=row[0],
        system=row[1],
        kind=row[2],
        actor=row[3],
        key=row[4],
        digest=row[5],
        received_at=aware(row[6]),
        load_id=row[7],
        rows_read=row[8],
        rows_loaded=row[9],
        rows_duplicate=row[10],
        rows_quarantined=row[11],
        reasons=json.loads(row[12]),
        fault=row[13],
    )
