"""What rests on the order of scores, from the scores themselves: for chunks whose groups are all kept by number.

Scores count as tied where their odds agree to one part in three million. Nothing here has a bound: the figures are
scikit-learn's, and DeLong, DeLong and Clarke-Pearson's (1988) variance is that of the scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, NumberedScores


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedScores:
    """Distinct scores of each of ``m`` chunks, ascending within a chunk; N of them in all.

    chunk: (N,); negative, positive: (N,) decisions of the score; negative_below, positive_below: (N,) those of the
    chunk with a lower one; negatives, positives: (m,) totals. whole: (m,) chunks of which nothing is counted elsewhere.
    """

    chunk: IntArray
    negative: FloatArray
    positive: FloatArray
    negative_below: FloatArray
    positive_below: FloatArray
    negatives: FloatArray
    positives: FloatArray
    whole: NDArray[np.bool_]

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum over each chunk's scores, (N,) to (m,)."""
        return np.bincount(self.chunk, values, len(self.negatives)).astype(np.float64)

    def auc(self) -> FloatArray:
        """Mann-Whitney's, ties counted half; NaN where a class is absent."""
        return _quotient(
            self.sums(self.positive * (self.negative_below + self.negative / 2)),
            self.negatives * self.positives,
        )

    def auc_se(self) -> FloatArray:
        """DeLong's standard error; NaN where a class has fewer than two rows."""
        auc, of = self.auc(), self.chunk
        above = _quotient(self.negative_below + self.negative / 2, self.negatives[of])
        below = _quotient(self.positives[of] - self.positive_below - self.positive / 2, self.positives[of])
        s1 = _quotient(self.sums(self.positive * (above - auc[of]) ** 2), self.positives - 1)
        s0 = _quotient(self.sums(self.negative * (below - auc[of]) ** 2), self.negatives - 1)
        return np.sqrt(_quotient(s1, self.positives) + _quotient(s0, self.negatives))

    def average_precision(self) -> FloatArray:
        """Sum of (recall step x precision) from the highest score down; NaN without a positive."""
        found = self.positives[self.chunk] - self.positive_below
        flagged = found + self.negatives[self.chunk] - self.negative_below
        return _quotient(self.sums(self.positive * _quotient(found, flagged)), self.positives)


def rank_scores(scores: NumberedScores) -> RankedScores:
    """The scores of each group in order."""
    order = np.argsort((scores.group << 32) + scores.number, kind="stable")
    chunk, number = scores.group[order], scores.number[order]
    first = np.concatenate([[True], (chunk[1:] != chunk[:-1]) | (number[1:] != number[:-1])])
    starts = np.flatnonzero(first)
    chunk = chunk[starts]
    negative, positive = (
        np.add.reduceat(each[order], starts).astype(np.float64) for each in (scores.negative, scores.positive)
    )
    m = len(scores.elsewhere)
    size = np.bincount(chunk, minlength=m)
    begins = (np.cumsum(size) - size)[chunk]
    below = []
    for each in (negative, positive):
        running = np.concatenate([[0.0], np.cumsum(each)])
        below.append(running[:-1] - running[begins])
    return RankedScores(
        chunk=chunk,
        negative=negative,
        positive=positive,
        negative_below=below[0],
        positive_below=below[1],
        negatives=np.bincount(chunk, negative, m).astype(np.float64),
        positives=np.bincount(chunk, positive, m).astype(np.float64),
        whole=scores.elsewhere == 0,
    )


def _quotient(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """``top / bottom``, NaN where there is nothing to divide by."""
    held = bottom > 0
    return np.where(held, top / np.where(held, bottom, 1.0), np.nan)
