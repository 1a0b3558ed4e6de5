"""The Glossary page: every word that the screens use, in one sentence, English or German, to be looked up."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.ui.parts import cards, glossary
from plumbline.ui.parts.escape import plain, prose
from plumbline.ui.parts.glossary import Term
from plumbline.ui.state import session

ENGLISH, GERMAN = "English", "Deutsch"


def choose() -> tuple[str, Sequence[Term]]:
    """The language to read in, and the words that hold what is looked for; the link carries both."""
    german = str(st.context.locale or "").lower().startswith("de")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        wanted = st.text_input(
            "Look up", key=session.WORD.name, bind="query-params", placeholder="e.g. drift", width=316
        )
        language = st.segmented_control(
            "Language",
            (ENGLISH, GERMAN),
            default=GERMAN if german else ENGLISH,
            required=True,
            key=session.LANGUAGE.name,
            bind="query-params",
        )
    sought = str(wanted or "").strip().casefold()
    found = [term for term in glossary.terms() if sought in _text(term)]
    return str(language), found


def opening(terms: Sequence[Term]) -> str:
    """How many words are shown, of how many."""
    every = len(glossary.terms())
    if len(terms) == every:
        return f"{every} words that the pages use, each in a sentence or two."
    return f"{len(terms)} of the {every} words that the pages use."


def _text(term: Term) -> str:
    return " ".join((term.name, term.says, term.german, term.german_says)).casefold()


def tables(language: str, terms: Sequence[Term]) -> None:
    """A table a section: the word, what it means, and the word of the other language."""
    for section in dict.fromkeys(term.section for term in terms):
        cards.section(section)
        cards.table(
            [
                {
                    "Word": f"**{plain(term.name if language == ENGLISH else term.german)}**",
                    "Meaning": prose(term.says if language == ENGLISH else term.german_says),
                    GERMAN if language == ENGLISH else ENGLISH: plain(
                        term.german if language == ENGLISH else term.name
                    ),
                }
                for term in terms
                if term.section == section
            ],
            alt=f"{section}: words and what they mean",
        )
