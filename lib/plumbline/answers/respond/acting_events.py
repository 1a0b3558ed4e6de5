"""What is told of triggers and rollbacks: one event a state, written with the state itself."""

from __future__ import annotations

from plumbline.domain import Severity
from plumbline.domain.respond import RollbackRun, RollbackState, RunState, TriggerRun
from plumbline.respond.events import Event

_TRIGGER = {
    RunState.FIRED: "trigger.fired",
    RunState.RUNNING: "trigger.fired",
    RunState.SEEN: "trigger.finished",
    RunState.CURED: "trigger.finished",
    RunState.FAILED: "trigger.failed",
    RunState.TIMED_OUT: "trigger.failed",
}
_ROLLBACK = {
    RollbackState.PROPOSED: "rollback.proposed",
    RollbackState.REFUSED: "rollback.refused",
    RollbackState.ACTED: "rollback.done",
    RollbackState.FAILED: "rollback.failed",
}


def trigger_event(run: TriggerRun, before: TriggerRun | None) -> Event | None:
    """What to tell of a run whose state is another than before; None: nothing. A test tells nobody."""
    kind = _TRIGGER.get(run.state)
    if (
        kind is None
        or run.test
        or (before is not None and _TRIGGER.get(before.state) == kind != "trigger.finished")
    ):
        return None
    if before is not None and before.state is run.state:
        return None
    at = run.cured_at or run.seen_at or run.ended_at or run.fired_at or run.due_at
    severity = Severity.HIGH if kind == "trigger.failed" else Severity.MEDIUM
    data = {
        "trigger": run.trigger,
        "run": run.id,
        "state": run.state.value,
        "when": run.when.value,
        "since": run.onset,
        "version": run.version,
        "seen_version": run.seen_version,
        "control": ["MON-7"],
    }
    words = f"Retraining {run.trigger!r} is {run.state.value}. {run.note}".rstrip()
    return Event(type=kind, sentence=words, at=at, system=run.system, severity=severity, data=data)


def rollback_event(run: RollbackRun, before: RollbackRun | None) -> Event | None:
    """What to tell of a rollback whose state is another than before; None: nothing. A drill tells nobody."""
    kind = _ROLLBACK.get(run.state)
    drilled = run.state is RollbackState.FAILED and run.acted_at is None
    if kind is None or drilled or (before is not None and before.state is run.state):
        return None
    shut = [lock for lock in run.interlocks if not lock.holds]
    words = {
        "rollback.proposed": f"Version {run.version} should go back to {run.to}.",
        "rollback.refused": f"Version {run.version} is not rolled back: {shut[0].sentence if shut else run.note}",
        "rollback.done": run.note,
        "rollback.failed": f"The rollback to version {run.to} did not take effect. {run.note}",
    }[kind]
    data = {
        "run": run.id,
        "version": run.version,
        "to": run.to,
        "known_at": run.known_at,
        "mode": run.mode.value,
        "open_interlocks": [lock.name for lock in shut],
        "control": ["REL-5", "REL-6"],
    }
    at = run.acted_at or run.at
    return Event(type=kind, sentence=words, at=at, system=run.system, severity=Severity.HIGH, data=data)
