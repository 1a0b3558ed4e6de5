"""The evidence rule of fairness (FAIR-1), by the lines that the Fairness page judges by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plumbline.domain import Evidence, PointStatus, Status
from plumbline.governance.evidence.case import Case, measured, unknown
from plumbline.governance.facts import FairnessGroup
from plumbline.governance.wording import count, plural, window
from plumbline.monitor.fairness.groups import Lines

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)


def groups_alike(case: Case) -> Evidence:
    """Where only some decisions ever have an outcome the sentence says whose: selection rates need none."""
    found, whose = _groups_alike(case), case.facts.fairness_outcomes
    if not whose or not case.facts.fairness:
        return found
    status = Status.UNKNOWN if found.status is Status.PASS else found.status
    return replace(_evidence(status, f"{found.sentence} {whose}"), page=found.page)


def _groups_alike(case: Case) -> Evidence:
    facts = case.facts
    if not facts.fairness:
        return unknown("No protected attribute is mapped.")
    if facts.favourable_source == "assumed" and facts.fairness_otherwise:
        return _either_way(case)
    said = _said(case.facts.favourable, case.facts.favourable_source)
    status, sentence = _judged(facts.fairness, case)
    return _evidence(status, f"{sentence}{said}")


def _evidence(status: Status, sentence: str) -> Evidence:
    return unknown(sentence) if status is Status.UNKNOWN else measured(status, sentence)


def _said(wanted: str, source: str) -> str:
    if not wanted:
        return ""
    by = "by the names of its classes and columns" if source == "names" else "as the owner states"
    return f" People want {wanted}, {by}."


def _either_way(case: Case) -> Evidence:
    """Where nobody says which outcome people want: what holds whichever it is, and no group is called wronged."""
    facts = case.facts
    first, _ = _judged(facts.fairness or (), case)
    second, _ = _judged(facts.fairness_otherwise, case)
    ask = "Nobody states which outcome people want: choose it on the Fairness page."
    if first is second is Status.PASS:
        _, sentence = _judged(facts.fairness or (), case)
        return _evidence(Status.PASS, f"{sentence} Whichever outcome people want, groups are treated alike.")
    low, high = _farthest(facts.fairness or ())
    apart = ""
    if low is not None and high is not None and low.ratio is not None:
        apart = (
            f" {_name(low)} is decided {facts.favourable} {low.ratio:.2f} times as often as {_name(high)} "
            f"(n = {count(low.n)} and {count(high.n)}; {window(facts)})."
        )
    if first is second is Status.FAIL:
        return _evidence(
            Status.FAIL, f"Whichever outcome people want, groups are not treated alike.{apart} {ask}"
        )
    if Status.FAIL in (first, second):
        return _evidence(Status.UNKNOWN, f"Whether groups are treated alike depends on it.{apart} {ask}")
    worse = next(s for s in _ORDER if s in (first, second))
    return _evidence(worse, f"That groups are treated alike is not shown.{apart} {ask}")


def _farthest(groups: Sequence[FairnessGroup]) -> tuple[FairnessGroup | None, FairnessGroup | None]:
    """The group that is decided positive least often, and the one of its attribute that is most often."""
    held = [g for g in groups if g.ratio is not None and not g.pair]
    low = min(held, key=lambda g: g.ratio or 0.0, default=None)
    best = [
        g for g in held if low and g.attribute == low.attribute and g.low == g.high == 1.0 and g is not low
    ]
    return low, best[0] if best else None


def _judged(groups: Sequence[FairnessGroup], case: Case) -> tuple[Status, str]:
    verdicts = [(_status(group, case), group) for group in groups]
    for status in _ORDER:
        found = [group for verdict, group in verdicts if verdict is status]
        if not found:
            continue
        worst = min(found, key=_worst)
        more = f", and {plural(len(found) - 1, 'more group')}" if len(found) > 1 else ""
        return status, f"{_words(worst, status, case)}{more} ({window(case.facts)})."
    compared = [g for g in groups if g.ratio is not None]
    if all(g.low == g.high == 1.0 for g in compared):
        return Status.UNKNOWN, f"No group has another one to be compared with ({window(case.facts)})."
    worst = min(compared, key=lambda g: g.ratio if g.ratio is not None else 2.0)
    limits = f"{worst.low:.2f} to {worst.high:.2f}, n = {count(worst.n)}"
    return Status.PASS, (
        f"{plural(len(compared), 'group')} compared with the most favoured one of each attribute: the lowest ratio "
        f"is {worst.ratio:.2f} ({limits}), {_name(worst)} ({window(case.facts)})."
    )


def _worst(group: FairnessGroup) -> float:
    return 2.0 if group.ratio is None else min(group.ratio, 1 / max(group.adverse or 1.0, 1.0))


def _name(group: FairnessGroup) -> str:
    return f"{group.attribute} = {group.group}"


def _small(group: FairnessGroup, case: Case) -> bool:
    return group.n < case.limits["group_rows"] or None in (group.ratio, group.low, group.high)


def _status(group: FairnessGroup, case: Case) -> Status:
    if _small(group, case):
        return Status.PASS if group.pair else Status.UNKNOWN
    if group.low == group.high == group.ratio == 1.0 and not group.error_gap:
        return Status.PASS  # the most favoured one itself
    found = _found(group, case)
    if PointStatus.BREACH in found:
        return Status.FAIL
    if not group.pair and group.error_gap is None:
        return Status.UNKNOWN
    if PointStatus.WATCH in found:
        return Status.PARTIAL
    return Status.UNKNOWN if PointStatus.UNKNOWN in found and not group.pair else Status.PASS


def _found(group: FairnessGroup, case: Case) -> list[PointStatus]:
    """What each comparison of the group shows, as the Fairness page shows it."""
    lines = Lines(case.limits["ratio"], case.limits["error_gap"], case.limits["adverse_ratio"])
    assert group.ratio is not None
    assert group.low is not None
    assert group.high is not None
    found = [lines.of_ratio(group.ratio, group.low, group.high, group.q, group.groups)]
    if group.error_gap is not None:
        gap = group.error_gap
        low = gap if group.gap_low is None else group.gap_low
        high = gap if group.gap_high is None else group.gap_high
        found.append(lines.of_gap(gap, low, high, group.gap_q, group.groups))
    if group.adverse is not None and group.adverse_low is not None and group.adverse_high is not None:
        adverse = (group.adverse, group.adverse_low, group.adverse_high)
        found.append(lines.of_adverse(*adverse, group.q, group.groups))
    return found


def _words(group: FairnessGroup, status: Status, case: Case) -> str:
    name = f"Group {_name(group)}"
    if _small(group, case):
        needed = count(case.limits["group_rows"])
        return f"{name} has {plural(group.n, 'row')}, {needed} are needed to compare it"
    gap = ", error rates not known"
    if group.error_gap is not None:
        gap = f", error rates {100 * group.error_gap:.0f} points apart"
        if group.gap_low is not None and group.gap_high is not None:
            gap += f" ({100 * group.gap_low:.0f} to {100 * group.gap_high:.0f})"
    rare = ""
    if group.adverse is not None and group.adverse_low is not None and group.adverse_high is not None:
        rare = (
            f", the other outcome {_times(group.adverse)} times as often ({_times(group.adverse_low)} to "
            f"{_times(group.adverse_high)}; at most {case.limits['adverse_ratio']:g})"
        )
    few = ", too few rows to tell" if status is Status.UNKNOWN and group.error_gap is not None else ""
    return (
        f"{name} gets the wanted outcome {group.ratio:.2f} times as often as the most favoured group "
        f"({group.low:.2f} to {group.high:.2f}, n = {count(group.n)}; needed {case.limits['ratio']:.2f})"
        f"{rare}{gap}{few}"
    )


def _times(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else "over 1,000"
