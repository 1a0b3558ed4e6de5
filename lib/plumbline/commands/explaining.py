"""Why a decision came out as it did, and the model file that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.register import ACTOR, command
from plumbline.domain import PlumblineError
from plumbline.door import FAILED
from plumbline.door import workspace as open_for


@command("explain")
@click.argument("system")
@click.argument("decision_id")
def explain(workspace: str | None, system: str, decision_id: str) -> Any:
    """Why one decision came out as it did."""
    from plumbline.answers.explain import explain as answer

    with open_for(workspace) as ws:
        found = answer(ws, system, decision_id)
    if found.refused:
        return found, [f"{found.decision_id}: no explanation. {found.refused}"], FAILED
    lines = [
        f"{found.decision_id}: {found.method}. {found.check}",
        f"  base {found.base_value:+.4f} ({found.output_space})",
    ]
    lines += [f"  {value:+.4f}  {name}" for name, value in found.attributions.items()]
    return found, lines + list(found.reasons)


@command("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", required=True, metavar="S")
@click.option("--version", required=True, metavar="V", help="The version that this file is.")
@click.option("--feature", "features", multiple=True, metavar="MODEL=COLUMN", help="Where names differ.")
def model(workspace: str | None, file: Path, system: str, version: str, features: tuple[str, ...]) -> Any:
    """Register the model file of one version; it has to reproduce the logged scores."""
    from plumbline.answers.models import register

    names = {}
    for pair in features:
        ours, found, theirs = pair.partition("=")
        if not found:
            raise PlumblineError(f"--feature {pair!r} is not MODEL=COLUMN", todo="E.g. --feature age=Alter.")
        names[ours] = theirs
    with open_for(workspace) as ws:
        made = register(ws, system, version, file, names=names, actor=ACTOR)
    return made, [made.sentence], 0 if made.passed else FAILED
