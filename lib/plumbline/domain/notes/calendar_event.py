"""What happened outside a log and may explain what is seen in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum


class EventKind(StrEnum):
    """What happened, in the word that is stored and shown: never change one."""

    CAMPAIGN = "campaign"
    PRICE_CHANGE = "price change"
    HOLIDAY = "holiday"
    OUTAGE = "outage"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """Something outside a log that may explain what is seen in it. ``first`` and ``last`` day are both included."""

    id: int
    system: str
    kind: EventKind
    text: str
    first: date
    last: date
    by: str
    at: datetime

    @property
    def name(self) -> str:
        """``holiday: Christmas``."""
        return self.text if self.kind is EventKind.OTHER else f"{self.kind.value}: {self.text}"

    @property
    def start(self) -> datetime:
        """Midnight (UTC) at which its first day begins."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """Midnight (UTC) at which its last day is over."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it falls into the half-open [start, end)."""
        return self.start < end and start < self.end
