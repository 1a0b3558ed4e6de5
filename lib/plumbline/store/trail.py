"""The append-only, hash-chained record of everything done in the workspace.

Each entry's digest is the SHA-256 of its canonical JSON together with the digest before it, so that a
changed, removed or inserted entry breaks the chain at a place that can be named.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import duckdb

from plumbline.domain import TrailEntry
from plumbline.store.workspace import aware, naive, now

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """Whether the chain holds; ``first_broken`` is the first entry that does not fit."""

    entries: int
    intact: bool
    first_broken: int | None
    head: str


def digest(seq: int, at: str, actor: str, action: str, system: str, detail: str, previous: str) -> str:
    """SHA-256 over the canonical JSON list of one entry's fields and the previous digest."""
    fields = [seq, at, actor, action, system, detail, previous]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def append(
    cursor: duckdb.DuckDBPyConnection,
    *,
    actor: str,
    action: str,
    system: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Add one entry inside the caller's transaction and return its number."""
    last = cursor.execute("SELECT seq, digest FROM trail ORDER BY seq DESC LIMIT 1").fetchone()
    action = str(action)  # an act of the table is kept in its words
    seq, previous = (int(last[0]) + 1, str(last[1])) if last else (1, GENESIS)
    at = naive(now())
    body = json.dumps(detail or {}, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    cursor.execute(
        "INSERT INTO trail VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            seq,
            at,
            actor,
            action,
            system,
            body,
            previous,
            digest(seq, at.isoformat(timespec="microseconds"), actor, action, system, body, previous),
        ],
    )
    return seq


def entries(
    cursor: duckdb.DuckDBPyConnection,
    *,
    system: str | None = None,
    action: str | None = None,
    limit: int = 200,
    before: int | None = None,
) -> list[TrailEntry]:
    """The newest entries first, at most ``limit``, optionally of one system, of one act, or before a number."""
    words = str(action) if action else None
    rows = cursor.execute(
        """SELECT seq, made_at, actor, action, system, detail, previous, digest FROM trail
           WHERE (? IS NULL OR system = ?) AND (? IS NULL OR action = ?) AND (? IS NULL OR seq < ?)
           ORDER BY seq DESC LIMIT ?""",
        [system, system, words, words, before, before, limit],
    ).fetchall()
    return [
        TrailEntry(
            seq=r[0],
            at=aware(r[1]),
            actor=r[2],
            action=r[3],
            system=r[4],
            detail=json.loads(r[5]),
            previous=r[6],
            digest=r[7],
        )
        for r in rows
    ]


def latest_detail(cursor: duckdb.DuckDBPyConnection, begins: str) -> dict[str, Any]:
    """The detail of the newest entry whose action begins so; empty where there is none."""
    row = cursor.execute(
        "SELECT detail FROM trail WHERE starts_with(action, ?) ORDER BY seq DESC LIMIT 1", [str(begins)]
    ).fetchone()
    found: dict[str, Any] = json.loads(row[0]) if row else {}
    return found


def verify(cursor: duckdb.DuckDBPyConnection) -> TrailCheck:
    """Recompute the whole chain."""
    previous, count, head = GENESIS, 0, GENESIS
    rows = cursor.execute(
        "SELECT seq, made_at, actor, action, system, detail, previous, digest FROM trail ORDER BY seq"
    ).fetchall()
    for expected, row in enumerate(rows, start=1):
        seq, at, actor, action, system, detail, before, found = row
        count += 1
        made = digest(seq, at.isoformat(timespec="microseconds"), actor, action, system, detail, before)
        if seq != expected or before != previous or made != found:
            return TrailCheck(len(rows), False, expected if seq != expected else seq, head)
        previous = head = found
    return TrailCheck(count, True, None, head)
