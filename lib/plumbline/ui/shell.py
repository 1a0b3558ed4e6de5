"""The frame of every page: page config, navigation, the bar above it. Run by Streamlit for each visitor and click."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import streamlit as st

from plumbline.domain import PlumblineError, System
from plumbline.logs.files.formats import SPOKEN
from plumbline.store import systems
from plumbline.store.cache.samples import sample_share
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import bar, reading_language, sign_in
from plumbline.ui.frame import scratch as scratches
from plumbline.ui.notes import views
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.empty_states import PAGES
from plumbline.ui.parts.page_names import page_name
from plumbline.ui.state import links, session
from plumbline.ui.state.view import CURRENT, View
from plumbline.wording.language import localise, phrase, screen_text

#: the page at the root: where there is one system only, a visitor is led on to its scorecard
HOME = "portfolio"
#: section -> pages of it: file name and icon. A new page is one file, one line here and one in ``page_names``.
SECTIONS = {
    screen_text("Leadership"): (("portfolio", "view_list"), ("scorecard", "verified")),
    screen_text("Analysis"): (
        ("accuracy", "show_chart"),
        ("drift", "grid_on"),
        ("decisions", "manage_search"),
        ("model_use", "leaderboard"),
        ("releases", "rocket_launch"),
        ("fairness", "balance"),
        ("quality", "rule"),
    ),
    screen_text("Operations"): (
        ("logs", "upload_file"),
        ("alerts", "notifications"),
        ("governance", "fact_check"),
        ("trail", "link"),
        ("people", "group"),
        ("glossary", "menu_book"),
    ),
}
#: pages that are about every system
ABOUT_ALL = ("portfolio", "trail", "people", "glossary")
#: page -> what it can be narrowed by, beside its system; a page that is not here speaks of the whole log
NARROWED_BY = {
    "accuracy": frozenset((bar.WINDOW, bar.CHUNK, bar.VERSION, bar.FILTER)),
    "drift": frozenset((bar.WINDOW, bar.CHUNK, bar.VERSION, bar.FILTER)),
    "decisions": frozenset((bar.WINDOW, bar.VERSION, bar.FILTER)),
    "model_use": frozenset((bar.WINDOW, bar.CHUNK, bar.VERSION)),
    "fairness": frozenset((bar.WINDOW, bar.VERSION, bar.FILTER)),
    "quality": frozenset((bar.WINDOW,)),
}
#: inside the page: a Material icon would be fetched from another machine, and a file from behind the sign-in
ICON = f"data:image/svg+xml;base64,{b64encode(Path(__file__).with_name('mark.svg').read_bytes()).decode()}"

#: pixels of the list of pages: at 800 px a page keeps two cards side by side; whoever wants more drags its edge
SIDEBAR = 220
#: how a page is printed, and where the keyboard is: Streamlit has no setting of its own for either
STYLE = Path(__file__).parent / "frame" / "page.css"
STYLE_DARK = STYLE.with_name("page_dark.css")


def is_about_all(path: str) -> bool:
    """Whether the page at a path is about every system; the one at the root has an empty path."""
    return (path or HOME) in ABOUT_ALL


def view() -> View:
    """The bar's choice; every page begins with it.

    A page that is run without the shell, as Streamlit does with a deep link into ``pages/`` when the main
    script is a plain one, has no view: it says so and stops before it can show anything.
    """
    current = CURRENT.get()
    if current is None:
        empty_states.show_missing_shell()
        st.stop()
    return current


def chosen(current: View) -> System:
    """The chosen system; without one the page says how to get one, and stops."""
    if current.system is not None:
        return current.system
    empty_states.show_empty_state(
        phrase("No log has been loaded yet."),
        phrase(
            "Drop an export of predictions ({spoken}) on the Logs page, or run `plumbline demo` "
            "in a terminal to load seven example systems.",
            spoken=localise(SPOKEN),
        ),
        empty_states.LOAD_A_LOG,
    )
    st.stop()


def _pages() -> dict[str, list[Any]]:
    return {
        localise(section): [
            st.Page(
                PAGES / f"{name}.py",
                title=page_name(name),
                icon=f":material/{icon}:",
                url_path=name,
                default=name == HOME,
            )
            for name, icon in entries
            if (PAGES / f"{name}.py").exists()
        ]
        for section, entries in SECTIONS.items()
    }


def _open_only_system(page: Any, ws: Workspace) -> None:
    """Where a workspace holds one system, its scorecard is what a visitor of the root came for."""
    if session.ARRIVED.get():
        return
    session.ARRIVED.set(True)
    with ws.read() as cursor:
        many = len(systems.list_systems(cursor)) > 1
    asked = links.GO in st.query_params  # by a link that names the page, see ``application.Headers``
    if page.url_path == "" and not many and not asked:
        st.switch_page(PAGES / "scorecard.py", query_params=st.query_params.to_dict())


def main() -> None:
    """One run of one page inside the frame."""
    CURRENT.set(None)
    reading_language.settle()
    st.set_page_config(page_title="Plumbline", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR)
    st.html(STYLE)
    if cards.mode() == "dark":
        st.html(STYLE_DARK)
    st.logo(_wordmark(cards.mode() == "dark"), size="large")
    with st.container(width=cards.MEASURE):
        try:
            inside = sign_in.gate()
            reading_language.settle_person()
        except PlumblineError as error:
            empty_states.show_error(error)
            inside = False
        page = st.navigation(_pages(), expanded=True, position="sidebar" if inside else "hidden")
        if not inside:
            return
        st.set_page_config(page_title=f"{page.title} · Plumbline")
        try:
            ws, scratch = scratches.workspace()
            sign_in.badge()
            reading_language.switch()
            _open_only_system(page, ws)
            CURRENT.set(
                bar.read(
                    ws,
                    cards.mode(),
                    scratch=scratch,
                    above=not is_about_all(page.url_path),
                    parts=NARROWED_BY.get(page.url_path, frozenset()),
                )
            )
            views.panel(view(), page.url_path, bar.WITHOUT | bar.query(view()))
            scratches.load_for_good()
            if not is_about_all(page.url_path):
                _say_sample(view())
            page.run()
        except PlumblineError as error:
            empty_states.show_error(error)


def _say_sample(current: View) -> None:
    """Of a system whose decisions lie elsewhere: what is of all of them, and what of a sample."""
    if current.system is None:
        return
    with current.ws.read() as cursor:
        share = sample_share(cursor, current.system.key)
    if share is not None:
        cards.note(localise(share.sentence))


def _wordmark(dark: bool) -> str:
    """A plumb line and the name, as SVG in the ink of the mode."""
    ink, accent = ("#E8E6E1", "#7FB2EA") if dark else ("#1B2430", "#1F5FA8")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32" width="150" height="32">'
        f'<path d="M10 2V19" stroke="{ink}" stroke-width="1.5"/>'
        f'<path d="M6 17h8l-4 12z" fill="{accent}"/>'
        f'<text x="24" y="23" font-family="Georgia, \'Times New Roman\', serif" font-size="20" '
        f'font-weight="600" fill="{ink}">Plumbline</text></svg>'
    )


if __name__ == "__main__":
    main()
