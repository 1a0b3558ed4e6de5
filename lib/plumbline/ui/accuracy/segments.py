"""The worst segments: which hurt most, how sure that is, and a link that narrows every page to one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.answers.performance.segments import SegmentsAnswer, say_slice
from plumbline.answers.performance.segments import segments as find_segments
from plumbline.domain import System
from plumbline.monitor.performance.segments import Segment
from plumbline.ui.frame import drill_down
from plumbline.ui.parts import cards, charts, empty_states, tables
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.parts.slow_section import slow_section
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import english_reader, localise, phrase, screen_text

WAYS = {
    "reference": screen_text("its own change since the reference"),
    "rest": screen_text("the rest of the window"),
}
LINKED = 5
FIRST = 3  # in the first view


def baseline_choice() -> str:
    """What segments are held against; the link carries it."""
    choice = st.segmented_control(
        phrase("Held against"),
        list(WAYS),
        default="reference",
        format_func=lambda way: localise(WAYS[way]),
        key=session.HELD_AGAINST.name,
        bind="query-params",
        help=phrase(
            "Since the reference: who fell behind. The rest of the window: for whom the system "
            "is worse, even if it always was."
        ),
    )
    return str(choice or "reference")


def section(
    draw: Callable[[SegmentsAnswer, View], None],
    view: View,
    system: System,
    metric: str,
    against: str = "reference",
) -> None:
    """Draw what a search of the window's segments gives, once it is there; the first view and the tab ask the same."""
    slow_section(
        lambda answer: draw(answer, view),
        screen_text("Segments are being compared"),
        view,
        find_segments,
        system.key,
        window=view.slice,
        metric=metric,
        against=against,
    )


def worst_segments(answer: SegmentsAnswer, view: View) -> None:
    """The sentence, the table, and the links."""
    cards.section(phrase("Who is hurt most"), answer.sentence)
    sample_note(view)
    if answer.asked:
        cards.note(
            phrase(
                "{asked} is no mean over single decisions, so segments are compared by {metric}.",
                asked=numbers.name(answer.asked),
                metric=numbers.name(answer.search.metric),
            )
        )
    segments = answer.search.segments
    if not segments:
        return
    tables.grid(
        [_row(segment, answer.search.metric) for segment in segments],
        alt=phrase("Segments that hurt most: value, expected, difference, sample"),
    )
    room = 2 - len(view.where)  # the bar holds two filters
    for segment in [segment for segment in segments if len(segment.where) <= room][:LINKED]:
        empty_states.link(
            empty_states.NextPage("accuracy", phrase("Only where {words}", words=_words(segment.where))),
            drill_down.narrower_query(view, answer.system.key, segment.where),
        )
    charts.data(
        [_segment_row(segment) for segment in segments], f"{answer.system.key}-segments", "accuracy.segments"
    )


def first_segments(answer: SegmentsAnswer, view: View) -> None:
    """The worst segments in a line each, for the first view; nothing where none stands out."""
    segments = answer.search.segments[:FIRST]
    if not segments:
        return
    metric = answer.search.metric
    with st.container(border=True, gap="xsmall"):
        st.markdown(phrase("**Hurt most**"))
        sample_note(view)
        for segment in segments:
            sure = numbers.interval(segment.low, segment.high, metric)
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.markdown(
                    phrase(
                        "{where}: {metric} {value} ({sure}), expected {against}; n = {n}",
                        where=escape(say_slice(segment.where), 90),
                        metric=escape(numbers.name_within(metric)),
                        value=escape(numbers.figure(segment.value, metric)),
                        sure=escape(sure),
                        against=escape(numbers.figure(segment.against, metric)),
                        n=escape(numbers.count(segment.n)),
                    ),
                    width="content",
                )
                if len(segment.where) <= 2 - len(view.where):
                    empty_states.link(
                        empty_states.NextPage("accuracy", phrase("Only these")),
                        drill_down.narrower_query(view, answer.system.key, segment.where),
                    )


def _words(where: tuple[tuple[str, str], ...]) -> str:
    """A segment as the label of a link, which reads Markdown."""
    return escape(say_slice(where), 110)


def _row(segment: Segment, metric: str) -> dict[str, object]:
    return {
        "Segment": one_line(say_slice(segment.where), 110),
        "Value": numbers.figure(segment.value, metric),
        "95 % interval": numbers.interval(segment.low, segment.high, metric),
        "Expected": numbers.figure(segment.against, metric),
        "In the reference": numbers.figure(segment.reference, metric),
        "Extra": numbers.significant(segment.extra),
        "Corrected p": numbers.p_value(segment.q_value),
        "n": segment.n,
    }


def _segment_row(segment: Segment) -> dict[str, object]:
    with english_reader():  # a file of data
        words = say_slice(segment.where)
    return {
        "segment": words, "n": segment.n, "value": segment.value, "low": segment.low,
        "high": segment.high,
        "expected": segment.against, "difference": segment.difference, "difference_low": segment.difference_low,
        "difference_high": segment.difference_high, "p_value": segment.p_value, "q_value": segment.q_value,
        "extra": segment.extra, "reference": segment.reference, "n_reference": segment.n_reference,
    }  # fmt: skip
