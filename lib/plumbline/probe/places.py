"""Which places the pages may read, and which of the machine's credentials go there: none that nobody bound.

A place is a host with its port (``mlflow.example:5000``; without one the usual port of whatever is asked there), or a
folder of this machine. Owners list places in the workspace; the machine's operator lists them in PLUMBLINE_HOSTS and
may bind names of the environment to one: ``mlflow.example:5000=MLFLOW_TRACKING_TOKEN, db.example=PGPASSWORD+PGUSER``.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plumbline.domain import PlumblineError

VARIABLE = "PLUMBLINE_HOSTS"
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432, "mysql": 3306}
TODO = (
    "Write a host with its port, such as mlflow.example:5000, or a folder from the root, such as /srv/models."
)
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A host (with a port, or None for the usual one) or a folder, and names of the environment bound to it."""

    host: str = ""
    port: int | None = None
    folder: str = ""
    bound: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """How it is written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.folder or (f"{host}:{self.port}" if self.port else host)


def parse_place(text: str) -> Place:
    """Read one place.

    Raises:
        PlumblineError: it is none.
    """
    words = text.strip()
    if words.startswith(("/", "~")) or Path(words).is_absolute():
        folder = Path(words).expanduser()
        return Place(folder=str(folder if folder.is_absolute() else folder.absolute()))
    try:
        parts = urlsplit(words if "://" in words else f"//{words}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if (
        not host
        or parts.username
        or (parts.path.strip("/") and "://" not in words)
        or re.search(r"[\s,=+]", host)
    ):
        raise PlumblineError("This is no place that can be listed", where=words[:120], todo=TODO)
    return Place(host, port or PORTS.get(parts.scheme.partition("+")[0]))


def is_link_local(place: Place) -> bool:
    """Whether a host is a link-local address: where machines of a cloud hand out their own credentials."""
    try:
        return ipaddress.ip_address(place.host.partition("%")[0]).is_link_local
    except ValueError:
        return False


def operator_places(environment: Mapping[str, str] = os.environ) -> tuple[Place, ...]:
    """What PLUMBLINE_HOSTS lists.

    Raises:
        PlumblineError: an entry of it cannot be read.
    """
    places = []
    for entry in environment.get(VARIABLE, "").split(","):
        if not entry.strip():
            continue
        at, _, names = entry.partition("=")
        bound = tuple(name.strip() for name in names.split("+") if name.strip())
        if not all(_NAME.fullmatch(name) for name in bound):
            raise PlumblineError(
                "PLUMBLINE_HOSTS binds what is no name of a variable",
                where=at.strip(),
                todo="Write host:port=NAME+NAME, with commas between places.",
            )
        place = parse_place(at)
        places.append(Place(place.host, place.port, place.folder, bound))
    return tuple(places)


def host_of_address(uri: str) -> Place | None:
    """The host and port that an address leads to; None where it names a file, or nothing that can be read."""
    try:
        parts = urlsplit(uri.strip())
        scheme = parts.scheme.partition("+")[0].lower()
        if not parts.hostname or scheme not in PORTS:
            return None
        return Place(parts.hostname.rstrip("."), parts.port or PORTS[scheme])
    except ValueError:
        return None


def match_place(listing: Sequence[Place], *, uri: str = "", folder: str = "") -> Place:
    """The entry of the listing that covers an address, or a folder of this machine.

    Raises:
        PlumblineError: none does. Always the same words, so that nothing is learnt about ports and paths.
    """
    asked = host_of_address(uri) if uri else None
    path = folder or (
        unquote(urlsplit(uri).path.removeprefix("/")) if uri.lower().startswith("sqlite") else ""
    )
    for place in listing:
        if asked is not None and place.host and _is_same_host(place, asked, uri):
            return place
        if path and place.folder and _is_within(path, place.folder):
            return place
    raise PlumblineError(
        "This place is not listed for the pages to read",
        todo="An owner lists hosts and folders under Places on this page, or with `plumbline places`.",
    )


def _is_same_host(place: Place, asked: Place, uri: str) -> bool:
    usual = PORTS[urlsplit(uri.strip()).scheme.partition("+")[0].lower()]
    return place.host == asked.host and (place.port or usual) == asked.port


def _is_within(path: str, folder: str) -> bool:
    try:
        real, root = Path(path).expanduser().resolve(), Path(folder).resolve()
    except (OSError, RuntimeError, ValueError):
        return False
    return real == root or root in real.parents
