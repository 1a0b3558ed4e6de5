"""How right the system is over time, and since when it is not."""

import streamlit as st

from plumbline.answers.performance import performance
from plumbline.answers.releases import history
from plumbline.ui import cards, sentences, series, shell, states
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

top = st.container()
bar = series.bar()
by_version, estimated = series.split(bar)
answer = ask(
    view,
    performance,
    system.key,
    window=view.slice,
    by=view.chunk,
    by_version=by_version,
    estimated=estimated,
)
with top:
    cards.opening(answer.sentence, sentences.window(view, f"by {answer.by}"))
    if answer.retraining:
        cards.note(answer.retraining)

if not answer.labelled and not any(p.value is not None for p in answer.points):
    states.empty(
        "No outcomes are known for these decisions.",
        "Load a labels file: two columns, the decision id and what turned out to be true.",
        states.LOAD_A_LOG,
    )
    st.stop()

metric = series.choose(answer, bar)
series.figures(answer, metric)
series.large(answer, metric, view.mode, ask(view, history, system.key))

cards.section("Every value", "Newest first. A breach is large enough to matter and more than chance.")
series.table(answer.of(metric))

cards.section("Other metrics")
series.small(answer, metric, view.mode)
