"""How right the system is over time, since when it is not, for whom, and what that costs."""

import streamlit as st

from plumbline.answers.performance.outcomes import compare, confusion, money_lost_since
from plumbline.answers.performance.series import calibration, performance
from plumbline.domain import Task
from plumbline.ui import shell
from plumbline.ui.accuracy import calibration as trust
from plumbline.ui.accuracy import headline, outcomes, retraining, series
from plumbline.ui.accuracy import segments as slices
from plumbline.ui.frame import choices
from plumbline.ui.language import localise, phrase, screen_text
from plumbline.ui.parts import cards, empty_states, openings, sections
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
bar = series.bar()
offered = choices.choices(view.ws, str(view.ws.path), system.key, view.own.figures)
by_version, column, estimated = series.lines((*offered.columns, *offered.numeric), bar)
answer = ask(
    view,
    performance,
    system.key,
    window=view.slice,
    by=view.chunk,
    by_version=by_version,
    split=column,
    estimated=estimated,
)
with top:
    cards.opening(answer.sentence, openings.window(view, phrase("by {by}", by=localise(answer.by))))
    sample_note(view, filtered=column is None)  # lines by the values of a column are of rows as well
    if answer.selected:
        cards.note(answer.selected)
    if answer.reason:
        cards.note(answer.reason)
    if answer.retraining:
        cards.note(answer.retraining)

if not answer.labelled and not any(p.value is not None for p in answer.points):
    empty_states.show_empty_state(
        phrase("No outcomes are known for these decisions."),
        phrase("Load a labels file: two columns, the decision id and what turned out to be true."),
        empty_states.LOAD_A_LOG,
    )
    st.stop()

metric = series.choose(answer, bar)
series.figures(answer, metric)
whom = st.container()  # filled once the picture is there
picked = series.large_chart(answer, metric, view)
series.warning(answer)
series.chunk(answer, metric, picked, view)
with whom:
    slices.section(slices.first_segments, view, system, metric)

values, hurt, trusted, costs, two, again = sections.tabs(
    screen_text("Every value"),
    screen_text("Segments"),
    screen_text("Calibration and estimates"),
    screen_text("Errors and cost"),
    screen_text("Two windows"),
    screen_text("Retraining"),
)
if values.open:
    with values:
        series.table(answer.points_of(metric))
        cards.section(phrase("Other metrics"))
        series.small_charts(answer, metric, view)
if hurt.open:
    with hurt:
        slices.section(slices.worst_segments, view, system, metric, slices.baseline_choice())
if trusted.open:
    with trusted:
        trust.calibration(ask(view, calibration, system.key, window=view.slice), system.key, view.mode)
        if system.task is not Task.BINARY:
            sample_note(view)  # without one score, estimates are made from rows
        trust.estimates(answer)
if costs.open:
    with costs:
        outcomes.confusion(ask(view, confusion, system.key, window=view.slice), system.key)
        outcomes.money(ask(view, money_lost_since, system.key, answer.change))
        headline.choose(answer, metric, view)
if two.open:
    with two:
        spans = outcomes.windows(view, system.reference)
        if spans is not None:
            found = ask(view, compare, system.key, first=spans[0], second=spans[1], within=view.slice)
            outcomes.compare_metrics(found, system.key)
if again.open:
    with again:
        retraining.triggers_section(view, system.key)
