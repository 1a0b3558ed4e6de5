"""The SQL that counts what was predicted and what came true, for the tables outcome and confusion.

Log loss (natural logarithm, probabilities clipped to [1e-15, 1 - 1e-15]) and Brier score are sums of row
losses, so they add up exactly. Binary: log loss of P(positive) and (score - y)^2. Multiclass: log loss
of the true class's ``proba:`` column and the sum over classes of (p_k - y_k)^2, as scikit-learn has it.
A score outside [0, 1] has no loss and no cell; a system whose reference holds such scores has none at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from plumbline.domain import REGRESSION_MOMENTS, System, Task
from plumbline.profile.constants import CLIP, ERROR_BASE, ERROR_ZERO
from plumbline.profile.count.scores import BY_NUMBER
from plumbline.profile.grids import Grid
from plumbline.profile.scope import ARM, DAY, VERSION, Scope
from plumbline.store.sql import Statement, ident
from plumbline.store.systems import decision_columns

OUTCOME_COLUMNS = (
    "version, arm, day, n, n_labelled, n_scored, sum_log_loss, sum_brier, cells_negative, cells_positive, "
    "cells_unlabelled, moments, error_cells"
)
CONFUSION_COLUMNS = "version, arm, day, prediction, label, n"
_KEY = f"{VERSION} AS version, {ARM} AS arm, {DAY} AS day"
_NONE = "[]::UINTEGER[]"
#: p = prediction, y = label, e = p - y, all finite; in the order of REGRESSION_MOMENTS
_MOMENTS = {
    "err": "e",
    "abs": "abs(e)",
    "sq": "e * e",
    "y": "y",
    "y2": "y * y",
    "over": "greatest(e, 0)",
    "under": "greatest(-e, 0)",
    "ape": "CASE WHEN y <> 0 THEN abs(e / y) END",
    "n_nonzero": "CASE WHEN y <> 0 THEN 1 END",
    "smape": "CASE WHEN y <> 0 THEN 2 * abs(e) / (abs(p) + abs(y)) END",
    "abs2": "e * e",
    "sq2": "e * e * e * e",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """How a row's losses are computed: ``probability`` of the positive (binary) or true class, NULL where
    the row has none; ``brier`` of a row. Both are None for a system without probabilities."""

    probability: str | None = None
    brier: str | None = None
    brier_columns: str = ""  # what ``brier`` reads beside p and label
    params: tuple[tuple[str, str], ...] = ()
    cells: bool = False  # score cells: binary only


def losses(cursor: duckdb.DuckDBPyConnection, system: System, score: Grid | None) -> Losses:
    """What the log allows: see the module's text. ``score`` is the frozen grid of the score."""
    if system.task is Task.BINARY and system.positive is not None and score is not None:
        edges = score.bins.edges
        # the lowest edge is the largest float below the minimum
        if edges.size and (edges[1:2].min(initial=0.0) < 0 or edges[-1] > 1):
            return Losses()
        return Losses(
            probability="CASE WHEN score BETWEEN 0 AND 1 THEN score END",
            brier="pow(p - (label = $positive)::INTEGER, 2)",
            brier_columns="",
            params=(("positive", system.positive),),
            cells=True,
        )
    if system.task is Task.MULTICLASS:
        named = [c.role.name for c in decision_columns(cursor, system.key) if c.role.role == "proba"]
        if not named:
            return Losses()
        columns = [ident(f"proba:{name}") for name in named]
        ok = " AND ".join(f"{c} BETWEEN 0 AND 1" for c in columns)
        chosen = " ".join(f"WHEN $class{i} THEN {c}" for i, c in enumerate(columns))
        known = ", ".join(f"$class{i}" for i in range(len(columns)))
        squares = " + ".join(f"pow(p{i} - (label = $class{i})::INTEGER, 2)" for i in range(len(columns)))
        return Losses(
            probability=f"CASE WHEN {ok} AND label IN ({known}) THEN CASE label {chosen} END END",
            brier=squares,
            brier_columns="".join(f", {c} AS p{i}" for i, c in enumerate(columns)),
            params=tuple((f"class{i}", name) for i, name in enumerate(named)),
        )
    return Losses()


