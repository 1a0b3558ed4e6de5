"""What FAIR-1 reads: the Fairness page's own judgement of the whole log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from plumbline.answers.fairness.favourable import reading
from plumbline.answers.performance.headline import missing_outcomes_note
from plumbline.answers.question import fairness_lines
from plumbline.answers.scans import group_counts
from plumbline.domain import PointStatus, System
from plumbline.domain.messages import enumeration
from plumbline.governance.facts import FairnessGroup
from plumbline.monitor.fairness.groups import GroupComparison, GroupResult, judge
from plumbline.store import systems
from plumbline.store.workspace import Cursor


def fairness_facts(cursor: Cursor, system: System) -> dict[str, Any]:
    """Groups judged as the owner, or the names, say people want it; both ways where nobody says."""
    read = reading(system, systems.saved_mapping(cursor, system.key))
    counts, lines = group_counts(cursor, system), fairness_lines(system)
    good = read.wanted == system.positive
    none = missing_outcomes_note(cursor, system)

    def judge_groups(favourable: bool) -> tuple[FairnessGroup, ...]:
        return tuple(_group(g) for g in judge(counts, favourable=favourable, lines=lines, errors=not none))

    return {
        "fairness": judge_groups(good), "fairness_outcomes": none,
        "favourable": read.wanted, "favourable_source": read.source,
        "fairness_otherwise": judge_groups(not good) if read.source == "assumed" else (),
    }  # fmt: skip


def group_name(level: str, others: Iterable[tuple[str, str]]) -> str:
    """How FAIR-1 names a group: its value of the first attribute, and each other attribute with its value."""
    parts = (level, *(f"{attribute} = {value}" for attribute, value in others))
    return enumeration(parts) if len(parts) > 1 else level


def _group(g: GroupResult) -> FairnessGroup:
    name = group_name(g.levels[0], zip(g.attributes[1:], g.levels[1:], strict=True))
    pair = len(g.attributes) > 1
    if g.best:
        return FairnessGroup(
            attribute=g.attributes[0],
            group=name,
            n=g.n,
            ratio=1.0,
            low=1.0,
            high=1.0,
            error_gap=0.0,
            pair=pair,
        )
    if g.ratio is None:
        return FairnessGroup(
            attribute=g.attributes[0], group=name, n=g.n, ratio=None, low=None, high=None, pair=pair
        )
    gap, rare = _worst_gap(list(g.gaps.values())), g.adverse
    low, high = _size(gap)
    return FairnessGroup(
        attribute=g.attributes[0],
        group=name,
        n=g.n,
        ratio=g.ratio.value,
        low=g.ratio.low,
        high=g.ratio.high,
        error_gap=None if gap is None else abs(gap.value),
        q=g.ratio.q,
        gap_low=low,
        gap_high=high,
        gap_q=1.0 if gap is None else gap.q,
        groups=g.ratio.groups,
        pair=pair,
        adverse=rare.value if rare else None,
        adverse_low=rare.low if rare else None,
        adverse_high=rare.high if rare else None,
    )


def _worst_gap(gaps: list[GroupComparison]) -> GroupComparison | None:
    order = (PointStatus.OK, PointStatus.UNKNOWN, PointStatus.WATCH, PointStatus.BREACH)
    return max(gaps, key=lambda c: (order.index(c.status), abs(c.value)), default=None)


def _size(gap: GroupComparison | None) -> tuple[float | None, float | None]:
    """The limits of how large a difference is, whichever way."""
    if gap is None:
        return None, None
    low, high = sorted((abs(gap.low), abs(gap.high)))
    return (0.0 if gap.low <= 0 <= gap.high else low), high
