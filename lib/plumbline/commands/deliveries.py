"""Channels, what went over them, and the switch that stops all acting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import COMMANDS, SIGNED, command
from plumbline.console import FAILED
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute

if TYPE_CHECKING:
    from plumbline.store.respond.deliveries import Delivery
    from plumbline.store.workspace import Workspace

#: variables of the environment by which a message is signed or sent; the server's own count
SECRETS = ("PLUMBLINE_SMTP_PASSWORD",)


@click.group("channel")
def channel() -> None:
    """Where messages go: a webhook, mail, PagerDuty, or two hundred services by Apprise."""


COMMANDS.append(channel)


@command("add", into=channel)
@click.argument("name")
@click.argument("url")
@click.option(
    "--secret-env",
    default="",
    metavar="VARIABLE",
    help="That holds the signing secret, routing key or address.",
)
@click.option(
    "--poll-env",
    default="",
    metavar="VARIABLE",
    help="That holds the token by which PagerDuty is asked who saw it.",
)
@click.option(
    "--severity",
    type=click.Choice(["high", "medium", "low"]),
    default="low",
    show_default=True,
    help="The lowest that goes there.",
)
@click.option("--system", "systems", multiple=True, metavar="S", help="Only of this system; may be repeated.")
@click.option(
    "--family",
    "families",
    multiple=True,
    metavar="NAME",
    help="Only performance, drift, quality, releases, fairness, retraining, sources or clocks; may be repeated.",
)
@click.option("--hours", default="", metavar="HH:MM-HH:MM", help="Only then, on the system's clock.")
@click.option(
    "--allow-inner", is_flag=True, help="It may reach hosts inside your network, this machine among them."
)
@SIGNED
def add_channel(
    workspace: str | None,
    name: str,
    url: str,
    secret_env: str,
    poll_env: str,
    severity: str,
    systems: tuple[str, ...],
    families: tuple[str, ...],
    hours: str,
    allow_inner: bool,
    by: str,
) -> Any:
    """Set a channel up: https://, http://, mailto:, pagerduty:, apprise:, or env:VARIABLE for a secret address."""
    from plumbline.answers.respond import channels

    with open_for(workspace) as ws:
        new_channel = channels.add(
            ws, name, url, by=by, secret=secret_env, poll=poll_env, severity=severity, keys=systems,
            families=families, hours=hours, allow_inner=allow_inner,
        )  # fmt: skip
    lines = [
        f"Channel {name}: {new_channel.address}",
        f"Prove that a person reads it: plumbline channel test {name} --by NAME",
    ]
    return {"channel": channels.public_fields(new_channel)}, lines


@command("list", into=channel)
def list_channels(workspace: str | None) -> Any:
    """Every channel, what goes there, and whether somebody proved that they read it."""
    from plumbline.answers.respond import channels

    with open_for(workspace) as ws:
        known = channels.channels(ws)
    lines = [
        f"{entry.name:<20}  {entry.address}  from {entry.severity}"
        + (f"  only {', '.join(entry.systems)}" if entry.systems else "")
        + (f"  of {', '.join(entry.families)}" if entry.families else "")
        + (f"  at {entry.hours}" if entry.hours else "")
        + (f"  off: {entry.off}" if entry.off else "")
        + (
            f"  read by {entry.confirmed_by}, {entry.confirmed_at[:10]}"
            if entry.confirmed_at
            else "  never proved"
        )
        for entry in known
    ]
    return {"channels": [channels.public_fields(entry) for entry in known]}, lines or ["No channel."]


@command("test", into=channel, variables=SECRETS)
@click.argument("name")
@SIGNED
def test_channel(workspace: str | None, name: str, by: str) -> Any:
    """Send a real message with a six-digit code; exit 1 when it was not taken."""
    from plumbline.answers.respond import channels

    with open_for(workspace) as ws:
        result = channels.send_test(ws, name, by=by)
    lines = [f"Not sent: {result.reason}"]
    if result.sent:
        lines = [
            f"Sent: {result.receipt}",
            f"Type the code back: plumbline channel confirm {name} CODE --by NAME",
        ]
    return (
        {"sent": result.sent, "receipt": result.receipt, "reason": result.reason},
        lines,
        0 if result.sent else FAILED,
    )


