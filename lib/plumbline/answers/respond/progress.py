"""What each check does for acting: triggers and rollbacks go on as the log shows, in the check's own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.answers.respond.retraining import due as retraining
from plumbline.answers.respond.retraining import triggers
from plumbline.answers.respond.rollback import progress as rollback_progress
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.domain import Finding, System
from plumbline.domain.respond import RollbackRun, TriggerRun
from plumbline.store.workspace import Cursor


@dataclass(frozen=True, slots=True)
class ActionProgress:
    """Runs that changed, and findings about acting itself."""

    runs: tuple[TriggerRun, ...] = ()
    rollbacks: tuple[RollbackRun, ...] = ()
    findings: tuple[Finding, ...] = ()


def follow(cursor: Cursor, system: System, findings: Sequence[Finding]) -> ActionProgress:
    """What goes on, by the findings of this check; nothing is written and no network touched."""
    now = retraining.acting_time(system)
    found = retraining.progress(cursor, system, findings, now)
    back = rollback_progress.progress(cursor, system, findings, now)
    return ActionProgress(found.runs, back.runs, (*found.findings, *back.findings))


def keep(cursor: Cursor, followed: ActionProgress, *, actor: str) -> None:
    """Write it, in the transaction of the check."""
    for run in followed.runs:
        triggers.record(cursor, run, actor=actor)
    for item in followed.rollbacks:
        rollbacks.record(cursor, item, actor=actor)
