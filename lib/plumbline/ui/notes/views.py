"""Views under a name, in the sidebar: one click to a page as somebody set it up, and a form to keep this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from plumbline.answers.notes import named_views
from plumbline.domain import PlumblineError
from plumbline.domain.notes import NamedView
from plumbline.ui.frame import permissions, sign_in, signed_forms
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.parts.empty_states import PAGES
from plumbline.ui.parts.escape import escape
from plumbline.ui.state import links, session
from plumbline.ui.state.cache import ask
from plumbline.ui.state.links import encode_link
from plumbline.ui.state.view import View
from plumbline.wording.language import phrase

#: what is kept where nothing is chosen as well, so that a view opens without what the reader had chosen
OPEN = (session.ESTIMATED, session.FILTERS, session.THEN_FROM, session.THEN_TO, *session.TWO_WINDOWS)
#: page -> what of its own a view keeps, beside what the bar says
KEPT: dict[str, tuple[session.Key[Any], ...]] = {
    "accuracy": (session.METRIC, session.LINES, session.SECTION, session.ESTIMATED, *session.TWO_WINDOWS),
    "drift": (session.METHOD, session.AGAINST, session.FEATURE, session.THEN_FROM, session.THEN_TO),
    "decisions": (session.FILTERS,),
    "model_use": (),
    "fairness": (session.SECTION, session.FAVOURABLE),
    "quality": (),
    "releases": (session.SWITCH,),
    "alerts": (session.SECTION,),
}


def panel(view: View, page: str, bar: Mapping[str, str]) -> None:
    """The views of the chosen system as links, and a panel to keep this one; ``bar``: what the address says of it."""
    if view.system is None or view.scratch:
        return
    saved = ask(view, named_views.list_views, view.system.key)
    if not saved and page not in KEPT:
        return
    with st.sidebar:
        if saved:
            cards.note(phrase("Views"))
        for item in saved:
            if (PAGES / f"{item.page}.py").exists():
                st.page_link(
                    PAGES / f"{item.page}.py",
                    label=escape(item.name),
                    icon=":material/bookmark:",
                    query_params=encode_link({session.SYSTEM.name: item.system, **dict(item.query)}),
                    help=phrase("Kept by {by}", by=escape(item.by, 60)),
                )
        words = phrase("Keep or remove views") if saved else phrase("Keep this view")
        with st.popover(words, icon=":material/bookmark_add:", type="tertiary", key="views"):
            for item in saved:
                _remove(view, item)
            if page in KEPT:
                _save(view, page, bar)


def _remove(view: View, item: NamedView) -> None:
    may = sign_in.may(permissions.ANALYST)
    if st.button(
        phrase("Remove {name}", name=escape(item.name)),
        key=f"views.remove.{item.name}",
        type="tertiary",
        icon=":material/close:",
        disabled=not may,
    ):
        by = sign_in.actor()
        named_views.remove(view.ws, item.system, item.name, by=by)
        st.rerun()


def _save(view: View, page: str, bar: Mapping[str, str]) -> None:
    with st.form("views.save", border=False, clear_on_submit=True, width=280):
        name = st.text_input(
            phrase("Name of this view"),
            key="views.name",
            max_chars=named_views.LONGEST_NAME,
            placeholder=phrase("e.g. North, last 30 days"),
            help=phrase(
                "Keeps this page with its window, version and filter for everybody. The same name "
                "replaces a view."
            ),
        )
        by = signed_forms.signature("save", page="views")
        saved = permissions.submit(phrase("Keep it"), permissions.ANALYST, type=cards.leading_type())
    if not saved or view.system is None:
        return
    signed_forms.sign(by)
    page_query = {
        key.name: text for key in KEPT[page] if (text := links.widget_text(key.get())) or key in OPEN
    }
    try:
        named_views.save(
            view.ws,
            view.system.key,
            name=name or "",
            page=page,
            query={**bar, **page_query},
            by=by or session.LOCAL,
        )
    except PlumblineError as error:
        empty_states.show_error(error)
        return
    st.rerun()
