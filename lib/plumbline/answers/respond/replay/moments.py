"""Which moments of the past are played: the ends of weeks, and the ends of days in weeks in which something changed.

All are times that the clock of the system's zone shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

WEEK, DAY = timedelta(days=7), timedelta(days=1)


def weekly_moments(start: datetime, end: datetime) -> list[datetime]:
    """The ends of the weeks between, Sundays at midnight, and the end itself."""
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day += timedelta(days=(7 - day.weekday()) % 7)
    days = []
    while day < end:
        if day >= start:
            days.append(day)
        day += timedelta(days=7)
    return [*days, end]


def midnights_between(start: datetime, end: datetime) -> Sequence[datetime]:
    """The midnights between two moments, both left out."""
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    days = []
    while day < end:
        days.append(day)
        day += DAY
    return days
