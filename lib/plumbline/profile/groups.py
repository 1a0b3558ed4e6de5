"""Outcomes by the groups of a column, in one grouped scan: what fairness and segment checks start from."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from plumbline.domain import System
from plumbline.store.sql import decision_table, ident


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


def group_outcomes(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> list[GroupOutcomes]:
    """Counts of every group of a segment or protected column, largest first; rows without a value left out.

    Args:
        column: its name in the decision table, e.g. ``protected:sex``.
    """
    rows = cursor.execute(
        f"""SELECT {ident(column)}::VARCHAR AS grp, count(*),
                   count(*) FILTER (prediction = $positive), count(label),
                   count(*) FILTER (prediction = $positive AND label = $positive),
                   count(*) FILTER (prediction = $positive AND label <> $positive),
                   count(*) FILTER (prediction <> $positive AND label = $positive),
                   count(*) FILTER (prediction <> $positive AND label <> $positive)
            FROM {decision_table(system.key)}
            WHERE {ident(column)} IS NOT NULL AND coalesce(lower(arm), '') <> 'shadow'
            GROUP BY grp ORDER BY count(*) DESC, grp LIMIT 200""",
        {"positive": system.positive},
    ).fetchall()
    return [GroupOutcomes(*row) for row in rows]


def group_sizes(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> list[tuple[str, int, int]]:
    """Groups of a column with decisions and labelled decisions, for any task, largest first."""
    return cursor.execute(
        f"""SELECT {ident(column)}::VARCHAR AS grp, count(*), count(label) FROM {decision_table(system.key)}
            WHERE {ident(column)} IS NOT NULL AND coalesce(lower(arm), '') <> 'shadow'
            GROUP BY grp ORDER BY count(*) DESC, grp LIMIT 200"""
    ).fetchall()
