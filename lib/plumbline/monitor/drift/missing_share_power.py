"""From how many days on five more points of missing values would be noticed, at a system's own volume.

The rule of ``missing_share`` compares the share of one window with that of the reference by Pearson's statistic over a
dispersion that the reference's days estimate. So the power of a window of so many days is that of a difference of two
proportions (Fleiss, Levin and Paik 2003, 4.3), of samples as many times smaller as decisions repeat each other, at the
level that one look of one input has of the year's budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.special import chdtri, fdtri, ndtr

from plumbline.domain import FeatureProfile, FloatArray
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.chunks import day_array
from plumbline.monitor.drift.aligned_counts import days_within
from plumbline.monitor.drift.dispersion import daily_laws
from plumbline.monitor.drift.missing_share import BUDGET, presence
from plumbline.monitor.drift.rolling_window import FEWEST_DAYS, WIDTH
from plumbline.monitor.statistics.null_distribution import KNOWN, NullDistribution
from plumbline.wording.quantities import decimal

#: the rise that is asked for, and the share of such rises that are noticed by the day that is told
RISE, POWER = 0.05, 0.8
#: days within which it goes without saying, and after which it is not waited for any longer
SOON, LONGEST = 14, 365
#: days before the log's end whose decisions say how many there are a day
RECENT = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTime:
    """Of the input in which a rise takes longest: ``days`` until it is noticed (None: over ``LONGEST``), decisions
    ``a_day``, and how many independent ones these count as (``effective``)."""

    feature: str
    days: int | None
    a_day: float
    effective: float

    @property
    def sentence(self) -> Message:
        """Empty where it is noticed soon."""
        values = {
            "feature": self.feature,
            "n": decimal(self.a_day, ",.0f"),
            "effective": decimal(self.effective, ",.0f"),
        }
        if self.days is None:
            return message(
                "A rise of five points in missing values of {feature} may go unnoticed for a year: {n} decisions a day "
                "count as {effective} independent ones, and the reference is short.",
                **values,
            )
        if self.days <= SOON:
            return NOTHING
        return message(
            "A rise of five points in missing values of {feature} would be noticed within about {days} days, four "
            "times in five: {n} decisions a day count as {effective} independent ones.",
            **values,
            days=decimal(self.days, "d"),
        )


def slowest_notice(
    profiles: Sequence[FeatureProfile], *, reference: tuple[datetime | None, datetime | None]
) -> NoticeTime | None:
    """The input in which five more points would take longest to be noticed.

    Args:
        profiles: of the inputs.

    Returns:
        None where the reference is too short to say how its days differ, or nothing can rise by so much.
    """
    inputs = [p for p in profiles if p.missing.any() or p.counts.any()]
    slowest: NoticeTime | None = None
    for profile in inputs:
        notice = _notice_time(presence(profile), reference, BUDGET / len(inputs) / LONGEST)
        if notice is not None and (slowest is None or (notice.days or np.inf) > (slowest.days or np.inf)):
            slowest = notice
    return slowest


def _notice_time(
    profile: FeatureProfile, reference: tuple[datetime | None, datetime | None], chance: float
) -> NoticeTime | None:
    """Of one input, whose looks may each be wrong by so small a chance."""
    healthy, days = days_within(profile.days, reference), day_array(profile.days)
    if healthy.sum() < FEWEST_DAYS:
        return None
    gone, n = float(profile.counts[healthy, 1].sum()), float(profile.counts[healthy].sum())
    recent = days > days.max() - np.timedelta64(RECENT, "D")
    a_day = float(profile.counts[recent].sum()) / RECENT
    if not n or not a_day or gone / n + RISE > 1:
        return None
    (law,) = daily_laws([profile], [healthy])
    power = rise_power(np.arange(1.0, LONGEST + 1), gone / n, n, a_day, law, chance)
    enough = np.flatnonzero(power >= POWER)
    return NoticeTime(
        feature=profile.bins.feature,
        days=int(enough[0]) + 1 if len(enough) else None,
        a_day=a_day,
        effective=a_day / law.spread,
    )


def rise_power(
    days: FloatArray, before: float, n: float, a_day: float, law: NullDistribution, chance: float
) -> FloatArray:
    """P(a rise of ``RISE`` is beyond chance) so many days (k,) after it began, (k,).

    Args:
        before: share missing in the reference, of ``n`` decisions.
        law: of seven days running beside the reference.
        chance: of a false alarm at one look.
    """
    window = np.maximum(days, WIDTH)
    after = before + RISE * days / window  # a week in which it begins holds days from before
    then, now = n / law.spread, a_day * window / law.spread
    pooled = (before * then + after * now) / (then + now)
    by_chance = np.sqrt(pooled * (1 - pooled) * (1 / then + 1 / now))
    spread = np.sqrt(before * (1 - before) / then + after * (1 - after) / now)
    limit = np.sqrt(chdtri(1, chance) if law.freedom >= KNOWN else fdtri(1, law.freedom, 1 - chance))
    return np.asarray(ndtr((after - before - limit * by_chance) / spread))
