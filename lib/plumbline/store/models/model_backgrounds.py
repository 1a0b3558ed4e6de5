"""Which decisions a version's contributions are measured against: their places in the log, fixed once."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from plumbline.store.workspace import naive, now


@dataclass(frozen=True, slots=True)
class Background:
    """The fixed decisions of one version: load and record number of each, and the SHA-256 of their inputs."""

    places: tuple[tuple[int, int], ...]
    sha256: str


def fixed_background(cursor: duckdb.DuckDBPyConnection, system: str, version: str) -> Background | None:
    """What was fixed for a version, or None."""
    row = cursor.execute(
        "SELECT load_ids, lines, sha256 FROM model_background WHERE system = ? AND version = ?",
        [system, version],
    ).fetchone()
    return Background(tuple(zip(row[0], row[1], strict=True)), row[2]) if row else None


def fix(cursor: duckdb.DuckDBPyConnection, system: str, version: str, background: Background) -> None:
    """Fix a version's background, in place of an earlier one."""
    cursor.execute(
        "INSERT OR REPLACE INTO model_background VALUES (?, ?, ?, ?, ?, ?)",
        [
            system,
            version,
            [p[0] for p in background.places],
            [p[1] for p in background.places],
            background.sha256,
            naive(now()),
        ],
    )
