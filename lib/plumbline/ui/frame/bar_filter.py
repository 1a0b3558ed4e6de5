"""The bar's filter: decisions of one value or range of a column, and of a second one once there is a first."""

from __future__ import annotations

import streamlit as st

from plumbline.domain.decisions import bare_name
from plumbline.profile.scope import number_range
from plumbline.ui.frame.choices import Choices, levels, note_absent_choice
from plumbline.ui.parts import cards, filters
from plumbline.ui.parts.escape import escape, one_line
from plumbline.ui.state import links, session
from plumbline.ui.state.links import EVERYTHING
from plumbline.ui.state.view import View
from plumbline.wording.language import localise, phrase, screen_text
from plumbline.wording.names import say_level

MISSING = screen_text("(missing)")  # how a link asks for decisions that lack the value
PANEL = 300

Where = tuple[tuple[str, str], ...]
_LABELS = (screen_text("Filter"), screen_text("And"))
#: the same in the sentence that a link asks for what is not here
_ASKED = (screen_text("filter", "link"), screen_text("and", "link"))
_PAIRS = ((session.WHERE, session.LEVEL), (session.WHERE_TOO, session.LEVEL_TOO))


def choose(view: View, offered: Choices, absent: list[str]) -> Where:
    """What the page is narrowed to, at most two conditions; ``absent``: see ``note_absent_choice``."""
    columns = (*offered.columns, *offered.numeric)
    if not columns:
        return ()
    _settle(view, columns, offered, absent)
    words = _present(view, columns, offered)
    with (
        st.popover(words or localise(EVERYTHING), key="bar.filter"),
        st.container(width=PANEL, gap="small"),
    ):
        first = _filter_pair(view, columns, offered, 0)
        if first is None:
            return ()
        left = tuple(c for c in columns if c != first[0])
        second = _filter_pair(view, left, offered, 1)
        return (first, second) if second else (first,)


def say(where: Where) -> str:
    """``region = north, age = 30 to below 40``."""
    return ", ".join(f"{bare_name(column) or column} = {say_level(value)}" for column, value in where)


def query(where: Where) -> dict[str, str]:
    """The conditions as an address has them."""
    asked: dict[str, str] = {}
    for (column_key, level_key), (column, value) in zip(_PAIRS, where, strict=False):
        asked |= {column_key.name: column, level_key.name: value or MISSING}
    return asked


def _settle(view: View, columns: tuple[str, ...], offered: Choices, absent: list[str]) -> None:
    """Drop each condition that the log cannot keep, and the one after it, before the widgets are drawn.

    A select box falls to its first entry where its value is not listed: a filter that nobody chose.
    """
    left = columns
    for place, (column_key, level_key) in enumerate(_PAIRS):
        note_absent_choice(column_key.name, [EVERYTHING, *left], _ASKED[place], absent)
        column = links.present_choice(column_key.name, left, "")
        if column in offered.columns:
            levels_known = [*_levels(view, column), MISSING]
            level = st.session_state.get(level_key.name)
            note_absent_choice(level_key.name, levels_known, screen_text("value", "link"), absent)
            # empty: the reader chose its column a moment ago, and the first value with it
            chosen_now = level == "" and links.link_value(column_key.name) is None
            if level not in levels_known and not chosen_now:
                column = ""
        if not column:
            for key, _ in _PAIRS[place:]:
                if key.name in st.session_state:
                    key.set(EVERYTHING)
            return
        left = tuple(c for c in left if c != column)


def _present(view: View, columns: tuple[str, ...], offered: Choices) -> str:
    """What the widgets will say in this run, as Markdown."""
    conditions: list[tuple[str, str]] = []
    for column_key, level_key in _PAIRS:
        column = links.present_choice(column_key.name, columns, "")
        level = str(st.session_state.get(level_key.name) or "")
        if column in offered.columns and level != MISSING:
            known = _levels(view, column)
            level = level if level in known else next(iter(known), "")
        elif column in offered.numeric and level != MISSING and not _is_range(level.strip()):
            level = ""
        if not column or not level:
            break
        conditions.append((column, "" if level == MISSING else level))
    return f"**{escape(one_line(say(tuple(conditions)), 60))}**" if conditions else ""


def _filter_pair(
    view: View, columns: tuple[str, ...], offered: Choices, place: int
) -> tuple[str, str] | None:
    column_key, level_key = _PAIRS[place]
    name = level_key.name
    column = st.selectbox(
        localise(_LABELS[place]),
        [EVERYTHING, *columns],
        key=column_key.name,
        persist_state="session",
        format_func=lambda c: localise(c) if c == EVERYTHING else one_line(filters.title(c), 60),
        on_change=level_key.set,
        args=("",),
    )
    if column in (None, EVERYTHING):
        return None
    if column in offered.numeric:
        return _range(str(column), name)
    known = [*_levels(view, str(column))]
    if st.session_state.get(name) == MISSING:
        known.append(MISSING)
    if not known:
        cards.note(phrase("This column has no values."))
        return None
    level = st.selectbox(phrase("is"), known, format_func=_level_name, key=name, persist_state="session")
    return str(column), "" if level == MISSING else str(level)


def _level_name(level: str) -> str:
    return localise(level) if level == MISSING else level


def _levels(view: View, column: str) -> tuple[str, ...]:
    key = view.system.key if view.system else ""
    return levels(view.ws, str(view.ws.path), key, column, view.own.figures)


def _range(column: str, name: str) -> tuple[str, str] | None:
    """A range of a number, as links from a bar of a chart carry it."""
    text = st.text_input(
        phrase("is"),
        key=name,
        persist_state="session",
        placeholder=phrase("e.g. 30..40"),
        help=phrase(
            "From the first number to below the second; either may be left out. One number alone "
            "is that value."
        ),
    )
    value = str(text or "").strip()
    if not value:
        return None
    if value == MISSING:
        return column, ""
    if not _is_range(value):
        cards.note(phrase("This is no range of numbers; write 30..40."))
        return None
    return column, value


def _is_range(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return number_range(text) is not None
    return True
