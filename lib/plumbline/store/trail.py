"""The append-only, hash-chained record of everything done in the workspace.

Each entry's digest is the SHA-256 of its canonical JSON together with the digest before it, so that a
changed, removed or inserted entry breaks the chain at a place that can be named. The detail holds 128 random bits, the
salt: a digest that is handed out without its entry commits to what the entry says and does not give it away, and the
entry can be disclosed later and compared with it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import duckdb

from plumbline.domain import TrailEntry
from plumbline.domain.acts import measures
from plumbline.store.cache.samples import sample_share
from plumbline.store.digests import settings_digest
from plumbline.store.workspace import aware, naive, now

GENESIS = "0" * 64
#: the key of the salt in an entry's detail as it is stored
SALT = "entry_salt"
#: the setting that holds the digest of the last entry
_HEAD = "trail head"
#: by how much a clock is corrected without anybody having set it
_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailCheck:
    """Whether the chain holds; ``first_broken`` is the first entry that does not fit.

    ``missing_head``: the digest that was asked for, where no entry has it. A chain whose end was cut off, or that was
    written anew, fits all the same: only a digest that somebody kept elsewhere shows it.

    ``set_back``: the first entry that is dated before the one that precedes it: the machine's clock was set back.
    """

    entries: int
    intact: bool
    first_broken: int | None
    head: str
    missing_head: str = ""
    set_back: int | None = None


def head_sentence(head: str) -> str:
    """What a chain says that does not hold a digest which it held once."""
    return f"no entry has the digest {head[:64]}: the end was cut off, or the trail was written anew."


def clock_sentence(seq: int) -> str:
    """What it means that an entry is dated before the one that precedes it."""
    return f"Entry {seq} is dated before the one that precedes it: the clock of the machine was set back."


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
    sealed = settings_digest.seal(cursor, system)
    salted = {**(detail or {}), **sealed, **_sample(cursor, action, system), SALT: secrets.token_hex(16)}
    body = json.dumps(salted, ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=str)
    entry_digest = digest(seq, at.isoformat(timespec="microseconds"), actor, action, system, body, previous)
    cursor.execute(
        "INSERT INTO trail VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [seq, at, actor, action, system, body, previous, entry_digest],
    )
    cursor.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [_HEAD, entry_digest])
    return seq


def _sample(cursor: duckdb.DuckDBPyConnection, action: str, system: str) -> dict[str, Any]:
    """What an entry about a measurement says where only a sample of the system's rows was there to be measured."""
    share = sample_share(cursor, system) if system and measures(action) else None
    return {"sample": {"rows": share.rows, "decisions": share.decisions}} if share else {}


def missing_head(cursor: duckdb.DuckDBPyConnection) -> str:
    """The digest of the last entry that was written, where the trail does not end with it; else empty.

    Shows an end that was cut off by hand, whatever its entries were about; not to somebody who changes this note too.
    """
    noted = cursor.execute("SELECT value FROM setting WHERE name = ?", [_HEAD]).fetchone()
    last = cursor.execute("SELECT digest FROM trail ORDER BY seq DESC LIMIT 1").fetchone()
    return str(noted[0]) if noted and (not last or noted[0] != last[0]) else ""


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
    return [_entry(row) for row in rows]


def entries_by_number(cursor: duckdb.DuckDBPyConnection, numbers: Sequence[int]) -> list[TrailEntry]:
    """The entries of these numbers that there are, in order."""
    rows = cursor.execute(
        """SELECT seq, made_at, actor, action, system, detail, previous, digest FROM trail
           WHERE list_contains($numbers::BIGINT[], seq) ORDER BY seq""",
        {"numbers": list(numbers)},
    ).fetchall()
    return [_entry(row) for row in rows]


def _entry(row: tuple[Any, ...]) -> TrailEntry:
    detail = json.loads(row[5])
    salt = str(detail.pop(SALT, ""))
    return TrailEntry(
        seq=row[0],
        at=aware(row[1]),
        actor=row[2],
        action=row[3],
        system=row[4],
        detail=detail,
        previous=row[6],
        digest=row[7],
        salt=salt,
    )


def length(cursor: duckdb.DuckDBPyConnection) -> int:
    """How many entries there are."""
    row = cursor.execute("SELECT count(*) FROM trail").fetchone()
    return int(row[0]) if row else 0


def latest_detail(cursor: duckdb.DuckDBPyConnection, begins: str) -> dict[str, Any]:
    """The detail of the newest entry whose action begins so; empty where there is none."""
    row = cursor.execute(
        "SELECT detail FROM trail WHERE starts_with(action, ?) ORDER BY seq DESC LIMIT 1", [str(begins)]
    ).fetchone()
    detail: dict[str, Any] = json.loads(row[0]) if row else {}
    detail.pop(SALT, None)
    return detail


def verify(cursor: duckdb.DuckDBPyConnection, head: str = "") -> TrailCheck:
    """Recompute the whole chain.

    Args:
        head: the digest of an entry that a document, a backup or an earlier look gave: the chain has to hold it.
    """
    previous, latest, set_back, first_broken = GENESIS, None, None, None
    remembered = head.strip().lower()
    missing = bool(remembered) and remembered != GENESIS
    rows = cursor.execute(
        "SELECT seq, made_at, actor, action, system, detail, previous, digest FROM trail ORDER BY seq"
    ).fetchall()
    for expected, row in enumerate(rows, start=1):
        seq, at, actor, action, system, detail, before, given = row
        again = digest(seq, at.isoformat(timespec="microseconds"), actor, action, system, detail, before)
        if seq != expected or before != previous or again != given:
            first_broken = expected if seq != expected else seq
            break
        if latest and at < latest - _STEP and set_back is None:
            set_back = seq
        previous, latest = given, max(at, latest or at)
        missing = missing and given != remembered
    return TrailCheck(
        entries=len(rows),
        intact=first_broken is None and not missing,
        first_broken=first_broken,
        head=previous,
        missing_head=remembered if missing and first_broken is None else "",
        set_back=set_back,
    )
