"""Freezes: times in which no release is rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import COMMANDS, SIGNED, command
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute

if TYPE_CHECKING:
    from plumbline.answers.respond.freezes import Freeze


@click.group("freeze")
def freeze() -> None:
    """Times in which no rollback is made, of one system or of all."""


COMMANDS.append(freeze)


@command("add", into=freeze)
@click.argument("system", required=False)
@click.option("--from", "start", required=True, metavar="WHEN", help="A day or moment, e.g. 2026-12-24.")
@click.option("--until", "end", required=True, metavar="WHEN", help="A day (the whole of it) or a moment.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it goes on the trail.")
@SIGNED
def add_command(workspace: str | None, system: str | None, start: str, end: str, reason: str, by: str) -> Any:
    """Freeze releases for a time, on the system's clock; without a system: of every one. An owner's act."""
    from plumbline.answers.respond.freezes import add_freeze

    with open_for(workspace) as ws:
        new_freeze = add_freeze(ws, system or "", start, end, reason, by=by)
    return {"freeze": new_freeze}, [_line(new_freeze)]


@command("list", into=freeze)
@click.argument("system", required=False)
def list_command(workspace: str | None, system: str | None) -> Any:
    """Every freeze, or those that hold for a system."""
    from plumbline.answers.respond.freezes import freezes
    from plumbline.store import systems

    with open_for(workspace) as ws, ws.read() as cursor:
        if system:
            systems.get_system(cursor, system)
        known = freezes(cursor, system)
    return {"freezes": known}, [_line(entry) for entry in known] or ["No freeze."]


@command("remove", into=freeze)
@click.argument("number", type=int)
@SIGNED
def remove_command(workspace: str | None, number: int, by: str) -> Any:
    """Take a freeze away before its end. An owner's act."""
    from plumbline.answers.respond.freezes import remove_freeze

    with open_for(workspace) as ws:
        gone = remove_freeze(ws, number, by=by)
    return {"removed": gone}, [f"Freeze {number} is gone: releases may be rolled back again."]


def _line(one: Freeze) -> str:
    about = one.system or "every system"
    return f"{one.number:>3}  {about}  {iso_minute(one.start)}Z to {iso_minute(one.end)}Z  {one.reason}"
