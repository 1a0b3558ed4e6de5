"""How many decisions there were in each hour, day, week or month of a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from plumbline.profile.read import profiles
from plumbline.store import systems
from plumbline.store.workspace import Workspace

#: period -> numpy's unit, and the longest log in days that is cut so; longer ones into months
_UNITS = {"hour": ("h", 3), "day": ("D", 200), "week": ("W", 1200)}
_MONDAY = np.datetime64("1970-01-05", "D")


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open [start, end), UTC, and its decisions."""

    start: datetime
    end: datetime
    n: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Decisions by period, without gaps, the earliest first; ``by``: hour, day, week or month."""

    by: str
    periods: tuple[Period, ...]


def volume(ws: Workspace, key: str, version: str | None = None) -> Volume:
    """The decisions of a system, or of one version of it, all arms, over the whole log.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        hours = profiles.version_hours(cursor, systems.get_system(cursor, key))
    if not len(hours.hours):
        return Volume("day", ())
    at = hours.hours.astype("datetime64[h]")
    wanted = np.ones(len(at), dtype=bool) if version is None else np.asarray(hours.versions) == version
    by, edges = _edges(at.min(), at.max())
    place = np.searchsorted(edges, at, side="right") - 1
    counts = np.bincount(place[wanted], weights=hours.n[wanted], minlength=len(edges) - 1)
    return Volume(
        by,
        tuple(
            Period(_time(start), _time(end), int(n))
            for start, end, n in zip(edges[:-1], edges[1:], counts, strict=True)
        ),
    )


def _edges(first: Any, last: Any) -> tuple[str, Any]:
    """The bounds of all periods from the first hour to the last, one more than there are periods."""
    days = (last - first) / np.timedelta64(1, "D")
    by = next((name for name, (_, most) in _UNITS.items() if days <= most), "month")
    if by == "month":
        months = np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 2)
        return by, months.astype("datetime64[h]")
    if by == "week":  # from Monday to Monday
        begin = first.astype("datetime64[D]")
        begin -= (begin - _MONDAY).astype(int) % 7
        weeks = int((last.astype("datetime64[D]") - begin).astype(int)) // 7 + 1
        return by, (begin + 7 * np.arange(weeks + 1)).astype("datetime64[h]")
    unit = f"datetime64[{_UNITS[by][0]}]"
    return by, np.arange(first.astype(unit), last.astype(unit) + 2).astype("datetime64[h]")


def _time(at: Any) -> datetime:
    moment: datetime = at.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)
