"""Outcomes by the groups of a column, in one grouped scan: what fairness and segment checks start from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from plumbline.domain import System
from plumbline.domain.decisions import bare_name
from plumbline.profile.cluster import scans
from plumbline.store.sql import decision_table, ident
from plumbline.store.times import to_utc
from plumbline.store.workspace import naive


@dataclass(frozen=True, slots=True)
class GroupOutcomes:
    """One group's counts over the champion's decisions. Shadow decisions took no effect and are left out.

    ``positives``: decisions for the positive class; ``tp``, ``fp``, ``fn``, ``tn`` over labelled ones.
    """

    group: str
    n: int
    positives: int
    labelled: int
    tp: int
    fp: int
    fn: int
    tn: int


def group_sizes(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> list[tuple[str, int, int]]:
    """Groups of a column with decisions and labelled decisions, for any task, largest first."""
    elsewhere = scans.level_sizes(cursor, system, column)
    if elsewhere is not None:
        return elsewhere
    return cursor.execute(
        f"""SELECT {ident(column)}::VARCHAR AS grp, count(*), count(label) FROM {decision_table(system.key)}
            WHERE {ident(column)} IS NOT NULL AND coalesce(lower(arm), '') <> 'shadow'
            GROUP BY grp ORDER BY count(*) DESC, grp LIMIT 200"""
    ).fetchall()


def overridden(
    cursor: duckdb.DuckDBPyConnection, system: System, since: datetime | None = None
) -> tuple[int, int]:
    """Decisions with a logged human decision, and those of them in which the person decided otherwise."""
    since_sql = to_utc("$since::TIMESTAMP", system.timezone)
    row = cursor.execute(
        f"""SELECT count(override), count(*) FILTER (override <> prediction) FROM {decision_table(system.key)}
            WHERE coalesce(lower(arm), '') <> 'shadow' AND ($since IS NULL OR "timestamp" >= {since_sql})""",
        {"since": naive(since) if since else None},
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def mean_attributions(
    cursor: duckdb.DuckDBPyConnection, system: System, columns: list[str]
) -> dict[str, float]:
    """Mean absolute logged attribution by feature, over all decisions that carry them."""
    if not columns:
        return {}
    means = ", ".join(f"avg(abs({ident(column)}))" for column in columns)
    row = cursor.execute(f"SELECT {means} FROM {decision_table(system.key)}").fetchone()
    pairs = zip(columns, row or (), strict=False)
    return {bare_name(column): float(value) for column, value in pairs if value is not None}
