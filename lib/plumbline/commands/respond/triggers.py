"""Triggers of retraining: set, list, test, fire, approve."""

from __future__ import annotations

from typing import Any

import click

from plumbline.commands.command import BY, COMMANDS, command
from plumbline.console import FAILED
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute


@click.group("trigger")
def trigger() -> None:
    """Triggers of retraining: when one is due, where it is started, and whether the log shows that it worked."""


COMMANDS.append(trigger)


@command("add", into=trigger)
@click.argument("system")
@click.argument("name")
@click.argument("url")
@click.option(
    "--when",
    type=click.Choice(["breach", "age", "shelf-life", "drift"]),
    default="breach",
    show_default=True,
    help="What makes it due.",
)
@click.option(
    "--cooldown", type=float, default=7.0, show_default=True, metavar="DAYS", help="Between two fires."
)
@click.option(
    "--labels", type=int, default=500, show_default=True, metavar="N", help="Outcomes that it needs."
)
@click.option(
    "--monthly", type=int, default=2, show_default=True, metavar="N", help="Fires in 30 days at most."
)
@click.option("--approval", is_flag=True, help="An owner approves each fire.")
@click.option("--secret-env", default="", metavar="VAR", help="The variable that holds the secret.")
@click.option("--allow-inner", is_flag=True, help="The target may be a host of the company's own network.")
@BY
def add_command(
    workspace: str | None,
    system: str,
    name: str,
    url: str,
    when: str,
    cooldown: float,
    labels: int,
    monthly: int,
    approval: bool,
    secret_env: str,
    allow_inner: bool,
    by: str,
) -> Any:
    """Set a trigger: https://..., github:OWNER/REPO, gitlab:PROJECT@REF, airflow+https://..., command:NAME."""
    from plumbline.answers.respond.retraining.triggers import add_trigger
    from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger

    item = RetrainingTrigger(
        system=system,
        name=name,
        url=url,
        when=RetrainingCondition(when),
        cooldown_days=cooldown,
        labels=labels,
        monthly=monthly,
        approval=approval,
        secret_env=secret_env,
        allow_inner=allow_inner,
    )
    with open_for(workspace) as ws:
        retraining_trigger = add_trigger(ws, item, by=by)
    return {"trigger": retraining_trigger, "state": "set", "receipt": None}, [
        f"{system}: trigger {name} is set; due on {when}. Test it next."
    ]


@command("remove", into=trigger)
@click.argument("system")
@click.argument("name")
@BY
def remove_command(workspace: str | None, system: str, name: str, by: str) -> Any:
    """Forget a trigger; its runs stay on record."""
    from plumbline.answers.respond.retraining.triggers import remove_trigger

    with open_for(workspace) as ws:
        remove_trigger(ws, system, name, by=by)
    return {"trigger": name, "state": "removed", "receipt": None}, [f"{system}: trigger {name} is removed."]


@command("list", into=trigger)
@click.argument("system", required=False)
@click.argument("name", required=False)
def list_command(workspace: str | None, system: str | None, name: str | None) -> Any:
    """The triggers and their runs, the newest first; with a name, of that one alone and how far its last run is."""
    from plumbline.answers.respond.retraining.triggers import triggers
    from plumbline.respond.targets import target

    with open_for(workspace) as ws:
        answer = triggers(ws, system, name)
    lines = [
        f"{t.system}  {t.name}  when {t.when.value}  {target(t.url).public_address}" for t in answer.items
    ]
    lines += [f"{r.system}  {r.trigger}  {_line(r)}" for r in answer.runs]
    newest = next(iter(answer.runs), None)
    detail = {
        "trigger": answer.items[0] if answer.items else None,
        "state": newest.state.value if newest else "set",
        "receipt": newest.receipt if newest else None,
    }
    return answer.to_dict() | (detail if name else {}), [answer.sentence, *lines]


@command("test", into=trigger)
@click.argument("system")
@click.argument("name")
@BY
def test_command(workspace: str | None, system: str, name: str, by: str) -> Any:
    """Send the target a test; exits 1 where it does not take it."""
    from plumbline.answers.respond.retraining.work import send_test

    with open_for(workspace) as ws:
        run = send_test(ws, system, name, by=by)
    return _run_dict(run), [f"{system}: {run.note}"], 0 if run.receipt and run.receipt.ok else FAILED


@command("fire", into=trigger)
@click.argument("system")
@click.argument("name")
@BY
def fire_command(workspace: str | None, system: str, name: str, by: str) -> Any:
    """Fire now, where every guard lets it; exits 1 where the target does not take it."""
    from plumbline.answers.respond.retraining.work import fire

    with open_for(workspace) as ws:
        run = fire(ws, system, name, by=by)
    return _run_dict(run), [f"{system}: {_line(run)}"], 0 if run.receipt and run.receipt.ok else FAILED


@command("approve", into=trigger)
@click.argument("system")
@click.argument("name")
@BY
def approve_command(workspace: str | None, system: str, name: str, by: str) -> Any:
    """Approve what is due; the next check with --notify, or a running server, fires it."""
    from plumbline.answers.respond.retraining.triggers import approve

    with open_for(workspace) as ws:
        run = approve(ws, system, name, by=by)
    return _run_dict(run), [f"{system}: {name} is approved by {run.approved_by}."]


def _run_dict(run: Any) -> dict[str, Any]:
    return {"trigger": run.trigger, "state": run.state.value, "receipt": run.receipt, "run": run}


def _line(run: Any) -> str:
    when = run.fired_at or run.due_at
    said = run.note or run.sentence
    return f"{'test, ' if run.test else ''}{run.state.value} {iso_minute(when)}Z  {said}"
