"""A season or drift: what nobody can tell in a log's first year, and what the same weeks of a year before tell.

An input that a season moves creeps away from the reference. A fault, a join or another unit of measurement moves it
from one day to the next. So shifts that crept are one finding until a year has passed beyond the reference
(``drift.first_year``); what came at once stays a finding of its own. From then on what is as it was a year before is
no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import FeatureProfile, Finding, FloatArray, Kind
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.chunks import day_array
from plumbline.monitor.drift.aligned_counts import days_within
from plumbline.monitor.drift.dispersion import FEWEST
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.statistics.wave import is_gradual

#: from the reference's end, within which nobody can tell
YEAR = timedelta(weeks=52)
#: days that are held against those of a year before, with so many more on either side, and days between two looks
LOOK, AROUND, STEP = 14, 7, 7
#: of the distance from the reference, as much from the year before is no season's
HALF = 0.5
#: Jensen-Shannon distance from the year before, beyond chance, that is no season's: later in an episode; of one day
APART, DAY = 0.1, 0.25
_DAY = timedelta(days=1)


def is_slow_shift(profile: FeatureProfile, reference: tuple[datetime, datetime], known: datetime) -> bool:
    """Whether what was known of a shift by then is one that crept (``statistics.wave``).

    Of the days' levels, from the reference's first day on: of a number the mean rank among the reference's values, of
    levels the share of the one that moved most.
    """
    days = day_array(profile.days)
    mask = (days >= np.datetime64(reference[0].date())) & (days < np.datetime64(known.date()))
    mask &= profile.counts.sum(axis=1) > 0
    counts = profile.counts[mask].astype(np.float64)
    place = (days[mask] - np.datetime64(reference[0].date())).astype(np.int64)
    end = (reference[1] - reference[0]) // _DAY
    healthy = place < end
    if not healthy.any() or healthy.all():
        return False
    return is_gradual(_levels(profile, counts, healthy), counts.sum(axis=1), place, end)


def _levels(profile: FeatureProfile, counts: FloatArray, healthy: np.ndarray) -> FloatArray:
    """The level of each day (D,), from its counts (D, cells)."""
    n, then = counts.sum(axis=1), counts[healthy].sum(axis=0)
    share = then / then.sum()
    if profile.bins.kind is Kind.NUMERIC:
        return np.asarray(counts @ (np.cumsum(share) - share / 2) / n)
    after = counts[~healthy][-7:].sum(axis=0)
    return np.asarray(counts[:, int(np.argmax(np.abs(after / after.sum() - share)))] / n)


def without_yearly_repeats(
    findings: Sequence[Finding],
    profiles: Mapping[str, FeatureProfile],
    reference: tuple[datetime, datetime],
    until: datetime,
) -> list[Finding]:
    """The findings without those of the second year and later that are as the same weeks a year before were.

    Those are at under half the distance that the reference is at. One that parts from them later in its episode, on
    two looks a week apart, is known from then on.
    """
    unlike = []
    for finding in findings:
        profile = profiles.get(str(finding.figures.get("feature")))
        known, since = finding.known_at, finding.since
        if profile is None or known is None or since is None or known < reference[1] + YEAR:
            unlike.append(finding)
            continue
        if _is_new(profile, max(since, known - LOOK * _DAY), known, reference):
            unlike.append(finding)
        elif (later := _departure_time(profile, known, min(finding.until or until, until))) is not None:
            unlike.append(replace(finding, since=later - LOOK * _DAY, known_at=later))
    return unlike


def _is_new(
    profile: FeatureProfile, start: datetime, end: datetime, reference: tuple[datetime, datetime]
) -> bool:
    """Whether the days [start, end) are another thing than the weeks about them a year before, or one of them is.

    Also where the log holds too few of those weeks: nothing then speaks of a season.
    """
    then, now = _counts_a_year_before(profile, start, end), _counts(profile, start, end)
    if then.sum() < FEWEST or _excess_distance(profile, then, now) >= HALF * _excess_distance(
        profile, _counts(profile, *reference), now
    ):
        return True
    days = [start + i * _DAY for i in range((end - start) // _DAY)]
    return any(_excess_distance(profile, then, _counts(profile, day, day + _DAY)) >= DAY for day in days)


def _departure_time(profile: FeatureProfile, known: datetime, end: datetime) -> datetime | None:
    """The second of two looks running at which a feature parts from the year before; None: none by ``end``."""
    before = False
    at = known + STEP * _DAY
    while at <= end:
        start = at - LOOK * _DAY
        now = (
            _excess_distance(profile, _counts_a_year_before(profile, start, at), _counts(profile, start, at))
            >= APART
        )
        if before and now:
            return at
        before, at = now, at + STEP * _DAY
    return None


def _counts_a_year_before(profile: FeatureProfile, start: datetime, end: datetime) -> FloatArray:
    return _counts(profile, start - YEAR - AROUND * _DAY, end - YEAR + AROUND * _DAY)


def _counts(profile: FeatureProfile, start: datetime, end: datetime) -> FloatArray:
    return np.asarray(profile.counts[days_within(profile.days, (start, end))].sum(axis=0), np.float64)


def _excess_distance(profile: FeatureProfile, then: FloatArray, now: FloatArray) -> float:
    """The distance of two samples with what chance brings taken off; 0 where one is too small."""
    if min(then.sum(), now.sum()) < FEWEST:
        return 0.0
    return METHODS["js"].distance(binned_counts(profile.bins, then, now)).above_chance or 0.0
