"""What surrounds the pages: response headers, the workspace's life, errors in words."""

from __future__ import annotations

import gc
import logging
import secrets
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plumbline.domain import PlumblineError
from plumbline.logs import reader
from plumbline.relay.address import SUPPORTED
from plumbline.relay.host import Host, RunningCommand
from plumbline.store.workspace import Workspace
from plumbline.ui.frame import sign_in
from plumbline.ui.server.watch import Watch
from plumbline.ui.state import workspace as opened
from plumbline.ui.state.cache import MEASUREMENTS
from plumbline.ui.state.links import GO

LOG = logging.getLogger("plumbline")

#: Nothing is fetched from, sent to, or framed by another machine. Streamlit's own scripts need the two
#: unsafe words; Plotly and the data grid work under it.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


#: seconds for which a browser keeps to HTTPS
YEAR = 31_536_000

#: what most pages import, and a process has to once
HEAVY = (
    "pandas",
    "orjson",
    "plotly.tools",
    "plotly.offline",
    "plumbline.ui.decisions.context",
    "plumbline.ui.decisions.explanation",
    "plumbline.ui.decisions.finder",
    "plumbline.ui.decisions.record",
    "plumbline.ui.decisions.what_if",
)

#: seconds between two looks whether decisions changed
LOOK = 2.0

#: where changes come one upon the other: how many times as long as a measuring took nobody measures again, and seconds
#: at most. A page that is asked meanwhile measures what it needs
REST, LONGEST_REST = 9.0, 60.0
#: seconds that what nobody waits for lets pages go first, before each question
PAGES_FIRST = 10.0

#: the page that the root shows
HOME = "/portfolio"


