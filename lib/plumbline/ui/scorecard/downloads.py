"""Handing out a system's report and evidence pack: made when asked for, and recorded on the trail."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.report.issue import issue
from plumbline.report.language import language_names
from plumbline.ui.frame import sign_in
from plumbline.ui.parts.document_language import document_language
from plumbline.ui.state.view import View
from plumbline.wording.language import code, localise, screen_text

#: ending -> label, kind of file, what it is for
LABELS = {
    ".pdf": (
        screen_text("Report (PDF)"),
        "application/pdf",
        screen_text("For a reader. Its hash goes on the trail."),
    ),
    ".zip": (
        screen_text("Evidence pack (ZIP)"),
        "application/zip",
        screen_text("For an auditor. Its hash goes on the trail."),
    ),
}


def downloads(view: View, key: str) -> None:
    """The two documents in the chosen language. Building starts at the click, outside the page's run."""
    with st.container(horizontal=True, width="content", gap="small"):
        chosen = document_language(language_names(), default=code(), key="scorecard.language")
        for ending, (label, mime, purpose) in LABELS.items():
            st.download_button(
                localise(label),
                data=_maker(view, key, ending, chosen),
                file_name=f"plumbline-{key}{ending}",
                mime=mime,
                on_click="ignore",
                key=f"scorecard.download{ending}",
                help=localise(purpose),
                icon=":material/download:",
            )


def _maker(view: View, key: str, ending: str, language_code: str) -> Callable[[], bytes]:
    actor = sign_in.actor()
    return lambda: issue(view.ws, key, ending, language_code=language_code, actor=actor).content
