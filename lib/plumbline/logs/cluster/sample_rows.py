"""The sample in the workspace: its size stays what was asked for; what is erased, or gone from the table, leaves it."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date
from typing import Any

import duckdb

from plumbline.domain import System
from plumbline.domain.acts import Act
from plumbline.logs.cluster.strata import SampleRule
from plumbline.logs.values.cast import keyed_hash, name
from plumbline.store.backup import state_digest
from plumbline.store.cache.samples import forget_draws
from plumbline.store.sql import decision_table, ident
from plumbline.store.times import to_local

#: no column of a table has this name
_PLACE = "\x01place"
#: hexadecimal digits of a row's hash that say where it lies among all
DIGITS = 12


def thin(cursor: duckdb.DuckDBPyConnection, system: System, rule: SampleRule) -> int:
    """Let the rows go that a rule does not draw, as the cluster reckons it; how many went."""
    bound = math.ceil(rule.share * 16**DIGITS)
    if bound >= 16**DIGITS:
        return 0
    moment = to_local('"timestamp"', system.timezone)
    row = f"substr(md5(concat(coalesce(decision_id, ''), '|', epoch_us({moment}))), 1, 16)"
    beyond = f"""rowid IN (
        SELECT row FROM (
            SELECT rowid AS row, {row} AS place, rank() OVER (
                PARTITION BY CAST({moment} AS DATE), coalesce("version", '') ORDER BY place) AS rank
            FROM {decision_table(system.key)})
        WHERE substr(place, 1, {DIGITS}) >= $bound AND rank > $least)"""
    return _remove(cursor, system.key, beyond, {"bound": f"{bound:0{DIGITS}x}", "least": rule.least})


def drop_missing(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    there: Any,
    loads: Collection[int],
    days: Collection[date],
) -> int:
    """Let the rows of some days of some loads go that the table no longer has; how many went.

    Args:
        there: an Arrow table of those it has, ``decision_id`` and ``utc`` (microseconds since 1970).
    """
    day = f"CAST({to_local('timestamp', system.timezone)} AS DATE)"
    cursor.register("rows_there", there)
    try:
        return _remove(
            cursor,
            system.key,
            f"""list_contains($loads::INTEGER[], _load_id) AND list_contains($days::DATE[], {day})
                AND NOT EXISTS (SELECT 1 FROM rows_there t WHERE t.decision_id = d.decision_id
                                AND t.utc = epoch_us(d."timestamp"))""",
            {"loads": [int(load) for load in loads], "days": list(days)},
        )
    finally:
        cursor.unregister("rows_there")


def erased_values(cursor: duckdb.DuckDBPyConnection, key: str) -> dict[str, set[str]]:
    """Who was erased from a system here, as the trail has it: ``decision`` and ``subject`` -> keyed hashes."""
    rows = cursor.execute(
        """SELECT json_extract_string(detail, '$.by'), json_extract_string(detail, '$.keyed_hash') FROM trail
           WHERE system = $key AND action = $act AND seq > (
               SELECT coalesce(max(seq), 0) FROM trail WHERE system = $key AND action = $removed)""",
        {"key": key, "act": Act.ERASED.value, "removed": Act.SYSTEM_REMOVED.value},
    ).fetchall()
    erased: dict[str, set[str]] = {"decision": set(), "subject": set()}
    for by, value in rows:
        erased.setdefault(str(by), set()).add(str(value))
    return erased


def is_erased(
    cursor: duckdb.DuckDBPyConnection, key: str, secret: str, decision_id: str, subject: str | None
) -> bool:
    """Whether a decision was erased here, by its id or with its person. ``secret``: under which persons are hashed."""
    erased = erased_values(cursor, key)
    if not any(erased.values()):
        return False
    row = cursor.execute(
        f"SELECT {keyed_hash('$decision', secret)}, {keyed_hash('$subject', secret)}",
        {"decision": decision_id, "subject": subject},
    ).fetchone()
    return row is not None and (row[0] in erased["decision"] or row[1] in erased["subject"])


def without_erased(
    cursor: duckdb.DuckDBPyConnection, key: str, secret: str, rows: Any, decision_id: str, subject: str | None
) -> Any:
    """An Arrow table of rows without those that were erased here.

    Args:
        secret: under which persons are hashed.
        decision_id: the column of the decision's id; ``subject``: of the person, if there is one.
    """
    erased = erased_values(cursor, key)
    if not any(erased.values()):
        return rows
    import pyarrow as pa

    def hashed(column: str) -> str:
        return keyed_hash(name(f"trim(CAST({ident(column)} AS VARCHAR))", text=True), secret)

    lists: dict[str, list[str]] = {"decisions": sorted(erased["decision"])}
    conditions = [f"list_contains($decisions::VARCHAR[], {hashed(decision_id)})"]
    if subject is not None:
        lists["subjects"] = sorted(erased["subject"])
        conditions.append(f"list_contains($subjects::VARCHAR[], {hashed(subject)})")
    hashed_columns = [column for column in (decision_id, subject) if column is not None]
    # the values of other columns stay as the cluster gave them
    numbered = rows.select(hashed_columns).append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64()))
    cursor.register("rows_drawn", numbered)
    try:
        places = cursor.execute(
            f"""SELECT {ident(_PLACE)} FROM rows_drawn WHERE NOT coalesce({" OR ".join(conditions)}, false)
                ORDER BY 1""",
            lists,
        ).to_arrow_table()
    finally:
        cursor.unregister("rows_drawn")
    return rows.take(places.column(0))


def _remove(cursor: duckdb.DuckDBPyConnection, key: str, condition: str, values: dict[str, Any]) -> int:
    table = decision_table(key)
    loads = [
        int(row[0])
        for row in cursor.execute(
            f"SELECT DISTINCT _load_id FROM {table} d WHERE {condition} ORDER BY 1", values
        ).fetchall()
    ]
    if not loads:
        return 0
    # rows that somebody changed by hand are seen before their new digest covers it
    state_digest.note_changes(cursor, key, loads)
    rows = cursor.execute(
        f"DELETE FROM {table} AS d WHERE {condition} RETURNING _load_id, _line", values
    ).to_arrow_table()
    cursor.register("rows_gone", rows)
    try:
        for beside, load, line in (
            ("label_claim", "row_load", "row_line"),
            ("attribution", "load_id", "line"),
        ):
            cursor.execute(
                f"""DELETE FROM {beside} AS b WHERE b.system = $key AND EXISTS (
                        SELECT 1 FROM rows_gone g WHERE g._load_id = b.{load} AND g._line = b.{line})""",
                {"key": key},
            )
    finally:
        cursor.unregister("rows_gone")
    forget_draws(cursor, key)
    state_digest.mark_decisions(cursor, key, loads)
    return int(rows.num_rows)
