"""Zones that stand as a name behind a time: ``08:00 CET``, ``08:00 Europe/Berlin``, ``08:00+01:00[Europe/Berlin]``.

In a format they follow an @: ``iso@CET,CEST``, behind whatever reads the time itself; ``iso@=`` where the time has its
offset already and the name says it once more. A name that stands for several zones is never guessed: such times are in
the zone that a person states.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from plumbline.store.sql import literal

MARK, SAID_TWICE = "@", "="
#: abbreviations of one meaning, in minutes ahead of UTC; summer time stands beside its winter time
_FIXED = {"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
          "EET": 120, "EEST": 180, "MSK": 180, "JST": 540}  # fmt: skip
_PAIRS = (("WET", "WEST"), ("CET", "CEST"), ("MEZ", "MESZ"), ("EET", "EEST"))
#: abbreviations of several meanings, with the zones that are meant most
AMBIGUOUS = {
    "EST": ("America/New_York", "Australia/Sydney"), "EDT": ("America/New_York", "Australia/Sydney"),
    "CST": ("America/Chicago", "Asia/Shanghai"), "CDT": ("America/Chicago", "America/Havana"),
    "MST": ("America/Denver", "Asia/Kuala_Lumpur"), "MDT": ("America/Denver",),
    "PST": ("America/Los_Angeles", "Asia/Manila"), "PDT": ("America/Los_Angeles",),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"), "BST": ("Europe/London", "Asia/Dhaka"),
    "AST": ("America/Halifax", "Asia/Riyadh"), "ADT": ("America/Halifax",), "SST": ("Asia/Singapore", "Pacific/Samoa"),
}  # fmt: skip
_NAME = r"[A-Z]{1,5}|[A-Z][A-Za-z_]{1,20}/[A-Za-z_/+0-9-]{1,30}"
_END = "[0-9](?: ?[AaPp][Mm])?"
_NAMED = re.compile(rf"(?P<body>[^\[]{{4,64}}{_END}) ?\[?(?P<name>{_NAME})\]?")
_OFFSET = re.compile(r"[0-9] ?[+-][0-9]{2}(:?[0-9]{2})?$")
#: the same in DuckDB's dialect: the name behind a time, and all that stands before it
_SQL_NAME = rf"{_END} ?\[?({_NAME})\]?$"
_SQL_BODY = rf"^(.*{_END}) ?\[?(?:{_NAME})\]?$"


@dataclass(frozen=True, slots=True)
class NamedZones:
    """Cells without the zones' names, which are ``names`` in the order of their number; ``twice``: the times have
    their offset already."""

    cells: tuple[str | None, ...]
    of: tuple[str, ...]  # the name of each cell, empty where it has none
    names: tuple[str, ...]
    twice: bool

    @property
    def ambiguous_names(self) -> tuple[str, ...]:
        """Names that stand for several zones."""
        return () if self.twice else tuple(n for n in self.names if n in AMBIGUOUS)

    @property
    def suffix(self) -> str:
        """What is put behind the format."""
        return MARK + (SAID_TWICE if self.twice else ",".join(_with_summer_names(self.names)))


def split(cells: Sequence[str | None]) -> NamedZones | None:
    """The cells of a column and the zones named in them, or None where fewer than half of them name one."""
    parted = [_split_zone(c) if c else (c, "") for c in cells]
    there = sum(bool(c and c.strip()) for c in cells)
    counts = Counter(name for _, name in parted if name)
    if not there or counts.total() < 0.5 * there:
        return None
    bodies = [body for body, name in parted if body and name]
    twice = sum(bool(_OFFSET.search(body)) for body in bodies) > 0.5 * len(bodies)
    names = tuple(name for name, _ in counts.most_common(40))
    return NamedZones(tuple(body for body, _ in parted), tuple(name for _, name in parted), names, twice)


def _split_zone(cell: str) -> tuple[str, str]:
    found = _NAMED.fullmatch(cell.strip()[:120])
    if found and (found["name"] in _FIXED or found["name"] in AMBIGUOUS or _is_place(found["name"])):
        return found["body"].rstrip(), found["name"]
    return cell, ""


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones, read once a process; empty where the machine has no table of them."""
    return frozenset(available_timezones())


def _is_place(name: str) -> bool:
    return "/" in name and name in time_zones()


def _with_summer_names(names: Sequence[str]) -> list[str]:
    """The names with the summer time of each winter time, and the other way round: a sample may be of one alone."""
    return list(dict.fromkeys([*names, *(n for pair in _PAIRS if set(pair) & set(names) for n in pair)]))


def to_utc(at: datetime, name: str) -> datetime:
    """A time without a zone, in UTC; as it is where its name is none or stands for several."""
    if name in _FIXED:
        return at - timedelta(minutes=_FIXED[name])
    if _is_place(name):
        return at.replace(tzinfo=ZoneInfo(name)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    return at


def body_sql(cell: str) -> str:
    """SQL of a cell without the zone's name."""
    return f"coalesce(nullif(regexp_extract(trim({cell}), {literal(_SQL_BODY)}, 1), ''), {cell})"


def to_utc_sql(cell: str, value: str, names: Sequence[str], stated: str) -> str:
    """SQL of a time in UTC: of ``value``, the time as it is written, in the zone that ``cell`` names.

    ``stated``: the zone of times without a name and of names that stand for several.
    """
    name = f"regexp_extract(trim({cell}), {literal(_SQL_NAME)}, 1)"
    here = value if stated == "UTC" else f"(({value}) AT TIME ZONE {literal(stated)}) AT TIME ZONE 'UTC'"
    cases = [f"WHEN '' THEN {here}"]
    for known in names:
        if known in _FIXED:
            cases.append(f"WHEN {literal(known)} THEN ({value}) - INTERVAL {_FIXED[known]} MINUTE")
        elif known in AMBIGUOUS:
            cases.append(f"WHEN {literal(known)} THEN {here}")
        else:
            cases.append(
                f"WHEN {literal(known)} THEN (({value}) AT TIME ZONE {literal(known)}) AT TIME ZONE 'UTC'"
            )
    return f"CASE {name} {' '.join(cases)} END"
