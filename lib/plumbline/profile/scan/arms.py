"""Exact scans for the comparison of versions: hour by hour side by side, what came of them, and their inputs.

``output``: 1 for the positive class (binary), the prediction (regression), 1 for ``system.classes[0]`` otherwise.
``loss``: 1 where the prediction was wrong, the absolute error for regression; NULL where no outcome is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Bins, FloatArray, IntArray, Kind, Slice, System, Task
from plumbline.profile.bins import read_grids
from plumbline.profile.grids import value
from plumbline.profile.scope import SHADOW, SHUFFLED, VERSION, WHO, Scope, all_rows, slice_scope
from plumbline.store.sql import Statement, ident
from plumbline.store.workspace import naive

#: levels of a feature that have a cell of their own in the mix of inputs
LEVELS = 9
#: decisions whose subjects are all looked at; of more, so many of ``PARTS`` parts of the subjects by hash
SUBJECT_ROWS, PARTS = 500_000, 1000


@dataclass(frozen=True, slots=True)
class HourMoments:
    """Count, sum and sum of squares of one quantity, (hours, 2): a column a version."""

    n: FloatArray
    total: FloatArray
    squares: FloatArray


@dataclass(frozen=True, slots=True)
class PairedHours:
    """Two versions over the same hours (k,): what they gave out, and how wrong it was."""

    hours: NDArray[np.datetime64]
    output: HourMoments
    loss: HourMoments


@dataclass(frozen=True, slots=True)
class SubjectLooks:
    """What the subjects of two versions' decisions add, hour by hour (k,), as ``PairedHours`` has the hours.

    ``first``: subjects first seen with each version, (k, 2). ``output``, ``loss``: by how much an hour adds to the sum
    over subjects of their squared part in the difference within hours. ``crossed``: of subjects with two decisions or
    more the share that met both versions; near 0 where subjects were dealt, not decisions.
    """

    first: FloatArray
    output: FloatArray
    loss: FloatArray
    crossed: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Decisions that both versions made under one id, and in how many they agreed."""

    n: int
    same: int


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a version did from a moment on: decisions, positive ones, and of those with outcomes the wrong ones."""

    decisions: int
    positives: int
    labelled: int
    wrong: int
    wrong_positives: int


@dataclass(frozen=True, slots=True)
class SampledInputs:
    """A sample of decisions: the cell of each feature (n, features), output, loss and outcome (n,), NaN unknown."""

    cells: IntArray
    output: FloatArray
    loss: FloatArray
    outcome: FloatArray


def output_sql(system: System, column: str = "prediction") -> Statement:
    """The SQL of a decision's output (or of its label, read the same way), with its parameters."""
    if system.task is Task.REGRESSION:
        return Statement(value(column), {})
    marked = system.positive if system.positive is not None else next(iter(system.classes), "")
    return Statement(f"({ident(column)} = $marked)::INTEGER::DOUBLE", {"marked": marked})


def loss_sql(system: System) -> str:
    """The SQL of how wrong a decision was."""
    if system.task is Task.REGRESSION:
        return "CASE WHEN isfinite(prediction - label) THEN abs(prediction - label) END"
    return "(prediction <> label)::INTEGER::DOUBLE"


