"""What scans of the decisions said, kept in the workspace until the decisions change.

Keeping is one INSERT of its own on the reader's cursor, not under the writer's lock, so that no page waits for a
load. A kept answer can be lost or come twice, and is then measured again; it is never wrong, because it is found
only under the digest of all that it rests on.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
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
from plumbline.store.workspace import naive, now

#: answers of one system: windows and filters are without end
MOST = 500
#: parts of the package whose code decides no measured figure
_BESIDE = ("ui", "charts", "commands", "report", "demo")


def rests_on(cursor: duckdb.DuckDBPyConnection, system: System) -> str:
    """SHA-256 of what every answer about a system's decisions rests on.

    The newest act that may have changed them (loads, labels, an undo and an erasure all stand on the trail, each
    in its own transaction), how many there are, their columns, what the system was told of them (settings are
    left out: a question that reads one says so in its name), and the code.
    """
    harmless = [act for act in Act if not act.changes_decisions]
    families = [act.value for act in harmless if act.is_family]
    others = " AND ".join("NOT starts_with(action, ?)" for _ in families)
    acts = f"SELECT max(seq) FROM trail WHERE system = ? AND NOT list_contains(?, action) AND {others}"
    last = cursor.execute(acts, [system.key, [act.value for act in harmless], *families]).fetchone()
    rows = cursor.execute(f"SELECT count(*) FROM {decision_table(system.key)}").fetchone()
    told = repr(replace(system, title="", settings=Settings()))
    columns = [repr(column) for column in decision_columns(cursor, system.key)]
    return hashlib.sha256(json.dumps([last, rows, told, columns, code()]).encode()).hexdigest()


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


def find(cursor: duckdb.DuckDBPyConnection, key: str, question: str, digest: str) -> str | None:
    """What was kept for a question about a system as it is now, or None."""
    row = cursor.execute(
        "SELECT body FROM kept WHERE system = ? AND question = ? AND rests_on = ? LIMIT 1",
        [key, question, digest],
    ).fetchone()
    return str(row[0]) if row else None


def keep(cursor: duckdb.DuckDBPyConnection, key: str, question: str, digest: str, body: str) -> None:
    """Keep an answer, at most ``MOST`` of a system as it is; one that cannot be kept is measured again next time."""
    with suppress(duckdb.Error):
        cursor.execute(
            """INSERT INTO kept SELECT $key, $question, $digest, $body, $at
               WHERE (SELECT count(*) FROM kept WHERE system = $key AND rests_on = $digest) < $most""",
            {
                "key": key,
                "question": question,
                "digest": digest,
                "body": body,
                "at": naive(now()),
                "most": MOST,
            },
        )


def forget_stale(cursor: duckdb.DuckDBPyConnection, key: str, digest: str) -> None:
    """Drop what rests on decisions that have changed since; inside the writer's transaction."""
    cursor.execute("DELETE FROM kept WHERE system = ? AND rests_on <> ?", [key, digest])


def forget(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Drop all that is kept of a system, inside an erasing transaction.

    What stays is written anew, so that no block of the file keeps the bytes of what went.
    """
    cursor.execute("CREATE TEMP TABLE stage_answers AS SELECT * FROM kept WHERE system <> ?", [key])
    cursor.execute("DELETE FROM kept")
    cursor.execute("INSERT INTO kept SELECT * FROM temp.stage_answers")
    cursor.execute("DROP TABLE temp.stage_answers")
