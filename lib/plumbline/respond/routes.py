"""Which messages a channel takes by the hour and by the family of a finding."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plumbline.domain import PlumblineError
from plumbline.wording.times import clock_time

#: family -> how signals and types of events begin that belong to it; what belongs to none goes to every channel
FAMILIES = {
    "performance": ("performance.", "estimate.", "warning.", "cutoff."),
    "drift": ("drift.", "missing.", "new_levels.", "out_of_range.", "association.", "schema."),
    "quality": ("quality.", "consistency.", "staleness."),
    "releases": ("release.", "rollback."),
    "fairness": ("fairness",),
    "retraining": ("retraining", "trigger."),
    "sources": ("source.", "check."),
    "clocks": ("clock.",),
}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")


def event_family(event_type: str, signal: str = "") -> str:
    """The family of an event; a finding's is that of its signal. Empty: it belongs to none."""
    words = signal if event_type.startswith(("finding.", "source.")) and signal else event_type
    return next((name for name, starts in FAMILIES.items() if words.startswith(starts)), "")


def parse_hours(text: str) -> str:
    """Hours of the day as they are kept, ``08:00-18:00``; through midnight where the end is the earlier.

    Raises:
        PlumblineError: these are none.
    """
    words = text.strip().replace(" ", "")
    fits = _HOURS.fullmatch(words)
    if words and (fits is None or words[:5] == words[6:] or (fits[3] == "24" and fits[4] != "00")):
        raise PlumblineError(
            "These are no hours of a day", todo="Write 08:00-18:00, or 18:00-08:00 for the night."
        )
    return words


def opening(hours: str, at: datetime, zone: str) -> datetime:
    """When a channel of these hours is open, at that moment or next; ``hours``: as ``parse_hours`` made them."""
    if not hours:
        return at
    start, end = time.fromisoformat(hours[:5]), hours[6:]
    local = at.astimezone(ZoneInfo(zone))
    now = f"{clock_time(local)}"
    within = hours[:5] <= now < end if hours[:5] < end else now >= hours[:5] or now < end
    if within:
        return at
    day = local.date() if now < hours[:5] else local.date() + timedelta(days=1)
    return datetime.combine(day, start, ZoneInfo(zone)).astimezone(UTC)
