"""What has shifted since the reference, and how likely it is to hurt."""

import streamlit as st

from plumbline.answers.drift import drift, feature
from plumbline.ui import cards, drifts, sentences, shell, states
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

if system.reference is None:
    states.empty(
        "There is no healthy span to compare with yet.",
        "Load more decisions, or mark a log as the reference when you load it.",
        states.LOAD_A_LOG,
    )
    st.stop()

top = st.container()
method = drifts.method()
answer = ask(
    view,
    drift,
    system.key,
    window=(view.start, view.end),
    methods=(method,),
    by=view.chunk,
    version=view.version,
    where=view.where,
)
with top:
    cards.opening(answer.sentence, sentences.drift(answer, view))

drifts.over_time(answer, view.mode)
drifts.ranking(answer)

cards.section("One feature, then and now")
chosen = drifts.choose(answer)
if chosen is not None:
    found = ask(view, feature, system.key, chosen, window=answer.window, version=view.version)
    drifts.one(found, view.mode)
