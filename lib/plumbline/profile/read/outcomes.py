"""Reading the outcome profile: what was predicted and what came true, by day, version and arm."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, IntArray, OutcomeProfile, Slice, System, Task
from plumbline.profile.arrays import Rows, fetch, fetch_with_lists, float_sums, groups, sums
from plumbline.profile.bins import stored_grids
from plumbline.profile.constants import ERROR
from plumbline.profile.count import outcome_sql, stream
from plumbline.profile.count.scored_rows import ScoredRows
from plumbline.profile.read.score_counts import (
    CELLS,
    MergedScores,
    align_scores,
    empty_scores,
    error_columns,
    stored_scores,
)
from plumbline.profile.scan import weights
from plumbline.profile.scan.slices import Slicer, split_scope
from plumbline.profile.scope import Scope, is_stored, slice_scope, stored_condition

_ALL = Slice()
Key = tuple[Any, ...]


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

    Of a log that is a sample with weights nothing but ``n`` is told (see ``weights``).
    ``classes``: the system's, then any other that was predicted or came true, by name. Decisions without a
    prediction (only a score) count in ``n`` and in the score cells, not in ``confusion``.

    Args:
        split: groups are the slices of this column instead of versions: ``versions`` holds their filter
            values, ``slices.REST`` for what is in none of them.
    """
    grids = {grid.column: grid for grid in stored_grids(cursor, system, ("score", ERROR))}
    how = outcome_sql.losses(cursor, system, grids.get("score"))
    by_version = by_version or split is not None
    wide = ("error_cells",) if system.task is Task.REGRESSION else CELLS
    key = ", ".join(["day", "version" if by_version else "'' AS version", "arm" if by_arm else "'' AS arm"])
    numbers = outcome_sql.OUTCOME_COLUMNS.removeprefix("version, arm, day, ")
    if is_stored(part) and split is None:
        condition, confusion_params = stored_condition(system, part)
        confused, known = "profile_confusion", f"{condition} AND prediction IS NOT NULL"
        narrow = ", ".join(name for name in numbers.split(", ") if name not in (*CELLS, "error_cells"))
        source = f"profile_outcome WHERE {condition}"
        rows = fetch_with_lists(cursor, f"{key}, {narrow}", wide, source, confusion_params)
        scores = stored_scores(_keys(rows), rows) if how.cells else None
    else:
        scope = slice_scope(cursor, system, part)
        scope = split_scope(scope, split) if split else scope
        sql, params = outcome_sql.outcome_statement(system, scope, how)
        confusion_sql, confusion_params = outcome_sql.confusion_statement(system, scope)
        confused, known = f"({confusion_sql})", "prediction IS NOT NULL"
        rows = fetch(cursor, f"SELECT {key}, {numbers} FROM ({sql})", params)
        scores = _scores_of(cursor, system, scope, how, by_version, by_arm) if how.cells else None
    pairs = fetch(
        cursor, f"SELECT {key}, prediction, label, n FROM {confused} WHERE {known}", confusion_params
    )
    error = grids.get(ERROR)
    profile = _assemble(system, rows, pairs, scores, error.bins.edges.tolist() if error else [])
    return weights.clear_outcomes(profile) if weights.weights_note(cursor, system) else profile


def _scores_of(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    scope: Scope,
    how: outcome_sql.Losses,
    by_version: bool,
    by_arm: bool,
) -> MergedScores:
    """Scores counted from the rows themselves."""
    counted = ScoredRows(str(system.positive), str(how.probability))
    groups = stream.count_rows(cursor, scope, [counted])
    versions, arms, days = (
        groups.decode_keys(groups.keys()) if groups.numbers else ([], [], np.zeros(0, np.int64))
    )
    keys = [
        (day, version if by_version else "", arm if by_arm else "")
        for day, version, arm in zip(days.astype("datetime64[D]").tolist(), versions, arms, strict=True)
    ]
    return MergedScores(keys, counted.counts.scores())


def label_counts(cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL) -> dict[str, int]:
    """How often each class is true in a slice of whole days, from the stored counts."""
    condition, params = stored_condition(system, part)
    rows = cursor.execute(
        f"SELECT label, sum(n)::BIGINT FROM profile_confusion WHERE {condition} AND label IS NOT NULL GROUP BY 1 "
        "ORDER BY 1",
        params,
    ).fetchall()
    return {str(label): int(n) for label, n in rows}


def label_counts_by_answer(
    cursor: duckdb.DuckDBPyConnection, system: System, part: Slice = _ALL
) -> dict[str, tuple[int, int]]:
    """Decisions, and labelled ones, by what was predicted, in a slice of whole days, from the stored counts."""
    condition, params = stored_condition(system, part)
    rows = cursor.execute(
        "SELECT prediction, sum(n)::BIGINT, coalesce(sum(n) FILTER (label IS NOT NULL), 0)::BIGINT "
        f"FROM profile_confusion WHERE {condition} AND prediction IS NOT NULL GROUP BY 1 ORDER BY 1",
        params,
    ).fetchall()
    return {str(answer): (int(n), int(k)) for answer, n, k in rows}


def _keys(rows: Rows) -> list[Key]:
    return list(zip(*(rows.plain[name] for name in ("day", "version", "arm")), strict=True))


def _assemble(
    system: System, rows: Rows, pairs: Rows, scores: MergedScores | None, old_edges: list[float]
) -> OutcomeProfile:
    keys = _keys(rows)
    if any(after < before for before, after in pairwise(keys)):
        order = sorted(range(rows.n), key=keys.__getitem__)
        rows, keys = rows.reorder(order), [keys[i] for i in order]
    keys, starts = groups(keys)
    regression = system.task is Task.REGRESSION
    seen = {c for name in ("prediction", "label") for c in pairs.plain[name] if c is not None}
    classes = () if regression else (*system.classes, *sorted(seen - set(system.classes)))
    cells, unlabelled, numbered = align_scores(scores, keys) if scores else empty_scores(len(keys))
    ends, errors = error_columns(rows, old_edges) if regression else (np.empty((2, 0)), np.empty((rows.n, 0)))
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
        score_unlabelled=unlabelled,
        sum_log_loss=float_sums(rows.plain["sum_log_loss"], starts),
        sum_brier=float_sums(rows.plain["sum_brier"], starts),
        n_scored=sums(rows.plain["n_scored"], starts),
        moments=float_sums(moments, starts),
        error_ends=ends,
        error_cells=sums(errors, starts),
        numbered=numbered,
    )


def _confusion(keys: list[Key], classes: tuple[str, ...], pairs: Rows) -> IntArray:
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
