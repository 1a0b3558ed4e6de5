"""The bar above every page: the system and, where the page can be narrowed, window, version and filter.

Each choice is kept in the session and written into the address (``bar_link``), so that a link carries it. What a page
cannot use is not shown there and narrows nothing; it is kept for the pages that can.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from plumbline.charts.style import Mode
from plumbline.domain import System
from plumbline.store import systems as store
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import bar_filter
from plumbline.ui.frame import scratch as scratches
from plumbline.ui.frame.choices import Choices, choices, note_absent_choice
from plumbline.ui.frame.refresh_note import page_state, say_refresh
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import bar_link, links, session, windows
from plumbline.ui.state.links import EVERYTHING
from plumbline.ui.state.view import View
from plumbline.ui.state.windows import DATES, WHOLE, WINDOWS
from plumbline.wording.language import localise, phrase, screen_text

ALL_VERSIONS = screen_text("All versions")
CHUNKS = (screen_text("auto"), screen_text("day"), screen_text("week"), screen_text("month"))
#: what a page may be narrowed by, beside its system
WINDOW, VERSION, FILTER, CHUNK = "window", "version", "filter", "chunk"
PANEL = 300  # pixels: the panel of a part fits a telephone
NAMES = 220  # pixels: the system beside three parts, in 545 that a page of 800 has beside the list of pages


def read(
    ws: Workspace,
    mode: Mode,
    *,
    scratch: bool = False,
    above: bool = True,
    parts: frozenset[str] = frozenset(),
) -> View:
    """Draw the choices and return what they say; ``scratch``: the workspace is this session's own.

    Args:
        above: the system stands above the page, as the sidebar is closed on a narrow screen; on a page about all
            systems it is in the sidebar.
        parts: what the page can be narrowed by.
    """
    with ws.read() as cursor:
        known = tuple(store.list_systems(cursor))
    whole = page_state(ws, scratch=scratch)
    links.unpack()
    if not known:
        with st.sidebar:
            if scratch:
                scratches.badge()
            cards.note(phrase("No system yet. Load a log to begin."))
        return View(ws=ws, changes=whole.changes, mode=mode, systems=(), scratch=scratch)
    absent: list[str] = []
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center") if above else st.sidebar:
        system = _system(known, absent)
        of_system = page_state(ws, system.key, scratch=scratch)
        view = View(
            ws=ws,
            changes=whole.changes,
            mode=mode,
            systems=known,
            system=system,
            scratch=scratch,
            own=of_system.changes,
        )
        if above and parts:
            view = _narrow_view(view, system, parts, absent)
    bar_link.carry(query(view))
    shown = of_system if above else whole
    if not shown.is_newest:
        say_refresh(ws, system.key if above else "", shown)
    for sentence in absent:
        st.warning(sentence, icon=":material/link_off:")
    if scratch:
        with st.sidebar:
            scratches.badge()
    return view


def _narrow_view(view: View, system: System, parts: frozenset[str], absent: list[str]) -> View:
    offered = choices(view.ws, str(view.ws.path), system.key, view.own.figures)
    if WINDOW in parts:
        view = _window(view, offered, absent, chunked=CHUNK in parts)
    if VERSION in parts:
        view = replace(view, version=_version(offered, absent))
    if FILTER in parts:
        view = replace(view, where=bar_filter.choose(view, offered, absent))
    _back_buttons(narrowed=view.is_narrowed or view.chunk is not None)
    return view


def query(view: View) -> dict[str, str]:
    """What the address says of the bar; what is left at its default is not in it."""
    query: dict[str, str] = {}
    window = windows.present_window()
    if view.start or view.end:
        query[session.WINDOW.name] = window.choice
        if window.choice == DATES:
            days = ((session.FROM, window.first), (session.TO, window.last))
            query |= {key.name: day.isoformat() for key, day in days if day is not None}
    if view.chunk:
        query[session.CHUNK.name] = view.chunk
    if view.version:
        query[session.VERSION.name] = view.version
    return query | bar_filter.query(view.where)


def _back_buttons(*, narrowed: bool) -> None:
    """One click to the window before, and one to the whole log."""
    earlier = windows.window_before()
    if earlier is not None:
        st.button(
            phrase("Back"),
            key="bar.back",
            icon=":material/undo:",
            type="tertiary",
            on_click=windows.restore_window_before,
            help=phrase("Back to {say}", say=windows.say(earlier)),
        )
    if narrowed:
        st.button(
            phrase("Clear"),
            key="bar.clear",
            icon=":material/close:",
            type="tertiary",
            on_click=clear_choices,
            help=phrase("The whole log, all versions, no filter"),
        )


def clear_choices() -> None:
    """Everything but the system back to what it is without a choice."""
    for key in (session.WINDOW, session.VERSION, session.CHUNK, session.WHERE, session.WHERE_TOO):
        if key.name in st.session_state:
            st.session_state[key.name] = WITHOUT[key.name]
    windows.forget()


#: what each part says without a choice
WITHOUT = {
    session.WINDOW.name: WHOLE,
    session.VERSION.name: ALL_VERSIONS,
    session.CHUNK.name: CHUNKS[0],
    session.WHERE.name: EVERYTHING,
    session.WHERE_TOO.name: EVERYTHING,
}


def _system(systems: tuple[System, ...], absent: list[str]) -> System:
    keys = [system.key for system in systems]
    if session.GO_TO.get() in keys:
        session.SYSTEM.set(session.GO_TO.get())
        session.GO_TO.clear()
    else:
        note_absent_choice(session.SYSTEM.name, keys, screen_text("system", "link"), absent)
    key = st.selectbox(
        phrase("System"),
        keys,
        key=session.SYSTEM.name,
        bind="query-params",
        label_visibility="collapsed",
        width=NAMES,
    )
    return next(system for system in systems if system.key == key)


def _window(view: View, offered: Choices, absent: list[str], *, chunked: bool) -> View:
    """The half-open window, and how it is cut; days are counted back from the last decision, as a log may be old."""
    note_absent_choice(session.WINDOW.name, list(WINDOWS), screen_text("window", "link"), absent)
    if chunked:
        note_absent_choice(session.CHUNK.name, CHUNKS, screen_text("chunk", "link"), absent)
    place = st.popover(_say_window(chunked=chunked), key="bar.window")
    with place, st.container(width=PANEL, gap="small"):
        choice = st.radio(
            phrase("Window"),
            list(WINDOWS),
            format_func=localise,
            key=session.WINDOW.name,
            persist_state="session",
        )
        start = end = None
        if choice == DATES:
            left, right = st.columns(2)
            first = left.date_input(
                phrase("From"),
                value=None,
                format="YYYY-MM-DD",
                key=session.FROM.name,
                persist_state="session",
            )
            last = right.date_input(
                phrase("To"), value=None, format="YYYY-MM-DD", key=session.TO.name, persist_state="session"
            )
            start, end = windows.midnight(first), windows.midnight(last, days=1)
        else:
            days = WINDOWS.get(str(choice))
            if days is not None and offered.last is not None:
                start = windows.midnight(offered.last.date(), days=1 - days)
        chunk = None
        if chunked:
            chunk = st.selectbox(
                phrase("Chunk"),
                CHUNKS,
                format_func=localise,
                key=session.CHUNK.name,
                persist_state="session",
            )
    return replace(view, start=start, end=end, chunk=None if chunk in (None, CHUNKS[0]) else str(chunk))


def _say_window(*, chunked: bool) -> str:
    """The chosen window, and how it is cut, as Markdown; what is chosen is bold."""
    words = windows.say(windows.present_window())
    chunk = links.present_choice(session.CHUNK.name, CHUNKS, CHUNKS[0]) if chunked else CHUNKS[0]
    if chunk != CHUNKS[0]:
        words += phrase(", by {chunk}", chunk=localise(chunk))
    return words if words == localise(WHOLE) else f"**{escape(words)}**"


def _version(offered: Choices, absent: list[str]) -> str | None:
    if not offered.versions:
        return None
    options = [ALL_VERSIONS, *offered.versions]
    note_absent_choice(session.VERSION.name, options, screen_text("version", "link"), absent)
    now = links.present_choice(session.VERSION.name, options, ALL_VERSIONS)
    words = localise(now) if now == ALL_VERSIONS else phrase("**version {now}**", now=escape(now, 24))
    with st.popover(words, key="bar.version"), st.container(width=PANEL):
        choice = st.selectbox(
            phrase("Version"),
            options,
            format_func=_version_name,
            key=session.VERSION.name,
            persist_state="session",
        )
    return None if choice in (None, ALL_VERSIONS) else str(choice)


def _version_name(option: str) -> str:
    return localise(option) if option == ALL_VERSIONS else option
