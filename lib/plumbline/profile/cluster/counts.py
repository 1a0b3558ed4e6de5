"""Counting the decisions of one load in its cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from plumbline.domain import LARGEST_NUMBER, Kind, System
from plumbline.logs.cluster.attachments import Window
from plumbline.logs.cluster.cells import spark_identifier
from plumbline.logs.cluster.table import ClusterReading
from plumbline.profile.cluster.away import open_cluster
from plumbline.profile.cluster.parcel import count_function, write_parcel
from plumbline.profile.constants import ERROR, MAX_LEVELS, NAMED_OTHERS
from plumbline.profile.grids import Grid
from plumbline.profile.partial import rows
from plumbline.profile.partial.grid_plan import count_plan
from plumbline.profile.partial.plan import PRESENCE, CountPlan
from plumbline.profile.partial.sums import REST, Sums


def count_window(
    session: Any,
    reading: ClusterReading,
    plan: CountPlan,
    window: Window,
    since: date | None = None,
) -> Sums:
    """Count the decisions of one load, all or those since a day; nothing is stored."""
    with tempfile.TemporaryDirectory() as folder:
        parcel = write_parcel(Path(folder))
        if parcel.name not in _SENT.setdefault(session.session_id, set()):
            session.addArtifact(str(parcel), pyfile=True)
            _SENT[session.session_id].add(parcel.name)
    batches = session.sql(batch_query(reading, plan, window, since))
    partial = batches.mapInArrow(count_function(plan), _SPARK_SCHEMA)
    partial.createOrReplaceTempView("plumbline_partial")
    return Sums(session.sql(_sums_sql(plan)).toArrow(), plan)


def count_in_cluster(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    load_id: int,
    grids: Sequence[Grid],
    wanted: Sequence[Grid],
    decided: bool,
    since: date | None,
) -> Sums | None:
    """The counts of one load of a system whose decisions lie in a cluster; None where they lie here.

    Raises:
        PlumblineError: the cluster cannot be reached, or fails.
    """
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        known = [grid for grid in wanted if grid.column != ERROR and grid.first_load <= load_id]
        plan = count_plan(cursor, system, grids, known, decided=decided)
        return count_window(place.session, place.reading, plan, place.window(load_id), since)


#: sessions -> the parcels that they have
_SENT: dict[str, set[str]] = {}
_TYPES = {"part": "int", "day": "int", "x": "double", "y": "double"}
_TYPES |= dict.fromkeys(("version", "arm", "name", "other"), "string")
_SPARK_SCHEMA = ", ".join(f"{name} {_TYPES.get(name, 'bigint')}" for name in (*rows.KEYS, *rows.SUMS))
_SUMMED = ", ".join(f"{how}({name}) AS {name}" for name, how in rows.SUMS.items())
_GROUP = "part, version, arm, day"
_ADDED = f"SELECT {', '.join(rows.KEYS)}, {_SUMMED} FROM plumbline_partial GROUP BY {', '.join(rows.KEYS)}"
#: the same where a column may have very many levels: those that its grid lacks travel by name as far as they are named,
#: the rest as one number
_SHORTENED = f"""
    SELECT {_GROUP}, CASE WHEN beyond THEN CAST({REST} AS BIGINT) ELSE code END AS code,
           CASE WHEN NOT beyond THEN name END AS name, other, {_SUMMED}
    FROM (SELECT *, part >= 0 AND code = {rows.UNSEEN} AND row_number() OVER (
              PARTITION BY {_GROUP}, code ORDER BY n DESC, name) > {NAMED_OTHERS} AS beyond FROM ({_ADDED}))
    GROUP BY 1, 2, 3, 4, 5, 6, 7"""


def _sums_sql(plan: CountPlan) -> str:
    full = any(not c.numeric and len(c.bins.levels) >= MAX_LEVELS for c in plan.columns)
    return _SHORTENED if full else _ADDED


def batch_query(reading: ClusterReading, plan: CountPlan, window: Window, since: date | None) -> str:
    """The query of the rows that the counter takes: see ``CountPlan``."""
    columns = {name: spark_identifier(name) for name in ("version", "arm")}
    columns |= {c.column: spark_identifier(c.column) for c in plan.columns}
    columns["timestamp"] = "unix_micros(`timestamp`)"
    if plan.decided:
        columns |= {name: spark_identifier(name) for name in ("prediction", "label", "score")}
        columns |= {f"proba:{name}": spark_identifier(f"proba:{name}") for name in plan.probabilities}
        columns |= {name: f"unix_micros({spark_identifier(name)})" for name in ("label_time", "trained_at")}
        conditions = _presence(reading, window)
        columns |= {f"holds:{name}": f"coalesce({conditions[name]}, false)" for name in PRESENCE}
    listed = ", ".join(f"{sql} AS {spark_identifier(name)}" for name, sql in columns.items())
    days = f" WHERE `timestamp` >= DATE '{since.isoformat()}'" if since else ""
    return f"SELECT {listed} FROM ({reading.decisions([window])}){days}"


def _presence(reading: ClusterReading, window: Window) -> dict[str, str]:
    conditions = {name: f"{spark_identifier(name)} IS NOT NULL" for name in PRESENCE}
    features = [c for c in reading.named if c.role.role == "feature" and c.first_load <= window.load_id]
    filled = [
        f"abs({spark_identifier(c.name)}) <= {LARGEST_NUMBER!r}D"
        if c.kind is Kind.NUMERIC
        else f"{spark_identifier(c.name)} IS NOT NULL"
        for c in features
    ]
    known = any(c.role.role == "feature" for c in reading.named)
    conditions["features"] = " AND ".join(filled) or str(known).lower()
    given = [spark_identifier(c.name) for c in reading.named if c.role.role == "attribution"]
    conditions["explanation"] = f"coalesce({', '.join(given)}) IS NOT NULL" if given else "false"
    return conditions


def frequent_levels_query(reading: ClusterReading, columns: Sequence[str], where: str, most: int) -> str:
    """The query of the most frequent levels of some columns: column, level, n, and how many rows have one."""
    pairs = ", ".join(f"{i}, CAST({spark_identifier(name)} AS STRING)" for i, name in enumerate(columns))
    return f"""
        WITH counted AS (
            SELECT place, level, count(*) AS n FROM (
                SELECT stack({len(columns)}, {pairs}) AS (place, level) FROM ({reading.decisions()}) WHERE {where})
            WHERE level IS NOT NULL GROUP BY 1, 2),
        ranked AS (
            SELECT *, sum(n) OVER (PARTITION BY place) AS total,
                   row_number() OVER (PARTITION BY place ORDER BY n DESC, level) AS rank FROM counted)
        SELECT place, level, n, total FROM ranked WHERE rank <= {int(most)} ORDER BY place, rank"""
