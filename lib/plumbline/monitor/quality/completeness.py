"""How much of each decision is on record, and whether the log has holes in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import CompletenessProfile, IntArray, PointStatus
from plumbline.domain.messages import Message, Number, message, sequence
from plumbline.monitor.chunks import midnight
from plumbline.wording.quantities import count, decimal, percent
from plumbline.wording.times import clock_time, say_day

#: names of the shares and the roles whose presence they count
SHARES = {
    "id": "decision_id", "version": "version", "features": "features", "score": "score",
    "label": "label", "explanation": "explanation", "override": "override",
}  # fmt: skip
#: (pass from, watch from) for the shares that an audit trail stands on; below the second it is a breach
NEEDED = {"id": (0.999, 0.99), "version": (1.0, 0.95), "features": (0.99, 0.95)}
#: largest share of duplicate ids
DUPLICATES = 0.001
#: a stretch without decisions is a gap beyond this multiple of the usual one at that hour and weekday
TIMES_USUAL = 3.0
#: days about the same time of year, and how much longer a gap may be to be that of the season
SEASON_DAYS, LONGER = 45, 1.5
#: the usual stretch: what nine in ten weeks do not exceed at that hour of the week
USUAL = 0.9
#: and beyond chance: a Poisson stream leaves such a stretch in one of so many logs
ONCE_IN = 1000
FEWEST_DAYS = 14
FEWEST_DECISIONS = 100
_WEEK = 168
_AROUND = 8  # weeks before and after that tell what is usual
_LONGEST = 200  # stretches that are looked at, longest first


@dataclass(frozen=True, slots=True)
class Gap:
    """Whole hours [start, end), UTC, without a decision although some were to be expected.

    ``usual_hours``: the longest usual stretch without decisions at the hours and weekdays it covers.
    """

    start: datetime
    end: datetime
    hours: int
    usual_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """Shares 0 to 1 of ``n`` decisions. A share is absent where its role is not mapped.

    ``by_version``: the same shares by version ("" where none is logged). ``duplicate_share`` is None where
    no id is mapped. ``longest_gap_hours`` and ``usual_gap_hours`` are None without a gap. ``gaps_known``:
    the log is long enough to tell. ``statuses``: of id, version, features, duplicates and gaps.
    """

    n: int
    shares: dict[str, float]
    by_version: dict[str, dict[str, float]]
    duplicate_share: float | None
    gaps: tuple[Gap, ...]
    gaps_known: bool
    longest_gap_hours: float | None
    usual_gap_hours: float | None
    statuses: dict[str, PointStatus]
    sentence: str


def audit(profile: CompletenessProfile, *, decisions: int, duplicate_ids: int | None) -> AuditTrail:
    """Judge what is on record.

    Args:
        profile: presence by day and version, and decisions by hour.
        decisions: all decisions that ``duplicate_ids`` was counted over.
        duplicate_ids: decisions whose id another decision has as well; None: unknown.
    """
    n = int(profile.n.sum())
    everything = np.ones(len(profile.n), dtype=bool)
    shares = _shares(profile, everything)
    by_version = {
        version: _shares(
            profile, np.array([slice_version == version for slice_version in profile.versions], dtype=bool)
        )
        for version in sorted(set(profile.versions))
    }
    counted = duplicate_ids is not None and decisions > 0 and "id" in shares
    duplicates = duplicate_ids / decisions if counted and duplicate_ids is not None else None
    known = n >= FEWEST_DECISIONS and len(set(profile.days)) >= FEWEST_DAYS
    holes = gaps(profile) if known else ()
    longest = max(holes, key=lambda gap: gap.hours, default=None)
    statuses = _statuses(shares, duplicates, holes, known=known, n=n)
    return AuditTrail(
        n=n,
        shares=shares,
        by_version=by_version,
        duplicate_share=duplicates,
        gaps=holes,
        gaps_known=known,
        longest_gap_hours=float(longest.hours) if longest else None,
        usual_gap_hours=float(longest.usual_hours) if longest else None,
        statuses=statuses,
        sentence=_sentence(n, shares, duplicates, holes),
    )


def _shares(profile: CompletenessProfile, rows: NDArray[np.bool_]) -> dict[str, float]:
    n = int(profile.n[rows].sum())
    return {
        name: float(profile.present[role][rows].sum() / n)
        for name, role in SHARES.items()
        if n and role in profile.present
    }


def _statuses(
    shares: dict[str, float], duplicates: float | None, holes: tuple[Gap, ...], *, known: bool, n: int
) -> dict[str, PointStatus]:
    """A role that is not mapped is on no record: a breach, as far as there are decisions at all."""
    statuses = {}
    for name, (fine, some) in NEEDED.items():
        share = shares.get(name, 0.0)
        statuses[name] = (
            PointStatus.OK if share >= fine else PointStatus.WATCH if share >= some else PointStatus.BREACH
        )
        if not n:
            statuses[name] = PointStatus.UNKNOWN
    statuses["duplicates"] = (
        PointStatus.UNKNOWN
        if duplicates is None
        else PointStatus.BREACH
        if duplicates > DUPLICATES
        else PointStatus.OK
    )
    statuses["gaps"] = PointStatus.UNKNOWN if not known else PointStatus.BREACH if holes else PointStatus.OK
    return statuses


def gaps(profile: CompletenessProfile) -> tuple[Gap, ...]:
    """Stretches of hours without decisions beyond three times the longest usual one, in order of time.

    Usual at an hour of the week is the length of the stretch that covers it (0 where decisions came) that
    nine in ten of the weeks around do not exceed, the stretch in question left out; a stretch is held
    against the longest of that over the hours it covers, and at least one hour. It must also be beyond
    chance: as many decisions were due in it, by the rhythm of the weeks around and the level of the week
    before and after, as a Poisson stream leaves out once in a thousand such logs. So nights, weekends and
    the thin traffic of a small system are usual. Before the first and after the last decision nothing is
    a gap: staleness tells how long ago that was.
    """
    begin, counts = hourly(profile)
    starts, lengths = _empty_runs(counts)
    weeks = -(-len(counts) // _WEEK)
    covering, decided = np.full((2, weeks * _WEEK), -1, dtype=np.int64)
    covering[: len(counts)], decided[: len(counts)] = 0, counts
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        covering[start : start + length] = length
    beyond_chance = float(np.log(ONCE_IN * max(len(counts), 1)))
    results = []
    for k in np.argsort(-lengths, kind="stable")[:_LONGEST].tolist():
        start, length = int(starts[k]), int(lengths[k])
        if length <= TIMES_USUAL:
            break
        usual, due = _usual_stretch(covering, start, length), _expected_decisions(decided, start, length)
        if usual is not None and length > TIMES_USUAL * max(usual, 1) and due > beyond_chance:
            at = begin + timedelta(hours=start)
            results.append(Gap(at, at + timedelta(hours=length), length, usual))
    return tuple(sorted(results, key=lambda gap: gap.start))


def without_seasonal_repeats(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Gaps in order of time without those of a season: about as long as one at the same time of an earlier year."""
    unseasonal: list[Gap] = []
    for place, gap in enumerate(gaps):
        if not any(_is_same_season(earlier, gap) for earlier in gaps[:place]):
            unseasonal.append(gap)
    return tuple(unseasonal)


