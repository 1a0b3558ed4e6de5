"""What a value of a chunk amounts to, given its interval and its limits.

How a point gets its status (the rule is stated once, here):

- ``unknown``: fewer than 30 rows, a value that cannot be computed, nothing to compare with, or so few positives
  (or whatever else the metric counts) that even the worst value could be chance;
- ``ok``: the value is within its limits;
- ``watch``: the value is beyond a limit, but only in this chunk and its interval is not wholly beyond; or
  the chunk is provisional;
- ``breach``: the whole interval is beyond the limit, or this chunk and a neighbour (unknown and
  provisional ones skipped) are both beyond it on the same side; both are then marked.

A limit from the reference already leaves room for chance and for changes too small to matter, so a breach
is always a difference that is large enough and more than chance. A floor is the owner's word and is taken
as it stands. Where a grid may have moved a value, it counts as beyond only if it is so by more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, Point, PointStatus, from_columns
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.monitor.binned_counts import or_none
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import Counts
from plumbline.monitor.metrics.intervals import THREE_SIGMA, Interval
from plumbline.monitor.metrics.metrics import Metric
from plumbline.monitor.metrics.thresholds import Threshold, limits, rows_needed
from plumbline.wording.quantities import count, decimal

Mask = NDArray[np.bool_]
#: the most that counting in cells may move a value without being said beside it; of an error, as a share of it
STATED = 0.002
_STATUSES = (PointStatus.UNKNOWN, PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH)
_UNKNOWN, _OK, _WATCH, _BREACH = range(4)


def judge_points(
    metric: Metric,
    starts: Sequence[datetime],
    ends: Sequence[datetime],
    counts: Counts,
    sure: Interval,
    band: Threshold,
    waiting: Mask,
    *,
    version: str | None = None,
    estimated: bool = False,
    refused: Sequence[Message] | None = None,
    chance: FloatArray | float = THREE_SIGMA,
    window: int = 1,
) -> list[Point]:
    """The points of one metric and version, judged against its limits.

    Args:
        starts, ends: (m,) of the chunks, in order of time.
        counts: (m,) rows; ``labelled`` are the rows a value rests on.
        sure: interval of each value.
        band: the metric's healthy band.
        waiting: (m,) chunks whose labels are still coming.
        refused: (m,) why a chunk must not be judged; empty where it may.
        window: how many chunks, the one and those before it, each of ``counts`` holds.
        chance: as for ``thresholds.limits``; a family of metrics that is judged together allows each less.
    """
    values, rows = metric.compute(counts), counts.labelled
    bounds = np.nan_to_num(metric.bound(counts)) if metric.bound else np.zeros(len(values))
    low, high = limits(band, metric, counts, chance)
    may, silent = judgeable_chunks(metric, band, counts, low, high)
    if refused is not None:
        may &= np.array([not why for why in refused])
    side = np.where(values + bounds < low, -1, np.where(values - bounds > high, 1, 0))
    whole = (sure.high + bounds < low) | (sure.low - bounds > high)
    breached = _breach_mask(side, whole, may & ~waiting)
    code = np.where(breached, _BREACH, np.where(may, np.where(side != 0, _WATCH, _OK), _UNKNOWN))
    finite = np.isfinite(values)
    shown = np.where((rows > 0) & ~silent, _nearer_limit(values, low, high, band.mean), np.nan)
    counted, sound = rows.astype(np.int64).tolist(), may.tolist()
    few = {
        i: _too_few_note(metric, band, ends[i] - starts[i], counts, i)
        for i in np.flatnonzero(silent).tolist()
    }
    why = [
        (refused[i] if refused is not None else NOTHING)
        or (NOTHING if sound[i] else few.get(i) or _unknown_note(metric, counted[i], value, band))
        for i, value in enumerate(values.tolist())
    ]
    why = [
        sequence([reason, _uncertain(metric, bound, value)])
        for reason, bound, value in zip(why, bounds.tolist(), values.tolist(), strict=True)
    ]
    if window > 1:
        over = message("Over {n} chunks, with those before it.", n=count(window))
        why = [sequence([over, reason]) for reason in why]
    if metric.note:
        why = [
            sequence([metric_note, reason])
            for metric_note, reason in zip(metric.note(counts), why, strict=True)
        ]
    return [*from_columns(Point, {
        "metric": repeat(metric.name), "start": starts, "end": ends, "n": counted, "value": or_none(values),
        "low": or_none(np.where(finite, sure.low, np.nan)), "high": or_none(np.where(finite, sure.high, np.nan)),
        "threshold": or_none(shown), "status": map(_STATUSES.__getitem__, code.tolist()), "version": repeat(version),
        "estimated": repeat(estimated), "provisional": waiting.tolist(), "bound": bounds.tolist(), "note": why,
    })]  # fmt: skip


def judgeable_chunks(
    metric: Metric, band: Threshold, counts: Counts, low: FloatArray, high: FloatArray
) -> tuple[Mask, Mask]:
    """Which chunks (m,) can be judged within these limits, and which cannot, as they hold too little that counts."""
    may = (
        (counts.labelled >= ENOUGH)
        & np.isfinite(metric.compute(counts))
        & (np.isfinite(low) | np.isfinite(high))
    )
    if metric.hits is not None:
        may &= metric.hits(counts)[1] > 0
    judged_alone = band.source in ("reference", "chance") and metric.higher_is_better is True
    silent = may & judged_alone & (low <= metric.range[0])
    return may & ~silent, silent


def _breach_mask(side: IntArray, whole: Mask, may: Mask) -> Mask:
    """Beyond by the whole interval, or together with the neighbour before or after, among judged chunks."""
    breached = whole & may & (side != 0)
    order = np.flatnonzero(may)
    running = (side[order][1:] == side[order][:-1]) & (side[order][1:] != 0)
    breached[order[1:][running]] = True
    breached[order[:-1][running]] = True
    return np.asarray(breached)


def _nearer_limit(value: FloatArray, low: FloatArray, high: FloatArray, mean: float | None) -> FloatArray:
    """The limit that is shown, (m,): of two, the one on the value's side."""
    two = np.isfinite(low) & np.isfinite(high)
    middle = mean if mean is not None else (np.where(two, low, 0.0) + np.where(two, high, 0.0)) / 2
    return np.where(np.where(two, value > middle, ~np.isfinite(low)), high, low)


