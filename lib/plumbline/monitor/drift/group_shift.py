"""One group's inputs that moved while those of the others did not.

A fifth of people that moves by one standard deviation is a shift of everybody too small to matter. So each numeric
input is watched in each group of the columns that split decisions (segments, protected attributes), on the last seven
days, anew every day, with the laws and the evidence of ``drift.findings``. A shift is the group's own where what chance
does not explain of it is more than three times the distance of all others: what moves everybody, as a season does, is
none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from plumbline.domain import Bins, FeatureDrift, FeatureProfile, Finding, IntArray, Severity
from plumbline.domain.messages import message
from plumbline.monitor.chunks import midnight
from plumbline.monitor.drift.aligned_counts import days_within
from plumbline.monitor.drift.dispersion import laws
from plumbline.monitor.drift.features import judge_chunks
from plumbline.monitor.drift.findings import drift_findings
from plumbline.monitor.drift.rolling_window import WIDTH, joint_chance, onset, rolling_windows
from plumbline.profile.scan.grouped_inputs import GroupedRows
from plumbline.wording.quantities import decimal

#: false alarms a year that chance may raise over all groups and inputs
BUDGET = 0.05
#: of a group's distance, as much in all others makes it no shift of its own
SHARE = 1 / 3
#: values of a group that the reference needs
FEWEST = 200
METHOD = "js"
Reference = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShift:
    """A numeric input that moved in one group: its largest distance ``value`` of a week, that of all others in the
    same week, over ``n`` decisions of the group; known ``at``, over ``until``."""

    feature: str
    column: str
    group: str
    value: float
    others: float
    n: int
    since: datetime
    until: datetime | None
    at: datetime


def group_shifts(
    rows: GroupedRows, bins: Sequence[Bins], *, reference: Reference, until: datetime
) -> tuple[GroupShift, ...]:
    """The shifts of single groups, of an input the one that was known first, in order of time.

    Args:
        bins: the grid of each input, numeric, in the order of the rows' ``values``.
    """
    if not len(rows.day):
        return ()
    profiles, others, meant = _profiles(rows, bins, reference)
    laid = rolling_windows([*profiles.values()], reference=reference, until=until)
    if not laid:
        return ()
    judged = judge_chunks(laid, METHOD)
    apart = _distances(others, {d.feature for d in judged if d.drifted}, reference, until)
    judged = tuple(
        replace(d, drifted=False) if d.drifted and not _moved_by_itself(d, apart) else d for d in judged
    )
    findings = drift_findings(
        "",
        judged,
        overlap=WIDTH,
        chance=joint_chance(laid),
        budget=BUDGET,
        dated=lambda name, first, known: onset(profiles[name], reference=reference, first=first, known=known),
    )
    return _earliest_shifts([_shift(f, judged, apart, meant[f.signal.partition(".")[2]]) for f in findings])


def _distances(
    others: Mapping[str, FeatureProfile], keys: Collection[str], reference: Reference, until: datetime
) -> dict[tuple[str, datetime | None], float | None]:
    """How far all others of some keys lay from the reference in each week, by key and its start; the chance that all
    keys show is that of each."""
    if not keys:
        return {}
    healthy = [days_within(profile.days, reference) for profile in others.values()]
    of_key = dict(zip(others, laws([*others.values()], healthy), strict=True))
    some = {key: profile for key, profile in others.items() if key in keys}
    laid = rolling_windows(
        [*some.values()],
        reference=reference,
        until=until,
        laws=lambda *_, **__: tuple(of_key[key] for key in some),
    )
    return {(d.feature, d.start): d.value for d in judge_chunks(laid, METHOD)}


def _moved_by_itself(drift: FeatureDrift, apart: Mapping[tuple[str, datetime | None], float | None]) -> bool:
    """Whether all others moved by less than a third as much in that week, chance included, of which few have more; not
    where nothing is known of them."""
    others = apart.get((drift.feature, drift.start))
    return others is not None and others < SHARE * (drift.above_chance or 0.0)


def _profiles(
    rows: GroupedRows, bins: Sequence[Bins], reference: Reference
) -> tuple[dict[str, FeatureProfile], dict[str, FeatureProfile], dict[str, tuple[str, str, str]]]:
    """Counts by day and tenth of each input in each group and in all others, by a key, and what the key means."""
    first = midnight(rows.day.min().item())
    day = (rows.day - rows.day.min()).astype(np.int64)
    length = int(day.max()) + 1
    days = tuple((first + timedelta(days=i)).date() for i in range(length))
    healthy = slice(max((reference[0] - first).days, 0), max((reference[1] - first).days, 0))
    by_kind, others, meant = {}, {}, {}
    for i, grid in enumerate(bins):
        edges = np.asarray([grid.edges[place] for place in grid.decile_cells], float)
        x = rows.values[:, i]
        there = np.isfinite(x)
        place = day[there] * (len(edges) + 1) + np.searchsorted(edges, x[there])
        tenths = replace(grid, edges=edges, decile_cells=tuple(range(len(edges))))

        def count_profile(part: IntArray, place: IntArray = place, bins: Bins = tenths) -> FeatureProfile:
            counts = np.bincount(place[part], minlength=length * bins.cells).reshape(length, bins.cells)
            none = np.zeros(length)
            return FeatureProfile(
                bins=bins, days=days, counts=counts, missing=none.astype(np.int64), sums=none, squares=none
            )

        for j, (column, groups) in enumerate(zip(rows.columns, rows.groups, strict=True)):
            codes = rows.codes[there, j]
            for k, group in enumerate(groups):
                key = f"{i} {j} {k}"
                profile = _rename_profile(count_profile(codes == k), key)
                if profile.counts[healthy].sum() < FEWEST:
                    continue
                by_kind[key], others[key] = (
                    profile,
                    _rename_profile(count_profile((codes != k) & (codes >= 0)), key),
                )
                meant[key] = (grid.feature, column, group)
    return by_kind, others, meant


def _rename_profile(profile: FeatureProfile, key: str) -> FeatureProfile:
    return replace(profile, bins=replace(profile.bins, feature=key))


def _shift(
    finding: Finding,
    judged: Sequence[FeatureDrift],
    apart: Mapping[tuple[str, datetime | None], float | None],
    meant: tuple[str, str, str],
) -> GroupShift:
    key = finding.signal.partition(".")[2]
    assert finding.since is not None
    assert finding.known_at is not None
    last = finding.until or finding.known_at
    part = [
        d
        for d in judged
        if d.feature == key and d.drifted and d.end and finding.since < d.end <= max(last, finding.known_at)
    ]
    worst = max(part, key=lambda d: d.value or 0.0)
    return GroupShift(
        feature=meant[0],
        column=meant[1],
        group=meant[2],
        value=float(worst.value or 0.0),
        others=float(apart.get((key, worst.start)) or 0.0),
        n=worst.n,
        since=finding.since,
        until=finding.until,
        at=finding.known_at,
    )


def _earliest_shifts(shifts: Sequence[GroupShift]) -> tuple[GroupShift, ...]:
    """Of shifts of one input at times that touch, the one known first, of several the farthest."""
    group_shifts: list[GroupShift] = []
    for shift in sorted(shifts, key=lambda s: (s.at, -s.value)):
        if not any(
            k.feature == shift.feature and (k.until is None or shift.since <= k.until) for k in group_shifts
        ):
            group_shifts.append(shift)
    return tuple(group_shifts)


def group_findings(system: str, shifts: Sequence[GroupShift]) -> list[Finding]:
    """One finding a shift."""
    return [
        Finding(
            system=system,
            signal=f"group.{s.feature}",
            sentence=message(
                "{feature} drifted where {column} is {group}, and not elsewhere: Jensen-Shannon distance {distance} "
                "in a week, {others} in all others, over {n} decisions.",
                feature=s.feature,
                column=s.column,
                group=s.group,
                distance=decimal(s.value, ".2f"),
                others=decimal(s.others, ".2f"),
                n=decimal(s.n, ","),
            ),
            since=s.since,
            until=s.until,
            severity=Severity.MEDIUM,
            confidence=None,
            page="drift",
            figures={
                "feature": s.feature,
                "column": s.column,
                "group": s.group,
                "method": METHOD,
                "value": s.value,
                "others": s.others,
                "n": s.n,
            },
            known_at=s.at,
        )
        for s in shifts
    ]
