"""The evidence rule of fairness (FAIR-1), by the lines that the Fairness page judges by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plumbline.domain import Evidence, PointStatus, Status
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.governance.evidence.case import ControlCase, measured_evidence, unknown_evidence
from plumbline.governance.facts import FairnessGroup
from plumbline.governance.sample import window
from plumbline.monitor.fairness.groups import Lines
from plumbline.wording.quantities import count, decimal, plural

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)


def group_parity(case: ControlCase) -> Evidence:
    """Where only some decisions ever have an outcome the sentence says whose: selection rates need none."""
    evidence, whose = _parity_of_groups(case), case.facts.fairness_outcomes
    if not whose or not case.facts.fairness:
        return evidence
    status = Status.UNKNOWN if evidence.status is Status.PASS else evidence.status
    return replace(_evidence(status, sequence([evidence.sentence, whose])), page=evidence.page)


def _parity_of_groups(case: ControlCase) -> Evidence:
    facts = case.facts
    if not facts.fairness:
        return unknown_evidence(message("No protected attribute is mapped."))
    if facts.favourable_source == "assumed" and facts.fairness_otherwise:
        return _parity_both_ways(case)
    wanted = _favourable_note(case.facts.favourable, case.facts.favourable_source)
    status, sentence = _judge_groups(facts.fairness, case)
    return _evidence(status, sequence([sentence, wanted]))


def _evidence(status: Status, sentence: Message) -> Evidence:
    return unknown_evidence(sentence) if status is Status.UNKNOWN else measured_evidence(status, sentence)


def _favourable_note(wanted: str, source: str) -> Message:
    if not wanted:
        return NOTHING
    if source == "names":
        return message("People want {wanted}, by the names of its classes and columns.", wanted=wanted)
    return message("People want {wanted}, as the owner states.", wanted=wanted)


def _parity_both_ways(case: ControlCase) -> Evidence:
    """Where nobody says which outcome people want: what holds whichever it is, and no group is called wronged."""
    facts = case.facts
    first, _ = _judge_groups(facts.fairness or (), case)
    second, _ = _judge_groups(facts.fairness_otherwise, case)
    ask = message("Nobody states which outcome people want: choose it on the Fairness page.")
    if first is second is Status.PASS:
        _, sentence = _judge_groups(facts.fairness or (), case)
        alike = message("Whichever outcome people want, groups are treated alike.")
        return _evidence(Status.PASS, sequence([sentence, alike]))
    low, high = _extreme_groups(facts.fairness or ())
    apart = NOTHING
    if low is not None and high is not None and low.ratio is not None:
        apart = message(
            "{low} is decided {outcome} {ratio} times as often as {high} (n = {low_n} and {high_n}; {window}).",
            low=_name(low),
            outcome=facts.favourable,
            ratio=decimal(low.ratio, ".2f"),
            high=_name(high),
            low_n=count(low.n),
            high_n=count(high.n),
            window=window(facts),
        )
    if first is second is Status.FAIL:
        unlike = message("Whichever outcome people want, groups are not treated alike.")
        return _evidence(Status.FAIL, sequence([unlike, apart, ask]))
    if Status.FAIL in (first, second):
        depends = message("Whether groups are treated alike depends on it.")
        return _evidence(Status.UNKNOWN, sequence([depends, apart, ask]))
    worse = next(s for s in _ORDER if s in (first, second))
    unshown = message("That groups are treated alike is not shown.")
    return _evidence(worse, sequence([unshown, apart, ask]))


def _extreme_groups(groups: Sequence[FairnessGroup]) -> tuple[FairnessGroup | None, FairnessGroup | None]:
    """The group that is decided positive least often, and the one of its attribute that is most often."""
    fairness_groups = [g for g in groups if g.ratio is not None and not g.pair]
    low = min(fairness_groups, key=lambda g: g.ratio or 0.0, default=None)
    best = [
        g
        for g in fairness_groups
        if low and g.attribute == low.attribute and g.low == g.high == 1.0 and g is not low
    ]
    return low, best[0] if best else None


def _judge_groups(groups: Sequence[FairnessGroup], case: ControlCase) -> tuple[Status, Message]:
    verdicts = [(_status(group, case), group) for group in groups]
    for status in _ORDER:
        fairness_groups = [group for verdict, group in verdicts if verdict is status]
        if not fairness_groups:
            continue
        worst = min(fairness_groups, key=_lowest_ratio)
        more = NOTHING
        if len(fairness_groups) > 1:
            more = message(", and {groups}", groups=plural(len(fairness_groups) - 1, "more group"))
        return status, message(
            "{group}{more} ({window}).",
            group=_words(worst, status, case),
            more=more,
            window=window(case.facts),
        )
    compared = [g for g in groups if g.ratio is not None]
    if all(g.low == g.high == 1.0 for g in compared):
        alone = message("No group has another one to be compared with ({window}).", window=window(case.facts))
        return Status.UNKNOWN, alone
    worst = min(compared, key=lambda g: g.ratio if g.ratio is not None else 2.0)
    return Status.PASS, message(
        "{groups} compared with the most favoured one of each attribute: the lowest ratio is {ratio} "
        "({low} to {high}, n = {n}), {group} ({window}).",
        groups=plural(len(compared), "group"),
        ratio=decimal(worst.ratio or 0.0, ".2f"),
        low=decimal(worst.low or 0.0, ".2f"),
        high=decimal(worst.high or 0.0, ".2f"),
        n=count(worst.n),
        group=_name(worst),
        window=window(case.facts),
    )


def _lowest_ratio(group: FairnessGroup) -> float:
    return 2.0 if group.ratio is None else min(group.ratio, 1 / max(group.adverse or 1.0, 1.0))


def _name(group: FairnessGroup) -> str:
    return f"{group.attribute} = {group.group}"


def _is_too_small(group: FairnessGroup, case: ControlCase) -> bool:
    return group.n < case.limits["group_rows"] or None in (group.ratio, group.low, group.high)


def _status(group: FairnessGroup, case: ControlCase) -> Status:
    if _is_too_small(group, case):
        return Status.PASS if group.pair else Status.UNKNOWN
    if group.low == group.high == group.ratio == 1.0 and not group.error_gap:
        return Status.PASS  # the most favoured one itself
    status = _comparison_statuses(group, case)
    if PointStatus.BREACH in status:
        return Status.FAIL
    if not group.pair and group.error_gap is None:
        return Status.UNKNOWN
    if PointStatus.WATCH in status:
        return Status.PARTIAL
    return Status.UNKNOWN if PointStatus.UNKNOWN in status and not group.pair else Status.PASS


def _comparison_statuses(group: FairnessGroup, case: ControlCase) -> list[PointStatus]:
    """What each comparison of the group shows, as the Fairness page shows it."""
    lines = Lines(case.limits["ratio"], case.limits["error_gap"], case.limits["adverse_ratio"])
    assert group.ratio is not None
    assert group.low is not None
    assert group.high is not None
    status = [lines.ratio_status(group.ratio, group.low, group.high, group.q, group.groups)]
    if group.error_gap is not None:
        gap = group.error_gap
        low = gap if group.gap_low is None else group.gap_low
        high = gap if group.gap_high is None else group.gap_high
        status.append(lines.gap_status(gap, low, high, group.gap_q, group.groups))
    if group.adverse is not None and group.adverse_low is not None and group.adverse_high is not None:
        adverse = (group.adverse, group.adverse_low, group.adverse_high)
        status.append(lines.adverse_status(*adverse, group.q, group.groups))
    return status


def _words(group: FairnessGroup, status: Status, case: ControlCase) -> Message:
    if _is_too_small(group, case):
        return message(
            "Group {group} has {rows}, {needed} are needed to compare it",
            group=_name(group),
            rows=plural(group.n, "row"),
            needed=count(case.limits["group_rows"]),
        )
    few = status is Status.UNKNOWN and group.error_gap is not None
    return message(
        "Group {group} gets the wanted outcome {ratio} times as often as the most favoured group "
        "({low} to {high}, n = {n}; needed {needed}){other}{errors}{few}",
        group=_name(group),
        ratio=decimal(group.ratio or 0.0, ".2f"),
        low=decimal(group.low or 0.0, ".2f"),
        high=decimal(group.high or 0.0, ".2f"),
        n=count(group.n),
        needed=decimal(case.limits["ratio"], ".2f"),
        other=_adverse_words(group, case),
        errors=_error_rates(group),
        few=message(", too few rows to tell") if few else NOTHING,
    )


def _error_rates(group: FairnessGroup) -> Message:
    if group.error_gap is None:
        return message(", error rates not known")
    gap = decimal(100 * group.error_gap, ".0f")
    if group.gap_low is None or group.gap_high is None:
        return message(", error rates {gap} points apart", gap=gap)
    return message(
        ", error rates {gap} points apart ({low} to {high})",
        gap=gap,
        low=decimal(100 * group.gap_low, ".0f"),
        high=decimal(100 * group.gap_high, ".0f"),
    )


def _adverse_words(group: FairnessGroup, case: ControlCase) -> Message:
    if group.adverse is None or group.adverse_low is None or group.adverse_high is None:
        return NOTHING
    return message(
        ", the other outcome {ratio} times as often ({low} to {high}; at most {most})",
        ratio=_times(group.adverse),
        low=_times(group.adverse_low),
        high=_times(group.adverse_high),
        most=decimal(case.limits["adverse_ratio"], "g"),
    )


def _times(value: float) -> str:
    return decimal(value, ".1f") if value < 1000 else message("over {bound}", bound=count(1000))
