"""What only a scan of the decisions can tell, asked once after each change of them (see ``keeping``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import numpy as np

from plumbline.answers.cache import memoise
from plumbline.domain import Kind, PlumblineError, Repeats, Slice, System, Task
from plumbline.domain.decisions import Decision
from plumbline.logs.cluster import attachments
from plumbline.monitor.quality.consistency import score_tolerance
from plumbline.monitor.quality.personal_data import PersonalData, find_personal
from plumbline.profile.scan import decisions, exact, group_outcomes
from plumbline.profile.scan import protected_groups as counting
from plumbline.profile.scan.identical_inputs import (
    Groups,
    decisions_at_places,
    decisions_by_hash,
    repeat_ends_in_cluster,
    repeats,
    repeats_in_cluster,
)
from plumbline.profile.scan.protected_groups import GroupCounts
from plumbline.store import systems
from plumbline.store.cache.fingerprint import fingerprint
from plumbline.store.workspace import Cursor

STEPPED = 20_000  # rows from which the steps of inputs and their slopes are read
EXAMINED = 2_000  # rows looked at for personal data
LABELLED = 30  # outcomes from which a segment can be judged


@dataclass(frozen=True, slots=True)
class _RepeatCounts:
    """``counts`` without its examples, whose places stand apart: no row of the log is kept."""

    counts: Repeats
    places: Groups


@dataclass(frozen=True, slots=True)
class _ClusterRepeats:
    """``counts`` without its examples, of which ``ends`` has the hashes of rows in the cluster's table."""

    counts: Repeats
    ends: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _ScanResult:
    personal: tuple[PersonalData, ...]
    examined: int


@dataclass(frozen=True, slots=True)
class _Group:
    attributes: tuple[str, ...]
    levels: tuple[str, ...]
    outcomes: group_outcomes.GroupOutcomes


T = TypeVar("T")
#: seconds for which a cluster that failed is not asked again for a page
PAUSE = 60.0
_FAILED: dict[str, float] = {}
#: examples that were looked up last: rows of the log, which are never kept in the workspace
_EXAMPLES: dict[Hashable, tuple[tuple[Decision, ...], ...]] = {}
_NO_SCORES = np.empty((0, 3))


def duplicate_ids(cursor: Cursor, system: System) -> int | None:
    """Decisions whose id an earlier decision of the same arm already had; None where a cluster cannot be asked now."""
    return ask_cluster(
        cursor,
        system,
        lambda: memoise(cursor, system, "duplicate ids", int, lambda: exact.duplicate_ids(cursor, system)),
    )


def ask_cluster(cursor: Cursor, system: System, ask: Callable[[], T]) -> T | None:
    """What a cluster says of all decisions of a system; None where it fails, and for a minute after it did.

    Raises:
        PlumblineError: the decisions lie here.
    """
    failed = _FAILED.get(system.key)
    if failed is not None and time.monotonic() - failed < PAUSE:
        return None
    try:
        return ask()
    except PlumblineError:
        if attachments.find(cursor, system.key) is None:
            raise
        _FAILED[system.key] = time.monotonic()
        return None


def find_repeats(cursor: Cursor, system: System, *, examples: bool = False) -> Repeats:
    """Decisions of the whole log that share every feature, the version and the deployment; unknown where they lie in
    a cluster that cannot be asked now.

    See ``profile.scan.identical_inputs``.
    """

    if attachments.find(cursor, system.key):
        return _find_repeats_in_cluster(cursor, system, examples)

    def make() -> _RepeatCounts:
        repeat_counts = repeats(cursor, system, Slice())
        if repeat_counts.conflicting:
            repeat_counts = repeats(
                cursor, system, Slice(), reach=_repeat_tolerance(cursor, system, repeat_counts)
            )
        places = tuple(
            tuple((decision.load_id, decision.line) for decision in group) for group in repeat_counts.examples
        )
        return _RepeatCounts(replace(repeat_counts, examples=()), places)

    repeat_counts = memoise(cursor, system, "repeats", _RepeatCounts, make)
    return replace(
        repeat_counts.counts,
        examples=decisions_at_places(cursor, system, repeat_counts.places) if examples else (),
    )


