"""Groups in two windows on the Fairness page: who fares otherwise than before, and how sure that is."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.fairness.compare_windows import FairnessWindows
from plumbline.monitor.fairness.compare_windows import COMPARED, FAVOURABLE, RATIO, GroupChange, MeasureChange
from plumbline.monitor.fairness.groups import LEAST_ROWS
from plumbline.ui.parts import cards, charts, tables
from plumbline.ui.parts.escape import one_line
from plumbline.wording import numbers
from plumbline.wording.language import localise, phrase, screen_text

_NAMES = {
    RATIO: screen_text("Ratio to the best"), FAVOURABLE: screen_text("How often favoured"),
    "true_positive_rate": screen_text("True positive rate"), "false_positive_rate": screen_text("False positive rate"),
}  # fmt: skip
_SAID = {
    "same": ("ok", screen_text("within chance")),
    "further": ("fail", screen_text("further behind")),
    "closer": ("ok", screen_text("closer")),
    "up": ("watch", "up"),
    "down": ("watch", "down"),
}


def compare_groups(answer: FairnessWindows) -> None:
    """The sentence, and one measure of every group in both windows."""
    cards.note(answer.sentence)
    options = [name for name in COMPARED if any(name in g.moved for g in answer.groups)]
    if not options:
        return
    chosen = (
        st.segmented_control(
            phrase("Compared by"),
            options,
            default=options[0],
            format_func=lambda name: localise(_NAMES[name]),
            key="fairness.compared",
            label_visibility="collapsed",
        )
        or options[0]
    )
    if chosen == RATIO:
        leaders = [one_line(localise(g.name), 60) for g in answer.groups if g.best and len(g.attributes) == 1]
        cards.note(
            phrase(
                "Each group's rate over that of the most favoured group of the first window: {leaders}.",
                leaders=", ".join(leaders),
            )
        )
    rows = [(g, g.moved[chosen]) for g in answer.groups if chosen in g.moved]
    spans = [numbers.span(part.start, part.end) for part in (answer.first, answer.second)]
    named = spans if spans[0] != spans[1] else [phrase("First"), phrase("Second")]
    tables.grid(
        [_row(g, moved, chosen, named) for g, moved in rows],
        alt=phrase(
            "{names} by group in two windows: values, change, interval, verdict, samples",
            names=localise(_NAMES[chosen]),
        ),
        height=460 if len(rows) > 11 else None,
    )
    few = [g for g in answer.groups if not g.moved]
    if few:
        words = ", ".join(
            phrase(
                "{name} ({n_first} and {n_second})",
                name=one_line(localise(g.name), 60),
                n_first=g.n_first,
                n_second=g.n_second,
            )
            for g in few
        )
        cards.note(
            phrase(
                "Under {least_rows} decisions in a window, so not compared: {words}.",
                least_rows=LEAST_ROWS,
                words=words,
            )
        )
    cards.note(
        phrase(
            "{compared} comparisons, corrected for being so many.",
            compared=numbers.count(answer.comparison_count),
        )
    )
    charts.data(
        [
            {
                "group": g.name,
                "measure": name,
                "first": m.first,
                "second": m.second,
                "change": m.change,
                "low": m.low,
                "high": m.high,
                "n_first": m.n_first,
                "n_second": m.n_second,
                "p_value": m.p,
                "q_value": m.q,
                "verdict": m.verdict,
            }
            for g in answer.groups
            for name, m in g.moved.items()
        ],
        f"{answer.system.key}-groups-windows",
        "fairness.windows",
    )


def _row(g: GroupChange, moved: MeasureChange, measure: str, spans: list[str]) -> dict[str, object]:
    if measure == RATIO:
        first, second = numbers.significant(moved.first), numbers.significant(moved.second)
        change = f"× {numbers.significant(moved.change)}"
        sure = phrase(
            "{low} to {high}", low=numbers.significant(moved.low), high=numbers.significant(moved.high)
        )
    else:
        first, second = numbers.share(moved.first), numbers.share(moved.second)
        change = phrase("{change} points", change=numbers.signed_number(100 * moved.change))
        sure = phrase(
            "{low} to {high} points",
            low=numbers.signed_number(100 * moved.low),
            high=numbers.signed_number(100 * moved.high),
        )
    return {
        "Group": one_line(localise(g.name), 80), spans[0]: first, spans[1]: second,
        "Change": change, "95 % interval": sure,
        "Corrected p": numbers.p_value(moved.q), "Verdict": _verdict(moved.verdict),
        "n first": moved.n_first, "n second": moved.n_second,
    }  # fmt: skip


def _verdict(verdict: str) -> str:
    status, words = _SAID[verdict]
    return f"{cards.glyph(status).partition(' ')[0]} {localise(words)}"
