"""Handling one finding: acknowledge, assign, mute, comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from plumbline.commands.command import SIGNED, command, parse_day
from plumbline.console import workspace as open_for
from plumbline.wording.times import iso_minute

if TYPE_CHECKING:
    from plumbline.answers.respond.triage import TriagedFinding


@command("acknowledge")
@click.argument("system")
@click.argument("number", type=int)
@SIGNED
def acknowledge(workspace: str | None, system: str, number: int, by: str) -> Any:
    """Say that you saw a finding; it is then no longer told again."""
    from plumbline.answers.alerts import findings
    from plumbline.answers.respond.triage import triaged_findings

    with open_for(workspace) as ws:
        findings.acknowledge(ws, number, by=by, system=system)
        return _answer(triaged_findings(ws, system)[number])


@command("assign")
@click.argument("system")
@click.argument("number", type=int)
@click.option("--to", required=True, metavar="NAME", help="Who deals with it.")
@click.option("--due", required=True, metavar="DATE", help="By when, e.g. 2026-12-24.")
@SIGNED
def assign(workspace: str | None, system: str, number: int, to: str, due: str, by: str) -> Any:
    """Give a finding to somebody, until a day; it is told again when that day is over."""
    from plumbline.answers.respond import triage

    with open_for(workspace) as ws:
        return _answer(triage.assign(ws, system, number, to=to, due=parse_day(due, "--due"), by=by))


@command("snooze")
@click.argument("system")
@click.argument("number", type=int)
@click.option("--until", required=True, metavar="DATE", help="Up to 30 days from now.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it goes on the trail.")
@SIGNED
def snooze(workspace: str | None, system: str, number: int, until: str, reason: str, by: str) -> Any:
    """Let reminders of a finding rest. The all-clear, legal clocks and the verdict go on."""
    from plumbline.answers.respond import triage

    with open_for(workspace) as ws:
        return _answer(
            triage.snooze(ws, system, number, until=parse_day(until, "--until"), reason=reason, by=by)
        )


@command("comment")
@click.argument("system")
@click.argument("number", type=int)
@click.argument("text")
@SIGNED
def comment(workspace: str | None, system: str, number: int, text: str, by: str) -> Any:
    """Write something beneath a finding."""
    from plumbline.answers.respond import triage

    with open_for(workspace) as ws:
        return _answer(triage.comment(ws, system, number, text, by=by))


def _answer(handled: TriagedFinding) -> Any:
    """A finding and what people did with it, as JSON and as lines."""
    r, t = handled.record, handled.triage
    finding = {
        "number": r.id, "system": r.finding.system, "signal": r.finding.signal, "severity": r.finding.severity,
        "sentence": r.finding.sentence, "since": r.finding.since, "open": r.open, "acknowledged_by": r.acknowledged_by,
        "acknowledged_at": r.acknowledged_at, "owner": t.owner, "due": t.due, "muted_until": t.muted_until,
        "muted_by": t.muted_by, "muted_why": t.muted_why,
        "comments": [{"at": c.at, "by": c.by, "text": c.text} for c in handled.comments],
    }  # fmt: skip
    lines = [f"Finding {r.id} of {r.finding.system}: {r.finding.sentence}"]
    lines += [f"  seen by {r.acknowledged_by}"] if r.acknowledged_by else []
    lines += [f"  {t.owner} has it until {t.due}"] if t.owner else []
    lines += [f"  muted by {t.muted_by} until {t.muted_until}: {t.muted_why}"] if t.muted_until else []
    lines += [f"  {iso_minute(c.at)}Z {c.by}: {c.text}" for c in handled.comments]
    return {"finding": finding}, lines
