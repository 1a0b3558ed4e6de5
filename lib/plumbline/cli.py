"""The command line: all that the pages do, for cron and CI.

Results go to standard output, progress and errors to standard error. Exit codes: 0 fine, 1 the asked-for
check failed, 2 wrong use or bad input, in one clear line and never a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from plumbline import __version__
from plumbline.domain import PlumblineError, Point, Slice, Verdict
from plumbline.door import FAILED, Commands, progress
from plumbline.door import workspace as open_for

ACTOR = "command line"
FAIL_ON = click.Choice([v.value for v in Verdict if v is not Verdict.EXEMPT], case_sensitive=False)


def command(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command that has ``--workspace`` and ``--json``; its function returns (result, lines of text)."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*, as_json: bool, **arguments: Any) -> int:
            from plumbline.report.plain import plain

            result, lines, *code = function(**arguments)
            if as_json:
                click.echo(json.dumps(plain(result), ensure_ascii=False, indent=2))
            else:
                for line in lines:
                    click.echo(line)
            return int(code[0]) if code else 0

        run = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(run)
        run = click.option(
            "--workspace", metavar="PATH", help="Default: PLUMBLINE_WORKSPACE or data/workspace.duckdb."
        )(run)
        return main.command(name, **settings)(run)

    return register


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plumbline")
def main() -> None:
    """Is this model a liability, and what is the proof?"""


def span(text: str | None, option: str) -> tuple[datetime | None, datetime | None]:
    """Read ``A..B``: two ISO dates or times, either may be left out; B is not included."""
    from plumbline.answers.spans import read_span

    return read_span(text, option) if text else (None, None)


def _where(conditions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for condition in conditions:
        column, found, value = condition.partition("=")
        if not found:
            raise PlumblineError(
                f"--where {condition!r} is not COLUMN=VALUE", todo="E.g. --where region=north."
            )
        pairs.append((column, value))
    return tuple(pairs)


@command("demo")
@click.option("--scenario", "names", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
def demo(workspace: str | None, names: tuple[str, ...]) -> Any:
    """Write the demo logs beside the workspace and load them."""
    from plumbline.demo.load import load_demo
    from plumbline.store.workspace import workspace_path

    folder = workspace_path(workspace).parent / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with open_for(workspace, [folder]) as ws:
        systems = load_demo(ws, folder, names or None, progress=progress)
    return {"systems": systems}, [f"{s.key}: {s.verdict}" for s in systems]


@command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
def inspect(workspace: str | None, file: Path) -> Any:
    """Guess the format and mapping of FILE; loads nothing."""
    from plumbline.answers import loading
    from plumbline.report import contract

    found = loading.inspect_file(file)
    lines = [f"{file.name}: {found.format}, {found.rows_sampled} rows sampled"]
    lines += [f"  {c.column} -> {c.role} ({c.confidence:.0%}: {c.reason})" for c in found.mapping.columns]
    lines += [f"  ? {question}" for question in found.questions]
    return contract.inspection(found), lines


@command("load")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", "title", required=True, metavar="S", help="The system; made when it is new.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=ROLE", help="Say what a column means.")
@click.option("--reference", is_flag=True, help="These decisions count as healthy.")
@click.option("--timezone", metavar="ZONE", help="What a time without a zone is taken to be in.")
@click.option("--positive", metavar="CLASS", help="The class whose probability the score is.")
def load(
    workspace: str | None, file: Path, title: str, maps: tuple[str, ...], reference: bool,
    timezone: str | None, positive: str | None,
) -> Any:  # fmt: skip
    """Load a log, or a file of late labels, into a system."""
    from plumbline.answers import loading

    folder = [file.parent] if file.exists() else []
    with open_for(workspace, folder) as ws:
        made = loading.load_file(
            ws, file, title=title, maps=loading.read_maps(maps), reference=reference, timezone=timezone,
            positive=positive, actor=ACTOR, progress=progress,
        )  # fmt: skip
    lines = [
        f"Load {made.load_id}: {made.rows_read} rows read = {made.rows_loaded} loaded + "
        f"{made.rows_duplicate} duplicates + {made.rows_quarantined} in quarantine; "
        f"{made.labels_joined} labels joined."
    ]
    lines += [f"  {reason}: {rows}" for reason, rows in made.reasons.items()]
    return made, lines + [f"  {note}" for note in made.notes]


@command("undo")
@click.argument("load_id", type=int)
def undo(workspace: str | None, load_id: int) -> Any:
    """Take a load back, profiles included."""
    from plumbline.answers import loading

    with open_for(workspace) as ws:
        removed = loading.undo_load(ws, load_id, actor=ACTOR)
    return {"load_id": load_id, "rows_removed": removed}, [f"Load {load_id} undone: {removed} rows removed."]


@command("systems")
def systems(workspace: str | None) -> Any:
    """List the systems with verdict and last decision, worst first."""
    from plumbline.answers.portfolio import portfolio

    with open_for(workspace) as ws:
        rows = portfolio(ws)
    return {"systems": rows}, [f"{r.verdict:<10} {r.key}  {r.reason}" for r in rows]


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
@click.option("--metric", "metrics", multiple=True, metavar="M")
@click.option("--version", metavar="V")
@click.option("--where", "conditions", multiple=True, metavar="COLUMN=VALUE")
@click.option("--window", metavar="A..B")
@click.option("--estimated", is_flag=True, help="Estimate where labels are missing or late.")
@click.option("--exact", is_flag=True, help="ROC AUC from the decisions, not from the profile's score cells.")
def performance(
    workspace: str | None, system: str, by: str | None, metrics: tuple[str, ...], version: str | None,
    conditions: tuple[str, ...], window: str | None, estimated: bool, exact: bool,
) -> Any:  # fmt: skip
    """The metric series of a system."""
    from plumbline.answers.performance import performance as answer
    from plumbline.report import contract

    start, end = span(window, "--window")
    with open_for(workspace) as ws:
        found = answer(
            ws, system, window=Slice(start, end, version, None, _where(conditions)), by=by,
            metrics=metrics or None, estimated=estimated, exact=exact,
        )  # fmt: skip
    lines = [found.sentence]
    for p in found.points:
        lines.append(
            f"{p.start:%Y-%m-%d}  {p.metric:<20} {_value(p)}  n={p.n}  {p.status}  {p.note}".rstrip()
        )
    return contract.performance(found), lines


@command("drift")
@click.argument("system")
@click.option("--reference", metavar="A..B")
@click.option("--window", metavar="A..B")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="M",
    help="psi, js, hellinger, ks, wasserstein, chi2, cramers_v, linf.",
)
@click.option("--exact", is_flag=True, help="From the decisions, not from the profile's grid.")
def drift(
    workspace: str | None,
    system: str,
    reference: str | None,
    window: str | None,
    methods: tuple[str, ...],
    exact: bool,
) -> Any:
    """Drift a feature: the window against the reference."""
    from plumbline.answers.drift import drift as answer
    from plumbline.report import contract

    with open_for(workspace) as ws:
        found = answer(
            ws, system, reference=span(reference, "--reference"), window=span(window, "--window"),
            methods=methods or None, exact=exact,
        )  # fmt: skip
    lines = [found.sentence]
    for f in found.features:
        value = "unknown" if f.value is None else f"{f.value:.4f}"
        lines.append(
            f"{f.feature:<28} {f.method:<12} {value}  n={f.n}  {f.status}{'  ' + f.note if f.note else ''}"
        )
    return contract.drift(found), lines


@command("explain")
@click.argument("system")
@click.argument("decision_id")
def explain(workspace: str | None, system: str, decision_id: str) -> Any:
    """Why one decision came out as it did."""
    from plumbline.answers.explain import explain as answer

    with open_for(workspace) as ws:
        found = answer(ws, system, decision_id)
    if found.refused:
        return found, [f"{found.decision_id}: no explanation. {found.refused}"], FAILED
    lines = [
        f"{found.decision_id}: {found.method}. {found.check}",
        f"  base {found.base_value:+.4f} ({found.output_space})",
    ]
    lines += [f"  {value:+.4f}  {name}" for name, value in found.attributions.items()]
    return found, lines + list(found.reasons)


@command("releases")
@click.argument("system")
def releases(workspace: str | None, system: str) -> Any:
    """Versions, spans, comparisons and guardrails."""
    from plumbline.answers.releases import releases as answer

    with open_for(workspace) as ws:
        found = answer(ws, system)
    return found.summary(), found.lines()


@command("scorecard")
@click.argument("system")
@click.option("--fail-on", type=FAIL_ON, help="Exit 1 when the verdict is this or worse.")
def scorecard(workspace: str | None, system: str, fail_on: str | None) -> Any:
    """The scorecard and its verdict."""
    from plumbline.answers.scorecard import is_as_bad_as
    from plumbline.answers.scorecard import scorecard as answer
    from plumbline.report import contract

    with open_for(workspace) as ws:
        card = answer(ws, system)
    lines = [f"{card.system}: {card.verdict}", *(f"  {reason}" for reason in card.reasons)]
    lines += [
        f"  {c.id:<7} {c.status:<14} {c.evidence.sentence}"
        for c in card.controls
        if c.requirement != "not asked"
    ]
    failed = fail_on is not None and is_as_bad_as(card.verdict, Verdict(fail_on.upper()))
    return contract.scorecard(card), lines, FAILED if failed else 0


@command("check")
@click.argument("system", required=False)
def check(workspace: str | None, system: str | None) -> Any:
    """Run every signal and record on the trail what was compared and found."""
    from plumbline.answers.checking import check as answer

    with open_for(workspace) as ws:
        found = answer(ws, system, actor=ACTOR)
    return {"findings": found}, [f"{f.system}  {f.severity:<6}  {f.sentence}" for f in found] or [
        "No findings."
    ]


@command("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--system", required=True, metavar="S")
@click.option("--version", required=True, metavar="V", help="The version that this file is.")
@click.option("--feature", "features", multiple=True, metavar="MODEL=COLUMN", help="Where names differ.")
def model(workspace: str | None, file: Path, system: str, version: str, features: tuple[str, ...]) -> Any:
    """Register the model file of one version; it has to reproduce the logged scores."""
    from plumbline.answers.models import register

    names = {}
    for pair in features:
        ours, found, theirs = pair.partition("=")
        if not found:
            raise PlumblineError(f"--feature {pair!r} is not MODEL=COLUMN", todo="E.g. --feature age=Alter.")
        names[ours] = theirs
    with open_for(workspace) as ws:
        made = register(ws, system, version, file, names=names, actor=ACTOR)
    return made, [made.sentence], 0 if made.passed else FAILED


@command("record")
@click.argument("system")
@click.argument("event")
@click.option("--at", metavar="TIME", help="When it happened; default: now.")
@click.option("--by", default=ACTOR, show_default=True)
@click.option("--note", default="")
def record(workspace: str | None, system: str, event: str, at: str | None, by: str, note: str) -> Any:
    """Put a rehearsal, a delivered alert or an incident on the trail."""
    from plumbline.answers.recording import record as answer
    from plumbline.answers.spans import read_time

    with open_for(workspace) as ws:
        answer(
            ws, system, event.replace("-", " "), by=by, at=read_time(at, "--at") if at else None, note=note
        )
    return {"recorded": event}, [f"Recorded for {system}: {event}."]


@command("trail")
@click.option("--verify", is_flag=True, help="Recompute the chain; exit 1 when it is broken.")
@click.option("--system", metavar="S")
@click.option("--limit", type=int, default=50, show_default=True)
def trail(workspace: str | None, verify: bool, system: str | None, limit: int) -> Any:
    """Who did what, newest first."""
    from plumbline.answers.trail import trail as answer

    with open_for(workspace) as ws:
        found = answer(ws, system=system, limit=limit)
    lines = [
        f"{e.seq:>5}  {e.at:%Y-%m-%d %H:%M:%S}Z  {e.actor}  {e.action}  {e.system}" for e in found.entries
    ]
    state = "intact" if found.intact else f"broken at entry {found.first_broken}"
    return (
        found,
        [*lines, f"{found.count} entries; the chain is {state}."],
        FAILED if verify and not found.intact else 0,
    )


if __name__ == "__main__":
    main()
