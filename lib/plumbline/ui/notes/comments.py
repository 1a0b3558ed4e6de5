"""Comments beneath a decision: what was written, and the field for more."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.notes import decision_comments
from plumbline.domain import PlumblineError
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def panel(view: View, key: str, decision_id: str) -> None:
    """What people wrote beneath the decision, the oldest first, and a form to write more."""
    cards.section(
        phrase("Comments"), phrase("Kept with the decision, printed in its record, and erased with it.")
    )
    for comment in decision_comments.comments(view.ws, key, decision_id):
        with st.container(border=True, gap="xsmall"):
            cards.note(f"{comment.by}, {numbers.moment(comment.at)}")
            # one element, and two spaces for a line's end
            st.markdown("  \n".join(escape(line) or "&nbsp;" for line in comment.text.splitlines()))
    with st.form("decisions.comment", border=False, clear_on_submit=True):
        text = st.text_area(
            phrase("Write a comment"),
            key="decisions.comment.text",
            max_chars=decision_comments.LONGEST_TEXT,
            height=80,
        )
        by = signed_forms.signature("comment", page="decisions")
        saved = permissions.submit(phrase("Comment"), permissions.ANALYST)
    if not saved:
        return
    signed_forms.sign(by)
    try:
        decision_comments.comment(view.ws, key, decision_id, text or "", by=by or session.LOCAL)
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    st.rerun()
