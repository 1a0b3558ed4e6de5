"""What only people can say: context, attestations, exemptions."""

import streamlit as st

from plumbline.answers import promises
from plumbline.ui import cards, costs, forms, sentences, shell, tables

view = shell.view()
system = shell.chosen(view)

stated = promises.statements(view.ws, system.key)
cards.opening(*sentences.context(stated, forms.today()))

context, attestations, exemptions, money = st.tabs(
    [
        "Context",
        f"Attestations ({len(stated.attestations)})",
        f"Exemptions ({len(stated.exemptions)})",
        "Costs",
    ],
    key="governance.tab",
)

with context:
    answered = forms.context(stated)
    if answered is not None:
        changed, by = answered
        promises.save_context(view.ws, system.key, changed, by=by)
        st.rerun()

with attestations:
    cards.note(
        "A dated statement by a named person. It never outvotes what the log shows, and ends on its date."
    )
    if stated.attestations:
        tables.attestations(stated.attestations, forms.today())
    with st.expander("New attestation", expanded=not stated.attestations):
        claim = forms.attestation(stated)
    if claim is not None:
        promises.attest(view.ws, claim)
        st.rerun()

with exemptions:
    cards.note(
        "An exempt control lifts the verdict to MANAGED at most, and counts again the day after it ends."
    )
    if stated.exemptions:
        tables.exemptions(stated.exemptions, forms.today())
    with st.expander("New exemption", expanded=not stated.exemptions):
        granted = forms.exemption(stated)
    if granted is not None:
        promises.exempt(view.ws, granted)
        st.rerun()

with money:
    worth = costs.form(system)
    if worth is not None:
        settings, by = worth
        promises.change_settings(view.ws, system.key, settings, by=by)
        st.rerun()
