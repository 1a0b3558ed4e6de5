"""Answering a buyer's own workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import actor_name, command
from plumbline.console import put, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError


@command("questionnaire")
@click.argument("system")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE.xlsx", help="Where the copy goes."
)
@click.option("--language", default="en", show_default=True, metavar="L", help="en or de.")
def questionnaire(workspace: str | None, system: str, file: Path, out: Path, language: str) -> Any:
    """Answer the buyer's AI-CAIQ workbook FILE by its question ids, in a copy; its hash goes on the trail.

    Cells that hold something stay. An answer is given where every control behind it passes, or one fails; else only
    what is known is written. What no control speaks to stays empty.
    """
    from plumbline.report.issue import issue_workbook, write

    try:
        if out.resolve() == file.resolve():
            raise PlumblineError("The buyer's file is not overwritten", todo="Give another --out.")
        content = file.read_bytes()
    except OSError as error:
        raise PlumblineError(f"The file cannot be read: {error.strerror}", where=str(file)) from error
    with open_for(workspace) as ws:
        document, filled = issue_workbook(ws, system, content, language_code=language, actor=actor_name())
    write(document, out, put)
    question_ids = {name: list(getattr(filled, name)) for name in ("answered", "described", "kept", "left")}
    counts = ", ".join(
        f"{len(ids)} {words}"
        for words, ids in (
            ("answered", filled.answered),
            ("described without an answer", filled.described),
            ("kept as they were", filled.kept),
            ("left for you", filled.left),
        )
    )
    lines = [f"{typed_path(out)}: {counts}."]
    return {"path": typed_path(out), "sha256": document.sha256, **question_ids}, lines
