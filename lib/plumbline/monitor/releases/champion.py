"""Which version was in charge when: runs of the champion over time.

A version takes over when the one in charge is gone: it makes less than a tenth of the decisions of each
hour while the others make 20 in a row. An hour of canary, or months of an even A/B test, thus leave the
champion in charge until it stops. A version whose decisions all lie together, unmixed, needs only 5.
Arm "shadow" decides nothing and is left out; where an hour names a champion arm, only that arm counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, VersionHours

Times = NDArray[np.datetime64]
Mask = NDArray[np.bool_]

SHADOW = "shadow"
#: arms that say which version is in charge
IN_CHARGE = ("champion", "control")
#: below this share of an hour's decisions the champion is gone
GONE = 0.1
#: decisions by others, in a row, that a takeover needs
TAKEOVER = 20
#: and that it needs where the version's decisions all lie together, unmixed
UNMIXED = 5
#: decisions without a version say nothing about who is in charge, unless no version was named for so long
UNNAMED = np.timedelta64(30, "D")


@dataclass(frozen=True, slots=True)
class ChampionPeriod:
    """A run of one version in charge: [start, end), the last one up to its last decision.

    ``n``: decisions of that version in it, shadow left out. Times are aware UTC.
    """

    version: str
    start: datetime
    end: datetime
    n: int


def moment(at: np.datetime64) -> datetime:
    """A naive UTC time of the profiles as an aware one."""
    plain: datetime = at.astype("datetime64[us]").item()
    return plain.replace(tzinfo=UTC)


def instant(at: datetime) -> np.datetime64:
    """An aware time (a naive one is taken as UTC) as the profiles have it."""
    naive = at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(naive, "us")


def deciding_rows(hours: VersionHours) -> Mask:
    """Rows whose decisions took effect: all but those of arm "shadow"."""
    return _map_values(hours.arms, lambda arm: arm.strip().lower() != SHADOW)


def _map_values(values: Sequence[str], says: Callable[[str], bool]) -> Mask:
    """What is said of each value, (n,): hours are many, and names few."""
    told = {value: says(value) for value in set(values)}
    return np.fromiter(map(told.__getitem__, values), dtype=bool, count=len(values))


def spans(hours: VersionHours, *, until: datetime | None = None) -> tuple[ChampionPeriod, ...]:
    """The champion's runs in order of time, without holes between them.

    Args:
        until: leave out what came after; None: the whole log.

    Returns:
        Empty where nothing was decided. Version "" where none is named (or none for 30 days).
    """
    rows = np.flatnonzero(_champion_rows(hours, until))
    if not len(rows):
        return ()
    versions = [hours.versions[i] for i in rows.tolist()]
    names = sorted(set(versions))
    place = {name: i for i, name in enumerate(names)}
    column = np.fromiter(map(place.__getitem__, versions), np.int64, len(versions))
    _, line = np.unique(hours.hours[rows], return_inverse=True)
    shape = (int(line.max()) + 1, len(names))
    n = np.zeros(shape, dtype=np.int64)
    np.add.at(n, (line, column), hours.n[rows])
    first = np.full(shape, np.datetime64("9999-01-01", "us"))
    last = np.full(shape, np.datetime64("0001-01-01", "us"))
    # as whole numbers: of times the least is sought ten times as slowly
    came, went = (x[rows].astype("datetime64[us]").view(np.int64) for x in (hours.first, hours.last))
    np.minimum.at(first.view(np.int64), (line, column), came)
    np.maximum.at(last.view(np.int64), (line, column), went)
    runs = _runs(n)
    starts = [first[0].min()]
    for (_, before), (i, after) in itertools.pairwise(runs):
        starts.append(_start(first, last, n, i, before, after))
    ends = [*starts[1:], last[-1].max()]
    taken = _deciding_rows_until(hours, until)
    return tuple(
        ChampionPeriod(
            names[v],
            moment(start),
            moment(end),
            _decisions(hours, taken, names[v], start, end, final=k == len(runs) - 1),
        )
        for k, ((_, v), start, end) in enumerate(zip(runs, starts, ends, strict=True))
    )


def _deciding_rows_until(hours: VersionHours, until: datetime | None) -> Mask:
    taken = deciding_rows(hours) & (hours.n > 0)
    return taken if until is None else taken & (hours.first <= instant(until))


def _champion_rows(hours: VersionHours, until: datetime | None) -> Mask:
    """Rows that say who is in charge."""
    rows = _deciding_rows_until(hours, until)
    if not rows.any():
        return rows
    champion = rows & _map_values(hours.arms, lambda arm: arm.strip().lower() in IN_CHARGE)
    rows &= champion | ~np.isin(hours.hours, hours.hours[champion])
    named = rows & _map_values(hours.versions, bool)
    if not named.any():
        return rows
    lately = hours.last[named].max() + UNNAMED
    return np.asarray(named | (rows & (hours.first > lately)))


def _runs(n: IntArray) -> list[tuple[int, int]]:
    """(first hour, version) of each run, from decisions by hour and version (hours, versions)."""
    share: FloatArray = n / n.sum(1, keepdims=True)
    unmixed = [_is_unmixed(n, v) for v in range(n.shape[1])]
    current = _opening(n)
    runs = [(0, current)]
    others, began = np.zeros(n.shape[1], dtype=np.int64), 0
    i = 0
    while i < len(n):
        if share[i, current] >= GONE:
            others[:] = 0
            i += 1
            continue
        if not others.any():
            began = i
        others += n[i]
        others[current] = 0
        leader = int(others.argmax())
        enough = UNMIXED if unmixed[leader] and others[leader] == others.sum() else TAKEOVER
        if others.sum() >= enough:
            there = np.flatnonzero(n[began : i + 1, leader])
            began, current = began + int(there[0]), leader
            runs.append((began, current))
            others[:] = 0
        i += 1
    return runs


def _opening(n: IntArray) -> int:
    """The version in charge at the start: the leader of the first few decisions."""
    enough = int(np.searchsorted(np.cumsum(n.sum(1)), UNMIXED)) + 1
    return int(n[:enough].sum(0).argmax())


def _is_unmixed(n: IntArray, version: int) -> bool:
    """Whether the version's hours follow each other and it is alone in all but the outer two."""
    there = np.flatnonzero(n[:, version])
    together = there[-1] - there[0] + 1 == len(there)
    return bool(together and (n[there[1:-1]].sum(1) == n[there[1:-1], version]).all())


