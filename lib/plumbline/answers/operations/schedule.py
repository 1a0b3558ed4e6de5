"""When a server pulls, checks and copies by itself: read, set, and what is due.

A time is written ``15m``, ``1h``, ``daily@06:00`` or ``mon@06:00``; days and hours are those of the schedule's zone.
"""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message, word
from plumbline.logs.values.zone_names import time_zones
from plumbline.store import trail
from plumbline.store.digests.settings_digest import SCHEDULE
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace, now

#: an address that is asked once after each finished check, so that a watcher outside notices when none comes
HEARTBEAT = "PLUMBLINE_HEARTBEAT_URL"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = re.compile(r"(\d{1,3})\s*(m|h)")
_AT = re.compile(rf"(daily|{'|'.join(DAYS)})\s*@\s*(\d{{1,2}}):(\d\d)")
FORMS = word("15m, 1h, daily@06:00 or mon@06:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is done by itself; an empty time: never.

    ``check``: pull what is remembered, take the inbox, run the signals, send; ``backup``: copy the workspace into
    ``backups``, where copies of ``keep_days`` days stay; ``inbox``: a folder with one sub-folder a system;
    ``heartbeat``: an address, where the environment names none; ``since``: when it was set, ISO 8601.
    """

    check: str = ""
    backup: str = ""
    keep_days: int = 14
    zone: str = "UTC"
    inbox: str = ""
    heartbeat: str = ""
    since: str = ""

    @property
    def heartbeat_host(self) -> str:
        """Where the heartbeat goes, without what may be a secret in its path; empty where there is none."""
        return urlsplit(os.environ.get(HEARTBEAT, "").strip() or self.heartbeat).hostname or ""

    def to_dict(self) -> dict[str, object]:
        """As it is told; the address of the heartbeat by its host alone."""
        return asdict(self) | {"heartbeat": self.heartbeat_host}


def read_schedule(cursor: Cursor) -> Schedule:
    """The schedule of a workspace; one that does nothing where none was set."""
    held = settings.setting(cursor, SCHEDULE, {})
    return Schedule(**{name: held[name] for name in Schedule.__dataclass_fields__ if name in held})


def schedule(ws: Workspace) -> Schedule:
    """The schedule of a workspace."""
    with ws.read() as cursor:
        return read_schedule(cursor)


def set_schedule(ws: Workspace, item: Schedule, *, by: str) -> Schedule:
    """Set the schedule, and put it on the trail without the heartbeat's address.

    Raises:
        PlumblineError: a time, zone, number of days, folder or address that cannot be, or nobody is named.
    """
    signer(by, "A schedule", "Say who sets it.")
    schedule = replace(item, check=_time(item.check), backup=_time(item.backup), since=now().isoformat())
    if schedule.zone != "UTC" and schedule.zone not in time_zones():
        raise PlumblineError(
            message("{zone} is no time zone", zone=repr(schedule.zone[:60])),
            todo="Use one such as Europe/Berlin or UTC.",
        )
    if not 1 <= schedule.keep_days <= 3650:
        raise PlumblineError("Copies are kept from 1 to 3650 days", todo="Use 14 for two weeks.")
    if schedule.inbox and not Path(schedule.inbox).is_dir():
        raise PlumblineError("There is no such folder", where=schedule.inbox, todo="Make it first.")
    address = urlsplit(schedule.heartbeat)
    if schedule.heartbeat and not (address.scheme in ("http", "https") and address.hostname):
        raise PlumblineError(
            "The heartbeat's address is none", todo="Use one such as https://hc.example/ping/NAME."
        )
    with ws.write() as cursor:
        settings.keep(cursor, SCHEDULE, asdict(schedule))
        trail.append(cursor, actor=by.strip(), action=Act.SCHEDULE_SET, detail=schedule.to_dict())
    return schedule


def _time(text: str) -> str:
    """A time as it is kept.

    Raises:
        PlumblineError: it is none.
    """
    words = text.strip().lower()
    if words in ("", "off", "never"):
        return ""
    words = {"hourly": "1h", "daily": "daily@06:00", "nightly": "daily@02:30"}.get(words, words)
    if every := _EVERY.fullmatch(words):
        minutes = int(every[1]) * (60 if every[2] == "h" else 1)
        if 5 <= minutes <= 1440 and 1440 % minutes == 0:
            return f"{every[1]}{every[2]}"
        raise PlumblineError(
            message("{text} does not divide a day", text=repr(text)),
            todo="Use 5m, 15m, 30m, 1h, 2h, 6h or 24h.",
        )
    if (at := _AT.fullmatch(words)) and int(at[2]) < 24 and int(at[3]) < 60:
        return f"{at[1]}@{int(at[2]):02d}:{at[3]}"
    raise PlumblineError(
        message("{text} is no time of a schedule", text=repr(text[:40])),
        todo=message("Write it as {forms}.", forms=FORMS),
    )


def last_due_time(when: str, zone: str, at: datetime) -> datetime | None:
    """The newest time, up to a moment, at which something was due; None: never.

    An hour that the clock leaves out counts as the one after it, one that comes twice as the first.
    """
    if not when:
        return None
    if every := _EVERY.fullmatch(when):
        step = int(every[1]) * (3600 if every[2] == "h" else 60)
        return datetime.fromtimestamp(int(at.timestamp()) // step * step, UTC)
    moments = [due for due in _days(when, zone, at, range(-8, 2)) if due <= at]
    return max(moments, default=None)


def next_due_time(when: str, zone: str, at: datetime) -> datetime | None:
    """The first time after a moment at which something is due; None: never."""
    if not when:
        return None
    if every := _EVERY.fullmatch(when):
        step = int(every[1]) * (3600 if every[2] == "h" else 60)
        return datetime.fromtimestamp((int(at.timestamp()) // step + 1) * step, UTC)
    return min((due for due in _days(when, zone, at, range(-1, 9)) if due > at), default=None)


def _days(when: str, zone: str, at: datetime, span: range) -> list[datetime]:
    day, _, hour = when.partition("@")
    zone_info = ZoneInfo(zone)
    today = at.astimezone(zone_info).date()
    due_times = []
    for by in span:
        date = today + timedelta(days=by)
        if day in ("daily", DAYS[date.weekday()]):
            due_times.append(datetime.combine(date, time.fromisoformat(hour), zone_info).astimezone(UTC))
    return due_times
