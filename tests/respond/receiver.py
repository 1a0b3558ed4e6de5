"""A receiver on loopback that answers as it is told and keeps what came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    """What came: ``headers`` in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request, BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """``came``: requests in order of arrival; ``answer`` may be exchanged at any time."""

    url: str = ""
    came: list[Request] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: answer_with(200))


def answer_with(status: int, body: bytes = b"ok", **headers: str) -> Answer:
    """An answer of that status, with headers whose names have ``_`` for ``-``."""

    def answer(_: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def receiver(answer: Answer | None = None) -> Iterator[Receiver]:
    """A receiver that runs in a thread of this process."""
    own = Receiver()
    if answer is not None:
        own.answer = answer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            request = Request(
                self.command,
                self.path,
                {k.lower(): v for k, v in self.headers.items()},
                self.rfile.read(length),
            )
            own.came.append(request)
            try:
                own.answer(request, self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    own.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()
