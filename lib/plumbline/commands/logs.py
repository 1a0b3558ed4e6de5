"""What goes in: the demo, looking at a file, loading it, taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.register import ACTOR, command
from plumbline.door import progress
from plumbline.door import workspace as open_for


@command("demo")
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
def demo(workspace: str | None, names: tuple[str, ...]) -> Any:
    """Write the demo logs beside the workspace and load them."""
    from plumbline.demo.load import load_demo
    from plumbline.store.workspace import workspace_path

    folder = workspace_path(workspace).parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with open_for(workspace, [folder]) as ws:
        systems = load_demo(ws, folder, names or None, progress=progress)
    return {"systems": systems}, [f"{s.key}: {s.verdict}" for s in systems]


@command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
def inspect(workspace: str | None, file: Path) -> Any:
    """Guess the format and mapping of FILE; loads nothing."""
    from plumbline.answers import loading
    from plumbline.report import contract

    found = loading.inspect_file(file)
    lines = [f"{file.name}: {found.format}, {found.rows_sampled} rows sampled"]
    lines += [f"  {c.column} -> {c.role} ({c.confidence:.0%}: {c.reason})" for c in found.mapping.columns]
    lines += [f"  ? {question}" for question in found.questions]
    return contract.inspection(found), lines


@command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", "title", required=True, metavar="S", help="The system; made when it is new.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--reference", is_flag=True, help="These decisions count as healthy.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
@click.option("--positive", metavar="CLASS", help="The class whose probability the score is.")
def load(
    workspace: str | None, file: Path, title: str, maps: tuple[str, ...], reference: bool,
    timezone: str | None, positive: str | None,
) -> Any:  # fmt: skip
    """Load a log, or a file of late labels, into a system."""
    from plumbline.answers import loading

    folder = [file.parent] if file.exists() else []
    with open_for(workspace, folder) as ws:
        made = loading.load_file(
            ws, file, title=title, maps=loading.read_maps(maps), reference=reference, timezone=timezone,
            positive=positive, actor=ACTOR, progress=progress,
        )  # fmt: skip
    lines = [
        f"Load {made.load_id}: {made.rows_read} rows read = {made.rows_loaded} loaded + "
        f"{made.rows_duplicate} duplicates + {made.rows_quarantined} in quarantine; "
        f"{made.labels_joined} labels joined."
    ]
    lines += [f"  {reason}: {rows}" for reason, rows in made.reasons.items()]
    return made, lines + [f"  {note}" for note in made.notes]


@command("undo")
@click.argument("load_id", type=int)
def undo(workspace: str | None, load_id: int) -> Any:
    """Take a load back, profiles included."""
    from plumbline.answers import loading

    with open_for(workspace) as ws:
        removed = loading.undo_load(ws, load_id, actor=ACTOR)
    return {"load_id": load_id, "rows_removed": removed}, [f"Load {load_id} undone: {removed} rows removed."]
