"""Shelf life: how long versions keep their performance, so that "retrain by" is a date and not a habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import Point, PointStatus, VersionHours
from plumbline.domain.messages import Day, Number, message, word
from plumbline.monitor.releases.champion import deciding_rows, instant, moment, spans
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import plural

SOON_DAYS = 14.0  # before the date, from which it is watched
#: versions that broke their limits, before a date is made of how long they kept
FEWEST_BROKEN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLife:
    """How long one version kept its performance.

    ``days``: from ``since`` (its training, or its first decision where no training date is logged) to its
    first breach, or as long as it was in charge where ``kept`` is true: then it kept at least so long.
    """

    version: str
    since: datetime
    source: str  # trained_at | first seen
    days: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfLife:
    """``days``: the median time to the first breach (Kaplan and Meier 1958), with its 95 % limits (``median_limits``;
    ``high`` None: not known yet); None while unknown.

    ``retrain_by``: the version in charge, its own start plus that time; None under ``FEWEST_BROKEN`` breaches.
    """

    lives: tuple[VersionLife, ...]
    days: float | None
    retrain_by: datetime | None
    status: PointStatus
    sentence: str
    low: float | None = None
    high: float | None = None


def version_lives(
    hours: VersionHours, points: Sequence[Point], *, as_of: datetime
) -> tuple[VersionLife, ...]:
    """The versions that were in charge before the present one, in order of time.

    Args:
        points: the headline metric by version and chunk. A version that was never within its limits had
            nothing to keep (a bad release, not an old one) and is left out, as is one never judged.
    """
    runs = spans(hours, until=as_of)
    if not runs:
        return ()
    results = []
    for version in dict.fromkeys(run.version for run in runs if run.version != runs[-1].version):
        points_of_version = sorted(
            (
                p
                for p in points
                if p.version == version and p.status is not PointStatus.UNKNOWN and not p.estimated
            ),
            key=lambda p: p.start,
        )
        good = next((i for i, p in enumerate(points_of_version) if p.status is PointStatus.OK), None)
        if good is None or not version:
            continue
        since, source = version_start(hours, version, as_of)
        broke = next((p.start for p in points_of_version[good:] if p.status is PointStatus.BREACH), None)
        last = max(run.end for run in runs if run.version == version)
        end = broke or min(last, points_of_version[-1].end)
        results.append(
            VersionLife(
                version=version,
                since=since,
                source=source,
                days=max((end - since).total_seconds() / 86400, 0.0),
                kept=broke is None,
            )
        )
    return tuple(results)


def version_start(hours: VersionHours, version: str, as_of: datetime) -> tuple[datetime, str]:
    """When a version was trained, or first decided where no training date is logged."""
    of_version = deciding_rows(hours) & np.array([name == version for name in hours.versions], dtype=bool)
    trained = hours.trained[of_version]
    trained = trained[~np.isnat(trained) & (trained <= instant(as_of))]
    if len(trained):
        return moment(trained.max()), "trained_at"
    return moment(hours.first[of_version].min()), "first seen"


def shelf_life(
    earlier: Sequence[VersionLife], current: tuple[datetime, str] | None, *, as_of: datetime
) -> ShelfLife:
    """The date by which the version in charge should be replaced.

    Args:
        earlier: see ``lives``; those that ended without a breach count as at least so long.
        current: when the present version began, and how that is known; None where nothing tells.
    """
    earlier_lifes = tuple(earlier)
    if not earlier_lifes:
        sentence = message("No earlier version has been watched long enough to say how long one keeps.")
        return ShelfLife(
            lives=earlier_lifes, days=None, retrain_by=None, status=PointStatus.UNKNOWN, sentence=sentence
        )
    many = (
        plural(len(earlier_lifes), "earlier version")
        if len(earlier_lifes) > 1
        else word("one earlier version")
    )
    days = median_life([life.days for life in earlier_lifes], [life.kept for life in earlier_lifes])
    if days is None:
        longest = max(life.days for life in earlier_lifes)
        sentence = message(
            "Too few of {versions} broke their limits to say how long one keeps; the longest kept for at least "
            "{days} days.",
            versions=many,
            days=Number(f"{longest:.0f}"),
        )
        return ShelfLife(
            lives=earlier_lifes, days=None, retrain_by=None, status=PointStatus.UNKNOWN, sentence=sentence
        )
    half = Number(f"{days:.0f}")
    text = (
        message("Of {versions}, half kept their performance for {days} days", versions=many, days=half)
        if len(earlier_lifes) > 1
        else message("The one earlier version kept its performance for {days} days", days=half)
    )
    broken = sum(not life.kept for life in earlier_lifes)
    if broken < FEWEST_BROKEN:
        places = {"text": text, "broken": str(broken), "needed": str(FEWEST_BROKEN)}
        few = (
            message("{text}; {broken} broke its limits, and {needed} make a date to retrain by.", **places)
            if broken == 1
            else message(
                "{text}; {broken} broke their limits, and {needed} make a date to retrain by.", **places
            )
        )
        return ShelfLife(
            lives=earlier_lifes,
            days=days,
            retrain_by=None,
            status=PointStatus.UNKNOWN,
            sentence=few,
        )
    low, high = median_limits([life.days for life in earlier_lifes], [life.kept for life in earlier_lifes])
    shortest = Number(f"{low:.0f}")
    text = (
        message("{text} (95 % interval {low} to {high})", text=text, low=shortest, high=Number(f"{high:.0f}"))
        if high
        else message("{text} (95 % interval from {low} days)", text=text, low=shortest)
    )
    if current is None:
        return ShelfLife(
            lives=earlier_lifes,
            days=days,
            retrain_by=None,
            status=PointStatus.UNKNOWN,
            sentence=message("{text}; the present one has no date to count from.", text=text),
            low=low,
            high=high,
        )
    by = current[0] + timedelta(days=days)
    left = (by - as_of).total_seconds() / 86400
    status = PointStatus.BREACH if left < 0 else PointStatus.WATCH if left < SOON_DAYS else PointStatus.OK
    places = {"text": text, "day": Day(by), "days": plural(round(abs(left)), "day")}
    sentence = (
        message("{text}: retrain by {day}, {days} ago.", **places)
        if left < 0
        else message("{text}: retrain by {day}, in {days}.", **places)
    )
    return ShelfLife(
        lives=earlier_lifes,
        days=days,
        retrain_by=by,
        status=status,
        sentence=sentence,
        low=low,
        high=high,
    )


def median_life(days: Sequence[float], censored: Sequence[bool]) -> float | None:
    """The first time by which half have broken, those still good counting until they left; None: never."""
    order = np.argsort(np.asarray(days, dtype=float), kind="stable")
    alive, left = 1.0, len(days)
    for i in order.tolist():
        if not censored[i]:
            alive *= 1 - 1 / left
            if alive <= 0.5 + 1e-12:
                return float(days[i])
        left -= 1
    return None


def median_limits(days: Sequence[float], censored: Sequence[bool]) -> tuple[float, float | None]:
    """The times whose 95 % limits of the survival curve hold one half (Brookmeyer and Crowley 1982, Biometrics 38).

    Limits of the curve by Greenwood's variance (1926) on the logarithm's scale. The second is None where the upper
    limit never comes down to a half.
    """
    at = np.asarray(days, dtype=float)
    broke = ~np.asarray(censored, dtype=bool)
    alive, variance = 1.0, 0.0
    low: float | None = None
    for day in np.unique(at[broke]):
        left, now = int((at >= day).sum()), int((broke & (at == day)).sum())
        alive *= 1 - now / left
        if left == now:  # nobody is left: the curve ends at zero, where it has no limits
            return (float(day) if low is None else low), None
        variance += now / (left * (left - now))
        reach = float(np.exp(Z * np.sqrt(variance)))
        if low is None and alive / reach <= 0.5:
            low = float(day)
        if min(alive * reach, 1.0) <= 0.5:
            return (float(day) if low is None else low), float(day)
    return (float(at.max()) if low is None else low), None
