"""Scores and answers together, from counts that hold them apart: predictions laid on each group's highest scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, OutcomeProfile
from plumbline.monitor.metrics.counts import Counts
from plumbline.monitor.metrics.status import Mask

#: share of labelled decisions that must follow the score's order for the score to speak for them
FOLLOWS = 0.98


@dataclass(frozen=True, slots=True)
class ScoredGroups:
    """Groups with scores: labelled and all decisions by cell (groups, S), and the share of each cell's
    decisions that was predicted positive (groups, S)."""

    counts: Counts
    everyone: FloatArray
    above: FloatArray


def order_by_score(profile: OutcomeProfile, counts: Counts) -> ScoredGroups:
    """Lay each group's positive predictions on its highest scores: within a group a prediction is a
    threshold on the score (``explained_share`` checks that), and a cell that the threshold cuts is shared."""
    everyone = counts.cells.sum(1) + profile.score_unlabelled
    total = everyone.sum(1)
    predicted = profile.confusion.sum(2).astype(float)
    positives = predicted[:, counts.positive] * total / np.maximum(predicted.sum(1), 1)
    higher = total[:, None] - np.cumsum(everyone, 1)
    left = np.clip(positives[:, None] - higher, 0, everyone)
    return ScoredGroups(counts, everyone, left / np.where(everyone > 0, everyone, 1.0))


def explained_share(scored: ScoredGroups, mask: Mask) -> float:
    """Share of these groups' labelled rows whose place in the confusion counts the score explains."""
    counts = scored.counts
    expected = confusion_by_cells(counts.cells[mask, 1], counts.cells[mask, 0], scored.above[mask], counts)
    real = (
        counts.confusion[mask]
        * (counts.cells[mask].sum((1, 2)) / np.maximum(counts.labelled[mask], 1))[:, None, None]
    )
    apart = np.abs(expected.sum(0) - real.sum(0)).sum() / 2
    return float(1 - apart / max(real.sum(), 1.0))


def confusion_by_cells(
    positive: FloatArray, negative: FloatArray, above: FloatArray, counts: Counts
) -> FloatArray:
    """Confusion counts (m, K, K) of cells of positives and negatives and the share predicted positive."""
    k, other = counts.positive, 1 - counts.positive
    values = np.zeros((len(positive), 2, 2))
    for true, cells in ((k, positive), (other, negative)):
        values[:, k, true] = np.einsum("ij,ij->i", cells, above)
        values[:, other, true] = np.einsum("ij,ij->i", cells, 1 - above)
    return values
