"""The metrics that rest on the order of scores, and how far counting in cells may have moved them.

By the scores themselves in the chunks where all are known by number (``score_order``), by cells elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import digamma

from plumbline.domain import FloatArray
from plumbline.monitor.metrics.counts import Counts, cache_by_counts, ratio
from plumbline.monitor.metrics.roc_auc import RankedScores, rank_scores


@cache_by_counts
def ranked_scores(c: Counts) -> RankedScores | None:
    """The scores themselves, as far as they are known by number."""
    return rank_scores(c.numbered) if c.numbered is not None and len(c.numbered.group) else None


def _exact_or_binned(
    c: Counts, of: Callable[[RankedScores], FloatArray], cells: Callable[[Counts], FloatArray]
) -> FloatArray:
    """A figure from the scores in the chunks where all are known by number, and that of the cells elsewhere."""
    held = ranked_scores(c)
    if held is None:
        return cells(c)
    return of(held) if held.whole.all() else np.where(held.whole, of(held), cells(c))


@cache_by_counts
def roc_auc(c: Counts) -> FloatArray:
    """P(score of a positive > score of a negative), Mann-Whitney: equal ones count half, and pairs within one cell."""
    return _exact_or_binned(c, RankedScores.auc, _cells_auc)


def _cells_auc(c: Counts) -> FloatArray:
    negative, positive = c.cells[:, 0], c.cells[:, 1]
    below = np.cumsum(negative, 1)
    pairs = np.einsum("ij,ij->i", positive, below - negative / 2)
    return ratio(pairs, negative.sum(1) * positive.sum(1))


@cache_by_counts
def roc_auc_bound(c: Counts) -> FloatArray:
    """Half the share of pairs that lie in one cell: ordering them could move the AUC by no more."""
    return _exact_or_binned(c, _zero_bound, _cells_auc_bound)


def _zero_bound(ranks: RankedScores) -> FloatArray:
    return 0 * ranks.positives


def _cells_auc_bound(c: Counts) -> FloatArray:
    negative, positive = c.cells[:, 0], c.cells[:, 1]
    same = np.einsum("ij,ij->i", positive, negative)
    return ratio(same / 2, negative.sum(1) * positive.sum(1))


@cache_by_counts
def _from_the_top(c: Counts) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """By cell, highest score first: positives, negatives, and how many of each lie in the cell or above it."""
    positive, negative = (np.ascontiguousarray(c.cells[:, k, ::-1]) for k in (1, 0))
    return positive, negative, np.cumsum(positive, 1), np.cumsum(negative, 1)


@cache_by_counts
def average_precision(c: Counts) -> FloatArray:
    """Sum of (recall step x precision), the scores of one cell taken as tied."""
    return _exact_or_binned(c, RankedScores.average_precision, _cells_precision)


@cache_by_counts
def _cells_precision(c: Counts) -> FloatArray:
    p, _, found, passed = _from_the_top(c)
    return ratio(_steps(p, found, found + passed), p.sum(1))


def _steps(p: FloatArray, counts: FloatArray, flagged: FloatArray) -> FloatArray:
    """Positives of a cell times the precision there, added up, (m,)."""
    return np.asarray(np.einsum("ij,ij->i", p, counts / np.maximum(flagged, 1e-300)))


@cache_by_counts
def average_precision_bound(c: Counts) -> FloatArray:
    """How far the order within cells can move it: all negatives of a cell first, or none."""
    return _exact_or_binned(c, _zero_bound, _cells_precision_bound)


def _cells_precision_bound(c: Counts) -> FloatArray:
    p, q, found, passed = _from_the_top(c)
    total, value, flagged = p.sum(1), _cells_precision(c), found + passed
    high = _steps(p, found, found + (passed - q))
    low = total - np.einsum("ij,ij->i", passed, digamma(flagged + 1) - digamma(flagged - p + 1))
    return np.maximum(ratio(high, total) - value, value - ratio(low, total))
