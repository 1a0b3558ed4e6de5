"""One fingerprint of a system's decisions: whatever is kept of them is found under it, and under no other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import duckdb

import plumbline
from plumbline.domain import Settings, System
from plumbline.domain.acts import Act
from plumbline.domain.source_digest import source_digest
from plumbline.store.sql import decision_table
from plumbline.store.systems import decision_columns

#: parts of the package whose code decides no measured figure
_BESIDE = ("ui", "charts", "commands", "report", "demo")


def fingerprint(cursor: duckdb.DuckDBPyConnection, system: System) -> str:
    """SHA-256 of what every answer about a system's decisions rests on.

    The newest act that may have changed them (loads, labels, an undo and an erasure all stand on the trail, each
    in its own transaction), how many there are, their columns, the system's task and classes (settings are left
    out: a question that reads one says so in its name), and the code.
    """
    harmless = [act for act in Act if not act.changes_decisions]
    families = [act.value for act in harmless if act.is_family]
    others = " AND ".join("NOT starts_with(action, ?)" for _ in families)
    acts = f"SELECT max(seq) FROM trail WHERE system = ? AND NOT list_contains(?, action) AND {others}"
    last = cursor.execute(acts, [system.key, [act.value for act in harmless], *families]).fetchone()
    rows = cursor.execute(f"SELECT count(*) FROM {decision_table(system.key)}").fetchone()
    roles = repr(replace(system, title="", settings=Settings()))
    columns = [repr(column) for column in decision_columns(cursor, system.key)]
    return hashlib.sha256(json.dumps([last, rows, roles, columns, code()]).encode()).hexdigest()


@cache
def code() -> str:
    """SHA-256 of the code that measures, and of DuckDB's version: what another version kept is measured again."""
    return source_digest(code_files(), Path(plumbline.__file__).parent, duckdb.__version__)


def code_files() -> tuple[Path, ...]:
    """The modules that a measured figure can rest on: all but those that only show it."""
    home = Path(plumbline.__file__).parent
    return tuple(
        path for path in sorted(home.rglob("*.py")) if path.relative_to(home).parts[0] not in _BESIDE
    )
