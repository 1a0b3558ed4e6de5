"""Several metrics judged as one: how well a system does is more than its headline, and still one question.

A model that flags nobody any more is right more often, where the class is rare. So performance is judged by a small
family: the headline, recall, precision and the Brier score (for numbers the headline and the bias). Each chunk tests
them together by Benjamini and Hochberg's step-up (1995): a metric is beyond its limit at the level j / k of the
chance that the headline alone had, where at least j of the k are. On a system that stays as it was the family
raises as rarely as the headline alone would (under independence exactly, Simes 1986; under positive dependence no
more, Benjamini and Yekutieli 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, OutcomeProfile, Task
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import Counts
from plumbline.monitor.metrics.intervals import THREE_SIGMA
from plumbline.monitor.metrics.metrics import METRICS, RARE, Metric
from plumbline.monitor.metrics.status import Mask, judgeable_chunks
from plumbline.monitor.metrics.thresholds import Threshold, limits, rows_needed, threshold

#: what is judged beside the headline
BESIDE = {
    Task.BINARY: ("recall", "precision", "brier"),
    Task.MULTICLASS: ("f1_macro", "log_loss"),
    Task.REGRESSION: ("bias",),
}
#: chunks that a running window holds at most
LONGEST = 13
#: times as many rows as the worst value needs, so that what comes near to it is seen as well
SPARE = 1.5


def family(profile: OutcomeProfile, headline: str, floors: Sequence[str] = ()) -> tuple[str, ...]:
    """The metrics that a system's performance is judged by, the headline first.

    Args:
        floors: metrics with an owner's limit, which are always judged.
    """
    scored = bool(profile.n_scored.any())
    beside = [name for name in BESIDE[profile.task] if scored or name not in ("brier", "log_loss")]
    if profile.task is Task.BINARY and is_negative_rare(profile):
        beside.append("specificity")
    known = [name for name in floors if name in METRICS and profile.task in METRICS[name].tasks]
    return tuple(dict.fromkeys((headline, *beside, *known)))


def is_negative_rare(profile: OutcomeProfile) -> bool:
    """Whether fewer than one in ten labels are of the class that is not the positive one."""
    true = profile.confusion[:, :, :-1].sum((0, 1))
    if len(true) != 2 or profile.positive not in profile.classes:
        return False
    k = profile.classes.index(str(profile.positive))
    return bool(0 < true[1 - k] < RARE * true.sum())


@dataclass(frozen=True, slots=True)
class Member:
    """One metric of a family, its healthy band, and the counts of the chunks that it is judged on, each together with
    those before it to ``length`` in all."""

    metric: Metric
    band: Threshold
    counts: Counts
    length: int = 1


def allowances(members: Sequence[Member], chunks: int) -> FloatArray:
    """The chance that each chunk (m,) allows every member of the family to lie beyond its limit, a side.

    Owners' floors are taken as they stand and have no part in it.
    """
    tested = [member for member in members if member.band.source in ("reference", "chance")]
    size = max(len(tested), 1)
    level = np.ones(chunks)
    for j in range(2, size + 1):
        beyond = sum(_breach_mask(member, THREE_SIGMA * j / size).astype(np.int64) for member in tested)
        level = np.where(beyond >= j, float(j), level)
    return np.asarray(THREE_SIGMA * level / size)


def _breach_mask(member: Member, chance: float) -> Mask:
    values = member.metric.compute(member.counts)
    bounds = (
        np.nan_to_num(member.metric.bound(member.counts)) if member.metric.bound else np.zeros(len(values))
    )
    low, high = limits(member.band, member.metric, member.counts, chance)
    may, _ = judgeable_chunks(member.metric, member.band, member.counts, low, high)
    return np.asarray(may & ((values + bounds < low) | (values - bounds > high)))


def window_length(metric: Metric, reference: Counts, chunks: Counts, members: int) -> int:
    """Chunks that a running window must hold for a metric's worst value to be more than chance; 1: one is enough.

    Also 1 where even ``LONGEST`` are too few: the chunk's own note then says how many days it would take.

    Args:
        reference: counts of the reference's chunks.
        members: how many metrics are judged together.
    """
    band = threshold(metric, reference.pool())
    needed = rows_needed(band, metric, THREE_SIGMA / members)
    mask = chunks.labelled >= ENOUGH
    if needed is None or not mask.any():
        return 1
    rows = metric.hits(chunks)[1] if metric.hits is not None else chunks.labelled
    usual = float(np.median(rows[mask]))
    wanted = int(np.ceil(SPARE * needed / max(usual, 1e-9)))
    return wanted if wanted <= LONGEST else 1


def running_sums(counts: Counts, length: int) -> Counts:
    """Each chunk with those before it, ``length`` in all (fewer at the beginning)."""
    place = np.arange(len(counts.labelled))
    apart = place[:, None] - place[None, :]
    return counts.apply_weights(((apart >= 0) & (apart < length)).astype(float))


def join_chunks(counts: Counts, length: int) -> Counts:
    """Chunks added up ``length`` by ``length``, the last whole ones; all in one where there are fewer."""
    place = np.arange(len(counts.labelled))[::-1] // length
    return counts.sum_by_group(place, int(place.max()) + 1) if len(place) else counts
