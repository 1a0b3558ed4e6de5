"""What is kept of single decisions so that no page waits for it: random draws, and checks of model files."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from plumbline.store.sql import decision_table, ident


def draw_name(key: str) -> str:
    """The name of the table that holds a system's draws."""
    decision_table(key)  # refuses what is no key
    return f"draw_{key}"


def draw_table(key: str) -> str:
    """The same, quoted."""
    return ident(draw_name(key))


def is_drawn(cursor: duckdb.DuckDBPyConnection, key: str, version: str, basis: str) -> bool:
    """Whether a version's draw is kept, of these very loads."""
    row = cursor.execute("SELECT basis FROM draw WHERE system = ? AND version = ?", [key, version]).fetchone()
    return row is not None and row[0] == basis


def note_drawn(cursor: duckdb.DuckDBPyConnection, key: str, version: str, basis: str) -> None:
    """Note of which loads a version's draw is."""
    cursor.execute("INSERT OR REPLACE INTO draw VALUES (?, ?, ?)", [key, version, basis])


def forget_draws(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Drop a system's draws: decisions that they may hold are no longer in the log, or its columns are others."""
    cursor.execute(f"DROP TABLE IF EXISTS {draw_table(key)}")
    cursor.execute("DELETE FROM draw WHERE system = ?", [key])


def kept_check(
    cursor: duckdb.DuckDBPyConnection, key: str, version: str, sha256: str, basis: str
) -> dict[str, Any] | None:
    """What a version's file was found to be over these very loads, or None."""
    row = cursor.execute(
        "SELECT body FROM model_check WHERE system = ? AND version = ? AND sha256 = ? AND basis = ?",
        [key, version, sha256, basis],
    ).fetchone()
    return dict(json.loads(row[0])) if row else None


def keep_check(
    cursor: duckdb.DuckDBPyConnection, key: str, version: str, sha256: str, basis: str, body: dict[str, Any]
) -> None:
    """Keep what a version's file was found to be."""
    cursor.execute(
        "INSERT OR REPLACE INTO model_check VALUES (?, ?, ?, ?, ?)",
        [key, version, sha256, basis, json.dumps(body)],
    )
