"""The pieces that pages share: opening sentence, verdict, status chip, figures, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from plumbline.charts.style import Mode, mark, status_word
from plumbline.governance.verdict import control_reason
from plumbline.ui.parts.escape import escape, prose
from plumbline.wording.language import localise


def mode() -> Mode:
    """Light or dark, as the reader's browser or menu has it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def leading_type() -> Literal["primary", "secondary"]:
    """The type of a page's leading button: filled in light, where its white text can be read; outlined in dark."""
    return "primary" if mode() == "light" else "secondary"


def note(words: str, help: str | None = None) -> None:
    """A quiet line: window, sample, zone, source. Streamlit's own caption is too pale on paper to be read."""
    st.markdown(f":small[:gray[{prose(words)}]]", help=help)


def opening(sentence: str, small: str = "", *, below: bool = False, help: str | None = None) -> None:
    """The finding as the page's one first heading, or ``below`` one; the line after it says window and zone."""
    st.markdown(f"{'##' if below else '#'} {prose(sentence)}", anchors=False)
    if small:
        note(small, help)


def section(title: str, small: str = "") -> None:
    """A heading inside a page, with an optional line below it."""
    st.markdown(f"## {escape(title)}", anchors=False)
    if small:
        note(small)


def chip(status: str, words: str = "") -> str:
    """A status as Markdown: shape, word and colour."""
    look = mark(status)
    return f":{look.markdown}-badge[{look.glyph} {escape(words or status_word(status))}]"


def word(status: str, words: str = "") -> str:
    """A status as quiet Markdown for tables: shape, word and colour without a ground."""
    look = mark(status)
    return f":{look.markdown}[{look.glyph}\u00a0{escape(words or status_word(status))}]"


#: what Markdown takes for an entry of a numbered list
_NUMBERED = re.compile(r"^(\d+)\.(?=\s)")
#: where the first clause of a finding ends, and of what stands in its brackets
_BRACKET = re.compile(r"\(([^();]*);[^()]*\)")
_CLAUSE = re.compile(r";\s|\s\(approved by |(?<=[a-z)])\.\s(?=[A-Z\d])")


def reason(words: str, longest: int = 260, *, clause: bool = False) -> str:
    """A scorecard's reason with the finding first and the control that it breaks behind it.

    ``clause``: only the finding's first clause, for a list of many.
    """
    reason = control_reason(words)
    if reason is None:
        return prose(first_sentence(words) if clause else words, longest)
    text = prose(first_sentence(reason.evidence) if clause else reason.evidence, longest)
    status = status_word(reason.status)
    return f"{text} {word(reason.status, f'{reason.control} {status}')}"


def first_sentence(finding: str) -> str:
    """What a finding says first, in the reader's language, without what only an analyst reads in its brackets."""
    text = localise(finding)
    return _CLAUSE.split(_BRACKET.sub(r"(\1)", text), maxsplit=1)[0].rstrip(".") + "."


def first_clause(words: str) -> str:
    """What a sentence says before it explains itself, in the reader's language."""
    return localise(words).partition(": ")[0].rstrip(".") + "."


def glyph(status: str) -> str:
    """A status as bare text, for cells that show no Markdown."""
    look = mark(status)
    return f"{look.glyph} {status_word(status)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number with its name, and what makes it worth believing: interval, n or window."""

    name: str
    value: str
    note: str = ""
    status: str = ""
    help: str | None = None
    word: str = ""  # instead of the status's own


#: the page is one measure wide, in pixels; so many cards of so much stand side by side in it and wrap below
MEASURE = 1008
GRID = {1: MEASURE, 2: 489, 3: 316, 4: 229, 5: 177, 6: 143}


def row(n: int, *, border: bool = False, inside: bool = False) -> Iterator[Any]:
    """``n`` equal places side by side; on a narrow screen they wrap. ``inside`` a card they are smaller."""
    width = GRID[n + 1 if inside else n]
    with st.container(horizontal=True, gap="medium"):
        places = [st.container(width=width, border=border, height="stretch", gap="xsmall") for _ in range(n)]
    yield from places


def figures(items: Sequence[Figure], *, inside: bool = False) -> None:
    """Numbers side by side, each with its note below it."""
    for place, item in zip(row(len(items), inside=inside), items, strict=True):
        with place:
            note(item.name, item.help)
            st.markdown(f"## {escape(item.value)}", anchors=False)
            if item.status:
                st.markdown(chip(item.status, item.word))
            if item.note:
                note(item.note)


def _plain_start(cell: object) -> object:
    """A cell that begins with a German day, ``10. Juni``, is no numbered list."""
    return _NUMBERED.sub(r"\1\\.", cell) if isinstance(cell, str) else cell


def table(rows: Iterable[Mapping[str, object]], *, alt: str, height: int | None = None) -> None:
    """A printed table whose cells are Markdown made by ``word`` or ``escape``; headers are our own English words.

    It scrolls inside itself past ``height`` pixels.
    """
    import pandas as pd

    cells = [{name: _plain_start(cell) for name, cell in row.items()} for row in rows]
    frame = pd.DataFrame(cells).rename(columns=localise)
    st.table(frame, border="horizontal", hide_index=True, alt=alt, height=height or "content")


def ordered_list(items: Sequence[str]) -> None:
    """Up to a handful of sentences as a numbered list."""
    st.markdown("\n".join(f"{i}. {prose(item)}" for i, item in enumerate(items, 1)))
