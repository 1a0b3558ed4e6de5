"""The history of versions: who was in charge when, what each takeover changed, and the ways back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise

import numpy as np

from plumbline.domain import IntArray, Task, VersionHours
from plumbline.domain.messages import NOTHING, Day, Message, Number, Quantity, message, word
from plumbline.monitor.releases.champion import (
    GONE,
    ChampionPeriod,
    Mask,
    deciding_rows,
    instant,
    moment,
    spans,
    version_rows,
)
from plumbline.monitor.statistics.proportions import Difference, difference
from plumbline.wording.times import clock_time

#: the takeover is judged on so much of either side of it
AROUND = np.timedelta64(28, "D")
#: hours without the other version that end an overlap
APART = np.timedelta64(24, "h")
_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """One version: its arms, first and last decision (UTC; shadow included), and how it did.

    ``n``: decisions that took effect; ``n_shadow``: those of arm "shadow". ``trained``: the latest training
    date logged. ``positives_rate`` (binary) and ``accuracy`` (classification, over ``n_labelled``) leave
    the shadow arm out unless the version has no other; None where they do not apply.
    """

    version: str
    arms: tuple[str, ...]
    first: datetime
    last: datetime
    n: int
    n_shadow: int
    trained: datetime | None
    positives_rate: float | None
    accuracy: float | None
    n_labelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A time in which two versions decided side by side (shadow included), with their decisions in it."""

    versions: tuple[str, str]
    start: datetime
    end: datetime
    n: tuple[int, int]
    shadow: bool  # one of the two all but only in arm "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A version that took over from another; returns to an earlier one are rollbacks, not switches.

    ``overlap_hours``, ``overlap_decisions``: how long and with how many decisions the new version (shadow
    included) ran beside the previous one, between that one's takeover and this. ``positives``: change of
    the positive rate (binary), ``accuracy``: of the accuracy on labelled decisions (classification), over
    at most 28 days on either side; what the world did in them is part of it.
    """

    previous: str
    version: str
    at: datetime
    overlap_hours: float
    overlap_decisions: int
    positives: Difference | None
    accuracy: Difference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A return to an earlier version: the version left was in charge from ``start`` until ``end``."""

    bad_version: str
    back_to: str
    start: datetime
    end: datetime
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """The whole history. ``versions`` by first decision; the others in order of time."""

    versions: tuple[VersionSummary, ...]
    spans: tuple[ChampionPeriod, ...]
    overlaps: tuple[Overlap, ...]
    switches: tuple[Switch, ...]
    rollbacks: tuple[Rollback, ...]
    sentence: Message


def releases(hours: VersionHours, *, task: Task, positive: str | None = None) -> Releases:
    """Read the history of versions from decisions by hour.

    Args:
        task: what is predicted; rates and accuracy are None where they do not apply to it.
        positive: the positive class; None: no positive rate.
    """
    runs = spans(hours)
    rates = task is Task.BINARY and positive is not None
    right = task is not Task.REGRESSION
    switches, rollbacks = [], []
    for i, (before, after) in enumerate(pairwise(runs)):
        if _is_return(runs[: i + 1], after.version):
            minutes = (after.start - before.start).total_seconds() / 60
            rollbacks.append(
                Rollback(
                    bad_version=before.version,
                    back_to=after.version,
                    start=before.start,
                    end=after.start,
                    minutes=minutes,
                )
            )
        else:
            final = i + 2 == len(runs)
            switches.append(_switch(hours, before, after, final=final, rates=rates, right=right))
    versions = tuple(
        sorted(
            (_version_summary(hours, name, rates=rates, right=right) for name in sorted(set(hours.versions))),
            key=lambda seen: seen.first,
        )
    )
    sentence = _sentence(versions, runs, switches, rollbacks)
    return Releases(
        versions=versions,
        spans=runs,
        overlaps=_overlaps(hours),
        switches=tuple(switches),
        rollbacks=tuple(rollbacks),
        sentence=sentence,
    )


