"""Whether a workspace's file is what was written: every block, the trail's chain, and what the trail vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from plumbline.domain.acts import Act
from plumbline.store import trail
from plumbline.store.connection import damaged
from plumbline.store.sql import ident


@dataclass(frozen=True, slots=True)
class IntegrityProblem:
    """What is wrong. ``kind``: file, trail, loads, people, tokens, profiles; ``where``: the table, entry or system."""

    kind: str
    where: str
    sentence: str


def problems_of(
    cursor: duckdb.DuckDBPyConnection, target: Path, head: str = ""
) -> Iterator[IntegrityProblem]:
    """What is wrong with an open workspace, but for its profiles; reads all of it.

    Args:
        head: the digest of an entry of the trail that somebody kept.
    """
    lost = False
    for table in _tables(cursor):
        try:
            cursor.execute(
                f"SELECT bit_xor(hash(all_of)) FROM (SELECT t AS all_of FROM {ident(table)} t)"
            ).fetchall()
        except duckdb.Error as error:
            if damaged(target, error) is None:
                raise
            lost = True
            yield IntegrityProblem(
                "file", table, f"The table {table} cannot be read: its bytes are not what was written."
            )
            if isinstance(error, duckdb.FatalException):
                return
    if not lost:
        yield from _trail(cursor, head)
        yield from _loads(cursor)
        yield from _people(cursor)
        yield from _tokens(cursor)


def _tables(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    found = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY 1"
    return [row[0] for row in cursor.execute(found).fetchall()]


def _trail(cursor: duckdb.DuckDBPyConnection, head: str) -> Iterator[IntegrityProblem]:
    checked = trail.verify(cursor, head)
    if checked.missing_head:
        sentence = trail.head_sentence(checked.missing_head)
        yield IntegrityProblem("trail", "head", f"Of the trail, {sentence}")
    elif not checked.intact:
        where = f"entry {checked.first_broken}"
        yield IntegrityProblem("trail", where, f"The trail's chain is broken at {where}.")


def _loads(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Loads whose file, hash or figures are not those that the trail noted, and those that it does not know."""
    rows = cursor.execute(
        """SELECT l.load_id, l.system, t.seq FROM load l
           LEFT JOIN trail t ON t.action = $act AND t.system = l.system
                AND CAST(json_extract_string(t.detail, '$.load_id') AS INTEGER) = l.load_id
           WHERE t.seq IS NULL OR json_extract_string(t.detail, '$.file') IS DISTINCT FROM l.file
              OR json_extract_string(t.detail, '$.sha256') IS DISTINCT FROM l.sha256
              OR CAST(json_extract_string(t.detail, '$.rows_read') AS BIGINT) IS DISTINCT FROM l.rows_read
              OR CAST(json_extract_string(t.detail, '$.rows_loaded') AS BIGINT) IS DISTINCT FROM l.rows_loaded
           ORDER BY 1""",
        {"act": Act.LOADED.value},
    ).fetchall()
    for load, system, seq in rows:
        said = f"is not what the trail says of it in entry {seq}" if seq else "is not on the trail"
        yield IntegrityProblem("loads", f"load {load}", f"Load {load} of {system} {said}.")


def _people(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Roles that no entry of the trail gave."""
    rows = cursor.execute(
        """WITH given AS (
               SELECT json_extract_string(detail, '$.email') AS email,
                      last(json_extract_string(detail, '$.role') ORDER BY seq) AS role,
                      last(action ORDER BY seq) AS act
               FROM trail WHERE action IN ($given, $taken) GROUP BY 1)
           SELECT email, p.access FROM person p LEFT JOIN given g USING (email)
           WHERE g.email IS NULL OR g.act <> $given OR g.role <> p.access ORDER BY 1""",
        {"given": Act.ROLE_GIVEN.value, "taken": Act.ROLE_TAKEN.value},
    ).fetchall()
    for email, access in rows:
        yield IntegrityProblem(
            "people", email, f"{email} has the role {access}, which no entry of the trail gave."
        )


def _tokens(cursor: duckdb.DuckDBPyConnection) -> Iterator[IntegrityProblem]:
    """Tokens that no entry of the trail gave so, or that hold although one revoked them."""
    rows = cursor.execute(
        """WITH given AS (
               SELECT json_extract_string(detail, '$.name') AS name,
                      first(json_extract_string(detail, '$.role') ORDER BY seq) AS role,
                      first(json_extract_string(detail, '$.until') ORDER BY seq) AS until,
                      first(json_extract(detail, '$.systems')::VARCHAR ORDER BY seq) AS systems,
                      last(action ORDER BY seq) AS act
               FROM trail WHERE action IN ($given, $revoked) GROUP BY 1)
           SELECT t.name FROM token t LEFT JOIN given g USING (name)
           WHERE g.role IS DISTINCT FROM t.access OR g.until IS DISTINCT FROM coalesce(t.until::VARCHAR, '')
              OR replace(t.systems, ' ', '') IS DISTINCT FROM g.systems
              OR (g.act = $revoked) <> (t.revoked_at IS NOT NULL) ORDER BY 1""",
        {"given": Act.TOKEN_ADDED.value, "revoked": Act.TOKEN_REVOKED.value},
    ).fetchall()
    for (name,) in rows:
        yield IntegrityProblem("tokens", name, f"The token {name} is not what the trail says of it.")
