"""The SQL that counts when decisions came, what each held, and how long labels took."""

from __future__ import annotations

import duckdb

from plumbline.domain import TEXT, Kind, System, Task
from plumbline.profile.constants import DELAY_CELLS
from plumbline.profile.grids import value
from plumbline.profile.scope import ARM, DAY, VERSION, Scope
from plumbline.store.sql import Statement, ident
from plumbline.store.systems import decision_columns

#: what ``present`` counts, in the order of the stored array
PRESENCE = (
    "decision_id", "score", "label", "version", "features", "explanation", "override", "subject",
    "trained_at",
)  # fmt: skip
HOUR_COLUMNS = "version, arm, hour, first_at, last_at, trained, n, positives, n_labelled, correct"
PRESENCE_COLUMNS = "version, arm, day, n, present, hours"
DELAY_COLUMNS = "version, arm, day, n, counts"
_KEY = f"{VERSION} AS version, {ARM} AS arm"


def hour_statement(system: System, scope: Scope) -> Statement:
    """The statement (text, parameters) that yields HOUR_COLUMNS over the scope."""
    params = dict(scope.params)
    positives, correct = "0", "count(*) FILTER (prediction = label)"
    if system.task is Task.REGRESSION:
        positives, correct = "coalesce(fsum(CASE WHEN isfinite(prediction) THEN prediction END), 0)", "0"
    elif system.task is Task.BINARY and system.positive is not None:
        positives = "count(*) FILTER (prediction = $positive)"
        params["positive"] = system.positive
    sql = f"""
        SELECT {_KEY}, date_trunc('hour', "timestamp")::TIMESTAMP AS hour, min("timestamp") AS first_at,
               max("timestamp") AS last_at, max(trained_at) AS trained, count(*)::UINTEGER AS n,
               ({positives})::DOUBLE AS positives, count(label)::UINTEGER AS n_labelled,
               ({correct})::UINTEGER AS correct
        {scope.rows} GROUP BY ALL"""
    return Statement(sql, params)


def presence_condition(cursor: duckdb.DuckDBPyConnection, system: System, name: str) -> str:
    """The SQL of whether a row holds one of ``PRESENCE``: see ``presence_statement``."""
    return _conditions(cursor, system)[name]


def _conditions(cursor: duckdb.DuckDBPyConnection, system: System) -> dict[str, str]:
    columns = decision_columns(cursor, system.key)
    texts = {c.source.lower(): f" OR {ident(c.name)} IS NOT NULL" for c in columns if c.role.role == TEXT}
    features = [
        f"(_load_id < {c.first_load} OR "
        f"{value(c.name) if c.kind is Kind.NUMERIC else ident(c.name)} IS NOT NULL{texts.get(c.name.lower(), '')})"
        for c in columns
        if c.role.role == "feature"
    ]
    attributions = [ident(c.name) for c in columns if c.role.role == "attribution"]
    conditions = {name: f"{ident(name)} IS NOT NULL" for name in PRESENCE}
    conditions["features"] = " AND ".join(features) or "false"
    conditions["explanation"] = (
        f"coalesce({', '.join(attributions)}) IS NOT NULL" if attributions else "false"
    )
    return conditions


def presence_statement(cursor: duckdb.DuckDBPyConnection, system: System, scope: Scope) -> Statement:
    """The statement that yields PRESENCE_COLUMNS over the scope.

    ``features``: all features that were known when the decision's load was made are there (numbers finite, or what
    stood in their place, kept as text);
    ``explanation``: at least one attribution is.
    """
    conditions = _conditions(cursor, system)
    present = ", ".join(f"count(*) FILTER ({conditions[name]})" for name in PRESENCE)
    sql = f"""
        SELECT {_KEY}, {DAY} AS day, count(*)::UINTEGER AS n, [{present}]::UINTEGER[] AS present,
               list_resize(map_values(histogram(hour("timestamp"), range(24))), 24, 0)::UINTEGER[] AS hours
        {scope.rows} GROUP BY ALL"""
    return Statement(sql, dict(scope.params))


def positive_delay_statement(scope: Scope, positive: str) -> Statement:
    """The statement that yields day, whole days until the label (at most ``DELAY_CELLS`` - 1) and how many labels of
    the positive class took so long."""
    last = DELAY_CELLS - 1
    sql = f"""
        SELECT {DAY} AS day, least(greatest(date_sub('day', "timestamp", label_time), 0), {last}) AS k, count(*) AS n
        {scope.rows} AND label = $positive AND label_time IS NOT NULL GROUP BY ALL ORDER BY ALL"""
    return Statement(sql, {**scope.params, "positive": positive})


def delay_statement(scope: Scope) -> Statement:
    """The statement that yields DELAY_COLUMNS over the scope; a label before its decision counts as day 0."""
    last = DELAY_CELLS - 1
    sql = f"""
        WITH delays AS (
            SELECT {_KEY}, {DAY} AS day,
                   CASE WHEN label IS NOT NULL AND label_time IS NOT NULL
                        THEN least(greatest(date_sub('day', "timestamp", label_time), 0), {last}) END AS k
            {scope.rows})
        SELECT version, arm, day, count(*)::UINTEGER AS n,
               list_resize(coalesce(map_values(histogram(k, range({DELAY_CELLS}))), []),
                           {DELAY_CELLS}, 0)::UINTEGER[] AS counts
        FROM delays GROUP BY ALL"""
    return Statement(sql, dict(scope.params))
