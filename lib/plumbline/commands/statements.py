"""What people state about a system: context, statements, exemptions, incidents, documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from plumbline.commands.command import ACTOR, Signature, command
from plumbline.console import put
from plumbline.console import workspace as open_for
from plumbline.domain import PlumblineError
from plumbline.wording.times import iso_day

CLAIM = click.Choice(["pass", "partial", "fail"])
BY = click.option(
    "--by", required=True, metavar="NAME", help="Who says so; it goes on the trail.", cls=Signature
)


@command("context")
@click.argument("system")
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--by", metavar="NAME", default="", help="Who answers; needed with answers.")
def context(workspace: str | None, system: str, answers: tuple[str, ...], by: str) -> Any:
    """Show the context, or answer questions: `context S impact=credit harm=yes`. An empty value withdraws."""
    from plumbline.answers.statements import save_context, statements
    from plumbline.governance.context import QUESTIONS, answer_text, check_answer

    checked_answers = {name: check_answer(name, value) for name, value in map(_pair, answers)}
    with open_for(workspace) as ws:
        if checked_answers:
            save_context(ws, system, checked_answers, by=by)
        all_answers = statements(ws, system).context
    lines = [
        f"{q.key:<24} {answer_text(q.key, all_answers.get(q.key, '')) or '?':<20} {q.question}"
        for q in QUESTIONS
    ]
    return {
        "system": system,
        "context": all_answers,
        "open": [q.key for q in QUESTIONS if not all_answers.get(q.key)],
    }, lines


@command("headline")
@click.argument("system")
@click.argument("metric", required=False)
@click.option("--by", metavar="NAME", default="", help="Who chooses it; needed with a metric.")
def headline(workspace: str | None, system: str, metric: str | None, by: str) -> Any:
    """Show the metric that a system is judged by first, or choose it; `auto` leaves it to Plumbline."""
    from plumbline.answers.performance.headline import choose_headline, read_headline

    if metric and not by.strip():
        raise PlumblineError("A person has to be named", where="--by", todo="Say who chooses it.")
    with open_for(workspace) as ws:
        headline = (
            choose_headline(ws, system, "" if metric == "auto" else metric, by=by.strip())
            if metric
            else read_headline(ws, system)
        )
    why = "Its owner's choice." if headline.chosen else headline.reason
    return {"system": system, "headline": headline}, [f"{system}: {headline.metric}. {why}".strip()]


@command("attest")
@click.argument("system")
@click.argument("control")
@click.argument("statement")
@click.option("--claim", type=CLAIM, default="pass", show_default=True, help="How far the control is met.")
@click.option("--until", metavar="DATE", help="Default: in 180 days; twelve months at most.")
@click.option("--link", default="", metavar="URL", help="Where the document is.")
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="The document itself.")
@BY
def attest(
    workspace: str | None,
    system: str,
    control: str,
    statement: str,
    claim: str,
    until: str | None,
    link: str,
    file: Path | None,
    by: str,
) -> Any:
    """A named person's dated statement about one control. It never outvotes what the log shows."""
    from plumbline.answers import statements as promises
    from plumbline.domain import Attestation, Status
    from plumbline.governance.catalogue import catalogue

    today = datetime.now(UTC).date()
    ends = _day(until, "--until") if until else today + timedelta(days=180)
    name = catalogue().control(control.upper()).id
    item = Attestation(system, name, Status(claim), statement.strip(), by.strip(), today, ends, link.strip())
    with open_for(workspace) as ws:
        promises.attest(ws, item, file=(file.name, _read(file)) if file else None)
    return item, [f"{by} states {claim} for {name} of {system}, until {ends}."]


@command("exempt")
@click.argument("system")
@click.argument("control")
@click.argument("reason")
@click.option("--until", required=True, metavar="DATE", help="The last day it holds; twelve months at most.")
@click.option("--link", required=True, metavar="URL", help="Where its document is.")
@BY
def exempt(
    workspace: str | None, system: str, control: str, reason: str, until: str, link: str, by: str
) -> Any:
    """Exempt one control until a date. With four eyes it waits for `approve` by somebody else."""
    from plumbline.answers import statements as promises
    from plumbline.domain import Exemption
    from plumbline.governance.catalogue import catalogue

    name = catalogue().control(control.upper()).id
    today = datetime.now(UTC).date()
    item = Exemption(
        system, name, reason.strip(), by.strip(), _day(until, "--until"), today, link=link.strip()
    )
    with open_for(workspace) as ws:
        item = promises.exempt(ws, item)
    waits = "" if item.approver else ", once a second person approves it"
    return item, [f"{name} of {system} is exempt until {item.until}{waits}."]


