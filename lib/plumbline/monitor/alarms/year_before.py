"""Performance that is as it was in the same weeks of the year before: what comes every year is no new problem.

From 52 weeks after the reference's end a problem is held against those weeks. It is the season's where it lies nearer
to them than half of its way from the reference, and where it is a problem of its own: one that lasts since the first
year goes on, however long ago it began.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import Point, PointStatus
from plumbline.domain.messages import message
from plumbline.monitor.alarms.findings import breaches
from plumbline.monitor.alarms.persistence import LastingChange
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.statistics.proportions import Z

YEAR, AROUND = timedelta(weeks=52), timedelta(days=7)
#: of the distance from the reference, as much from the year before is no season's
HALF = 0.5


def mark_seasonal_breaches(
    points: Sequence[Point],
    healthy: Mapping[str, float | None],
    reference_end: datetime,
    absolute: Collection[str] = (),
) -> tuple[Point, ...]:
    """The points, those of problems that a season explains *watch* in place of *breach*, with a note.

    Args:
        points: of the metrics that are judged, each in order of time.
        healthy: the reference's mean of each.
        absolute: metrics with an owner's limit, which holds in every season.
    """
    usual: set[tuple[str, datetime]] = set()
    for name in dict.fromkeys(p.metric for p in points):
        level, healthy_points = healthy.get(name), [p for p in points if p.metric == name]
        for part, _ in breaches(healthy_points, level) if level is not None and name not in absolute else ():
            start, end = part[0].start, part[-1].end
            if part[:2][-1].end >= reference_end + YEAR and is_as_year_before(
                healthy_points, start, end, level
            ):
                usual |= {(name, p.start) for p in part}
    return tuple(
        replace(
            p, status=PointStatus.WATCH, note=p.note or message("As in the same weeks of the year before.")
        )
        if (p.metric, p.start) in usual
        else p
        for p in points
    )


def seasonal(
    lasts: LastingChange,
    points: Sequence[Point],
    healthy: Mapping[str, float | None],
    reference_end: datetime,
) -> bool:
    """Whether a lasting fall is the season's: it was known in the second year, and is as the year before was."""
    name, begun = lasts.change.metric, lasts.change.at
    own = [p for p in points if p.metric == name]
    late = lasts.known_at >= reference_end + YEAR
    return late and is_as_year_before(own, begun, lasts.part[-1].end, healthy.get(name))


def is_as_year_before(points: Sequence[Point], start: datetime, end: datetime, healthy: float | None) -> bool:
    """Whether a metric's values of [start, end) are nearer to those of the same weeks a year before, seven days more
    on either side, than half of their way from the reference, or may be by chance (95 %) where they are nearer to them
    than to it: the first weeks of a problem are few, and a new one soon is surely apart."""
    if healthy is None:
        return False
    now = _mean([p for p in points if start <= p.start and p.end <= end])
    then = _mean([p for p in points if start - YEAR - AROUND <= p.start and p.end <= end - YEAR + AROUND])
    if now is None or then is None:
        return False
    unsure = Z * float(np.hypot(now[1], then[1]))
    return abs(now[0] - then[0]) < max(HALF * abs(now[0] - healthy), min(unsure, abs(now[0] - healthy)))


def _mean(points: Sequence[Point]) -> tuple[float, float] | None:
    """The mean of points by their decisions, and its standard error; None where there are too few."""
    known = [p for p in points if p.value is not None and not p.provisional and not p.estimated]
    n = np.array([p.n for p in known], float)
    if n.sum() < ENOUGH:
        return None
    errors = np.array(
        [(p.high - p.low) / (2 * Z) if p.low is not None and p.high is not None else 0 for p in known]
    )
    values = np.array([p.value for p in known], float)
    return float(np.average(values, weights=n)), float(np.sqrt(((n * errors) ** 2).sum()) / n.sum())
