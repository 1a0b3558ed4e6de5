"""Whether anybody who asks would get a decision's record: the last trial on a sample, and a button to try again."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.decisions.record_trials import SAMPLED, trial_sentence
from plumbline.domain import PlumblineError
from plumbline.report.record_trials import try_records
from plumbline.ui.frame import permissions, sign_in
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase


def panel(view: View, key: str) -> None:
    """The result of the last trial of this log, and the button."""
    cards.section(
        phrase("Would anybody who asks get one?"),
        phrase("The records of {sampled} sampled decisions are really made.", sampled=SAMPLED),
    )
    cards.note(ask(view, trial_sentence, key) or phrase("This log was not tried yet, so nobody knows."))
    if permissions.button(
        phrase("Make {sampled} records", sampled=SAMPLED), permissions.ANALYST, key="decisions.tried"
    ):
        try:
            with st.spinner(phrase("Making records. This takes some seconds.")):
                try_records(view.ws, key, actor=sign_in.actor())
        except PlumblineError as error:
            empty_states.show_error(error)
            return
        session.OWN_CHANGE.set(view.ws.change())
        st.rerun()
