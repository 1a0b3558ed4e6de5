"""Who may sign in and as what, and whether the server asks anybody to: the questions behind SEC-1."""

from __future__ import annotations

import re
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access, Act, Person
from plumbline.store import trail
from plumbline.store.access import people as register
from plumbline.store.access import permissions, readers
from plumbline.store.workspace import Cursor, Workspace

#: what the server puts on the trail when it starts otherwise than before
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^{|}~-]{1,64}@[\w.-]{1,190}")


def people(ws: Workspace) -> tuple[Person, ...]:
    """Everybody who has a role, by e-mail."""
    with ws.read() as cursor:
        return tuple(register.people(cursor))


def access_of(ws: Workspace, email: str) -> Access | None:
    """The role of that e-mail address, or None."""
    with ws.read() as cursor:
        return permissions.access_of(cursor, address(email))


def address(email: str) -> str:
    """An e-mail address as it is compared: A to Z in small letters. Other letters stay, as two may share a small one.

    Raises:
        PlumblineError: it is not one.
    """
    address_in_ascii = "".join(c.lower() if c.isascii() else c for c in email.strip())
    if not _EMAIL.fullmatch(address_in_ascii):
        raise PlumblineError(
            "This is not an e-mail address", where=email.strip()[:120], todo="Write ana@example.com."
        )
    return address_in_ascii


def give(ws: Workspace, email: str, access: Access, *, by: str) -> Person:
    """Give a person a role, instead of the one held before.

    Raises:
        PlumblineError: no name, no e-mail address, or nobody would be left to give roles.
    """
    who, name = address(email), _checked_name(by)
    with ws.write() as cursor:
        before = permissions.access_of(cursor, who)
        _require_other_owner(cursor, who, access)
        register.give(cursor, who, access, name)
        detail = {"email": who, "role": access.value, "before": before.value if before else ""}
        trail.append(cursor, actor=name, action=Act.ROLE_GIVEN, detail=detail)
        return next(person for person in register.people(cursor) if person.email == who)


def take(ws: Workspace, email: str, *, by: str) -> None:
    """Take a person's role away; the next click of an open page is refused.

    Raises:
        PlumblineError: no name, no such person, or nobody would be left to give roles.
    """
    who, name = address(email), _checked_name(by)
    with ws.write() as cursor:
        before = permissions.access_of(cursor, who)
        if before is None:
            raise PlumblineError("Nobody with this e-mail address has a role", where=who)
        _require_other_owner(cursor, who, None)
        register.take(cursor, who)
        readers.remove(cursor, who)
        trail.append(cursor, actor=name, action=Act.ROLE_TAKEN, detail={"email": who, "before": before.value})


def language_of(ws: Workspace, email: str) -> str:
    """The code of the language in which a person reads the pages; empty where none was chosen."""
    with ws.read() as cursor:
        return readers.language_of(cursor, email)


def set_language(ws: Workspace, email: str, language: str) -> None:
    """Keep the language in which a person reads the pages. It is nobody else's affair, and not put on the trail.

    Raises:
        BusyWriter: somebody else writes; a choice of language waits for nobody.
    """
    with ws.write(by_itself=True, wait=False) as cursor:
        if permissions.access_of(cursor, email) is not None:
            readers.set_language(cursor, email, language)


def note_sign_in(ws: Workspace, *, on: bool, reach: str) -> None:
    """Put on the trail how the server starts, where that is otherwise than the last time.

    Args:
        on: whether everybody has to sign in.
        reach: ``this machine`` or ``network``: from where the server can be reached.
    """
    now = {"on": on, "reach": reach}
    with ws.write(by_itself=True) as cursor:
        before = last_start(cursor)
        if before != now and (before or on or reach != "this machine"):
            state = "on" if on else "off"
            trail.append(cursor, actor="plumbline", action=Act.SIGN_IN.with_words(state), detail=now)


def last_start(cursor: Cursor) -> dict[str, Any]:
    """How the server last started with this workspace; empty where it never said."""
    return trail.latest_detail(cursor, Act.SIGN_IN)


def access_facts(cursor: Cursor) -> dict[str, Any]:
    """What the workspace shows about who can see and change it; None where it cannot tell.

    A server without sign-in that only its own machine reaches is guarded by the machine's own accounts, which
    nothing here can see. One that a network reaches is open to whoever finds it.
    """
    start, roles = last_start(cursor), bool(register.people(cursor))
    on = True if start.get("on") else False if start.get("reach") == "network" or (start and roles) else None
    return {"sign_in": on, "roles_assigned": roles if roles or on is not None else None}


def _checked_name(by: str) -> str:
    if not by.strip():
        raise PlumblineError("A role needs a name behind it", todo="Say who gives or takes it.")
    return by.strip()


def _require_other_owner(cursor: Cursor, email: str, access: Access | None) -> None:
    if access is Access.OWNER or permissions.access_of(cursor, email) is not Access.OWNER:
        return
    if not any(p.access is Access.OWNER and p.email != email for p in register.people(cursor)):
        raise PlumblineError(
            "This is the only owner: nobody could give roles any more",
            where=email,
            todo="Make somebody else an owner first.",
        )