def compare_arms(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    versions: tuple[str, str],
    start: datetime,
    end: datetime,
    *,
    shadow: bool = True,
) -> PairedHours:
    """Two versions hour by hour within [start, end]; shadow decisions count where ``shadow``."""
    output, params = output_sql(system)
    scope = _scope_between(system, start, end).narrow(
        f"{VERSION} IN ($one, $other)", one=versions[0], other=versions[1]
    )
    if not shadow:
        scope = _without_shadow(scope)
    sides = [
        f"count({name}) FILTER (v = ${of}), coalesce(sum({name}) FILTER (v = ${of}), 0), "
        f"coalesce(sum({name} * {name}) FILTER (v = ${of}), 0)"
        for name in ("y", "e")
        for of in ("one", "other")
    ]
    rows = cursor.execute(
        f"""SELECT hour, {", ".join(sides)}
            FROM (SELECT date_trunc('hour', "timestamp") AS hour, {VERSION} AS v, {output} AS y,
                         {loss_sql(system)} AS e {scope.rows})
            GROUP BY hour ORDER BY hour""",
        scope.params | params,
    ).fetchall()
    figures = np.array([row[1:] for row in rows], dtype=float).reshape(len(rows), 2, 2, 3)
    hours = np.array([row[0] for row in rows], dtype="datetime64[us]")
    output_moments, loss_moments = (HourMoments(*(figures[:, q, :, m] for m in range(3))) for q in (0, 1))
    return PairedHours(hours, output_moments, loss_moments)


