"""Naming a source: what kind it is, where it is, and which part of that must never be written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

FORMS = (
    "postgresql://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE, sqlite:FILE, s3://BUCKET/FILE, https://HOST/FILE, "
    "delta:FOLDER or iceberg:FOLDER"
)

#: names of a cluster's parameters whose values are secrets
_SECRET = re.compile(r"(?i)token|secret|passw|pwd|key|credential|auth|signature")


@dataclass(frozen=True, slots=True)
class Location:
    """A source as a person named it.

    ``address``: to connect with, secrets included; ``shown``: without them, the only form that is kept or said.
    ``secrets``: what must not appear in a message.
    """

    kind: str  # postgres | mysql | sqlite | files | delta | iceberg
    address: str
    shown: str
    secrets: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the address, for people."""
        bare = re.sub(r"^\w+:(?!//)", "", self.shown).partition("/;")[0].rstrip("/")
        return re.split(r"[/\\]", bare)[-1] or self.kind

    def redact(self, text: str, more: tuple[str, ...] = ()) -> str:
        """A foreign message without the secrets, on one line, not too long."""
        hidden = {*self.secrets, *more, *([self.address] if self.secrets else [])} - {""}
        for secret in sorted(hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        text = re.sub(r"(?i)(password|passwd|pwd|secret|token|signature)\s*=\s*\S+", r"\1=***", text)
        text = re.sub(r"://[^/\s@:]*+:[^/\s@]*+@", "://***@", text)
        return " ".join(text.split())[:240]


def read_location(text: str) -> Location:
    """Tell a source by how it is written.

    Raises:
        PlumblineError: it is none of the forms; a file of a log is loaded, not pulled.
    """
    words = text.strip()
    scheme, _, rest = words.partition(":")
    scheme = scheme.lower()
    if scheme in ("postgres", "postgresql", "mysql") and rest.startswith("//"):
        return _url("mysql" if scheme == "mysql" else "postgres", words)
    if scheme == "spark" and rest.startswith("sc://"):
        return _cluster(rest)
    if scheme in ("s3", "http", "https") and rest.startswith("//"):
        return _url("files", words)
    if scheme == "sqlite" and rest:
        return _file("sqlite", rest)
    if scheme in ("delta", "iceberg") and rest:
        if re.match(r"(s3|https?)://", rest):
            inner = _url(scheme, rest)
            return Location(scheme, inner.address, f"{scheme}:{inner.shown}", inner.secrets)
        return _file(scheme, rest)
    path = Path(words)
    if (path / "_delta_log").is_dir():
        return _file("delta", words)
    if any((path / "metadata").glob("*.metadata.json")):
        return _file("iceberg", words)
    if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
        return _file("sqlite", words)
    if path.exists():
        raise PlumblineError(
            "This is a file or folder of logs, not a source", where=path.name, todo="Use plumbline load."
        )
    raise PlumblineError(
        message("This is no source: {words}", words=_strip_userinfo(words)[:80]),
        todo=message("Name one as {forms}.", forms=FORMS),
    )


def is_remote(text: str) -> bool:
    """Whether a person who wanted to load a file named a source."""
    return (
        re.match(r"(?i)(postgres(ql)?|mysql|s3|https?)://|(sqlite|delta|iceberg|spark):.", text.strip())
        is not None
    )


def _url(kind: str, text: str) -> Location:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise PlumblineError(
            "The address of the source cannot be read", todo=message("Name it as {forms}.", forms=FORMS)
        ) from error
    if not host:
        raise PlumblineError(
            "The address of the source names no host", todo=message("Name it as {forms}.", forms=FORMS)
        )
    host = f"[{host}]" if ":" in host else host
    user = f"{parts.username}@" if parts.username and kind in ("postgres", "mysql") else ""
    shown = urlunsplit((parts.scheme, f"{user}{host}{port}", parts.path, "", ""))
    secrets = [parts.query, parts.password or "", unquote(parts.password or "")]
    if kind == "files":
        secrets.append(parts.username or "")
    return Location(kind, text, shown, tuple(s for s in secrets if s))


def _cluster(text: str) -> Location:
    """A Spark Connect server, ``sc://HOST:PORT/;key=value``; parameters whose name speaks of a secret are not shown."""
    bare, _, params = text.partition("/;")
    try:
        parts = urlsplit(bare)
        port = parts.port or 15002
    except ValueError as error:
        raise PlumblineError(
            "The address of the cluster cannot be read", todo="E.g. spark:sc://HOST:15002."
        ) from error
    if not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
        raise PlumblineError(
            "This is no address of a Spark Connect server", todo="E.g. spark:sc://HOST:15002."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    plain = f"sc://{host}:{port}"
    pairs = [pair.partition("=") for pair in params.split(";")]
    secrets = [value for name, _, value in pairs if _SECRET.search(name)]
    open_params = ";".join(
        f"{name}={value}" for name, _, value in pairs if value and not _SECRET.search(name)
    )
    shown = f"spark:{plain}/;{open_params}" if open_params else f"spark:{plain}"
    address = f"{plain}/;{params}" if params else plain
    return Location("spark", address, shown, tuple(filter(None, secrets)))


def _file(kind: str, text: str) -> Location:
    bare = re.sub(r"^///?(?=/)|^//(?!/)", "", text)
    path = Path(bare).expanduser().resolve()
    if not path.exists():
        raise PlumblineError("There is no such file or folder", where=str(path), todo="Check the path.")
    return Location(kind, str(path), f"{kind}:{path}")


def _strip_userinfo(text: str) -> str:
    return re.sub(r"://[^/@]*@", "://", text).split("?")[0]
