"""What ties the registers of a system to its trail: context answers, attestations, exemptions, incidents.

Each act that changes one of them puts a digest of all their rows into its entry, so that a row that is changed by hand
fits the newest such entry no more. An act looks first at what it finds: where that is not what the entry before vouched
for, the new entry says so for good, and no later act covers it up.

The digests are of the rows as text and hold in every version of DuckDB. A column that is empty in a row does not count
there: a later version may have brought it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from plumbline.domain.acts import Act

TABLES = ("context", "attestation", "exemption", "incident")
#: in an entry's detail: the digest of the registers after it, and what they were before where that was not vouched for
AFTER, BEFORE = "registers", "registers_before"
#: the acts that change a register; of incidents each, as they are families
_ACTS = (
    Act.CONTEXT_ANSWERED,
    Act.CONTEXT_APPROVED,
    Act.CONTROL_ATTESTED,
    Act.ATTESTATION_APPROVED,
    Act.CONTROL_EXEMPTED,
    Act.EXEMPTION_ASKED,
    Act.EXEMPTION_APPROVED,
)
_FAMILIES = (Act.INCIDENT, Act.RECORDED.with_words("incident "))


@dataclass(frozen=True, slots=True)
class RegisterDifference:
    """A system whose registers are not what an entry vouches for. ``entry``: the one that found them so when it was
    written; None: they are so now."""

    system: str
    entry: int | None


def digest(cursor: duckdb.DuckDBPyConnection, key: str) -> str:
    """SHA-256 of a system's rows in all registers; empty where there are none."""
    rows: list[str] = []
    for table in TABLES:
        answer = cursor.execute(f"SELECT * FROM {table} WHERE system = ?", [key])
        names = [str(column[0]) for column in answer.description or ()]
        for values in answer.fetchall():
            cells = {
                name: str(value) for name, value in zip(names, values, strict=True) if value not in (None, "")
            }
            rows.append(json.dumps([table, cells], sort_keys=True))
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() if rows else ""


def begin(cursor: duckdb.DuckDBPyConnection, key: str) -> str:
    """To be called before an act changes a register: what stands there where no entry vouches for it, else empty."""
    vouched, now = _trail_digest(cursor, key), digest(cursor, key)
    return now or "none" if vouched is not None and vouched != now else ""


def seal(cursor: duckdb.DuckDBPyConnection, key: str, begun: str) -> dict[str, str]:
    """What the entry of an act has to hold, once the registers are changed. ``begun``: what ``begin`` returned."""
    return {AFTER: digest(cursor, key)} | ({BEFORE: begun} if begun else {})


def _trail_digest(cursor: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """The digest that the newest entry vouches for; None where none does, as in a workspace of an earlier version."""
    row = cursor.execute(
        f"""SELECT json_extract_string(detail, '$.{AFTER}') AS noted FROM trail
            WHERE system = $key AND noted IS NOT NULL AND {_register_condition()} AND seq > (
                SELECT coalesce(max(seq), 0) FROM trail WHERE system = $key AND action = $removed)
            ORDER BY seq DESC LIMIT 1""",
        {"key": key, "removed": Act.SYSTEM_REMOVED.value},
    ).fetchone()
    return str(row[0]) if row else None


def _register_condition() -> str:
    """The SQL that an entry is of an act on a register."""
    named = ", ".join(f"'{act.value}'" for act in _ACTS)
    families = " OR ".join(f"starts_with(action, '{family}')" for family in _FAMILIES)
    return f"(action IN ({named}) OR {families})"


def differences(cursor: duckdb.DuckDBPyConnection) -> Iterator[RegisterDifference]:
    """The systems whose registers were changed past the trail, and the entries that found some so."""
    parts = " UNION ".join(f"SELECT system FROM {table}" for table in TABLES)
    keys = cursor.execute(f"SELECT key FROM system UNION {parts} ORDER BY 1").fetchall()
    for (key,) in keys:
        vouched, now = _trail_digest(cursor, key), digest(cursor, key)
        if vouched is None and now and _has_acts(cursor, key):
            continue  # of an earlier version, which vouched for nothing
        if (vouched or "") != now:
            yield RegisterDifference(key, None)
    rows = cursor.execute(
        f"""SELECT system, seq FROM trail WHERE {_register_condition()}
            AND json_extract_string(detail, '$.{BEFORE}') IS NOT NULL ORDER BY seq"""
    ).fetchall()
    for key, seq in rows:
        yield RegisterDifference(key, int(seq))


def _has_acts(cursor: duckdb.DuckDBPyConnection, key: str) -> bool:
    """Whether any entry says that a register of the system was changed."""
    row = cursor.execute(f"SELECT 1 FROM trail WHERE system = ? AND {_register_condition()} LIMIT 1", [key])
    return row.fetchone() is not None
