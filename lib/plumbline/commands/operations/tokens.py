"""Tokens: what programs show to use the HTTP interface."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import BY, COMMANDS, command, parse_day
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_day

if TYPE_CHECKING:
    from plumbline.domain.acts import Token


@click.group("token")
def token() -> None:
    """Tokens of the HTTP interface: a role each, for all systems or for some."""


COMMANDS.append(token)


@command("add", into=token)
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["viewer", "analyst", "owner"]),
    help="What it may do, as the same role of a person.",
)
@click.option("--system", "only", multiple=True, metavar="S", help="Only for this one; may be repeated.")
@click.option("--until", metavar="DATE", help="The last day (UTC) on which it holds.")
@BY
def add(
    workspace: str | None, name: str, role: str, only: tuple[str, ...], until: str | None, by: str
) -> Any:
    """Make a token and print it. It is shown this once: the workspace keeps only its hash."""
    from plumbline.answers.governance import tokens as register
    from plumbline.domain.acts import Access

    with open_for(workspace) as ws:
        new_token = register.add(
            ws, name, Access(role), by=by, only=only, until=parse_day(until, "--until") if until else None
        )
    lines = [new_token.secret, f"{_line(new_token.token)}. Keep it now: it is not shown again."]
    return {"secret": new_token.secret, "token": new_token.token}, lines


@command("list", into=token)
def list_tokens(workspace: str | None) -> Any:
    """List the tokens, revoked ones included."""
    from plumbline.answers.governance import tokens as register

    with open_for(workspace) as ws:
        tokens = register.tokens(ws)
    return {"tokens": tokens}, [_line(each) for each in tokens] or ["There is no token."]


@command("revoke", into=token)
@click.argument("name")
@BY
def revoke(workspace: str | None, name: str, by: str) -> Any:
    """Let a token hold no longer. A running server refuses it within a second."""
    from plumbline.answers.governance import tokens as register

    with open_for(workspace) as ws:
        gone = register.revoke(ws, name, by=by)
    return {"token": gone}, [_line(gone)]


def _line(each: Token) -> str:
    where = ", ".join(each.systems) or "all systems"
    until = f", until {each.until}" if each.until else ""
    state = "" if each.is_valid(datetime.now(UTC).date()) else ", over"
    if each.revoked_at:
        state = f", revoked {iso_day(each.revoked_at)}"
    since = f"since {iso_day(each.given_at)}, by {each.given_by}"
    return f"{each.name:<24} {each.access:<8} {where}{until}  {since}{state}"