def outcome_statement(system: System, scope: Scope, how: Losses) -> Statement:
    """The statement (text, parameters) that yields OUTCOME_COLUMNS over the scope; score cells are left empty
    (``score_counts``)."""
    if system.task is Task.REGRESSION:
        return _regression(scope)
    return _classification(scope, how)


def _classification(scope: Scope, how: Losses) -> Statement:
    params = scope.params | dict(how.params)
    if how.probability is None or how.brier is None:
        return Statement(
            f"""SELECT {_KEY}, count(*)::UINTEGER AS n, count(label)::UINTEGER AS n_labelled,
                0::UINTEGER AS n_scored, 0::DOUBLE AS sum_log_loss, 0::DOUBLE AS sum_brier,
                {_NONE} AS cells_negative, {_NONE} AS cells_positive, {_NONE} AS cells_unlabelled,
                []::DOUBLE[] AS moments, {_NONE} AS error_cells
                {scope.rows} GROUP BY version, arm, day""",
            dict(scope.params),
        )
    clipped = f"least(greatest(p, {CLIP}), 1 - {CLIP})"
    chosen = f"CASE WHEN label = $positive THEN {clipped} ELSE 1 - {clipped} END" if how.cells else clipped
    sql = f"""
        WITH decided AS (
            SELECT {_KEY}, label, {how.probability} AS p {how.brier_columns} {scope.rows}),
        row_losses AS (
            SELECT version, arm, day, label,
                   label IS NOT NULL AND p IS NOT NULL AS scored,
                   CASE WHEN scored THEN -ln({chosen}) END AS loss,
                   CASE WHEN scored THEN {how.brier} END AS brier
            FROM decided)
        SELECT version, arm, day, count(*)::UINTEGER AS n, count(label)::UINTEGER AS n_labelled,
               count(loss)::UINTEGER AS n_scored, coalesce(fsum(loss), 0) AS sum_log_loss,
               coalesce(fsum(brier), 0) AS sum_brier,
               {_NONE} AS cells_negative, {_NONE} AS cells_positive, {_NONE} AS cells_unlabelled,
               []::DOUBLE[] AS moments, {_NONE} AS error_cells
        FROM row_losses GROUP BY ALL"""
    return Statement(sql, params)


def _regression(scope: Scope) -> Statement:
    moments = ", ".join(f"coalesce(fsum({_MOMENTS[name]}), 0)" for name in REGRESSION_MOMENTS)
    place = f"CASE WHEN e = 0 THEN 0 ELSE floor(ln(abs(e)) / ln({ERROR_BASE}))::INTEGER + {ERROR_ZERO} END"
    # as score_counts.as_lists has it: the mark, the cells' numbers, the counts; a row without an error has none
    cells = f"CASE WHEN count(e) > 0 THEN list_concat([{BY_NUMBER}], map_keys(cells), map_values(cells)) ELSE [] END"
    sql = f"""
        WITH both_known AS (
            SELECT {_KEY}, CASE WHEN isfinite(prediction - label) THEN label END AS y,
                   CASE WHEN y IS NOT NULL THEN prediction END AS p, p - y AS e, {place} AS cell
            {scope.rows})
        SELECT version, arm, day, count(*)::UINTEGER AS n, count(y)::UINTEGER AS n_labelled,
               0::UINTEGER AS n_scored, 0::DOUBLE AS sum_log_loss, 0::DOUBLE AS sum_brier,
               {_NONE} AS cells_negative, {_NONE} AS cells_positive, {_NONE} AS cells_unlabelled,
               [{moments}]::DOUBLE[] AS moments, histogram(cell) AS cells, {cells}::UINTEGER[] AS error_cells
        FROM both_known GROUP BY version, arm, day"""
    return Statement(f"SELECT {OUTCOME_COLUMNS} FROM ({sql})", dict(scope.params))


def confusion_statement(system: System, scope: Scope) -> Statement:
    """The statement that yields CONFUSION_COLUMNS over the scope; regression has none (no rows)."""
    condition = " AND false" if system.task is Task.REGRESSION else ""
    sql = f"""
        SELECT {_KEY}, prediction::VARCHAR AS prediction, label::VARCHAR AS label, count(*)::UINTEGER AS n
        {scope.rows}{condition} GROUP BY ALL"""
    return Statement(sql, dict(scope.params))
