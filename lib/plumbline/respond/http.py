"""One request to an address that somebody else chose: bounded in time and size, and never to where it must not go.

httpcore (the engine of httpx) sends it: no redirect is followed, nothing is unpacked, and variables such as
``HTTPS_PROXY`` change nothing. A company that lets nothing out but through its proxy names that one in
``PLUMBLINE_PROXY``; the proxy then looks names up and connects, so inner hosts are its matter.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import httpcore

from plumbline.respond import addresses

#: bytes of a reply that are kept, and read at all
LARGEST_REPLY = 64 * 1024
#: headers of a reply that anybody needs
KEPT_HEADERS = ("content-type", "retry-after", "location")
PROXY = "PLUMBLINE_PROXY"
TIMEOUT = 20.0  # seconds, of the whole request
_LINE_ENDS = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What came back. ``status`` 0: nothing did, and ``error`` says why.

    ``text``: the first 64 KiB, without characters that steer a terminal; ``content``: the same as it came;
    ``headers``: ``KEPT_HEADERS``, in small letters; ``refused``: the request was never made and will not be, however
    often it is tried; ``unreached``: nothing was sent.
    """

    status: int = 0
    text: str = ""
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    refused: bool = False
    unreached: bool = False

    @property
    def is_undelivered(self) -> bool:
        """Whether it is sure that the receiver has not got it: it was not reached, or said so."""
        return self.refused or self.unreached or self.status >= 300

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: a status from 200 to 299."""
        return 200 <= self.status < 300 and not self.error


class RequestRefusal(Exception):
    """The request must not be made; its text is a sentence."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allow_inner: bool, timeout: float = TIMEOUT
) -> HttpReply:
    """Send a body; see ``request``."""
    return request("POST", url, headers, body, allow_inner=allow_inner, timeout=timeout)


def get(url: str, headers: Mapping[str, str], *, allow_inner: bool, timeout: float = TIMEOUT) -> HttpReply:
    """Ask for a page; see ``request``."""
    return request("GET", url, headers, allow_inner=allow_inner, timeout=timeout)


