"""Erasing a person, or one decision, from everything that the workspace keeps, and from the bytes of its file.

DuckDB marks deleted rows and leaves their bytes in the file. So every table that held one is written anew, and the
blocks that become free are filled with noise once (``overwrite_free_blocks``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import duckdb

from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.logs.cluster.classes import counted_classes
from plumbline.logs.load.reference_period import settle_reference
from plumbline.logs.load.settle import secret
from plumbline.logs.mapping.classes import settle_classes
from plumbline.logs.values.cast import keyed_hash, name
from plumbline.store import systems, trail
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import forget_draws
from plumbline.store.sql import decision_table, ident
from plumbline.store.workspace import Workspace, now

#: called with (cursor, system, loads that lost rows) in the erasing transaction; makes the counts anew
AfterErase = Callable[[duckdb.DuckDBPyConnection, System, Sequence[int]], None]
GONE = "stage_gone"
_NOISE = "stage_noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureResult:
    """The certificate: counts and a keyed hash, nothing personal.

    ``elsewhere``: tables in which the value still stands as text, with rows; written by people or kept by law, so
    for a person to judge. ``bytes_cleared``: whether free blocks of the file were overwritten too. ``copies_deleted``:
    copies of the workspace from before its schema changed.
    """

    system: str
    by: str  # subject | decision
    keyed_hash: str
    at: datetime
    actor: str
    decisions: int
    labels: int
    comments: int
    quarantined: int
    loads: tuple[int, ...]
    elsewhere: dict[str, int] = field(default_factory=dict)
    bytes_cleared: bool = False
    copies_deleted: int = 0
    table: str = ""  # where the decisions lie, if not here: it is not ours, and counts of it stay


def erase(
    ws: Workspace,
    key: str,
    *,
    subject: str | None = None,
    decision_id: str | None = None,
    actor: str,
    after: AfterErase,
) -> ErasureResult:
    """Erase a person's decisions, or one decision, with all that is kept beside them, in one transaction.

    What stays: the counts of the register of loads, and the certificate on the trail. Source files are not
    touched, and a file loaded again brings its rows back.

    Raises:
        PlumblineError: no such system, not exactly one of subject and decision, or nothing of it is here.
    """
    value = (subject if subject is not None else decision_id or "").strip()
    if (subject is None) == (decision_id is None) or not value:
        raise PlumblineError("Say whom to erase", todo="Give --subject VALUE or --decision ID, one of them.")
    by = "subject" if subject is not None else "decision"
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        hashed = _subject_hash(cursor, value)
        ids = _mark(
            cursor,
            system,
            "subject" if by == "subject" else "decision_id",
            hashed if by == "subject" else value,
        )
        words = [value, hashed, *ids] if by == "subject" else [value]
        loads = tuple(
            r[0] for r in cursor.execute(f"SELECT DISTINCT row_load FROM temp.{GONE} ORDER BY 1").fetchall()
        )
        decisions = _count(cursor, f"SELECT count(*) FROM temp.{GONE}")
        labels = _erase_from_side_table(cursor, system, "label_claim", "row_load", "row_line")
        _erase_from_side_table(cursor, system, "attribution", "load_id", "line")
        comments = _erase_comments(cursor, system)
        forget_draws(cursor, system.key)
        quarantined = _erase_quarantined(cursor, system, words)
        if not decisions and not quarantined:
            raise PlumblineError(
                message("Nothing of this {by} is in {key}", by=by, key=system.key),
                todo="Check the spelling; it must be as in the log.",
            )
        if decisions:
            state_digest.note_changes(cursor, system.key, loads)
            _rewrite_decisions(cursor, system)
            state_digest.mark_decisions(cursor, system.key, loads)
        cursor.execute(f"DROP TABLE temp.{GONE}")
        system = settle_reference(
            cursor, settle_classes(cursor, system, counted=counted_classes(cursor, system))
        )
        after(cursor, system, loads)
        result = ErasureResult(
            system=system.key,
            by=by,
            keyed_hash=hashed,
            at=now(),
            actor=actor,
            decisions=decisions,
            labels=labels,
            comments=comments,
            quarantined=quarantined,
            loads=loads,
            elsewhere=_count_mentions(cursor, words, system),
        )
        detail = {
            k: v
            for k, v in asdict(result).items()
            if k not in ("system", "at", "actor", "bytes_cleared", "copies_deleted")
        } | state_digest.seal(cursor, system.key)
        trail.append(cursor, actor=actor, action=Act.ERASED, system=system.key, detail=detail)
    return result


def _subject_hash(cursor: duckdb.DuckDBPyConnection, value: str) -> str:
    """As the loader keeps a person: see ``plan.stage_column``."""
    row = cursor.execute(
        f"SELECT {keyed_hash(name('v', text=True), secret(cursor))} FROM (SELECT $value AS v)",
        {"value": value},
    ).fetchone()
    if row is None or row[0] is None:
        raise PlumblineError("This value stands for no value in a log", todo="Give the person's own.")
    return str(row[0])


def _mark(cursor: duckdb.DuckDBPyConnection, system: System, column: str, value: str) -> list[str]:
    """Note the rows to go in GONE; returns their decision ids."""
    cursor.execute(f"DROP TABLE IF EXISTS temp.{GONE}")
    cursor.execute(
        f"""CREATE TEMP TABLE {GONE} AS SELECT _load_id AS row_load, _line AS row_line, decision_id
            FROM {decision_table(system.key)} WHERE {ident(column)} = $value""",
        {"value": value},
    )
    rows = cursor.execute(f"SELECT decision_id FROM temp.{GONE} WHERE decision_id IS NOT NULL").fetchall()
    return [str(row[0]) for row in rows]


def _count(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = cursor.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _erase_from_side_table(
    cursor: duckdb.DuckDBPyConnection, system: System, table: str, load: str, line: str
) -> int:
    """What another table keeps of the rows in GONE."""
    where = f"""WHERE system = '{system.key}' AND EXISTS (SELECT 1 FROM temp.{GONE} g
                WHERE g.row_load = {table}.{load} AND g.row_line = {table}.{line})"""
    gone = _count(cursor, f"SELECT count(*) FROM {table} {where}")
    if gone:
        cursor.execute(f"DELETE FROM {table} {where}")
        _rewrite(cursor, table)
    return gone


def _erase_comments(cursor: duckdb.DuckDBPyConnection, system: System) -> int:
    """What was written beneath the decisions in GONE, which are known by their id or by their place."""
    where = f"""WHERE system = ? AND decision IN (
                SELECT unnest([decision_id, '#' || row_load || ':' || row_line]) FROM temp.{GONE})"""
    row = cursor.execute(f"SELECT count(*) FROM comment_on_decision {where}", [system.key]).fetchone()
    gone = int(row[0]) if row else 0
    if gone:
        cursor.execute(f"DELETE FROM comment_on_decision {where}", [system.key])
        _rewrite(cursor, "comment_on_decision")
    return gone


def _erase_quarantined(cursor: duckdb.DuckDBPyConnection, system: System, words: Sequence[str]) -> int:
    """Rows whose raw text holds one of the values as a whole word."""
    pattern = "|".join(rf"(^|[^\w-]){re.escape(word)}($|[^\w-])" for word in words)
    where = "WHERE system = $key AND (regexp_matches(raw, $p) OR regexp_matches(detail, $p))"
    row = cursor.execute(
        f"SELECT count(*) FROM quarantine {where}", {"key": system.key, "p": pattern}
    ).fetchone()
    gone = int(row[0]) if row else 0
    if gone:
        cursor.execute(f"DELETE FROM quarantine {where}", {"key": system.key, "p": pattern})
        _rewrite(cursor, "quarantine")
    return gone


def _rewrite(cursor: duckdb.DuckDBPyConnection, table: str) -> None:
    """Create a small table anew with its rows, so that no row group keeps the bytes of a deleted one.

    A table with a key has to be dropped: DuckDB keeps its row groups even where every row of them was deleted.
    """
    row = cursor.execute(
        "SELECT sql FROM duckdb_tables() WHERE table_name = ? AND NOT temporary AND database_name = current_database()",
        [table],
    ).fetchone()
    if row is None:
        raise LookupError(table)
    cursor.execute(f"CREATE TEMP TABLE stage_kept AS SELECT * FROM {table}")
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(str(row[0]))
    cursor.execute(f"INSERT INTO {table} SELECT * FROM temp.stage_kept")
    cursor.execute("DROP TABLE temp.stage_kept")


def _rewrite_decisions(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    table = decision_table(system.key)
    cursor.execute(
        f"""CREATE TABLE decision_rewritten AS SELECT * FROM {table} d WHERE NOT EXISTS (
            SELECT 1 FROM temp.{GONE} g WHERE g.row_load = d._load_id AND g.row_line = d._line)
            ORDER BY _load_id, _line"""
    )
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE decision_rewritten RENAME TO {table}")


def _count_mentions(
    cursor: duckdb.DuckDBPyConnection, words: Sequence[str], system: System
) -> dict[str, int]:
    """Tables that still hold one of the values as a whole word in any text, with rows."""
    pattern = "|".join(rf"(^|[^\w-]){re.escape(word)}($|[^\w-])" for word in words)
    columns = cursor.execute(
        """SELECT table_name, list(column_name) FROM duckdb_columns()
           WHERE NOT internal AND data_type = 'VARCHAR' AND database_name = current_database()
             AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE NOT temporary)
           GROUP BY table_name ORDER BY table_name"""
    ).fetchall()
    counts_elsewhere = {}
    for table, names in columns:
        if table.startswith("decision_") and table != decision_table(system.key).strip('"'):
            continue  # another system's decisions are its own matter
        text = " OR ".join(f"regexp_matches({ident(column)}, $p)" for column in names)
        row = cursor.execute(f"SELECT count(*) FROM {ident(table)} WHERE {text}", {"p": pattern}).fetchone()
        if row and row[0]:
            counts_elsewhere[table] = int(row[0])
    return counts_elsewhere


def overwrite_free_blocks(ws: Workspace) -> bool:
    """Overwrite the free blocks of the workspace's file, where deleted bytes still stand; False where others use it.

    Each free block is taken by a table of noise, which is then dropped: the file ends with its size as it was.
    """
    with ws.read() as cursor:
        try:
            cursor.execute("CHECKPOINT")
            row = cursor.execute(
                "SELECT free_blocks, block_size FROM pragma_database_size() WHERE database_name = current_database()"
            ).fetchone()
            free, size = row or (0, 262_144)
            rows = (int(free) + 2) * int(size) // 8
            cursor.execute(f"DROP TABLE IF EXISTS {_NOISE}")
            cursor.execute(f"CREATE TABLE {_NOISE} AS SELECT hash(i, 20_26) AS noise FROM range({rows}) t(i)")
            cursor.execute("CHECKPOINT")
            cursor.execute(f"DROP TABLE {_NOISE}")
            cursor.execute("CHECKPOINT")
        except duckdb.TransactionException:
            return False
    return True
