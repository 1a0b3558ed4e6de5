"""What every load said of a decision's label, and which of it holds.

The last by label time holds; where one of two labels has no time, the one loaded later. So, of the labels in order
of load and of row: those after the last one without a time are compared by their times (equal times: the later
one), and where there are none after it, that one holds. Every label is kept, also one that says the same as
another or that does not hold, so that taking a load back leaves what would have been without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from plumbline.domain import System, Task
from plumbline.store.backup import state_digest
from plumbline.store.sql import decision_table

#: temporary tables: the labels that a load brings, the decisions they concern, what changes
BROUGHT, TOUCHED, CHANGES = "stage_claims", "stage_claimed", "stage_label_changes"
#: order of load, then of row within the file; a file has fewer than 2^40 rows
_SEQUENCE = "by_load::HUGEINT * 1099511627776 + place + 1"
_SAME_ROW = "t.row_load = c.row_load AND t.row_line = c.row_line"


@dataclass(frozen=True, slots=True)
class LabelSettlement:
    """``loads``: those whose decisions got another label. ``joined``: decisions that did; ``corrected``: of these,
    those that had another one before."""

    loads: tuple[int, ...]
    joined: int
    corrected: int


def claim(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, labels: str) -> LabelSettlement:
    """Add the labels that a load brings and settle which hold.

    Args:
        labels: a query of (row_load, row_line, place, label, label_time) of good rows; it runs once.
    """
    _forget(cursor)
    cursor.execute(
        f"""CREATE TEMP TABLE {BROUGHT} AS SELECT row_load, row_line, max(place) AS place, label::VARCHAR AS label,
            label_time FROM ({labels}) WHERE label IS NOT NULL GROUP BY ALL"""
    )
    cursor.execute(f"CREATE TEMP TABLE {TOUCHED} AS SELECT DISTINCT row_load, row_line FROM temp.{BROUGHT}")
    _record_current_labels(cursor, system)
    cursor.execute(
        f"""INSERT INTO label_claim SELECT $key, row_load, row_line, $load, place, label, label_time
            FROM temp.{BROUGHT}""",
        {"key": system.key, "load": load_id},
    )
    return _settle(cursor, system)


def drop_idle_claims(
    cursor: duckdb.DuckDBPyConnection, system: System, load_id: int, earlier: Sequence[int]
) -> None:
    """Drop what a load repeats word for word of earlier loads about decisions whose label it does not give."""
    cursor.execute(
        f"""DELETE FROM label_claim AS c USING {decision_table(system.key)} d
            WHERE c.system = $key AND c.by_load = $load AND d._load_id = c.row_load AND d._line = c.row_line
              AND d._label_load IS DISTINCT FROM $load AND EXISTS (
                SELECT 1 FROM label_claim b WHERE b.system = $key AND b.by_load IN (SELECT unnest($earlier::BIGINT[]))
                AND b.row_load = c.row_load AND b.row_line = c.row_line AND b.label = c.label
                AND b.label_time IS NOT DISTINCT FROM c.label_time)""",
        {"key": system.key, "load": load_id, "earlier": list(earlier)},
    )


def withdraw(cursor: duckdb.DuckDBPyConnection, system: System, load_id: int) -> LabelSettlement:
    """Take back what a load said of other loads' decisions; its own decisions are gone or go with it."""
    _forget(cursor)
    cursor.execute(
        f"""CREATE TEMP TABLE {TOUCHED} AS
            SELECT DISTINCT row_load, row_line FROM (
                SELECT row_load, row_line FROM label_claim WHERE system = $key AND by_load = $load
                UNION ALL
                SELECT _load_id, _line FROM {decision_table(system.key)} WHERE _label_load = $load)
            WHERE row_load <> $load""",
        {"key": system.key, "load": load_id},
    )
    cursor.execute(
        "DELETE FROM label_claim WHERE system = $key AND (by_load = $load OR row_load = $load)",
        {"key": system.key, "load": load_id},
    )
    return _settle(cursor, system)


def _record_current_labels(cursor: duckdb.DuckDBPyConnection, system: System) -> None:
    """Put down the label that a decision has, where it is not among the labels yet."""
    cursor.execute(
        f"""INSERT INTO label_claim
            SELECT $key, d._load_id, d._line, coalesce(d._label_load, d._load_id), -1, d.label::VARCHAR, d.label_time
            FROM {decision_table(system.key)} d
            JOIN temp.{TOUCHED} t ON d._load_id = t.row_load AND d._line = t.row_line
            WHERE (d.label IS NOT NULL OR d.label_time IS NOT NULL) AND NOT EXISTS (
                SELECT 1 FROM label_claim c WHERE c.system = $key AND c.row_load = d._load_id
                AND c.row_line = d._line AND c.by_load = coalesce(d._label_load, d._load_id))""",
        {"key": system.key},
    )


