"""The register of incidents: open, classify, give notice, close, and what is due by when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from plumbline.commands.command import COMMANDS, SIGNED, command, parse_day
from plumbline.console import FAILED
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute

AT = click.option("--at", metavar="TIME", help="When it was done; default: now.")


@click.group("incident")
def incident() -> None:
    """Incidents and their clocks under DORA, the GDPR and the AI Act. A helper, not legal advice."""


COMMANDS.append(incident)


@command("open", into=incident)
@click.argument("system")
@click.argument("title", default="")
@click.option(
    "--finding", type=int, default=0, metavar="N", help="That led to it: fills in what the log knows."
)
@click.option("--aware", metavar="TIME", help="When somebody knew; the clocks run from then. Default: now.")
@SIGNED
def open_command(
    workspace: str | None, system: str, title: str, finding: int, aware: str | None, by: str
) -> Any:
    """Put an incident into the register; of a finding, no title is needed."""
    from plumbline.answers.alerts.incidents import open_incident

    with open_for(workspace) as ws:
        item = open_incident(ws, system, title, by=by, aware_at=_time(aware, "--aware"), finding=finding)
    lines = [
        f"  {name}{' (met)' if name in item.criteria else ''}: {value}" for name, value in item.known.items()
    ]
    return item, [f"Incident {item.id} of {system}: {item.title}", *lines, *_deadline_lines(item)]


@command("classify", into=incident)
@click.argument("system")
@click.argument("number", type=int)
@click.option(
    "--flag", "flags", multiple=True, metavar="FLAG", help="major, personal_data, serious, death, widespread."
)
@click.option("--met", multiple=True, metavar="CRITERION", help="A threshold of DORA that is met.")
@click.option("--critical", is_flag=True, help="A critical service is hit (DORA).")
@click.option(
    "--finding", type=int, default=0, metavar="N", help="It is about, where it was opened without one."
)
@SIGNED
def classify_command(
    workspace: str | None,
    system: str,
    number: int,
    flags: tuple[str, ...],
    met: tuple[str, ...],
    critical: bool,
    finding: int,
    by: str,
) -> Any:
    """Say what an incident is. Without a flag: of none of the laws' kinds."""
    from plumbline.answers.alerts.incidents import classify

    with open_for(workspace) as ws:
        item = classify(
            ws, system, number, by=by, flags=flags, critical_service=critical, criteria=met, finding=finding
        )
    return item, [
        f"Incident {number} of {system}: {', '.join(item.flags) or 'of none of the kinds'}.",
        *_deadline_lines(item),
    ]


@command("plan", into=incident)
@click.argument("system")
@click.argument("number", type=int)
@click.option("--cause", required=True, metavar="TEXT", help="As far as it is known.")
@click.option("--owner", required=True, metavar="NAME", help="Who deals with it.")
@click.option("--due", required=True, metavar="DATE", help="By when it is to be closed.")
@SIGNED
def plan_command(
    workspace: str | None, system: str, number: int, cause: str, owner: str, due: str, by: str
) -> Any:
    """Say who deals with an incident and by when. Classified, it then counts as in hand until that day."""
    from plumbline.answers.alerts.incidents import plan

    day = parse_day(due, "--due")
    with open_for(workspace) as ws:
        item = plan(ws, system, number, by=by, cause=cause, owner=owner, due=day)
    return item, [f"Incident {number} of {system}: {owner} closes it by {day}.", *_deadline_lines(item)]


@command("notice", into=incident)
@click.argument("system")
@click.argument("number", type=int)
@click.argument("notice")
@AT
@SIGNED
def notice_command(
    workspace: str | None, system: str, number: int, notice: str, at: str | None, by: str
) -> Any:
    """Record that a notice was sent."""
    from plumbline.answers.alerts.incidents import give_notice

    with open_for(workspace) as ws:
        item = give_notice(ws, system, number, notice, by=by, at=_time(at, "--at"))
    return item, [f"Notice {notice} of incident {number} was sent.", *_deadline_lines(item)]


@command("close", into=incident)
@click.argument("system")
@click.argument("number", type=int)
@click.argument("cause")
@AT
@SIGNED
def close_command(
    workspace: str | None, system: str, number: int, cause: str, at: str | None, by: str
) -> Any:
    """Close an incident with its cause and what was done. Notices that are still due stay due."""
    from plumbline.answers.alerts.incidents import close_incident

    with open_for(workspace) as ws:
        item = close_incident(ws, system, number, by=by, cause=cause, at=_time(at, "--at"))
    return item, [f"Incident {number} of {system} is closed.", *_deadline_lines(item)]


@command("list", into=incident)
@click.argument("system")
def list_command(workspace: str | None, system: str) -> Any:
    """The register with what is due. Exits 1 where a step is overdue."""
    from plumbline.answers.alerts.incidents import incidents
    from plumbline.governance.incident_deadlines import overdue

    with open_for(workspace) as ws:
        register = incidents(ws, system)
    lines = [
        line
        for i in register
        for line in (f"{i.id:>4}  {'closed' if i.closed_at else 'open  '}  {i.title}", *_deadline_lines(i))
    ]
    late = any(overdue(item, datetime.now(UTC)) for item in register)
    return {"incidents": register}, lines or ["No incident."], FAILED if late else 0


def _time(text: str | None, option: str) -> datetime | None:
    from plumbline.wording.times import read_time

    return read_time(text, option) if text else None


def _deadline_lines(item: Any) -> list[str]:
    from plumbline.governance.incident_deadlines import notices

    return [
        f"      {n.key:<16} {'overdue since' if n.late else 'due'} {iso_minute(n.due)}Z  {n.law} {n.title}"
        for n in notices(item, datetime.now(UTC))
        if n.sent is None
    ]
