"""What the model uses to decide, whether that has moved, and how many decisions are explained."""

import streamlit as st

from plumbline.ui import cards, modeluse, shell, states

view = shell.view()
system = shell.chosen(view)

top = st.container()
found = modeluse.answer(view, system.key)
with top:
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
