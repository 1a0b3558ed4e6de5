"""Performance before the labels are in, for numbers: direct loss estimation (DLE), as NannyML defines it.

A second model learns, on the labelled reference, how large the error of a decision tends to be given its
inputs and its prediction; its mean over a chunk estimates the chunk's error. Gradient boosting of the
absolute error (for MAE) and of the squared error (for RMSE), cross-fitted over days within the reference.
It sees inputs that grow harder; it cannot see a relation that changed, which the realised values show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from plumbline.domain import FloatArray, IntArray, OutcomeProfile, Point, Slice
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.chunks import CHUNKS, ENOUGH, choose_chunk
from plumbline.monitor.estimate.cbpe_binary import judge_estimates
from plumbline.monitor.estimate.refusal import ENOUGH_REFERENCE, too_few_rows_note, unknown_points
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.metrics import M, Metric, metric
from plumbline.monitor.performance.series import (
    ChunkedCounts,
    Span,
    reference_rows,
    sum_by_chunk,
    window_rows,
)

ESTIMATED = ("mae", "rmse")
FOLDS = 3
SEED = 20260101
#: trees of each fit; few and shallow, as errors are noisy and the fit is made while someone waits
TREES, LEAVES, RATE = 60, 15, 0.1

Model = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class LossRows:
    """Sampled decisions: ``days`` (n,) datetime64[D], ``inputs`` (n, p) with NaN for missing, prediction
    included, and ``error`` (n,) prediction less label, NaN where there is no label."""

    days: Any
    inputs: FloatArray
    error: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Losses:
    """Estimated mean absolute and squared error of each chunk (m,), their standard errors from the sample,
    and the sampled rows."""

    absolute: FloatArray
    squared: FloatArray
    absolute_se: FloatArray
    squared_se: FloatArray
    rows: FloatArray


def estimate_losses(
    profile: OutcomeProfile,
    healthy: LossRows | None,
    shown: LossRows | None,
    *,
    reference: Span | None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
) -> tuple[Point, ...]:
    """Estimated MAE and RMSE over time; refusals and errors as for ``estimate.estimate``.

    Args:
        healthy: a sample of the reference; shown: a sample of the window; None where no inputs are logged.

    The interval joins the chance of a chunk of that size, the error of the sample, and that of the reference.
    """
    by = by or choose_chunk(profile)
    chosen = [metric(name, profile.classes) for name in metrics or ESTIMATED]
    chosen = [chosen_metric for chosen_metric in chosen if chosen_metric.name in ESTIMATED]
    rows, counts = window_rows(profile, window), counts_of(profile)
    if not rows.any() or not chosen:
        return ()
    mask = (
        reference_rows(profile, reference, window.arm if window else None)
        if reference
        else np.zeros_like(rows)
    )
    why = _refusal(healthy, shown)
    if why or healthy is None or shown is None or reference is None:
        return unknown_points(
            profile, counts, rows, by, chosen, why or message("There is no reference to learn from yet.")
        )
    realised = sum_by_chunk(profile.days, counts, rows, by)
    losses = _estimate_losses(
        healthy, shown, realised, by, {chosen_metric.name for chosen_metric in chosen}, reference
    )
    chunked_counts = sum_by_chunk(profile.days, counts, mask, by)
    expected = _expected_counts(realised.counts, losses)
    expected_chunks = replace(realised, counts=expected)
    return judge_estimates(
        chosen,
        expected_chunks,
        realised.counts,
        chunked_counts,
        floors,
        lambda chosen_metric: _error(chosen_metric, expected, losses, chunked_counts.counts),
    )


def _refusal(healthy: LossRows | None, shown: LossRows | None) -> Message:
    if healthy is None or shown is None or not healthy.inputs.shape[1]:
        return message("No inputs are logged, so nothing can be estimated.")
    held = int(np.isfinite(healthy.error).sum())
    return too_few_rows_note(held) if held < ENOUGH_REFERENCE else NOTHING


def fit(inputs: FloatArray, target: FloatArray) -> Model:
    """Gradient boosting of a loss on the inputs; predictions are kept within the losses seen."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingRegressor(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, early_stopping=False, random_state=SEED
    )
    with threadpool_limits(1):  # small fits: threads that wait for each other cost more than they save
        model.fit(inputs, target)

    def predict(rows: FloatArray) -> FloatArray:
        with threadpool_limits(1):
            fitted: FloatArray = np.asarray(model.predict(rows), dtype=np.float64)
        return np.asarray(np.clip(fitted, target.min(), target.max()))

    return predict


