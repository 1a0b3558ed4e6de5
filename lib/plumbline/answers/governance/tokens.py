"""Tokens of the HTTP interface: given, listed, revoked, and whose a request is."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Act, Token
from plumbline.domain.messages import message
from plumbline.store import systems, trail
from plumbline.store.access import tokens as register
from plumbline.store.sql import system_key
from plumbline.store.times import now
from plumbline.store.workspace import Workspace

#: what every token begins with, so that scanners of source code know one that was left there
PREFIX = "plumbline_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret, which is shown this once."""

    token: Token
    secret: str


def add(
    ws: Workspace,
    name: str,
    access: Access,
    *,
    by: str,
    only: Sequence[str] = (),
    until: date | None = None,
) -> NewToken:
    """Make a token.

    Args:
        name: what the trail calls it by: letters, digits, dots, dashes and underscores.
        only: systems, by key or title; none: all, those to come included.
        until: the last day (UTC) on which it holds.

    Raises:
        PlumblineError: the name is none or taken, a system is not there, the day is over, or nobody signs.
    """
    if not _NAME.fullmatch(name):
        raise PlumblineError(
            "This is no name of a token",
            where=name[:80],
            todo="Use up to 64 letters, digits, dots, dashes and underscores.",
        )
    if until and until < datetime.now(UTC).date():
        raise PlumblineError(
            message("The day {until} is over", until=str(until)), todo="Give a later one with --until."
        )
    if not by.strip():
        raise PlumblineError("A token needs a name behind it", todo="Say who gives it.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with ws.write() as cursor:
        if register.get_token(cursor, name):
            raise PlumblineError(
                "There is a token of this name, or was one", where=name, todo="Choose another name."
            )
        keys = tuple(dict.fromkeys(systems.get_system(cursor, system_key(key)).key for key in only))
        token = Token(
            name=name, access=access, systems=keys, until=until, given_by=by.strip(), given_at=now()
        )
        register.add(cursor, token, digest(secret))
        detail = {
            "name": name,
            "role": access.value,
            "systems": list(keys),
            "until": until.isoformat() if until else "",
        }
        trail.append(cursor, actor=by.strip(), action=Act.TOKEN_ADDED, detail=detail)
    return NewToken(token, secret)


def tokens(ws: Workspace) -> tuple[Token, ...]:
    """All tokens by name, revoked ones included."""
    with ws.read() as cursor:
        return tuple(register.tokens(cursor))


def revoke(ws: Workspace, name: str, *, by: str) -> Token:
    """Let a token hold no longer; a server that runs refuses it within a second.

    Raises:
        PlumblineError: there is none of this name, it is revoked already, or nobody signs.
    """
    if not by.strip():
        raise PlumblineError("A token needs a name behind it", todo="Say who revokes it.")
    with ws.write() as cursor:
        token = register.get_token(cursor, name)
        if token is None or token.revoked_at:
            raise PlumblineError(
                "There is no token of this name that holds",
                where=name[:80],
                todo="plumbline token list names them.",
            )
        register.revoke(cursor, name)
        trail.append(cursor, actor=by.strip(), action=Act.TOKEN_REVOKED, detail={"name": name})
        return next(each for each in register.tokens(cursor) if each.name == name)


def token_of(ws: Workspace, secret: str) -> Token | None:
    """The token that a request shows; None where there is none, or it holds no longer."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    with ws.read() as cursor:
        token = register.token_of(cursor, digest(secret))
    return token if token and token.is_valid(datetime.now(UTC).date()) else None


def digest(secret: str) -> str:
    """SHA-256 of a token, as the workspace keeps it."""
    return hashlib.sha256(secret.encode()).hexdigest()
