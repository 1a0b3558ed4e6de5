"""A link that somebody followed before signing in: where they are brought back to afterwards."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE, SECONDS = "plumbline_back", 900
LEAVING, COMING = "/auth/login", "/oauth2callback"
#: a path of this server: no second slash (that would name another server), no backslash, no control character
_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")


class ReturnLink:
    """ASGI middleware: on the way to the provider the page is kept in a cookie, on the way back it is gone to.

    Streamlit itself goes to its first page after signing in, whatever was asked for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", "")) if scope["type"] == "http" else ""
        if not path.endswith((LEAVING, COMING)):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if path.endswith(LEAVING):
            referrer, wanted = referring_place(headers.get("referer", ""), headers.get("host", "")), ""
        else:
            referrer, wanted = "", place(unquote(cookie_parser(headers.get("cookie", "")).get(COOKIE, "")))

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                if wanted and 300 <= message["status"] < 400:
                    answer["location"] = wanted
                value = f"{COOKIE}={quote(referrer, safe='/?&=')}; Max-Age={SECONDS if referrer else 0}"
                answer.append("set-cookie", f"{value}; Path=/; HttpOnly; SameSite=Lax")
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def referring_place(referer: str, host: str) -> str:
    """The path and query of the page that led here, where that is a page of this server; else nothing."""
    try:
        at = urlsplit(referer)
    except ValueError:
        return ""
    if not host or at.netloc.casefold() != host.casefold():
        return ""
    return place(f"{at.path or '/'}?{at.query}" if at.query else at.path)


def place(wanted: str) -> str:
    """A path of this server, as it is; nothing where it is none."""
    return wanted if _OURS.fullmatch(wanted) else ""
