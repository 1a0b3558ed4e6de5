"""Whether groups are treated alike, and who has the last word."""

import streamlit as st

from plumbline.answers.fairness import fairness
from plumbline.answers.fairness_windows import fairness_windows
from plumbline.ui import cards, fairnesses, oversights, sentences, session, shell, states, tallies
from plumbline.ui import fairness_windows as both
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
wanted = fairnesses.favourable(view, system) if system.positive is not None else None
answer = ask(view, fairness, system.key, window=view.slice, favourable=wanted)
with top:
    cards.opening(answer.sentence, sentences.window(view))
    if answer.selected:
        cards.note(answer.selected)

if answer.why_not:
    states.empty(
        "Nothing to compare",
        "Map a column as protected:NAME when you load the log (it may be a feature as well): rates and errors are then "
        "compared by its groups."
        if system.positive is not None
        else "Of numbers and of more than two classes, see errors by group under Segments on Accuracy.",
        states.Step("logs", "Map a protected attribute")
        if system.positive is not None
        else states.Step("accuracy", "Errors by segment"),
    )
    oversights.last_word(answer)
    st.stop()

fairnesses.figures(answer)
fairnesses.small(answer)
alike, pairs, months, two, people = st.tabs(
    ["Groups", "Intersections", "Over time", "Two windows", "Who has the last word"],
    key=session.SECTION.name,
    on_change="rerun",
    bind="query-params",
)
if alike.open:
    with alike:
        fairnesses.groups(answer, view)
if pairs.open:
    with pairs:
        fairnesses.pairs(answer, view)
if months.open:
    with months:
        fairnesses.over_time(answer, view.mode)
if two.open:
    with two:
        spans = tallies.windows(view, system.reference)
        if spans is not None:
            asked = {"first": spans[0], "second": spans[1], "within": view.slice, "favourable": wanted}
            both.compared(ask(view, fairness_windows, system.key, **asked))
if people.open:
    with people:
        oversights.last_word(answer)
