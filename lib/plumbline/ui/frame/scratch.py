"""Looking at a file without keeping it: a workspace of the tab alone, its badge, and the way to keep it after all."""

from __future__ import annotations

import streamlit as st

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import jobs, sign_in
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.state import session, session_files
from plumbline.ui.state import workspace as opened
from plumbline.wording.language import phrase

#: the bar's keys that mean another thing in another workspace
_CHOICES = (
    session.SYSTEM,
    session.WINDOW,
    session.FROM,
    session.TO,
    session.VERSION,
    session.WHERE,
    session.LEVEL,
)


def workspace() -> tuple[Workspace, bool]:
    """The workspace that this tab looks at, and whether it is scratch."""
    real = sign_in.workspace()
    if not session.SCRATCH.get():
        return real, False
    workspace = session_files.desk(real).scratch
    if workspace is None:  # thrown away in another run
        session.SCRATCH.clear()
        return real, False
    return workspace, True


def badge() -> None:
    """What the sidebar says on every page while a file is only looked at."""
    with st.container(border=True, gap="small"):
        st.markdown(cards.chip("watch", phrase("scratch")))
        cards.note(phrase("Nothing is kept. This file is deleted soon after you close or reload the tab."))
        st.button(
            phrase("Keep as a system"),
            key="scratch.keep",
            on_click=session.KEEPING.set,
            args=(True,),
            width="stretch",
            type=cards.leading_type(),
            disabled=jobs.is_load_running() or not sign_in.may(Access.ANALYST),
            help=phrase("Loads the same file with the same mapping into the workspace."),
        )
        st.button(
            phrase("Throw away"),
            key="scratch.drop",
            on_click=_drop,
            width="stretch",
            disabled=jobs.is_load_running(),
        )


def _drop() -> None:
    session_files.desk(opened.workspace()).clear()
    _leave()


def _leave() -> None:
    for key in (*_CHOICES, session.SCRATCH, session.RESULT, session.KEEPING):
        key.clear()


def load_for_good() -> None:
    """Load what is in scratch for good, where the person asked for it; the page is drawn anew from the workspace."""
    if not session.KEEPING.get():
        return
    session.KEEPING.clear()
    try:
        with st.spinner(phrase("Loading it into the workspace")):
            load = session_files.keep(sign_in.workspace(), actor=sign_in.actor())
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    _leave()
    if load is not None:
        session.RESULT.set(load)
        session.GO_TO.set(load.system)
    st.rerun()
