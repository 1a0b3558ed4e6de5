"""Times as the workspace keeps them: naive and UTC inside, aware everywhere else."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def naive(at: datetime) -> datetime:
    """A UTC time as the workspace stores it; a naive time is taken to be UTC already."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def aware(at: datetime) -> datetime:
    """A stored time as it leaves the workspace."""
    return at.replace(tzinfo=UTC)
