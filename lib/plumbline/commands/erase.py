"""Erasing a data subject, and removing a system that holds nothing."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import ACTOR, COMMANDS, Signature, command
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute


@command("erase")
@click.argument("system")
@click.option("--subject", metavar="VALUE", help="The person, spelt as in the log.")
@click.option("--decision", "decision_id", metavar="ID", help="One decision.")
@click.option("--by", "actor", default=ACTOR, metavar="NAME", help="Who erases; it goes on the certificate.")
def erase(
    workspace: str | None, system: str, subject: str | None, decision_id: str | None, actor: str
) -> Any:
    """Erase a person, or one decision, everywhere; prints the certificate."""
    from plumbline.answers.data.erase import erase_person, sentences

    with open_for(workspace) as ws:
        result = erase_person(ws, system, subject=subject, decision_id=decision_id, actor=actor)
    return result, list(sentences(result))


@command("remove")
@click.argument("system")
@click.option("--by", "actor", default=ACTOR, metavar="NAME", help="Who removes it; it goes on the trail.")
def remove(workspace: str | None, system: str, actor: str) -> Any:
    """Delete SYSTEM, which holds no decision any more; the trail stays."""
    return _delete_system(workspace, system, actor)


@click.group("system")
def system() -> None:
    """A system as a whole."""


COMMANDS.append(system)


@command("delete", into=system)
@click.argument("system")
@click.option(
    "--by",
    "actor",
    required=True,
    cls=Signature,
    metavar="NAME",
    help="Who deletes it; it goes on the certificate.",
)
def delete(workspace: str | None, system: str, actor: str) -> Any:
    """Delete SYSTEM, which holds no decision any more, and print the certificate; the trail stays."""
    return _delete_system(workspace, system, actor)


def _delete_system(workspace: str | None, system: str, actor: str) -> Any:
    from plumbline.answers.data.removal import remove_system

    with open_for(workspace) as ws:
        certificate = remove_system(ws, system, actor=actor)
    when = f"{iso_minute(certificate.at)} UTC"
    return {"removed": system, "certificate": certificate}, [
        f"{certificate.title} ({certificate.system}) was deleted at {when} "
        f"by {certificate.by}, with all that was stated of it.",
        f"The trail keeps what was done, and this as {certificate.entry_sha256}.",
    ]
