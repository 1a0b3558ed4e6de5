"""Performance before the labels are in, for several classes: CBPE as NannyML defines it for multiclass.

Each class's probability is calibrated against the rest on the reference (isotonic, cross-fitted over days,
skipped for a class where that does not lower the held-out squared error), a row's are divided by their sum,
and the expected confusion counts are added up: a decision for class k is of class j with probability p_j.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from plumbline.domain import (
    CostMatrix,
    ExpectedOutcomes,
    FloatArray,
    IntArray,
    OutcomeProfile,
    Point,
    Slice,
    score_middles,
)
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.chunks import choose_chunk
from plumbline.monitor.estimate.cbpe_binary import judge_estimates
from plumbline.monitor.estimate.isotonic import isotonic, squared_error
from plumbline.monitor.estimate.refusal import ENOUGH_REFERENCE, too_few_rows_note, unknown_points
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.metrics import Metric, metric, metrics_for
from plumbline.monitor.metrics.status import Mask
from plumbline.monitor.performance.selective_labels import Selection
from plumbline.monitor.performance.series import Span, reference_rows, sum_by_chunk, window_rows
from plumbline.wording.quantities import decimal


def class_curves(cells: IntArray) -> FloatArray:
    """Calibrated probability of each cell, (folds + 1, K, S), from counts (folds, K, 2, S).

    Fold i's curve is fitted on the others; the last one on all of them.
    """
    folds, classes, _, size = cells.shape
    middles = score_middles(size)
    curves = np.tile(middles, (folds + 1, classes, 1))
    for k in range(classes):
        counts = cells[:, k].astype(float)
        whole, fitted, before, after = counts.sum(0), [], 0.0, 0.0
        for fold in range(folds):
            other_folds = whole - counts[fold]
            p = isotonic(other_folds)(middles) if other_folds.sum() else middles
            fitted.append(p)
            before, after = (
                before + squared_error(counts[fold], middles),
                after + squared_error(counts[fold], p),
            )
        if after < before:
            curves[:folds, k] = fitted
            curves[folds, k] = isotonic(whole)(middles)
    return curves


def estimate_classes(
    profile: OutcomeProfile,
    expected: ExpectedOutcomes | None,
    healthy: ExpectedOutcomes | None,
    *,
    reference: Span | None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
    cost: CostMatrix | None = None,
    selected: Selection | None = None,
) -> tuple[Point, ...]:
    """Estimated metrics over time; arguments, refusals and errors as for ``estimate.estimate``.

    Args:
        expected: outcomes of the window's days, healthy: of the reference's; None where no probabilities are
            logged.
        selected: where decisions for some class have no outcomes, everything is refused.
    """
    by = by or choose_chunk(profile)
    chosen = _chosen(profile, metrics, cost)
    rows, counts = window_rows(profile, window), counts_of(profile, cost)
    if not rows.any():
        return ()
    mask = (
        reference_rows(profile, reference, window.arm if window else None)
        if reference
        else np.zeros_like(rows)
    )
    why = _refusal(profile, counts, mask, expected)
    if selected is not None and selected.is_one_sided:
        why = message(
            "No outcome is known for decisions {name}, so nothing can be estimated.",
            name=selected.least_labelled.name,
        )
    if why or expected is None or healthy is None:
        return unknown_points(profile, counts, rows, by, chosen, why)
    chunked_counts = sum_by_chunk(profile.days, _expected_counts(profile, counts, rows, expected), rows, by)
    realised = sum_by_chunk(profile.days, counts, rows, by).counts
    fits = (_expected_counts(profile, counts, mask, healthy).pool(), counts.select_rows(mask).pool())
    reference_chunks = sum_by_chunk(profile.days, counts, mask, by)
    return judge_estimates(chosen, chunked_counts, realised, reference_chunks, floors, fits=fits)


def _chosen(
    profile: OutcomeProfile, metrics: Sequence[str] | None, cost: CostMatrix | None
) -> tuple[Metric, ...]:
    if metrics:
        return tuple(metric(name, profile.classes) for name in metrics)
    return metrics_for(profile.task, profile.classes, value_known=cost is not None)


def _refusal(
    profile: OutcomeProfile, counts: Counts, mask: Mask, expected: ExpectedOutcomes | None
) -> Message:
    if expected is None or not expected.days:
        return message("No class probabilities are logged, so nothing can be estimated.")
    rows_labelled = int(counts.labelled[mask].sum())
    if rows_labelled < ENOUGH_REFERENCE:
        return too_few_rows_note(rows_labelled)
    unknown = [name for name in profile.classes if name not in expected.classes]
    if unknown:
        return message(
            "No probability is logged for {n} of {classes} classes.",
            n=decimal(len(unknown), "d"),
            classes=decimal(len(profile.classes), "d"),
        )
    return NOTHING


def _expected_counts(
    profile: OutcomeProfile, counts: Counts, rows: Mask, expected: ExpectedOutcomes
) -> Counts:
    """The expected counts of a day on its first group of the window, zero on its others."""
    first: dict[Any, int] = {}
    for i in np.flatnonzero(rows):
        first.setdefault(profile.days[i], int(i))
    size = len(profile.classes)
    confusion, log_loss = np.zeros((len(rows), size, size)), np.zeros(len(rows))
    order = [expected.classes.index(name) for name in profile.classes]
    for place, day in enumerate(expected.days):
        if day in first:
            confusion[first[day]] = expected.confusion[place][np.ix_(order, order)]
            log_loss[first[day]] = expected.log_loss[place]
    total = confusion.sum((1, 2))
    return replace(counts, confusion=confusion, labelled=total, scored=total, log_loss=log_loss)
