"""Who sends a request: the person that a signed cookie names, and which socket a session came in by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from plumbline.answers.governance import access
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.ui.frame import sign_in
from plumbline.ui.state import workspace as opened

#: session -> the address of each socket that is connected to it; empty where nobody signed in
_CONNECTED: dict[str, Counter[str]] = {}


def requires_sign_in() -> bool:
    """Whether people have to sign in; settings that are broken let nobody in, so they count as on."""
    try:
        return bool(sign_in.providers())
    except PlumblineError:
        return True


def email(headers: Headers) -> str:
    """The confirmed address in a request's signed cookie; empty where there is none that holds for this host."""
    claims = _claims(headers)
    if not claims.get("is_logged_in"):
        return ""
    try:
        return sign_in.email_address(claims)
    except PlumblineError:
        return ""


def _claims(headers: Headers) -> Mapping[str, Any]:
    cookies = cookie_parser(headers.get("cookie", ""))
    if USER_COOKIE_NAME not in cookies:
        return {}
    secret = get_cookie_secret()

    def read_signed_cookie(name: str) -> bytes | None:
        part = cookies.get(name)
        if not part or not secret:
            return None
        try:
            return decode_signed_value(secret, name, part.encode("latin-1"))
        except UnicodeEncodeError:
            return None

    token = get_cookie_with_chunks(read_signed_cookie, USER_COOKIE_NAME)
    try:
        claims = json.loads(token) if token else {}
    except ValueError:
        return {}
    if not isinstance(claims, dict):
        return {}
    here = headers.get("host", "").casefold()
    made_for = urlsplit(str(claims.get("origin", ""))).netloc.casefold()
    return claims if here and made_for == here else {}


def role(address: str) -> Access | None:
    """The role that an address holds now; None without one, or while the workspace cannot be opened."""
    try:
        return access.access_of(opened.workspace(), address)
    except PlumblineError:
        return None


def on_connect(session: str, address: str) -> None:
    """A socket was connected to a session."""
    _CONNECTED.setdefault(session, Counter())[address] += 1


def on_disconnect(session: str, address: str) -> bool:
    """A socket went; whether it was the session's last."""
    connected = _CONNECTED.get(session, Counter())
    connected[address] -= 1
    if connected.total() > 0:
        return False
    _CONNECTED.pop(session, None)
    return True


def is_owner(address: str, session: str) -> bool:
    """Whether a session is connected, and by that person alone."""
    held = _CONNECTED.get(session)
    return held is not None and {who for who, n in held.items() if n > 0} == {address}
