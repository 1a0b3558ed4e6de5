"""The words of all pages, each in one sentence, in English and in German."""

import streamlit as st

from plumbline.ui import glossary, shell
from plumbline.ui.language import phrase
from plumbline.ui.parts import cards, empty_states

view = shell.view()

top = st.container()
terms = glossary.choose()
with top:
    cards.opening(glossary.opening(terms))
if terms:
    glossary.tables(terms)
else:
    empty_states.show_empty_state(
        phrase("No word holds this."), phrase("Look for a part of it, in English or in German.")
    )
