"""Exact scans of the decisions, for the few questions that counts cannot answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, Kind, PlumblineError, Slice, System, Task
from plumbline.domain.messages import message
from plumbline.logs.cluster import attachments
from plumbline.profile.bins import feature_name, profiled_columns
from plumbline.profile.cluster import scans
from plumbline.profile.grids import value
from plumbline.profile.scan.identical_inputs import repeats
from plumbline.profile.scope import ARM, VERSION, WHO, all_rows, slice_scope
from plumbline.store.sql import ident
from plumbline.store.workspace import aware, naive

__all__ = [
    "count_persons",
    "duplicate_ids",
    "first_decisions",
    "last_decisions",
    "read_values",
    "repeats",
    "sample_values",
    "sample_with_groups",
    "scores_and_labels",
    "span",
]  # fmt: skip
_ALL = Slice()


def span(cursor: duckdb.DuckDBPyConnection, system: System) -> tuple[datetime, datetime, int] | None:
    """First decision, last decision (by the clock of the zone) and how many there are, shadow included; None without
    any."""
    if attachments.find(cursor, system.key):
        return _span_of_counts(cursor, system)
    row = cursor.execute(
        f'SELECT min("timestamp"), max("timestamp"), count(*) {all_rows(system).rows}'
    ).fetchone()
    return (aware(row[0]), aware(row[1]), int(row[2])) if row and row[2] else None


def _span_of_counts(
    cursor: duckdb.DuckDBPyConnection, system: System
) -> tuple[datetime, datetime, int] | None:
    """The same from the counts, where only a sample of the decisions is here."""
    row = cursor.execute(
        "SELECT min(first_at), max(last_at), sum(n) FROM profile_hour WHERE system = ?", [system.key]
    ).fetchone()
    return (aware(row[0]), aware(row[1]), int(row[2])) if row and row[2] else None


def count_persons(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL
) -> tuple[int, int | None]:
    """Decisions of a slice and the persons they concern, shadow left out; None where the log names no person."""
    scope = slice_scope(cursor, system, part)
    row = cursor.execute(f"SELECT count(*), count(DISTINCT subject) {scope.rows}", scope.params).fetchone()
    n, who = (int(row[0]), int(row[1])) if row else (0, 0)
    return n, who or None


def total_amount(cursor: duckdb.DuckDBPyConnection, system: System, column: str, part: Slice = _ALL) -> float:
    """The sum of a numeric column's values without their signs, shadow left out; values that are no numbers as well."""
    scope = slice_scope(cursor, system, part)
    row = cursor.execute(
        f"SELECT sum(abs(x)) FILTER (isfinite(x)) FROM (SELECT {value(column)} AS x {scope.rows})",
        scope.params,
    ).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def read_values(
    cursor: duckdb.DuckDBPyConnection, system: System, feature: str, part: Slice = _ALL
) -> NDArray[Any]:
    """The values of a feature or output that are there, (n,), in no order: float64, or str objects.

    Raises:
        PlumblineError: the system has no such feature.
    """
    columns = profiled_columns(cursor, system)
    matching = [(c, kind) for c, kind, _ in columns if feature in (feature_name(c), c)]
    if not matching:
        known = ", ".join(feature_name(c) for c, _, _ in columns)
        raise PlumblineError(
            message("{key} has no feature {feature}", key=system.key, feature=repr(feature)),
            todo=message("It has: {known}.", known=known),
        )
    column, kind = matching[0]
    expression = value(column) if kind is Kind.NUMERIC else f"{ident(column)}::VARCHAR"
    scope = slice_scope(cursor, system, part)
    read = cursor.execute(
        f"SELECT x FROM (SELECT {expression} AS x {scope.rows}) WHERE x IS NOT NULL", scope.params
    ).fetchnumpy()
    return np.asarray(read["x"], dtype=np.float64 if kind is Kind.NUMERIC else object)


def sample_values(
    cursor: duckdb.DuckDBPyConnection, system: System, names: Sequence[str], most: int
) -> tuple[NDArray[np.datetime64], FloatArray]:
    """Days (n,) and values (n, names) of numeric columns of about ``most`` rows, drawn by hash; NaN where missing."""
    columns = {feature_name(c): c for c, kind, _ in profiled_columns(cursor, system) if kind is Kind.NUMERIC}
    day, values, _ = sample_with_groups(cursor, system, [columns[name] for name in names], {}, most)
    return day, values


