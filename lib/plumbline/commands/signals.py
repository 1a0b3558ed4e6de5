"""What the logs prove: performance, drift, releases, and the check of every signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from plumbline.commands.command import ACTOR, actor_name, command, report_faults, span
from plumbline.console import BAD_INPUT, FAILED
from plumbline.console import workspace as open_for
from plumbline.domain import Finding, PlumblineError, Point, Slice
from plumbline.wording.times import iso_day

WINDOW = "Only decisions from A up to B, which is left out; either may be missing."
WHERE = "Only decisions with this value in a column; may be repeated."


def _parse_conditions(conditions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for condition in conditions:
        column, column_name, value = condition.partition("=")
        if not column_name:
            raise PlumblineError(
                f"--where {condition!r} is not COLUMN=VALUE", todo="E.g. --where region=north."
            )
        pairs.append((column, value))
    return tuple(pairs)


def _value(point: Point) -> str:
    if point.value is None:
        return "unknown"
    interval = (
        f" [{point.low:.4g}, {point.high:.4g}]" if point.low is not None and point.high is not None else ""
    )
    return f"{point.value:.4g}{interval}"


@command("performance")
@click.argument("system")
@click.option("--by", type=click.Choice(["day", "week", "month"]), help="Default: as the labels allow.")
@click.option("--metric", "metrics", multiple=True, metavar="M", help="Only this metric; may be repeated.")
@click.option("--version", metavar="V", help="Only decisions of this version.")
@click.option("--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
@click.option("--window", metavar="A..B", help=WINDOW)
@click.option("--estimated", is_flag=True, help="Estimate where labels are missing or late.")
@click.option("--exact", is_flag=True, help="ROC AUC from the decisions, not from the profile's score cells.")
@click.option("--by-version", is_flag=True, help="One series a version.")
@click.option("--calibration", "calibrated", is_flag=True, help="Add the reliability curve of the scores.")
@click.option("--segments", "searched", is_flag=True, help="Add the segments that hurt most.")
@click.option(
    "--against",
    type=click.Choice(["reference", "rest"]),
    default="reference",
    show_default=True,
    help="What segments are held against.",
)
def performance(
    workspace: str | None,
    system: str,
    by: str | None,
    metrics: tuple[str, ...],
    version: str | None,
    conditions: tuple[str, ...],
    window: str | None,
    estimated: bool,
    exact: bool,
    by_version: bool,
    calibrated: bool,
    searched: bool,
    against: str,
) -> Any:
    """How well a system does over time, by the metrics of its task, each with interval, sample and status."""
    from plumbline.answers.performance.segments import segments
    from plumbline.answers.performance.series import calibration
    from plumbline.answers.performance.series import performance as answer

    start, end = span(window, "--window")
    with open_for(workspace) as ws:
        part = Slice(start, end, version, None, _parse_conditions(conditions))
        performance_answer = answer(
            ws,
            system,
            window=part,
            by=by,
            metrics=metrics or None,
            by_version=by_version,
            estimated=estimated,
            exact=exact,
        )
        curves = calibration(ws, system, window=part) if calibrated else None
        worst = None
        if searched:
            worst = segments(ws, system, window=part, metric=metrics[0] if metrics else None, against=against)
    lines = [
        performance_answer.sentence,
        *filter(None, (performance_answer.reason, performance_answer.selected)),
        *performance_answer.cautions,
        *(extra.sentence for extra in (curves, worst) if extra),
    ]
    for p in performance_answer.points:
        lines.append(
            f"{iso_day(p.start)}  {p.metric:<20} {_value(p)}  n={p.n}  {p.status}  {p.note}".rstrip()
        )
    more: dict[str, Any] = {"calibration": curves.curves} if curves else {}
    if worst:
        more["worst_segments"] = worst.to_dict()
    return performance_answer.to_dict() | more, lines


@command("drift")
@click.argument("system")
@click.option("--reference", metavar="A..B", help="Default: the reference of the system.")
@click.option("--window", metavar="A..B", help=WINDOW)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="M",
    help="psi, js, hellinger, ks, wasserstein, chi2, cramers_v, linf.",
)
@click.option("--exact", is_flag=True, help="From the decisions, not from the profile's grid.")
@click.option("--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
@click.option("--version", metavar="V", help="Only decisions of this version.")
@click.option("--whole-row", is_flag=True, help="Compare rows as wholes too, from a sample of them.")
def drift(
    workspace: str | None,
    system: str,
    reference: str | None,
    window: str | None,
    methods: tuple[str, ...],
    exact: bool,
    conditions: tuple[str, ...],
    version: str | None,
    whole_row: bool,
) -> Any:
    """How far each input and the output moved: the window against the reference."""
    from plumbline.answers.drift.features import drift as answer
    from plumbline.answers.drift.multivariate import row_shift as rows_as_wholes

    asked: dict[str, Any] = {
        "reference": span(reference, "--reference"), "window": span(window, "--window"), "version": version,
        "where": _parse_conditions(conditions),
    }  # fmt: skip
    whole = None
    with open_for(workspace) as ws:
        drift_answer = answer(ws, system, methods=methods or None, exact=exact, **asked)
        if whole_row:
            whole = rows_as_wholes(ws, system, over_time=False, **asked)
    lines: list[str] = [drift_answer.sentence, *drift_answer.cautions]
    for f in drift_answer.features:
        value = "unknown" if f.value is None else f"{f.value:.4f}"
        lines.append(
            f"{f.feature:<28} {f.method:<12} {value}  n={f.n}  {f.status}{'  ' + f.note if f.note else ''}"
        )
    lines += [
        f"{f.feature:<28} {f.method:<12} {f.value:.4f}  n={f.n}  {f.status}  {f.note}"
        for f in drift_answer.own
        if f.value is not None and f.status in ("watch", "breach")
    ]
    if whole is not None:
        lines.append(whole.sentence)
    return drift_answer.to_dict() | ({"whole_row": whole.to_dict()} if whole is not None else {}), lines


@command("releases")
@click.argument("system")
@click.option(
    "--split", type=float, metavar="SHARE", help="Intended share of a newcomer's decisions, e.g. 0.1."
)
def releases(workspace: str | None, system: str, split: float | None) -> Any:
    """Versions, what each switch changed and why, versions side by side, guardrails."""
    from plumbline.answers.releases.history import releases as answer

    with open_for(workspace) as ws:
        releases_answer = answer(ws, system, share=split)
    return releases_answer.to_dict(), releases_answer.lines()


#: exit codes of a gate: what it decides, as pipelines read it
_GATE = {"go": 0, "stop": 1, "inconclusive": 3}


@command("gate")
@click.argument("system")
@click.option("--version", required=True, metavar="V", help="As the log names it.")
def gate(workspace: str | None, system: str, version: str) -> Any:
    """May a version go on? Exits 0 for go, 1 for stop, 3 where the log cannot tell yet."""
    from plumbline.answers.releases.gate import gate as answer

    with open_for(workspace) as ws:
        gate_answer = answer(ws, system, version)
    return (
        gate_answer.to_dict(),
        [gate_answer.sentence, *gate_answer.reasons[1:]],
        _GATE[gate_answer.decision],
    )


@command("fairness")
@click.argument("system")
@click.option(
    "--by", "by", multiple=True, metavar="COLUMN", help="A protected attribute; default: all and their pairs."
)
@click.option(
    "--favourable",
    metavar="CLASS",
    help="The class that people want; default: as stated, or as names tell.",
)
@click.option("--version", metavar="V", help="Only decisions of this version.")
@click.option("--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
@click.option("--window", metavar="A..B", help=WINDOW)
def fairness(
    workspace: str | None,
    system: str,
    by: tuple[str, ...],
    favourable: str | None,
    version: str | None,
    conditions: tuple[str, ...],
    window: str | None,
) -> Any:
    """Rates and errors by protected group, who has the last word, and how far decisions reach."""
    from plumbline.answers.fairness.groups import fairness as answer

    start, end = span(window, "--window")
    with open_for(workspace) as ws:
        fairness_answer = answer(
            ws,
            system,
            window=Slice(start, end, version, None, _parse_conditions(conditions)),
            by=by,
            favourable=favourable,
        )
    return fairness_answer.to_dict(), fairness_answer.lines()


@command("compare")
@click.argument("system")
@click.option("--first", metavar="A..B", help="Default: the reference.")
@click.option("--second", metavar="A..B", help="Default: the last 30 days of the log.")
@click.option("--version", metavar="V", help="Only decisions of this version.")
@click.option("--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
@click.option("--groups", is_flag=True, help="Protected groups rather than metrics.")
def compare(
    workspace: str | None,
    system: str,
    first: str | None,
    second: str | None,
    version: str | None,
    conditions: tuple[str, ...],
    groups: bool,
) -> Any:
    """Two windows side by side: every metric, or how protected groups fared, with what is beyond chance."""
    from plumbline.answers.fairness.compare_windows import fairness_windows
    from plumbline.answers.performance.outcomes import compare as answer

    within = Slice(None, None, version, None, _parse_conditions(conditions))
    parts = []
    for text, option in ((first, "--first"), (second, "--second")):
        start, end = span(text, option)
        parts.append(replace(within, start=start, end=end) if text else None)
    with open_for(workspace) as ws:
        ask = fairness_windows if groups else answer
        comparison = ask(ws, system, first=parts[0], second=parts[1], within=within)
    return comparison.to_dict(), comparison.lines()


@command("quality")
@click.argument("system")
@click.option("--window", metavar="A..B", help="The decisions that are looked at; without, all.")
def quality(workspace: str | None, system: str, window: str | None) -> Any:
    """Log quality, personal data, consistency, staleness and shelf life."""
    from plumbline.answers.data.quality import quality as answer

    with open_for(workspace) as ws:
        quality_answer = answer(ws, system, window=span(window, "--window"))
    lines = [
        quality_answer.trail.sentence,
        quality_answer.consistency.sentence,
        quality_answer.staleness.sentence,
        quality_answer.shelf.sentence,
    ]
    lines += [leak.sentence for leak in quality_answer.leaks]
    lines += [
        f"{p.column:<28} {p.kind}: {p.hits} of {p.n} rows, {p.sure}  {p.example}"
        for p in quality_answer.personal
    ] or [f"No personal data was found in {quality_answer.examined} rows."]
    lines += [
        f"{f.feature:<28} {f.method:<12} {f.value:.4f}  n={f.n}  {f.status}  {f.note}"
        for f in quality_answer.own
        if f.value is not None and f.status in ("watch", "breach")
    ]
    return quality_answer.to_dict(), lines


@command("check", variables=("PLUMBLINE_SMTP_PASSWORD",))
@click.argument("system", required=False)
@click.option(
    "--notify", is_flag=True, help="Send what is due to the channels; exit 1 when something did not arrive."
)
@click.option("--dry-run", is_flag=True, help="Record and send nothing; show what would go where.")
@click.option("--by", default="", metavar="NAME", help="Who checks; it goes on the trail.")
def check(workspace: str | None, system: str | None, notify: bool, dry_run: bool, by: str) -> Any:
    """Run every signal, record what was compared on the trail and what was found in the register.

    Makes the decision records of a sample as well, and keeps on the trail whether each could be given.
    """
    from plumbline.commands import deliveries

    if dry_run:
        return deliveries.rehearsal(workspace, system)
    from plumbline.answers.alerts.check import check_systems
    from plumbline.answers.faults import answer_systems
    from plumbline.answers.performance.cautions import cautions as of_system
    from plumbline.answers.respond import hands
    from plumbline.answers.statements import due_reminders
    from plumbline.report.record_trials import try_possible_records

    actor = by.strip() or actor_name()
    with open_for(workspace) as ws:
        checked, today = check_systems(ws, system, actor=actor), datetime.now(UTC).date()
        more, untried = answer_systems(
            checked.systems,
            lambda s: (try_possible_records(ws, s.key, actor=actor), due_reminders(ws, s.key, today)),
        )
        cautions = {s.key: messages for s in checked.systems if (messages := of_system(ws, s.key))}
        acted = hands.work(ws, system, actor=actor) if notify else ()
        sent, said_of_sent, failed = deliveries.send_due(ws, system) if notify else ([], [], False)
    findings, faults = checked.findings, (*checked.faults, *untried)
    report_faults(faults)
    tried = [trial for each, _ in more for trial in each]
    renew = {key: items for _, each in more for key, items in each.items()}
    lines = [f"{f.system}  {f.severity:<6}  {_duration_words(f)}{f.sentence}" for f in findings] or [
        "No findings."
    ]
    lines += [f"{key}  note    {words}" for key, messages in cautions.items() for words in messages]
    lines += [f"{key}  renew   {item.sentence}" for key, items in renew.items() for item in items]
    lines += [f"{trial.system}  records {trial.sentence}" for trial in tried]
    lines += [
        f"{action.system}  acted   {action.state.value}: {action.note or action.sentence}" for action in acted
    ]
    lines += said_of_sent
    answers = {
        "findings": findings, "delivered": sent, "acted": acted, "reminders": renew, "records": tried,
        "cautions": cautions,
    }  # fmt: skip
    code = BAD_INPUT if faults else FAILED if failed else 0
    return answers | ({"faults": faults} if faults else {}), lines, code


def _duration_words(finding: Finding) -> str:
    """Since when a finding holds, and until when where it is over."""
    if finding.since is None:
        return ""
    return (
        f"{iso_day(finding.since)} to {iso_day(finding.until)}  "
        if finding.until
        else f"since {iso_day(finding.since)}  "
    )


@command("findings")
@click.argument("system", required=False)
@click.option("--open", "only_open", is_flag=True, help="Only what is still open; exit 1 when something is.")
@click.option("--acknowledge", "number", type=int, metavar="NUMBER", help="Say that you saw a finding.")
@click.option("--by", default=ACTOR, show_default=True, metavar="NAME", help="Who saw it.")
def findings(workspace: str | None, system: str | None, only_open: bool, number: int | None, by: str) -> Any:
    """The register of findings: one line a problem, open ones first."""
    from plumbline.answers.alerts import findings as register

    with open_for(workspace) as ws:
        if number is not None:
            register.acknowledge(ws, number, by=by, system=system or "")
        records = [r for r in register.findings(ws, system) if r.open or not only_open]
    lines = [
        f"{r.id:>4}  {'open  ' if r.open else 'closed'}  {r.finding.severity:<6}  {r.finding.system}  "
        f"{r.finding.sentence}" + (f"  (seen by {r.acknowledged_by})" if r.acknowledged_by else "")
        for r in records
    ]
    return {"findings": records}, lines or ["No findings."], FAILED if only_open and records else 0
