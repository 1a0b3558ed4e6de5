"""Days, times and spans as people write them, and how they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from plumbline.domain import PlumblineError
from plumbline.domain.messages import Day, Message, message


def read_time(text: str, option: str) -> datetime:
    """An ISO date or time; without a zone it is taken as UTC.

    Raises:
        PlumblineError: the text is neither.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise PlumblineError(
            message("{text} is not a date or time", text=repr(text)),
            where=option,
            todo="Write 2026-03-01 or 2026-03-01T12:00:00+01:00.",
        ) from error
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def moment(at: datetime, zone: str) -> datetime:
    """When the clock of a zone shows a time, aware in UTC; days of a system are those of its zone's clock."""
    return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def read_span(text: str, option: str = "span") -> tuple[datetime | None, datetime | None]:
    """Read ``A..B``, half-open: B is not included; an empty side has no bound.

    Raises:
        PlumblineError: there is no ``..``, a side is no time, or the span is empty.
    """
    left, first, right = text.partition("..")
    if not first:
        raise PlumblineError(
            message("{text} is not a span", text=repr(text)),
            where=option,
            todo="Write A..B, e.g. 2026-01-01..2026-02-01.",
        )
    start = read_time(left, option) if left.strip() else None
    end = read_time(right, option) if right.strip() else None
    if start and end and start >= end:
        raise PlumblineError(message("The span {text} ends before it starts", text=text), where=option)
    return start, end


def clock(at: datetime, zone: str) -> datetime:
    """What the clock of a zone shows at a moment, as times of a system are kept; ``moment`` the other way round."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)


def say_clock(what: str, zone: str) -> str:
    """On whose clock times or days are, in a sentence: ``Times are UTC.``, ``Days are those of Europe/Berlin.``"""
    return f"{what} are {'UTC' if zone == 'UTC' else f'those of {zone}'}."


def say_day(at: datetime) -> Day:
    """A day as sentences write it, e.g. 3 March 2026 (UTC)."""
    return Day(at)


def say_span(start: datetime | None, end: datetime | None) -> Message:
    """The half-open [start, end) in words: its first and its last day."""
    last = end - timedelta(microseconds=1) if end else None
    if start and last:
        if start.date() == last.date():
            return message("{day}", day=say_day(start))
        return message("{first} to {last}", first=say_day(start), last=say_day(last))
    if start:
        return message("since {day}", day=say_day(start))
    return message("until {day}", day=say_day(last)) if last else message("the whole log")


def iso_day(at: date | datetime) -> str:
    """``2026-03-01``, by the clock that the time carries."""
    return f"{at:%Y-%m-%d}"


def iso_minute(at: datetime) -> str:
    """``2026-03-01 14:05``; whoever writes it says the zone."""
    return f"{at:%Y-%m-%d %H:%M}"


def iso_second(at: datetime) -> str:
    """``2026-03-01 14:05:09``; whoever writes it says the zone."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def clock_time(at: datetime) -> str:
    """``14:05``."""
    return f"{at:%H:%M}"


def long_date_and_time(at: datetime) -> str:
    """``3 March 2026, 14:05``; whoever writes it says the zone."""
    return f"{Day(at)}, {clock_time(at)}"