def subject_looks(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    versions: tuple[str, str],
    start: datetime,
    end: datetime,
) -> SubjectLooks | None:
    """The subjects behind ``compare_arms``; None where the log names none. A decision without one stands for itself.

    A decision's part is its distance from the hour's mean, times the share of the hour's decisions that the other
    version made, with the version's sign. An hour's means take a degree of freedom each. Of more than
    ``SUBJECT_ROWS`` decisions a fixed share of the subjects speaks for all: their sums are scaled, the ones first seen
    are as counted.
    """
    output, params = output_sql(system)
    scope = _scope_between(system, start, end).narrow(
        f"{VERSION} IN ($one, $other)", one=versions[0], other=versions[1]
    )
    named = cursor.execute(f"SELECT count(*), count(subject) {scope.rows}", scope.params).fetchone()
    if named is None or not named[1]:
        return None
    share = min(PARTS, max(1, PARTS * SUBJECT_ROWS // int(named[0])))
    statement = f"""WITH made AS (
        SELECT date_trunc('hour', "timestamp") AS hour, ({VERSION} = $other)::INTEGER AS arm, {WHO} AS who,
               {output} AS y, {loss_sql(system)} AS e
        {scope.rows}),
        looked_at AS (SELECT * FROM made WHERE who % {PARTS} < {share})"""
    values = scope.params | params
    row = cursor.execute(
        f"""{statement} SELECT count(*) FILTER (arms = 2), count(*) FILTER (n > 1)
            FROM (SELECT count(DISTINCT arm) AS arms, count(*) AS n FROM looked_at GROUP BY who)""",
        values,
    ).fetchone()
    usual = ", ".join(
        f"count({q}) FILTER (arm = 0) AS {q}0, count({q}) FILTER (arm = 1) AS {q}1, avg({q}) AS {q}m"
        for q in "ye"
    )
    parts = ", ".join(
        f"coalesce(sum(({q} - {q}m) * CASE arm WHEN 1 THEN {q}0 ELSE -{q}1 END / ({q}0 + {q}1)"
        f" * sqrt(({q}0 + {q}1) / greatest({q}0 + {q}1 - 1, 1))), 0) AS {q}"
        for q in "ye"
    )
    so_far = ", ".join(f"{q}, sum({q}) OVER (PARTITION BY who ORDER BY hour) AS {q}s" for q in "ye")
    rows = cursor.execute(
        f"""{statement}, usual AS (SELECT hour, {usual} FROM made GROUP BY hour),
            parts AS (SELECT who, hour, {parts} FROM looked_at JOIN usual USING (hour) GROUP BY who, hour),
            so_far AS (SELECT hour, {so_far} FROM parts),
            added AS (SELECT hour, sum(ys * ys - (ys - y) * (ys - y)) AS y, sum(es * es - (es - e) * (es - e)) AS e
                      FROM so_far GROUP BY hour),
            seen AS (SELECT hour, count(*) FILTER (arm = 0) AS one, count(*) FILTER (arm = 1) AS other
                     FROM (SELECT arm, min(hour) AS hour FROM looked_at GROUP BY who, arm) GROUP BY hour)
            SELECT coalesce(one, 0), coalesce(other, 0), coalesce(y, 0), coalesce(e, 0)
            FROM usual LEFT JOIN added USING (hour) LEFT JOIN seen USING (hour) ORDER BY hour""",
        values,
    ).fetchall()
    figures = np.array(rows, dtype=float).reshape(len(rows), 4)
    figures[:, 2:] *= PARTS / share
    return SubjectLooks(
        figures[:, :2], figures[:, 2], figures[:, 3], int(row[0]) / max(int(row[1]), 1) if row else 0.0
    )


def agreement(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    versions: tuple[str, str],
    start: datetime,
    end: datetime,
) -> Agreement:
    """How often two versions gave the same output for the decision that both made under one id."""
    scope = _scope_between(system, start, end).narrow("decision_id IS NOT NULL AND prediction IS NOT NULL")
    row = cursor.execute(
        f"""WITH made AS (SELECT decision_id, {VERSION} AS v, any_value(prediction) AS p {scope.rows} GROUP BY 1, 2)
            SELECT count(*), count(*) FILTER (a.p = b.p) FROM made a JOIN made b USING (decision_id)
            WHERE a.v = $one AND b.v = $other""",
        scope.params | {"one": versions[0], "other": versions[1]},
    ).fetchone()
    return Agreement(*(int(x) for x in row)) if row else Agreement(0, 0)


def losses_by_label_time(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    version: str,
    start: datetime | None,
    end: datetime | None,
    limit: int,
    *,
    last: bool = False,
) -> tuple[NDArray[np.datetime64], FloatArray, NDArray[np.uint64] | None]:
    """When outcomes of a version's decisions were in (n,), how wrong each was (n,), and whose it was (n,), as
    ``rows.last_decisions`` has it; shadow left out.

    In the order of the decisions, not of the outcomes: complaints come sooner than silence, so the first outcomes
    are not like the rest. The time of the k-th is when the outcomes of the first k were all in (without
    ``label_time``: the time of the decision). Decisions so recent that a tenth of outcomes is still to come
    are left out, for the same reason.

    Args:
        limit: the first so many of the decisions with an outcome made in [start, end), or the ``last``.
    """
    scope = slice_scope(cursor, system, Slice(start, end, version))
    direction = "DESC" if last else "ASC"
    read = cursor.execute(
        f"""WITH waited AS (
                SELECT max(greatest("timestamp", coalesce(label_time, "timestamp"))) AS latest,
                       approx_quantile(date_diff('second', "timestamp", label_time), 0.9) AS usual
                {all_rows(system).rows}),
            ripe AS (SELECT latest - to_seconds(greatest(coalesce(usual, 0), 0)) AS until FROM waited)
            SELECT greatest(coalesce(label_time, "timestamp"), "timestamp") AS known, {loss_sql(system)} AS e,
                   {WHO} AS who, subject IS NOT NULL AS named
            {scope.rows} AND e IS NOT NULL AND "timestamp" <= (SELECT until FROM ripe)
            ORDER BY "timestamp" {direction}, _load_id {direction}, _line {direction} LIMIT {int(limit)}""",
        scope.params,
    ).fetchnumpy()
    turn = slice(None, None, -1) if last else slice(None)
    known = np.asarray(read["known"], "datetime64[us]")[turn]
    who = np.asarray(read["who"], dtype=np.uint64)[turn] if np.asarray(read["named"]).any() else None
    return np.maximum.accumulate(known) if len(known) else known, _nan_filled(read["e"])[turn], who


def aftermath(
    cursor: duckdb.DuckDBPyConnection, system: System, version: str, start: datetime, end: datetime
) -> Aftermath:
    """What a version did in [start, end], shadow left out."""
    scope = _without_shadow(_scope_between(system, start, end)).narrow(
        f"{VERSION} = $version", version=version
    )
    output, params = output_sql(system)
    wrong = "label <> prediction" if system.task is not Task.REGRESSION else "false"
    row = cursor.execute(
        f"""SELECT count(*), coalesce(sum(y), 0), count(label), count(*) FILTER ({wrong}),
                   count(*) FILTER ({wrong} AND y = 1)
            FROM (SELECT label, prediction, {output} AS y {scope.rows})""",
        scope.params | params,
    ).fetchone()
    return Aftermath(*(int(x) for x in row)) if row else Aftermath(0, 0, 0, 0, 0)


def inputs(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    version: str,
    start: datetime,
    end: datetime,
    features: Sequence[str],
    limit: int,
    known_by: datetime | None = None,
) -> SampledInputs:
    """A fixed random sample of a version's decisions in [start, end), shadow left out, with their inputs' cells.

    A number's cell is its decile in the reference, a level's its place among the ``LEVELS`` most frequent;
    what is missing, and every other level, has a cell of its own.

    Args:
        features: columns of the decision table.
        known_by: leave out outcomes that came later; None: none.
    """
    scope = slice_scope(cursor, system, Slice(start, end, version))
    output, params = output_sql(system)
    outcome, loss = output_sql(system, "label")[0], loss_sql(system)
    if known_by is not None:
        params = params | {"known_by": naive(known_by)}
        early = 'coalesce(label_time, "timestamp") <= $known_by'
        outcome, loss = (f"CASE WHEN {early} THEN {each} END" for each in (outcome, loss))
    bins = {grid.column: grid.bins for grid in read_grids(cursor, system) if grid.column in features}
    known = [column for column in features if column in bins]
    read = cursor.execute(
        f"""SELECT {output} AS y, {loss} AS e, {outcome} AS z
                   {"".join(f", {_cell(c, bins[c], i, params)} AS x{i}" for i, c in enumerate(known))}
            {scope.rows} ORDER BY {SHUFFLED} LIMIT {int(limit)}""",
        scope.params | params,
    ).fetchnumpy()
    cells = [_cells_of_values(_nan_filled(read[f"x{i}"]), bins[c]) for i, c in enumerate(known)]
    shape = np.stack(cells, 1) if cells else np.zeros((len(read["y"]), 0), dtype=np.int64)
    return SampledInputs(shape, _nan_filled(read["y"]), _nan_filled(read["e"]), _nan_filled(read["z"]))


def _cell(column: str, bins: Bins, place: int, params: dict[str, Any]) -> str:
    if bins.kind is Kind.NUMERIC:
        return value(column)
    params[f"levels{place}"] = list(bins.levels[:LEVELS])
    return (
        f"CASE WHEN {ident(column)} IS NOT NULL THEN "
        f"coalesce(list_position($levels{place}::VARCHAR[], {ident(column)}::VARCHAR), 0)::DOUBLE END"
    )


def _cells_of_values(values: FloatArray, bins: Bins) -> IntArray:
    """Cells 1 and up; 0 is what is missing."""
    known = np.isfinite(values)
    if bins.kind is Kind.CATEGORICAL:
        return np.where(known, np.nan_to_num(values) + 1, 0).astype(np.int64)
    edges = bins.edges[list(bins.decile_cells)] if bins.decile_cells else bins.edges[:LEVELS]
    return np.where(known, np.searchsorted(edges, np.nan_to_num(values)) + 1, 0).astype(np.int64)


def _nan_filled(column: Any) -> FloatArray:
    """A column of ``fetchnumpy`` with NaN where it is missing."""
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)


def _scope_between(system: System, start: datetime, end: datetime) -> Scope:
    return all_rows(system).narrow(
        '"timestamp" >= $since AND "timestamp" <= $until', since=naive(start), until=naive(end)
    )


def _without_shadow(scope: Scope) -> Scope:
    return scope.narrow("coalesce(lower(arm), '') <> $shadow", shadow=SHADOW)
