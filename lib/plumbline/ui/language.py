"""The languages of the screens, and how their texts are rendered.

Answers are kept in English and rendered where they are drawn, so that a choice clears nothing; the command line, files
of data and what goes on the trail stay English. Which language a visitor reads: ``frame/reading_language.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import streamlit as st

from plumbline.domain.messages import Message
from plumbline.report.language import language
from plumbline.report.translation import translate
from plumbline.wording.language import SOURCE, Reader, code, localise, phrase, screen_text

#: what a page asks for its texts with
__all__ = [
    "adapt",
    "catalogue_title",
    "control_title",
    "localise",
    "phrase",
    "reader",
    "screen_text",
]

#: language -> its own name
NAMES = {"en": "English", "de": "Deutsch"}
#: where the texts of the screens are; what the documents have an entry for is said as there
CATALOGUES = ("plumbline.ui", "plumbline.report")


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
    shown = [localise(text) for text in texts]
    places = {reader(each).render(Message(text)): i for each in NAMES for i, text in enumerate(texts)}
    now = st.session_state.get(name) or st.query_params.get(name)
    if now in places and now not in shown:
        st.session_state[name] = shown[places[now]]
    return shown
