"""What people state about a system: context answers, attestations, exemptions."""

from __future__ import annotations

from datetime import date, datetime

import duckdb

from plumbline.domain import Attestation, Exemption, Status
from plumbline.store.workspace import aware, naive, now


def context_answers(cursor: duckdb.DuckDBPyConnection, system: str) -> dict[str, str]:
    """Answers by question key; a question without an answer is absent."""
    rows = cursor.execute("SELECT question, answer FROM context WHERE system = ?", [system]).fetchall()
    return {question: answer for question, answer in rows}


def context_signatures(cursor: duckdb.DuckDBPyConnection, system: str) -> dict[str, tuple[str, datetime]]:
    """Who gave each answer, and when."""
    rows = cursor.execute(
        "SELECT question, given_by, made_at FROM context WHERE system = ?", [system]
    ).fetchall()
    return {question: (by, aware(at)) for question, by, at in rows}


def unapproved_answers(cursor: duckdb.DuckDBPyConnection, system: str) -> dict[str, str]:
    """The questions whose answer no second person has approved, each with who gave it."""
    rows = cursor.execute(
        "SELECT question, given_by FROM context WHERE system = ? AND coalesce(approved_by, '') = '' ORDER BY 1",
        [system],
    ).fetchall()
    return {question: by for question, by in rows}


def approve_context(cursor: duckdb.DuckDBPyConnection, system: str, question: str, by: str) -> None:
    cursor.execute(
        "UPDATE context SET approved_by = ?, approved_at = ? WHERE system = ? AND question = ?",
        [by, naive(now()), system, question],
    )


def save_context(cursor: duckdb.DuckDBPyConnection, system: str, answers: dict[str, str], by: str) -> None:
    """Replace the given answers; an empty answer withdraws one."""
    for question, answer in answers.items():
        cursor.execute("DELETE FROM context WHERE system = ? AND question = ?", [system, question])
        if answer:
            cursor.execute(
                "INSERT INTO context (system, question, answer, given_by, made_at) VALUES (?, ?, ?, ?, ?)",
                [system, question, answer, by, naive(now())],
            )


def attestations(cursor: duckdb.DuckDBPyConnection, system: str) -> list[Attestation]:
    """All attestations, the newest first, expired ones included."""
    rows = cursor.execute(
        """SELECT system, control, status, statement, owner, made_on, expires, link, evidence, evidence_name,
           approved_by, approved_on, id FROM attestation WHERE system = ? ORDER BY made_on DESC, id DESC""",
        [system],
    ).fetchall()
    return [Attestation(r[0], r[1], Status(r[2]), *r[3:]) for r in rows]


def add_attestation(cursor: duckdb.DuckDBPyConnection, item: Attestation) -> None:
    cursor.execute(
        """INSERT INTO attestation (id, system, control, status, statement, owner, made_on, expires, link, evidence,
           evidence_name) VALUES (nextval('attestation_id'), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            item.system,
            item.control,
            item.status.value,
            item.statement,
            item.owner,
            item.at,
            item.expires,
            item.link,
            item.evidence,
            item.evidence_name,
        ],
    )


def approve_attestation(cursor: duckdb.DuckDBPyConnection, attestation_id: int, by: str, on: date) -> None:
    cursor.execute(
        "UPDATE attestation SET approved_by = ?, approved_on = ? WHERE id = ?", [by, on, attestation_id]
    )


def keep_file(cursor: duckdb.DuckDBPyConnection, sha256: str, name: str, body: bytes, actor: str) -> None:
    """Keep a file once, by its hash."""
    cursor.execute(
        "INSERT OR IGNORE INTO evidence_file VALUES (?, ?, ?, ?, ?)",
        [sha256, name, body, naive(now()), actor],
    )


def read_file(cursor: duckdb.DuckDBPyConnection, sha256: str) -> tuple[str, bytes] | None:
    """A kept file's name and content, or None."""
    row = cursor.execute("SELECT name, body FROM evidence_file WHERE sha256 = ?", [sha256]).fetchone()
    return (row[0], bytes(row[1])) if row else None


def exemptions(cursor: duckdb.DuckDBPyConnection, system: str) -> list[Exemption]:
    """All exemptions, the newest first, ended ones included."""
    rows = cursor.execute(
        """SELECT system, control, reason, approver, until, made_on, proposer, approved_on, link, id
           FROM exemption
           WHERE system = ? ORDER BY made_on DESC, id DESC""",
        [system],
    ).fetchall()
    return [Exemption(*r) for r in rows]


def add_exemption(cursor: duckdb.DuckDBPyConnection, item: Exemption) -> None:
    cursor.execute(
        """INSERT INTO exemption (id, system, control, reason, approver, until, made_on, proposer, approved_on, link)
           VALUES (nextval('exemption_id'), ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            item.system,
            item.control,
            item.reason,
            item.approver,
            item.until,
            item.at,
            item.proposer,
            item.approved_on,
            item.link,
        ],
    )


def approve_exemption(
    cursor: duckdb.DuckDBPyConnection, exemption_id: int, *, proposer: str, by: str, on: date
) -> None:
    cursor.execute(
        "UPDATE exemption SET proposer = ?, approver = ?, approved_on = ? WHERE id = ?",
        [proposer, by, on, exemption_id],
    )
