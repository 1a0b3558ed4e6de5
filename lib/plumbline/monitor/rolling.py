"""The last seven days against the reference, anew every day: what alarms of drift are raised on.

A calendar chunk makes an alarm wait for its end, is half empty at the log's edges (three days of a week have
other weekdays than a whole one), and as a day is too small in a log of few decisions. Seven days hold every
weekday once, and sliding them by a day waits for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import FeatureProfile, FloatArray, IntArray
from plumbline.monitor.chunks import as_days, midnight
from plumbline.monitor.distances import METHODS
from plumbline.monitor.drift import Laid, Span, dispersion, lay, measured, sample_of, within

#: days of a window: as many as a week has, so that its rhythm is no drift
WIDTH = 7
_DAY = timedelta(days=1)


def rolled(profiles: Sequence[FeatureProfile], *, reference: Span, until: datetime) -> tuple[Laid, ...]:
    """Every feature's windows of ``WIDTH`` days beside its reference, in order of time, a day apart.

    Only whole windows: none begins before the log's first day, and none ends after ``until``.

    Returns:
        nothing where the log or its reference holds less than a window: calendar chunks are all there is then.
    """
    laid = []
    for profile in profiles:
        healthy = within(profile.days, reference)
        if not healthy.any():
            continue
        days = as_days(profile.days)
        own = (days - days.min()).astype(np.int64)
        first = midnight(days.min().item())
        if np.ptp(own[healthy]) + 1 < WIDTH:
            continue
        length = int(own.max()) + 1
        if first + length * _DAY > until:
            length -= 1
        if length < 2 * WIDTH:
            continue
        shown = own < length
        counts = _sliding(own[shown], length, profile.counts[shown])
        missing = _sliding(own[shown], length, profile.missing[shown])
        starts = tuple(first + i * _DAY for i in range(len(counts)))
        ends = tuple(start + WIDTH * _DAY for start in starts)
        laid.append(
            lay(
                profile, sample_of(profile, healthy), dispersion(profile, healthy), counts, missing, starts,
                ends,
            )
        )  # fmt: skip
    return tuple(laid)


def onset(
    profile: FeatureProfile, *, reference: Span, first: datetime, known: datetime, method: str = "js"
) -> datetime:
    """The day on which a shift began: of all days from ``first`` on, the one from which until ``known`` it is plainest.

    Plainest is the largest squared distance times the sample size of the two samples together, which for small
    shifts is the likelihood ratio of a step on that day (Hinkley 1970) up to a constant.
    """
    healthy = within(profile.days, reference)
    begins = [first + i * _DAY for i in range(max((known - first) // _DAY, 1))]
    held = [within(profile.days, (begin, known)) for begin in begins]
    counts = np.array([profile.counts[rows].sum(axis=0) for rows in held])
    missing = np.array([profile.missing[rows].sum() for rows in held])
    spread = dispersion(profile, healthy)
    one = lay(profile, sample_of(profile, healthy), spread, counts, missing, begins, [known] * len(begins))
    n, m = float(one.reference.n), counts.sum(axis=1)
    weight: FloatArray = n * m / np.maximum(n + m, 1)
    plain = np.nan_to_num(measured(one, METHODS[method]).value ** 2) * weight
    return begins[int(np.argmax(plain))]


def _sliding(own: IntArray, length: int, values: IntArray) -> IntArray:
    """Sums of every ``WIDTH`` days running, (length - WIDTH + 1, ...), of values by group; ``own``: its day."""
    daily = np.zeros((length + 1, *values.shape[1:]), dtype=np.int64)
    np.add.at(daily, own + 1, values)
    total: IntArray = np.cumsum(daily, axis=0)
    return np.asarray(total[WIDTH:] - total[:-WIDTH], dtype=np.int64)
