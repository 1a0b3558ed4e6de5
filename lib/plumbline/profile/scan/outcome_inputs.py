"""Labelled decisions of a slice with their inputs: for what asks how an input goes with the outcome."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from plumbline.domain import Kind, Slice, System, Task
from plumbline.domain.decisions import bare_name
from plumbline.profile.grids import value
from plumbline.profile.scan.decisions import lowest_hashes
from plumbline.profile.scope import slice_scope
from plumbline.store.sql import ident
from plumbline.store.systems import decision_columns


def sample_inputs_by_outcome(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice, most: int
) -> tuple[np.ndarray, dict[str, tuple[Kind, np.ndarray]]]:
    """Outcomes (n,) and inputs by name (kind, (n,)) of decisions drawn by hash, at most so many of each class.

    An outcome is 1.0 for the positive class and 0.0 for another, or the number itself in regression. A number that
    is missing is NaN, a text that is missing None. Ranks within classes, and so a ROC AUC, hold for all decisions
    whatever share of each class is drawn.
    """
    columns = [c for c in decision_columns(cursor, system.key) if c.role.role == "feature"]
    wanted = ", ".join(
        f"{value(c.name) if c.kind is Kind.NUMERIC else f'{ident(c.name)}::VARCHAR'} AS c{i}"
        for i, c in enumerate(columns)
    )
    outcomes: list[np.ndarray] = []
    tables: list[dict[str, Any]] = []
    for condition, outcome, params in _classes(system):
        scope = slice_scope(cursor, system, part).narrow(condition, **params)
        drawn, params = lowest_hashes(cursor, scope, most, 0)
        read = cursor.execute(
            f"SELECT {outcome} AS outcome, {wanted or '1 AS c0'} FROM {scope.table} WHERE rowid IN ({drawn})",
            params,
        ).fetchnumpy()
        outcomes.append(np.asarray(read["outcome"], np.float64))
        tables.append(read)
    values_by_feature = {
        bare_name(c.name): (c.kind, np.concatenate([_values(read[f"c{i}"], c.kind) for read in tables]))
        for i, c in enumerate(columns)
    }
    return np.concatenate(outcomes), values_by_feature


def _classes(system: System) -> list[tuple[str, str, dict[str, Any]]]:
    """Of each kind of outcome: the condition of its rows, what it is as a number, and the condition's parameters."""
    if system.task is Task.REGRESSION:
        return [("label IS NOT NULL AND isfinite(label)", "label::DOUBLE", {})]
    own = {"positive": system.positive}
    return [("label = $positive", "1::DOUBLE", own), ("label <> $positive", "0::DOUBLE", own)]


def _values(read: Any, kind: Kind) -> np.ndarray:
    masked = np.ma.asarray(read)
    if kind is Kind.NUMERIC:
        return np.asarray(np.ma.filled(masked.astype(np.float64), np.nan))
    values = np.array(np.ma.getdata(masked), dtype=object)
    values[np.ma.getmaskarray(masked)] = None
    return values
