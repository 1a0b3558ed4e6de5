"""Slices of the decisions: which levels and ranges each column falls into, and the rows as small codes.

A numeric column is cut at the reference's quintiles into half-open ranges ``low..high`` (high not
included), a categorical one into its commonest levels. Both are spelled as a filter takes them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import (
    LARGEST_NUMBER,
    Kind,
    PlumblineError,
    Slice,
    SlicedColumn,
    SlicedRows,
    System,
    Task,
)
from plumbline.domain.messages import message
from plumbline.profile.bins import reference_scope, stored_grids
from plumbline.profile.constants import CLIP
from plumbline.profile.grids import countable, value
from plumbline.profile.scope import WHO, Scope, slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns

#: commonest levels of a category that are slices of their own
LEVELS = 12
#: the name of what is in none of a column's slices
REST = "all other"
#: rows read at most; of more, a sample by hash
MOST_ROWS = 400_000
#: columns searched at most: segments and protected ones first
MOST_COLUMNS = 30
#: values from which cuts are made where no grid holds them
CUT_ROWS = 50_000
_ROLES = ("segment", "protected", "feature")
_RIGHT = "(prediction = label)::INTEGER::DOUBLE"
_SCORED = "score BETWEEN 0 AND 1"
_P = f"least(greatest(score, {CLIP}), 1 - {CLIP})"
_TRUE = "(label = $positive)::INTEGER"
#: metric -> (a row's value, which labelled rows count); the metric is the mean of the values
CLASS_MEASURES = {
    "accuracy": (_RIGHT, "prediction IS NOT NULL"),
    "precision": (_RIGHT, "prediction = $positive"),
    "recall": (_RIGHT, "prediction IS NOT NULL AND label = $positive"),
    "specificity": (_RIGHT, "prediction IS NOT NULL AND label <> $positive"),
    "positive_rate": ("(prediction = $positive)::INTEGER::DOUBLE", "prediction IS NOT NULL"),
    "brier": (f"pow(score - {_TRUE}, 2)", _SCORED),
    "log_loss": (f"-ln(CASE WHEN label = $positive THEN {_P} ELSE 1 - {_P} END)", _SCORED),
}
NUMBER_MEASURES = {
    "mae": ("abs(prediction - label)", "isfinite(prediction - label)"),
    "bias": ("prediction - label", "isfinite(prediction - label)"),
}
#: whom a row is of where no subject is known: its day
_DAY = 'epoch("timestamp"::DATE)::BIGINT'
#: of these the rows are 0 or 1
PROPORTIONS = ("accuracy", "precision", "recall", "specificity", "positive_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slicer:
    """How one column's rows become codes: ``sql`` gives 0 .. len(labels) - 1, or len(labels) for the rest.

    ``labels``: the filter value of each code; the empty one means missing. ``cuts``: of a number, where its ranges
    meet, ascending.
    """

    column: str
    labels: tuple[str, ...]
    sql: str
    params: dict[str, Any] = field(default_factory=dict)
    cuts: tuple[float, ...] = ()

    @property
    def read_sql(self) -> str:
        """What ``codes`` takes: the code of a level, but a number itself. NumPy compares three times faster."""
        return f"{ident(self.column)}::DOUBLE" if self.cuts else f"({self.sql})::UTINYINT"

    def codes(self, read: NDArray[Any]) -> NDArray[np.uint8]:
        """The codes of (n,) rows as they were read; the same as ``sql`` gives."""
        if not self.cuts:
            return np.asarray(read, dtype=np.uint8)
        values = np.ma.filled(read, np.nan)
        codes = np.zeros(len(values), dtype=np.uint8)
        for cut in self.cuts:
            codes += values >= cut
        codes[~(np.abs(values) <= LARGEST_NUMBER)] = len(self.labels) - 1  # missing
        return codes


def slice_metric(system: System, metric: str) -> str:
    """The metric that slices are compared by: itself where it is a mean over rows, else the task's first."""
    if system.task is Task.REGRESSION:
        return metric if metric in NUMBER_MEASURES else "mae"
    known = CLASS_MEASURES if system.task is Task.BINARY and system.positive else ("accuracy",)
    return metric if metric in known else "accuracy"


def cuts(cursor: duckdb.DuckDBPyConnection, system: System, column: str) -> list[float]:
    """The quintiles of a numeric column over the reference, ascending and distinct."""
    grid = next((g for g in stored_grids(cursor, system, [column]) if g.rows_used), None)
    if grid is not None and grid.bins.decile_cells:
        deciles = np.nextafter(grid.bins.edges[list(grid.bins.decile_cells)], np.inf)
        if len(deciles) == 9:
            deciles = deciles[1::2]
        return [float(x) + 0.0 for x in np.unique(deciles)]  # no minus zero
    scope = reference_scope(cursor, system)
    row = cursor.execute(
        f"""SELECT quantile_cont(x, [0.2, 0.4, 0.6, 0.8])
            FROM (SELECT {value(column)} AS x {scope.rows} LIMIT {CUT_ROWS}) WHERE x IS NOT NULL""",
        scope.params,
    ).fetchone()
    return sorted({float(x) for x in row[0]}) if row and row[0] else []


