"""Watching a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import ENTRIES, Entry, actor_name, command, command_answer
from plumbline.console import FAILED, error_line, say, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError

if TYPE_CHECKING:
    from plumbline.answers.data.inbox import Look

#: one file that was taken, as JSON
Taken = dict[str, Any]


@command("watch", in_server=False)
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

        say(f"Watching {typed_path(folder)}. Stop with Ctrl-C.", err=True)
        wait = int(max(settle, 0.1) * 1000)
        for _ in changes(folder, rust_timeout=wait, yield_on_timeout=True, raise_interrupt=False):
            for result in _pass(workspace, folder, system, seen, settle):
                say(_line(result), err=True)
                taken.append(result)
    lines = [_line(result) for result in taken] if once else []
    failed = any(result["to"] == "failed" for result in taken)
    return taken, lines or ["Nothing was waiting."], FAILED if failed else 0


def _pass(
    workspace: str | None, folder: Path, system: str | None, seen: dict[Path, Look], settle: float
) -> list[Taken]:
    """One look at the folder; the workspace is open only while something is loaded, so that the app can have it."""
    from plumbline.answers.data.inbox import settled_files

    ready = settled_files(folder, system, seen, settle)
    if not ready:
        return []
    try:
        results: list[Taken] = command_answer(
            TAKE, workspace, files=[str(path) for path, _ in ready], titles=[title for _, title in ready]
        )
    except PlumblineError as error:
        say(error_line(f"{error} The files wait."), err=True)
        return []
    return results


def _take_files(workspace: str | None, files: tuple[str, ...], titles: tuple[str, ...]) -> Any:
    """Load files that rest in a watched folder, and move them away."""
    from plumbline.answers.data.inbox import take

    paths = [Path(file) for file in files]
    with open_for(workspace, sorted({path.parent for path in paths})) as ws:
        results = [
            take(ws, path, title, actor=actor_name()) for path, title in zip(paths, titles, strict=True)
        ]
    return [result for result in results if result is not None], []


#: a part of a command, by a name that nobody can give
TAKE = "watch: take files"
ENTRIES[(TAKE,)] = Entry(function=_take_files)


def _line(result: Taken) -> str:
    load = result["load"]
    if load is None:
        return f"{result['file']}: {result['to']}. {result['reason']}"
    return (
        f"{result['file']}: load {load['load_id']} of {load['system']}, {load['rows_read']} rows read = "
        f"{load['rows_loaded']} loaded + {load['rows_duplicate']} duplicates + "
        f"{load['rows_quarantined']} in quarantine."
    )