def _is_return(runs: Sequence[ChampionPeriod], version: str) -> bool:
    """Whether taking over now means going back: in charge before, and sooner than the one that is left.

    A version that comes again after it was itself rolled back is a new attempt, not a return.
    """
    order = list(dict.fromkeys(run.version for run in runs))
    return version in order and order.index(version) < order.index(runs[-1].version)


def _version_rows(hours: VersionHours, version: str) -> Mask:
    return np.array([name == version for name in hours.versions], dtype=bool)


def _version_summary(hours: VersionHours, version: str, *, rates: bool, right: bool) -> VersionSummary:
    mask, live = _version_rows(hours, version), _version_rows(hours, version) & deciding_rows(hours)
    judged = live if live.any() else mask
    n, labelled = int(hours.n[judged].sum()), int(hours.n_labelled[judged].sum())
    trained = hours.trained[mask]
    trained = trained[~np.isnat(trained)]
    taken = int(hours.n[live].sum())
    return VersionSummary(
        version=version,
        arms=tuple(sorted({arm for arm, mine in zip(hours.arms, mask, strict=True) if mine})),
        first=moment(hours.first[mask].min()),
        last=moment(hours.last[mask].max()),
        n=taken,
        n_shadow=int(hours.n[mask].sum()) - taken,
        trained=moment(trained.max()) if len(trained) else None,
        positives_rate=float(hours.positives[judged].sum()) / n if rates and n else None,
        accuracy=int(hours.correct[judged].sum()) / labelled if right and labelled else None,
        n_labelled=labelled,
    )


def _switch(
    hours: VersionHours,
    before: ChampionPeriod,
    after: ChampionPeriod,
    *,
    final: bool,
    rates: bool,
    right: bool,
) -> Switch:
    taken, at = deciding_rows(hours), instant(after.start)
    until = min(instant(after.end), at + AROUND)
    old = version_rows(hours, taken, before.version, max(instant(before.start), at - AROUND), at, final=False)
    new = version_rows(hours, taken, after.version, at, until, final=final)

    def change(hits: np.ndarray, n: np.ndarray) -> Difference | None:
        return difference(
            round(float(hits[old].sum())), int(n[old].sum()), round(float(hits[new].sum())), int(n[new].sum())
        )

    length, decisions = _overlap_before_takeover(hours, before, after)
    return Switch(
        previous=before.version,
        version=after.version,
        at=after.start,
        overlap_hours=length,
        overlap_decisions=decisions,
        positives=change(hours.positives, hours.n) if rates else None,
        accuracy=change(hours.correct, hours.n_labelled) if right else None,
    )


def _overlap_before_takeover(
    hours: VersionHours, before: ChampionPeriod, after: ChampionPeriod
) -> tuple[float, int]:
    """Hours and decisions of the new version, any arm, between the previous one's takeover and its own."""
    since, at = instant(before.start), instant(after.start)
    rows = _version_rows(hours, after.version) & (hours.first >= since) & (hours.first < at)
    if not rows.any():
        return 0.0, 0
    covered = stretches(hours.first[rows], np.minimum(hours.last[rows], at))
    length = sum(float((end - start) / _HOUR) for start, end in covered)
    return length, int(hours.n[rows].sum())


def stretches(first: np.ndarray, last: np.ndarray) -> list[tuple[np.datetime64, np.datetime64]]:
    """(start, end) of the times that rows cover, in order, holes of up to a day bridged."""
    order = np.argsort(first, kind="stable")
    results: list[tuple[np.datetime64, np.datetime64]] = []
    for start, end in zip(first[order], last[order], strict=True):
        if results and start - results[-1][1] <= APART:
            results[-1] = (results[-1][0], max(results[-1][1], end))
        else:
            results.append((start, end))
    return results


