"""Why a decision came out as it did, and the model file that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import actor_name, command
from plumbline.console import FAILED, put, say, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.store.workspace import Workspace


@command("explain")
@click.argument("system")
@click.argument("decision_id", required=False)
@click.option("--all", "every", is_flag=True, help="Every decision of the versions with a model file; kept.")
@click.option("--version", metavar="V", help="With --all: this version only.")
@click.option(
    "--space",
    type=click.Choice(["margin", "probability"]),
    default="margin",
    show_default=True,
    help="What a registered model's contributions add up to.",
)
def explain(
    workspace: str | None, system: str, decision_id: str | None, every: bool, version: str | None, space: str
) -> Any:
    """Why one decision came out as it did, or with --all the attributions of all of them, kept.

    A pass over all of them that was stopped goes on where it ended.
    """
    from plumbline.answers.decisions.explain import explain as answer

    if every == (decision_id is not None):
        raise PlumblineError("Say which decision", todo="Give its id, or --all for every one.")
    with open_for(workspace) as ws:
        if every:
            return _explain_all(ws, system, version)
        explanation = answer(ws, system, str(decision_id), space="" if space == "margin" else space)
    if explanation.refused:
        return explanation, [f"{explanation.decision_id}: no explanation. {explanation.refused}"], FAILED
    lines = [
        f"{explanation.decision_id}: {explanation.method}. {explanation.check}",
        f"  base {explanation.base_value:+.4f} ({explanation.output_space})",
    ]
    for name, value in explanation.attributions.items():
        about = f" ± {explanation.errors[name]:.2g}" if name in explanation.errors else ""
        lines.append(f"  {value:+.4f}{about}  {name}")
    return explanation, lines + list(explanation.reasons)


def _explain_all(ws: Workspace, system: str, version: str | None) -> Any:
    from plumbline.answers.decisions.attribute_all import attribute_all

    answer = attribute_all(
        ws, system, version=version, actor=actor_name(), say=lambda words, _: say(words, err=True)
    )
    return answer, [answer.sentence, *answer.skipped]


@command("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", required=True, metavar="S", help="The system that the model belongs to.")
@click.option("--version", required=True, metavar="V", help="The version that this file is.")
@click.option("--feature", "features", multiple=True, metavar="MODEL=COLUMN", help="Where names differ.")
def model(workspace: str | None, file: Path, system: str, version: str, features: tuple[str, ...]) -> Any:
    """Register the model file of one version; it has to reproduce the logged scores."""
    from plumbline.answers.decisions.model_files import read_names, register

    with open_for(workspace) as ws:
        registration = register(ws, system, version, file, names=read_names(features), actor=actor_name())
    return registration, [registration.sentence], 0 if registration.passed else FAILED


@command("decision")
@click.argument("system")
@click.argument("decision_id")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A .pdf or .json file.")
@click.option("--language", default="en", show_default=True, metavar="L", help="en, de or fr.")
def decision(workspace: str | None, system: str, decision_id: str, out: Path, language: str) -> Any:
    """The record of one decision, to hand out; its hash goes on the trail."""
    from datetime import UTC, datetime

    from plumbline.report.decision_record import issue_record
    from plumbline.report.issue import write

    with open_for(workspace) as ws:
        today = datetime.now(UTC).date()
        document = issue_record(
            ws, system, decision_id, out.suffix.lower(), language_code=language, on=today, actor=actor_name()
        )
        write(document, out, put)
    summary = {
        "file": typed_path(out),
        "kind": document.kind,
        "sha256": document.sha256,
        "bytes": len(document.content),
    }
    return summary, [f"{typed_path(out)}: {document.kind}, SHA-256 {document.sha256}"]
