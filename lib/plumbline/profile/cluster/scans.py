"""Questions about every decision of a table in a cluster, which no sample answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from plumbline.domain import SINGLE_ROLES, System
from plumbline.logs.cluster.cells import literal, spark_identifier
from plumbline.logs.cluster.sample_rows import is_erased
from plumbline.logs.cluster.table import ClusterReading
from plumbline.logs.load.settle import secret
from plumbline.profile.cluster.away import open_cluster
from plumbline.profile.constants import DELAY_CELLS
from plumbline.profile.count.stream import DAY

#: levels of a column that are told apart
_MOST = 200


def duplicate_ids(cursor: duckdb.DuckDBPyConnection, system: System) -> int | None:
    """Decisions whose id an earlier decision of the same arm had, counted in the cluster; None where they lie here."""
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        row = place.session.sql(
            f"""SELECT count(decision_id) - count(DISTINCT coalesce(arm, ''), decision_id)
                FROM ({place.reading.decisions()}) WHERE decision_id IS NOT NULL"""
        ).collect()[0]
        return int(row[0])


def level_sizes(
    cursor: duckdb.DuckDBPyConnection, system: System, column: str
) -> list[tuple[str, int, int]] | None:
    """Levels of a column with decisions and labelled ones, largest first, shadow left out; None where they lie here."""
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        rows = place.session.sql(
            f"""SELECT CAST({spark_identifier(column)} AS STRING) AS level, count(*) AS n, count(label) AS labelled
                FROM ({place.reading.decisions()})
                WHERE {spark_identifier(column)} IS NOT NULL AND coalesce(lower(arm), '') <> 'shadow'
                GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_MOST}"""
        ).collect()
        return [(str(row[0]), int(row[1]), int(row[2])) for row in rows]


def longest_pauses(
    cursor: duckdb.DuckDBPyConnection, system: System, since: datetime, until: datetime
) -> list[int] | None:
    """The longest pause, in seconds, that ended on each day of the decisions after ``since`` up to ``until`` (on the
    clock of the zone); a day of one pause that began before is left out. None where the decisions lie here.

    Decisions of one second are one, so that no more than the seconds of a day are put in order at once.
    """
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        span = f"`timestamp` > TIMESTAMP '{since.isoformat(' ')}' AND `timestamp` <= TIMESTAMP '{until.isoformat(' ')}'"
        days = place.session.sql(
            f"""SELECT day, min(s), max(s), max(pause) FROM (
                    SELECT day, s, coalesce(s - lag(s) OVER (PARTITION BY day ORDER BY s),
                                            CASE WHEN n > 1 THEN 0 END) AS pause FROM (
                        SELECT CAST(`timestamp` AS DATE) AS day, unix_seconds(`timestamp`) AS s, count(*) AS n
                        FROM ({place.reading.decisions(since=since.date())}) WHERE {span} GROUP BY 1, 2))
                GROUP BY day ORDER BY day"""
        ).collect()
    pauses: list[int] = []
    end: int | None = None
    for _, first, last, within in days:
        ended = ([] if within is None else [int(within)]) + ([] if end is None else [int(first) - end])
        pauses += [max(ended)] if ended else []
        end = int(last)
    return pauses


def positive_delays(
    cursor: duckdb.DuckDBPyConnection, system: System, positive: str
) -> list[tuple[date, int, int]] | None:
    """Day, whole days until the label (at most ``DELAY_CELLS`` - 1) and how many labels of the positive class took so
    long, shadow left out; None where the decisions lie here."""
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        waited = f"(unix_micros(label_time) - unix_micros(`timestamp`)) DIV {DAY}"
        rows = place.session.sql(
            f"""SELECT CAST(`timestamp` AS DATE), least(greatest({waited}, 0), {DELAY_CELLS - 1}) AS k, count(*)
                FROM ({place.reading.decisions()}) WHERE label = {literal(positive)} AND label_time IS NOT NULL
                    AND lower(coalesce(arm, '')) <> 'shadow' GROUP BY 1, 2 ORDER BY 1, 2"""
        ).collect()
        return [(row[0], int(row[1]), int(row[2])) for row in rows]


def decision_row(
    cursor: duckdb.DuckDBPyConnection, system: System, decision_id: str
) -> Mapping[str, Any] | None:
    """A decision that the sample lacks, by the columns of a decision table; None where there is none, it was erased,
    or all lie here.

    It has no line of a file (0), and the person is left out: here a person is only ever kept as a hash.
    """
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        wanted, stored = stored_columns(place.reading)
        row = place.session.sql(
            f"""SELECT {wanted} FROM ({stored}) WHERE decision_id = {literal(decision_id)}
                ORDER BY lower(coalesce(arm, '')) = 'shadow', _utc DESC LIMIT 1"""
        ).toArrow()
        rows: list[dict[str, Any]] = row.to_pylist()
        if not rows or is_erased(cursor, system.key, secret(cursor), decision_id, rows[0]["subject"]):
            return None
        return rows[0] | {"subject": None}


def stored_columns(reading: ClusterReading) -> tuple[str, str]:
    """The columns of a decision table as Spark SQL, and the query that they are of: times as they are stored."""
    stored = reading.in_utc()
    names = ", ".join(spark_identifier(name) for name in (*SINGLE_ROLES, *(c.name for c in stored.named)))
    return f"{names}, _load AS _load_id, CAST(0 AS BIGINT) AS _line", stored.decisions()
