"""What class probabilities say: counts by cell to calibrate them on, and outcomes expected from them.

For multiclass systems only, whose log carries one ``proba:`` column a class. Both are one grouped scan.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np

from plumbline.domain import EQUAL_CELLS, ExpectedOutcomes, FloatArray, IntArray, Slice, System
from plumbline.profile.arrays import fetch
from plumbline.profile.constants import CLIP
from plumbline.profile.scope import DAY, Scope, slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns
from plumbline.store.workspace import naive


def probability_classes(cursor: duckdb.DuckDBPyConnection, system: System) -> tuple[str, ...]:
    """The classes whose probability is logged, in the order of the columns."""
    return tuple(c.role.name for c in decision_columns(cursor, system.key) if c.role.role == "proba")


def class_cells(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, classes: tuple[str, ...], folds: int
) -> IntArray:
    """Labelled rows by fold, class, whether it came true, and probability cell: (folds, K, 2, S).

    A row's fold is its UTC day modulo ``folds``, so that days stay whole.
    """
    scope = _complete(slice_scope(cursor, system, part), classes).narrow("label IS NOT NULL")
    cells = ", ".join(f"{_cell(name)} AS c{i}" for i, name in enumerate(classes))
    counted = ", ".join(
        f"list_resize(coalesce(map_values(histogram(c{i}, $places::INTEGER[])), []), {EQUAL_CELLS}, 0)::UINTEGER[] "
        f"AS h{i}"
        for i in range(len(classes))
    )
    rows = fetch(
        cursor,
        f"""SELECT fold, label, {counted}
            FROM (SELECT {_fold()} AS fold, label::VARCHAR AS label, {cells} {scope.rows}) GROUP BY ALL""",
        scope.params | {"places": list(range(EQUAL_CELLS)), "folds": folds},
    )
    folds_cells = np.zeros((folds, len(classes), 2, EQUAL_CELLS), dtype=np.int64)
    for i, name in enumerate(classes):
        counts_of_fold = rows.matrix(f"h{i}", EQUAL_CELLS).astype(np.int64)
        for row, (fold, label) in enumerate(zip(rows.plain["fold"], rows.plain["label"], strict=True)):
            folds_cells[int(fold), i, int(label == name)] += counts_of_fold[row]
    return folds_cells


def expected_outcomes_by_day(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice,
    classes: tuple[str, ...],
    curves: FloatArray,
    reference: tuple[datetime, datetime],
) -> ExpectedOutcomes:
    """Outcomes by day as they would be on average, given calibrated probabilities.

    Args:
        curves: (folds + 1, K, S) calibrated probability of each cell; a day of the reference takes its
            fold's, any other day the last. A row's are divided by their sum, as NannyML does.
    """
    folds, size = len(curves) - 1, curves.shape[2]
    scope = _complete(slice_scope(cursor, system, part), classes).narrow("prediction IS NOT NULL")
    params = scope.params | {
        "folds": folds,
        "reference_start": naive(reference[0]),
        "reference_end": naive(reference[1]),
    }
    params |= {f"curve{i}": curves[:, i].ravel().tolist() for i in range(len(classes))}
    inside = '"timestamp" >= $reference_start AND "timestamp" < $reference_end'
    raw = ", ".join(
        f"{_cell(name)} AS c{i}, least(greatest({ident(f'proba:{name}')}, {CLIP}), 1 - {CLIP}) AS p{i}"
        for i, name in enumerate(classes)
    )
    classes_at = range(len(classes))
    curve = ", ".join(
        f"curve{i} AS (SELECT unnest($curve{i}::DOUBLE[]) AS q{i}, unnest(range({curves[:, i].size})) AS place)"
        for i in classes_at
    )
    # tiny joins: a list taken apart a row at a time is forty times slower
    looked_up = " ".join(f"JOIN curve{i} ON curve{i}.place = fold * {size} + c{i}" for i in classes_at)
    total = " + ".join(f"q{i}" for i in range(len(classes)))
    shares = ", ".join(f"fsum(q{i} / total) AS e{i}" for i in range(len(classes)))
    loss = " + ".join(f"q{i} * ln(p{i})" for i in range(len(classes)))
    rows = fetch(
        cursor,
        f"""WITH decided AS (
                SELECT {DAY} AS day, prediction::VARCHAR AS prediction, {raw},
                       CASE WHEN {inside} THEN {_fold()} ELSE $folds END AS fold {scope.rows}),
            {curve},
            summed AS (SELECT *, {total} AS total FROM decided {looked_up})
            SELECT day, prediction, count(*)::BIGINT AS n, {shares}, -fsum(({loss}) / total) AS log_loss
            FROM summed WHERE total > 0 GROUP BY ALL ORDER BY day, prediction""",
        params,
    )
    days = sorted(set(rows.plain["day"]))
    place = {day: i for i, day in enumerate(days)}
    confusion, log_loss = np.zeros((len(days), len(classes), len(classes))), np.zeros(len(days))
    for row, (day, predicted) in enumerate(zip(rows.plain["day"], rows.plain["prediction"], strict=True)):
        log_loss[place[day]] += float(rows.plain["log_loss"][row])
        if predicted in classes:
            expected = [float(rows.plain[f"e{j}"][row]) for j in range(len(classes))]
            confusion[place[day], classes.index(predicted)] += expected
    return ExpectedOutcomes(classes, tuple(days), confusion, log_loss)


def _complete(scope: Scope, classes: tuple[str, ...]) -> Scope:
    """Rows whose probabilities are all there and within 0 and 1."""
    return scope.narrow(" AND ".join(f"{ident(f'proba:{name}')} BETWEEN 0 AND 1" for name in classes))


def _cell(name: str) -> str:
    return f"least(floor({ident(f'proba:{name}')} * {EQUAL_CELLS}), {EQUAL_CELLS - 1})::INTEGER"


def _fold() -> str:
    return f"(date_diff('day', DATE '1970-01-01', {DAY}) % $folds)::INTEGER"