def slicer(cursor: duckdb.DuckDBPyConnection, system: System, column: str, place: int = 0) -> Slicer | None:
    """How a segment, protected or feature column is sliced; None where it has one slice only.

    Raises:
        PlumblineError: there is no such column.
    """
    decision_column = next((c for c in decision_columns(cursor, system.key) if c.name == column), None)
    if decision_column is None:
        raise PlumblineError(
            message("{key} has no column {column} to slice by", key=system.key, column=repr(column))
        )
    if decision_column.kind is Kind.NUMERIC:
        at = cuts(cursor, system, column)
        if not at:
            return None
        labels = tuple(f"{low}..{high}" for low, high in pairwise(["", *(repr(x) for x in at), ""]))
        name = f"cuts{place}"
        code = " + ".join(f"({ident(column)} >= ${name}_{i}::DOUBLE)::UTINYINT" for i in range(len(at)))
        sql = f"CASE WHEN {countable(column)} THEN {code} ELSE {len(labels)} END"
        params = {f"{name}_{i}": cut for i, cut in enumerate(at)}
        return Slicer(column=column, labels=(*labels, ""), sql=sql, params=params, cuts=tuple(at))
    rows = cursor.execute(
        f"""SELECT x FROM (SELECT {ident(column)}::VARCHAR AS x {slice_scope(cursor, system, Slice()).rows})
            WHERE x IS NOT NULL AND x <> '' GROUP BY x ORDER BY count(*) DESC, x LIMIT {LEVELS}""",
        slice_scope(cursor, system, Slice()).params,
    ).fetchall()
    levels = [str(row[0]) for row in rows]
    if not levels:
        return None
    x, name = f"{ident(column)}::VARCHAR", f"levels{place}"
    sql = (
        f"CASE WHEN {x} IS NULL THEN {len(levels)} "
        f"ELSE coalesce(list_position(${name}::VARCHAR[], {x}) - 1, {len(levels) + 1}) END"
    )
    return Slicer(column=column, labels=(*levels, ""), sql=sql, params={name: levels})


def slicers(
    cursor: duckdb.DuckDBPyConnection, system: System, leave_out: Collection[str] = ()
) -> tuple[Slicer, ...]:
    """Every column that slices the decisions, segments and protected ones first, at most MOST_COLUMNS."""
    columns = decision_columns(cursor, system.key)
    names = [c.name for role in _ROLES for c in columns if c.role.role == role and c.name not in leave_out]
    found = (slicer(cursor, system, name, i) for i, name in enumerate(names[:MOST_COLUMNS]))
    return tuple(one for one in found if one is not None)


def split_scope(scope: Scope, slicer: Slicer) -> Scope:
    """The same rows with the name of their slice in place of their version."""
    names = [*slicer.labels, REST]
    sql = f"list_extract($slice_names::VARCHAR[], least({slicer.sql}, {len(slicer.labels)}) + 1)"
    table = f'(SELECT * REPLACE ({sql} AS "version") {scope.rows})'
    return Scope(table, "true", scope.params | slicer.params | {"slice_names": names})


def read_slices(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, metric: str, by: tuple[Slicer, ...]
) -> SlicedRows:
    """The labelled rows of a slice as codes, with what the metric is the mean of.

    Args:
        metric: one that ``slice_metric`` returns.
        by: the columns; see ``slicers``.

    Of more than MOST_ROWS rows a sample is taken by the hash of load and line: the same one each time.
    """
    measure, condition = (NUMBER_MEASURES if system.task is Task.REGRESSION else CLASS_MEASURES)[metric]
    scope = slice_scope(cursor, system, part).narrow(f"label IS NOT NULL AND {condition}")
    text = f"{measure} {condition}"
    parameters = {"positive": system.positive} if "$positive" in text else {}
    outcome_params = {"positive": system.positive} if "$positive" in condition else {}
    row = cursor.execute(
        f"SELECT count(*), count(subject) {scope.rows}", scope.params | outcome_params
    ).fetchone()
    available, named = (int(row[0]), int(row[1]) > 0) if row else (0, False)
    unit = WHO if named else _DAY
    scope = _sample_scope(scope, available)
    columns = ", ".join(f"{slice_column.read_sql} AS c{i}" for i, slice_column in enumerate(by))
    params = scope.params | parameters
    for slice_column in by:
        params |= {} if slice_column.cuts else slice_column.params
    read = cursor.execute(
        f"SELECT ({measure})::DOUBLE AS y, {unit} AS unit{', ' + columns if columns else ''} {scope.rows}",
        params,
    ).fetchnumpy()
    values = np.asarray(read["y"], dtype=np.float64)
    stacked = [slice_column.codes(np.ma.asarray(read.pop(f"c{i}"))) for i, slice_column in enumerate(by)]
    return SlicedRows(
        columns=tuple(SlicedColumn(slice_column.column, slice_column.labels) for slice_column in by),
        codes=np.stack(stacked) if stacked else np.zeros((0, len(values)), np.uint8),
        values=values,
        available=available,
        units=np.unique(np.asarray(read["unit"]), return_inverse=True)[1].astype(np.int64),
        named=named,
    )


def _sample_scope(scope: Scope, available: int) -> Scope:
    if available <= MOST_ROWS:
        return scope
    share = int(1_000_000 * MOST_ROWS / available)
    return scope.narrow("hash(_load_id, _line) % 1000000 < $sample_share", sample_share=share)
