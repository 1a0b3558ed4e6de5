"""A fall that lasts: too small for any chunk's limit, and certain by now.

A limit leaves room for the chance of one chunk. A level that has been lower for months may lie within it all the
time, or be beyond it in bad weeks only, and is not over when it comes back within. So the change point of the
headline is a finding of its own once the chunks since then are, all together, beyond what chunks of the reference
differ by. The look is taken at every chunk, so the chance is shared out over them (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from plumbline.domain import Point, PointStatus
from plumbline.monitor.alarms.change_point import ChangePoint
from plumbline.monitor.metrics.intervals import THREE_SIGMA
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.metrics.thresholds import Threshold, deviations
from plumbline.monitor.statistics.proportions import Z

#: chunks since the change that must be known
FEWEST = 2


@dataclass(frozen=True, slots=True)
class LastingChange:
    """A change for the worse that is sure: ``known_at`` is the end of the chunk from which it was."""

    change: ChangePoint
    part: tuple[Point, ...]
    known_at: datetime


def lasting_change(
    points: Sequence[Point], change: ChangePoint | None, band: Threshold | None
) -> LastingChange | None:
    """The change as a problem, where the chunks since then prove it; None where they do not.

    Args:
        points: the change's metric by the chunk that alarms are raised on.
        band: its healthy band by that chunk.
    """
    if change is None or band is None or band.mean is None or band.source not in ("reference", "chance"):
        return None
    judged = [
        p
        for p in points
        if p.metric == change.metric
        and p.status is not PointStatus.UNKNOWN
        and not p.provisional
        and p.value is not None
    ]
    since = [p for p in judged if p.start >= change.at and (change.until is None or p.end <= change.until)]
    better = METRICS[change.metric].higher_is_better if change.metric in METRICS else True
    width = float(deviations(THREE_SIGMA / max(len(judged), 1)))
    for chunks in range(FEWEST, len(since) + 1):
        rows = np.array([p.n for p in since[:chunks]], dtype=float)
        level = float(np.average([float(p.value or 0) for p in since[:chunks]], weights=rows))
        error = (
            float(np.sqrt(sum((_standard_deviation(p, band) * p.n) ** 2 for p in since[:chunks])))
            / rows.sum()
        )
        fall = (band.mean - level) * (-1.0 if better is False else 1.0)
        fall = abs(fall) if better is None else fall
        if fall > max(band.matters, width * float(np.hypot(error, band.se))):
            return LastingChange(change, tuple(since), since[chunks - 1].end)
    return None


def _standard_deviation(point: Point, band: Threshold) -> float:
    """Standard deviation of one chunk: what the reference's differ by, and chance at its own size."""
    chance = (point.high - point.low) / (2 * Z) if point.high is not None and point.low is not None else 0.0
    return max(band.sd or 0.0, chance, band.se)
