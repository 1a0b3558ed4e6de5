"""What a server does by itself, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import ACTOR, COMMANDS, command
from plumbline.console import BAD_INPUT
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute

if TYPE_CHECKING:
    from plumbline.answers.operations.runs import Run
    from plumbline.answers.operations.schedule import Schedule
    from plumbline.store.workspace import Workspace

BY = click.option(
    "--by", default=ACTOR, show_default=True, metavar="NAME", help="Who sets it; it goes on the trail."
)


@click.group("schedule")
def schedule() -> None:
    """What a running server does by itself: pull, take the inbox, check, send, copy."""


COMMANDS.append(schedule)


@command("set", into=schedule)
@click.option(
    "--every",
    metavar="TIME",
    help="Pull, take the inbox, check, send: 15m, 1h, daily@06:00, mon@06:00, off.",
)
@click.option(
    "--backup", metavar="TIME", help="Copy the workspace into backups beside it, e.g. daily@02:30, or off."
)
@click.option(
    "--keep", type=int, metavar="DAYS", help="Delete such copies after so many days; 14 unless set."
)
@click.option("--timezone", "zone", metavar="ZONE", help="Of these times; UTC unless set.")
@click.option(
    "--inbox",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Files to load, in one sub-folder a system.",
)
@click.option("--no-inbox", is_flag=True, help="Take no inbox any more.")
@click.option(
    "--heartbeat",
    metavar="URL",
    help="Asked after each finished check; PLUMBLINE_HEARTBEAT_URL comes first.",
)
@BY
def set_(
    workspace: str | None,
    every: str | None,
    backup: str | None,
    keep: int | None,
    zone: str | None,
    inbox: Path | None,
    no_inbox: bool,
    heartbeat: str | None,
    by: str,
) -> Any:
    """Say what is done when; what is not said stays as it is."""
    from plumbline.answers.operations.schedule import schedule as held
    from plumbline.answers.operations.schedule import set_schedule

    with open_for(workspace) as ws:
        before = held(ws)
        item = replace(
            before,
            check=before.check if every is None else every,
            backup=before.backup if backup is None else backup,
            keep_days=keep or before.keep_days,
            zone=zone or before.zone,
            inbox=str(inbox) if inbox else "" if no_inbox else before.inbox,
            heartbeat=before.heartbeat if heartbeat is None else "" if heartbeat == "off" else heartbeat,
        )
        return _schedule_output(ws, set_schedule(ws, item, by=by))


@command("show", into=schedule)
def show(workspace: str | None) -> Any:
    """The schedule, what became of its last runs, and when the next are due. Exits 1 where the last one failed."""
    from plumbline.answers.operations.schedule import schedule as held

    with open_for(workspace) as ws:
        return _schedule_output(ws, held(ws))


@command("run", into=schedule)
def run(workspace: str | None) -> Any:
    """Do now what the schedule does at a check: for cron, where no server runs. Exits 2 where a part failed."""
    from plumbline.answers.operations.check_round import run_check

    with open_for(workspace) as ws:
        run = run_check(ws)
    return run, _lines(run), BAD_INPUT if run.faults else 0


def _schedule_output(ws: Workspace, item: Schedule) -> Any:
    from plumbline.answers.operations.runs import BACKUP, CHECK, last_run
    from plumbline.answers.operations.schedule import next_due_time

    at = datetime.now(UTC)
    with ws.read() as cursor:
        runs = {kind: last_run(cursor, kind) for kind in (CHECK, BACKUP)}
    due = {CHECK: next_due_time(item.check, item.zone, at), BACKUP: next_due_time(item.backup, item.zone, at)}
    check = due[CHECK]
    lines = [
        f"Check: {item.check or 'off'} ({item.zone})"
        + (f", next at {iso_minute(check)} UTC" if check else ""),
        f"Backup: {item.backup or 'off'}" + (f", kept {item.keep_days} days" if item.backup else ""),
        f"Inbox: {item.inbox or 'none'}",
        f"Heartbeat: {item.heartbeat_host or 'none'}",
    ]
    lines += [line for task_run in runs.values() if task_run for line in _lines(task_run)]
    failed = any(task_run is not None and task_run.faults for task_run in runs.values())
    return {"schedule": item.to_dict(), "runs": runs, "next": due}, lines, 1 if failed else 0


def _lines(made: Run) -> list[str]:
    if made.is_running:
        return [f"Began {made.began[:16]}, and has not ended."]
    return [f"Ended {made.ended[:16]}. {made.sentence}"]
