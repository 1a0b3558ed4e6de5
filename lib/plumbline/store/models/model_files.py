"""Model files registered for a version of a system, kept by their SHA-256."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

import duckdb

from plumbline.store.models.attributions import forget_version
from plumbline.store.workspace import aware, naive, now


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One registered model file; ``feature_map`` maps the model's feature names to the log's columns."""

    sha256: str
    version: str
    name: str
    format: str
    feature_map: dict[str, str]
    share: float  # of the logged scores that it reproduced when it was registered
    checked: int  # decisions it was held against
    passed: bool
    at: datetime
    actor: str


def register_model_file(
    cursor: duckdb.DuckDBPyConnection,
    *,
    system: str,
    version: str,
    name: str,
    format: str,
    body: bytes,
    feature_map: dict[str, str],
    share: float,
    checked: int,
    passed: bool,
    actor: str,
) -> str:
    """Keep a model file for one version, in place of an earlier one; returns its SHA-256."""
    sha256 = hashlib.sha256(body).hexdigest()
    forget_version(cursor, system, version)
    cursor.execute("DELETE FROM model_file WHERE system = ? AND version = ?", [system, version])
    cursor.execute(
        """INSERT INTO model_file
           (sha256, system, version, name, format, feature_map, share, checked, passed, body, made_at, actor)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            sha256,
            system,
            version,
            name,
            format,
            json.dumps(feature_map),
            share,
            checked,
            passed,
            body,
            naive(now()),
            actor,
        ],
    )
    return sha256


def model_files(cursor: duckdb.DuckDBPyConnection, system: str) -> list[ModelFile]:
    """What is registered, by version, without the files' bytes."""
    rows = cursor.execute(
        """SELECT sha256, version, name, format, feature_map, share, checked, passed, made_at, actor FROM model_file
           WHERE system = ? ORDER BY version""",
        [system],
    ).fetchall()
    return [
        ModelFile(
            sha256=r[0],
            version=r[1],
            name=r[2],
            format=r[3],
            feature_map=json.loads(r[4]),
            share=r[5],
            checked=r[6],
            passed=r[7],
            at=aware(r[8]),
            actor=r[9],
        )
        for r in rows
    ]


def model_body(cursor: duckdb.DuckDBPyConnection, system: str, version: str) -> bytes | None:
    """The bytes of the file registered for a version, or None."""
    row = cursor.execute(
        "SELECT body FROM model_file WHERE system = ? AND version = ?", [system, version]
    ).fetchone()
    return bytes(row[0]) if row else None
