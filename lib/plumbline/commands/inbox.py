"""Watching a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import ACTOR, command
from plumbline.console import FAILED
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError

if TYPE_CHECKING:
    from plumbline.answers.data.inbox import Look, Taken


@command("watch")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--system", metavar="S", help="Without: one sub-folder a system, by its name.")
@click.option("--once", is_flag=True, help="Load what is there and end: for cron.")
@click.option(
    "--settle",
    type=float,
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a file must rest.",
)
def watch(workspace: str | None, folder: Path, system: str | None, once: bool, settle: float) -> Any:
    """Load what is dropped in FOLDER; files go to done/ or failed/ with the reason beside."""
    taken: list[Taken] = []
    seen: dict[Path, Look] = {}
    if once:
        _pass(workspace, folder, system, seen, settle)
        if seen:
            time.sleep(settle)
            taken = _pass(workspace, folder, system, seen, settle)
    else:
        from watchfiles import watch as changes

        click.echo(f"Watching {folder}. Stop with Ctrl-C.", err=True)
        wait = int(max(settle, 0.1) * 1000)
        for _ in changes(folder, rust_timeout=wait, yield_on_timeout=True, raise_interrupt=False):
            for one in _pass(workspace, folder, system, seen, settle):
                click.echo(_line(one), err=True)
                taken.append(one)
    lines = [_line(one) for one in taken] if once else []
    failed = any(one.to == "failed" for one in taken)
    return taken, lines or ["Nothing was waiting."], FAILED if failed else 0


def _pass(
    workspace: str | None, folder: Path, system: str | None, seen: dict[Path, Look], settle: float
) -> list[Taken]:
    """One look at the folder; the workspace is open only while something is loaded, so that the app can have it."""
    from plumbline.answers.data.inbox import at_rest, take

    ready = at_rest(folder, system, seen, settle)
    if not ready:
        return []
    try:
        with open_for(workspace, sorted({path.parent for path, _ in ready})) as ws:
            found = [take(ws, path, title, actor=ACTOR) for path, title in ready]
    except PlumblineError as error:
        click.echo(f"plumbline: {error} The files wait.", err=True)
        return []
    return [one for one in found if one is not None]


def _line(one: Taken) -> str:
    if one.load is None:
        return f"{one.file}: {one.to}. {one.reason}"
    made = one.load
    return (
        f"{one.file}: load {made.load_id} of {made.system}, {made.rows_read} rows read = {made.rows_loaded} loaded + "
        f"{made.rows_duplicate} duplicates + {made.rows_quarantined} in quarantine."
    )
