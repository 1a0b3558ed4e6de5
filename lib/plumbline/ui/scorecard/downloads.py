"""Handing out a system's report and evidence pack: made when asked for, and recorded on the trail."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from plumbline.report.issue import issue
from plumbline.report.language import LANGUAGES, language
from plumbline.ui.frame import sign_in
from plumbline.ui.state.view import View
from plumbline.wording.language import code, in_language, phrase, screen_text

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
WIDTH = 200  # of the buttons, in pixels


def downloads(view: View, key: str) -> None:
    """The two documents in the chosen language. Building starts at the click, outside the page's run."""
    chosen = st.segmented_control(
        phrase("Documents in"),
        LANGUAGES,
        default=code(),
        required=True,
        key="scorecard.language",
        format_func=lambda c: str(language(c).texts["name"]),
        label_visibility="collapsed",  # a line more would push the next steps below the first screen
    )
    for ending, (label, mime, purpose) in LABELS.items():
        st.download_button(
            in_language(label),
            data=_maker(view, key, ending, str(chosen)),
            file_name=f"plumbline-{key}{ending}",
            mime=mime,
            on_click="ignore",
            key=f"scorecard.download{ending}",
            width=WIDTH,
            help=in_language(purpose),
            icon=":material/download:",
        )


def _maker(view: View, key: str, ending: str, language_code: str) -> Callable[[], bytes]:
    actor = sign_in.actor()
    return lambda: issue(view.ws, key, ending, language_code=language_code, actor=actor).content
