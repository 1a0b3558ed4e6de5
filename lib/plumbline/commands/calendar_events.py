"""Events of the calendar: note one, list them, remove one."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import COMMANDS, SIGNED, command, parse_day
from plumbline.console import workspace as open_for
from plumbline.domain import json_value
from plumbline.domain.notes import EventKind

_KINDS = [kind.value for kind in EventKind]


@click.group("event")
def event() -> None:
    """Campaigns, price changes, holidays and outages, shown on every picture of time."""


COMMANDS.append(event)


@command("add", into=event)
@click.argument("system")
@click.argument("text")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What it was.")
@click.option("--on", "first", required=True, metavar="DATE", help="Its first day, e.g. 2026-12-24.")
@click.option("--until", "last", metavar="DATE", help="Its last day, included; default: the first.")
@SIGNED
def add(
    workspace: str | None, system: str, text: str, kind: str, first: str, last: str | None, by: str
) -> Any:
    """Note an event of a day or of several."""
    from plumbline.answers.notes import calendar_events as events

    with open_for(workspace) as ws:
        new_event = events.add(
            ws,
            system,
            kind=kind,
            text=text,
            first=parse_day(first, "--on"),
            last=parse_day(last, "--until") if last else None,
            by=by,
        )
    return {"event": json_value(new_event)}, [f"Event {new_event.id} of {system}: {events.say(new_event)}."]


@command("list", into=event)
@click.argument("system")
def list_events(workspace: str | None, system: str) -> Any:
    """The events of a system, the earliest first."""
    from plumbline.answers.notes import calendar_events as events

    with open_for(workspace) as ws:
        answer = events.calendar_events(ws, system)
    return answer.to_dict(), [
        answer.sentence,
        *(f"  {entry.id}  {events.say(entry)} ({entry.by})" for entry in answer),
    ]


@command("remove", into=event)
@click.argument("system")
@click.argument("number", type=int)
@SIGNED
def remove(workspace: str | None, system: str, number: int, by: str) -> Any:
    """Remove an event; the trail keeps what it was."""
    from plumbline.answers.notes import calendar_events as events

    with open_for(workspace) as ws:
        gone = events.remove(ws, system, number, by=by)
    return {"removed": json_value(gone)}, [f"Event {gone.id} of {system} is removed: {events.say(gone)}."]