@command("confirm", into=channel)
@click.argument("name")
@click.argument("code")
@SIGNED
def confirm_channel(workspace: str | None, name: str, code: str, by: str) -> Any:
    """Type the code of a test back: it proves that a person reads the channel."""
    from plumbline.answers.respond import channels

    with open_for(workspace) as ws:
        entry = channels.confirm(ws, name, code, by=by)
    return {"confirmed": True, "channel": channels.public_fields(entry)}, [
        f"{entry.confirmed_by} reads the channel {name}."
    ]


@command("remove", into=channel)
@click.argument("name")
@SIGNED
def remove_channel(workspace: str | None, name: str, by: str) -> Any:
    """Take a channel away; what waits for it is not sent."""
    from plumbline.answers.respond import channels

    with open_for(workspace) as ws:
        channels.remove(ws, name, by=by)
    return {"removed": name}, [f"The channel {name} is gone."]


@command("deliveries")
@click.argument("system", required=False)
def deliveries(workspace: str | None, system: str | None) -> Any:
    """Every message and its fate, the newest first."""
    from plumbline.answers.respond.outbox import messages

    with open_for(workspace) as ws:
        deliveries = messages(ws, system)
    return {"deliveries": [_delivery_dict(d) for d in deliveries]}, [_line(d) for d in deliveries] or [
        "No message."
    ]


@command("acting")
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@click.option("--by", default="", metavar="NAME", help="Who switches; it goes on the trail.")
def switch_acting(workspace: str | None, state: str | None, by: str) -> Any:
    """Stop all acting (messages, triggers, rollbacks) of the workspace, or let it go on; alone: say how it is."""
    from plumbline.answers.respond import kill_switch

    with open_for(workspace) as ws:
        if state is not None:
            (kill_switch.resume if state == "on" else kill_switch.stop)(ws, by=by)
        with ws.read() as cursor:
            why = kill_switch.reason_to_stop(cursor)
    return {"acting": not why, "reason": why}, [f"{why}." if why else "Acting is on."]


def send_due(ws: Workspace, system: str | None) -> tuple[list[dict[str, Any]], list[str], bool]:
    """Send what is due: each message that was tried, lines about them, and whether one did not arrive."""
    from plumbline.answers.respond.channels import silence
    from plumbline.answers.respond.delivery import work

    counts = work(ws)
    lines = [_line(d) for d in counts.outcomes]
    if counts.stopped:
        lines.append(f"Nothing was sent. {counts.stopped}.")
    if counts.waiting:
        waits = (
            "1 message waits for its" if counts.waiting == 1 else f"{counts.waiting} messages wait for their"
        )
        lines.append(f"{waits} hour, or for another attempt.")
    if not lines:
        lines.append(f"Nothing was sent. {' '.join(silence(ws, system))}")
    return [_delivery_dict(d) for d in counts.outcomes], lines, bool(counts.failed or counts.dead)


def rehearsal(workspace: str | None, system: str | None) -> Any:
    """What a check would find and send; nothing is recorded."""
    from plumbline.answers.alerts.check import rehearse
    from plumbline.answers.respond.channels import silence

    with open_for(workspace) as ws:
        findings, messages = rehearse(ws, system)
        why = silence(ws, system)
    lines = [f"{f.system}  {f.severity:<6}  {f.sentence}" for f in findings] or ["No findings."]
    lines += [f"would send: {_line(d)}" for d in messages] or [f"Nothing would be sent. {' '.join(why)}"]
    answer = {"findings": findings, "delivered": [_delivery_dict(d) for d in messages], "dry_run": True}
    return answer | ({} if messages else {"reasons": why}), lines


def _delivery_dict(d: Delivery) -> dict[str, Any]:
    """A message as JSON: what became of it, and not what it said."""
    return {
        "id": d.id, "event": d.event, "system": d.system, "finding": d.finding, "channel": d.channel, "state": d.state,
        "attempts": d.attempts, "made_at": d.made_at, "due_at": d.due_at, "ended_at": d.ended_at, "receipt": d.receipt,
        "reason": d.reason,
    }  # fmt: skip


def _line(d: Delivery) -> str:
    about = f"{d.system} finding {d.finding}" if d.finding is not None else d.system or "workspace"
    more = d.receipt or d.reason or (f"due {iso_minute(d.due_at)}Z" if d.state == "queued" else "")
    return (
        f"{iso_minute(d.made_at)}Z  {d.state:<10}  {d.channel:<16}  {d.event:<18}  {about}  {more}".rstrip()
    )
