"""A link in a message: the finding that it is about, and the button that acknowledges it."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.respond import links
from plumbline.domain import PlumblineError
from plumbline.ui.alerts import parts
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import prose
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase


def acknowledgement(view: View) -> None:
    """Where the page was opened by such a link: what it is about, and a button. Opening it changes nothing."""
    text = st.query_params.get(links.PARAMETER)
    if not text:
        return
    try:
        link = links.resolve_link(view.ws, text)
    except PlumblineError as error:
        st.warning(prose(empty_states.error_sentence(error)))
        return
    record = link.record
    with st.form("alerts.link", border=True):
        st.markdown(
            phrase("**Finding {id}** {sentence}", id=record.id, sentence=prose(record.finding.sentence))
        )
        parts.section(link.parts)
        cards.note(phrase("This link came with a message. It counts once."))
        by = signed_forms.signature("link", page="alerts")
        sent = permissions.submit(phrase("I have seen it"), permissions.ANALYST, type="primary")
    if not sent:
        return
    if not by.strip():
        st.error(phrase("This needs a name. Say who acknowledges it."))
        return
    try:
        links.acknowledge(view.ws, text, by=by.strip())
    except PlumblineError as error:
        st.error(prose(empty_states.error_sentence(error)))
        return
    signed_forms.sign(by.strip())
    del st.query_params[links.PARAMETER]
    st.rerun()