def _uncertain(metric: Metric, bound: float, value: float) -> Message:
    """What is said of a value that cells may have moved by more than anybody would overlook; else nothing."""
    if bound <= STATED * (abs(value) if metric.matters_of == "level" else 1.0) or not np.isfinite(value):
        return NOTHING
    return message("Counted in cells: it may be off by up to {bound}.", bound=decimal(bound, ".2g"))


def _unknown_note(metric: Metric, rows: int, value: float, band: Threshold) -> Message:
    """Why a point has no status, in words."""
    if rows < ENOUGH:
        return message(
            "{n} labelled rows; {needed} are needed, {more} more.",
            n=count(rows),
            needed=count(ENOUGH),
            more=count(ENOUGH - rows),
        )
    if not np.isfinite(value):
        if metric.name == "value":
            return message("The owner has stated no cost matrix.")
        if metric.name in ("roc_auc", "average_precision", "log_loss", "brier"):
            return message("No score is logged here, or the labels are all of one class.")
        return message("It cannot be computed here.")
    if band.source == "none":
        return message("There is no reference to compare with yet.")
    return message("No row of this chunk counts towards this metric.")


def _too_few_note(metric: Metric, band: Threshold, length: timedelta, counts: Counts, i: int) -> Message:
    """That even the worst value would be chance here, and after how many days it would not."""
    needed = rows_needed(band, metric)
    n = float(metric.hits(counts)[1][i]) if metric.hits is not None else float(counts.labelled[i])
    if needed is None or needed <= n:
        return message("The reference itself varies so much that no value is beyond chance.")
    days = int(np.ceil(needed * max(length / timedelta(days=1), 1.0) / max(n, 1.0)))
    return message(
        "{n} {rows} are too few: even the worst value could be chance. About {days} days would be enough.",
        n=count(n),
        rows=metric.of,
        days=decimal(days, "d"),
    )
