"""Which hosts and folders the pages may read."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import ACTOR, command
from plumbline.console import workspace as open_for


@command("places")
@click.argument("place", required=False)
@click.option("--remove", is_flag=True, help="Leave the place out again.")
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who lists it.")
def places(workspace: str | None, place: str | None, remove: bool, by: str) -> Any:
    """List the hosts and folders that the pages may read, or one more: `places mlflow.example:5000`."""
    from plumbline.answers.governance import places as answer
    from plumbline.domain import PlumblineError

    if remove and not place:
        raise PlumblineError("A place is missing", todo="Say which one is left out.")
    with open_for(workspace) as ws:
        if place and remove:
            answer.remove_place(ws, place, by=by)
        elif place:
            answer.list_place(ws, place, by=by)
        pairs = [(location, "an owner") for location in answer.owner_places(ws)]
    pairs += [(location, "PLUMBLINE_HOSTS") for location in answer.operator_places()]
    lines = [
        f"{p.text:<60} listed by {who}" + (f", with {', '.join(p.bound)}" if p.bound else "")
        for p, who in pairs
    ]
    shown = [{"place": p.text, "listed_by": who, "bound": list(p.bound)} for p, who in pairs]
    return {"places": shown}, lines or ["No place is listed: the pages read none."]