def _is_same_season(earlier: Gap, gap: Gap) -> bool:
    years = (gap.start - earlier.start) / timedelta(days=365.25)
    near = round(years) >= 1 and abs(years - round(years)) * 365.25 <= SEASON_DAYS
    return near and gap.hours <= LONGER * earlier.hours


def hourly(profile: CompletenessProfile) -> tuple[datetime, IntArray]:
    """Decisions in each hour from the first to the last with any; the first hour's start, UTC."""
    if not len(profile.days) or not profile.hours.any():
        return datetime(1970, 1, 1, tzinfo=UTC), np.zeros(0, dtype=np.int64)
    first = min(profile.days)
    counts = np.zeros(((max(profile.days) - first).days + 1, 24), dtype=np.int64)
    np.add.at(counts, np.array([(day - first).days for day in profile.days]), profile.hours)
    flat = counts.ravel()
    there = np.flatnonzero(flat)
    return midnight(first) + timedelta(hours=int(there[0])), flat[there[0] : there[-1] + 1]


def _empty_runs(counts: IntArray) -> tuple[IntArray, IntArray]:
    """Where each run of empty hours starts, and its length."""
    edges = np.diff(np.r_[0, (counts == 0).astype(np.int64), 0])
    starts = np.flatnonzero(edges == 1)
    return starts, np.flatnonzero(edges == -1) - starts


