"""Who may sign in, and as what."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import ACTOR, command
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_day

NONE = "none"


@command("access")
@click.argument("email", required=False)
@click.argument("role", required=False, type=click.Choice(["viewer", "analyst", "owner", NONE]))
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who gives or takes it.")
def access(workspace: str | None, email: str | None, role: str | None, by: str) -> Any:
    """List who may sign in, or give a role: `access ana@example.com owner`. `none` takes it away."""
    from plumbline.answers.governance import access as answer
    from plumbline.domain import PlumblineError
    from plumbline.domain.acts import Access

    if email and not role:
        raise PlumblineError("A role is missing", where=email, todo="Add viewer, analyst, owner or none.")
    with open_for(workspace) as ws:
        if email and role == NONE:
            answer.take(ws, email, by=by)
        elif email and role:
            answer.give(ws, email, Access(role), by=by)
        persons = answer.people(ws)
    lines = [f"{p.email:<40} {p.access:<8} since {iso_day(p.given_at)}, by {p.given_by}" for p in persons]
    return {"people": persons}, lines or ["Nobody has a role yet."]
