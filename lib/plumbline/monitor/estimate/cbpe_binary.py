"""Performance before the labels are in, from the scores alone: binary systems, and what all estimates share.

Confidence-based performance estimation (CBPE, as NannyML released it): the score is calibrated on the
labelled reference; a decision with calibrated score p for the positive class is then expected to be right
with p or 1 - p, and expected counts add up like real ones. It holds as long as inputs change but the
relation of score and truth does not; where realised values leave the estimate's band, that relation has
changed (concept drift), and later estimates are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import stdtrit

from plumbline.domain import (
    CostMatrix,
    FloatArray,
    IntArray,
    OutcomeProfile,
    Point,
    Slice,
    Task,
    score_middles,
)
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.monitor.chunks import ENOUGH, Days, choose_chunk, day_array, sum_by
from plumbline.monitor.estimate.isotonic import Curves, calibration_curves
from plumbline.monitor.estimate.refusal import LEFT_THE_BAND, MISFIT, refusal, unknown_points
from plumbline.monitor.metrics.counts import Counts, counts_of, ratio
from plumbline.monitor.metrics.intervals import Interval, interval
from plumbline.monitor.metrics.metrics import HEADLINE, Metric, metric, relevant_change
from plumbline.monitor.metrics.score_confusion import FOLLOWS, ScoredGroups, explained_share, order_by_score
from plumbline.monitor.metrics.status import Mask, judge_points
from plumbline.monitor.metrics.thresholds import threshold
from plumbline.monitor.performance.selective_labels import Selection, decisions_for, unknown_metrics
from plumbline.monitor.performance.series import (
    ChunkedCounts,
    Span,
    owner_floor,
    reference_rows,
    sum_by_chunk,
    window_rows,
)
from plumbline.monitor.performance.weights import join_score_cells
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import percent

#: share of a chunk's decisions that may have scores for which the reference holds no outcome
OUTSIDE = 0.02
#: standard errors by which a realised value leaves the band
LEFT = 3.0
ESTIMATED = (
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "matthews_corrcoef",
    "roc_auc", "average_precision", "log_loss", "brier", "value",
)  # fmt: skip


def estimate(
    profile: OutcomeProfile,
    *,
    reference: Span | None,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    window: Slice | None = None,
    floors: Mapping[str, float] | None = None,
    cost: CostMatrix | None = None,
    selected: Selection | None = None,
) -> tuple[Point, ...]:
    """Estimated metrics over time, labelled or not; points have ``estimated`` set, ``n`` is all decisions.

    Limits are those of ``performance``. The interval joins the sampling error of a chunk of that size and
    that of the reference. Arguments as for ``performance``. A metric that cannot be estimated (e.g.
    ``positive_rate``, which needs no label) is left out.

    Where estimating is refused, every point is ``unknown`` and its note says why: the task is not binary,
    no score is logged, predictions do not follow the score, fewer than 300 labelled reference rows, or
    realised values have left the band.

    Where only decisions for one class have outcomes (``selected``) estimates are of those alone, which the notes say;
    metrics that need the others are unknown. Where each class has some, estimates are of all decisions, and so are
    the limits: the labelled ones are unlike the others, and show only whether the score still means the same. Where
    having an outcome depends on the decision at all, chunks of which more than ``OUTSIDE`` have scores for which the
    reference holds none are refused.

    Raises:
        PlumblineError: an unknown metric or chunk, or a cost matrix that does not fit.
    """
    by = by or choose_chunk(profile)
    binary = profile.task is Task.BINARY
    usual = [n for n in ESTIMATED if n != "value" or cost] if binary else [HEADLINE[profile.task]]
    chosen = [metric(name, profile.classes) for name in metrics or usual]
    chosen = [chosen_metric for chosen_metric in chosen if chosen_metric.name in ESTIMATED or not binary]
    rows = window_rows(profile, window)
    if not rows.any():
        return ()
    counts = counts_of(profile, cost)
    arm = window.arm if window else None
    mask = reference_rows(profile, reference, arm) if reference else np.zeros(len(rows), dtype=bool)
    why = refusal(profile, counts, mask)
    if why:
        return unknown_points(profile, counts, rows, by, chosen, why)
    scored = order_by_score(profile, counts)
    if explained_share(scored, mask) < FOLLOWS:
        why = message("Predictions do not follow the score, so the score cannot speak for them.")
        return unknown_points(profile, counts, rows, by, chosen, why)
    barred = unknown_metrics(selected)
    silent = [
        p
        for chosen_metric in chosen
        if (w := barred.get(chosen_metric.name))
        for p in unknown_points(profile, counts, rows, by, [chosen_metric], w)
    ]
    chosen = [chosen_metric for chosen_metric in chosen if chosen_metric.name not in barred]
    seen = _covered_cells(scored, mask) if selected is not None else None
    if selected is not None and selected.is_one_sided:
        scored = _decisions_with_outcomes(scored, profile, selected.labelled_classes)
        counts = scored.counts
    days = day_array(profile.days)
    curves = calibration_curves(counts, mask, days)
    own_chunks, realised = (sum_by_chunk(profile.days, counts, part, by) for part in (mask, rows))
    # nothing else looks at single days
    daily = any(chosen_metric.interval == "days" for chosen_metric in chosen)
    chunked_counts = _expected_chunks(scored, curves, days, rows, realised, daily=daily)
    labelled, beside = scored, chunked_counts.counts
    if selected is not None and not selected.is_one_sided:
        labelled = ScoredGroups(counts, counts.cells.sum(1), scored.above)
        beside = _expected_chunks(labelled, curves, days, rows, realised).counts
        own_chunks = _expected_chunks(scored, curves, days, mask, own_chunks, daily=True)
    healthy = counts.select_rows(mask).pool()
    fits = (_expected_counts(labelled, curves, mask, np.zeros(int(mask.sum()), np.int64), healthy), healthy)
    others = _counts_by_fold(scored, curves, days, rows, realised)
    outside = _extrapolation_notes(chunked_counts.counts.cells.sum(1), seen)
    points = judge_estimates(
        chosen,
        chunked_counts,
        realised.counts,
        own_chunks,
        floors,
        fits=fits,
        others=others,
        outside=outside,
        beside=beside,
    )
    whose = selected.population_note if selected is not None else NOTHING
    return (*(replace(p, note=sequence([whose, p.note])) for p in points), *silent)


def _decisions_with_outcomes(
    scored: ScoredGroups, profile: OutcomeProfile, known: Sequence[str]
) -> ScoredGroups:
    """The decisions for the one class that has outcomes, alone."""
    counts = scored.counts
    positive = counts.classes[counts.positive] in known
    share = scored.above if positive else 1 - scored.above
    side = counts.positive if positive else 1 - counts.positive
    confusion = np.zeros_like(counts.confusion)
    confusion[:, side] = counts.confusion[:, side]
    cells = counts.cells * share[:, None, :]
    labelled_counts = replace(
        counts,
        n=decisions_for(profile, known),
        labelled=confusion.sum((1, 2)),
        confusion=confusion,
        cells=cells,
        scored=cells.sum((1, 2)),
        numbered=None,
    )
    return ScoredGroups(labelled_counts, scored.everyone * share, np.full_like(share, float(positive)))


def _covered_cells(scored: ScoredGroups, mask: Mask) -> FloatArray:
    """1 for each score cell, (S,), whose outcomes the reference knows: not beyond its labelled scores, nor in a stretch
    among them that has none."""
    labelled = scored.counts.cells[mask].sum((0, 1))
    group = join_score_cells(labelled, scored.everyone[mask].sum(0) - labelled)
    places = np.flatnonzero((labelled > 0) & (group >= 0))
    seen = np.zeros(len(labelled))
    if len(places):
        seen[places[0] : places[-1] + 1] = group[places[0] : places[-1] + 1] >= 0
    return seen


def _extrapolation_notes(cells: FloatArray, seen: FloatArray | None) -> list[Message]:
    """Why chunks, by all their decisions in score cells (m, S), cannot be estimated; empty where they can."""
    if seen is None:
        return []
    shares = 1 - ratio(cells @ seen, cells.sum(1), 1.0)
    return [
        message(
            "{share} of these decisions have scores for which the reference has no outcome, so nothing is estimated.",
            share=percent(share),
        )
        if share > OUTSIDE
        else NOTHING
        for share in shares.tolist()
    ]


def _counts_by_fold(
    scored: ScoredGroups, curves: Curves, days: Days, rows: Mask, realised: ChunkedCounts
) -> tuple[Counts, ...]:
    """The expected counts of each chunk by calibrations that each leave a fold of the reference's days out, and by
    the one that leaves none."""
    chunk, m = _chunk_of(days, rows, realised), len(realised.starts)
    everyone, high = (sum_by(chunk, m, x) for x in _predicted_cells(scored, rows))
    return tuple(
        replace(realised.counts, numbered=None, **_sums(realised.counts, everyone, high, p))
        for p in curves.others
    )


def _chunk_of(days: Days, rows: Mask, chunks: ChunkedCounts) -> IntArray:
    """The chunk of each group that counts, (n,)."""
    return chunks.days.chunk[np.unique(days[rows], return_inverse=True)[1]]


def _predicted_cells(scored: ScoredGroups, rows: Mask) -> tuple[FloatArray, FloatArray]:
    """All decisions of these groups by cell, and how many of them were predicted positive, (n, S) each."""
    everyone = scored.everyone[rows]
    return everyone, everyone * scored.above[rows]


def _expected_chunks(
    scored: ScoredGroups,
    curves: Curves,
    days: Days,
    rows: Mask,
    chunks: ChunkedCounts,
    *,
    daily: bool = False,
) -> ChunkedCounts:
    """Chunks, and with ``daily`` their days, as they would be on average if every decision had its outcome."""
    day = np.unique(days[rows], return_inverse=True)[1]
    counts = replace(
        chunks, counts=_expected_counts(scored, curves, rows, chunks.days.chunk[day], chunks.counts)
    )
    if not daily:
        return counts
    by_day = _expected_counts(scored, curves, rows, day, chunks.days.counts)
    return replace(counts, days=replace(chunks.days, counts=by_day))


def _expected_counts(
    scored: ScoredGroups, curves: Curves, rows: Mask, chunk: IntArray, realised: Counts
) -> Counts:
    """Counts of each chunk as they would be on average if every decision with a score were labelled.

    Args:
        rows: groups that count, n of them; chunk: (n,) of each; realised: (m,) their counts by chunk.
    """
    width, m = len(curves.used), len(realised.n)
    place, part = np.unique(chunk * width + curves.of[rows], return_inverse=True)
    everyone, high = (sum_by(part, len(place), x) for x in _predicted_cells(scored, rows))
    expected_sums = _sums(realised, everyone, high, curves.used[place % width])
    parts: dict[str, Any] = {name: sum_by(place // width, m, x) for name, x in expected_sums.items()}
    return replace(realised, numbered=None, **parts)


def _sums(counts: Counts, everyone: FloatArray, high: FloatArray, p: FloatArray) -> dict[str, Any]:
    """What changes in counts where all, (m, S), and the ``high`` of them predicted positive come true with p."""
    middles = np.clip(score_middles(everyone.shape[1]), 1e-15, 1 - 1e-15)
    cells = np.empty((len(everyone), 2, everyone.shape[1]))
    negative, positive = cells[:, 0], cells[:, 1]
    np.multiply(everyone, p, out=positive)
    np.subtract(everyone, positive, out=negative)
    k, confusion = counts.positive, np.zeros((len(everyone), 2, 2))
    for predicted, of in ((k, high), (1 - k, everyone - high)):
        for true, chance in ((k, p), (1 - k, 1 - p)):
            confusion[:, predicted, true] = np.einsum("...j,...j->...", of, chance)
    total = everyone.sum(1)
    return {
        "labelled": total,
        "scored": total,
        "confusion": confusion,
        "cells": cells,
        "log_loss": -(positive @ np.log(middles) + negative @ np.log1p(-middles)),
        "brier": positive @ (1 - middles) ** 2 + negative @ middles**2,
    }


def judge_estimates(
    chosen: Sequence[Metric],
    shown: ChunkedCounts,
    realised: Counts,
    reference: ChunkedCounts,
    floors: Mapping[str, float] | None = None,
    own_se: Callable[[Metric], FloatArray] | None = None,
    fits: tuple[Counts, Counts] | None = None,
    others: tuple[Counts, ...] = (),
    outside: Sequence[Message] = (),
    beside: Counts | None = None,
) -> tuple[Point, ...]:
    """Expected counts as points, judged by the limits of ``performance``.

    Args:
        shown: expected counts of the chunks of a window; realised: the labelled counts of the same chunks.
        reference: labelled counts of the reference's chunks.
        own_se: standard error of each chunk's value (m,) in place of that of the counts.
        fits: the reference in one row, expected and realised. A metric for which they differ by more than
            chance and by enough to matter has no estimate: predictions do not follow the probabilities, or
            losses hang on scores nearer 0 or 1 than a cell can tell.
        others: expected counts by calibrations without a fold of the reference each, and by the one without none: by
            how much they differ is the calibration's own error (jackknife by groups: Miller 1974; Shao and Tu 1995,
            2.3), in place of the reference's where it is more. So is what a score that was not calibrated, as the
            reference did not prove that it helps, would be off by if it should have been.
        outside: why each chunk has no estimate; empty where it has.
        beside: expected counts of what ``realised`` counts, where that is not a sample of all.
    """
    points: list[Point] = []
    for chosen_metric in chosen:
        floor = owner_floor(chosen_metric, floors)
        band = threshold(chosen_metric, reference.counts, reference.days, floor)
        healthy = band if floor is None else threshold(chosen_metric, reference.counts, reference.days)
        chance = own_se(chosen_metric) if own_se else interval(chosen_metric, shown.counts, shown.days).se
        values = chosen_metric.compute(shown.counts)
        jackknifed, doubted = _spread(chosen_metric, others, values)
        calibration = np.hypot(jackknifed, doubted)
        se = np.hypot(chance, np.maximum(healthy.se, calibration))
        fitted = float(stdtrit(max(len(others) - 2, 1), 0.975)) * jackknifed
        half = np.hypot(Z * chance, np.maximum(Z * healthy.se, fitted)) + doubted
        low, high = (np.clip(values + sign * half, *chosen_metric.range) for sign in (-1, 1))
        why = NOTHING if fits is None or _is_consistent(chosen_metric, *fits) else MISFIT
        barred = [why or note for note in outside] if outside else [why] * len(values)
        like = values if beside is None else chosen_metric.compute(beside)
        left = [NOTHING] * len(values) if why else _refusal_notes(chosen_metric, like, se, realised)
        points_judged = judge_points(
            chosen_metric, shown.starts, shown.ends, shown.counts, Interval(low, high, se), band,
            np.zeros(len(values), dtype=bool), estimated=True,
            refused=[first or then for first, then in zip(barred, left, strict=True)],
        )  # fmt: skip
        points += [
            replace(p, value=None, low=None, high=None) if none else p
            for p, none in zip(points_judged, barred, strict=True)
        ]
    return tuple(points)


def _spread(metric: Metric, others: tuple[Counts, ...], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of each chunk's value (m,): its standard error by the calibrations, and by how much it may be off all alike; 0
    without any: how far it is from the whole calibration's, and that one's bias, which fewer days have more of: that of
    an isotonic fit falls with rows to the power of 2/3."""
    if len(others) < 3:
        return np.zeros(len(values)), np.zeros(len(values))
    *parts, whole = (metric.compute(counts) for counts in others)
    jackknifed = np.sqrt((len(parts) - 1) * np.stack(parts).var(0))
    pulled = (np.stack(parts).mean(0) - whole) / ((1 - 1 / len(parts)) ** (-2 / 3) - 1)
    return np.nan_to_num(jackknifed), np.nan_to_num(np.hypot(values - whole, pulled))


