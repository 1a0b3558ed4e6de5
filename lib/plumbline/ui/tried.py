"""Whether anybody who asks would get a decision's record: the last trial on a sample, and a button to try again."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.issuing import SAMPLED, tried
from plumbline.domain import PlumblineError
from plumbline.report.tried_records import try_records
from plumbline.ui import cards, rights, session, states
from plumbline.ui.ask import ask
from plumbline.ui.view import View


def panel(view: View, key: str) -> None:
    """The result of the last trial of this log, and the button."""
    cards.section(
        "Would anybody who asks get one?", f"The records of {SAMPLED} sampled decisions are really made."
    )
    cards.note(ask(view, tried, key) or "This log was not tried yet, so nobody knows.")
    if rights.button(f"Make {SAMPLED} records", rights.ANALYST, key="decisions.tried"):
        try:
            with st.spinner("Making records. This takes some seconds."):
                try_records(view.ws, key, actor=session.ACTOR.get() or session.LOCAL)
        except PlumblineError as error:
            states.failed(error)
            return
        st.rerun()
