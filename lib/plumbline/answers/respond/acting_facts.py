"""What triggers and rollbacks prove: receipts of the system itself, which nobody can type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from plumbline.answers.respond.demo_systems import is_evidence_for, is_of_demo
from plumbline.answers.respond.retraining.triggers import read_runs as trigger_runs
from plumbline.answers.respond.retraining.triggers import read_triggers
from plumbline.answers.respond.rollback.register import read_runs as rollback_runs
from plumbline.answers.respond.rollback.register import read_setting
from plumbline.domain.respond import (
    Mode,
    RetrainingTrigger,
    RollbackRun,
    RollbackSetting,
    RollbackState,
    RunState,
    TriggerRun,
)
from plumbline.respond import targets
from plumbline.respond.run_states import days_from_breach
from plumbline.store.workspace import Cursor

_SEEN = (RunState.SEEN, RunState.CURED, RunState.NOT_CURED)


def acting_facts(cursor: Cursor, key: str) -> dict[str, Any]:
    """The facts about triggers and rollbacks of one system, from receipts alone.

    A run counts while its trigger is set and still fires where it fired then; a drill while the hand is the same.
    """
    demo = is_of_demo(cursor, key)
    return _trigger_facts(cursor, key, demo) | _rollback_facts(cursor, key, demo)


def _trigger_facts(cursor: Cursor, key: str, demo: bool) -> dict[str, Any]:
    items = {item.name: item for item in read_triggers(cursor, key)}
    runs = [
        run
        for run in trigger_runs(cursor, key)
        if run.trigger in items
        and _is_same_target(run, items[run.trigger])
        and is_evidence_for(run.fired_by, demo)
    ]
    fired = [run for run in runs if not run.test and run.fired_at is not None and run.seen_at is not None]
    fired = [run for run in fired if run.state in _SEEN]
    tested = [
        run for run in runs if run.test and run.state is RunState.TESTED and run.receipt and run.receipt.run
    ]
    newest = max(fired, key=lambda run: run.fired_at or run.due_at, default=None)
    return {
        "retraining_trigger": bool(items),
        "retraining_fired_at": newest.fired_at if newest else None,
        "retraining_tested_at": max((r.fired_at for r in tested if r.fired_at), default=None),
        "retraining_days": _days(newest),
    }


def _is_same_target(run: TriggerRun, item: RetrainingTrigger) -> bool:
    return run.receipt is not None and run.receipt.where == targets.target(item.url).public_address


def _days(run: TriggerRun | None) -> tuple[float | None, ...]:
    """Days from the breach until it was fired, seen and cured."""
    if run is None:
        return ()
    return tuple(days_from_breach(run, at) for at in (run.fired_at, run.seen_at, run.cured_at))


def _rollback_facts(cursor: Cursor, key: str, demo: bool) -> dict[str, Any]:
    setting = read_setting(cursor, key)
    drills = _drills(rollback_runs(cursor, key), setting, demo)
    newest = max(drills, key=lambda run: run.at, default=None)
    wired = bool(setting.hand) and setting.mode is not Mode.OFF
    return {
        "rollback_wired": wired or None,
        "rollback_mode": setting.mode.value if wired else "",
        "rollback_wire_tested_at": newest.at if newest else None,
        "rollback_rehearsed_at": newest.at if newest else None,
        "rollback_drill_seconds": 60 * newest.minutes if newest and newest.minutes is not None else None,
    }


def _drills(runs: Sequence[RollbackRun], setting: RollbackSetting, demo: bool) -> list[RollbackRun]:
    return [
        run
        for run in runs
        if run.state is RollbackState.DRILLED
        and run.receipt is not None
        and run.receipt.ok
        and is_evidence_for(run.by, demo)
        and _is_same_way(run.receipt.where, setting)
    ]


def _is_same_way(where: str, setting: RollbackSetting) -> bool:
    if setting.hand == "alias":
        return where.startswith(f"{setting.registry.partition('?')[0]} {setting.model}@")
    told, asked = urlsplit(where), urlsplit(setting.url)
    return setting.hand == "webhook" and (told.netloc, told.path) == (asked.netloc, asked.path)
