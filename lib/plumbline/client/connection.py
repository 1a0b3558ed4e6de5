"""One connection to a Plumbline server, kept open; the standard library alone."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class ServerReply:
    """What a server answered. ``headers``: in small letters."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body as JSON; None where it is none, as of a proxy's page of errors."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def sentence(self) -> str:
        """What a problem says."""
        problem = self.json()
        detail = problem.get("detail", "") if isinstance(problem, dict) else ""
        return detail or f"The server answered {self.status}."


class Connection:
    """A server and the token that is shown to it. For one thread at a time."""

    def __init__(self, url: str, token: str, *, timeout: float = 30.0) -> None:
        """Args:
        url: of the server, ``https://plumbline.example``; a path below which it lies belongs to it.
        token: as ``plumbline token add`` printed it.
        timeout: seconds for which the server may be silent.

        Raises:
            ValueError: it is no address, or the token no token.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"{url!r} is no address of a server: write https://plumbline.example")
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise ValueError("no token: an owner makes one with plumbline token add")
        self.url = url.rstrip("/")
        self._base, self._token = parts.path.rstrip("/") + BASE, token
        if parts.scheme == "https":
            self._line: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            self._line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> ServerReply:
        """Send one request. A connection that the server closed meanwhile is opened anew, once.

        Args:
            path: below ``/api/v1``.

        Raises:
            OSError: the server cannot be reached, or the answer broke off.
        """
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        for last in (False, True):
            fresh = self._line.sock is None
            try:
                self._line.request(method, self._base + path, body, sent)
                answer = self._line.getresponse()
                text = answer.read()
            except (http.client.HTTPException, OSError) as error:
                self.close()
                if last or fresh or isinstance(error, TimeoutError) or method != "GET":
                    raise error if isinstance(error, OSError) else OSError(str(error)) from error
                continue
            return ServerReply(
                answer.status, text, {name.lower(): value for name, value in answer.getheaders()}
            )
        raise AssertionError

    def close(self) -> None:
        """Close the connection; the next request opens it anew."""
        with suppress(OSError):
            self._line.close()
