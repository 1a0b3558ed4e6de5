"""A channel: where messages go, which of them, and by what secret, of which only the variable's name is known."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import unquote, urlsplit

from plumbline.domain import PlumblineError, Severity
from plumbline.domain.messages import message
from plumbline.domain.respond import DEMO
from plumbline.respond import addresses, routes

WEBHOOK, MAIL, PAGER, SERVICE = "webhook", "mail", "pagerduty", "apprise"
#: hosts whose addresses are the secret themselves, and which read no CloudEvents
_SECRET_HOSTS = (
    "hooks.slack.com", "discord.com", "discordapp.com", "webhook.office.com", "logic.azure.com", "chat.googleapis.com",
    "api.telegram.org",
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_HOW = (
    "Give https://HOST/PATH, mailto:NAME@HOST, pagerduty: or apprise: with --secret-env VARIABLE, or env:VARIABLE "
    "where the address itself is secret."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where messages go.

    ``address``: as it was given, without a secret; ``secret``: name of the environment variable that holds the signing
    key, the routing key or the service's address; ``poll``: of the variable with the token by
    which PagerDuty is asked who acknowledged; ``severity``: the lowest that goes there; ``systems``: keys, none for
    all; ``families``, ``hours``: see ``routes``; ``off``: why nothing goes there any more; ``confirmed_at``,
    ``confirmed_by``: the last code typed back; ``code``: salt and digest of the code that is out, when it was sent, and
    how often it was tried.
    """

    name: str
    address: str
    secret: str = ""
    poll: str = ""
    severity: Severity = Severity.LOW
    systems: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    hours: str = ""
    allow_inner: bool = False
    off: str = ""
    added_by: str = ""
    added_at: str = ""
    confirmed_by: str = ""
    confirmed_at: str = ""
    code: Mapping[str, str] | None = None

    @property
    def kind(self) -> str:
        """``webhook``, ``mail``, ``pagerduty`` or ``apprise``."""
        scheme = self.address.partition(":")[0].lower()
        return {"mailto": MAIL, "pagerduty": PAGER, "apprise": SERVICE}.get(scheme, WEBHOOK)

    @property
    def sends(self) -> bool:
        """Whether messages leave by it; a channel of the demo led to a stand-in that is gone once the demo is built."""
        return not self.off and self.added_by != DEMO

    def accepts(self, system: str, severity: Severity, family: str = "") -> bool:
        """Whether a message of that system, severity and family goes here, at whatever hour."""
        ranks = list(Severity)
        fits = not self.systems or not system or system in self.systems
        fits = fits and (not self.families or not family or family in self.families)
        return self.sends and fits and ranks.index(severity) >= ranks.index(self.severity)

    def body(self) -> str:
        """Canonical JSON, as the workspace keeps it."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def read_channel(body: str) -> Channel:
    """Read what ``Channel.body`` wrote; fields of a newer version are left out."""
    values = json.loads(body)
    known = {f.name for f in fields(Channel)}
    given = {name: value for name, value in values.items() if name in known}
    lists = {name: tuple(given.get(name, ())) for name in ("systems", "families")}
    return Channel(**given | lists | {"severity": Severity(given["severity"])})


def new_channel(
    name: str,
    address: str,
    *,
    secret: str = "",
    poll: str = "",
    severity: str = "low",
    systems: tuple[str, ...] = (),
    families: tuple[str, ...] = (),
    hours: str = "",
    allow_inner: bool = False,
) -> Channel:
    """A channel as somebody wants it.

    Raises:
        PlumblineError: the name, the address or the variable's name is none, or the address holds a secret; it is not
            repeated then.
    """
    name, address, secret = name.strip(), address.strip(), secret.strip()
    if not _NAME.fullmatch(name):
        raise PlumblineError(
            "A channel's name is 1 to 40 letters, digits, dots, dashes or underscores", todo="E.g. on-call."
        )
    if any(name and not _VARIABLE.fullmatch(name) for name in (secret, poll)):
        raise PlumblineError("A secret is given by the name of its environment variable, not by itself")
    if severity not in set(Severity):
        raise PlumblineError(
            message("{severity} is no severity", severity=repr(severity)), todo="Use high, medium or low."
        )
    unknown = next((family for family in families if family not in routes.FAMILIES), None)
    if unknown is not None:
        raise PlumblineError(
            message("{unknown} is no family of findings", unknown=repr(unknown[:40])),
            todo=message("Use {names}.", names=", ".join(routes.FAMILIES)),
        )
    channel = Channel(
        name=name,
        address=address,
        secret=secret,
        poll=poll,
        severity=Severity(severity),
        systems=tuple(dict.fromkeys(systems)),
        families=tuple(dict.fromkeys(families)),
        hours=routes.parse_hours(hours),
        allow_inner=allow_inner,
    )
    if poll and channel.kind != PAGER:
        raise PlumblineError("Only PagerDuty is asked who acknowledged", todo="Leave --poll-env out.")
    {WEBHOOK: _webhook, MAIL: _mail}.get(channel.kind, _check_secret)(channel)
    if channel.kind in (PAGER, SERVICE):
        return replace(channel, address=f"{channel.kind}:")
    return channel


def _webhook(channel: Channel) -> None:
    if channel.address.startswith("env:"):
        if not _VARIABLE.fullmatch(channel.address.removeprefix("env:")):
            raise PlumblineError("env: takes the name of an environment variable")
        return
    try:
        parts = urlsplit(channel.address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise PlumblineError("The address cannot be read", todo=_HOW) from error
    if parts.scheme not in ("https", "http") or not host:
        raise PlumblineError("That is no address of a channel", todo=_HOW)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PlumblineError(
            "The address holds a user name, a password or a query, which is where secrets stand",
            todo="Put the whole address into an environment variable and give env:VARIABLE.",
        )
    if host.endswith(_SECRET_HOSTS):
        raise PlumblineError(
            message(
                "An address at {host} is a secret itself, and that service reads a format of its own",
                host=host,
            ),
            todo="Put Apprise's address of it into a variable and give apprise: with --secret-env VARIABLE.",
        )
    if parts.scheme == "http" and not channel.allow_inner:
        raise PlumblineError(
            "http:// is for hosts inside your network",
            todo="Give https://, or say --allow-inner as an owner.",
        )
    try:
        reason = addresses.refusal(host, allow_inner=channel.allow_inner)
    except ValueError:
        return  # a name: judged by the address that it has when something is sent
    if reason:
        raise PlumblineError(
            message("Nothing can be sent there: {reason}", reason=reason),
            todo="Say --allow-inner as an owner, where it is yours.",
        )


def _mail(channel: Channel) -> None:
    for mailbox in mailboxes(channel):
        if not _MAILBOX.fullmatch(mailbox):
            raise PlumblineError(
                "That is no e-mail address", todo="Give mailto:NAME@HOST; several stand apart by commas."
            )


def mailboxes(channel: Channel) -> tuple[str, ...]:
    """The addresses of a ``mailto:`` channel."""
    return tuple(part.strip() for part in unquote(channel.address.partition(":")[2]).split(","))


def _check_secret(channel: Channel) -> None:
    rest = channel.address.partition(":")[2].strip("/ ")
    if rest:
        raise PlumblineError(
            message("What stands behind {kind}: is a secret and is not stored", kind=channel.kind),
            todo=message(
                "Put it into an environment variable and give {kind}: with --secret-env VARIABLE.",
                kind=channel.kind,
            ),
        )
    if not channel.secret:
        raise PlumblineError(
            message("{kind}: needs --secret-env VARIABLE", kind=channel.kind),
            todo="The variable holds the routing key."
            if channel.kind == PAGER
            else "It holds Apprise's address.",
        )


def read_secret(name: str) -> str:
    """The value of the environment variable that a channel names.

    Raises:
        PlumblineError: it is not set.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        raise PlumblineError(
            message("The environment variable {name} is not set", name=name),
            todo="Set it where Plumbline runs.",
        )
    return value
