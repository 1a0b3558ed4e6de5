"""Freezes: times in which no rollback is made, of one system or of all, each with a reason and who set it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.store import systems, trail
from plumbline.store.digests.settings_digest import FREEZE
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace

#: a freeze that is longer is a mode that should be off
LONGEST = timedelta(days=92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which nothing is moved: aware UTC, its end left out. ``system``: key; empty: every system."""

    start: datetime
    end: datetime
    reason: str
    system: str = ""
    by: str = ""
    number: int = 0


def freezes(cursor: Cursor, key: str | None = None) -> tuple[Freeze, ...]:
    """The freezes that hold for a system, or every one, the earliest first."""
    freezes = [
        Freeze(
            start=datetime.fromisoformat(entry["start"]),
            end=datetime.fromisoformat(entry["end"]),
            reason=str(entry["reason"]),
            system=str(entry.get("system", "")),
            by=str(entry.get("by", "")),
            number=int(entry.get("number", 0)),
        )
        for entry in settings.setting(cursor, FREEZE, [])
    ]
    return tuple(sorted((f for f in freezes if key is None or f.system in ("", key)), key=lambda f: f.start))


def frozen(cursor: Cursor, key: str, now: datetime) -> str:
    """Until when releases of a system are frozen and why, in words; empty: they are not."""
    held = next((f for f in freezes(cursor, key) if f.start <= now < f.end), None)
    return f"until {held.end.astimezone(UTC):%Y-%m-%d, %H:%M} UTC, {held.reason}" if held else ""


def add_freeze(ws: Workspace, key: str, start: str, end: str, reason: str, *, by: str) -> Freeze:
    """Freeze releases of a system for a time: an owner's act.

    Args:
        key: empty: of every system.
        start, end: days or moments as ISO 8601, without an offset on the system's clock; a bare last day counts whole.

    Raises:
        PlumblineError: no such system, no name, no reason, or times that are none, go backwards or are too long.
    """
    signer(by, "Freezing releases")
    words = " ".join(reason.split())[:200]
    if not words:
        raise PlumblineError("A freeze needs a reason", todo="Say why with --reason; it goes on the trail.")
    with ws.write() as cursor:
        zone = systems.get_system(cursor, key).timezone if key else "UTC"
        begin, finish = _moment(start, zone, "--from"), _moment(end, zone, "--until", last=True)
        if not begin < finish <= begin + LONGEST:
            raise PlumblineError(
                message("A freeze ends after it begins, and within {days} days", days=str(LONGEST.days)),
                todo="Where nothing is to be moved for longer, set the mode to off.",
            )
        entries: list[dict[str, Any]] = settings.setting(cursor, FREEZE, [])
        number = max((int(entry.get("number", 0)) for entry in entries), default=0) + 1
        freeze = Freeze(start=begin, end=finish, reason=words, system=key, by=by.strip(), number=number)
        entry = {
            "start": begin.isoformat(),
            "end": finish.isoformat(),
            "reason": words,
            "system": key,
            "by": freeze.by,
            "number": number,
        }
        settings.keep(cursor, FREEZE, [*entries, entry])
        trail.append(cursor, actor=freeze.by, action=Act.RELEASES_FROZEN, system=key, detail=entry)
    return freeze


def remove_freeze(ws: Workspace, number: int, *, by: str) -> Freeze:
    """Take a freeze away before its end: an owner's act.

    Raises:
        PlumblineError: no such freeze, or no name.
    """
    signer(by, "Ending a freeze")
    with ws.write() as cursor:
        freeze = next((f for f in freezes(cursor) if f.number == number), None)
        if freeze is None:
            raise PlumblineError(
                message("There is no freeze {number}", number=str(number)),
                todo="See `plumbline freeze list`.",
            )
        rest = [e for e in settings.setting(cursor, FREEZE, []) if int(e.get("number", 0)) != number]
        settings.keep(cursor, FREEZE, rest or None)
        detail = {"removed": number, "end": freeze.end.isoformat()}
        trail.append(
            cursor, actor=by.strip(), action=Act.RELEASES_FROZEN, system=freeze.system, detail=detail
        )
    return freeze


def _moment(text: str, zone: str, where: str, *, last: bool = False) -> datetime:
    """A moment in UTC; of a bare day its beginning, or its end."""
    words = text.strip()
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise PlumblineError(
            "That is no day or moment", where=where, todo="Write 2026-12-24 or 2026-12-24T18:00."
        ) from error
    if last and len(words) == 10 and moment.time() == time(0):
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)
