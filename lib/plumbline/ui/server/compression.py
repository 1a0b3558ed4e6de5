"""The pages' scripts and styles go compressed to browsers that take them so.

Streamlit sends them as they are, quickest on one machine; over an office's line they are three times the bytes.
A browser keeps each for a year, so it is compressed once a visitor and release.
"""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

#: what is smaller goes as it is, in bytes; the level from which on more time gains little
SMALLEST, LEVEL = 1024, 5


class StaticCompression:
    """ASGI middleware around Streamlit for what lies below ``base``/static/; all else passes untouched."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self._prefix = f"{base}/static/"
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        static = scope["type"] == "http" and str(scope.get("path", "")).startswith(self._prefix)
        await (self._compressed if static else self.app)(scope, receive, send)