def _is_consistent(metric: Metric, expected: Counts, realised: Counts) -> bool:
    """Whether the reference's own estimate agrees with what came true there."""
    real = float(metric.compute(realised)[0])
    apart = abs(float(metric.compute(expected)[0]) - real)
    if not np.isfinite(apart):
        return True
    matters = relevant_change(metric, real)
    return apart <= max(LEFT * float(interval(metric, realised).se[0]), matters) or metric.name == "value"


def _refusal_notes(metric: Metric, values: FloatArray, se: FloatArray, realised: Counts) -> list[Message]:
    """Why each chunk's estimate is refused: realised values left the band in two judged chunks running,
    this one or earlier."""
    real, share = metric.compute(realised), realised.labelled / np.maximum(realised.n, 1)
    scale = np.sqrt(np.maximum(1.0, 1 / np.maximum(share, 1e-9)))
    full = (realised.labelled >= ENOUGH) & np.isfinite(real) & np.isfinite(values)
    order = np.flatnonzero(full)
    side: IntArray = np.where(np.abs(real - values) > LEFT * se * scale, np.sign(real - values), 0).astype(
        np.int64
    )[order]
    twice = np.flatnonzero((side[1:] == side[:-1]) & (side[1:] != 0))
    since = int(order[twice[0]]) if len(twice) else len(values)
    return [LEFT_THE_BAND if i >= since else NOTHING for i in range(len(values))]
