"""Decisions of a table in a cluster that share every input, counted there; see ``profile.scan.identical_inputs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from plumbline.domain import DecisionColumn, Kind, Repeats, System, Task
from plumbline.logs.cluster.cells import literal, spark_identifier
from plumbline.logs.cluster.sample_rows import is_erased
from plumbline.logs.cluster.table import ClusterReading
from plumbline.logs.load.settle import secret
from plumbline.profile.cluster.away import open_cluster
from plumbline.profile.cluster.scans import stored_columns

#: of each repeated input the hashes of the rows with the lowest and with the highest output
Ends = tuple[tuple[str, ...], ...]


def count_repeats(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    features: Sequence[DecisionColumn],
    places: Sequence[DecisionColumn],
    *,
    tolerance: float,
    reach: float,
) -> Repeats | None:
    """Decisions with the same version, features and places; None where the decisions lie here. Without examples."""
    with open_cluster(cursor, system) as place:
        if place is None:
            return None
        row = place.session.sql(
            f"""{_groups_sql(place.reading, system, features, places, tolerance, reach)}
                SELECT sum(n), sum(n) FILTER (WHERE differs AND NOT near), count(*),
                       count(*) FILTER (WHERE differs AND NOT near),
                       sum(n) FILTER (WHERE differs AND NOT near AND decided),
                       sum(n) FILTER (WHERE near), count(*) FILTER (WHERE near)
                FROM repeated"""
        ).collect()[0]
    decisions, conflicting, groups, conflicting_groups, decided, near, near_groups = (
        int(n or 0) for n in row
    )
    return Repeats(
        decisions=decisions,
        conflicting=conflicting,
        groups=groups,
        conflicting_groups=conflicting_groups,
        decided=decided,
        near=near,
        near_groups=near_groups,
        reach=reach,
    )


def repeat_ends(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    features: Sequence[DecisionColumn],
    places: Sequence[DecisionColumn],
    *,
    tolerance: float,
    reach: float,
    most: int,
) -> Ends:
    """Of the repeated inputs with the most decisions that differ, both ends of each; none where they lie here."""
    with open_cluster(cursor, system) as place:
        if place is None:
            return ()
        rows = place.session.sql(
            f"""{_groups_sql(place.reading, system, features, places, tolerance, reach)}
                SELECT first, last FROM repeated WHERE differs ORDER BY near, n DESC, first LIMIT {int(most)}"""
        ).collect()
    return tuple(tuple(dict.fromkeys((str(row[0]), str(row[1])))) for row in rows)


def rows_by_hash(
    cursor: duckdb.DuckDBPyConnection, system: System, hashes: Sequence[str]
) -> Mapping[str, Mapping[str, Any]]:
    """Rows of the table by their hash, by the columns of a decision table (see ``scans.decision_row``); without those
    that were erased here."""
    with open_cluster(cursor, system) as place:
        if place is None or not hashes:
            return {}
        wanted, decisions = stored_columns(place.reading)
        listed = ", ".join(literal(each) for each in hashes)
        table = place.session.sql(
            f"SELECT {wanted}, _row FROM ({decisions}) WHERE _row IN ({listed})"
        ).toArrow()
    rows = {str(row.pop("_row")): row for row in table.to_pylist()}
    hidden = secret(cursor)
    return {
        name: row | {"subject": None}
        for name, row in rows.items()
        if not is_erased(cursor, system.key, hidden, row["decision_id"], row["subject"])
    }


def _groups_sql(
    reading: ClusterReading,
    system: System,
    features: Sequence[DecisionColumn],
    places: Sequence[DecisionColumn],
    tolerance: float,
    reach: float,
) -> str:
    """Common table expressions that end in ``repeated`` (n, differs, decided, near, first, last), one row a repeated
    input. A hash of 64 bits tells which rows may have a like; only these are then grouped by the inputs themselves."""
    inputs = [*features, *places]
    names = [f"i{at}" for at in range(len(inputs))]
    # minus zero is zero, and has another hash
    values = [
        f"{spark_identifier(c.name)} + 0D" if c.kind is Kind.NUMERIC else spark_identifier(c.name)
        for c in inputs
    ]
    listed = ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))
    filled = " OR ".join(f"{spark_identifier(c.name)} IS NOT NULL" for c in features)
    keys = ", ".join(names)
    number, decided = "score", "coalesce(min(prediction) <> max(prediction), false)"
    if system.task is Task.REGRESSION:
        number, decided = "prediction", "false"
    apart = f"max({number}) - min({number})"
    differ = f"coalesce({apart} > {tolerance!r}D * greatest(abs(min({number})), abs(max({number}))), false)"
    output = "struct(prediction, score, _row)"
    return f"""
        WITH outputs AS (
            SELECT coalesce(version, '') AS v, {listed}, prediction, score, _row
            FROM ({reading.in_utc().decisions()})
            WHERE lower(coalesce(arm, '')) <> 'shadow' AND ({filled})
                AND (prediction IS NOT NULL OR score IS NOT NULL)),
        hashed AS (SELECT *, xxhash64(v, {keys}) AS h FROM outputs),
        shared AS (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1),
        repeated AS (
            SELECT count(*) AS n, {decided} OR {differ} AS differs, {decided} AS decided,
                   {differ} AND coalesce({apart} <= {reach!r}D, false) AS near,
                   min_by(_row, {output}) AS first, max_by(_row, {output}) AS last
            FROM (SELECT * FROM hashed LEFT SEMI JOIN shared USING (h)) GROUP BY v, {keys} HAVING count(*) > 1)"""