def _surrounding_weeks(by_hour: IntArray, start: int, length: int) -> IntArray:
    """The same hours of the week in the weeks around a stretch: (weeks, hours of the week it covers).

    by_hour: from the log's first hour on, whole weeks; -1 beyond the log and, in the result, within the
    stretch itself.
    """
    others = by_hour.copy()
    others[start : start + length] = -1
    slots = np.unique(np.arange(start, start + min(length, _WEEK)) % _WEEK)
    first = max(0, start // _WEEK - _AROUND)
    return others.reshape(-1, _WEEK)[first : (start + length) // _WEEK + _AROUND + 1, slots]


def _usual_stretch(covering: IntArray, start: int, length: int) -> int | None:
    """The longest usual stretch over the hours of the week that a stretch covers; None: nothing to compare.

    covering: length of the stretch without decisions that covers each hour.
    """
    ranked = np.sort(_surrounding_weeks(covering, start, length), axis=0)
    known = (ranked >= 0).sum(0)
    if not known.any():
        return None
    place = len(ranked) - known + np.floor(USUAL * (known - 1)).astype(np.int64)
    values = ranked[np.minimum(place, len(ranked) - 1), np.arange(ranked.shape[1])]
    return int(values[known > 0].max())


def _expected_decisions(decided: IntArray, start: int, length: int) -> float:
    """Decisions to be expected in a stretch at the rates of the weeks around, hour of the week by hour."""
    around = _surrounding_weeks(decided, start, length)
    known = np.maximum((around >= 0).sum(0), 1)
    rates = np.where(around > 0, around, 0).sum(0) / known
    times = np.bincount(np.arange(start, start + length) % _WEEK, minlength=_WEEK)
    return float(rates @ times[times > 0]) * _level(decided, start, length)


def _level(decided: IntArray, start: int, length: int) -> float:
    """Traffic in the week before and after a stretch against that of the weeks around, at most 1.

    Where traffic grows, its thin beginning is not missing what came later.
    """
    others = np.where(decided >= 0, decided, 0).astype(float)
    there = decided >= 0
    there[start : start + length] = False
    near, wide = (
        there & (np.abs(np.arange(len(decided)) - start - length / 2) <= length / 2 + hours)
        for hours in (_WEEK, _AROUND * _WEEK)
    )
    usual = others[wide].sum() / max(int(wide.sum()), 1)
    return float(min(others[near].sum() / max(int(near.sum()), 1) / usual, 1.0)) if usual > 0 else 0.0


def _sentence(n: int, shares: dict[str, float], duplicates: float | None, holes: tuple[Gap, ...]) -> Message:
    if not n:
        return message("No decision is logged.")
    lines = [
        message("{share} {words}", share=_percent(shares[name]), words=words)
        for name, words in _WORDS.items()
        if name in shares
    ]
    absent = [words for name, words in _ABSENT.items() if name not in shares]
    parts = sequence(lines, ", ") if lines else message("nothing but the outcome is logged")
    text = message("Of {n} decisions {parts}", n=count(n), parts=parts)
    if absent:
        text = message("{text}; no {names} is logged", text=text, names=_join_absent(absent))
    if duplicates:
        text = message("{text}; {share} share their id with another", text=text, share=_percent(duplicates))
    if holes:
        worst = max(holes, key=lambda gap: gap.hours)
        many = message("one gap")
        if len(holes) > 1:
            many = message("{n} gaps, the longest", n=count(len(holes)))
        text = message(
            "{text}; {gaps} of {hours} hours from {day}, {time} UTC",
            text=text,
            gaps=many,
            hours=count(worst.hours),
            day=say_day(worst.start),
            time=clock_time(worst.start),
        )
    return message("{text}.", text=text)


def _join_absent(names: list[Message]) -> Message:
    joined = names[0]
    for name in names[1:]:
        joined = message("{first} and no {second}", first=joined, second=name)
    return joined


_WORDS = {
    "id": message("have an id"),
    "version": message("name their version"),
    "features": message("hold all features"),
    "explanation": message("hold an explanation"),
}
_ABSENT = {
    "id": message("id"),
    "version": message("version"),
    "explanation": message("explanation"),
}


def _percent(share: float) -> Message:
    """A share in per cent that says 100 only where it is all of them, and 0 only where it is none."""
    shown = f"{100 * share:.1f}"
    shown = "99.9" if shown == "100.0" and share < 1 else "0.1" if shown == "0.0" and share > 0 else shown
    return message("{percent} %", percent=Number({"100.0": "100", "0.0": "0"}.get(shown, shown)))


def lack_sentence(name: str, share: float, n: int) -> Message:
    """That something which every decision needs is logged on a share of them only."""
    values = {"share": percent(share, ".4g"), "n": decimal(n, ",")}
    if name == "id":
        return message("An id is logged on {share} of {n} decisions.", **values)
    if name == "version":
        return message("A version is logged on {share} of {n} decisions.", **values)
    return message("All inputs are logged on {share} of {n} decisions.", **values)
