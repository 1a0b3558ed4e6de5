"""The authority outside of the company that says when a pack existed (RFC 3161): which one, as an owner names it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.respond.targets import is_web_address
from plumbline.store import trail
from plumbline.store.digests.settings_digest import TIME_AUTHORITY
from plumbline.store.respond import settings
from plumbline.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Where time stamps are asked for. ``allow_inner``: whether that may be a host of the company's own network."""

    url: str
    allow_inner: bool = False

    @property
    def host(self) -> str:
        """Its host, as sentences name it."""
        return urlsplit(self.url).hostname or ""


def time_authority(ws: Workspace) -> TimeAuthority | None:
    """The authority of a workspace; None where none is named."""
    with ws.read() as cursor:
        kept = settings.setting(cursor, TIME_AUTHORITY)
    return TimeAuthority(str(kept["url"]), bool(kept["allow_inner"])) if kept else None


def set_time_authority(
    ws: Workspace, url: str, *, allow_inner: bool = False, by: str
) -> TimeAuthority | None:
    """Name the authority that stamps packs from now on; an empty address: none does.

    Raises:
        PlumblineError: nobody signs, or an address that cannot be one.
    """
    name = signer(by, "A time authority", "Say who names it.")
    authority = TimeAuthority(url.strip(), allow_inner) if url.strip() else None
    if authority is not None:
        if not is_web_address(authority.url):
            raise PlumblineError(
                "The authority's address is no https:// address", todo="Use one such as https://tsa.example."
            )
        if urlsplit(authority.url).scheme == "http" and not allow_inner:
            raise PlumblineError(
                "An http:// address may only be an inner host's",
                todo="Use https://, or allow inner hosts with --allow-inner.",
            )
    with ws.write() as cursor:
        settings.keep(cursor, TIME_AUTHORITY, asdict(authority) if authority else None)
        detail = asdict(authority) if authority else {"url": ""}
        trail.append(cursor, actor=name, action=Act.TIME_AUTHORITY_SET, detail=detail)
    return authority
