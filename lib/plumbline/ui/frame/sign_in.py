"""Who signs in, and what that person may do here. With an OpenID Connect provider, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from plumbline.answers.governance import access
from plumbline.domain import PlumblineError
from plumbline.domain.acts import MAY, Access
from plumbline.domain.messages import message
from plumbline.store.workspace import Workspace
from plumbline.ui.parts import cards
from plumbline.ui.parts.escape import escape, prose
from plumbline.ui.state import session
from plumbline.ui.state import workspace as opened
from plumbline.wording.language import localise, phrase

NEEDED = ("client_id", "client_secret", "server_metadata_url")
SHARED = ("redirect_uri", "cookie_secret")
HERE = ("localhost", "127.0.0.1", "::1")
_TODO = "Mend the file of secrets as docs/sign-in.md shows, and start the server again."
#: the person of this run: e-mail and role; None where nobody signs in
_PERSON: ContextVar[tuple[str, Access] | None] = ContextVar("plumbline_person", default=None)
#: once asked for, sign-in stays so until the server is started anew: a file that is lost opens nothing
_ASKED: set[str] = set()


def providers() -> tuple[str, ...]:
    """The providers that the settings name, ``default`` for one without a name; empty where nobody signs in.

    Raises:
        PlumblineError: the settings are there and cannot be used. Nothing is shown then.
    """
    auth_section = _section("auth")
    if auth_section is None:
        if _ASKED:
            raise PlumblineError("The settings of sign-in are gone since the server started", todo=_TODO)
        return ()
    _ASKED.add("auth")
    named = {
        name: part
        for name, part in auth_section.items()
        if isinstance(part, Mapping) and name != "client_kwargs"
    }
    if "client_id" in auth_section or not named:
        named = {"default": auth_section, **named}
    for name, part in named.items():
        missing = [key for key in SHARED if not auth_section.get(key)] + [
            key for key in NEEDED if not part.get(key)
        ]
        if missing:
            raise PlumblineError(
                message("Sign-in is set up in part: {names} missing", names=", ".join(missing)),
                where=f"[auth] {name}",
                todo=_TODO,
            )
    return tuple(named)


def _section(name: str) -> Mapping[str, Any] | None:
    """A section of the file of secrets; None where there is no file, or no such section in it."""
    try:
        secrets_section = st.secrets.get(name)
    except StreamlitSecretNotFoundError as error:
        if not any(Path(path).exists() for path in st.get_option("secrets.files")):
            return None
        raise PlumblineError("The file of secrets cannot be read", todo=_TODO) from error
    if secrets_section is not None and not isinstance(secrets_section, Mapping):
        raise PlumblineError(
            message("[{name}] has to be a section of the file of secrets", name=name), todo=_TODO
        )
    return secrets_section


def claims() -> Mapping[str, Any]:
    """What the provider says about who is here; ``is_logged_in`` among it."""
    return st.user.to_dict()


def gate() -> bool:
    """Settle who is here. False: the page of signing in, or of being refused, was drawn instead."""
    _PERSON.set(None)
    offered = providers()
    if not offered:
        return True
    person = claims()
    if not person.get("is_logged_in"):
        _ask(offered)
        return False
    try:
        email = email_address(person)
        role = access.access_of(opened.workspace(), email)
        if role is None:
            raise PlumblineError(
                phrase("`{email}` has no role in this workspace", email=email),
                todo=phrase("Ask an owner of it, or sign in as somebody else."),
            )
    except PlumblineError as error:
        cards.opening(phrase("You are signed in, and may not see this workspace."))
        st.markdown(prose(f"{localise(error.what)}. {localise(error.todo)}"))
        st.button(phrase("Sign out"), on_click=st.logout, key="signing.out")
        return False
    _PERSON.set((email, role))
    session.ACTOR.set(email)
    return True


def email_address(claims: Mapping[str, Any]) -> str:
    """The e-mail address that the provider vouches for.

    Raises:
        PlumblineError: it gives none, or does not say that it is confirmed.
    """
    todo = phrase("Use an account whose e-mail address is confirmed.")
    if not claims.get("email"):
        raise PlumblineError(phrase("The provider gives no e-mail address"), todo=todo)
    verified = claims.get("email_verified")
    if verified is None and _trusts_addresses():
        verified = True
    if verified not in (True, "true"):  # some providers write the word
        raise PlumblineError(
            phrase("The provider does not say that your e-mail address is confirmed"), todo=todo
        )
    return access.address(str(claims["email"]))


def _trusts_addresses() -> bool:
    """Whether the owner says that the provider, which never says so itself, gives confirmed addresses alone."""
    return (_section("access") or {}).get("addresses_are_confirmed") is True


def _ask(offered: tuple[str, ...]) -> None:
    cards.opening(phrase("Sign in to see this workspace."))
    st.markdown(
        phrase("What you may see and change depends on the role that an owner gave your e-mail address.")
    )
    for name in offered:
        words = (
            phrase("Sign in")
            if name == "default"
            else phrase("Sign in with {name}", name=escape(name, 40).capitalize())
        )
        st.button(
            words,
            type=cards.leading_type(),
            on_click=st.login,
            key=f"signing.{name}",
            args=() if name == "default" else (name,),
        )


def workspace() -> Workspace:
    """The workspace in the hands of the person of this run."""
    held, person = opened.workspace(), _PERSON.get()
    return held.as_person(person[0]) if person else held


def email() -> str:
    """The signed-in e-mail address; empty where nobody signs in."""
    person = _PERSON.get()
    return person[0] if person else ""


def actor() -> str:
    """The name that goes on the trail for what is done without signing a form."""
    return email() or session.ACTOR.get().strip() or session.LOCAL


def may(needed: Access) -> bool:
    """Whether the person of this run may do what asks for that role."""
    person = _PERSON.get()
    return person is None or person[1].covers(needed)


def badge() -> None:
    """The sidebar's first lines: who is here as what, or that nobody has to say."""
    person = _PERSON.get()
    with st.sidebar:
        if person is None:
            cards.note(
                phrase(
                    "Nobody signs in: anyone who reaches this address can see and change everything here."
                ),
                help=phrase("The README says how to switch sign-in on with your company's provider."),
            )
            return
        role = person[1].value
        words = phrase("{role:capital} {may}.", role=localise(role, "role"), may=localise(MAY[person[1]]))
        cards.note(f"`{person[0]}`, {localise(role, 'role')}", help=words)
        st.button(
            phrase("Sign out"),
            on_click=st.logout,
            key="signing.out",
            type="tertiary",
            icon=":material/logout:",
        )


def note_start(ws: Workspace) -> None:
    """Put on the trail whether the server, as it starts, asks people to sign in, and who can reach it."""
    hosts = st.get_option("server.allowedHosts") or []
    here = st.get_option("server.address") in HERE and set(hosts) <= set(HERE)
    access.note_sign_in(ws, on=bool(providers()), reach="this machine" if here else "network")
