"""Erasing a data subject."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.register import ACTOR, command
from plumbline.door import workspace as open_for


@command("erase")
@click.argument("system")
@click.option("--subject", metavar="VALUE", help="The person, spelt as in the log.")
@click.option("--decision", "decision_id", metavar="ID", help="One decision.")
@click.option("--by", "actor", default=ACTOR, metavar="NAME", help="Who erases; it goes on the certificate.")
def erase(
    workspace: str | None, system: str, subject: str | None, decision_id: str | None, actor: str
) -> Any:
    """Erase a person, or one decision, everywhere; prints the certificate."""
    from plumbline.answers.erasing import erase_person

    with open_for(workspace) as ws:
        made = erase_person(ws, system, subject=subject, decision_id=decision_id, actor=actor)
    lines = [
        f"Erased from {made.system} at {made.at:%Y-%m-%d %H:%M} UTC by {made.actor}: {made.decisions} decisions of "
        f"{len(made.loads)} loads, {made.labels} labels, {made.quarantined} quarantined rows.",
        f"Known on the trail as {made.keyed_hash}.",
        "The bytes in the file are overwritten." if made.bytes_cleared
        else "The file still holds deleted bytes: it is in use. Erase again when it is not.",
        "The files that were loaded are not touched: erase there too.",
    ]  # fmt: skip
    lines += [f"Still in {table}: {rows} rows; look at them." for table, rows in made.elsewhere.items()]
    return made, lines
