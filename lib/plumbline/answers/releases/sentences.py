"""Releases in sentences: what a release changed, how versions side by side differ, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from plumbline.domain.messages import NOTHING, Message, Number, QuotedText, message, sequence, word
from plumbline.monitor.releases.ab_test import Comparison, Measure
from plumbline.monitor.releases.shift_attribution import ShiftAttribution, ShiftPart
from plumbline.monitor.statistics.proportions import Difference
from plumbline.wording.quantities import count
from plumbline.wording.times import clock_time, long_date_and_time, say_day

if TYPE_CHECKING:
    from plumbline.answers.releases.guardrails import GuardrailResult
    from plumbline.answers.releases.switches import SwitchShift

NUMBERS = ("prediction", "mae")
_SPOKEN = {
    "positive_rate": word("positive rate"),
    "error_rate": word("error rate"),
    "mae": word("mean absolute error"),
    "prediction": word("prediction"),
}


def say_name(metric: str) -> Message:
    """A quantity in running text."""
    key, _, of = metric.partition(":")
    return message("share of {name}", name=of) if of else _SPOKEN.get(key, QuotedText(key))


def amount(metric: str, value: float) -> Message:
    """A level of a quantity in its unit."""
    if metric in NUMBERS:
        return message("{n}", n=Number(f"{value:,.3g}") if abs(value) < 1000 else count(value))
    return message("{n} %", n=Number(f"{100 * value:.{2 if 0 < value < 0.01 else 1}f}"))


def change(metric: str, value: float) -> Number:
    """A difference in its unit, with its sign; of rates in points."""
    sign = "+" if value >= 0 else "−"
    if metric in NUMBERS:
        return Number(sign + f"{abs(value):,.3g}")
    return Number(f"{sign}{100 * abs(value):.1f}")


def unit(metric: str) -> Message:
    """What stands behind a difference."""
    return NOTHING if metric in NUMBERS else word(" points")


def interval(metric: str, low: float, high: float) -> Message:
    """``+1.0 to +2.3``."""
    return message("{low} to {high}", low=change(metric, low), high=change(metric, high))


def moment(at: datetime, zone: str) -> str:
    """``21 October 2026, 09:04 Europe/Berlin``; a time of a system is what the clock of its zone shows."""
    return f"{long_date_and_time(at)} {zone}"


def say_moment(at: datetime, zone: str) -> Message:
    """The same as a message."""
    return message("{day}, {time} {zone}", day=say_day(at), time=clock_time(at), zone=zone)


def say_difference(metric: str, difference: Difference) -> Message:
    """A change with its interval and samples."""
    return message(
        "{name} {before} to {after} ({change}{unit}, {interval}; n = {n_before} and {n_after})",
        name=say_name(metric),
        before=amount(metric, difference.before),
        after=amount(metric, difference.after),
        change=change(metric, difference.value),
        unit=unit(metric),
        interval=interval(metric, difference.low, difference.high),
        n_before=count(difference.n_before),
        n_after=count(difference.n_after),
    )


def say_shift(shift: SwitchShift, zone: str) -> Message:
    """One switch: what changed, and who did it. ``zone``: whose clock its times are of."""
    parts = [
        message(
            "{change}: {who}", change=say_difference(metric, plain), who=cause_words(shift, metric, parted)
        )
        for metric, plain, parted in _changes(shift)
        if plain is not None
    ]
    return message(
        "{previous} to {version} on {moment}: {parts}.",
        previous=shift.switch.previous or word("no version"),
        version=shift.switch.version,
        moment=say_moment(shift.switch.at, zone),
        parts=sequence(parts, "; ") or word("nothing to compare"),
    )


def say_shift_briefly(shift: SwitchShift) -> Message:
    """Who changed what, without the figures that stand in the picture beside it."""
    parts = [
        message(
            "{name} {before} to {after}: {who}",
            name=say_name(metric),
            before=amount(metric, plain.before),
            after=amount(metric, plain.after),
            who=cause_words(shift, metric, parted, figures=False),
        )
        for metric, plain, parted in _changes(shift)
        if plain is not None
    ]
    return message("{text:capital}.", text=sequence(parts, "; ") or word("nothing to compare"))


def _changes(shift: SwitchShift) -> tuple[tuple[str, Difference | None, ShiftAttribution], ...]:
    return (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    )


def cause_words(
    shift: SwitchShift, metric: str, parted: ShiftAttribution, *, figures: bool = True
) -> Message:
    """The release or the world, with both parts; what cannot be told, and why."""
    if parted.world is None or parted.release is None:
        return message("who did it is unknown ({note:within})", note=parted.note)
    parts = NOTHING
    if figures:
        parts = message(
            " (release {release}, inputs {inputs})",
            release=_part(metric, parted.release),
            inputs=_part(metric, parted.world),
        )
    if metric == shift.metrics[1] and shift.has_concept_shift and parted.verdict != "neither":
        return message(
            "who did it is unknown: the same inputs came to have other outcomes{parts}", parts=parts
        )
    words = {
        "release": message("the release did it{parts}, if all that decisions rest on is logged", parts=parts),
        "world": message("the world did it: its inputs moved{parts}", parts=parts),
        "both": message(
            "the release and the world both did it{parts}, if all that decisions rest on is logged",
            parts=parts,
        ),
        "neither": message("no change beyond chance{parts}", parts=parts),
        "unknown": message("unknown{parts}", parts=parts),
    }
    return words[parted.verdict]


def _part(metric: str, part: ShiftPart) -> Message:
    return message(
        "{value} [{interval}]",
        value=change(metric, part.value),
        interval=interval(metric, part.low, part.high),
    )


def say_comparison(comparison: Comparison, zone: str) -> Message:
    """Two versions side by side, and what to do about it."""
    first, second = comparison.versions
    parts = [_difference_words(m, zone) for m in comparison.measures]
    places = {
        "first": first,
        "second": second,
        "days": Number(f"{comparison.days:.1f}"),
        "parts": sequence(parts, "; ") or word("too few decisions"),
    }
    text = [
        {
            "A/B": message("{second} ran in a test with {first} for {days} days: {parts}.", **places),
            "canary": message("{second} ran as a canary beside {first} for {days} days: {parts}.", **places),
            "shadow": message("{second} ran in shadow beside {first} for {days} days: {parts}.", **places),
        }[comparison.kind]
    ]
    if comparison.agreed is not None:
        text.append(
            message(
                "They agreed on {share} % of {n} decisions that both made.",
                share=Number(f"{100 * comparison.agreed:.1f}"),
                n=count(comparison.n_both),
            )
        )
    if comparison.ratio is not None and comparison.ratio.status == "breach":
        text.append(
            message(
                "The split of {unit} is not what was meant: do not trust the comparison before that is explained.",
                unit=str(comparison.ratio.unit),
            )
        )
    if parts and not comparison.by_subject:
        text.append(
            message(
                "No subject is mapped, so decisions are counted as independent but for what an hour has in common."
            )
        )
    return sequence(text)


def _difference_words(m: Measure, zone: str) -> Message:
    text, p = say_difference(m.metric, m.difference), p_value(m.p_value)
    if m.differs:
        since = message(", known by {moment}", moment=say_moment(m.known_at, zone)) if m.known_at else NOTHING
        return message("{text}, beyond chance (always-valid p {p}{since})", text=text, p=p, since=since)
    more = NOTHING
    if m.days_more:
        more = message(
            "; {change} would take {time} more at this traffic",
            change=smallest_difference_words(m),
            time=_days(m.days_more),
        )
    elif m.days_more == 0:
        more = message("; {change} would most likely have been seen", change=smallest_difference_words(m))
    return message(
        "{text}, no difference beyond chance (always-valid p {p}){more}", text=text, p=p, more=more
    )


def smallest_difference_words(m: Measure) -> Message:
    """The difference that matters, in words."""
    size = Number(change(m.metric, m.matters).lstrip("+"))
    return message("a difference of {size}{unit}", size=size, unit=unit(m.metric))


def _days(days: float) -> Message:
    if days < 1:
        return message("{n} hours", n=Number(f"{24 * days:.0f}"))
    return message("{n} days", n=Number(f"{days:.0f}")) if days < 1000 else word("years")


def p_value(p: float) -> str:
    """A p-value to two digits."""
    return word("under 0.001") if p < 0.001 else Number(f"{p:.2g}")


def rollback_advice(watch: GuardrailResult, zone: str, *, done: bool = False) -> Message:
    """What should have been done, by when, and what it has cost not to.

    ``done``: it was rolled back since, so that only when it was known is said.
    """
    if watch.at is None:
        return watch.sentence
    at, since = say_moment(watch.at, zone), watch.since
    if since is not None and not since.decisions:
        return message(
            "Outcomes proved it on {at}, after version {version} had left.", at=at, version=watch.version
        )
    known = {"at": at, "n": count(watch.found.at_decision or 0)}
    text = (
        message("This was known at {at} after {n} decisions", **known)
        if done
        else message(
            "Roll back to {previous}: known at {at} after {n} decisions",
            previous=watch.previous or "",
            **known,
        )
    )
    if since is None:
        return message("{text}.", text=text)
    if watch.signal == "positive rate" and since.wrong_positives:
        return message(
            "{text}; {wrong} wrong since, {positives} of them '{positive}'.",
            text=text,
            wrong=count(since.wrong),
            positives=count(since.wrong_positives),
            positive=watch.positive or "",
        )
    if since.labelled:
        return message(
            "{text}; {wrong} of {labelled} decisions with known outcomes wrong since.",
            text=text,
            wrong=count(since.wrong),
            labelled=count(since.labelled),
        )
    return message("{text}; {n} decisions since.", text=text, n=count(since.decisions))