def request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    allow_inner: bool,
    timeout: float = TIMEOUT,
) -> HttpReply:
    """Make one request and read the beginning of the reply; a fault of any kind is a sentence, never an exception.

    The name is looked up once; each address is judged before the connection and the peer's after it, so a name that
    points elsewhere a moment later changes nothing.

    Args:
        url: ``https://``, or ``http://`` to an inner host where ``allow_inner`` holds. It is in no error text, for it
            may hold a secret.
        allow_inner: whether hosts of a company's own network, this machine among them, may be reached.
        timeout: seconds that the whole request may take, look-up, connection and reply together.
    """
    try:
        parts = _check_address(url, allow_inner)
        sent = [(name.encode("ascii"), _value(value)) for name, value in headers.items()]
    except RequestRefusal as error:
        return HttpReply(error=str(error), refused=True)
    except (ValueError, UnicodeError):
        return HttpReply(error="The address or a header cannot be sent as it is", refused=True)
    network = _Network(time.monotonic() + timeout, allow_inner, clear=parts.scheme == "http")
    pool = _pool(network)
    target = httpcore.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode("idna"),
        port=parts.port,
        target=((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode("ascii"),
    )
    waits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
    try:
        with (
            pool,
            pool.stream(
                method, target, headers=sent, content=body or None, extensions={"timeout": waits}
            ) as response,
        ):
            return _read(response)
    except RequestRefusal as error:
        return HttpReply(error=str(error), refused=True)
    except httpcore.ConnectTimeout:
        return HttpReply(error=f"No connection could be made within {timeout:g} seconds", unreached=True)
    except (httpcore.TimeoutException, TimeoutError):
        return HttpReply(error=f"No whole answer within {timeout:g} seconds")
    except (httpcore.ConnectError, httpcore.ProxyError, socket.gaierror, ConnectionRefusedError) as error:
        return HttpReply(error=f"No connection could be made: {_reason(error)}", unreached=True)
    except OSError as error:
        return HttpReply(error=f"No connection could be made: {_reason(error)}")
    except (httpcore.ProtocolError, httpcore.NetworkError):
        return HttpReply(error="The connection ended, or what came over it was no HTTP")
    finally:
        network.close()


def _check_address(url: str, allow_inner: bool) -> SplitResult:
    """The parts of an address that may be asked, as far as its text tells."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or _LINE_ENDS.search(url):
        raise RequestRefusal("The address is no https:// address")
    if parts.scheme == "http" and not allow_inner:
        raise RequestRefusal(
            "An http:// address may only be an inner host's, and this channel may not reach inner hosts"
        )
    if parts.username or parts.password:
        raise RequestRefusal("The address holds a user name or a password; give secrets by a variable's name")
    _ = parts.port  # ValueError where it is none
    if os.environ.get(PROXY):
        with suppress(ValueError):  # a name: the proxy looks it up
            _judge(parts.hostname, allow_inner)
    return parts._replace(path=_encode(parts.path), query=_encode(parts.query))


def _judge(address: str, allow_inner: bool) -> None:
    reason = addresses.refusal(address, allow_inner=allow_inner)
    if reason:
        raise RequestRefusal(f"Nothing is sent there: {reason}")


def _encode(text: str) -> str:
    return quote(text, safe="/:?#[]@!$&'()*+,;=%~-._")


def _value(text: str) -> bytes:
    if _LINE_ENDS.search(text):
        raise RequestRefusal("A header holds the end of a line")
    return text.encode("latin-1")


def _pool(network: _Network) -> httpcore.ConnectionPool | httpcore.HTTPProxy:
    proxy = os.environ.get(PROXY, "").strip()
    # no context of TLS: httpcore makes its own, which verifies, where a connection is by https; it takes 40 ms
    shared: dict[str, Any] = {"max_connections": 1, "network_backend": network}
    if not proxy:
        return httpcore.ConnectionPool(**shared)
    network.through_proxy = True
    parts = urlsplit(proxy)
    name = (parts.username or "", parts.password or "") if parts.username else None
    return httpcore.HTTPProxy(
        f"{parts.scheme}://{parts.hostname}:{parts.port or 3128}", proxy_auth=name, **shared
    )


def _read(reply: httpcore.Response) -> HttpReply:
    buffer = bytearray()
    for piece in reply.iter_stream():
        buffer += piece
        if len(buffer) >= LARGEST_REPLY:
            break
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reply.headers}
    reply_headers = {
        name: strip_control_characters(headers[name])[:500] for name in KEPT_HEADERS if name in headers
    }
    error = ""
    if 300 <= reply.status < 400:
        error = "The address points elsewhere (a redirect), which is not followed"
    elif not 200 <= reply.status < 300:
        error = f"The receiver answered {reply.status}"
    content = bytes(buffer[:LARGEST_REPLY])
    text = content.decode("utf-8", errors="replace")
    return HttpReply(
        status=reply.status,
        text=strip_control_characters(text),
        content=content,
        headers=reply_headers,
        error=error,
    )


def strip_control_characters(text: str) -> str:
    """A foreign text without characters that steer a terminal or turn the direction of writing."""
    return _UNPRINTABLE.sub("", text)


def _reason(error: BaseException) -> str:
    """A cause in words that repeat nothing of the address."""
    inner = error
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__  # type: ignore[assignment]
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message})"
    if isinstance(inner, ssl.SSLError):
        return "it does not speak TLS as it should"
    if isinstance(inner, socket.gaierror):
        return (
            "its name cannot be looked up now" if inner.errno == socket.EAI_AGAIN else "its name is not known"
        )
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return "it did not answer"


class _Network(httpcore.NetworkBackend):
    """Connections to addresses that were judged, none of which outlives the deadline."""

    def __init__(self, deadline: float, allow_inner: bool, *, clear: bool) -> None:
        self._deadline, self._allow_inner, self._clear = deadline, allow_inner, clear
        self._own = httpcore.SyncBackend()
        self._streams: list[httpcore.NetworkStream] = []
        self.through_proxy = False

    def seconds_left(self, asked: float | None = None) -> float:
        """Seconds until the deadline, or those asked for where they are fewer."""
        rest = self._deadline - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return min(rest, asked) if asked is not None else rest

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception | None = None
        for address in self._resolve_host(host, port):
            self._judge(address)
            try:
                stream = self._own.connect_tcp(
                    address, port, self.seconds_left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
                continue
            self._streams.append(stream)
            self._judge(stream.get_extra_info("socket").getpeername()[0])
            return _Stream(stream, self)
        raise error or httpcore.ConnectError("no address")

    def _judge(self, address: str) -> None:
        if self.through_proxy:
            return
        _judge(address, self._allow_inner)
        if self._clear and not addresses.is_inner(address):
            raise RequestRefusal(
                "An http:// address may only be an inner host's; give a public one as https://"
            )

    def _resolve_host(self, host: str, port: int) -> list[str]:
        """A host's addresses, in the order of the system's resolver, which keeps to no time limit of its own."""
        got: list[Any] = []

        def ask() -> None:
            try:
                got.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except OSError as error:
                got.append(error)

        asking = threading.Thread(target=ask, name="look-up", daemon=True)
        asking.start()
        asking.join(self.seconds_left())
        if not got:
            raise TimeoutError
        if isinstance(got[0], OSError):
            raise got[0]
        return list(dict.fromkeys(str(entry[4][0]) for entry in got[0]))

    def close(self) -> None:
        """Drop whatever is still open, so that an endless reply does not go on."""
        for stream in self._streams:
            stream.close()


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends by the deadline."""

    def __init__(self, own: httpcore.NetworkStream, network: _Network) -> None:
        self._own, self._network = own, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._own.read(max_bytes, self._network.seconds_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._own.write(buffer, self._network.seconds_left(timeout))

    def close(self) -> None:
        self._own.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(
            self._own.start_tls(ssl_context, server_hostname, self._network.seconds_left(timeout)),
            self._network,
        )

    def get_extra_info(self, info: str) -> Any:
        return self._own.get_extra_info(info)
