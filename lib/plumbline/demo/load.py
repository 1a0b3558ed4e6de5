"""Writing the demo logs and loading them by the same functions that a person's log goes through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

from plumbline.answers import events, statements
from plumbline.answers.alerts.check import check
from plumbline.answers.data import load as loading
from plumbline.answers.decisions import model_files
from plumbline.answers.governance import probe
from plumbline.answers.governance.portfolio import SystemRow, portfolio
from plumbline.demo import receipts
from plumbline.demo.scenarios import SCENARIOS, Scenario, ScenarioFiles
from plumbline.domain import Attestation, Exemption, PlumblineError, Status
from plumbline.store import loads, systems
from plumbline.store.workspace import Workspace

ACTOR, SECOND = "demo", "demo reviewer"  # what lowers the tier takes two


def load_demo(
    ws: Workspace,
    folder: Path,
    names: Sequence[str] | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
    after: Callable[[], object] | None = None,
) -> tuple[SystemRow, ...]:
    """Write and load scenarios; one that is there already is left as it is. ``after``: called where any was loaded.

    Raises:
        PlumblineError: no scenario of that name.
    """
    for name in names or ():
        if name not in SCENARIOS:
            raise PlumblineError(
                f"There is no scenario {name!r}", todo=f"Use one of: {', '.join(SCENARIOS)}."
            )
    chosen = [SCENARIOS[name] for name in names or SCENARIOS]
    missing = [scenario for scenario in chosen if not _is_loaded(ws, scenario)]
    with ThreadPoolExecutor(1) as writer:  # the next log is written while this one is loaded
        written = [writer.submit(scenario.write, folder) for scenario in missing]
        try:
            for place, (scenario, files) in enumerate(zip(missing, written, strict=True)):
                if progress:
                    progress(f"Demo: {scenario.title}", place / len(missing))
                load_files(ws, scenario, files.result())
        finally:
            writer.shutdown(cancel_futures=True)
    if after and missing:
        after()
    if progress:
        progress("Demo loaded", 1.0)
    return tuple(row for row in portfolio(ws) if row.key in {scenario.name for scenario in chosen})


def _is_loaded(ws: Workspace, scenario: Scenario) -> bool:
    with ws.read() as cursor:
        if systems.find_system(cursor, scenario.name) is None:
            return False
        return any(load.undone_at is None for load in loads.list_loads(cursor, scenario.name))


def load_files(ws: Workspace, scenario: Scenario, files: ScenarioFiles) -> None:
    """Load one scenario's files, with all that its people state."""
    key = scenario.name
    load_log(ws, scenario, files)
    statements.change_settings(ws, key, scenario.settings.to_dict(), by=ACTOR, title=scenario.title)
    if scenario.reference:
        start, end = (datetime.fromisoformat(t).astimezone(UTC) for t in scenario.reference)
        loading.set_reference(ws, key, start, end, actor=ACTOR)
    load_outcomes(ws, scenario, files)
    if files.repository is not None:
        probe.probe(ws, key, by=ACTOR, dvc=str(files.repository), operator=True)
    statements.save_context(ws, key, scenario.context, by=ACTOR)
    statements.approve_context(ws, key, by=SECOND)
    for control, status, statement, owner, at, expires in scenario.attestations:
        link = f"register/{key}/{control}.pdf" if scenario.documents else ""
        item = Attestation(key, control, Status(status), statement, owner, _day(at), _day(expires), link)
        statements.attest(ws, item)
    for control, reason, approver, until, at in scenario.exemptions:
        statements.exempt(
            ws,
            Exemption(
                key, control, reason, approver, _day(until), _day(at), link=f"register/{key}/exemptions.pdf"
            ),
        )
    check(ws, key, actor=ACTOR)  # the outcomes and the reference came after the decisions that were checked
    receipts.wire_system(ws, key)
    for event, at, by, note in scenario.events:
        events.record(ws, key, event, by=by, at=datetime.fromisoformat(at).astimezone(UTC), note=note)


def load_log(ws: Workspace, scenario: Scenario, files: ScenarioFiles) -> None:
    """Load a story's decisions."""
    loading.load_file(
        ws, files.log, title=scenario.name, maps=_role_pairs(scenario.mapping), positive=scenario.positive,
        timezone=scenario.timezone, actor=ACTOR,
    )  # fmt: skip


def load_outcomes(ws: Workspace, scenario: Scenario, files: ScenarioFiles) -> None:
    """Load its outcomes, where they come apart, and register its models, where the company does."""
    if files.labels is not None:
        maps = _role_pairs(scenario.labels_mapping or {})
        loading.load_file(ws, files.labels, title=scenario.name, maps=maps, actor=ACTOR)
    for version, file in files.models.items() if scenario.registers else ():
        model_files.register(ws, scenario.name, version, file, actor=ACTOR)


def _role_pairs(mapping: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((column, role.strip()) for column, roles in mapping.items() for role in roles.split(","))


def _day(day: str | date) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)
