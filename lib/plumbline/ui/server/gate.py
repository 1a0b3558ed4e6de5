"""What reaches Streamlit at all: nothing but the page of signing in without a valid cookie, and no order to the server.

Pure ASGI, and a look at the path for nearly every request: cookies are read only where something is guarded.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import streamlit as st
from anyio import Semaphore, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from plumbline.domain.acts import Access
from plumbline.ui.server import socket_frames, upload_quota, visitors
from plumbline.ui.state import session_files

#: the first part of a path behind which is more than the shell of the pages
GUARDED = frozenset({"_stcore", "media", "component"})
#: what the shell asks for before anybody has signed in
OPEN = (["health"], ["host-config"])
UPLOADS, METRICS = ["_stcore", "upload_file"], ["_stcore", "metrics"]
#: sockets of people who have not signed in, at a time
STRANGERS = 256
#: uploads of one session that are read at a time: a browser sends all files of one drop at once, and the others wait
AT_ONCE = 2

_STRANGE_HOST = "This server does not go by that name. Its owner can add the name to allowedHosts."
_NOBODY = "Sign in first."
_NO_ROLE = "Your role does not cover this."
_TOO_MANY = "Wait until the other uploads are done."


class AccessGate:
    """ASGI middleware around Streamlit; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._strangers = 0
        self._uploading: Counter[str] = Counter()
        self._turns: dict[str, Semaphore] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not is_host_allowed(headers.get("host")):
            await PlainTextResponse(_STRANGE_HOST, 400)(scope, receive, send)
            return
        parts = _parts(str(scope.get("path", "")))
        if not parts or parts[0] not in GUARDED or (parts[0] == "_stcore" and parts[1:] in OPEN):
            await self.app(scope, receive, send)
            return
        await self._admit(scope, receive, send, headers, parts)

    async def _admit(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, parts: list[str]
    ) -> None:
        on = visitors.requires_sign_in()
        who = visitors.email(headers) if on else ""
        if on and not who:
            await PlainTextResponse(_NOBODY, 403)(scope, receive, send)
            return
        access = _required_role(parts)
        role = await to_thread.run_sync(visitors.role, who) if on else Access.OWNER
        if role is None or not role.covers(access):
            await PlainTextResponse(_NO_ROLE, 403)(scope, receive, send)
            return
        if parts[:2] != UPLOADS:
            await self.app(scope, receive, _without_cache(send) if parts[0] == "media" else send)
            return
        session = parts[2] if len(parts) == 4 else ""
        if on and not visitors.is_owner(who, session):
            await PlainTextResponse(_NO_ROLE, 403)(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._upload(scope, receive, send, session, headers)
        else:
            await self.app(scope, receive, send)

    async def _upload(
        self, scope: Scope, receive: Receive, send: Send, session: str, headers: Headers
    ) -> None:
        if self._uploading[session] >= upload_quota.COUNT:
            await PlainTextResponse(_TOO_MANY, 429)(scope, receive, send)
            return
        self._uploading[session] += 1
        try:
            async with self._turns.setdefault(session, Semaphore(AT_ONCE)):
                upload_quota.make_room(session, headers.get("content-length", ""))
                await self.app(scope, receive, send)
                upload_quota.make_room(session, "0")
        finally:
            self._uploading[session] -= 1
            if not self._uploading[session]:
                del self._uploading[session]
                self._turns.pop(session, None)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not _is_same_origin(headers):
            await _refuse(receive, send, 1008)
            return
        on = visitors.requires_sign_in()
        who = visitors.email(headers) if on else ""
        stranger = on and not who
        if stranger and self._strangers >= STRANGERS:
            await _refuse(receive, send, 1013)
            return
        session = ""

        async def receive_allowed() -> Message:
            while True:
                message = await receive()
                data = message.get("bytes")
                if not data or socket_frames.is_allowed(data, signed_in=not stranger, session=session):
                    return message

        async def send_and_register(message: Message) -> None:
            nonlocal session
            if not session and message.get("bytes"):
                session = socket_frames.session_of(message["bytes"])
                if session:
                    visitors.on_connect(session, who)
                    session_files.keep_session(session)
            await send(message)

        self._strangers += stranger
        try:
            await self.app(scope, receive_allowed, send_and_register)
        finally:
            self._strangers -= stranger
            if session and visitors.on_disconnect(session, who):
                session_files.schedule_clearing(session)


def _is_same_origin(headers: Headers) -> bool:
    """Whether a socket comes from a page of this server, or from no page.

    Asked about another origin, Streamlit would look up this machine's public address at a host on the Internet,
    and stand still for everybody meanwhile.
    """
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False


async def _refuse(receive: Receive, send: Send, code: int) -> None:
    """Close a socket before it was accepted."""
    await receive()
    await send({"type": "websocket.close", "code": code})


def _parts(path: str) -> list[str]:
    """A path's parts below the address of the app itself."""
    parts = [part for part in path.split("/") if part]
    base = [part for part in str(st.get_option("server.baseUrlPath") or "").split("/") if part]
    return parts[len(base) :] if base and parts[: len(base)] == base else parts


def _required_role(parts: list[str]) -> Access:
    """The role that a guarded path asks for."""
    if parts[:2] == METRICS:
        return Access.OWNER
    return Access.ANALYST if parts[:2] == UPLOADS else Access.VIEWER


def _without_cache(send: Send) -> Send:
    """What was made for one person is kept by no cache on the way."""

    async def send_uncached(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return send_uncached
