"""What was said of a decision's label."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import command
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute


@command("labels")
@click.argument("system")
@click.argument("decision_id")
def labels(workspace: str | None, system: str, decision_id: str) -> Any:
    """Show every label that DECISION_ID of SYSTEM was given, and which holds."""
    from plumbline.answers.data.labels import label_history

    with open_for(workspace) as ws:
        history = label_history(ws, system, decision_id)
    lines = [
        f"{'holds' if claim.holds else 'former':<8}{claim.label}"
        + (f", true at {iso_minute(claim.label_time)} UTC" if claim.label_time else ", without a time")
        + f", from load {claim.load_id} ({claim.file})"
        for claim in history.told
    ]
    return history, lines or [f"{decision_id} has no label yet."]
