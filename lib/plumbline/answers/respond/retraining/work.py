"""Firing at targets, asking how far they are, and testing them: the network is touched with no lock held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.retraining import triggers as register
from plumbline.answers.respond.retraining.due import acting_time, guard_case, known_versions, run_id
from plumbline.answers.respond.retraining.payload import payload
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import Message, as_message, message
from plumbline.domain.respond import IN_FLIGHT, RetrainingTrigger, RunState, TriggerRun
from plumbline.governance import canonical_json
from plumbline.respond import start, targets
from plumbline.respond.guards import guards
from plumbline.store import systems
from plumbline.store.respond import triggers as kept
from plumbline.store.workspace import Cursor, Workspace

#: runs that this process is firing or asking about right now
_BUSY: set[str] = set()
_GUARD = threading.Lock()


@contextmanager
def _run_lock(run: str) -> Iterator[bool]:
    """Whether nobody else of this process is at the same run; one process has a workspace."""
    with _GUARD:
        free = run not in _BUSY
        _BUSY.add(run)
    try:
        yield free
    finally:
        if free:
            with _GUARD:
                _BUSY.discard(run)


def work(ws: Workspace, key: str | None = None, *, actor: str) -> tuple[TriggerRun, ...]:
    """Fire what is approved, go on with what a killed process began, and ask how far the rest is. Runs that changed."""
    with ws.read() as cursor:
        if kill_switch.reason_to_stop(cursor):
            return ()
        open_ones = [
            run for run in register.read_runs(cursor, key) if run.state in IN_FLIGHT and not run.test
        ]
    changed = []
    for run in open_ones:
        with _run_lock(run.id) as free:
            after = _advance_run(ws, run, actor) if free else None
        if after is not None:
            changed.append(after)
    return tuple(changed)


def _advance_run(ws: Workspace, run: TriggerRun, actor: str) -> TriggerRun | None:
    with ws.read() as cursor:
        item = next((t for t in register.read_triggers(cursor, run.system) if t.name == run.trigger), None)
        system = systems.get_system(cursor, run.system)
    if item is None:
        return None
    if run.state is RunState.APPROVED:
        return _fire(ws, system, item, run, actor)
    if run.state is RunState.FIRING:
        if targets.target(item.url).kind in targets.REPEATABLE:
            return _send(ws, system, item, run, actor)
        note = message(
            "Plumbline ended while it fired: whether the target began is not known until a version is seen."
        )
        return _keep(ws, replace(run, state=RunState.FIRED, note=note), actor)
    return _ask(ws, item, run, actor)


def _fire(
    ws: Workspace, system: System, item: RetrainingTrigger, run: TriggerRun, actor: str
) -> TriggerRun | None:
    """Claim the run in the workspace, then send: a kill in between is seen by the claim."""
    with ws.write() as cursor:
        body = kept.run(cursor, run.id)
        trigger_run = canonical_json.read(TriggerRun, body) if body else None
        if (
            trigger_run is None
            or trigger_run.state is not RunState.APPROVED
            or kill_switch.reason_to_stop(cursor)
        ):
            return None
        claimed = replace(
            trigger_run,
            state=RunState.FIRING,
            fired_at=acting_time(system),
            fired_by=actor,
            versions=known_versions(cursor, system, acting_time(system)),
        )
        register.save(cursor, claimed)
    return _send(ws, system, item, claimed, actor)


def _send(ws: Workspace, system: System, item: RetrainingTrigger, run: TriggerRun, actor: str) -> TriggerRun:
    receipt = start.start(item, run.id, payload(ws, system, item, run))
    if not receipt.ok:
        failed = replace(
            run,
            state=RunState.FAILED,
            receipt=receipt,
            ended_at=acting_time(system),
            note=as_message(receipt.text),
        )
        return _keep(ws, failed, actor)
    note = message("Fired at {place}.", place=receipt.where)
    if receipt.run:
        note = message("Fired at {place}, which started {run}.", place=receipt.where, run=receipt.run)
    fired = replace(
        run, state=RunState.RUNNING if receipt.run else RunState.FIRED, receipt=receipt, note=note
    )
    return _keep(ws, fired, actor, action=Act.TRIGGER_FIRED)


def _ask(ws: Workspace, item: RetrainingTrigger, run: TriggerRun, actor: str) -> TriggerRun | None:
    if run.receipt is None or not run.receipt.follow:
        return None
    word, named = start.ask(item, run.id, run.receipt.follow)
    receipt = replace(run.receipt, run=run.receipt.run or named)
    if word == "failed":
        failure = message("The target says that the retraining failed.")
        return _keep(
            ws, replace(run, state=RunState.FAILED, receipt=receipt, ended_at=_now(), note=failure), actor
        )
    state = RunState.RUNNING if word in ("running", "done") else run.state
    note = (
        message("The target says that the retraining is done; the log has not shown it yet.")
        if word == "done"
        else run.note
    )
    after = replace(run, state=state, receipt=receipt, note=note)
    return _keep(ws, after, actor) if after != run else None


def _keep(ws: Workspace, run: TriggerRun, actor: str, action: Act = Act.TRIGGER_FOLLOWED) -> TriggerRun:
    with ws.write() as cursor:
        register.record(cursor, run, actor=actor, action=action)
    return run


def send_test(ws: Workspace, key: str, name: str, *, by: str) -> TriggerRun:
    """The same call with ``test: true`` to the real target; what it answers is the receipt.

    Raises:
        PlumblineError: no such trigger, no name, or all acting is switched off.
    """
    signer(by, "This", "Say who does it, with --by NAME.")
    with ws.read() as cursor:
        item, system = register.find_trigger(cursor, key, name), systems.get_system(cursor, key)
        _refuse_if_switched_off(cursor)
        now = acting_time(system)
        place = len(register.read_runs(cursor, key))
    run = TriggerRun(
        id=run_id(key, f"test {name}", datetime.now(UTC), place),
        system=key,
        trigger=name,
        state=RunState.FAILED,
        due_at=now,
        test=True,
        when=item.when,
        sentence=message("A test."),
        fired_at=now,
        fired_by=by.strip(),
        note=message("The test did not end."),
    )
    _keep(ws, run, by.strip(), action=Act.TRIGGER_TESTED)  # the role is asked before anything is sent
    receipt = start.start(item, run.id, payload(ws, system, item, run))
    if (
        receipt.ok and not receipt.run and receipt.follow
    ):  # a target that names no run at once may name it when it is asked
        _, named = start.ask(item, run.id, receipt.follow)
        receipt = replace(receipt, run=named)
    note = _reply_note(receipt.ok, receipt.run, receipt.text)
    run = replace(
        run,
        state=RunState.TESTED if receipt.ok else RunState.FAILED,
        receipt=receipt,
        ended_at=now,
        note=note,
    )
    return _keep(ws, run, by.strip(), action=Act.TRIGGER_TESTED)


def _reply_note(ok: bool, named: str, text: str) -> Message:
    if not ok:
        return message("The target did not take it: {answer}", answer=text)
    if named:
        return message("The target answered with the run {run}.", run=named)
    return message("The target took it, and named no run: that something was started is not shown.")


def fire(ws: Workspace, key: str, name: str, *, by: str) -> TriggerRun:
    """Fire now, by a person: an owner's act, which stands for the approval. A guard that does not hold refuses it.

    Raises:
        PlumblineError: no such trigger, no name, or a guard that does not hold, by its sentence.
    """
    signer(by, "This", "Say who does it, with --by NAME.")
    with ws.write() as cursor:
        item, system = register.find_trigger(cursor, key, name), systems.get_system(cursor, key)
        now, known = acting_time(system), register.read_runs(cursor, key)
        runs = [r for r in known if r.trigger == name and not r.test]
        run = next((r for r in runs if r.state in (RunState.DUE, RunState.APPROVED)), None) or TriggerRun(
            id=run_id(key, f"by hand {name}", now, len(runs)),
            system=key,
            trigger=name,
            state=RunState.DUE,
            due_at=now,
            when=item.when,
            sentence=message("Fired by {name}.", name=by.strip()),
        )
        interlocks = guards(guard_case(cursor, system, item, run.onset, known, now, approved_by=by.strip()))
        if any(r.state in (*IN_FLIGHT, RunState.SEEN) and r.id != run.id for r in runs):
            raise PlumblineError(
                message("A run of {name} is under way already", name=name),
                todo="See `plumbline trigger list`.",
            )
        refused = next((guard for guard in interlocks if guard.holds is False), None)
        if refused is not None:
            raise PlumblineError(refused.sentence, where=f"guard {refused.name!r}")
        run = replace(
            run, state=RunState.APPROVED, guards=interlocks, approved_by=by.strip(), approved_at=now
        )
        register.record(cursor, run, actor=by.strip(), action=Act.TRIGGER_APPROVED)
    with _run_lock(run.id) as free:
        fired = _fire(ws, system, item, run, by.strip()) if free else None
    if fired is None:
        raise PlumblineError("It is being fired already")
    return fired


def _refuse_if_switched_off(cursor: Cursor) -> None:
    said = kill_switch.reason_to_stop(cursor)
    if said:
        raise PlumblineError(said)


def _now() -> datetime:
    return datetime.now(UTC)