def _estimate_losses(
    healthy: LossRows, shown: LossRows, realised: ChunkedCounts, by: str, wanted: set[str], reference: Span
) -> _Losses:
    labelled = np.isfinite(healthy.error)
    inputs, days = healthy.inputs[labelled], healthy.days[labelled]
    chunk = _chunk_of(shown.days, realised.starts, by)
    empty = np.full(len(realised.starts), np.nan)
    rows = np.bincount(chunk[chunk >= 0], minlength=len(realised.starts)).astype(float)
    estimates_by_metric = {}
    for name, loss in (("mae", np.abs(healthy.error[labelled])), ("rmse", healthy.error[labelled] ** 2)):
        if name not in wanted:
            estimates_by_metric[name] = (empty, empty)
            continue
        predicted = _cross_fit(inputs, days, loss, shown, reference)
        estimates_by_metric[name] = _means(predicted, chunk, rows)
    (absolute, absolute_se), (squared, squared_se) = estimates_by_metric["mae"], estimates_by_metric["rmse"]
    return _Losses(
        absolute=absolute, squared=squared, absolute_se=absolute_se, squared_se=squared_se, rows=rows
    )


def _cross_fit(
    inputs: FloatArray, days: Any, loss: FloatArray, shown: LossRows, reference: Span
) -> FloatArray:
    """The loss that each shown decision is expected to have; within the reference by a model that has not
    seen its day."""
    bounds = [np.datetime64(at.date(), "D") for at in reference]
    inside = (shown.days >= bounds[0]) & (shown.days < bounds[1])
    predicted = np.full(len(shown.days), np.nan)
    if (~inside).any():
        predicted[~inside] = fit(inputs, loss)(shown.inputs[~inside])
    fold_of, own_fold = days.astype(np.int64) % FOLDS, shown.days.astype(np.int64) % FOLDS
    for fold in range(FOLDS) if inside.any() else ():
        here, training = inside & (own_fold == fold), fold_of != fold
        if here.any() and training.sum() >= ENOUGH:
            predicted[here] = fit(inputs[training], loss[training])(shown.inputs[here])
    return predicted


def _chunk_of(days: Any, starts: Sequence[datetime], by: str) -> IntArray:
    """Position of each day's chunk among ``starts``, -1 where it is none of them."""
    place = {start.date(): i for i, start in enumerate(starts)}
    unique, inverse = np.unique(days, return_inverse=True)
    own = np.array([place.get(day, -1) for day in CHUNKS[by][0](unique).tolist()], dtype=np.int64)
    return own[inverse] if len(own) else np.empty(0, dtype=np.int64)


def _means(predicted: FloatArray, chunk: IntArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean of each chunk and its standard error from the sample; NaN under ``ENOUGH`` rows."""
    mask = (chunk >= 0) & np.isfinite(predicted)
    size = len(rows)
    n = np.bincount(chunk[mask], minlength=size).astype(float)
    total = np.bincount(chunk[mask], predicted[mask], size)
    squares = np.bincount(chunk[mask], predicted[mask] ** 2, size)
    enough = n >= ENOUGH
    mean = np.where(enough, total / np.maximum(n, 1), np.nan)
    spread = np.sqrt(np.maximum(squares / np.maximum(n, 1) - np.nan_to_num(mean) ** 2, 0.0))
    return mean, spread / np.sqrt(np.maximum(n, 1))


def _expected_counts(realised: Counts, losses: _Losses) -> Counts:
    """The estimate as counts of all decisions of a chunk, so that every metric reads it as its own."""
    moments = np.zeros_like(realised.moments)
    moments[:, M["abs"]] = realised.n * losses.absolute
    moments[:, M["sq"]] = realised.n * losses.squared
    return replace(realised, labelled=realised.n, moments=moments)


def _error(metric: Metric, expected: Counts, losses: _Losses, reference: Counts) -> FloatArray:
    """Standard error of each chunk's value: chance at its size, scaled from the reference, and the sample's."""
    whole = reference.pool()
    n, healthy = np.maximum(expected.n, 1.0), float(whole.labelled[0])
    sampled = 1 - np.minimum(losses.rows / n, 1.0)  # a chunk taken whole has no sampling error
    mean_sq = float(whole.moments[0, M["sq"]]) / healthy
    if metric.name == "mae":
        mean_abs = float(whole.moments[0, M["abs"]]) / healthy
        spread = np.sqrt(max(mean_sq - mean_abs**2, 0.0)) * losses.absolute / max(mean_abs, 1e-300)
        return np.asarray(np.sqrt(spread**2 / n + losses.absolute_se**2 * sampled))
    mean_fourth = float(whole.moments[0, M["sq2"]]) / healthy
    spread = np.sqrt(max(mean_fourth - mean_sq**2, 0.0)) * losses.squared / max(mean_sq, 1e-300)
    se = np.sqrt(spread**2 / n + losses.squared_se**2 * sampled)
    return np.asarray(se / (2 * np.sqrt(np.maximum(losses.squared, 1e-300))))
