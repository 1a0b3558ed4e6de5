"""Counts by protected attributes, their pairs, versions and months, in one scan; and who decided, by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import FloatArray, Kind, Slice, System, Task
from plumbline.profile.grids import value
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scope import VERSION, Scope, slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns

#: score cells by which calibration is measured
CELLS = 10
_NUMBERS = """count(*) AS n, count(*) FILTER (said) AS positives, count(came) AS labelled,
    count(*) FILTER (said AND came) AS tp, count(*) FILTER (said AND NOT came) AS fp,
    count(*) FILTER (NOT said AND came) AS fn, count(*) FILTER (NOT said AND NOT came) AS tn"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A protected column, its name, and the SQL that names a row's group: a value, or a range (``banded``)."""

    column: str
    name: str
    expression: str
    banded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """One group's counts: ``attributes`` and ``levels`` name it, ``version`` and ``month`` narrow it ("" or None: all).

    ``scores``: (CELLS, 3) labelled decisions with a score by cell of the score: how many, the sum of scores,
    and how many came true; no cells where the score is no probability.
    """

    attributes: tuple[str, ...]
    levels: tuple[str, ...]
    outcomes: GroupOutcomes
    scores: FloatArray
    version: str | None = None
    month: date | None = None


def attributes(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice) -> tuple[Attribute, ...]:
    """The protected columns; numbers are cut at their quartiles over the slice."""
    results = []
    for column in decision_columns(cursor, system.key):
        if column.role.role != "protected":
            continue
        expression = f"{ident(column.name)}::VARCHAR"
        banded = column.kind is Kind.NUMERIC
        if banded:
            expression = _bands(cursor, slice_scope(cursor, system, part), column.name)
        results.append(Attribute(column.name, column.role.name, expression, banded))
    return tuple(results)


def _bands(cursor: duckdb.DuckDBPyConnection, scope: Scope, column: str) -> str:
    """A number's quartile as ``18 to 29``."""
    row = cursor.execute(
        f"SELECT quantile_cont(x, [0.25, 0.5, 0.75]) FROM (SELECT {value(column)} AS x {scope.rows})",
        scope.params,
    ).fetchone()
    edges = [float(e) for e in dict.fromkeys(row[0])] if row and row[0] else []
    if not edges:
        return "NULL::VARCHAR"
    x = value(column)
    names = [f"up to {edges[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(edges))]
    cases = " ".join(f"WHEN {x} <= {edge!r} THEN '{name}'" for edge, name in zip(edges, names, strict=True))
    return f"CASE {cases} WHEN {x} IS NOT NULL THEN 'over {edges[-1]:g}' END"


def count_by_group(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice,
    attributes: Sequence[Attribute],
    *,
    over_time: bool = True,
) -> list[GroupCounts]:
    """Every group of every attribute, of every pair, and (``over_time``) by version and by month; shadow left out.

    Rows without a value of an attribute are no group of it. Largest groups first.
    """
    if not attributes or system.task is not Task.BINARY or system.positive is None:
        return []
    keys = [f"a{i}" for i in range(len(attributes))]
    sets = [(key,) for key in keys] + list(combinations(keys, 2))
    periods = ("version", "month") if over_time else ()
    sets += [(key, more) for key in keys for more in periods]
    grouping = ", ".join("(" + ", ".join(s) + ")" for s in sets)
    named = ", ".join(f"{a.expression} AS {key}" for a, key in zip(attributes, keys, strict=True))
    scope = slice_scope(cursor, system, part)
    rows = cursor.execute(
        f"""SELECT {", ".join(keys)}, {"version, month" if over_time else "NULL, NULL"},
                   [{", ".join(f"grouping({key})" for key in (*keys, *periods))}] AS out, {_NUMBERS},
                   [{", ".join(f"count(*) FILTER (cell = {c})" for c in range(CELLS))}],
                   [{", ".join(f"coalesce(sum(p) FILTER (cell = {c}), 0)" for c in range(CELLS))}],
                   [{", ".join(f"count(*) FILTER (cell = {c} AND came)" for c in range(CELLS))}]
            FROM (SELECT *, CASE WHEN came IS NOT NULL AND p BETWEEN 0 AND 1
                                 THEN least(floor(p * {CELLS}), {CELLS - 1})::INTEGER END AS cell
                  FROM (SELECT {named}, {VERSION} AS version,
                               CAST(date_trunc('month', "timestamp") AS DATE) AS month,
                               prediction = $positive AS said, label = $positive AS came, score AS p
                        {scope.rows} AND prediction IS NOT NULL))
            GROUP BY GROUPING SETS ({grouping}) ORDER BY n DESC, 1, 2""",
        scope.params | {"positive": system.positive},
    ).fetchall()
    return [counts for row in rows if (counts := _counts(row, attributes)) is not None]


def _counts(row: tuple[Any, ...], attributes: Sequence[Attribute]) -> GroupCounts | None:
    """One row of the scan; None where it is of rows without the attribute."""
    k = len(attributes)
    out = [*row[k + 2], 1, 1][: k + 2]  # version and month are out where they were not asked for
    chosen = [i for i in range(k) if not out[i]]
    if any(row[i] is None for i in chosen):
        return None
    levels = tuple(str(row[i]) for i in chosen)
    return GroupCounts(
        attributes=tuple(attributes[i].name for i in chosen),
        levels=levels,
        outcomes=GroupOutcomes(" and ".join(levels), *(int(x) for x in row[k + 3 : k + 10])),
        scores=np.array(row[k + 10 : k + 13], dtype=float).T,
        version=None if out[k] else str(row[k]),
        month=None if out[k + 1] else row[k + 1],
    )


@dataclass(frozen=True, slots=True)
class OversightCounts:
    """Who decided in one month under one version: decisions, those a person looked at, those overruled, and of
    the overruled and the confirmed ones with a known outcome, how often the person's decision came true."""

    month: date
    version: str
    n: int
    reviewed: int
    overruled: int
    overruled_known: int
    overruled_right: int
    confirmed_known: int
    confirmed_right: int


def hands(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice) -> list[OversightCounts]:
    """Who decided, by month and version, shadow left out; for numbers a person is right within the model's error."""
    scope = slice_scope(cursor, system, part)
    right = "override = label"
    if system.task is Task.REGRESSION:
        right = "abs(override - label) < abs(prediction - label)"
    differs, same = "override <> prediction", "override = prediction"
    rows = cursor.execute(
        f"""SELECT CAST(date_trunc('month', "timestamp") AS DATE) AS month, {VERSION} AS version, count(*),
                   count(override), count(*) FILTER ({differs}),
                   count(label) FILTER ({differs}), count(*) FILTER ({differs} AND {right}),
                   count(label) FILTER ({same}), count(*) FILTER ({same} AND override = label)
            {scope.rows} GROUP BY 1, 2 ORDER BY 1, 2""",
        scope.params,
    ).fetchall()
    return [OversightCounts(*row) for row in rows]
