"""The tokens of the HTTP interface: kept as SHA-256 digests. A token is 256 random bits, so that no salt is needed."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from plumbline.domain.acts import Access, Token
from plumbline.store.times import aware, naive, now

_FIELDS = "name, access, systems, until, given_by, given_at, revoked_at"


def tokens(cursor: duckdb.DuckDBPyConnection) -> list[Token]:
    """All tokens by name, revoked ones included."""
    return [_token(row) for row in cursor.execute(f"SELECT {_FIELDS} FROM token ORDER BY name").fetchall()]


def token_of(cursor: duckdb.DuckDBPyConnection, digest: str) -> Token | None:
    """The token of that digest, whether or not it still holds."""
    row = cursor.execute(f"SELECT {_FIELDS} FROM token WHERE digest = ?", [digest]).fetchone()
    return _token(row) if row else None


def get_token(cursor: duckdb.DuckDBPyConnection, name: str) -> Token | None:
    """The token of that name, whether or not it still holds."""
    row = cursor.execute(f"SELECT {_FIELDS} FROM token WHERE name = ?", [name]).fetchone()
    return _token(row) if row else None


def add(cursor: duckdb.DuckDBPyConnection, token: Token, digest: str) -> None:
    """Keep a new token."""
    cursor.execute(
        f"INSERT INTO token (digest, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        [
            digest,
            token.name,
            token.access.value,
            json.dumps(token.systems),
            token.until,
            token.given_by,
            naive(token.given_at),
        ],
    )


def revoke(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let a token hold no longer."""
    cursor.execute("UPDATE token SET revoked_at = ? WHERE name = ?", [naive(now()), name])


def _token(row: tuple[Any, ...]) -> Token:
    return Token(
        name=row[0],
        access=Access(row[1]),
        systems=tuple(json.loads(row[2])),
        until=row[3],
        given_by=row[4],
        given_at=aware(row[5]),
        revoked_at=aware(row[6]) if row[6] else None,
    )
