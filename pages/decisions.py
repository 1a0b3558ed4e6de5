"""Find a decision, and see why it came out as it did."""

import streamlit as st

from plumbline.answers.decisions.context import context
from plumbline.ui import shell
from plumbline.ui.decisions import context as beside
from plumbline.ui.decisions import explanation, finder, record, record_trials, what_if
from plumbline.ui.language import phrase
from plumbline.ui.notes import comments
from plumbline.ui.parts import cards, openings
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
decision_id = finder.selected_id()
told = explanation.explanation(view, system.key, decision_id) if decision_id else None
with top:
    if told is not None:
        cards.opening(explanation.sentence(told))
        explanation.provenance(told)
    else:
        cards.opening(phrase("Choose a decision to see why it came out as it did."), openings.window(view))
if told is not None:
    found = ask(view, context, system.key, decision_id)
    beside.outcome(found)
    part = explanation.part()
    if part == "Why":
        pictured = explanation.decision(view, system.key, told)
        explanation.reasons(view, told, found)
        beside.contributions(pictured, found)
    elif part == "What would have changed it":
        what_if.counterfactual_section(view, found, decision_id)
    elif part == "Try other values":
        what_if.what_if_section(view, found, decision_id)
    elif part == "Similar decisions":
        beside.similar_decisions(found)
    else:
        beside.logged_values(found)
        record.downloads(view, system.key, told)
        comments.panel(view, system.key, told.decision_id)
        record_trials.panel(view, system.key)
    record.settings(view, found)

cards.section(phrase("Decisions"))
finder.decision_list(view, system.key)
