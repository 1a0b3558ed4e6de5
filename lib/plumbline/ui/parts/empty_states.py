"""Empty, failed and broken: what a page shows when it has nothing to show, always with the next step."""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from plumbline.domain import PlumblineError
from plumbline.store.locations import app_folder
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.state.links import encode_link
from plumbline.wording.language import localise, phrase, screen_text

PAGES = app_folder() / "pages"
#: the part of a sentence, or a whole one, that names options of the command line, in each language
_TERMINAL = re.compile(r"[;,] (?:in a terminal|im Terminal): [^.]{0,200}")
_OPTION = re.compile(r" --[a-z]")


@dataclass(frozen=True, slots=True)
class NextPage:
    """A page to go to next, by file name, and the words of the link."""

    page: str
    words: str


LOAD_A_LOG = NextPage("logs", screen_text("Load a log"))


def link(step: NextPage, query: dict[str, str] | None = None) -> None:
    """A link to a page that keeps the bar's choice but for what ``query`` says.

    ``page_link``, never ``switch_page``: that one refuses where widgets are bound to the query string.
    """
    st.page_link(
        PAGES / f"{step.page}.py",
        label=localise(step.words),
        icon=":material/arrow_forward:",
        query_params=encode_link(query),
    )


def show_empty_state(sentence: str, todo: str, *steps: NextPage) -> None:
    """There is nothing here yet: why, what to do, and where."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"## {escape(sentence)}", anchors=False)
        st.markdown(prose(todo))
        for step in steps:
            link(step)


def strip_commands(todo: str) -> str:
    """What to do, without what is typed in a terminal."""
    kept = _TERMINAL.sub("", todo)
    return ". ".join(part for part in kept.split(". ") if not _OPTION.search(part)).strip()


def show_error(error: PlumblineError) -> None:
    """An error that we raised: what is wrong, where, and what to do, in the reader's language."""
    where = f" ({escape(error.where)})" if error.where else ""
    todo = strip_commands(localise(error.todo))
    st.error(
        f"**{escape(localise(error.what))}**{where}" + (f"\n\n{escape(todo)}" if todo else ""),
        icon=":material/error:",
    )


def error_sentence(error: PlumblineError) -> str:
    """The same as one line of text."""
    what = localise(error.what)
    where = f" ({error.where})" if error.where else ""
    ending = "" if what.endswith(("?", "!", ".")) and not where else "."
    return " ".join(f"{what}{where}{ending} {strip_commands(localise(error.todo))}".split())


def broken(reference: str) -> None:
    """An error that nobody foresaw: nothing of it is shown but a number to find it by."""
    st.error(
        phrase(
            "**This page could not be drawn.** Your data is safe: nothing is written half.\n\n"
            "Reload the page. If it happens again, give this number to whoever runs the server: "
            "`{reference}`. The server's log has the details beside it.",
            reference=reference,
        ),
        icon=":material/error:",
    )


def show_missing_shell() -> None:
    """A page that was opened without the shell: it has no system to show."""
    st.error(phrase("This page was opened outside of Plumbline's frame. Open the start page instead."))
    st.markdown(phrase("[Open the start page](/)"))
