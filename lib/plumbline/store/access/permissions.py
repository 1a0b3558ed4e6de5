"""The check that a write of a signed-in person has to pass.

It reads what the transaction itself left on the trail, just before it is committed. So no function that writes can
forget it, and the role is the one that holds at that moment.
"""

from __future__ import annotations

import duckdb

from plumbline.domain import PlumblineError
from plumbline.domain.acts import SIGNATURE, Access, role_for
from plumbline.domain.messages import message
from plumbline.store.access.tokens import get_token
from plumbline.store.times import now


def access_of(cursor: duckdb.DuckDBPyConnection, email: str) -> Access | None:
    """The role of that e-mail, or of a token by its signature; None where there is none, or it holds no longer."""
    if email.startswith(SIGNATURE):
        token = get_token(cursor, email.removeprefix(SIGNATURE))
        return token.access if token and token.is_valid(now().date()) else None
    row = cursor.execute("SELECT access FROM person WHERE email = ?", [email]).fetchone()
    return Access(row[0]) if row else None


def state(cursor: duckdb.DuckDBPyConnection, email: str | None) -> tuple[Access | None, int]:
    """The role that a person holds as a transaction begins, and the trail's newest entry then."""
    if email is None:
        return None, 0
    row = cursor.execute("SELECT coalesce(max(seq), 0) FROM trail").fetchone()
    return access_of(cursor, email), int(row[0]) if row else 0


def permit(cursor: duckdb.DuckDBPyConnection, email: str, access: Access | None, since: int) -> None:
    """Refuse what a transaction did where the person's role does not cover it, or another name signs it.

    Args:
        access: the role when the transaction began: nobody lifts their own.
        since: the trail's newest entry when it began.

    Raises:
        PlumblineError: naming the role that it takes.
    """
    rows = cursor.execute("SELECT action, actor FROM trail WHERE seq > ? ORDER BY seq", [since]).fetchall()
    asked = max((role_for(action) for action, _ in rows), key=list(Access).index, default=Access.ANALYST)
    if access is None or not access.covers(asked):
        raise refusal(email, access, asked)
    for _, actor in rows:
        if actor != email:
            raise PlumblineError(
                "Nobody signs for somebody else",
                where=str(actor)[:120],
                todo=message("You are signed in as {email}.", email=email),
            )


def refusal(email: str, access: Access | None, asked: Access) -> PlumblineError:
    """Why a person may not do something, and who can help."""
    has = f"{email} is {_with_article(access)}" if access else f"{email} has no role here"
    return PlumblineError(
        message("Only {role} may do this; {has}", role=_with_article(asked), has=has),
        todo="Ask an owner of this workspace.",
    )


def _with_article(access: Access) -> str:
    return f"{'an' if access.value[0] in 'aeiou' else 'a'} {access.value}"
