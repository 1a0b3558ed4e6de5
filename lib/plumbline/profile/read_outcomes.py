"""Reading the outcome profile: what was predicted and what came true, by day, version and arm."""

from __future__ import annotations

import duckdb
import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, IntArray, OutcomeProfile, Slice, System, Task
from plumbline.profile import outcomes
from plumbline.profile.arrays import Rows, fetch, float_sums, groups, sums
from plumbline.profile.bins import read_grids
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
    grids = read_grids(cursor, system)
    error = outcomes.error_grid(grids)
    how = outcomes.losses(cursor, system, next((g for g in grids if g.column == "score"), None))
    by_version = by_version or split is not None
    key = ", ".join(["day", "version" if by_version else "'' AS version", "arm" if by_arm else "'' AS arm"])
    if is_stored(part) and split is None:
        condition, params = stored_condition(system, part)
        source, confused = (f"profile_{t} WHERE {condition}" for t in ("outcome", "confusion"))
        confusion_params = params
    else:
        scope = of_slice(cursor, system, part)
        scope = split_by(scope, split) if split else scope
        sql, params = outcomes.outcome_statement(system, scope, how, error)
        confusion_sql, confusion_params = outcomes.confusion_statement(system, scope)
        source, confused = f"({sql})", f"({confusion_sql})"
    numbers = outcomes.OUTCOME_COLUMNS.removeprefix("version, arm, day, ")
    rows = fetch(cursor, f"SELECT {key}, {numbers} FROM {source} ORDER BY 1, 2, 3", params)
    pairs = fetch(
        cursor,
        f"""SELECT {key}, prediction, label, sum(n)::BIGINT AS n FROM {confused} GROUP BY ALL
            HAVING prediction IS NOT NULL ORDER BY ALL""",
        confusion_params,
    )
    return _assemble(system, rows, pairs, how.cells, [] if error is None else list(error.bins.edges))


def _keys(rows: Rows) -> list[tuple[object, ...]]:
    return list(zip(*(rows.plain[name] for name in ("day", "version", "arm")), strict=True))


def _assemble(
    system: System, rows: Rows, pairs: Rows, has_cells: bool, error_edges: list[float]
) -> OutcomeProfile:
    keys, starts = groups(_keys(rows))
    regression = system.task is Task.REGRESSION
    seen = {c for name in ("prediction", "label") for c in pairs.plain[name] if c is not None}
    classes = () if regression else (*system.classes, *sorted(seen - set(system.classes)))
    cells = [sums(rows.matrix(name, outcomes.SCORE_CELLS if has_cells else 0), starts) for name in _CELLS]
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
        score_cells=np.stack(cells[:2], axis=1),
        score_unlabelled=cells[2],
        sum_log_loss=float_sums(rows.plain["sum_log_loss"], starts),
        sum_brier=float_sums(rows.plain["sum_brier"], starts),
        n_scored=sums(rows.plain["n_scored"], starts),
        moments=float_sums(moments, starts),
        error_edges=np.array(error_edges, dtype=np.float64),
        error_cells=sums(rows.matrix("error_cells", len(error_edges) + 1 if regression else 0), starts),
    )


def _confusion(keys: list[tuple[object, ...]], classes: tuple[str, ...], pairs: Rows) -> IntArray:
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
