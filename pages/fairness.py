"""Whether groups are treated alike, and how often people override."""

import streamlit as st

from plumbline.answers.fairness.compare_windows import fairness_windows
from plumbline.answers.fairness.groups import fairness
from plumbline.ui import shell
from plumbline.ui.accuracy import outcomes
from plumbline.ui.fairness import compare_windows as both
from plumbline.ui.fairness import favourable as wish
from plumbline.ui.fairness import groups, human_oversight
from plumbline.ui.language import phrase, screen_text
from plumbline.ui.parts import cards, empty_states, openings, sections
from plumbline.ui.parts.sample_note import sample_note
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
wanted = wish.favourable_choice(view, system) if system.positive is not None else None
answer = ask(view, fairness, system.key, window=view.slice, favourable=wanted)
with top:
    cards.opening(answer.sentence, openings.window(view))
    if answer.selected:
        cards.note(answer.selected)

if answer.why_not:
    empty_states.show_empty_state(
        phrase("Nothing to compare"),
        phrase(
            "Map a column as protected:NAME when you load the log (it may be a feature as well): "
            "rates and errors are then compared by its groups."
        )
        if system.positive is not None
        else phrase(
            "Of numbers and of more than two classes, see errors by group under Segments on Accuracy."
        ),
        empty_states.NextPage("logs", phrase("Map a protected attribute"))
        if system.positive is not None
        else empty_states.NextPage("accuracy", phrase("Errors by segment")),
    )
    human_oversight.override_section(answer)
    st.stop()

sample_note(view)
groups.figures(answer)
groups.small_groups(answer)
alike, pairs, months, two, people = sections.tabs(
    screen_text("Groups"),
    screen_text("Intersections"),
    screen_text("Over time"),
    screen_text("Two windows"),
    screen_text("Human override"),
)
if alike.open:
    with alike:
        groups.groups(answer, view)
if pairs.open:
    with pairs:
        groups.pairs(answer, view)
if months.open:
    with months:
        groups.rates_over_time(answer, view)
if two.open:
    with two:
        spans = outcomes.windows(view, system.reference)
        if spans is not None:
            asked = {"first": spans[0], "second": spans[1], "within": view.slice, "favourable": wanted}
            both.compare_groups(ask(view, fairness_windows, system.key, **asked))
if people.open:
    with people:
        human_oversight.override_section(answer)
