"""Reading the outcome profile: what was predicted and what came true, by day, version and arm."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, IntArray, OutcomeProfile, Slice, System, Task
from plumbline.profile import outcomes
from plumbline.profile.arrays import Rows, fetch, fetch_wide, float_sums, groups, sums
from plumbline.profile.bins import ERROR, stored_grids
from plumbline.profile.scope import is_stored, of_slice, stored_condition
from plumbline.profile.slices import Slicer, split_by

_ALL = Slice()
_CELLS = ("cells_negative", "cells_positive", "cells_unlabelled")


def outcome_profile(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    part: Slice = _ALL,
    *,
    by_version: bool = False,
    by_arm: bool = False,
    split: Slicer | None = None,
) -> OutcomeProfile:
    """Outcomes of a slice by day, and by version and arm where asked ("" otherwise).

    ``classes``: the system's, then any other that was predicted or came true, by name. Decisions without a
    prediction (only a score) count in ``n`` and in the score cells, not in ``confusion``.

    Args:
        split: groups are the slices of this column instead of versions: ``versions`` holds their filter
            values, ``slices.REST`` for what is in none of them.
    """
    grids = stored_grids(cursor, system, ("score", ERROR))
    error = outcomes.error_grid(grids)
    how = outcomes.losses(cursor, system, next((g for g in grids if g.column == "score"), None))
    by_version = by_version or split is not None
    wide = ("error_cells",) if system.task is Task.REGRESSION else _CELLS
    key = ", ".join(["day", "version" if by_version else "'' AS version", "arm" if by_arm else "'' AS arm"])
    numbers = outcomes.OUTCOME_COLUMNS.removeprefix("version, arm, day, ")
    if is_stored(part) and split is None:
        condition, confusion_params = stored_condition(system, part)
        confused, known = "profile_confusion", f"{condition} AND prediction IS NOT NULL"
        narrow = ", ".join(name for name in numbers.split(", ") if name not in wide)
        source = f"profile_outcome WHERE {condition}"
        rows = fetch_wide(cursor, f"{key}, {narrow}", wide, source, confusion_params)
    else:
        scope = of_slice(cursor, system, part)
        scope = split_by(scope, split) if split else scope
        sql, params = outcomes.outcome_statement(system, scope, how, error)
        confusion_sql, confusion_params = outcomes.confusion_statement(system, scope)
        confused, known = f"({confusion_sql})", "prediction IS NOT NULL"
        rows = fetch(cursor, f"SELECT {key}, {numbers} FROM ({sql})", params)
    pairs = fetch(
        cursor, f"SELECT {key}, prediction, label, n FROM {confused} WHERE {known}", confusion_params
    )
    return _assemble(system, rows, pairs, how.cells, [] if error is None else list(error.bins.edges))


def _keys(rows: Rows) -> list[tuple[Any, ...]]:
    return list(zip(*(rows.plain[name] for name in ("day", "version", "arm")), strict=True))


def _assemble(
    system: System, rows: Rows, pairs: Rows, has_cells: bool, error_edges: list[float]
) -> OutcomeProfile:
    keys = _keys(rows)
    if any(after < before for before, after in pairwise(keys)):
        order = sorted(range(rows.n), key=keys.__getitem__)
        rows, keys = rows.taken(order), [keys[i] for i in order]
    keys, starts = groups(keys)
    regression = system.task is Task.REGRESSION
    seen = {c for name in ("prediction", "label") for c in pairs.plain[name] if c is not None}
    classes = () if regression else (*system.classes, *sorted(seen - set(system.classes)))
    width = outcomes.SCORE_CELLS if has_cells else 0
    cells = np.empty((len(keys), 2, width), dtype=np.int64)
    for i, name in enumerate(_CELLS[:2]):
        cells[:, i] = sums(rows.matrix(name, width), starts)
    moments = rows.matrix("moments", len(REGRESSION_MOMENTS) if regression else 0)
    return OutcomeProfile(
        task=system.task or Task.BINARY,
        classes=classes,
        positive=system.positive,
        days=tuple(key[0] for key in keys),
        versions=tuple(key[1] for key in keys),
        arms=tuple(key[2] for key in keys),
        n=sums(rows.plain["n"], starts),
        n_labelled=sums(rows.plain["n_labelled"], starts),
        confusion=_confusion(keys, classes, pairs),
        score_cells=cells,
        score_unlabelled=sums(rows.matrix(_CELLS[2], width), starts),
        sum_log_loss=float_sums(rows.plain["sum_log_loss"], starts),
        sum_brier=float_sums(rows.plain["sum_brier"], starts),
        n_scored=sums(rows.plain["n_scored"], starts),
        moments=float_sums(moments, starts),
        error_edges=np.array(error_edges, dtype=np.float64),
        error_cells=sums(rows.matrix("error_cells", len(error_edges) + 1 if regression else 0), starts),
    )


def _confusion(keys: list[tuple[Any, ...]], classes: tuple[str, ...], pairs: Rows) -> IntArray:
    """(groups, classes, classes + 1): rows predicted, columns true, the last not yet labelled."""
    counts = np.zeros((len(keys), len(classes), len(classes) + 1), dtype=np.int64)
    if not classes:
        return counts
    group = {key: i for i, key in enumerate(keys)}
    place: dict[str | None, int] = {name: i for i, name in enumerate(classes)} | {None: len(classes)}
    at = [group[key] for key in _keys(pairs)]
    predicted = [place[name] for name in pairs.plain["prediction"]]
    true = [place[name] for name in pairs.plain["label"]]
    np.add.at(counts, (at, predicted, true), pairs.plain["n"])
    return counts