def _find_repeats_in_cluster(cursor: Cursor, system: System, examples: bool) -> Repeats:
    none = Repeats(decisions=0, conflicting=0, groups=0, conflicting_groups=0)

    def make() -> _ClusterRepeats:
        counts = repeats_in_cluster(cursor, system) or none
        if not counts.conflicting:
            return _ClusterRepeats(counts, ())
        reach = _repeat_tolerance(cursor, system, counts)
        counts = repeats_in_cluster(cursor, system, reach=reach) or none
        return _ClusterRepeats(counts, repeat_ends_in_cluster(cursor, system, reach=reach))

    repeats_there = ask_cluster(
        cursor, system, lambda: memoise(cursor, system, "repeats", _ClusterRepeats, make)
    )
    if repeats_there is None:
        return replace(none, unknown=True)
    if not examples or not repeats_there.ends:
        return repeats_there.counts
    name = (system.key, fingerprint(cursor, system), repeats_there.ends)
    if name not in _EXAMPLES:
        rows = ask_cluster(cursor, system, lambda: decisions_by_hash(cursor, system, repeats_there.ends))
        if rows is None:
            return repeats_there.counts
        _EXAMPLES.clear()
        _EXAMPLES[name] = rows
    return replace(repeats_there.counts, examples=_EXAMPLES[name])


def _repeat_tolerance(cursor: Cursor, system: System, repeats: Repeats) -> float:
    """By how much scores may differ between decisions whose logged inputs are the same, from a sample of rows."""
    outcome = "prediction" if system.task is Task.REGRESSION else "score"
    names = [
        c.name
        for c in systems.decision_columns(cursor, system.key)
        if c.role.role == "feature" and c.kind is Kind.NUMERIC
    ]
    values = decisions.sample_by_id(cursor, system, STEPPED, [*names, outcome])
    if not len(values):
        return 0.0
    numbers = {name: values[:, at] for at, name in enumerate(names)}
    return score_tolerance(repeats, numbers, values[:, -1])


def find_personal_data(cursor: Cursor, system: System) -> tuple[tuple[PersonalData, ...], int]:
    """Personal data among features and segments, from a sample of rows, and how many were examined."""
    found = memoise(cursor, system, "personal data", _ScanResult, lambda: _scan_personal_data(cursor, system))
    return found.personal, found.examined


def _scan_personal_data(cursor: Cursor, system: System) -> _ScanResult:
    kinds = {
        c.name: c.kind for c in systems.decision_columns(cursor, system.key) if c.role.role in ("feature", "segment")
    }  # fmt: skip
    sample = decisions.sample(cursor, system, Slice(), EXAMINED, 0, list(kinds))
    text = {c: sample[c].dropna().astype(str).tolist() for c, k in kinds.items() if k is Kind.CATEGORICAL}
    numeric = {c: sample[c].dropna().astype(float).tolist() for c, k in kinds.items() if k is Kind.NUMERIC}
    return _ScanResult(find_personal(text, numeric), len(sample))


def segment_sizes(cursor: Cursor, system: System) -> tuple[int, int | None] | None:
    """Segments, and those of them with enough outcomes to be judged; None where the log has none. Where a cluster
    cannot be asked now: columns of segments, and None."""
    columns = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "segment"]

    def make() -> tuple[int, int]:
        sizes = [
            labelled for c in columns for _, _, labelled in group_outcomes.group_sizes(cursor, system, c)
        ]
        return len(sizes), sum(n >= LABELLED for n in sizes)

    if not columns:
        return None
    sizes = ask_cluster(cursor, system, lambda: memoise(cursor, system, "segments", tuple[int, int], make))
    return sizes or (len(columns), None)


def group_counts(cursor: Cursor, system: System) -> list[GroupCounts]:
    """Counts of every protected group and pair of them over the whole log, as the Fairness page has them."""

    def make() -> tuple[_Group, ...]:
        attributes = counting.attributes(cursor, system, Slice())
        counted = counting.count_by_group(cursor, system, Slice(), attributes, over_time=False)
        return tuple(_Group(g.attributes, g.levels, g.outcomes) for g in counted)

    attributes = memoise(cursor, system, "protected groups and pairs", tuple[_Group, ...], make)
    return [
        GroupCounts(attributes=g.attributes, levels=g.levels, outcomes=g.outcomes, scores=_NO_SCORES)
        for g in attributes
    ]


def overridden(cursor: Cursor, system: System, since: datetime | None = None) -> tuple[int, int]:
    """Decisions with a logged human decision, and those in which the person decided otherwise."""
    name = f"overridden since {since.isoformat() if since else 'the first'}"
    return memoise(
        cursor, system, name, tuple[int, int], lambda: group_outcomes.overridden(cursor, system, since)
    )
