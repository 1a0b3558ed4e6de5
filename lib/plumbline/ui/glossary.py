"""The Glossary page: every word that the screens use, in one sentence, English or German, to be looked up."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from plumbline.ui.parts import cards, glossary
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.parts.glossary import Term
from plumbline.ui.state import session
from plumbline.wording.language import code, localise, phrase

ENGLISH, GERMAN = "English", "Deutsch"


def choose() -> Sequence[Term]:
    """The words that hold what is looked for, in either language; the link carries it."""
    wanted = st.text_input(
        phrase("Look up"),
        key=session.WORD.name,
        bind="query-params",
        placeholder=phrase("e.g. drift"),
        width=316,
    )
    sought = str(wanted or "").strip().casefold()
    return [term for term in glossary.terms() if sought in _text(term)]


def opening(terms: Sequence[Term]) -> str:
    """How many words are shown, of how many."""
    every = len(glossary.terms())
    if len(terms) == every:
        return phrase("{every} words that the pages use, each in a sentence or two.", every=every)
    return phrase("{some} of the {every} words that the pages use.", some=len(terms), every=every)


def _text(term: Term) -> str:
    return " ".join((term.name, term.says, term.german, term.german_says)).casefold()


def tables(terms: Sequence[Term]) -> None:
    """A table a section: the word, what it means, and the word of the other language."""
    german = code() == "de"
    for section in dict.fromkeys(term.section for term in terms):
        cards.section(localise(section, "glossary"))
        cards.table(
            [
                {
                    "Word": f"**{escape(term.german if german else term.name)}**",
                    "Meaning": prose(term.german_says if german else term.says),
                    ENGLISH if german else GERMAN: escape(term.name if german else term.german),
                }
                for term in terms
                if term.section == section
            ],
            alt=phrase("{section}: words and what they mean", section=localise(section, "glossary")),
        )
