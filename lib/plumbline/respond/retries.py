"""When a message is sent, and sent again: by severity, and by the schedule of Standard Webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plumbline.domain import Severity
from plumbline.respond.http import HttpReply

#: how long after an attempt that failed the next one is made
PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
#: how long a message is tried at all; what is urgent is then told by another channel
PATIENCE = {
    Severity.HIGH: timedelta(hours=24),
    Severity.MEDIUM: timedelta(hours=75),
    Severity.LOW: timedelta(hours=75),
}
#: statuses below 500 that may pass by themselves
PASSING = (408, 425, 429)
GONE = 410
#: by how much a pause may be longer, so that what failed together does not come back together
JITTER = 0.2
#: the hour, on the system's clock, at which what is not urgent is told; and the weekday of what can wait
DIGEST_HOUR, DIGEST_WEEKDAY = 8, 0
#: after how long nobody's having seen an urgent problem is said again; then weekly
REMINDERS = (timedelta(hours=4), timedelta(hours=24))
WEEK = timedelta(days=7)
#: no message waits longer: what seems to was dated by a clock that was ahead
LONGEST_WAIT = timedelta(days=8)


def delivery_time(severity: Severity, at: datetime, zone: str) -> datetime:
    """When something of that severity is told: high at once, medium at 08:00, low on Monday at 08:00 (local)."""
    if severity is Severity.HIGH:
        return at
    local = at.astimezone(ZoneInfo(zone))
    day = local.date()
    while True:
        moment = datetime.combine(day, time(DIGEST_HOUR), ZoneInfo(zone))
        if moment > local and (severity is Severity.MEDIUM or day.weekday() == DIGEST_WEEKDAY):
            return moment.astimezone(UTC)
        day += timedelta(days=1)


def is_due(moment: datetime, at: datetime) -> bool:
    """Whether what was to be sent at a moment is to be sent now."""
    return moment <= at or moment - at > LONGEST_WAIT


def is_overdue(moment: datetime, at: datetime) -> bool:
    """Whether what was to be sent at a moment is late by so much that it need not go by itself.

    What a clock that was ahead dated is: when it was to be sent cannot be known.
    """
    return at - moment >= PAUSES[1] or moment - at > LONGEST_WAIT


def is_final(reply: HttpReply) -> bool:
    """Whether no further attempt can help: the receiver refuses it, or it may not be sent there."""
    refused = 400 <= reply.status < 500 and reply.status not in PASSING
    return reply.refused or refused


def next_attempt_time(
    attempts: int, at: datetime, severity: Severity, reply: HttpReply, chance: Callable[[], float]
) -> datetime | None:
    """When to try again; None: not any more.

    Patience is spent by attempts: while this machine is off, none is.

    Args:
        attempts: made so far, this one included.
        chance: gives a number from 0 to 1, for the jitter.
    """
    spent = sum(PAUSES[: attempts - 1], timedelta())
    left = PATIENCE[severity] - spent
    if is_final(reply) or left <= timedelta() or attempts > len(PAUSES):
        return None
    pause = min(PAUSES[attempts - 1], left) * (1 + JITTER * chance())
    return at + max(pause, _retry_after(reply))


def _retry_after(reply: HttpReply) -> timedelta:
    """The pause that a receiver asked for, a day at most."""
    text = reply.headers.get("retry-after", "")
    return (
        min(timedelta(seconds=int(text)), timedelta(days=1))
        if text.isdecimal() and len(text) < 9
        else timedelta()
    )


def reminder_due(told: datetime, reminders: int) -> datetime:
    """When nobody's having seen a problem is said again, after so many reminders."""
    if reminders < len(REMINDERS):
        return told + REMINDERS[reminders]
    return told + REMINDERS[-1] + (reminders - len(REMINDERS) + 1) * WEEK
