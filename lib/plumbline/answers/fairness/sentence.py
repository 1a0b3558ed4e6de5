"""What the answer to whether groups are treated alike says first, and how people overruled, in a sentence."""

from __future__ import annotations

from typing import Protocol

from plumbline.answers.question import fairness_lines
from plumbline.domain import PointStatus, System
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.fairness.groups import FOUR_FIFTHS, LEAST_ROWS, GroupResult
from plumbline.monitor.fairness.human_oversight import Oversight
from plumbline.wording.quantities import count, decimal


class GroupComparisons(Protocol):
    """Of an answer, what its sentence needs (``answers.fairness.groups.FairnessAnswer``)."""

    @property
    def system(self) -> System: ...
    @property
    def groups(self) -> tuple[GroupResult, ...]: ...
    @property
    def pairs(self) -> tuple[GroupResult, ...]: ...
    @property
    def source(self) -> str: ...
    @property
    def favourable(self) -> str: ...
    @property
    def why_not(self) -> str: ...


TWO_CLASSES = message("Groups are compared for systems with two classes, one of them positive.")
NO_ATTRIBUTE = message("This log has no protected attribute.")
#: why groups cannot be compared, as a sentence goes on from it
_REASONS: dict[str, Message] = {
    TWO_CLASSES: message("Groups are compared for systems with two classes, one of them positive"),
    NO_ATTRIBUTE: message("This log has no protected attribute"),
}


def say_oversight(oversight: Oversight) -> Message:
    """How often people looked and overruled, and whether they were right."""
    if oversight.override_rate is None:
        return message("No person's own decision is on record for {n} decisions.", n=count(oversight.n))
    o, automation = oversight.override_rate, oversight.automation_rate
    text = message(
        "People overruled {share} % ({low} to {high}) of the {n} decisions that they looked at",
        share=decimal(100 * o.value, ".1f"),
        low=decimal(100 * o.low, ".1f"),
        high=decimal(100 * o.high, ".1f"),
        n=count(o.n),
    )
    if automation is not None and automation.value > 0:
        share = decimal(100 * automation.value, ".1f")
        text = message("{text}; {share} % took effect without one", text=text, share=share)
    right = oversight.right_to_overrule
    if right is None:
        return message("{text}. Whether they were right is not known yet.", text=text)
    verdict = (
        message("more often right than wrong") if right.low > 0.5 else message("more often wrong than right")
    )
    if right.low <= 0.5 <= right.high:
        verdict = message("right about as often as wrong")
    return message(
        "{text}. Overruling, they were {verdict}: right in {share} % ({low} to {high}) of {n} cases with a known "
        "outcome.",
        text=text,
        verdict=verdict,
        share=decimal(100 * right.value, ".0f"),
        low=decimal(100 * right.low, ".0f"),
        high=decimal(100 * right.high, ".0f"),
        n=count(right.n),
    )


_RATES = {
    "true_positive_rate": message("true positive rate"),
    "false_positive_rate": message("false positive rate"),
    "precision": message("precision"),
    "positive_rate": message("positive rate"),
}


def say_fairness(answer: GroupComparisons) -> Message:
    """The finding of an answer: the worst group first."""
    finding = _comparison_sentence(answer)
    if answer.why_not or answer.source != "assumed":
        return finding
    return message(
        "{said} Nobody states which outcome people want, so {favourable} is read as it here: choose it.",
        said=finding,
        favourable=answer.favourable,
    )


