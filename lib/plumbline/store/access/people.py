"""Who may sign in, and as what."""

from __future__ import annotations

import duckdb

from plumbline.domain.acts import Access, Person
from plumbline.store.times import aware, naive, now


def people(cursor: duckdb.DuckDBPyConnection) -> list[Person]:
    """Everybody who has a role, by e-mail."""
    rows = cursor.execute("SELECT email, access, given_by, given_at FROM person ORDER BY email").fetchall()
    return [Person(r[0], Access(r[1]), r[2], aware(r[3])) for r in rows]


def give(cursor: duckdb.DuckDBPyConnection, email: str, access: Access, by: str) -> None:
    """Give a role, instead of the one held before."""
    cursor.execute(
        "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?)", [email, access.value, by, naive(now())]
    )


def take(cursor: duckdb.DuckDBPyConnection, email: str) -> None:
    """Take the role away."""
    cursor.execute("DELETE FROM person WHERE email = ?", [email])
