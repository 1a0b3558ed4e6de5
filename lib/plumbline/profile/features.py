"""The SQL that counts features: one scan a batch of numeric columns, one grouping a categorical column.

Every statement yields the columns of the table ``profile_feature`` from ``col`` on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from plumbline.domain import Bins, Kind
from plumbline.profile.scope import ARM, DAY, VERSION, Scope
from plumbline.store.sql import ident

#: numeric columns counted in one scan; bounds the memory that the histograms take
BATCH = 32
#: unseen levels kept by name for each day, version and arm of one load; the rest are only counted
NAMED_OTHERS = 50
COLUMNS = "col, version, arm, day, counts, missing, total, squares, other, other_n"


@dataclass(frozen=True, slots=True)
class Grid:
    """The frozen bins of one column of the decision table.

    ``first_load``: the load that brought the column; decisions of earlier loads lack it, they do not
    miss it. ``basis``: "reference", or "load N" where the reference holds no value. ``rows_used`` of
    ``rows_available`` values made the grid (fewer where the reference was sampled).
    """

    column: str
    bins: Bins
    first_load: int = 0
    basis: str = "reference"
    rows_available: int = 0
    rows_used: int = 0


def statements(grids: Sequence[Grid], scope: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements (text, parameters) that together count every grid's column over the scope."""
    numeric = [grid for grid in grids if grid.bins.kind is Kind.NUMERIC]
    for at in range(0, len(numeric), BATCH):
        yield _numeric(numeric[at : at + BATCH], scope)
    for grid in grids:
        if grid.bins.kind is Kind.CATEGORICAL:
            yield _categorical(grid, scope)


def value(column: str) -> str:
    """A numeric column's finite values; NaN and infinities count as missing."""
    return f"CASE WHEN isfinite({ident(column)}) THEN {ident(column)} END"


def _numeric(grids: Sequence[Grid], scope: Scope) -> tuple[str, dict[str, Any]]:
    """``histogram(x, edges)`` counts edges[i-1] < x <= edges[i], and adds a last cell only when needed."""
    values, counted, rows = [], [], []
    params = dict(scope.params)
    for i, grid in enumerate(grids):
        edges, cells = f"edges{i}", grid.bins.cells
        params |= {edges: grid.bins.edges.tolist(), f"col{i}": grid.column, f"since{i}": grid.first_load}
        values.append(f"{value(grid.column)} AS x{i}")
        counted.append(
            f"map_values(histogram(x{i}, ${edges}::DOUBLE[])) AS h{i}, count(x{i}) AS c{i}, "
            f"sum(x{i}) AS s{i}, sum(x{i} * x{i}) AS q{i}, count(*) FILTER (_load_id >= $since{i}) AS n{i}"
        )
        rows.append(
            f"{{'col': $col{i}::VARCHAR, 'counts': list_resize(coalesce(h{i}, []), {cells}, 0)::UINTEGER[], "
            f"'missing': (greatest(n{i}, c{i}) - c{i})::UINTEGER, 'total': coalesce(s{i}, 0)::DOUBLE, "
            f"'squares': coalesce(q{i}, 0)::DOUBLE}}"
        )
    sql = f"""
        WITH counted AS (
            SELECT version, arm, day, {", ".join(counted)}
            FROM (SELECT {VERSION} AS version, {ARM} AS arm, {DAY} AS day, _load_id, {", ".join(values)}
                  {scope.rows})
            GROUP BY version, arm, day),
        unfolded AS (SELECT version, arm, day, unnest([{", ".join(rows)}]) AS f FROM counted)
        SELECT f.col, version, arm, day, f.counts, f.missing, f.total, f.squares,
               []::VARCHAR[] AS other, []::UINTEGER[] AS other_n
        FROM unfolded WHERE f.missing + list_sum(f.counts) > 0"""
    return sql, params


def _categorical(grid: Grid, scope: Scope) -> tuple[str, dict[str, Any]]:
    params = scope.params | {
        "col": grid.column, "levels": list(grid.bins.levels), "since": grid.first_load,
        "cells": grid.bins.cells,
    }  # fmt: skip
    named = f"place = $cells AND rank <= {NAMED_OTHERS}"
    sql = f"""
        WITH grouped AS (
            SELECT {VERSION} AS version, {ARM} AS arm, {DAY} AS day, {ident(grid.column)}::VARCHAR AS level,
                   count(*) AS n, count(*) FILTER (_load_id >= $since) AS n_since
            {scope.rows} GROUP BY ALL),
        known AS (
            SELECT unnest($levels::VARCHAR[]) AS level, generate_subscripts($levels::VARCHAR[], 1) AS place),
        placed AS (
            SELECT g.*, CASE WHEN g.level IS NOT NULL THEN coalesce(k.place, $cells) END AS place,
                   row_number() OVER (PARTITION BY version, arm, day, k.place IS NULL AND g.level IS NOT NULL
                                      ORDER BY n DESC, g.level) AS rank
            FROM grouped g LEFT JOIN known k USING (level)),
        celled AS (
            SELECT version, arm, day, place, sum(n) AS n FROM placed WHERE place IS NOT NULL GROUP BY ALL),
        counted AS (
            SELECT version, arm, day, map(list(place), list(n)) AS cells FROM celled GROUP BY ALL),
        named AS (
            SELECT version, arm, day, coalesce(sum(n_since) FILTER (level IS NULL), 0)::UINTEGER AS missing,
                   coalesce(list(level ORDER BY rank) FILTER ({named}), [])::VARCHAR[] AS other,
                   coalesce(list(n ORDER BY rank) FILTER ({named}), [])::UINTEGER[] AS other_n
            FROM placed GROUP BY ALL)
        SELECT $col::VARCHAR AS col, version, arm, day,
               list_transform(range(1, $cells + 1), lambda i: coalesce(c.cells[i], 0))::UINTEGER[] AS counts,
               missing, 0::DOUBLE AS total, 0::DOUBLE AS squares, other, other_n
        FROM named LEFT JOIN counted c USING (version, arm, day)
        WHERE missing > 0 OR c.cells IS NOT NULL"""
    return sql, params
