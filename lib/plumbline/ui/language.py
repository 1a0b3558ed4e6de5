"""The language of the screens: which one a visitor reads, and how its texts are rendered.

The choice stands in the address (``?language=Deutsch``), so that a link carries it, and in the session. Without one
the browser's own language counts, where it is ours. Answers are kept in English and rendered where they are drawn, so
that a choice clears nothing; the command line, files of data and what goes on the trail stay English.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import streamlit as st

from plumbline.domain.messages import Message
from plumbline.report.language import language
from plumbline.report.translation import translate
from plumbline.ui.state import session
from plumbline.wording.language import SOURCE, Reader, address, code, in_language, phrase, screen_text

#: what a page asks for its texts with
__all__ = [
    "adapt",
    "catalogue_title",
    "chosen",
    "control_title",
    "in_language",
    "phrase",
    "reader",
    "screen_text",
    "settle",
    "switch",
]

#: language -> its own name
NAMES = {"en": "English", "de": "Deutsch"}
#: where the texts of the screens are; what the documents have an entry for is said as there
CATALOGUES = ("plumbline.ui", "plumbline.report")


def settle() -> None:
    """Write this run for its reader. To be called before any text is drawn."""
    address(reader(chosen()))


def chosen() -> str:
    """The language of this visitor: what the address or the session says, else the browser's, else English."""
    asked = st.session_state.get(session.LANGUAGE.name) or st.query_params.get(session.LANGUAGE.name)
    return next((code for code, name in NAMES.items() if name == asked), None) or _of_browser()


def _of_browser() -> str:
    code = str(st.context.locale or "").partition("-")[0].lower()
    return code if code in NAMES else SOURCE


def switch() -> None:
    """The switch in the sidebar."""
    with st.sidebar:
        st.segmented_control(
            "Language / Sprache",
            list(NAMES.values()),
            default=NAMES[chosen()],
            required=True,
            key=session.LANGUAGE.name,
            bind="query-params",
            label_visibility="collapsed",
        )


@cache
def reader(name: str) -> Reader:
    """A reader of the screens in a language."""
    if name == SOURCE:
        return Reader(SOURCE, str)
    speech = replace(language(name), catalogues=CATALOGUES)

    def render(text: str) -> str:
        return translate(text, speech) or str(text)

    return Reader(name, render)


def control_title(control: str, title: str) -> str:
    """The title of a control in the reader's language; ``title`` is its English one."""
    return catalogue_title("control", control, title)


def catalogue_title(section: str, key: str, title: str) -> str:
    """A title of the catalogue, of a control, condition, trigger, family, framework or subject of one."""
    return language(code()).title(section, key, title) if code() != SOURCE else title


def adapt(name: str, texts: Sequence[str]) -> list[str]:
    """The texts in the reader's language, and the same choice where session or address have it in another."""
    shown = [in_language(text) for text in texts]
    places = {reader(each).render(Message(text)): i for each in NAMES for i, text in enumerate(texts)}
    now = st.session_state.get(name) or st.query_params.get(name)
    if now in places and now not in shown:
        st.session_state[name] = shown[places[now]]
    return shown