def _overlaps(hours: VersionHours) -> tuple[Overlap, ...]:
    """Times in which two named versions decided within the same hours, not one after the other in them.

    Hours up to a day apart are one overlap. Traffic so thin that two versions seldom meet within an hour
    shows as overlaps that are too short.
    """
    _, line = np.unique(hours.hours, return_inverse=True)
    live = deciding_rows(hours)
    by_version = {name: _version_rows(hours, name) for name in sorted(set(hours.versions)) if name}
    overlaps = []
    for first, other in _meeting(hours, line):
        mine, theirs = by_version[first], by_version[other]
        met = _mixed_hours(hours, line, mine, theirs)
        for start, end in stretches(hours.first[met], hours.last[met]):
            inside = (hours.first >= start) & (hours.first <= end)
            n = (int(hours.n[inside & mine].sum()), int(hours.n[inside & theirs].sum()))
            shadow = (
                min(_live_share(hours, inside & version_hours, live) for version_hours in (mine, theirs))
                < GONE
            )
            overlaps.append(
                Overlap(versions=(first, other), start=moment(start), end=moment(end), n=n, shadow=shadow)
            )
    return tuple(sorted(overlaps, key=lambda overlap: (overlap.start, overlap.versions)))


def _live_share(hours: VersionHours, rows: Mask, live: Mask) -> float:
    """Of a version's decisions, the share that took effect."""
    n = int(hours.n[rows].sum())
    return int(hours.n[rows & live].sum()) / n if n else 0.0


def _meeting(hours: VersionHours, line: IntArray) -> list[tuple[str, str]]:
    """Pairs of named versions that decided within one hour at least once."""
    together: dict[int, set[str]] = {}
    for i, name in zip(line.tolist(), hours.versions, strict=True):
        together.setdefault(i, set()).add(name)
    pairs = {pair for names in together.values() for pair in combinations(sorted(names - {""}), 2)}
    return sorted(pairs)


def _mixed_hours(hours: VersionHours, line: IntArray, mine: Mask, theirs: Mask) -> Mask:
    """Rows of either version in hours in which their decisions are mixed."""
    size = int(line.max()) + 1 if len(line) else 0
    edges = []
    for mask in (mine, theirs):
        first = np.full(size, np.datetime64("9999-01-01", "us"))
        last = np.full(size, np.datetime64("0001-01-01", "us"))
        np.minimum.at(first, line[mask], hours.first[mask].astype("datetime64[us]"))
        np.maximum.at(last, line[mask], hours.last[mask].astype("datetime64[us]"))
        edges.append((first, last))
    (first0, last0), (first1, last1) = edges
    mixed = (first0 <= last1) & (first1 <= last0)
    return np.asarray((mine | theirs) & mixed[line])


def _sentence(
    versions: Sequence[VersionSummary],
    runs: Sequence[ChampionPeriod],
    switches: Sequence[Switch],
    ways: Sequence[Rollback],
) -> Message:
    named = [seen.version for seen in versions if seen.version]
    if not runs:
        return message("No decision is logged, so there is no history of versions.")
    if not named:
        return message("The log names no version, so releases cannot be told.")
    since, version = runs[-1].start, runs[-1].version
    many = word("One version") if len(named) == 1 else Quantity(str(len(named)), "version")
    taken = message("{n} releases", n=Number(str(len(switches))))
    if len(switches) < 2:
        taken = word("one release") if switches else word("no release")
    back = NOTHING
    if ways:
        last = ways[-1]
        back = message(
            "; version {version} was taken back to {previous} on {day}, {time} UTC after {duration}",
            version=last.bad_version,
            previous=last.back_to,
            day=Day(last.end),
            time=f"{clock_time(last.end)}",
            duration=duration(last.minutes),
        )
    values = {
        "versions": many,
        "releases": taken,
        "day": Day(since),
        "time": f"{clock_time(since)}",
        "back": back,
    }
    if not version:
        return message(
            "{versions} and {releases} in the log; no named version in charge since {day}, {time} UTC{back}.",
            **values,
        )
    return message(
        "{versions} and {releases} in the log; version {version} in charge since {day}, {time} UTC{back}.",
        **values,
        version=version,
    )


def duration(minutes: float) -> Quantity:
    """Minutes as a person says them."""
    if minutes < 120:
        return Quantity(f"{minutes:.0f}", "minutes", "minutes")
    if minutes < 60 * 24 * 3:
        return Quantity(f"{minutes / 60:.1f}", "hour")
    return Quantity(f"{minutes / 60 / 24:.1f}", "day")
