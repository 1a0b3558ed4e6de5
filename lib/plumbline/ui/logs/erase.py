"""Erasing a person, or one decision, on the Logs page: asked twice, and the certificate to take away."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.data.erase import certificate, erase_person, sentences
from plumbline.domain import PlumblineError
from plumbline.logs.load.erase import ErasureResult
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase, screen_text

_BY = {
    "subject": screen_text("A person, by the value in the log"),
    "decision": screen_text("One decision, by its id"),
}


def section(view: View) -> None:
    """Ask whom, erase, and show the certificate of the last erasure."""
    result: ErasureResult | None = session.ERASED.get()
    if result is not None and view.system is not None and result.system == view.system.key:
        _certificate(result)
    if view.system is None:
        return
    with st.expander(phrase("Erase a person or a decision")):
        cards.note(
            phrase(
                "Rows, labels, explanations, comments and quarantine of this system go, and the "
                "counts are made anew. It cannot be taken back; a certificate without anything "
                "personal stays on the trail."
            )
        )
        with st.form("logs.erase", border=False, clear_on_submit=True):
            by = st.radio(
                phrase("Whom"),
                list(_BY),
                format_func=lambda by: localise(_BY[by]),
                horizontal=True,
                key="logs.erase.by",
            )
            value = st.text_input(
                phrase("Spelt as in the log"),
                max_chars=200,
                width=489,
                key="logs.erase.value",
                autocomplete="off",
            )
            sure = st.checkbox(phrase("Erase it for good"), key="logs.erase.sure")
            asked = permissions.submit(phrase("Erase"), permissions.OWNER)
        if not asked:
            return
        if not sure or not value.strip():
            st.markdown(cards.word("watch", phrase("Nothing was erased: give the value and tick the box.")))
            return
        try:
            result = erase_person(
                view.ws,
                view.system.key,
                actor=sign_in.actor(),
                subject=value if by == "subject" else None,
                decision_id=value if by == "decision" else None,
            )
        except PlumblineError as error:
            empty_states.show_error(error)
            return
    session.ERASED.set(result)
    session.RESULT.clear()
    st.rerun()


def _certificate(erased: ErasureResult) -> None:
    with st.container(border=True):
        first, *rest = sentences(erased)
        cards.section(phrase("Certificate of erasure"), first)
        for words in rest:
            st.markdown(escape(words))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                phrase("Download the certificate"),
                lambda: certificate(erased).encode(),
                mime="application/json",
                file_name=f"erasure-{erased.system}-{erased.keyed_hash[:12]}.json",
                on_click="ignore",
                icon=":material/download:",
            )
            st.button(phrase("Close"), key="logs.erase.close", on_click=session.ERASED.clear, type="tertiary")
