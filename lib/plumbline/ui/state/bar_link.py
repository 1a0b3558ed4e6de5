"""How the bar's choices get into the address and out of it.

Streamlit's own binding (``bind="query-params"``) holds only while a widget is on screen: one in a closed panel is left
out of the address as soon as the reader goes to another page. So the bar keeps its choices in the session, and writes
the address itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from plumbline.ui.state import session

DAYS = (session.FROM.name, session.TO.name)
#: every choice of the bar but the system, whose widget is always on screen
CHOICES = (
    session.WINDOW.name,
    *DAYS,
    session.CHUNK.name,
    session.VERSION.name,
    session.WHERE.name,
    session.LEVEL.name,
    session.WHERE_TOO.name,
    session.LEVEL_TOO.name,
)


def day(value: object) -> date | None:
    """A day as an address spells it; None where it is none."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def seed() -> dict[str, str]:
    """Take over what the address asks of the bar; returns it. To be called before any widget.

    What the session holds outvotes the address, but for the browser's own back and forward to one that says anything of
    the bar. One that says nothing may be the moment before ``carry`` completed it: then the choice stays.
    """
    choices = {name: st.query_params[name] for name in CHOICES if name in st.query_params}
    history = bool(choices) and _history()
    asked: dict[str, str] = {}
    for name in CHOICES:
        if history:
            st.session_state.pop(name, None)
        if name not in choices or name in st.session_state:
            continue
        parsed = day(choices[name]) if name in DAYS else choices[name]
        if parsed is not None:
            st.session_state[name] = parsed
            asked[name] = choices[name]
    return asked


def _history() -> bool:
    """Whether this run follows the browser's back or forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def carry(wanted: Mapping[str, str]) -> None:
    """Make the address say what the bar says. To be called when its widgets are drawn."""
    context = get_script_run_ctx()
    if context is None:
        return
    address = dict(parse_qsl(context.query_string, keep_blank_values=True))
    choices = {name: address[name] for name in CHOICES if name in address}
    if choices == dict(wanted) or (
        _history() and not choices
    ):  # completing it anew would make going back impossible
        return
    with context.session_state.query_params() as server:
        # the server's copy is as old as the last page: what bound widgets have put into the address since is not in it
        server.populate_from_query_string(context.query_string)
        for name in CHOICES:
            server.discard_param_no_forward_msg(name)
    st.query_params.update(wanted)  # at once: the browser's way back has one step for it
