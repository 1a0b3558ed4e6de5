"""Proposing which log column feeds which input of a model, by content, where the names say nothing.

Ranges and split points suggest an assignment; only reproducing the logged scores accepts one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain import FloatArray, Task
from plumbline.explain.registered_model import (
    VIEWS,
    ModelCheck,
    RegisteredModel,
    align_features,
    candidate_views,
    check_model,
    match_columns,
)
from plumbline.explain.sandbox.call import FeatureInfo, ModelInfo, describe_model, score_rows

if TYPE_CHECKING:
    import pandas as pd

#: rows an assignment is tried on, candidates scored in one call, rounds of improvement, fresh starts
TRIED_ROWS, AT_ONCE, ROUNDS, STARTS = 150, 400, 12, 3
#: a mean error above this share of the scores' standard deviation is not worth the full check
HOPELESS = 0.1


def propose_feature_map(
    model: RegisteredModel, frame: pd.DataFrame, scores: FloatArray, *, task: Task = Task.BINARY
) -> tuple[dict[str, str], ModelCheck] | None:
    """A map of model features to log columns under which the model reproduces the logged scores, or None.

    Features matched by name or by the model's own map stay. The rest are assigned to numeric columns by how
    well the training range and split points fit, then improved by swapping until the scores agree. Never
    guesses: a map that does not pass ``check_model`` is not returned. Raises PlumblineError where the file
    itself is refused.
    """
    info = describe_model(model.body)
    named = match_columns(info, [str(c) for c in frame.columns], model.feature_map)
    free = [f for f in info.features if f.used and f.name not in named]
    columns = _numeric_columns(frame, set(named.values()))
    if len(free) > len(columns) or any(f.categories is not None for f in free):
        return None
    usable = np.flatnonzero(np.isfinite(scores))
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.choice(usable, min(TRIED_ROWS, len(usable)), replace=False))
    search = _Search(model, info, frame.iloc[chosen], scores[chosen], named, free, columns)
    costs = np.array([[_misfit(f, frame[c].to_numpy(np.float64)) for c in columns] for f in free])
    for start in range(STARTS if free else 1):
        noise = rng.random(costs.shape) * start
        improved, error = search.improve(_assign(costs + noise))
        if error > HOPELESS * np.std(scores[chosen]):
            continue
        names_map = named | improved
        tried = RegisteredModel(
            body=model.body,
            sha256=model.sha256,
            version=model.version,
            feature_map=names_map,
            name=model.name,
        )
        check = check_model(tried, frame, scores, task=task, info=info)
        if check.passed:
            return names_map, check
    return None


def _numeric_columns(frame: pd.DataFrame, taken: set[str]) -> list[str]:
    import pandas as pd

    free = [str(c) for c in frame.columns if str(c) not in taken]
    return [
        c
        for c in free
        if pd.api.types.is_numeric_dtype(frame[c]) and not pd.api.types.is_bool_dtype(frame[c])
    ]


def _misfit(feature: FeatureInfo, values: FloatArray) -> float:
    """How badly a column fits a feature: 0 is perfect, 1 a point for each thing that cannot be."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 3.0
    low, high = float(values.min()), float(values.max())
    cost = 0.0
    points = np.asarray(feature.thresholds)
    if len(points):
        # a split point lies between two training values, so it should cut the column somewhere
        below = np.searchsorted(np.sort(values), points, side="right") / len(values)
        cost += float(np.mean((below == 0) | (below == 1)))
        cost += abs(float(np.median(below)) - 0.5)
    if feature.low is not None and feature.high is not None and high > low:
        width = max(high - low, feature.high - feature.low)
        cost += min(1.0, abs(low - feature.low) / width) + min(1.0, abs(high - feature.high) / width)
    return cost


def _assign(costs: FloatArray) -> list[int]:
    """The column of each feature that makes the whole assignment cheapest."""
    from scipy.optimize import linear_sum_assignment

    if not costs.size:
        return []
    return [int(c) for c in linear_sum_assignment(costs)[1]]


class _Search:
    """Improves an assignment by swaps, judged by how near the model comes to the logged scores."""

    def __init__(
        self,
        model: RegisteredModel,
        info: ModelInfo,
        frame: pd.DataFrame,
        scores: FloatArray,
        named: dict[str, str],
        free: list[FeatureInfo],
        columns: list[str],
    ) -> None:
        self.body, self.info, self.scores, self.free, self.columns = model.body, info, scores, free, columns
        self.values = frame[columns].to_numpy(np.float64)
        place = {f.name: i for i, f in enumerate(info.features)}
        self.places = [place[f.name] for f in free]
        # any column does for the free features here: they are filled in for each candidate
        filler = {f.name: columns[0] for f in free}
        self.rows = align_features(info, frame, named | filler).rows

    def improve(self, assignment: list[int]) -> tuple[dict[str, str], float]:
        """Take the best swap or replacement until none helps; returns feature to column and the error."""
        current, error = assignment, self._errors([assignment])[0] if assignment else 0.0
        for _ in range(ROUNDS):
            moves = self._moves(current)[:AT_ONCE]
            if not moves or error == 0.0:
                break
            errors = self._errors(moves)
            best = int(np.argmin(errors))
            if errors[best] >= error:
                break
            current, error = moves[best], float(errors[best])
        return {f.name: self.columns[c] for f, c in zip(self.free, current, strict=True)}, float(error)

    def _moves(self, current: list[int]) -> list[list[int]]:
        unused = [c for c in range(len(self.columns)) if c not in current]
        moves = []
        for i in range(len(current)):
            for j in range(i):
                moves.append(_with_changes(current, {i: current[j], j: current[i]}))
            moves.extend(_with_changes(current, {i: c}) for c in unused)
        return moves

    def _errors(self, assignments: list[list[int]]) -> FloatArray:
        """Mean distance from the logged scores, by the best view of the output: (candidates,)."""
        blocks = []
        for assignment in assignments:
            block = self.rows.copy()
            block[:, self.places] = self.values[:, assignment]
            blocks.append(block)
        scored = score_rows(self.body, np.concatenate(blocks))
        shape = (len(assignments), len(self.scores))
        errors = [
            np.abs(VIEWS[view](scored, 0).reshape(shape) - self.scores).mean(axis=1)
            for view in candidate_views(self.info, self.scores)
        ]
        least: FloatArray = np.min(errors, axis=0)
        return least


def _with_changes(current: list[int], changes: dict[int, int]) -> list[int]:
    return [changes.get(i, c) for i, c in enumerate(current)]
