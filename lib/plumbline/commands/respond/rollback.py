"""Rollback: how far it may go by itself, proposals, drills, and rolling back; and what the past would have sent."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import BY, COMMANDS, command
from plumbline.console import FAILED, progress
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.wording.times import iso_minute

TO = click.option("--to", default="", metavar="V", help="The version to go back to; default: the one before.")
MODES = ("off", "propose", "dry run", "automatic")


@click.group("rollback")
def rollback() -> None:
    """Rolling a release back: proposed by default; by itself only where eight interlocks hold."""


COMMANDS.append(rollback)


@command("mode", into=rollback)
@click.argument("system")
@click.argument("mode", required=False)
@click.option("--mlflow", default="", metavar="URL", help="The registry's server, whose alias is moved.")
@click.option("--model", default="", metavar="NAME", help="The registered model.")
@click.option("--alias", default="", metavar="NAME", help="The alias that serving follows.")
@click.option(
    "--credential-env", default="", metavar="VAR", help="The variable with a token or user:password."
)
@click.option("--webhook", default="", metavar="URL", help="Instead: who is asked to move the traffic.")
@click.option("--secret-env", default="", metavar="VAR", help="The variable with the webhook's signing key.")
@click.option("--allow-inner", is_flag=True, help="The address may be a host of the company's own network.")
@click.option(
    "--four-eyes/--one-person", default=None, help="Whether a second person approves what somebody asks for."
)
@BY
def mode(
    workspace: str | None,
    system: str,
    mode: str | None,
    mlflow: str,
    model: str,
    alias: str,
    credential_env: str,
    webhook: str,
    secret_env: str,
    allow_inner: bool,
    four_eyes: bool | None,
    by: str,
) -> Any:
    """Show or change how far a rollback may go: off, propose, dry-run, automatic; and what moves the traffic."""
    from plumbline.answers.respond.rollback.mode import rollback_setting, set_mode
    from plumbline.domain.respond import Mode

    hand: dict[str, Any] = {}
    if mlflow:
        hand = {
            "registry": mlflow,
            "model": model,
            "alias": alias,
            "credential_env": credential_env,
            "url": "",
        }
    elif webhook:
        hand = {"url": webhook, "secret_env": secret_env, "registry": "", "alias": ""}
    if hand:
        hand["allow_inner"] = allow_inner
    if four_eyes is not None:
        hand["four_eyes"] = four_eyes
    wanted = mode.replace("-", " ").strip().lower() if mode is not None else None
    if wanted is not None and wanted not in MODES:
        raise PlumblineError(
            f"{mode!r} is no mode of rollback", todo="Use off, propose, dry-run or automatic."
        )
    with open_for(workspace) as ws:
        setting = rollback_setting(ws, system)
        if wanted is not None or hand:
            setting = set_mode(ws, system, Mode(wanted or setting.mode), by=by, hand=hand or None)
    wired = {"alias": f"{setting.model}@{setting.alias}", "webhook": "a webhook", "": "nothing yet"}[
        setting.hand
    ]
    words = f"{system}: rollback is {setting.mode.value}; it moves {wired}."
    words += " A second person approves each one." if setting.four_eyes else ""
    return {"state": setting.mode.value, "interlocks": (), "receipt": None, "setting": setting}, [words]


@command("propose", into=rollback)
@click.argument("system")
@TO
@BY
def propose_command(workspace: str | None, system: str, to: str, by: str) -> Any:
    """Say what every interlock says, and propose; nothing is moved."""
    from plumbline.answers.respond.rollback.act import propose

    with open_for(workspace) as ws:
        return _run_output(propose(ws, system, by=by, to=to))


@command("drill", into=rollback)
@click.argument("system")
@TO
@BY
def drill_command(workspace: str | None, system: str, to: str, by: str) -> Any:
    """Do all of it on an alias of its own, with how long it takes; exits 1 where it does not succeed."""
    from plumbline.answers.respond.rollback.act import drill

    with open_for(workspace) as ws:
        return _run_output(drill(ws, system, by=by, to=to))


@command("now", into=rollback)
@click.argument("system")
@TO
@BY
def roll_back_command(workspace: str | None, system: str, to: str, by: str) -> Any:
    """Roll back at your word; a broken interlock refuses it. Exits 1 where nothing was moved."""
    from plumbline.answers.respond.rollback.act import roll_back

    with open_for(workspace) as ws:
        return _run_output(roll_back(ws, system, by=by, to=to))


@command("approve", into=rollback)
@click.argument("system")
@BY
def approve_command(workspace: str | None, system: str, by: str) -> Any:
    """Approve the rollback that somebody else asked for, and make it. Exits 1 where nothing was moved."""
    from plumbline.answers.respond.rollback.act import approve

    with open_for(workspace) as ws:
        return _run_output(approve(ws, system, by=by))


def _run_output(run: Any) -> Any:
    marks = {True: "holds  ", False: "broken ", None: "unknown"}
    lines = [f"{run.system}: {run.state.value}, {run.version} to {run.to or 'nothing'}. {run.note}".rstrip()]
    lines += [f"  {marks[lock.holds]}  {lock.name}: {lock.sentence}" for lock in run.interlocks]
    lines += [f"  {step}" for step in run.steps]
    fields = {"state": run.state.value, "interlocks": run.interlocks, "receipt": run.receipt, "run": run}
    return fields, lines, 0 if run.receipt is None or run.receipt.ok else FAILED


@command("replay")
@click.argument("system")
@click.option("--days", type=int, default=365, show_default=True, metavar="N", help="How far back to begin.")
@click.option(
    "--by",
    type=click.Choice(["week", "day"]),
    default="week",
    show_default=True,
    help="How closely it is played.",
)
def replay(workspace: str | None, system: str, days: int, by: str) -> Any:
    """Play the past again: what each rule, channel, trigger and guardrail would have sent, and whether rightly."""
    from plumbline.answers.respond.replay.play import replay as answer

    with open_for(workspace) as ws:
        replay = answer(ws, system, days=days, by=by, progress=progress)
    lines = [
        f"{iso_minute(m.at)}Z  {m.verdict:<5}  {m.event:<18} {m.rule:<28} {m.sentence}"
        for m in replay.messages
    ]
    return replay.to_dict(), [replay.sentence, *lines]
