"""Why nothing is estimated, in words, and the points that say so."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.domain import OutcomeProfile, Point, PointStatus, Task
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.metrics.counts import Counts
from plumbline.monitor.metrics.metrics import Metric
from plumbline.monitor.metrics.status import Mask
from plumbline.monitor.performance.series import sum_by_chunk
from plumbline.wording.quantities import count, decimal

#: labelled reference rows with a score below which nothing is estimated
ENOUGH_REFERENCE = 300
LEFT_THE_BAND = message(
    "Realised values have left the estimate's band: inputs and outcome relate anew (concept drift)."
)
MISFIT = message("The estimate does not agree with the reference itself, so it is not shown.")


def refusal(profile: OutcomeProfile, counts: Counts, mask: Mask) -> Message:
    """Why a binary system's outcomes cannot be estimated from its score; empty where they can."""
    if profile.task is not Task.BINARY:
        return message("Estimates are made for binary systems with a score only.")
    if not counts.cells.shape[2] or not (counts.cells.any() or profile.score_unlabelled.any()):
        return message("No score is logged, so nothing can be estimated.")
    rows_labelled = int(counts.cells[mask].sum())
    if rows_labelled < ENOUGH_REFERENCE:
        return message(
            "{n} labelled reference rows with a score; {needed} are needed.",
            n=count(rows_labelled),
            needed=count(ENOUGH_REFERENCE),
        )
    if len(profile.classes) != 2:
        n = decimal(len(profile.classes), "d")
        return message("{n} classes were predicted or came true; estimates need exactly two.", n=n)
    if not counts.cells[mask].sum((0, 2)).all():
        return message("The reference's labels are all of one class.")
    return NOTHING


def too_few_rows_note(n: int) -> Message:
    """That the reference has too few labelled rows for an estimate."""
    return message(
        "{n} labelled reference rows; {needed} are needed.", n=count(n), needed=count(ENOUGH_REFERENCE)
    )


def unknown_points(
    profile: OutcomeProfile, counts: Counts, rows: Mask, by: str, chosen: Sequence[Metric], why: Message
) -> tuple[Point, ...]:
    """Points without a value that say why nothing is estimated."""
    chunked_counts = sum_by_chunk(profile.days, counts, rows, by)
    return tuple(
        Point(
            metric=chosen_metric.name,
            start=start,
            end=end,
            n=int(n),
            value=None,
            low=None,
            high=None,
            threshold=None,
            status=PointStatus.UNKNOWN,
            estimated=True,
            note=why,
        )
        for chosen_metric in chosen
        for start, end, n in zip(
            chunked_counts.starts, chunked_counts.ends, chunked_counts.counts.n, strict=True
        )
    )