def sample_with_groups(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    columns: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    most: int,
) -> tuple[NDArray[np.datetime64], FloatArray, IntArray]:
    """Of about ``most`` rows, drawn by hash: days (n,), numeric columns (n, columns), NaN where missing, and the place
    of each row's value among those of each column of ``groups`` (n, groups), -1 where it is none of them."""
    scope = slice_scope(cursor, system, _ALL)
    row = cursor.execute(f"SELECT count(*) {scope.rows}", scope.params).fetchone()
    scope = scope.sample(most, row[0] if row else 0)
    wanted = [f"{value(column)} AS c{i}" for i, column in enumerate(columns)]
    wanted += [
        f"coalesce(list_position($of{i}::VARCHAR[], {ident(column)}::VARCHAR), 0) - 1 AS g{i}"
        for i, column in enumerate(groups)
    ]
    read = cursor.execute(
        f'SELECT "timestamp"::DATE AS day, {", ".join(wanted)} {scope.rows}',
        scope.params | {f"of{i}": list(members) for i, members in enumerate(groups.values())},
    ).fetchnumpy()
    day = np.asarray(read["day"]).astype("datetime64[D]")
    values = [
        np.ma.filled(np.ma.asarray(read[f"c{i}"], dtype=np.float64), np.nan) for i in range(len(columns))
    ]
    codes = [np.asarray(read[f"g{i}"], dtype=np.int64) for i in range(len(groups))]
    return (
        day,
        np.column_stack(values),
        np.column_stack(codes) if codes else np.empty((len(day), 0), np.int64),
    )


def scores_and_labels(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Scores (n,) and whether the label is the positive class (n,), of labelled decisions with a score.

    Raises:
        PlumblineError: the system is not binary, or its positive class is not known.
    """
    if system.task is not Task.BINARY or system.positive is None:
        raise PlumblineError(
            message("{key} has no positive class", key=system.key),
            todo="ROC AUC needs a binary system whose positive class is set.",
        )
    scope = slice_scope(cursor, system, part)
    read = cursor.execute(
        f"SELECT score, label = $positive AS positive {scope.rows} AND label IS NOT NULL AND isfinite(score)",
        scope.params | {"positive": system.positive},
    ).fetchnumpy()
    return np.asarray(read["score"], dtype=np.float64), np.asarray(read["positive"], dtype=np.bool_)


def duplicate_ids(cursor: duckdb.DuckDBPyConnection, system: System) -> int:
    """Decisions whose id an earlier decision of the same arm already had."""
    elsewhere = scans.duplicate_ids(cursor, system)
    if elsewhere is not None:
        return elsewhere
    row = cursor.execute(
        f"""SELECT count(decision_id) - count(DISTINCT ({ARM}, decision_id)) FILTER (decision_id IS NOT NULL)
            {all_rows(system).rows}"""
    ).fetchone()
    return int(row[0]) if row else 0


def first_decisions(
    cursor: duckdb.DuckDBPyConnection, system: System, version: str, start: datetime, limit: int
) -> tuple[NDArray[np.datetime64], FloatArray, FloatArray]:
    """The first decisions of a version from ``start`` on, oldest first, shadow left out.

    Returns:
        times (n,); positive (n,): 1 for the positive class, else 0 (regression: the prediction itself;
        NaN where there is none); correct (n,): 1 or 0, NaN where not labelled, and for regression.
    """
    return _decision_outcomes(cursor, system, version, '"timestamp" >= $bound', start, limit, "ASC")[:3]


def last_decisions(
    cursor: duckdb.DuckDBPyConnection, system: System, version: str, end: datetime, limit: int
) -> tuple[NDArray[np.datetime64], FloatArray, FloatArray, NDArray[np.uint64] | None]:
    """The last decisions of a version before ``end``, oldest first, as ``first_decisions`` gives them.

    What the version before a switch did until then; and whose decisions they are (n,), as hashes: None where the log
    names nobody, one of its own where it does not name this one.
    """
    times, positive, correct, who = _decision_outcomes(
        cursor, system, version, '"timestamp" < $bound', end, limit, "DESC"
    )
    return times[::-1], positive[::-1], correct[::-1], None if who is None else who[::-1]


def _decision_outcomes(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    version: str,
    condition: str,
    bound: datetime,
    limit: int,
    direction: str,
) -> tuple[NDArray[np.datetime64], FloatArray, FloatArray, NDArray[np.uint64] | None]:
    scope = slice_scope(cursor, system, _ALL).narrow(f"{VERSION} = $version", version=version)
    scope = scope.narrow(condition, bound=naive(bound))
    params = scope.params | {"limit": limit}
    positive, correct = "NULL::DOUBLE", "(prediction = label)::INTEGER::DOUBLE"
    if system.task is Task.REGRESSION:
        positive, correct = "prediction", "NULL::DOUBLE"
    elif system.positive is not None:
        positive = "(prediction = $positive)::INTEGER::DOUBLE"
        params["positive"] = system.positive
    read = cursor.execute(
        f"""SELECT "timestamp" AS at, coalesce({positive}, 'nan'::DOUBLE) AS positive,
                   coalesce({correct}, 'nan'::DOUBLE) AS correct, {WHO} AS who, subject IS NOT NULL AS named
            {scope.rows} ORDER BY "timestamp" {direction}, _load_id {direction}, _line {direction}
            LIMIT $limit""",
        params,
    ).fetchnumpy()
    return (
        np.asarray(read["at"], dtype="datetime64[us]"),
        np.asarray(read["positive"], dtype=np.float64),
        np.asarray(read["correct"], dtype=np.float64),
        np.asarray(read["who"], dtype=np.uint64) if np.asarray(read["named"]).any() else None,
    )
