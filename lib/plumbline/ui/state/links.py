"""Links inside the app: how what a link asks for reaches widgets that are bound to the query string.

Streamlit lets a bound widget that is on screen outvote a link's query, so a link carries its query packed
in one parameter of its own, and the next run unpacks it before any widget is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from plumbline.ui.state import session

GO = "go"
#: what a link may set; anything else in it is ignored
LINKED = frozenset(
    key.name
    for key in (
        session.SYSTEM,
        session.WINDOW,
        session.FROM,
        session.TO,
        session.VERSION,
        session.CHUNK,
        session.WHERE,
        session.LEVEL,
        session.WHERE_TOO,
        session.LEVEL_TOO,
        session.METRIC,
        session.FEATURE,
        session.DECISION,
        session.SECTION,
        *session.TWO_WINDOWS,
    )
)
_DAYS = tuple(key.name for key in (session.FROM, session.TO, *session.TWO_WINDOWS))
#: the sidebar's word for no filter
EVERYTHING = "No filter"


def packed(query: Mapping[str, str] | None) -> dict[str, str] | None:
    """A query as one parameter."""
    return {GO: urlencode(query)} if query else None


def unpack() -> dict[str, str]:
    """Give each widget what the link asks of it; returns what was asked. To be called before any widget."""
    text = st.query_params.get(GO)
    if text is None:
        return {}
    del st.query_params[GO]
    asked = {name: value for name, value in parse_qsl(text, keep_blank_values=True) if name in LINKED}
    if session.WHERE.name in asked and session.WHERE_TOO.name in st.session_state:
        asked.setdefault(session.WHERE_TOO.name, EVERYTHING)  # a filter that a link sets replaces both
    for name, value in asked.items():
        day = _day(value) if name in _DAYS else None
        if name in _DAYS and day is None:
            continue
        if name not in st.session_state:
            st.query_params[name] = value  # a bound widget that is not on screen yet begins with it
        st.session_state[name] = day or value
    return asked


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
