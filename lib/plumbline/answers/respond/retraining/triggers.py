"""Triggers of retraining: which there are, who added them, and the runs with what came of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from plumbline.answers.respond import acting_events
from plumbline.answers.respond.outbox import queue
from plumbline.domain import PlumblineError, Result, json_value
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger, RunState, TriggerRun
from plumbline.governance import canonical_json
from plumbline.respond import operator_commands, targets
from plumbline.store import systems, trail
from plumbline.store.respond import triggers as kept
from plumbline.store.workspace import Cursor, Workspace, now

_NAME = re.compile(r"[\w][\w .-]{0,63}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Triggers(Result):
    """The triggers of a system and their runs, the newest first."""

    COLUMNS = ("trigger", "state", "due_at", "fired_at", "seen_at", "cured_at", "seen_version", "sentence")

    items: tuple[RetrainingTrigger, ...]
    runs: tuple[TriggerRun, ...]

    @property
    def sentence(self) -> str:
        """How many there are, and how the newest run stands."""
        if not self.items:
            return "No trigger of a retraining is set."
        real = [run for run in self.runs if not run.test]
        many = "One trigger" if len(self.items) == 1 else f"{len(self.items)} triggers"
        if not real:
            return f"{many}; none was due yet."
        return f"{many}; the newest run is {real[0].state.value}: {real[0].note or real[0].sentence}"

    def rows(self) -> list[dict[str, Any]]:
        """One a run."""
        return [
            {name: str(getattr(r, name)) if name == "state" else getattr(r, name) for name in self.COLUMNS}
            for r in self.runs
        ]

    def _json_values(self) -> dict[str, Any]:
        """``triggers`` and ``runs``: as the command line prints them."""
        return {"sentence": self.sentence, "triggers": json_value(self.items), "runs": json_value(self.runs)}


def triggers(ws: Workspace, key: str | None = None, name: str | None = None) -> Triggers:
    """The triggers of one system or of all, with their runs; with a name, that one of the system.

    Raises:
        PlumblineError: no such system or trigger.
    """
    with ws.read() as cursor:
        if key:
            systems.get_system(cursor, key)
        if key and name:
            runs = tuple(run for run in read_runs(cursor, key) if run.trigger == name)
            return Triggers((find_trigger(cursor, key, name),), runs)
        return Triggers(read_triggers(cursor, key), read_runs(cursor, key))


def read_triggers(cursor: Cursor, key: str | None) -> tuple[RetrainingTrigger, ...]:
    """The triggers, on a cursor that is open already."""
    return tuple(
        canonical_json.read(RetrainingTrigger, body) for body in kept.triggers_of_system(cursor, key)
    )


def read_runs(cursor: Cursor, key: str | None) -> tuple[TriggerRun, ...]:
    """The runs, the newest first, on a cursor that is open already."""
    return tuple(canonical_json.read(TriggerRun, body) for body in kept.runs(cursor, key))


def find_trigger(cursor: Cursor, key: str, name: str) -> RetrainingTrigger:
    """One trigger by name.

    Raises:
        PlumblineError: no such system or trigger.
    """
    systems.get_system(cursor, key)
    trigger = next((t for t in read_triggers(cursor, key) if t.name == name), None)
    if trigger is None:
        raise PlumblineError(
            message("{key} has no trigger {name}", key=key, name=repr(name)),
            todo="See `plumbline trigger list`.",
        )
    return trigger


def add_trigger(ws: Workspace, item: RetrainingTrigger, *, by: str) -> RetrainingTrigger:
    """Set a trigger, in place of one of that name: an owner's act.

    Raises:
        PlumblineError: no such system, a name, target, variable or figure that is none, or a command that the machine's
            operator does not list.
    """
    _check(item)
    aim = targets.target(item.url)
    trigger = replace(item, by=by.strip() or item.by, at=now())
    with ws.write() as cursor:
        systems.get_system(cursor, item.system)
        kept.save(cursor, item.system, item.name, canonical_json.write(trigger))
        detail = {
            "name": trigger.name, "when": trigger.when.value, "kind": aim.kind, "where": aim.public_address,
            "approval": trigger.approval, "allow_inner": trigger.allow_inner,
        }  # fmt: skip
        trail.append(cursor, actor=trigger.by, action=Act.TRIGGER_SET, system=item.system, detail=detail)
    return trigger


def _check(item: RetrainingTrigger) -> None:
    if not _NAME.fullmatch(item.name):
        raise PlumblineError(
            "A trigger needs a name of up to 64 letters, digits, dots and dashes", where=item.name[:80]
        )
    if item.secret_env and not _VARIABLE.fullmatch(item.secret_env):
        todo = "Give the name of an environment variable, never the secret itself."
        raise PlumblineError("This is no name of a variable", todo=todo)
    figures = (item.cooldown_days, item.labels, item.monthly)
    if not all(0 <= figure <= 1e6 for figure in figures) or item.monthly < 1:
        raise PlumblineError("Cool-down, labels and budget have to be numbers that can be meant")
    aim = targets.target(item.url)
    if aim.address.startswith("http://") and not item.allow_inner:
        raise PlumblineError(
            "An http:// target may only be an inner host",
            todo="Use https://, or --allow-inner for an inner host.",
        )
    if aim.kind == "command" and aim.name not in operator_commands.allowed_commands():
        raise PlumblineError(
            message("The machine's operator lists no command {name}", name=repr(aim.name)),
            todo=message(
                "They list it in {variable}, where Plumbline runs.", variable=operator_commands.VARIABLE
            ),
        )


def remove_trigger(ws: Workspace, key: str, name: str, *, by: str) -> None:
    """Forget a trigger; its runs stay on record.

    Raises:
        PlumblineError: no such system or trigger.
    """
    with ws.write() as cursor:
        find_trigger(cursor, key, name)
        kept.drop(cursor, key, name)
        trail.append(cursor, actor=by, action=Act.TRIGGER_REMOVED, system=key, detail={"name": name})


def approve(ws: Workspace, key: str, name: str, *, by: str) -> TriggerRun:
    """Approve the run that is due: an owner's act.

    Raises:
        PlumblineError: no such trigger, nothing is due, or no name.
    """
    if not by.strip():
        raise PlumblineError("An approval needs a name")
    with ws.write() as cursor:
        find_trigger(cursor, key, name)
        due = [r for r in read_runs(cursor, key) if r.trigger == name and r.state is RunState.DUE]
        if not due:
            raise PlumblineError(
                message("Nothing is due of the trigger {name}", name=repr(name)),
                todo="`plumbline check` says when it is.",
            )
        run = replace(due[0], approved_by=by.strip(), approved_at=now())
        save(cursor, run)
        trail.append(
            cursor, actor=run.approved_by, action=Act.TRIGGER_APPROVED, system=key, detail=_trail_detail(run)
        )
    return run


def save(cursor: Cursor, run: TriggerRun) -> None:
    """Keep a run as it is now."""
    kept.save_run(
        cursor,
        run.id,
        run.system,
        run.trigger,
        run.due_at,
        run.state.value,
        canonical_json.write(run, messages=True),
    )


def record(cursor: Cursor, run: TriggerRun, *, actor: str, action: Act = Act.TRIGGER_FOLLOWED) -> None:
    """Keep a run as it is now, say so on the trail, and tell the channels where its state is another."""
    body = kept.run(cursor, run.id)
    event = acting_events.trigger_event(run, canonical_json.read(TriggerRun, body) if body else None)
    save(cursor, run)
    if event is not None:
        queue(cursor, event)
    trail.append(cursor, actor=actor, action=action, system=run.system, detail=_trail_detail(run))


def _trail_detail(run: TriggerRun) -> dict[str, Any]:
    data: dict[str, Any] = {
        "run": run.id, "trigger": run.trigger, "state": run.state.value, "test": run.test, "when": run.when.value,
        "note": run.note,
    }  # fmt: skip
    if run.receipt is not None:
        data |= {"answered": run.receipt.status, "started": run.receipt.run, "where": run.receipt.where}
    return data


def conditions() -> tuple[str, ...]:
    """What may make a retraining due, as the command line says it."""
    return tuple(when.value for when in RetrainingCondition)
