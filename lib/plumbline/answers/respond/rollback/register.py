"""How far a system's rollback may go, by whose word, and each proposal, drill and rollback."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from plumbline.answers.respond import acting_events
from plumbline.answers.respond.freezes import Freeze, freezes
from plumbline.answers.respond.outbox import queue
from plumbline.answers.respond.rollback.incident import open_run_incident
from plumbline.domain.acts import Act
from plumbline.domain.respond import RollbackRun, RollbackSetting
from plumbline.governance import canonical_json
from plumbline.store import systems, trail
from plumbline.store.respond import rollbacks as kept
from plumbline.store.workspace import Cursor, Workspace


def read_runs(cursor: Cursor, key: str | None) -> tuple[RollbackRun, ...]:
    """The runs, the newest first."""
    return tuple(canonical_json.read(RollbackRun, body) for body in kept.runs(cursor, key))


def read_setting(cursor: Cursor, key: str) -> RollbackSetting:
    """A system's mode and hand; *propose* where nobody said anything."""
    body = kept.setting(cursor, key)
    return canonical_json.read(RollbackSetting, body) if body else RollbackSetting(system=key)


def save(cursor: Cursor, run: RollbackRun) -> None:
    """Keep a run as it is now."""
    kept.save_run(
        cursor, run.id, run.system, run.at, run.state.value, canonical_json.write(run, messages=True)
    )


def record(
    cursor: Cursor, run: RollbackRun, *, actor: str, action: Act = Act.ROLLBACK_FOLLOWED
) -> RollbackRun:
    """Keep a run as it is now, say so on the trail, tell the channels where its state is another, and open the incident
    that it calls for; returns it with the incident's number."""
    body = kept.run(cursor, run.id)
    event = acting_events.rollback_event(run, canonical_json.read(RollbackRun, body) if body else None)
    run = replace(run, incident=run.incident or open_run_incident(cursor, run))
    save(cursor, run)
    if event is not None:
        queue(cursor, event)
    trail.append(cursor, actor=actor, action=action, system=run.system, detail=trail_detail(run))
    return run


def trail_detail(run: RollbackRun) -> dict[str, Any]:
    """What the trail says of a run: no address and no secret."""
    refused = [lock.name for lock in run.interlocks if not lock.holds]
    return {
        "run": run.id, "state": run.state.value, "mode": run.mode.value, "from": run.version, "to": run.to,
        "open interlocks": refused, "minutes": run.minutes, "note": run.note,
        "asked by": run.asked_by, "incident": run.incident,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rollbacks:
    """A system's mode, its runs, the newest first, and the freezes that hold for it, the earliest first."""

    setting: RollbackSetting
    runs: tuple[RollbackRun, ...]
    freezes: tuple[Freeze, ...] = ()


def rollbacks(ws: Workspace, key: str) -> Rollbacks:
    """How far a system's rollback may go, and each proposal, drill and rollback.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        systems.get_system(cursor, key)
        return Rollbacks(read_setting(cursor, key), read_runs(cursor, key), freezes(cursor, key))
