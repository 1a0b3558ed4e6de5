"""What the model uses to decide, whether that has moved, and how many decisions are explained."""

import streamlit as st

from plumbline.ui import model_use, shell
from plumbline.ui.language import phrase
from plumbline.ui.parts import cards, empty_states

view = shell.view()
system = shell.chosen(view)

top = st.container()
found = model_use.answer(view, system.key)
with top:
    cards.opening(found.sentence, found.small)
if found.features:
    model_use.overall(found, view)
    model_use.attribution_drift(found)
    model_use.points(found, view.mode)
else:
    empty_states.show_empty_state(
        phrase("No contributions are known."),
        phrase("Log them beside each decision, or register the model file of the version on the Logs page."),
        empty_states.LOAD_A_LOG,
    )
model_use.coverage(found)
model_use.grouping(view, found)
