"""Whether a source has fallen silent against its own rhythm.

Time is counted in arrivals that the source's own week makes likely: each hour of the week adds the share of weeks in
which something arrived then. A night or a weekend in which nothing ever arrives adds next to nothing, so a source that
delivers on weekdays is not silent on a Sunday. A source is silent once more than half as much again as in its longest
usual pause has passed, and at least ``LEAST_MISSED`` arrivals. The factor was settled by simulation on twenty healthy
rhythms (daily and hourly with gaps, weekdays, holidays, Poisson, lognormal pauses, bursts, changes of the clock): at
most about one alarm a year; the test repeats part of it. In large samples of exponential pauses the longest is near
ln n, and half as much again is passed once in n ** 1.5 pauses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

#: beyond the longest usual pause
FACTOR = 1.5
#: arrivals that are missing before anything is said
LEAST_MISSED = 1.6
#: distinct hours with arrivals, and days between the first and the last, from which a rhythm is known
LEAST_ARRIVALS, LEAST_DAYS = 10, 15
#: from so many pauses on the longest one is left out: it may have been a silence that nobody told
MANY = 40
#: hours of history, unless the last ``FEW`` arrivals reach back further
HISTORY, FEW = 26 * 168, 20
WEEK = 168
_KERNEL = (
    np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
)  # hours beside one another: a delay, or a change of the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The pause since the last arrival.

    ``missed``: arrivals that were likely in it; ``limit``: of them, above which the source is silent; ``longest``: the
    longest usual pause, as time on the clock; ``n``: pauses that this rests on.
    """

    since: datetime
    length: timedelta
    missed: float
    limit: float
    longest: timedelta
    n: int

    @property
    def is_silent(self) -> bool:
        """Whether the source has fallen silent."""
        return self.missed > self.limit


def pause(arrivals: Sequence[datetime], now: datetime) -> Pause | None:
    """The pause that a source is in; None where too little has arrived to know its rhythm.

    Args:
        arrivals: when something arrived, in any order; those of one hour are one.
        now: not before the last arrival.
    """
    hours = np.unique(np.array([_hour(at) for at in arrivals], dtype=np.int64))
    at = _hour(now)
    hours = hours[hours <= at]
    if not len(hours):
        return None
    begins = min(at - HISTORY, int(hours[-FEW:][0]))
    hours = hours[hours >= begins]
    if len(hours) < LEAST_ARRIVALS or hours[-1] - hours[0] < LEAST_DAYS * 24:
        return None
    likely = _arrival_rate(hours)
    clock = np.concatenate([[0.0], np.cumsum(likely)])

    def active_hours(hour: np.ndarray | int) -> np.ndarray:
        return np.asarray(np.asarray(hour) // WEEK * clock[-1] + clock[np.asarray(hour) % WEEK])

    pauses = np.diff(active_hours(hours))
    order = np.argsort(pauses)
    usual = order[-1] if len(pauses) < MANY else order[-2]
    last = max(at for at in arrivals if at <= now)
    return Pause(
        since=last,
        length=now - last,
        missed=float(active_hours(at) - active_hours(int(hours[-1]))),
        limit=max(FACTOR * float(pauses[usual]), LEAST_MISSED),
        longest=timedelta(hours=int(np.diff(hours)[usual])),
        n=len(pauses),
    )


def _arrival_rate(hours: np.ndarray) -> np.ndarray:
    """The share of weeks with an arrival in each hour of the week, smoothed, drawn to the mean by a week's worth."""
    count = np.bincount(hours % WEEK, minlength=WEEK).astype(float)
    smooth = np.sum(
        [share * np.roll(count, by) for share, by in zip(_KERNEL, (-2, -1, 0, 1, 2), strict=True)], axis=0
    )
    weeks = (hours[-1] - hours[0] + 1) / WEEK
    return np.asarray((smooth + smooth.mean()) / (weeks + 1.0))


def _hour(at: datetime) -> int:
    """Whole hours since 1970, a Thursday: the same hour of the week has the same rest by 168."""
    return int(at.timestamp() // 3600)
