"""What decisions came to: predicted against true, their worth, and two windows side by side."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

import streamlit as st

from plumbline.answers.performance.outcomes import ConfusionAnswer, WindowsAnswer
from plumbline.domain import Slice
from plumbline.monitor.performance.money import Stake
from plumbline.monitor.performance.money_at_stake import say_stake
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.escape import one_line
from plumbline.ui.parts.glossary import help_for
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.ui.state.windows import midnight
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase

VERDICTS = {"same": "ok", "better": "ok", "worse": "fail", "changed": "watch", "unknown": "unknown"}
MOST_CLASSES = 12


def confusion(answer: ConfusionAnswer | None, key: str) -> None:
    """Predicted against true, with the share of each truth and what the reference had."""
    if answer is None:
        return
    cards.section(phrase("Decided against true"), answer.sentence)
    total = answer.window.sum(0)
    before = answer.reference.sum(0) if answer.reference is not None else None
    shown = range(min(len(answer.classes), MOST_CLASSES))
    rows: list[dict[str, object]] = []
    for i in shown:
        row: dict[str, object] = {"Decided": one_line(answer.classes[i], 60)}
        for j in shown:
            n = float(answer.window[i, j])
            words = numbers.count(n)
            if total[j]:
                words += f" ({numbers.share(n / float(total[j]))}"
                if before is not None and answer.reference is not None and before[j]:
                    words += phrase(
                        ", was {reference}",
                        reference=numbers.share(float(answer.reference[i, j] / before[j])),
                    )
                words += ")"
            row[phrase("true: {name}", name=one_line(answer.classes[j], 40))] = words
        rows.append(row)
    tables.grid(rows, alt=phrase("Labelled decisions by class decided and class true"))
    cards.note(phrase("In brackets: the share of all that were truly so, and what it was in the reference."))
    charts.data(
        [
            {
                "decided": p,
                "true": q,
                "n": float(answer.window[i, j]),
                "value_of_one": None if answer.cost is None else float(answer.cost[i, j]),
            }
            for i, p in enumerate(answer.classes)
            for j, q in enumerate(answer.classes)
        ],
        f"{key}-confusion",
        "accuracy.confusion",
    )


def money(stake: Stake | None) -> None:
    """What the decisions since the change cost, or how to have it said."""
    cards.section(phrase("What it costs"))
    if stake is None:
        cards.note(phrase("No change is open, or the owner has not said what decisions are worth."))
        empty_states.link(empty_states.NextPage("governance", phrase("Say what decisions are worth")))
        return
    cards.figures(
        [
            cards.Figure(
                name=phrase("Money at stake"),
                value=say_stake(asdict(stake)),
                note=stake.sentence,
                help=help_for("Money at stake"),
            )
        ]
    )


def windows(
    view: View, reference: tuple[datetime, datetime] | None
) -> tuple[Slice | None, Slice | None] | None:
    """Two spans to compare: the reference and the last 30 days unless chosen; None while half chosen."""
    cards.section(
        phrase("Two windows, side by side"), phrase("Left open, they are the reference and the last 30 days.")
    )
    places = st.columns(4)
    dates = [
        place.date_input(label, value=None, format="YYYY-MM-DD", key=key.name, bind="query-params")
        for place, label, key in zip(
            places,
            (phrase("First from"), phrase("First to"), phrase("Second from"), phrase("Second to")),
            session.TWO_WINDOWS,
            strict=True,
        )
    ]
    days = [day if isinstance(day, date) else None for day in dates]
    parts: list[Slice | None] = []
    for start, end in (days[:2], days[2:]):
        if (start is None) != (end is None):
            cards.note(phrase("Choose both days of a window."))
            return None
        if start is None or end is None:
            parts.append(None)
            continue
        if end < start:
            cards.note(phrase("A window ends before it starts."))
            return None
        bounds = (midnight(start), midnight(end, days=1))
        parts.append(Slice(*bounds, view.version, None, view.where))
    if parts[0] is None and reference is None:
        cards.note(phrase("There is no reference yet: choose the first window."))
        return None
    return parts[0], parts[1]


def compare_metrics(answer: WindowsAnswer, key: str) -> None:
    """Every metric in both windows, with the difference and its interval."""
    cards.note(answer.sentence)
    spans = [numbers.span(part.start, part.end) for part in (answer.first, answer.second)]
    tables.grid(
        [
            {
                "Metric": numbers.name(comparison.metric),
                spans[0] if spans[0] != spans[1] else phrase("First"): numbers.figure(
                    comparison.first.value, comparison.metric
                ),
                spans[1] if spans[0] != spans[1] else phrase("Second"): numbers.figure(
                    comparison.second.value, comparison.metric
                ),
                "Difference": _difference(comparison.difference, comparison.metric),
                "95 % interval": _interval_text(comparison.low, comparison.high, comparison.metric),
                "Verdict": _verdict(comparison.verdict),
                "n first": comparison.first.n,
                "n second": comparison.second.n,
            }
            for comparison in answer.metrics
        ],
        alt=phrase("Metrics in two windows: values, difference, interval, verdict, samples"),
    )
    charts.data(
        [
            {
                "metric": comparison.metric,
                "first": comparison.first.value,
                "first_low": comparison.first.low,
                "first_high": comparison.first.high,
                "first_n": comparison.first.n,
                "second": comparison.second.value,
                "second_low": comparison.second.low,
                "second_high": comparison.second.high,
                "second_n": comparison.second.n,
                "difference": comparison.difference,
                "low": comparison.low,
                "high": comparison.high,
                "verdict": comparison.verdict,
            }
            for comparison in answer.metrics
        ],
        f"{key}-windows",
        "accuracy.windows",
    )


def _verdict(verdict: str) -> str:
    return f"{cards.glyph(VERDICTS[verdict]).partition(' ')[0]} {localise(verdict, 'comparison')}"


def _difference(value: float | None, metric: str) -> str:
    if value is None:
        return numbers.DASH
    if metric.partition(":")[0] in numbers.SHARES:
        return phrase("{value} points", value=numbers.signed_number(100 * value))
    return numbers.signed_number(value)


def _interval_text(low: float | None, high: float | None, metric: str) -> str:
    if low is None or high is None:
        return numbers.DASH
    return phrase(
        "{low} to {high}",
        low=_difference(low, metric),
        high=_difference(high, metric),
    )
