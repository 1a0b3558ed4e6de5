"""Which language a visitor reads: the switch in the sidebar, and where a choice is kept for the next visit.

What the address or this tab says comes first. Next is what was chosen on an earlier visit: a signed-in person's choice
is kept in the workspace, and each browser keeps its own in a cookie. Without any the browser's own language counts,
where it is ours.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar

import streamlit as st

from plumbline.answers.governance import access
from plumbline.domain import PlumblineError
from plumbline.ui.frame import sign_in
from plumbline.ui.language import NAMES, reader
from plumbline.ui.state import session
from plumbline.wording.language import SOURCE, address

#: the cookie: the code of a language and nothing else
COOKIE, SECONDS = "plumbline_language", 365 * 24 * 3600
#: (e-mail, language) of the person of this run, read from the workspace once
_OF_PERSON: ContextVar[tuple[str, str] | None] = ContextVar("plumbline_language_of_person", default=None)


def settle() -> None:
    """Write this run for its reader, before any text is drawn; what an earlier run knew of a person is forgotten."""
    _OF_PERSON.set(None)
    settle_person()


def settle_person() -> None:
    """Write the rest of this run for its reader, now that it is known who that is."""
    address(reader(chosen()))


def chosen() -> str:
    """The language of this visitor."""
    asked = session.LANGUAGE.get() or st.query_params.get(session.LANGUAGE.name)
    return next((code for code, name in NAMES.items() if name == asked), None) or _before() or _of_browser()


def switch() -> None:
    """The switch in the sidebar; a choice is kept for the next visit."""
    with st.sidebar:
        st.segmented_control(
            "Language / Sprache",
            list(NAMES.values()),
            default=NAMES[chosen()],
            required=True,
            key=session.LANGUAGE.name,
            bind="query-params",
            on_change=_chose,
            label_visibility="collapsed",
        )
    if code := session.LANGUAGE_CHOSEN.get():
        _set_cookie(code)
        _keep(code)


def _chose() -> None:
    session.LANGUAGE_CHOSEN.set(chosen())


def _keep(code: str) -> None:
    if (email := sign_in.email()) and code != _kept():
        with suppress(
            PlumblineError
        ):  # somebody else writes: the next run tries again, and the cookie has it
            access.set_language(sign_in.workspace(), email, code)


def _kept() -> str:
    email = sign_in.email()
    if not email:
        return ""
    known = _OF_PERSON.get()
    if known is None or known[0] != email:
        known = email, access.language_of(sign_in.workspace(), email)
        _OF_PERSON.set(known)
    return known[1]


def _before() -> str:
    """What was chosen on an earlier visit; empty where nothing was."""
    code = _kept()
    return next((known for known in (code, st.context.cookies.get(COOKIE, "")) if known in NAMES), "")


def _of_browser() -> str:
    code = str(st.context.locale or "").partition("-")[0].lower()
    return code if code in NAMES else SOURCE


def _set_cookie(code: str) -> None:
    """Streamlit answers a click without a response that could carry a cookie. The script holds one of our own codes."""
    if code in NAMES:
        cookie = f"{COOKIE}={code}; Path=/; Max-Age={SECONDS}; SameSite=Lax"
        st.html(
            f'<script>document.cookie = "{cookie}" + (location.protocol === "https:" ? "; Secure" : "")</script>',
            unsafe_allow_javascript=True,
        )
