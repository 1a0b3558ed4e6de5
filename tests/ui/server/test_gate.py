"""Which sockets reach Streamlit: those of this server's own pages, and of clients that are no page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from plumbline.ui.server.gate import AccessGate

HOST = "127.0.0.1:8501"


def connect(origin: str | None, host: str = HOST) -> tuple[bool, list[Message]]:
    """Whether a socket of that origin reached the application, and what was answered."""
    reached = False
    answers: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal reached
        reached = True

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(b"host", host.encode())] + ([] if origin is None else [(b"origin", origin.encode())])
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
    with ThreadPoolExecutor(1) as own:  # a browser of another test may have a loop in this thread
        own.submit(anyio.run, AccessGate(application), scope, receive, send).result()
    return reached, answers


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (f"http://{HOST}", HOST), (f"https://{HOST}", HOST), (None, HOST), ("https://models.example", "models.example"),
        ("http://[::1]:8501", "[::1]:8501"),
    ],
)  # fmt: skip
def test_the_pages_of_this_server_and_what_is_no_page_get_a_socket(origin: str | None, host: str) -> None:
    assert connect(origin, host) == (True, [])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9", "http://127.0.0.1", "http://[", "", HOST]
)
def test_a_page_of_another_origin_is_refused_before_streamlit_looks_up_this_machine(origin: str) -> None:
    """Streamlit compares an unknown origin with the machine's public address, for which it asks a host on the
    Internet; meanwhile nobody is answered."""
    assert connect(origin) == (False, [{"type": "websocket.close", "code": 1008}])
