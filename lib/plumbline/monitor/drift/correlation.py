"""Whether a feature's drift moved with the loss of performance: a rank correlation over chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from plumbline.domain import FeatureDrift, FloatArray, Point
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.wording.quantities import count

FEWEST = 6  # chunks; with fewer a rank correlation says nothing


@dataclass(frozen=True, slots=True)
class Movement:
    """Spearman's rank correlation of drift and loss over ``n`` chunks; 1: the more drift, the worse it did.

    ``p_value``: two-sided, by the t law with n - 2 degrees of freedom. Chunks follow each other in time, so
    two trends correlate without one causing the other: it says where to look, not what did it.
    """

    correlation: float | None
    p_value: float | None
    n: int
    note: Message = NOTHING


def performance_correlation(
    series: Sequence[FeatureDrift], points: Sequence[Point], *, higher_is_better: bool | None
) -> Movement:
    """Match a feature's chunks with the performance of the same chunks.

    Args:
        series: one feature's drift by chunk.
        points: one metric by the same chunks; those without a value or still provisional are left out.
        higher_is_better: of the metric; None: the size of its distance from zero is the loss (a bias).
    """
    known = {p.start: p.value for p in points if p.value is not None and not p.provisional}
    pairs = [
        (d.value, known[d.start]) for d in series if d.value is not None and d.start in known and d.start
    ]
    if len(pairs) < FEWEST:
        few = message("{n} chunks have both; {needed} are needed.", n=count(len(pairs)), needed=count(FEWEST))
        return Movement(None, None, len(pairs), few)
    x, y = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    loss = np.abs(y) if higher_is_better is None else -y if higher_is_better else y
    a, b = ranks(x), ranks(loss)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Movement(None, None, len(pairs), message("One of the two never changes."))
    rho = float(np.corrcoef(a, b)[0, 1])
    n = len(pairs)
    t = rho * np.sqrt((n - 2) / max(1 - rho**2, 1e-300))
    return Movement(rho, float(2 * stdtr(n - 2, -abs(t))), n)


def ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 on, ties at their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=float)
