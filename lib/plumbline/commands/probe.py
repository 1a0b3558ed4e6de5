"""Looking into registries and repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import ACTOR, command
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_day

#: of the environment, with which registries are signed in to
CREDENTIALS = (
    "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD", "MYSQL_PWD",
)  # fmt: skip


def _absolute_location(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A file or folder on this machine by its whole path, whatever folder it is read from."""
    kind, found, rest = value.strip().partition(":///")
    if found and kind.startswith("sqlite") and rest and not rest.startswith("/"):
        return f"{kind}:///{Path(rest).absolute()}"
    return str(Path(value).expanduser().absolute()) if value and "://" not in value else value


@command("probe", variables=CREDENTIALS)
@click.argument("system")
@click.option(
    "--mlflow",
    metavar="URI",
    default="",
    callback=_absolute_location,
    help="A tracking server, or a database URI.",
)
@click.option(
    "--model", metavar="NAME", default="", help="The registered model; may be left out if it is the only one."
)
@click.option(
    "--dvc",
    metavar="FOLDER",
    default="",
    callback=_absolute_location,
    help="A folder with dvc.yaml and dvc.lock.",
)
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who reads it.")
def probe(workspace: str | None, system: str, mlflow: str, model: str, dvc: str, by: str) -> Any:
    """Read a model registry or DVC's files, and keep what they show about each version.

    URI is https://HOST, postgresql://USER@HOST/DB, mysql://USER@HOST/DB or sqlite:////FILE. Kept are versions, who made
    them and when, and the marks of code, data and parameters.
    """
    from plumbline.answers.governance.probe import probe as answer

    with open_for(workspace) as ws:
        probe = answer(ws, system, by=by, mlflow=mlflow, model=model, dvc=dvc, operator=True)
    lines = [f"{probe.subject} at {probe.place}: {len(probe.versions)} versions."]
    for v in probe.versions:
        when = f"{iso_day(v.created_at)}" if v.created_at else "no date"
        parts = [f"{v.version:<14} {when}  {v.created_by or 'nobody named'}"]
        parts += [
            f"code {v.code[:12]}" if v.code else "no code revision",
            f"data {v.data[:12]}" if v.data else "no data hash",
        ]
        lines.append("  " + ", ".join([*parts, f"{v.parameters} parameters"]))
    return probe, [*lines, *probe.notes]
