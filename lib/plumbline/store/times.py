"""Times as the workspace keeps them: naive and UTC inside, aware everywhere else.

What is counted by days, weeks and months is counted by the clock of the system's own zone. Its times then stand for
what that clock shows, whatever their own zone says: they are days to be compared with one another and no moments.
"""

from __future__ import annotations

from datetime import UTC, datetime

from plumbline.store.sql import literal


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def naive(at: datetime) -> datetime:
    """A UTC time as the workspace stores it; a naive time is taken to be UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def aware(at: datetime) -> datetime:
    """A stored time as it leaves the workspace."""
    return at.replace(tzinfo=UTC)


def on_clock(column: str, zone: str) -> str:
    """SQL of a stored time as the clock of a zone shows it."""
    return column if zone == "UTC" else f"timezone({literal(zone)}, timezone('UTC', {column}))"


def off_clock(value: str, zone: str) -> str:
    """SQL of the stored time at which the clock of a zone shows a value; the first, where it shows it twice."""
    return value if zone == "UTC" else f"timezone('UTC', timezone({literal(zone)}, {value}))"