def _comparison_sentence(answer: GroupComparisons) -> Message:
    if answer.why_not:
        return message(
            "{reason}, so whether groups are treated alike is unknown.",
            reason=_REASONS.get(answer.why_not) or answer.why_not[:-1],
        )
    judged = [g for g in (*answer.groups, *answer.pairs) if not g.is_small]
    compared = [g for g in judged if g.ratio is not None]
    if not compared:
        return message(
            "No group has {n} decisions to compare with another, so fairness is unknown.", n=count(LEAST_ROWS)
        )
    below = [g for g in compared if g.ratio is not None and g.ratio.status is PointStatus.BREACH]
    if below:
        worst = min(below, key=lambda g: g.ratio.value if g.ratio else 1.0)
        assert worst.ratio is not None
        line = fairness_lines(answer.system).ratio
        return message(
            "{group} is decided {outcome} {ratio} times as often as {other} ({low} to {high}; n = {n}): below the "
            "{line}.{more}",
            group=worst.name,
            outcome=answer.favourable,
            ratio=decimal(worst.ratio.value, ".2f"),
            other=_best_group_name(answer, worst),
            low=decimal(worst.ratio.low, ".2f"),
            high=decimal(worst.ratio.high, ".2f"),
            n=count(worst.n),
            line=message("four-fifths line")
            if line == FOUR_FIFTHS
            else message("line of {line}", line=decimal(line, ".2f")),
            more=_other_groups(len(below) - 1),
        )
    often = [g for g in compared if g.adverse is not None and g.adverse.status is PointStatus.BREACH]
    if often:
        worst = max(often, key=lambda g: g.adverse.value if g.adverse else 0.0)
        assert worst.adverse is not None
        other = next((c for c in answer.system.classes if c != answer.favourable), "")
        return message(
            "{group} is decided {outcome} {ratio} times as often as {other} ({low} to {high}; n = {n}), which four "
            "fifths of {favourable} cannot show.",
            group=worst.name,
            outcome=other or message("otherwise"),
            ratio=decimal(worst.adverse.value, ".1f"),
            other=_best_group_name(answer, worst),
            low=decimal(worst.adverse.low, ".1f"),
            high=decimal(worst.adverse.high, ".1f"),
            n=count(worst.n),
            favourable=answer.favourable,
        )
    apart = [(g, name, c) for g in compared for name, c in g.gaps.items() if c.status is PointStatus.BREACH]
    if apart:
        group, name, gap = max(apart, key=lambda item: abs(item[2].value))
        values = {
            "group": group.name,
            "measure": _RATES.get(name) or name.replace("_", " "),
            "points": decimal(100 * abs(gap.value), ".0f"),
            "low": decimal(100 * gap.low, "+.0f"),
            "high": decimal(100 * gap.high, "+.0f"),
            "n": count(group.n),
        }
        if gap.value < 0:
            return message(
                "{group}: the {measure} is {points} points below the most favoured group's ({low} to {high}; n = {n}). "
                "Ten are allowed.",
                **values,
            )
        return message(
            "{group}: the {measure} is {points} points above the most favoured group's ({low} to {high}; n = {n}). "
            "Ten are allowed.",
            **values,
        )
    worst = min(compared, key=lambda g: g.ratio.low if g.ratio else 1.0)
    assert worst.ratio is not None
    ratio = {name: decimal(getattr(worst.ratio, name), ".2f") for name in ("value", "low", "high")}
    watch = [g for g in compared if g.status is PointStatus.WATCH]
    if watch:
        least = min(watch, key=lambda g: g.ratio.value if g.ratio else 1.0)
        return message(
            "No group is surely treated otherwise; {group} may be (ratio to the most favoured group {value}, n = {n}).",
            group=least.name,
            value=decimal(least.ratio.value if least.ratio else 1.0, ".2f"),
            n=count(least.n),
        )
    few = [g for g in compared if g.status is PointStatus.UNKNOWN]
    if few:
        rest = count(len(few) - 1)
        return message(
            "No group is found to be treated otherwise, but of {groups} there are too few decisions to tell (lowest "
            "ratio to the most favoured group {value}, {low} to {high}).",
            groups=few[0].name
            if len(few) == 1
            else message("{first} and {rest} more", first=few[0].name, rest=rest),
            **ratio,
        )
    return message(
        "Groups are treated alike: the lowest ratio to the most favoured group is {value} ({low} to {high}), "
        "{group}.{unsure}",
        group=worst.name,
        unsure=message(" That it stays above {line} is not proved.", line=decimal(FOUR_FIFTHS, ".2f"))
        if worst.ratio.low < FOUR_FIFTHS
        else NOTHING,
        **ratio,
    )


def _best_group_name(answer: GroupComparisons, group: GroupResult) -> str:
    """Whom a group is held against: by name where nobody says whether that one is favoured."""
    same = [g for g in (*answer.groups, *answer.pairs) if g.best and g.attributes == group.attributes]
    return same[0].name if answer.source == "assumed" and same else message("the most favoured group")


def _other_groups(n: int) -> Message:
    if not n:
        return NOTHING
    if n == 1:
        return message(" One more group is below as well.")
    return message(" {n} more groups are below as well.", n=count(n))
