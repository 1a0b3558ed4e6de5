"""What the model uses to decide, whether that has moved, and how many decisions are explained."""

import streamlit as st

from plumbline.answers.modeluse import model_use
from plumbline.ui import cards, modeluse, shell, states
from plumbline.ui.ask import ask

view = shell.view()
system = shell.chosen(view)

with st.spinner(
    "Explaining a random sample. A version without contributions or model file takes some seconds."
):
    found = ask(
        view, model_use, system.key, version=view.version, window=(view.start, view.end), by=view.chunk
    )
cards.opening(found.sentence, found.small)
if found.features:
    modeluse.overall(found, view.mode)
    modeluse.moved(found)
    modeluse.points(found, view.mode)
else:
    states.empty(
        "No contributions are known.",
        "Log them beside each decision, or register the model file of the version on the Logs page.",
        states.LOAD_A_LOG,
    )
modeluse.coverage(found)
modeluse.grouping(view, found)
