"""In which language each person reads the pages."""

from __future__ import annotations

import duckdb


def language_of(cursor: duckdb.DuckDBPyConnection, email: str) -> str:
    """The code of the language that a person chose last; empty where none was chosen."""
    row = cursor.execute("SELECT language FROM reader WHERE email = ?", [email]).fetchone()
    return str(row[0]) if row else ""


def set_language(cursor: duckdb.DuckDBPyConnection, email: str, language: str) -> None:
    """Keep the language that a person chose, instead of the one before."""
    cursor.execute("INSERT OR REPLACE INTO reader VALUES (?, ?)", [email, language])


def remove(cursor: duckdb.DuckDBPyConnection, email: str) -> None:
    """Keep nothing of a person."""
    cursor.execute("DELETE FROM reader WHERE email = ?", [email])
