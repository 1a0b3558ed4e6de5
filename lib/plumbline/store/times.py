"""Times as the workspace keeps them: naive and UTC inside, aware everywhere else.

What is counted by days, weeks and months is counted by the clock of the system's own zone. Its times then stand for
what that clock shows, whatever their own zone says: they are days to be compared with one another and no moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from plumbline.store.sql import literal
from plumbline.wording.times import iso_second

#: the years, the second not included, for which the changes of a clock are looked up once
_LOOKED_UP = (2000, 2040)


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def naive(at: datetime) -> datetime:
    """A UTC time as the workspace stores it; a naive time is taken to be UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def aware(at: datetime) -> datetime:
    """A stored time as it leaves the workspace."""
    return at.replace(tzinfo=UTC)


def to_local(column: str, zone: str) -> str:
    """SQL of a stored time as the clock of a zone shows it.

    The changes of the clock between 2000 and 2040 are looked up in the statement itself: asking DuckDB for the zone's
    rules, row by row, takes longer than counting the row.
    """
    if zone == "UTC":
        return column
    first, last = (f"TIMESTAMP '{year}-01-01'" for year in _LOOKED_UP)
    asked = f"timezone({literal(zone)}, timezone('UTC', {column}))"
    looked_up = f"{column} + {_offset(column, clock_changes(zone))}"
    return f"CASE WHEN {column} >= {first} AND {column} < {last} THEN {looked_up} ELSE {asked} END"


def _offset(column: str, changes: Sequence[tuple[datetime, int]]) -> str:
    """SQL of the offset at a time between the first change and the end: a search by halves."""
    if len(changes) == 1:
        return f"INTERVAL '{changes[0][1]} seconds'"
    half = len(changes) // 2
    at = f"TIMESTAMP '{iso_second(changes[half][0])}'"
    before, after = _offset(column, changes[:half]), _offset(column, changes[half:])
    return f"CASE WHEN {column} < {at} THEN {before} ELSE {after} END"


@cache
def clock_changes(zone: str) -> tuple[tuple[datetime, int], ...]:
    """Since when (naive UTC) the clock of a zone is how many seconds ahead of UTC; first at the start of 2000."""
    zone_info = ZoneInfo(zone)

    def utc_offset(at: datetime) -> int:
        return int((at.replace(tzinfo=UTC).astimezone(zone_info).utcoffset() or timedelta()).total_seconds())

    day = datetime(_LOOKED_UP[0], 1, 1)  # noqa: DTZ001 - naive and UTC, as stored
    changes = [(day, utc_offset(day))]
    while day.year < _LOOKED_UP[1]:
        following = day + timedelta(days=1)
        if utc_offset(following) != changes[-1][1]:
            low, high = 0, 86_400  # seconds into the day between which the clock changes
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (low, middle)
                    if utc_offset(day + timedelta(seconds=middle)) != changes[-1][1]
                    else (middle, high)
                )
            changes.append((day + timedelta(seconds=high), utc_offset(following)))
        day = following
    return tuple(changes)


def to_utc(value: str, zone: str) -> str:
    """SQL of the stored time at which the clock of a zone shows a value; the first, where it shows it twice."""
    return value if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {value}))"
