"""The hosts and folders that the pages may read, on the Governance page: owners list them."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.governance import places as register
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase


def section(view: View) -> None:
    """What is listed and by whom, a new place, and leaving one out."""
    with st.expander(phrase("Places that the pages may read")):
        places, machine = register.owner_places(view.ws), register.operator_places()
        for place in machine:
            bound = phrase(", with {credentials}", credentials=", ".join(place.bound)) if place.bound else ""
            st.markdown(
                escape(
                    phrase("{text}: listed by the machine's operator{bound}", text=place.text, bound=bound)
                )
            )
        for place in places:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(escape(place.text))
                if permissions.button(
                    phrase("Leave it out"),
                    permissions.OWNER,
                    key=f"governance.place.{place.text}",
                    type="tertiary",
                ):
                    register.remove_place(view.ws, place.text, by=sign_in.actor())
                    st.rerun()
        if not places and not machine:
            cards.note(phrase("None yet."))
        with st.form("governance.place", border=False, clear_on_submit=True):
            text = st.text_input(
                phrase("Host with its port, or folder"),
                key="governance.place.text",
                max_chars=300,
                placeholder="mlflow.example:5000",
            )
            by = signed_forms.signature("place")
            saved = permissions.submit(phrase("List it"), permissions.OWNER)
        if saved:
            signed_forms.sign(by)
            register.list_place(view.ws, text or "", by=by)
            st.rerun()