def _settle(cursor: duckdb.DuckDBPyConnection, system: System) -> LabelSettlement:
    table, key = decision_table(system.key), {"key": system.key}
    kind = "DOUBLE" if system.task is Task.REGRESSION else "VARCHAR"
    cursor.execute(
        f"""CREATE TEMP TABLE {CHANGES} AS
            WITH said AS (
                SELECT c.*, {_SEQUENCE} AS seq FROM label_claim c SEMI JOIN temp.{TOUCHED} t ON {_SAME_ROW}
                WHERE c.system = $key),
            cut AS (
                SELECT *, max(seq) FILTER (label_time IS NULL) OVER (PARTITION BY row_load, row_line) AS since
                FROM said WHERE label IS NOT NULL),
            holds AS (
                SELECT row_load, row_line, by_load, label, label_time FROM cut WHERE seq >= coalesce(since, 0)
                QUALIFY row_number() OVER (
                    PARTITION BY row_load, row_line ORDER BY label_time DESC NULLS LAST, seq DESC) = 1),
            own AS (SELECT row_load, row_line, label_time FROM said WHERE by_load = row_load)
            SELECT t.row_load, t.row_line, d.label AS was, h.label::{kind} AS label,
                   CASE WHEN h.by_load IS NULL THEN o.label_time ELSE h.label_time END AS told_at,
                   CASE WHEN h.by_load <> t.row_load THEN h.by_load END AS giver,
                   was IS DISTINCT FROM h.label::{kind} AS relabelled
            FROM temp.{TOUCHED} t
            JOIN {table} d ON d._load_id = t.row_load AND d._line = t.row_line
            LEFT JOIN holds h ON h.row_load = t.row_load AND h.row_line = t.row_line
            LEFT JOIN own o ON o.row_load = t.row_load AND o.row_line = t.row_line
            WHERE relabelled OR d.label_time IS DISTINCT FROM told_at OR d._label_load IS DISTINCT FROM giver""",
        key,
    )
    loads = cursor.execute(f"SELECT DISTINCT row_load FROM temp.{CHANGES} ORDER BY 1").fetchall()
    state_digest.note_changes(cursor, system.key, [load for (load,) in loads])
    cursor.execute(
        f"""UPDATE {table} AS d SET label = c.label, label_time = c.told_at, _label_load = c.giver
            FROM temp.{CHANGES} c WHERE d._load_id = c.row_load AND d._line = c.row_line"""
    )
    # a decision that its own load alone labels needs no list
    cursor.execute(
        f"""DELETE FROM label_claim AS c USING temp.{TOUCHED} t
            WHERE c.system = $key AND {_SAME_ROW} AND c.by_load = c.row_load AND NOT EXISTS (
                SELECT 1 FROM label_claim o WHERE o.system = $key AND o.row_load = c.row_load
                AND o.row_line = c.row_line AND o.by_load <> c.row_load)""",
        key,
    )
    row = cursor.execute(
        f"SELECT count(*) FILTER (relabelled), count(was) FILTER (relabelled) FROM temp.{CHANGES}"
    ).fetchone()
    joined, corrected = row or (0, 0)
    _forget(cursor)
    state_digest.mark_decisions(cursor, system.key, [load for (load,) in loads])
    return LabelSettlement(tuple(int(load[0]) for load in loads), int(joined), int(corrected))


def _forget(cursor: duckdb.DuckDBPyConnection) -> None:
    for name in (BROUGHT, TOUCHED, CHANGES):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")


@dataclass(frozen=True, slots=True)
class LabelClaim:
    """One label that was given to a decision: by which load, and whether it is the one in force."""

    label: str
    label_time: datetime | None
    load_id: int
    holds: bool


def history(cursor: duckdb.DuckDBPyConnection, system: System, decision_id: str) -> list[LabelClaim] | None:
    """Every label that a decision was given, in order of load; empty where it has none, None where there is no such
    decision."""
    rows = cursor.execute(
        f"""SELECT coalesce(c.label, d.label::VARCHAR),
                   CASE WHEN c.by_load IS NULL THEN d.label_time ELSE c.label_time END,
                   coalesce(c.by_load, d._label_load, d._load_id) AS giver,
                   c.by_load IS NULL OR (c.by_load = coalesce(d._label_load, d._load_id)
                   AND c.label = d.label::VARCHAR AND c.label_time IS NOT DISTINCT FROM d.label_time)
            FROM {decision_table(system.key)} d LEFT JOIN label_claim c
              ON d._load_id = c.row_load AND d._line = c.row_line AND c.system = $key AND c.label IS NOT NULL
            WHERE d.decision_id = $id
            ORDER BY d._load_id, d._line, giver, c.place""",
        {"key": system.key, "id": decision_id},
    ).fetchall()
    return [LabelClaim(*row) for row in rows if row[0] is not None] if rows else None
