"""The counts a metric is a function of: rows of an outcome profile, added up in one go for many chunks.

All that a metric needs adds up over days, so a chunk, a version and a bootstrap resample are the same
thing: weights on the groups of a profile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import (
    CostMatrix,
    FloatArray,
    IntArray,
    NumberedScores,
    OutcomeProfile,
    PlumblineError,
    Task,
)
from plumbline.domain.messages import message
from plumbline.monitor.chunks import sum_by

#: fields of Counts that add up
ADDITIVE = (
    "n", "labelled", "confusion", "cells", "scored", "log_loss", "brier", "moments", "error_cells",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Sums over decisions; the first axis of every array is the chunk (or group, or resample), m long.

    n, labelled: (m,) decisions, and those with a label. confusion: (m, K, K) labelled decisions, rows
    predicted, columns true. cells: (m, 2, S) labelled decisions by score cell for label negative [0] and
    positive [1]. scored, log_loss, brier: (m,) labelled decisions with a score and their summed losses.
    moments: (m, 12) as REGRESSION_MOMENTS; error_cells: (m, E), absolute errors between error_ends (2, E).
    numbered: the scores of ``cells`` by number, as far as they are known so.
    cost: classification (K, K) value of one decision, rows predicted; regression (2,) cost of one unit
    over- and under-predicted.
    """

    task: Task
    classes: tuple[str, ...]
    positive: int
    n: FloatArray
    labelled: FloatArray
    confusion: FloatArray
    cells: FloatArray
    scored: FloatArray
    log_loss: FloatArray
    brier: FloatArray
    moments: FloatArray
    error_ends: FloatArray
    error_cells: FloatArray
    cost: FloatArray | None = None
    numbered: NumberedScores | None = None
    #: what functions of these counts gave (see ``cache_by_counts``); nobody may write into it
    held: dict[Callable[[Counts], Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def apply_weights(self, weights: NDArray[Any]) -> Counts:
        """Sums with each row taken ``weights`` times: (B, m) weights give B rows."""
        parts: dict[str, Any] = {
            name: np.tensordot(weights, getattr(self, name), axes=1) for name in ADDITIVE
        }
        return replace(self, numbered=None, **parts)

    def scale_rows(self, share: FloatArray, names: tuple[str, ...] = ADDITIVE) -> Counts:
        """Each row of (m,) taken ``share`` times, in these fields: means stay, what they rest on does not.

        Scores are then known by their cells alone, as those by number are whole decisions.
        """
        parts: dict[str, Any] = {name: (getattr(self, name).T * share).T for name in names}
        return replace(self, numbered=None, **parts)

    def sum_by_group(self, index: IntArray, chunks: int) -> Counts:
        """Rows of the same ``index`` (0 .. chunks - 1) added up: ``chunks`` rows."""
        if len(index) == chunks and np.array_equal(index, np.arange(chunks)):
            return self
        parts: dict[str, Any] = {name: sum_by(index, chunks, getattr(self, name)) for name in ADDITIVE}
        return replace(self, numbered=_regroup_scores(self.numbered, index, chunks), **parts)

    def select_rows(self, rows: NDArray[Any]) -> Counts:
        """Only these rows (a mask or positions)."""
        if rows.dtype == np.bool_ and rows.all():
            return self
        parts: dict[str, Any] = {name: getattr(self, name)[rows] for name in ADDITIVE}
        return replace(self, numbered=_select_scores(self.numbered, rows), **parts)

    def pool(self) -> Counts:
        """All rows added up into one."""
        return _pool(self)


Asked = TypeVar("Asked")


def cache_by_counts(function: Callable[[Counts], Asked]) -> Callable[[Counts], Asked]:
    """The function, worked out once for the same counts: a metric, its interval and its limit all ask for it."""

    @wraps(function)
    def cached(counts: Counts) -> Asked:
        if function not in counts.held:
            counts.held[function] = function(counts)
        value: Asked = counts.held[function]
        return value

    return cached


@cache_by_counts
def _pool(counts: Counts) -> Counts:
    parts: dict[str, Any] = {name: getattr(counts, name).sum(0, keepdims=True) for name in ADDITIVE}
    return replace(
        counts, numbered=_regroup_scores(counts.numbered, np.zeros(len(counts.n), np.int64), 1), **parts
    )


def _regroup_scores(scores: NumberedScores | None, index: IntArray, chunks: int) -> NumberedScores | None:
    if scores is None:
        return None
    return replace(
        scores, group=index[scores.group], elsewhere=sum_by(index, chunks, scores.elsewhere).astype(np.int64)
    )


def _select_scores(scores: NumberedScores | None, rows: NDArray[Any]) -> NumberedScores | None:
    if scores is None:
        return None
    chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    place = np.full(len(scores.elsewhere), -1, np.int64)
    place[chosen] = np.arange(len(chosen))
    if len(chosen) != np.count_nonzero(place >= 0):
        return None  # a row that is taken twice is in two places
    mask = place[scores.group] >= 0
    return NumberedScores(
        group=place[scores.group[mask]],
        number=scores.number[mask],
        negative=scores.negative[mask],
        positive=scores.positive[mask],
        elsewhere=scores.elsewhere[chosen],
    )


def ratio(top: FloatArray, bottom: FloatArray, empty: float = np.nan) -> FloatArray:
    """``top / bottom``, ``empty`` where there is nothing to divide by."""
    held = bottom > 0
    return np.where(held, top / np.where(held, bottom, 1.0), empty)


def counts_of(profile: OutcomeProfile, cost: CostMatrix | None = None, *, scores: bool = True) -> Counts:
    """The counts of a profile, one row a group.

    Args:
        profile: as built from decisions.
        cost: the owner's cost matrix (see ``cost_array``).
        scores: with the cells of the scores, which are thousands a group.

    Raises:
        PlumblineError: the cost matrix does not fit the task.
    """
    groups, known, classes = len(profile.days), len(profile.classes), _classes(profile)
    confusion = np.zeros((groups, len(classes), len(classes)))
    if known:
        confusion[:, :known, :known] = profile.confusion[:, :, :known]
    return Counts(
        task=profile.task,
        classes=classes,
        positive=positive_class(classes, profile.positive),
        n=profile.n.astype(float),
        labelled=profile.n_labelled.astype(float),
        confusion=confusion,
        cells=_wide_floats(profile.score_cells if scores else profile.score_cells[..., :0], groups, (2, 0)),
        scored=_wide_floats(profile.n_scored, groups, ()),
        log_loss=_wide_floats(profile.sum_log_loss, groups, ()),
        brier=_wide_floats(profile.sum_brier, groups, ()),
        moments=_wide_floats(profile.moments, groups, (0,)),
        error_ends=np.asarray(profile.error_ends, dtype=float),
        error_cells=_wide_floats(profile.error_cells, groups, (0,)),
        cost=cost_array(cost, profile.task, classes) if cost else None,
        numbered=profile.numbered if scores else None,
    )


def _wide_floats(values: NDArray[Any], groups: int, shape: tuple[int, ...]) -> FloatArray:
    """As floats, NaN (no sum was kept) as zero; an absent quantity becomes zeros (groups, *shape)."""
    if values.shape[:1] != (groups,) or (values.size == 0 and groups):
        return np.zeros((groups, *shape))
    real: FloatArray = values.astype(float)
    return real if values.dtype.kind in "iu" else np.asarray(np.nan_to_num(real, nan=0.0))


def _classes(profile: OutcomeProfile) -> tuple[str, ...]:
    """The classes, with the positive one added where it was neither predicted nor true so far."""
    missing = profile.task is Task.BINARY and profile.positive and profile.positive not in profile.classes
    return (*profile.classes, str(profile.positive)) if missing else profile.classes


def positive_class(classes: tuple[str, ...], positive: str | None) -> int:
    """Position of the positive class; the last one where none is named."""
    return classes.index(positive) if positive in classes else max(len(classes) - 1, 0)


def cost_array(cost: CostMatrix, task: Task, classes: tuple[str, ...]) -> FloatArray:
    """The owner's cost matrix as an array.

    Classification: ``{"currency": "EUR", "matrix": {"predicted|true": amount}}``, the value of one such
    decision (a gain is positive, a loss negative; a pair left out is worth 0) -> (K, K).
    Regression: ``{"currency": "EUR", "over": amount, "under": amount}``, the cost of one unit of the
    target predicted too much or too little (a cost is positive) -> (2,).

    Raises:
        PlumblineError: a class is unknown, or an amount is no number.
    """
    where = "cost matrix"
    try:
        if task is Task.REGRESSION:
            return np.array([float(cost.get("over", 0.0)), float(cost.get("under", 0.0))])
        matrix = np.zeros((len(classes),) * 2)
        for pair, amount in dict(cost["matrix"]).items():
            predicted, _, true = str(pair).partition("|")
            matrix[classes.index(predicted), classes.index(true)] = float(amount)
        return matrix
    except KeyError as error:
        raise PlumblineError(
            "The cost matrix has no amounts", where=where, todo='Give {"matrix": {"predicted|true": amount}}.'
        ) from error
    except (ValueError, TypeError) as error:
        raise PlumblineError(
            message("The cost matrix cannot be read: {error}", error=str(error)),
            where=where,
            todo="Name classes as in the log: " + ", ".join(classes) + "; amounts are numbers.",
        ) from error
