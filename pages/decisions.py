"""Find a decision, and see why it came out as it did."""

import streamlit as st

from plumbline.answers.explain import global_importance
from plumbline.ui import cards, explained, finder, sentences, shell
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
    explained.decision(told, view.mode)
    explained.record(view, system.key, told)

cards.section("Decisions")
found = finder.page(view, system.key, *finder.chosen(view, finder.columns(view, system.key)))
if found is not None:
    finder.table(found)

if st.toggle("Show what the model uses most", key="decisions.overall"):
    with st.spinner("Explaining a random sample of decisions."):
        overall = ask(view, global_importance, system.key, view.version)
    explained.overall(overall, view.mode)
