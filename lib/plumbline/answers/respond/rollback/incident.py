"""The incident of a rollback that nobody asked for, or that did not take effect: opened by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from plumbline.answers.alerts.incidents import read_incidents, record_incident
from plumbline.domain.respond import RollbackRun, RollbackState
from plumbline.store import findings as register
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Cursor

ACTOR = "rollback"


def open_run_incident(cursor: Cursor, run: RollbackRun) -> int:
    """Open the incident that a run calls for, in the caller's transaction; 0: it calls for none, or has one."""
    failed = run.state is RollbackState.FAILED and run.acted_at is not None
    unasked = run.state is RollbackState.ACTED and run.unasked
    if run.incident or not (failed or unasked):
        return 0
    title = (
        f"Version {run.version} was rolled back to {run.to} without a person, after its guardrail tripped."
    )
    if failed:
        title = f"The rollback of version {run.version} to {run.to} did not take effect."
    now = datetime.now(UTC)
    item = record_incident(
        cursor, run.system, title, by=ACTOR, aware=now, opened=now, record=_guardrail(cursor, run)
    )
    return item.id


def _guardrail(cursor: Cursor, run: RollbackRun) -> FindingRecord | None:
    """The finding of the guardrail that tripped, where no incident handles it yet."""
    taken = {item.finding for item in read_incidents(cursor, run.system)}
    return next(
        (
            record
            for record in register.recorded_findings(cursor, run.system)
            if record.finding.signal == "release.guardrail"
            and str(record.finding.figures.get("version")) == run.version
            and record.id not in taken
        ),
        None,
    )
