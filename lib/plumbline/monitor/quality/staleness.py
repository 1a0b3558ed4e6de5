"""How old the model in charge is, and how long ago it last decided and was last proved right or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import PointStatus, VersionHours
from plumbline.domain.messages import Day, Message, message
from plumbline.monitor.releases.champion import deciding_rows, instant, moment, spans
from plumbline.wording.quantities import decimal, plural

WATCH_DAYS = 90.0
BREACH_DAYS = 180.0
WATCH_BEATS, BREACH_BEATS, FEWEST_BEATS = 3.0, 6.0, 10
_DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """Age of the version in charge, in days; None where no date tells it.

    ``source``: ``trained_at``, ``first seen`` (the version's first decision, so the model is at least that
    old) or empty. ``since``: the date the age counts from, UTC. ``days_since_decision`` and
    ``days_since_label`` are None where there is none. Ages are never negative.
    """

    version: str
    age_days: float | None
    source: str
    since: datetime | None
    days_since_decision: float | None
    days_since_label: float | None
    status: PointStatus
    sentence: Message


def staleness(
    hours: VersionHours,
    *,
    as_of: datetime,
    last_label: datetime | None = None,
    watch_days: float = WATCH_DAYS,
    breach_days: float = BREACH_DAYS,
) -> Staleness:
    """Age at ``as_of`` of the version in charge then; arm "shadow" is left out.

    Args:
        hours: the whole log; what came after ``as_of`` is passed over.
        as_of: the moment the log speaks for.
        last_label: when the newest label came.
        watch_days, breach_days: the model is watched from the first and in breach from the second age on.
    """
    runs = spans(hours, until=as_of)
    label = _days(last_label, as_of)
    if not runs:
        sentence = message("Nothing was decided yet, so no model is in use.")
        return Staleness(
            version="",
            age_days=None,
            source="",
            since=None,
            days_since_decision=None,
            days_since_label=label,
            status=PointStatus.UNKNOWN,
            sentence=sentence,
        )
    version, now = runs[-1].version, instant(as_of)
    mine = deciding_rows(hours) & (hours.first <= now)
    last = moment(np.minimum(hours.last[mine].max(), now))
    of_version = mine & np.fromiter(
        map(version.__eq__, hours.versions), dtype=bool, count=len(hours.versions)
    )
    trained = hours.trained[of_version]
    trained = trained[~np.isnat(trained) & (trained <= now)]
    if len(trained):
        since, source = moment(trained.max()), "trained_at"
    elif version:
        since, source = moment(hours.first[of_version].min()), "first seen"
    else:
        sentence = message(
            "The log names neither a version nor a training date, so the model's age is unknown."
        )
        return Staleness(
            version="",
            age_days=None,
            source="",
            since=None,
            days_since_decision=_days(last, as_of),
            days_since_label=label,
            status=PointStatus.UNKNOWN,
            sentence=sentence,
        )
    age = _days(since, as_of)
    assert age is not None
    status = (
        PointStatus.BREACH
        if age >= breach_days
        else PointStatus.WATCH
        if age >= watch_days
        else PointStatus.OK
    )
    sentence = _sentence(version, age, source, since, status, watch_days, breach_days)
    return Staleness(
        version=version,
        age_days=age,
        source=source,
        since=since,
        days_since_decision=_days(last, as_of),
        days_since_label=label,
        status=status,
        sentence=sentence,
    )


@dataclass(frozen=True, slots=True)
class LastArrival:
    """Days since the last of something, beside the longest usual pause between two; None: not known.

    Watched beyond three usual pauses, a breach beyond six; never within a day.
    """

    since_days: float | None
    usual_days: float | None
    status: PointStatus


def last_arrival(times: NDArray[np.datetime64], as_of: datetime, *, waits: float = 0.0) -> LastArrival:
    """Whether something still comes as it used to.

    Args:
        times: when it came, any order; the usual pause is what 99 in 100 pauses between them do not exceed.
        waits: days it takes to come in any case (a label's usual delay), taken off.
    """
    came = np.unique(times[times <= instant(as_of)])
    if not len(came):
        return LastArrival(None, None, PointStatus.UNKNOWN)
    since = max((_days(moment(came[-1]), as_of) or 0.0) - waits, 0.0)
    if len(came) < FEWEST_BEATS:
        return LastArrival(since, None, PointStatus.UNKNOWN)
    usual = float(np.quantile(np.diff(came) / np.timedelta64(1, "s"), 0.99)) / _DAY
    limit = max(usual, 1 / WATCH_BEATS)
    status = (
        PointStatus.BREACH
        if since > BREACH_BEATS * limit
        else PointStatus.WATCH
        if since > WATCH_BEATS * limit
        else PointStatus.OK
    )
    return LastArrival(since, usual, status)


def _days(then: datetime | None, as_of: datetime) -> float | None:
    if then is None:
        return None
    return max(0.0, float((instant(as_of) - instant(then)) / np.timedelta64(1, "s")) / _DAY)


def _sentence(
    version: str, age: float, source: str, since: datetime, status: PointStatus, watch: float, breach: float
) -> Message:
    who = message("Version {version}", version=version) if version else message("The model in use")
    limit = message("past the limit of {days} days", days=decimal(breach, ".0f"))
    if status is PointStatus.OK:
        limit = message("within the limit of {days} days", days=decimal(watch, ".0f"))
    elif status is PointStatus.WATCH:
        limit = message(
            "past {days} days; from {stale} it is stale",
            days=decimal(watch, ".0f"),
            stale=decimal(breach, ".0f"),
        )
    values = {
        "model": who,
        "age": plural(round(age), "day"),
        "day": Day(since.astimezone(UTC)),
        "limit": limit,
    }
    if source == "trained_at":
        return message("{model} was trained {age} ago ({day}), {limit}.", **values)
    return message(
        "{model} was first seen {age} ago ({day}), {limit}; no training date is logged, so it may be older.",
        **values,
    )
