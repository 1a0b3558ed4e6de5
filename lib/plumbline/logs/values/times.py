"""Which format a column's times are in, from a sample of its cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.logs.values import zone_names
from plumbline.logs.values.month_names import (
    LANGUAGES,
    PATTERNS,
    has_spelled_month,
    language_pattern,
    spell_time,
)

_ISO = re.compile(
    r"\d{4}([-/])\d{2}\1\d{2}"
    r"(?P<time>[T ]\d{2}:\d{2}(:\d{2}(?P<frac>[.,]\d+)?)? ?(?P<zone>Z|UTC|[+-]\d{2}(:?\d{2})?)?)?"
)
_LOCAL = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4}|\d{2})"
    r"(?P<gap>[ T]|, )?(?P<time>\d{1,2}:\d{2}(?P<sec>:\d{2}(?P<frac>[.,]\d{1,6})?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<hour> [Uu]hr)?)?"
)
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S", 15: "%Y%m%dT%H%M%S", 16: "%Y%m%dT%H%M%SZ"}
_COMPACT_SHAPE = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])(T?\d{4}(\d{2})?Z?)?")
_WORDED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d/%b/%Y")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_WORD, _YEAR = re.compile(r"[^\W\d_]{3}"), re.compile(r"\d{4}")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", ":%H:%M:%S", ":%H:%M:%S %z")
_BRACKETS = "[%d/%b/%Y:%H:%M:%S %z]"  # as web servers write
_MONTH, _CENTURY = "(0[1-9]|1[0-2])", r"(19|20)\d\d"
#: months alone, by pattern
_YEAR_MONTH = {
    "%Y-%m": re.compile(f"{_CENTURY}-{_MONTH}"), "%Y/%m": re.compile(f"{_CENTURY}/{_MONTH}"),
    "%m/%Y": re.compile(f"{_MONTH}/{_CENTURY}"), "%m.%Y": re.compile(rf"{_MONTH}\.{_CENTURY}"),
    "%YM%m": re.compile(f"{_CENTURY}M{_MONTH}"),
}  # fmt: skip
#: epoch unit -> what a second is; plausible times lie between 1990 and 2100
_EPOCHS = (("epoch_s", 1.0), ("epoch_ms", 1e3), ("epoch_us", 1e6), ("epoch_ns", 1e9))
_EARLIEST, _LATEST = 631_152_000.0, 4_102_444_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFacts:
    """How a column reads as times.

    ``share``: of the cells that are there. ``ambiguous``: day and month could be swapped. ``mixed``: and both orders
    are there, for sure. ``zoned``: share of the times that carry a zone. ``clock``: any has a time of day.
    ``seconds``: (cells,) UTC epoch seconds, NaN where none. ``unclear``: abbreviations of zones with several meanings.
    ``languages``: where the names of the months have several meanings, the languages that read them.
    """

    format: str
    share: float
    seconds: NDArray[np.float64]
    ambiguous: bool = False
    zoned: float = 0.0
    clock: bool = True
    mixed: bool = False
    unclear: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def time_facts(cells: Sequence[str | None], order: str = "") -> TimeFacts | None:
    """The format that most cells are in, or None where fewer than half are times.

    Args:
        order: ``day`` or ``month``, whichever is known to come first; ``both`` where both do; ``excel`` where
            numbers are its dates; a language, where a month's name has several meanings; empty where the cells must
            tell.
    """
    present = [c.strip() for c in cells if c and c.strip()]
    if len(present) == 0:
        return None
    facts = excel(present, cells) if order == "excel" else None
    facts = facts or _zoneless_format(present, cells, order)
    if facts is None:
        named = zone_names.split(cells)
        bare = [c.strip() for c in named.cells if c and c.strip()] if named else []
        inner = _zoneless_format(bare, named.cells, order) if named else None
        facts = _with_zone_names(inner, named) if inner and named else None
    return facts


def _zoneless_format(present: Sequence[str], cells: Sequence[str | None], order: str) -> TimeFacts | None:
    """The format of times without the name of a zone."""
    probe = present[:: max(1, len(present) // 200)]
    for find in (_iso, _local, _months, _compact, _epoch, _weekday_format):
        if find(probe, probe) is not None:
            facts = find(present, cells)
            if facts is not None:
                return _apply_order(facts, cells, order)
    return _month_name_format(present, cells, order)


def _with_zone_names(facts: TimeFacts, named: zone_names.NamedZones) -> TimeFacts:
    """The times in UTC, as the zones beside them say."""
    seconds = facts.seconds.copy()
    for i, name in enumerate(named.of) if not named.twice else ():
        if name and not np.isnan(seconds[i]):
            naive = datetime.fromtimestamp(seconds[i], UTC).replace(tzinfo=None)
            seconds[i] = zone_names.to_utc(naive, name).replace(tzinfo=UTC).timestamp()
    return replace(
        facts, format=facts.format + named.suffix, seconds=seconds, zoned=1.0, unclear=named.ambiguous_names
    )


def excel(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    """Numbers as the dates that a spreadsheet makes of them, where they are days between 1954 and 2119."""
    days = np.array([_float(c.replace(",", ".") if c else c) for c in cells])
    there = days[~np.isnan(days)]
    if len(there) < 0.8 * len(present) or not np.all((there > 20_000) & (there < 80_000)):
        return None
    seconds = (days - 25_569) * 86_400
    return TimeFacts(
        format="excel",
        share=len(there) / len(present),
        seconds=seconds,
        clock=bool(np.any(there != np.floor(there))),
    )


def _months(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    """Months alone: each stands for its first day."""
    for form, shape in _YEAR_MONTH.items():
        if sum(bool(shape.fullmatch(c)) for c in present) > 0.8 * len(present):
            seconds = _parse_cells(cells, lambda text, form=form: _parse_by_patterns(text, [form]))  # type: ignore[misc]
            return TimeFacts(format=form, share=_share(seconds, present), seconds=seconds, clock=False)
    return None


def _apply_order(facts: TimeFacts, cells: Sequence[str | None], order: str) -> TimeFacts:
    """The same times where the order of day and month is known from elsewhere."""
    if not order or not date_order_of(facts.format):
        return facts
    if order == "both":
        return replace(facts, ambiguous=True, mixed=True)
    if not facts.ambiguous or order == date_order_of(facts.format):
        return replace(facts, ambiguous=False, mixed=False)
    form = swap_day_and_month(facts.format)
    seconds = _parse_cells(cells, lambda text: _parse_by_patterns(text, form.split("|")))
    return replace(facts, format=form, seconds=seconds, ambiguous=False, mixed=False)


def _iso(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    matches = [_ISO.fullmatch(c) for c in present]
    hits = [m for m in matches if m]
    if len(hits) < 0.5 * len(present):
        return None
    seconds = _parse_cells(cells, _from_iso)
    zoned = sum(bool(m["zone"]) for m in hits) / len(hits)
    comma = any((m["frac"] or "").startswith(",") for m in hits)
    return TimeFacts(
        format="iso_comma" if comma else "iso",
        share=_share(seconds, present),
        seconds=seconds,
        zoned=zoned,
        clock=any(m["time"] for m in hits),
    )


def _from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("/", "-").replace(" UTC", "Z").replace(",", "."))


def _local(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    hits = [m for m in (_LOCAL.fullmatch(c) for c in present) if m]
    if len(hits) < 0.5 * len(present):
        return None
    separator = Counter(m["sep"] for m in hits).most_common(1)[0][0]
    first, second = max(int(m["a"]) for m in hits), max(int(m["b"]) for m in hits)
    late_first = sum(int(m["a"]) > 12 >= int(m["b"]) for m in hits)
    late_second = sum(int(m["b"]) > 12 >= int(m["a"]) for m in hits)
    day_first = late_first >= late_second if max(first, second) > 12 else True
    mixed = late_first > 0 and late_second > 0
    ambiguous = mixed or (max(first, second) <= 12 and separator != ".")
    shapes = Counter(_pattern(m, day_first) for m in hits)
    form = "|".join(shape for shape, _ in shapes.most_common(6))
    seconds = _parse_cells(cells, lambda text: _parse_by_patterns(text, form.split("|")))
    return TimeFacts(
        format=form,
        share=_share(seconds, present),
        seconds=seconds,
        ambiguous=ambiguous,
        clock=any(m["time"] for m in hits),
        mixed=mixed,
    )


def _pattern(match: re.Match[str], day_first: bool) -> str:
    s = match["sep"]
    date = f"%d{s}%m{s}" if day_first else f"%m{s}%d{s}"
    date += "%Y" if len(match["year"]) == 4 else "%y"
    if not match["time"]:
        return date
    hour = "%I" if match["half"] else "%H"
    clock = (
        f"{hour}:%M" + (":%S" if match["sec"] else "") + (f"{match['frac'][0]}%f" if match["frac"] else "")
    )
    half = match["half"] or ""
    clock += " %p" if half.startswith(" ") else "%p" if half else ""
    return date + (match["gap"] or " ") + clock + (match["hour"] or "")


def swap_day_and_month(form: str) -> str:
    """The same patterns with day and month the other way round."""
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def date_order_of(form: str) -> str:
    """Which of day and month comes first in a format: ``day``, ``month``, empty where it has no such order."""
    day, month = form.find("%d"), form.find("%m")
    if min(day, month) < 0 or form.startswith("%Y"):
        return ""
    return "day" if day < month else "month"


def _compact(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    hits = [c for c in present if _COMPACT_SHAPE.fullmatch(c)]
    if len(hits) < 0.8 * len(present):
        return None
    lengths = Counter(len(c) for c in hits)
    form = "|".join(_COMPACT[n] for n, _ in lengths.most_common() if n in _COMPACT)
    seconds = _parse_cells(cells, lambda text: _parse_by_patterns(text, form.split("|")))
    return TimeFacts(format=form, share=_share(seconds, present), seconds=seconds, clock=max(lengths) > 8)


def _epoch(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    values = np.array([_float(c) for c in cells])
    there = values[~np.isnan(values)]
    if len(there) < 0.8 * len(present):
        return None
    for form, unit in _EPOCHS:
        inside = (there > _EARLIEST * unit) & (there < _LATEST * unit)
        if inside.mean() > 0.95:
            return TimeFacts(format=form, share=float(inside.sum() / len(present)), seconds=values / unit)
    return None


def _weekday_format(present: Sequence[str], cells: Sequence[str | None]) -> TimeFacts | None:
    patterns = [*(date + clock for date in _WORDED for clock in _CLOCKS), _BRACKETS]
    # most columns hold no words or no years: trying every pattern on them costs more than all the rest
    hits = [c for c in present[:50] if _WORD.search(c) and _YEAR.search(c)]
    counts = Counter(p for c in hits for p in patterns if _reads(c, p))
    if not counts or counts.most_common(1)[0][1] < 0.5 * len(present[:50]):
        return None
    form = "|".join(p for p, _ in counts.most_common(3))
    seconds = _parse_cells(cells, lambda text: _parse_by_patterns(text, form.split("|")))
    return TimeFacts(
        format=form,
        share=_share(seconds, present),
        seconds=seconds,
        zoned=float("%z" in form),
        clock="%H" in form,
    )


def _month_name_format(
    present: Sequence[str], cells: Sequence[str | None], order: str = ""
) -> TimeFacts | None:
    """Times that name the month: in the language that reads most of them, the five that are read together first."""
    probe = [c for c in dict.fromkeys(present) if _LETTERS.search(c) and len(c) <= 80][:200]
    if len(probe) < 0.5 * len(dict.fromkeys(present[:200])):
        return None
    read: dict[str, list[str]] = {}
    for language in [order] if order in LANGUAGES else ["", *LANGUAGES]:
        if sum(has_spelled_month(spell_time(c, language)) for c in probe[:20]) > 0.4 * len(probe[:20]):
            lines = [spell_time(c, language) for c in probe]
            read[language] = [
                t if has_spelled_month(t) and any(_reads(t, p) for p in PATTERNS) else "" for t in lines
            ]
    most = max((sum(map(bool, lines)) for lines in read.values()), default=0)
    if most < 0.5 * len(probe):
        return None
    best = [language for language, lines in read.items() if sum(map(bool, lines)) == most]
    differ = [la for la in best if read[la] != read[best[0]]]
    language = best[0]
    counts = Counter(p for t in read[language] for p in PATTERNS if t and _reads(t, p))
    patterns = [p for p, _ in counts.most_common(4)]
    form = "|".join(language_pattern(p, language) for p in patterns)
    seconds = _parse_cells(cells, lambda text: _parse_by_patterns(spell_time(text, language), patterns))
    return TimeFacts(
        format=form,
        share=_share(seconds, present),
        seconds=seconds,
        zoned=float("%z" in form),
        clock="%H" in form or "%I" in form,
        languages=tuple(dict.fromkeys([la or "en" for la in (best if differ else [])])),
    )


def _reads(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _parse_by_patterns(text: str, patterns: Sequence[str]) -> datetime:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError(text)


def _parse_cells(cells: Sequence[str | None], read: Callable[[str], datetime]) -> NDArray[np.float64]:
    seconds = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if cell and cell.strip():
            try:
                at = read(cell.strip())
            except ValueError:
                continue
            seconds[i] = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return seconds


def _share(seconds: NDArray[np.float64], present: Sequence[str]) -> float:
    return float(np.count_nonzero(~np.isnan(seconds)) / max(len(present), 1))


def _float(text: str | None) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan
