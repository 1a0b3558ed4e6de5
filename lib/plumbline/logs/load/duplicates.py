"""Decisions that a file repeats, within itself or from earlier loads: they are counted, not loaded.

A repeat has the same content (every mapped role but label, label time and override) and the same time. What it
adds is its label: within a file where the row that is kept has none; from an earlier load, where it differs from
the one in the decision's own row, as one more label of that decision (see ``claims``).
"""

from __future__ import annotations

import duckdb

from plumbline.domain import System
from plumbline.logs.load.label_history import claim
from plumbline.logs.load.staging import REPEATS, STAGE, STAGE_TABLE
from plumbline.store.sql import decision_table, literal

_SAME = 's._hash = d._hash AND s."timestamp" = d."timestamp"'


def find_repeats(
    cursor: duckdb.DuckDBPyConnection, system: System, *, labels: bool, load_id: int
) -> tuple[int, int]:
    """Note the stage's repeats in the temporary table REPEATS (row).

    Args:
        labels: whether the file has labels.

    Returns:
        repeated rows, and labels that they filled in.
    """
    cursor.execute(f"CREATE TEMP TABLE {REPEATS} (row BIGINT)")
    filled = _fill_labels_within_file(cursor, labels)
    filled += _fill_labels_of_loads(cursor, system, labels, load_id)
    row = cursor.execute(f"SELECT count(*) FROM temp.{REPEATS}").fetchone()
    return (int(row[0]) if row else 0), filled


def _fill_labels_within_file(cursor: duckdb.DuckDBPyConnection, labels: bool) -> int:
    twice = (
        f"""SELECT _hash, "timestamp" FROM {STAGE} WHERE _reason IS NULL GROUP BY ALL HAVING count(*) > 1"""
    )
    cursor.execute(
        f"""INSERT INTO temp.{REPEATS} SELECT row FROM (
                SELECT s._row AS row, row_number() OVER (PARTITION BY s._hash, s."timestamp" ORDER BY s._row) AS nth
                FROM {STAGE} s SEMI JOIN ({twice}) d ON {_SAME} WHERE s._reason IS NULL)
            WHERE nth > 1"""
    )
    if not labels:
        return 0
    return _count_updates(  # never a list: DuckDB moves the rows of which it updates one, and their place is their line
        cursor,
        f"""UPDATE temp.{STAGE_TABLE} AS d SET label = n.label{_time(cursor)}
            FROM {_repeat_labels_sql(cursor)} n
            WHERE n._hash = d._hash AND n."timestamp" = d."timestamp" AND d.label IS NULL AND d._reason IS NULL""",
    )


def _fill_labels_of_loads(
    cursor: duckdb.DuckDBPyConnection, system: System, labels: bool, load_id: int
) -> int:
    table = decision_table(system.key)
    span = f"""(SELECT min("timestamp") FROM {STAGE}) AND (SELECT max("timestamp") FROM {STAGE})"""
    earlier = f"""(SELECT _hash, "timestamp" FROM {table} WHERE "timestamp" BETWEEN {span})"""
    cursor.execute(
        f"""INSERT INTO temp.{REPEATS} SELECT s._row FROM {STAGE} s SEMI JOIN {earlier} d ON {_SAME}
            WHERE s._reason IS NULL AND s._row NOT IN (SELECT row FROM temp.{REPEATS})"""
    )
    if not labels:
        return 0
    time = 'n."label_time"' if _has_time(cursor) else "NULL::TIMESTAMP"
    settled = claim(
        cursor,
        system,
        load_id,
        f"""SELECT d._load_id AS row_load, d._line AS row_line, n.place, n.label, {time} AS label_time
            FROM {_repeat_labels_sql(cursor)} n
            JOIN {table} d ON n._hash = d._hash AND n."timestamp" = d."timestamp"
            LEFT JOIN (SELECT * FROM label_claim WHERE system = {literal(system.key)} AND by_load = row_load) o
              ON o.row_load = d._load_id AND o.row_line = d._line
            WHERE n.label::VARCHAR IS DISTINCT FROM
                CASE WHEN d._label_load IS NULL THEN d.label::VARCHAR ELSE o.label END""",
    )
    return settled.joined


def _repeat_labels_sql(cursor: duckdb.DuckDBPyConnection) -> str:
    """The label that the repeats of each decision bring: the first in the file that is there."""
    time = ', first("label_time" ORDER BY _row) AS "label_time"' if _has_time(cursor) else ""
    return f"""(SELECT _hash, "timestamp", first(label ORDER BY _row) AS label, min(_row) AS place{time}
                FROM {STAGE}
                WHERE label IS NOT NULL AND _row IN (SELECT row FROM temp.{REPEATS}) GROUP BY ALL)"""


def _has_time(cursor: duckdb.DuckDBPyConnection) -> bool:
    names = cursor.execute(f"SELECT * FROM {STAGE} LIMIT 0").description or []
    return any(name[0] == "label_time" for name in names)


def _time(cursor: duckdb.DuckDBPyConnection) -> str:
    return ', "label_time" = n."label_time"' if _has_time(cursor) else ""


def _count_updates(cursor: duckdb.DuckDBPyConnection, update: str) -> int:
    row = cursor.execute(update).fetchone()
    return int(row[0]) if row else 0
