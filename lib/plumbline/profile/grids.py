"""The frozen bins of a column, and the SQL that counts a column of very many levels."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain import LARGEST_NUMBER, Bins
from plumbline.profile.constants import NAMED_OTHERS
from plumbline.profile.scope import ARM, DAY, VERSION, Scope
from plumbline.store.sql import Statement, ident

#: the columns of the table ``profile_feature`` from ``col`` on
COLUMNS = "col, version, arm, day, counts, missing, total, squares, other, other_n"


@dataclass(frozen=True, slots=True, kw_only=True)
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


def value(column: str) -> str:
    """A numeric column's finite values; NaN, infinities and what is as good as one count as missing."""
    return f"CASE WHEN {countable(column)} THEN {ident(column)} END"


def countable(column: str) -> str:
    """Whether a numeric column has a value that counts as one; see ``value``."""
    return f"abs({ident(column)}) <= {LARGEST_NUMBER!r}"


def categorical(grid: Grid, scope: Scope) -> Statement:
    """The statement (text, parameters) that counts one column of levels over the scope: ``COLUMNS``."""
    params = scope.params | {
        "col": grid.column,
        "levels": list(grid.bins.levels),
        "since": grid.first_load,
        "cells": grid.bins.cells,
    }
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
    return Statement(sql, params)
