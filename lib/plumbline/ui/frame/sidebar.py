"""What every page is about: the system above the page, and in the sidebar window, version, chunk and filter. Each is
bound to the query string."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from plumbline.charts.style import Mode
from plumbline.domain import System
from plumbline.profile.scope import number_range
from plumbline.store import systems as store
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import scratch as scratches
from plumbline.ui.frame.choices import Choices, choices, levels
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import plain
from plumbline.ui.state import links, session
from plumbline.ui.state.links import EVERYTHING
from plumbline.ui.state.view import View

WHOLE, DATES = "Whole log", "Choose dates"
#: window -> days before the last decision
WINDOWS = {WHOLE: None, "Last 30 days": 30, "Last 90 days": 90, "Last 180 days": 180, DATES: None}
ALL_VERSIONS = "All versions"
MISSING = "(missing)"  # how a link asks for decisions that lack the value
CHUNKS = ("auto", "day", "week", "month")
#: what the link that led here asked for
_ASKED: ContextVar[dict[str, str]] = ContextVar("plumbline_asked", default={})  # noqa: B039 (never changed in place)


def read(ws: Workspace, mode: Mode, *, scratch: bool = False, above: bool = True) -> View:
    """Draw the choices and return what they say; ``scratch``: the workspace is this session's own.

    The system stands ``above`` the page, as the sidebar is closed on a narrow screen; on a page about all systems it is
    in the sidebar.
    """
    with ws.read() as cursor:
        found = tuple(store.list_systems(cursor))
    change = ws.change()
    _ASKED.set(links.unpack())
    system = _system(found) if found and above else None
    with st.sidebar:
        if found and not above:
            system = _system(found)
        if scratch:
            scratches.badge()
        if system is None:
            cards.note("No system yet. Load a log to begin.")
            return View(ws=ws, change=change, mode=mode, systems=(), scratch=scratch)
        own = ws.change(system.key)
        offered = choices(ws, str(ws.path), system.key, own)
        start, end = _window(offered)
        version = _one_of("Version", session.VERSION.name, ALL_VERSIONS, offered.versions)
        _missing(session.CHUNK.name, CHUNKS, "chunk")
        chunk = st.selectbox("Chunk", CHUNKS, key=session.CHUNK.name, bind="query-params")
        where = _filter(ws, system.key, offered, own)
    return View(
        ws=ws,
        change=change,
        mode=mode,
        systems=found,
        system=system,
        start=start,
        end=end,
        version=version,
        chunk=None if chunk == "auto" else chunk,
        where=where,
        scratch=scratch,
        own=own,
    )


def _system(systems: tuple[System, ...]) -> System:
    keys = [system.key for system in systems]
    if session.GO_TO.get() in keys:
        session.SYSTEM.set(session.GO_TO.get())
        session.GO_TO.clear()
    else:
        _missing(session.SYSTEM.name, keys, "system")
    key = st.selectbox(
        "System",
        keys,
        key=session.SYSTEM.name,
        bind="query-params",
        label_visibility="collapsed",
        width=316,
    )
    return next(system for system in systems if system.key == key)


def _missing(name: str, options: Sequence[str], what: str) -> None:
    """Say that a link asks for something that is not here, instead of quietly showing another."""
    carried = _ASKED.get().get(name)
    asked = st.query_params.get(name) or carried
    if carried is not None and carried not in options and name in st.session_state:
        st.session_state.pop(name, None)
    if asked and asked not in options:
        st.warning(
            f"The link asked for {what} {plain(asked, 60)}, which is not here.", icon=":material/link_off:"
        )


def _one_of(label: str, name: str, none: str, options: tuple[str, ...]) -> str | None:
    """A select box with a first entry that means no choice."""
    if not options:
        return None
    offered = [none, *options]
    _missing(name, offered, label.lower())
    choice = st.selectbox(label, offered, key=name, bind="query-params")
    return None if choice in (None, none) else str(choice)


def _window(offered: Choices) -> tuple[datetime | None, datetime | None]:
    """The half-open window; days are counted back from the last decision, as a log may be old."""
    _missing(session.WINDOW.name, list(WINDOWS), "window")
    choice = st.selectbox("Window", list(WINDOWS), key=session.WINDOW.name, bind="query-params")
    if choice == DATES:
        left, right = st.columns(2)
        first = left.date_input(
            "From",
            value=None,
            min_value=None,
            format="YYYY-MM-DD",
            key=session.FROM.name,
            bind="query-params",
        )
        last = right.date_input(
            "To", value=None, format="YYYY-MM-DD", key=session.TO.name, bind="query-params"
        )
        return _midnight(first), _midnight(last, days=1)
    days = WINDOWS.get(str(choice))
    if days is None or offered.last is None:
        return None, None
    return _midnight(offered.last.date(), days=1 - days), None


def _midnight(day: object, days: int = 0) -> datetime | None:
    return datetime.combine(day, time(), UTC) + timedelta(days=days) if isinstance(day, date) else None


def _filter(ws: Workspace, key: str, offered: Choices, change: int) -> tuple[tuple[str, str], ...]:
    """One filter, and a second one once there is a first."""
    columns = (*offered.columns, *offered.numeric)
    first = _one_filter(ws, key, columns, offered, change, "Filter", session.WHERE.name, session.LEVEL.name)
    if first is None:
        return ()
    left = tuple(c for c in columns if c != first[0])
    second = _one_filter(
        ws, key, left, offered, change, "And", session.WHERE_TOO.name, session.LEVEL_TOO.name
    )
    return (first, second) if second else (first,)


def _one_filter(
    ws: Workspace,
    key: str,
    columns: tuple[str, ...],
    offered: Choices,
    change: int,
    label: str,
    name: str,
    level_name: str,
) -> tuple[str, str] | None:
    column = _one_of(label, name, EVERYTHING, columns)
    if column is None:
        return None
    if column in offered.numeric:
        return _range(column, level_name)
    found = list(levels(ws, str(ws.path), key, column, change))
    if MISSING in (st.query_params.get(level_name), st.session_state.get(level_name)):
        found.append(MISSING)
    if not found:
        cards.note("This column has no values.")
        return None
    _missing(level_name, found, "value")
    level = st.selectbox("is", found, key=level_name, bind="query-params")
    return column, "" if level == MISSING else str(level)


def _range(column: str, level_name: str) -> tuple[str, str] | None:
    """A range of a number, as links from a bar of a chart carry it."""
    held = st.text_input(
        "is",
        key=level_name,
        bind="query-params",
        placeholder="e.g. 30..40",
        help="From the first number to below the second; either may be left out. One number alone is that value.",
    )
    value = str(held or "").strip()
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
