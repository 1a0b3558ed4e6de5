"""The bar's filter: decisions of one value or range of a column, and of a second one once there is a first."""

from __future__ import annotations

import streamlit as st

from plumbline.domain.decisions import bare_name
from plumbline.profile.scope import number_range
from plumbline.ui.frame.choices import Choices, levels, missing
from plumbline.ui.parts import cards, filters
from plumbline.ui.parts.escape import one_line, plain
from plumbline.ui.state import links, session
from plumbline.ui.state.links import EVERYTHING
from plumbline.ui.state.view import View
from plumbline.wording.names import say_level

MISSING = "(missing)"  # how a link asks for decisions that lack the value
PANEL = 300

Where = tuple[tuple[str, str], ...]
_PAIRS = ((session.WHERE, session.LEVEL), (session.WHERE_TOO, session.LEVEL_TOO))


def choose(view: View, offered: Choices, absent: list[str]) -> Where:
    """What the page is narrowed to, at most two conditions; ``absent``: see ``missing``."""
    columns = (*offered.columns, *offered.numeric)
    if not columns:
        return ()
    words = _present(view, columns, offered)
    with (
        st.popover(words or EVERYTHING, key="bar.filter"),
        st.container(width=PANEL, gap="small"),
    ):
        first = _one(view, columns, offered, 0, absent)
        if first is None:
            return ()
        left = tuple(c for c in columns if c != first[0])
        second = _one(view, left, offered, 1, absent)
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


def _present(view: View, columns: tuple[str, ...], offered: Choices) -> str:
    """What the widgets will say in this run, as Markdown."""
    rows_present: list[tuple[str, str]] = []
    for column_key, level_key in _PAIRS:
        column = links.present(column_key.name, columns, "")
        if not column or (rows_present and rows_present[-1][0] == column):
            break
        level = st.session_state.get(level_key.name)
        if column in offered.columns and not level:  # the select box will begin with its first entry
            level = next(iter(_levels(view, column)), None)
        if level:
            rows_present.append((column, "" if level == MISSING else str(level)))
    return f"**{plain(one_line(say(tuple(rows_present)), 60))}**" if rows_present else ""


def _one(
    view: View, columns: tuple[str, ...], offered: Choices, place: int, absent: list[str]
) -> tuple[str, str] | None:
    column_key, level_key = _PAIRS[place]
    name, options = level_key.name, [EVERYTHING, *columns]
    label = ("Filter", "And")[place]
    missing(column_key.name, options, label.lower(), absent)
    column = st.selectbox(
        label,
        options,
        key=column_key.name,
        persist_state="session",
        format_func=lambda c: c if c == EVERYTHING else one_line(filters.title(c), 60),
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
        cards.note("This column has no values.")
        return None
    missing(name, known, "value", absent)
    level = st.selectbox("is", known, key=name, persist_state="session")
    return str(column), "" if level == MISSING else str(level)


def _levels(view: View, column: str) -> tuple[str, ...]:
    key = view.system.key if view.system else ""
    return levels(view.ws, str(view.ws.path), key, column, view.own)


def _range(column: str, name: str) -> tuple[str, str] | None:
    """A range of a number, as links from a bar of a chart carry it."""
    text = st.text_input(
        "is",
        key=name,
        persist_state="session",
        placeholder="e.g. 30..40",
        help="From the first number to below the second; either may be left out. One number alone is that value.",
    )
    value = str(text or "").strip()
    if not value:
        return None
    if value == MISSING:
        return column, ""
    if number_range(value) is None and not _is_number(value):
        cards.note("This is no range of numbers; write 30..40.")
        return None
    return column, value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