class Headers:
    """ASGI middleware that sets ``HEADERS`` on every HTTP response; sockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if (
                    scope.get("scheme") == "https"
                ):  # uvicorn's word, which trusts a proxy's only where it was told to
                    require_https(headers)
            await send(message)

        if scope.get("path") == HOME:
            # Streamlit serves its first page at the root alone; a link that names the page keeps its query
            query = scope.get("query_string", b"").decode("latin-1")
            more = "&".join(filter(None, (f"{GO}={HOME.strip('/')}", query)))
            await RedirectResponse(f"/?{more}")(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def base_path() -> str:
    """The path below which the app lies, as ``server.baseUrlPath`` says it: empty, or begins with a slash."""
    parts = [part for part in str(st.get_option("server.baseUrlPath") or "").split("/") if part]
    return "".join(f"/{part}" for part in parts)


def require_https(headers: MutableHeaders) -> None:
    """A browser that came by HTTPS comes back by HTTPS alone, with cookies that go no other way."""
    headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    cookies = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for cookie in cookies:
        parts = {part.strip().casefold() for part in cookie.split(";")}
        headers.append("set-cookie", cookie if "secure" in parts else f"{cookie}; Secure")


#: runs one command for whoever called it beside the server, on the workspace that is found; its exit code
CarryOut = Callable[[RunningCommand, Callable[[], Workspace]], int]


@asynccontextmanager
async def workspace_lifespan(
    app: Any,
    carry_out: CarryOut | None = None,
    interface: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> AsyncIterator[dict[str, Any]]:
    """Open the workspace before the first visitor, close it when the server stops.

    A workspace that cannot be opened does not stop the server: every page says why and what to do.

    Args:
        carry_out: without, no commands are taken beside the server.
        interface: what runs for the HTTP interface.
    """
    _log_to_stderr()
    stop, thread = threading.Event(), None
    beside = threading.Thread(target=take_commands, args=(opened.workspace, carry_out, stop), daemon=True)
    if carry_out is not None and SUPPORTED:
        beside.start()
    try:
        sign_in.note_start(opened.workspace())
        thread = threading.Thread(
            target=warm_up, args=(opened.workspace, stop), name="plumbline-ready", daemon=True
        )
        thread.start()
    except PlumblineError as error:
        LOG.error("%s", error)
    watch = Watch(opened.workspace)
    try:
        with interface():
            yield {}
    finally:
        stop.set()
        watch.close()
        if beside.ident:
            beside.join(10)
        if thread is not None:
            thread.join(10)
        opened.close()


def take_commands(find: Callable[[], Workspace], carry_out: CarryOut, stop: threading.Event) -> None:
    """Take commands of this user from when the workspace is open until the server stops."""
    while not stop.is_set():
        try:
            host = Host(find().path, lambda call: carry_out(call, find))
            break
        except PlumblineError:  # another process has it; its pages say so
            stop.wait(LOOK)
        except OSError as error:
            LOG.warning("no commands beside this server: %s", error.strerror or error)
            return
    else:
        return
    stop.wait()
    host.close()


def warm_up(find: Callable[[], Workspace], stop: threading.Event | None = None) -> None:
    """What the first visitor would wait for, while nobody waits yet; then, until it stops, what changes ask anew.

    Each step stands on its own: one that fails costs its own warmth and a line in the log.

    Args:
        find: the workspace, asked for at each look: it may have been opened anew meanwhile.
        stop: without, the workspace is measured once.
    """
    from plumbline.answers.warmup import attempt, measure_changed_systems, warm_caches

    begun = time.monotonic()
    stopped = stop.is_set if stop else lambda: False
    for name in HEAVY:
        if stopped():
            return
        attempt(f"import of {name}", stopped, import_module, name)
    attempt("one thread for linear algebra", stopped, use_one_blas_thread)
    attempt("the reader of files", stopped, reader.start_reader)
    attempt("the first figure", stopped, _first_figure)
    if stopped():
        return
    attempt("kept answers", stopped, lambda: warm_caches(find(), stopped))
    if stop is not None:
        set_modules_aside()
    if not stopped():
        LOG.info("ready after %.1f s", time.monotonic() - begun)
    seen, text, rested = -1, "", 0.0
    while not stopped():
        try:
            ws, begun = find(), time.monotonic()
            if begun >= rested and seen != (change := ws.change()):
                seen = change
                attempt(
                    "measuring", stopped, measure_changed_systems, ws, stopped, lambda: let_pages_first(stop)
                )
                took = time.monotonic() - begun
                rested = begun + took + min(REST * took, LONGEST_REST)
            text = ""
        except Exception as error:
            if text != (text := repr(error)) and not stopped():  # said once, not at every look
                LOG.warning("the workspace cannot be looked at: %s", text)
        if stop is None or stop.wait(LOOK):
            return


def use_one_blas_thread() -> None:
    """Have linear algebra use one thread in this process: its threads spin while they wait for each other, which beside
    fifty people took ten seconds for what one thread does in a tenth of one."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def let_pages_first(stop: threading.Event | None) -> None:
    """Wait while pages wait for a measurement, though not for ever: what they ask for makes most of the rest ready."""
    until = time.monotonic() + PAGES_FIRST
    while stop is not None and not MEASUREMENTS.is_idle and time.monotonic() < until:
        if stop.wait(0.1):
            return


def set_modules_aside() -> None:
    """Have the collector of garbage pass over what is there now, modules above all, for as long as the process lives.

    A whole collection looks at each object of each module: more than a visit of a page costs.
    """
    gc.collect()
    gc.freeze()


def _first_figure() -> None:
    """The first figure makes what all others use."""
    from plumbline.charts.importance import importance

    importance({"a": 1.0}, 1).to_json()


def _log_to_stderr() -> None:
    """Write our own lines to standard error, where nobody has arranged anything else."""
    if not LOG.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s plumbline: %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)


def friendly_error(error: Exception) -> bool:
    """Show a sentence instead of a traceback; True tells Streamlit that it has been shown.

    An error that we raised says what to do itself. Any other gets a reference number that is also in the
    server's log beside the traceback.
    """
    from plumbline.store.database.engine import FullDisk, MemoryShortage, is_full, is_memory_shortage
    from plumbline.ui.parts import empty_states

    if is_full(error):
        error = FullDisk(Path(tempfile.gettempdir()))
    elif is_memory_shortage(error):
        error = MemoryShortage()
    if isinstance(error, PlumblineError):
        empty_states.show_error(error)
        return True
    reference = secrets.token_hex(4)
    LOG.error("reference %s: %s", reference, type(error).__name__, exc_info=error)
    empty_states.broken(reference)
    return True
