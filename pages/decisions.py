"""Find a decision, and see why it came out as it did."""

import streamlit as st

from plumbline.answers.decision import context
from plumbline.ui import beside, cards, explained, finder, handout, sentences, shell, tried, whatif
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
decision_id = finder.asked()
told = explained.explanation(view, system.key, decision_id) if decision_id else None
with top:
    if told is not None:
        cards.opening(explained.sentence(told))
        explained.provenance(told)
    else:
        cards.opening("Choose a decision to see why it came out as it did.", sentences.window(view))
if told is not None:
    found = ask(view, context, system.key, decision_id)
    beside.outcome(found)
    part = explained.part()
    if part == "Why":
        pictured = explained.decision(view, system.key, told)
        explained.reasons(view, told, found)
        beside.contributions(pictured, found)
    elif part == "What would have changed it":
        whatif.changed(view, found, decision_id)
    elif part == "Try other values":
        whatif.try_other(view, found, decision_id)
    elif part == "Similar decisions":
        beside.similar(found)
    else:
        beside.logged(found)
        handout.downloads(view, system.key, told)
        tried.panel(view, system.key)
    handout.settings(view, found)

cards.section("Decisions")
finder.listing(view, system.key)