def _start(first: Times, last: Times, n: IntArray, i: int, before: int, after: int) -> np.datetime64:
    """When ``after`` took over exactly, knowing that it did so in hour ``i`` or the one before.

    Its first decision where that came after the last one of ``before``, else that last one (the two were
    mixed until then); stragglers of ``before`` from hour ``i`` on are passed over.
    """
    if i > 0 and n[i - 1, after] and n[i - 1, before]:
        return np.datetime64(max(first[i - 1, after], last[i - 1, before]))
    return np.datetime64(first[i, after])


def _decisions(
    hours: VersionHours, taken: Mask, version: str, start: np.datetime64, end: np.datetime64, *, final: bool
) -> int:
    rows = version_rows(hours, taken, version, start, end, final=final)
    return int(hours.n[rows].sum())


def version_rows(
    hours: VersionHours, taken: Mask, version: str, start: np.datetime64, end: np.datetime64, *, final: bool
) -> Mask:
    """Rows of a version that lie in [start, end), or [start, end] where ``final``.

    An hour that straddles an edge counts to the span that holds its first decision.
    """
    mask = taken & _map_values(hours.versions, lambda name: name == version)
    before_end = hours.first <= end if final else hours.first < end
    return np.asarray(mask & (hours.first >= start) & before_end)
