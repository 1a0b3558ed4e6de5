"""Releases in sentences: what a release changed, how versions side by side differ, and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from plumbline.domain.messages import Message, message
from plumbline.monitor.releases.ab_test import Comparison, Measure
from plumbline.monitor.releases.shift_attribution import ShiftAttribution, ShiftPart
from plumbline.monitor.statistics.proportions import Difference
from plumbline.wording.quantities import count
from plumbline.wording.times import clock_time, long_minute, say_day

if TYPE_CHECKING:
    from plumbline.answers.releases.guardrails import GuardrailResult
    from plumbline.answers.releases.switches import SwitchShift

NUMBERS = ("prediction", "mae")
_SPOKEN = {"positive_rate": "positive rate", "error_rate": "error rate", "mae": "mean absolute error"}


def say_name(metric: str) -> str:
    """A quantity in running text."""
    key, _, of = metric.partition(":")
    return f"share of {of}" if of else _SPOKEN.get(key, key)


def amount(metric: str, value: float) -> str:
    """A level of a quantity in its unit."""
    if metric in NUMBERS:
        return f"{value:,.3g}" if abs(value) < 1000 else f"{count(value)}"
    return f"{100 * value:.{2 if 0 < value < 0.01 else 1}f} %"


def change(metric: str, value: float) -> str:
    """A difference in its unit, with its sign; of rates in points."""
    sign = "+" if value >= 0 else "−"
    if metric in NUMBERS:
        return sign + f"{abs(value):,.3g}"
    return f"{sign}{100 * abs(value):.1f}"


def unit(metric: str) -> str:
    """What stands behind a difference."""
    return "" if metric in NUMBERS else " points"


def interval(metric: str, low: float, high: float) -> str:
    """``+1.0 to +2.3``."""
    return f"{change(metric, low)} to {change(metric, high)}"


def moment(at: datetime, zone: str) -> str:
    """``21 October 2026, 09:04 Europe/Berlin``; a time of a system is what the clock of its zone shows."""
    return f"{long_minute(at)} {zone}"


def say_moment(at: datetime, zone: str) -> Message:
    """The same as a message."""
    return message("{day}, {time} {zone}", day=say_day(at), time=clock_time(at), zone=zone)


def say_difference(metric: str, difference: Difference) -> str:
    """A change with its interval and samples."""
    return (
        f"{say_name(metric)} {amount(metric, difference.before)} to {amount(metric, difference.after)} "
        f"({change(metric, difference.value)}{unit(metric)}, {interval(metric, difference.low, difference.high)}; "
        f"n = {count(difference.n_before)} and {count(difference.n_after)})"
    )


def say_shift(shift: SwitchShift, zone: str) -> str:
    """One switch: what changed, and who did it. ``zone``: whose clock its times are of."""
    parts = []
    for metric, plain, parted in (
        (shift.metrics[0], shift.output, shift.output_split),
        (shift.metrics[1], shift.loss, shift.loss_split),
    ):
        if plain is not None:
            parts.append(f"{say_difference(metric, plain)}: {who(shift, metric, parted)}")
    head = f"{shift.switch.previous or 'no version'} to {shift.switch.version} on {moment(shift.switch.at, zone)}"
    return f"{head}: {'; '.join(parts) or 'nothing to compare'}."


def say_shift_briefly(shift: SwitchShift) -> str:
    """Who changed what, without the figures that stand in the picture beside it."""
    parts = [
        f"{say_name(metric)} {amount(metric, plain.before)} to {amount(metric, plain.after)}: "
        f"{who(shift, metric, parted, figures=False)}"
        for metric, plain, parted in (
            (shift.metrics[0], shift.output, shift.output_split),
            (shift.metrics[1], shift.loss, shift.loss_split),
        )
        if plain is not None
    ]
    return f"{_first_up('; '.join(parts)) or 'Nothing to compare'}."


def who(shift: SwitchShift, metric: str, parted: ShiftAttribution, *, figures: bool = True) -> str:
    """The release or the world, with both parts; what cannot be told, and why."""
    if parted.world is None or parted.release is None:
        return f"who did it is unknown ({_first_down(parted.note)})"
    parts = ""
    if figures:
        parts = f" (release {_part(metric, parted.release)}, inputs {_part(metric, parted.world)})"
    if metric == shift.metrics[1] and shift.world_changed and parted.verdict != "neither":
        return f"who did it is unknown: the same inputs came to have other outcomes{parts}"
    words = {
        "release": f"the release did it{parts}, if all that decisions rest on is logged",
        "world": f"the world did it: its inputs moved{parts}",
        "both": f"the release and the world both did it{parts}, if all that decisions rest on is logged",
        "neither": f"no change beyond chance{parts}", "unknown": f"unknown{parts}",
    }  # fmt: skip
    return words[parted.verdict]


def _part(metric: str, part: ShiftPart) -> str:
    return f"{change(metric, part.value)} [{interval(metric, part.low, part.high)}]"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_down(text: str) -> str:
    return text[:1].lower() + text[1:]


def say_comparison(comparison: Comparison, zone: str) -> str:
    """Two versions side by side, and what to do about it."""
    first, second = comparison.versions
    how = {"A/B": "in a test with", "canary": "as a canary beside", "shadow": "in shadow beside"}[
        comparison.kind
    ]
    parts = [_measured(m, zone) for m in comparison.measures]
    text = f"{second} ran {how} {first} for {comparison.days:.1f} days: {'; '.join(parts) or 'too few decisions'}."
    if comparison.agreed is not None:
        both = count(comparison.n_both)
        text += f" They agreed on {100 * comparison.agreed:.1f} % of {both} decisions that both made."
    if comparison.ratio is not None and comparison.ratio.status == "breach":
        text += (
            f" The split of {comparison.ratio.unit} is not what was meant: do not trust the comparison before that is "
            "explained."
        )
    if parts and not comparison.by_subject:
        text += " No subject is mapped, so decisions are counted as independent but for what an hour has in common."
    return text


def _measured(m: Measure, zone: str) -> str:
    text = say_difference(m.metric, m.difference)
    if m.differs:
        since = f", known by {moment(m.known_at, zone)}" if m.known_at else ""
        return f"{text}, beyond chance (always-valid p {p_value(m.p_value)}{since})"
    text += f", no difference beyond chance (always-valid p {p_value(m.p_value)})"
    if m.days_more:
        text += f"; {amount_of_change(m)} would take {_days(m.days_more)} more at this traffic"
    elif m.days_more == 0:
        text += f"; {amount_of_change(m)} would most likely have been seen"
    return text


def amount_of_change(m: Measure) -> str:
    """The difference that matters, in words."""
    return f"a difference of {change(m.metric, m.matters).lstrip('+')}{unit(m.metric)}"


def _days(days: float) -> str:
    if days < 1:
        return f"{24 * days:.0f} hours"
    return f"{days:.0f} days" if days < 1000 else "years"


def p_value(p: float) -> str:
    """A p-value to two digits."""
    return "under 0.001" if p < 0.001 else f"{p:.2g}"


def roll_back(watch: GuardrailResult, zone: str) -> Message:
    """What should have been done, by when, and what it has cost not to."""
    if watch.at is None:
        return watch.sentence
    at, since = say_moment(watch.at, zone), watch.since
    if since is not None and not since.decisions:
        return message(
            "Outcomes proved it on {at}, after version {version} had left.", at=at, version=watch.version
        )
    text = message(
        "Roll back to {previous}: known at {at} after {n} decisions",
        previous=watch.previous or "",
        at=at,
        n=count(watch.found.at_decision or 0),
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
