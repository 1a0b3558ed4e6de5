"""What it adds up to: systems, scorecard, what people record, the trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import ACTOR, actor_name, command, report_faults
from plumbline.console import BAD_INPUT, FAILED, put, typed_path
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError, Verdict
from plumbline.wording.quantities import count
from plumbline.wording.times import iso_minute, iso_second

FAIL_ON = click.Choice([v.value for v in Verdict if v is not Verdict.EXEMPT], case_sensitive=False)


@command("systems")
def systems(workspace: str | None) -> Any:
    """List the systems with verdict and last decision, worst first."""
    from plumbline.answers.governance.portfolio import overview

    with open_for(workspace) as ws:
        summary = overview(ws)
    report_faults(summary.faults)
    lines = [f"{r.verdict:<10} {r.key}  {r.reason}" for r in summary.rows]
    lines += [f"{r.key}: {r.sample}" for r in summary.rows if r.sample]
    faults = {"faults": summary.faults} if summary.faults else {}
    return {"systems": summary.rows} | faults, lines, BAD_INPUT if faults else 0


@command("scorecard")
@click.argument("system")
@click.option("--fail-on", type=FAIL_ON, help="Exit 1 when the verdict is this or worse.")
@click.option("--at", "day", metavar="DATE", help="The scorecard that held on that day, computed again.")
@click.option("--changes", "span", metavar="A..B", help="What changed between two days, control by control.")
def scorecard(
    workspace: str | None, system: str, fail_on: str | None, day: str | None, span: str | None
) -> Any:
    """The scorecard and its verdict: of now, of a past day, or what changed between two days."""
    from plumbline.answers.governance.scorecard import is_as_bad_as, pipeline_verdict
    from plumbline.answers.governance.scorecard import scorecard_answer as answer

    if span is not None:
        return _changes(workspace, system, span)
    extra: dict[str, Any] = {}
    with open_for(workspace) as ws:
        if day is None:
            scorecard_answer = answer(ws, system)
            card, cautions = scorecard_answer.card, scorecard_answer.measured.cautions
        else:
            from plumbline.answers.governance.past_scorecards import past_scorecard

            past = past_scorecard(ws, system, day)
            cautions = ()  # those of that day are not kept
            card, extra = past.card, {"same": past.same, "proof": past.sentence, "inputs_sha256": past.inputs_sha256,
                                      "card_sha256": past.card_sha256}  # fmt: skip
    lines = [
        f"{card.system}: {card.verdict.words}",
        *(f"  {reason}" for reason in (*cautions, *card.reasons)),
    ]
    lines += [
        f"  {c.id:<7} {c.status:<14} {c.evidence.sentence}"
        for c in card.controls
        if c.requirement != "not asked"
    ]
    if extra:
        lines.insert(1, f"  Made {iso_minute(card.at)}Z. {extra['proof']}")
    failed = fail_on is not None and is_as_bad_as(pipeline_verdict(card), Verdict(fail_on.upper()))
    extra["cautions"] = list(cautions)
    return card.to_dict() | extra, lines, FAILED if failed or extra.get("same") is False else 0


def _changes(workspace: str | None, system: str, span: str) -> Any:
    from plumbline.answers.governance.past_scorecards import changes

    first, before_span, second = span.partition("..")
    if not (before_span and first.strip() and second.strip()):
        raise PlumblineError(
            f"{span!r} is not two dates", where="--changes", todo="Write 2026-01-01..2026-03-01."
        )
    with open_for(workspace) as ws:
        answer = changes(ws, system, first, second)
    lines = [f"{system}: {answer.before.verdict.words} to {answer.after.verdict.words}"]
    lines += [f"  {c.id:<7} {c.before or 'new'} to {c.after or 'gone'}. {c.now}" for c in answer.controls]
    lines += [f"  {key}: {was or 'open'} to {now or 'open'}" for key, was, now in answer.context]
    lines += [f"  {words[:1].upper()}{words[1:]}." for words in answer.statements]
    if answer.catalogue_changed:
        lines.append("  Catalogue or rules changed between the two.")
    return answer.to_dict(), lines if len(lines) > 1 else [*lines, "  Nothing changed."]


@command("record")
@click.argument("system")
@click.argument("event")
@click.option("--at", metavar="TIME", help="When it happened; default: now.")
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who records it.")
@click.option("--note", default="", metavar="TEXT", help="What happened, in a few words.")
@click.option(
    "--finding", type=int, default=0, metavar="N", help="An incident handles a breach only if it names it."
)
def record(
    workspace: str | None, system: str, event: str, at: str | None, by: str, note: str, finding: int
) -> Any:
    """Put a rehearsal, a delivered alert, an incident or a complaint on the trail.

    It is a statement: what rests on it alone is partial at most. A complaint received or answered is recorded by its
    number, as the note.
    """
    from plumbline.answers.events import record as answer
    from plumbline.wording.times import read_time

    with open_for(workspace) as ws:
        answer(
            ws,
            system,
            event.replace("-", " "),
            by=by,
            at=read_time(at, "--at") if at else None,
            note=note,
            finding=finding,
        )
    return {"recorded": event}, [f"Recorded for {system}: {event}."]


@command("trail")
@click.option(
    "--verify",
    is_flag=True,
    help="Recompute the chain, and compare loads, decisions, counts, roles and scorecards with it; exits 1.",
)
@click.option(
    "--head",
    default="",
    metavar="DIGEST",
    help="A head of the trail that a document or a backup gave: exit 1 when the chain does not hold it.",
)
@click.option("--system", metavar="S", help="Only acts on this system.")
@click.option("--limit", type=int, default=50, show_default=True, metavar="N", help="How many acts at most.")
@click.option(
    "--disclose",
    type=int,
    multiple=True,
    metavar="SEQ",
    help="Write this entry whole, for a receiver whose pack withholds it; may be repeated, needs --out.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Where --disclose writes.")
def trail(
    workspace: str | None,
    verify: bool,
    head: str,
    system: str | None,
    limit: int,
    disclose: tuple[int, ...],
    out: Path | None,
) -> Any:
    """Who did what, newest first."""
    if disclose or out:
        return _disclose(workspace, disclose, out, system)
    from plumbline.answers.governance.trail import trail as answer
    from plumbline.store.backup.integrity import untied_loads_note

    with open_for(workspace) as ws:
        trail_answer = answer(ws, system=system, limit=limit, head=head, with_state=verify)
    lines = [
        f"{e.seq:>5}  {iso_second(e.at)}Z  {e.actor}  {e.action}  {e.system}" for e in trail_answer.entries
    ]
    return (
        trail_answer,
        [
            *lines,
            trail_answer.sentence,
            *(problem.sentence for problem in trail_answer.problems),
            f"Head: {trail_answer.head}",
            *filter(None, [untied_loads_note(trail_answer.untied), trail_answer.clock]),
        ],
        FAILED if (verify or head) and not trail_answer.holds else 0,
    )


def _disclose(workspace: str | None, numbers: tuple[int, ...], out: Path | None, system: str | None) -> Any:
    """Write entries of the trail whole."""
    from plumbline.answers.proof import disclosure

    if out is None or not numbers:
        raise PlumblineError("--disclose needs --out, and --out needs --disclose", todo="Give both.")
    with open_for(workspace) as ws:
        content = disclosure(ws, numbers, system=system)
    put(out, content)
    path = typed_path(out)
    return {"path": path, "disclosed": sorted(numbers)}, [f"{path}: {len(numbers)} entries, whole."]


@command("report")
@click.argument("system")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.pdf|.zip",
    help="A .pdf is the report, a .zip the evidence pack.",
)
@click.option("--language", "language", default="en", show_default=True, metavar="L", help="en or de.")
@click.option(
    "--period",
    default="",
    metavar="A..B",
    help="A .zip with the evidence of that time: changes, incidents, access, control history; B is not included.",
)
def report(workspace: str | None, system: str, out: Path, language: str, period: str) -> Any:
    """Write the report (.pdf) or the evidence pack (.zip); its hash goes on the trail."""
    from plumbline.report.issue import PACK, issue, issue_period, write
    from plumbline.wording.times import read_span

    if period and out.suffix.lower() != PACK:
        raise PlumblineError("The evidence of a period is a .zip", where=str(out), todo="Name such a file.")
    with open_for(workspace) as ws:
        if period:
            start, end = read_span(period, "--period")
            document = issue_period(ws, system, start, end, language_code=language, actor=actor_name())
        else:
            document = issue(ws, system, out.suffix.lower(), language_code=language, actor=actor_name())
    write(document, out, put)
    summary = {
        "path": typed_path(out),
        "kind": document.kind,
        "bytes": len(document.content),
        "sha256": document.sha256,
    }
    line = (
        f"{typed_path(out)}: {document.kind}, {count(len(document.content))} bytes, sha256 {document.sha256}"
    )
    return summary | ({"time": document.time} if document.time else {}), [
        line,
        *filter(None, [document.time]),
    ]
