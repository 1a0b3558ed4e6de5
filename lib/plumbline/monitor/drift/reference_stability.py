"""Whether the reference itself changed: what counts as healthy must be one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.special import fdtrc

from plumbline.domain import FeatureProfile, FloatArray
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.chunks import day_array, sum_by
from plumbline.monitor.drift.aligned_counts import days_within
from plumbline.monitor.drift.dispersion import FEWEST
from plumbline.monitor.drift.distances import METHODS

#: weeks that a reference needs on either side of a change, and chance below which it is told
EITHER, ALPHA = 2, 0.01
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class UnstableFeature:
    """A feature that changed within the reference ``at``; ``value``: Jensen-Shannon distance of the two stretches."""

    feature: str
    at: datetime
    value: float
    p_value: float


def unstable_feature(
    profiles: Sequence[FeatureProfile], reference: tuple[datetime, datetime]
) -> UnstableFeature | None:
    """The plainest change of any feature within the reference, where it matters and is more than chance; else None.

    Every split of its whole weeks into two stretches of two weeks or more is tried. The two are compared by
    Pearson's chi-square, over the dispersion of the weeks *within* the stretches (a change would hide in that of all),
    by the F law with so many degrees of freedom as there are weeks less two: the wandering of one direction is
    known no better. Corrected by Bonferroni over features and splits.
    """
    features: list[UnstableFeature] = []
    tried = 0
    for profile in profiles:
        weekly = _weekly(profile, reference)
        if weekly is None:
            continue
        for place in range(EITHER, len(weekly) - EITHER + 1):
            tried += 1
            p_value = _chance(weekly, place)
            sides = weekly[:place].sum(axis=0), weekly[place:].sum(axis=0)
            distance = METHODS["js"].distance(binned_counts(profile.bins, *sides))
            if distance.above_chance is not None and distance.above_chance >= METHODS["js"].breach:
                at = reference[0] + place * WEEK
                features.append(UnstableFeature(profile.bins.feature, at, distance.value or 0.0, p_value))
    sure = [feature for feature in features if feature.p_value * tried < ALPHA]
    return min(sure, key=lambda feature: feature.p_value) if sure else None


def _weekly(profile: FeatureProfile, reference: tuple[datetime, datetime]) -> FloatArray | None:
    """Fine counts (weeks, cells) of the reference's whole weeks; None where they are too few."""
    rows = days_within(profile.days, reference)
    first = np.datetime64(reference[0].date(), "D")
    week = (day_array(profile.days)[rows] - first).astype(np.int64) // 7
    whole = (reference[1] - reference[0]) // WEEK
    in_whole_weeks = week < whole
    if whole < 2 * EITHER + 1 or not in_whole_weeks.any():
        return None
    counts = sum_by(week[in_whole_weeks], whole, profile.counts[rows][in_whole_weeks]).astype(float)
    return counts if counts.sum(axis=1).min() >= FEWEST else None


def _chance(weekly: FloatArray, place: int) -> float:
    cells = weekly[:, weekly.sum(axis=0) > 0]
    if cells.shape[1] < 2:
        return 1.0
    if cells.shape[1] > 12:  # a fine grid: about tenths of it
        cuts = np.searchsorted(np.cumsum(cells.sum(axis=0)) / cells.sum(), np.arange(1, 10) / 10)
        starts = np.unique(np.r_[0, cuts])
        starts = starts if len(starts) > 1 else np.array([0, 1])  # nine tenths and more lie in the first cell
        cells = np.add.reduceat(cells, starts, axis=1)
    sides = np.array([cells[:place].sum(axis=0), cells[place:].sum(axis=0)])
    between = _pearson(sides)
    inside = _pearson(cells[:place]) + _pearson(cells[place:])
    freedom, weeks = cells.shape[1] - 1, len(cells) - 2
    spread = max(inside / (weeks * freedom), 1.0)
    return float(fdtrc(freedom, weeks * max(freedom / 6, 1.0), between / freedom / spread))


def _pearson(counts: FloatArray) -> float:
    due = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(np.sum((counts - due) ** 2 / np.where(due > 0, due, 1.0)))
