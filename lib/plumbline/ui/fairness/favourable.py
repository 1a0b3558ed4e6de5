"""Which decision people want, which the Fairness page reads groups by: chosen here, and stated by the owner."""

from __future__ import annotations

import streamlit as st

from plumbline.answers import statements
from plumbline.answers.fairness.favourable import reading_of
from plumbline.domain import System
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase


def favourable_choice(view: View, system: System) -> str | None:
    """The class that people want; the link carries it. Where nobody says and no name tells, the page asks."""
    if len(system.classes) < 2:
        return None
    read = ask(view, reading_of, system.key)
    stated = read.source != "assumed"
    options = (
        [read.wanted, *(c for c in system.classes if c != read.wanted)] if stated else list(system.classes)
    )
    choice = st.selectbox(
        phrase("What people want"),
        options,
        index=0 if stated else None,
        key=session.FAVOURABLE.name,
        bind="query-params",
        width=316,
        format_func=one_line,
        placeholder=phrase("Which decision is good for the person?"),
        help=phrase("The decision that is good for the person. Ratios are of how often a group gets it."),
    )
    if not stated and choice is None:
        cards.note(
            phrase(
                "Nobody states which decision people want, and no name tells: no group can be called wronged."
            )
        )
    if choice and choice != system.settings.favourable and (not stated or choice != read.wanted):
        _keep(view, system, str(choice))
    return str(choice) if choice else None


def _keep(view: View, system: System, wanted: str) -> None:
    """An owner's word on it, which the scorecard reads too."""
    with st.form("fairness.favourable", border=False):
        by = signed_forms.signature("favourable", page="fairness")
        submitted = permissions.submit(
            phrase("State that people want {wanted}", wanted=escape(wanted, 40)), permissions.OWNER
        )
    if submitted:
        signed_forms.sign(by)
        statements.change_settings(view.ws, system.key, {"favourable": wanted}, by=by or session.LOCAL)
        st.rerun()
