"""Copies of a workspace, putting one back, and whether a workspace is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import BY, command, refuse_beside_server
from plumbline.console import FAILED, progress, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.wording.quantities import count


@command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace a file of that name.")
@BY
def backup(workspace: str | None, file: Path, overwrite: bool, by: str) -> Any:
    """Copy the workspace to FILE while it is in use; encrypted if it is, read whole, its hash on the trail."""
    from plumbline.answers.operations.backup import backup as answer

    with open_for(workspace) as ws:
        snapshot = answer(ws, file, actor=by, overwrite=overwrite)
    result = {
        "path": typed_path(file), "bytes": snapshot.bytes, "sha256": snapshot.sha256, "entry": snapshot.entry,
        "head": snapshot.head,
    }  # fmt: skip
    return result, [
        f"{typed_path(file)}: {count(snapshot.bytes)} bytes up to entry {snapshot.entry} of the trail, "
        f"sha256 {snapshot.sha256}",
        f"The head of the trail is {snapshot.head}. Keep it elsewhere: verify --head tells by it of an end cut off.",
    ]


@command("restore", in_server=False)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@BY
def restore(workspace: str | None, file: Path, by: str) -> Any:
    """Put FILE, a copy, in the workspace's place; what was there goes to backups beside it.

    The copy is read whole before it takes the place, and its trail says that it was restored.
    """
    from plumbline.store.backup.restoration import restore as put_back
    from plumbline.store.workspace import workspace_path

    refuse_beside_server(workspace, "its file cannot be replaced")
    result = put_back(file, workspace_path(workspace), actor=by)
    lines = [
        f"{typed_path(file)} is now {workspace_path(workspace)}, up to entry {result.entry} of its trail."
    ]
    if result.replaced:
        lines.append(f"What was there is {result.replaced}.")
    if result.lost:
        lines.append(f"The {result.lost} later entries of the trail are in that file alone.")
    if result.erasures:
        lines.append(
            f"{result.erasures} of them erased data: the copy holds it again. Erase again, and delete that file."
        )
    return result, lines


@command("rehearse-restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@BY
def rehearse(workspace: str | None, file: Path, by: str) -> Any:
    """Restore FILE to a place of its own, read it whole, and put the receipt on the trail; changes nothing else."""
    from plumbline.answers.operations.backup import rehearse as answer

    with open_for(workspace, [file.parent]) as ws:
        rehearsal = answer(ws, file, actor=by)
    return rehearsal, [
        f"{typed_path(file)} was restored and read whole in {rehearsal.seconds:.1f} s, up to entry {rehearsal.entry}."
    ]


@command("verify")
@click.option(
    "--head", default="", metavar="DIGEST", help="A head of the trail that a document or a backup gave."
)
def verify(workspace: str | None, head: str) -> Any:
    """Read all of the workspace: its file, its trail, and its counts against their rows. Exits 1 at a problem."""
    from plumbline.answers.operations.verify import verify as answer
    from plumbline.store.backup.integrity import IntegrityProblem

    try:
        with open_for(workspace) as ws:
            verification = answer(ws, progress=progress, head=head)
    except PlumblineError as error:
        if "damaged" not in error.what:
            raise
        problem = IntegrityProblem("file", error.where, str(error))
        return {"intact": False, "problems": [problem], "systems": 0, "loads": 0}, [problem.sentence], FAILED
    lines = [
        verification.sentence,
        *(f"  {fault.sentence}" for fault in verification.problems),
        *filter(None, [verification.note]),
    ]
    return verification.to_dict(), lines, 0 if verification.intact else FAILED
