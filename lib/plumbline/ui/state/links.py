"""Links inside the app: how what a link asks for reaches widgets that are bound to the query string.

Streamlit lets a bound widget that is on screen outvote a link's query, so a link carries its query packed
in one parameter of its own, and the next run unpacks it before any widget is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from plumbline.ui.state import bar_link, session
from plumbline.wording.language import screen_text

GO = "go"
_OF_PAGES: tuple[session.Key[Any], ...] = (
    session.SYSTEM,
    session.METRIC,
    session.FEATURE,
    session.DECISION,
    session.SECTION,
    session.LINES,
    session.METHOD,
    session.AGAINST,
    session.SWITCH,
    session.ESTIMATED,
    session.FAVOURABLE,
    session.FILTERS,
    session.THEN_FROM,
    session.THEN_TO,
    *session.TWO_WINDOWS,
)
#: what a link may set; anything else in it is ignored
LINKED = frozenset(key.name for key in _OF_PAGES) | frozenset(bar_link.CHOICES)
_DAYS = tuple(
    key.name for key in (session.FROM, session.TO, session.THEN_FROM, session.THEN_TO, *session.TWO_WINDOWS)
)
#: the bar's word for no filter
EVERYTHING = screen_text("No filter")


def encode_link(query: Mapping[str, str] | None) -> dict[str, str] | None:
    """A query as one parameter."""
    return {GO: urlencode(query)} if query else None


#: what the link that led here asked for
_ASKED: ContextVar[dict[str, str]] = ContextVar("plumbline_asked", default={})  # noqa: B039 (never changed in place)


def link_value(name: str) -> str | None:
    """What the link that led here asked of a widget; None: nothing."""
    return _ASKED.get().get(name)


def present_choice(name: str, options: Sequence[str], default: str) -> str:
    """What a select box of the bar will say in this run, before it is drawn."""
    value = st.session_state.get(name)
    return str(value) if value in options else default


def unpack() -> None:
    """Give each widget what the link asks of it. To be called before any widget."""
    _ASKED.set(bar_link.seed() | _unpack())


def _unpack() -> dict[str, str]:
    text = st.query_params.get(GO)
    if text is None:
        return {}
    del st.query_params[GO]
    wanted = {name: value for name, value in parse_qsl(text, keep_blank_values=True) if name in LINKED}
    if session.WHERE.name in wanted and session.WHERE_TOO.name in st.session_state:
        wanted.setdefault(session.WHERE_TOO.name, EVERYTHING)  # a filter that a link sets replaces both
    if session.WINDOW.name in wanted:
        for name in bar_link.DAYS:
            if name not in wanted:  # open at that end: an earlier day of the session is not the link's
                st.session_state[name] = None
    for name, text in wanted.items():
        value = parse_widget_text(name, text)
        if value is None and text:
            continue
        if name not in st.session_state and name not in bar_link.CHOICES:
            if not value:
                continue
            # a bound widget that is not on screen yet begins with it
            st.query_params[name] = value if isinstance(value, list) else text
        st.session_state[name] = value
    return wanted


def widget_text(value: object) -> str:
    """What a widget says, as a link has it: days as ISO, several values one a line; empty: nothing is chosen."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "\n".join(str(item) for item in value)
    return str(value or "")


def parse_widget_text(name: str, text: str) -> object:
    """The value for a widget that ``widget_text`` wrote; None where no day is chosen, or what is there is none."""
    if name in _DAYS:
        return bar_link.day(text)
    if name == session.ESTIMATED.name:
        return text == "true"
    if name == session.FILTERS.name:
        return [line for line in text.split("\n") if line]
    return text
