"""The process that reads a registry for the pages: ``python -m plumbline.probe.child``, one request a life.

A request as one JSON object on standard input, the answer on standard output. Names are looked up for the listed host
alone, so that no redirect and no address in an answer leads anywhere else.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from plumbline.domain import PlumblineError
from plumbline.probe.alone import probe_json
from plumbline.probe.places import host_of_address
from plumbline.probe.registry import probe_mlflow


def restrict_network(uri: str, *, link_local: bool) -> None:
    """From now on this process looks up that address's host and port, and the proxies it was given.

    Args:
        link_local: whether the host may lie on a link-local address, where clouds hand out credentials.
    """
    at = host_of_address(uri)
    allowed = {(at.host, at.port)} if at is not None else set()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        parts = urlsplit(os.environ.get(name, ""))
        if parts.hostname:
            allowed.add((parts.hostname, parts.port))
    look_up = socket.getaddrinfo

    def lookup(host: Any, port: Any, *args: Any, **named: Any) -> Any:
        asked = host.decode() if isinstance(host, bytes) else host
        if (str(asked).rstrip(".").lower(), int(port or 0)) not in allowed:
            raise OSError("not the place that was asked for")
        addresses = look_up(host, port, *args, **named)
        if not link_local and any(
            ipaddress.ip_address(str(f[4][0]).partition("%")[0]).is_link_local for f in addresses
        ):
            raise OSError("a link-local address")
        return addresses

    socket.getaddrinfo = lookup


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    out, sys.stdout = sys.stdout, sys.stderr
    restrict_network(request["uri"], link_local=bool(request["link_local"]))
    try:
        answer = probe_json(probe_mlflow(request["uri"], request["model"], by=request["by"]))
    except PlumblineError as error:
        answer = {"error": error.what, "where": str(error.where or ""), "todo": error.todo or ""}
    except Exception as error:  # the door of this process: the parent shows the sentence
        answer = {"error": f"The registry cannot be read ({type(error).__name__})", "where": "", "todo": ""}
    out.write(json.dumps(answer))
    out.flush()


if __name__ == "__main__":
    main()