@command("approve")
@click.argument("system")
@click.argument("number", type=int, required=False)
@click.option("--exemption", "exemption", type=int, metavar="N", help="An exemption instead of a statement.")
@click.option("--context", "context", is_flag=True, help="The context answers that others gave.")
@click.option("--by", metavar="NAME", default="", help="Who approves; needed to approve anything.")
def approve(
    workspace: str | None, system: str, number: int | None, exemption: int | None, context: bool, by: str
) -> Any:
    """Approve a statement, an exemption or context answers as a second person; without any: what waits."""
    from plumbline.answers import statements as promises

    today = datetime.now(UTC).date()
    with open_for(workspace) as ws:
        if number is not None:
            promises.approve(ws, system, number, by=by, on=today)
        if exemption is not None:
            promises.approve_exemption(ws, system, exemption, by=by, on=today)
        if context:
            promises.approve_context(ws, system, by=by)
        statements = promises.statements(ws, system)
        attestations, freed = promises.pending_approvals(statements, today)
    lines = [f"{a.id:>4}  statement  {a.control}  {a.owner}: {a.statement}" for a in attestations]
    lines += [f"{e.id:>4}  exemption  {e.control}  {e.proposer or e.approver}: {e.reason}" for e in freed]
    lines += [
        f"      answer     {name}={statements.context[name]}  {who}" for name, who in statements.alone.items()
    ]
    return {"statements": attestations, "exemptions": freed, "answers": statements.alone}, lines or [
        "Nothing waits for a second person."
    ]


@command("document")
@click.argument("system")
@click.argument("kind")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.pdf", help="Make it and write it here.")
@click.option("--language", default="en", show_default=True, metavar="L", help="en or de.")
@click.option("--text", "texts", multiple=True, metavar="ITEM=TEXT", help="What a person says about an item.")
@click.option("--review", metavar="SHA256", help="Say that this version was read and is right.")
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who writes or reviews it.")
def document(
    workspace: str | None,
    system: str,
    kind: str,
    out: Path | None,
    language: str,
    texts: tuple[str, ...],
    review: str | None,
    by: str,
) -> Any:
    """Show what a document still lacks, fill it in, make it, or say that a version was reviewed.

    KIND is model_card, processing, annex_iv, applicability (ISO 42001), monitoring_plan (AI Act 72), rights_assessment
    (AI Act 27), instructions (AI Act 13), processor_record (GDPR 30(2)) or supplier_facts (DORA).
    """
    from plumbline.answers.governance.documents import review as reviewed
    from plumbline.answers.governance.documents import versions
    from plumbline.report.documents import outline, save_statements, tally
    from plumbline.report.issue import issue_document, write

    if by == ACTOR and (texts or review):
        raise PlumblineError("A person has to be named", where="--by", todo="Say who states it.")
    with open_for(workspace) as ws:
        if texts:
            save_statements(ws, system, dict(map(_pair, texts)), by=by)
        document = issue_document(ws, system, kind, language_code=language, actor=by) if out else None
        if document is not None and out is not None:
            write(document, out, put)
        if review:
            reviewed(ws, system, review, by=by)
        sections = outline(ws, system, kind, language)
        document_versions = [v for v in versions(ws, system) if v.kind == kind]
    known, items = tally(sections)
    lacking = [item for _, rows in sections for item in rows if not item.known]
    lines = [f"{known} of {items} items known.", *(f"  {i.key:<36} {i.name}. {i.source}" for i in lacking)]
    lines += [
        f"{v.sha256}  {iso_day(v.made_at)}  {'reviewed by ' + v.reviews[0].by if v.reviews else 'reviewed by nobody'}"
        for v in document_versions
    ]
    return {
        "known": known,
        "items": items,
        "lacking": [i.key for i in lacking],
        "versions": document_versions,
    }, lines


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name.strip():
        raise PlumblineError(f"{text!r} is not KEY=VALUE")
    return name.strip(), value.strip()


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise PlumblineError(f"{text!r} is not a date", where=option, todo="Write 2026-03-01.") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlumblineError(f"The file cannot be read: {error.strerror}", where=str(file)) from error
