"""What a page says while it shows the state before rows that have just arrived."""

from __future__ import annotations

import streamlit as st

from plumbline.store.workspace import Workspace
from plumbline.ui.parts import cards
from plumbline.ui.state import session
from plumbline.ui.state.cache import REFRESHES
from plumbline.ui.state.refresh import State
from plumbline.wording.language import phrase

#: seconds between two looks whether the new state is measured: fifty pages that turn at once hold each other up
LOOK = 10.0


def page_state(ws: Workspace, system: str = "", *, scratch: bool = False) -> State:
    """The state of a system that a page shows; of all systems without a key. Scratch is always the newest."""
    newest = ws.changes(system or None)
    if scratch:
        return State(newest)
    return REFRESHES.of(str(ws.path), system, newest).state(newest, session.OWN_CHANGE.get())


@st.fragment(run_every=LOOK)
def say_refresh(ws: Workspace, system: str, shown: State) -> None:
    """Say that newer rows are being measured; once they are, the page runs anew."""
    state = page_state(ws, system)
    if state.changes.every > shown.changes.every:
        st.rerun()
    cards.note(
        phrase(
            "New rows have arrived. They are shown once they are measured; "
            "until then this page shows the log before them."
        )
    )
