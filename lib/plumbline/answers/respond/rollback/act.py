"""Looking at the interlocks with the registry asked, and the acts themselves: proposing, rolling back, drilling."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plumbline.answers.releases.history import system_releases
from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.retraining.due import acting_time
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.answers.respond.rollback.progress import run_id
from plumbline.answers.respond.rollback.situation import registry_number, situation, tripped_guardrail
from plumbline.answers.signer import signer
from plumbline.domain import Finding, PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import as_message, message
from plumbline.domain.respond import Receipt, RollbackRun, RollbackSetting, RollbackState
from plumbline.governance import canonical_json
from plumbline.respond import mlflow_alias, rollback_webhook
from plumbline.respond.interlocks import Situation, decide, interlocks
from plumbline.store import findings as register
from plumbline.store import systems
from plumbline.store.respond import rollbacks as kept
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import decimal

_GUARD = threading.Lock()
#: how long a request for a rollback waits for a second person
ASKED = timedelta(days=1)
WIRE = "See `plumbline rollback mode --help`: --mlflow or --webhook."
OPEN = (RollbackState.PROPOSED, RollbackState.REFUSED)


def _findings(cursor: Cursor, key: str) -> list[Finding]:
    return [record.finding for record in register.problems_by_themselves(cursor, key)]


def read_interlocks(ws: Workspace, key: str, *, to: str = "", run: RollbackRun | None = None) -> RollbackRun:
    """The interlocks as they are right now, the registry asked; nothing is kept.

    Raises:
        PlumblineError: no such system, or no version is in charge.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        setting, answer = rollbacks.read_setting(cursor, key), system_releases(cursor, system)
        if not answer.releases.spans or not answer.releases.spans[-1].version:
            raise PlumblineError(message("The log of {key} names no version in charge", key=key))
        version, now = answer.releases.spans[-1].version, acting_time(system)
        tripped = tripped_guardrail(answer.guardrails, version)
        last = next((s for s in reversed(answer.releases.switches) if s.version == version), None)
        aim = (
            to or (run.to if run else "") or (tripped.previous if tripped else last.previous if last else "")
        )
        case = situation(
            cursor,
            system,
            answer.releases,
            tripped,
            setting,
            _findings(cursor, key),
            now,
            version=version,
            to=aim,
        )
        numbers = _numbers(cursor, key, setting, (version, aim))
    case = _with_registry_state(setting, case, numbers)
    rollback_run = run or RollbackRun(
        id=run_id(key, tripped) if tripped else _manual_run_id(key, version, aim, now),
        system=key,
        state=RollbackState.PROPOSED,
        at=now,
        version=version,
        to=aim,
        switched_at=last.at if last else None,
        known_at=tripped.at if tripped else None,
        sentence=tripped.found.sentence if tripped else message("Asked for by a person."),
    )
    return replace(rollback_run, version=version, to=aim, interlocks=interlocks(case), mode=setting.mode)


def _manual_run_id(key: str, version: str, to: str, now: datetime) -> str:
    return f"rbk_{hashlib.sha256(f'{key} {version} {to} {now.isoformat()}'.encode()).hexdigest()[:20]}"


def _numbers(cursor: Cursor, key: str, setting: RollbackSetting, versions: Sequence[str]) -> dict[str, str]:
    figures: dict[str, str] = {}
    for version in versions if setting.hand == "alias" else ():
        try:
            figures[version] = registry_number(cursor, key, setting, version)
        except PlumblineError:
            continue
    return figures


def _with_registry_state(setting: RollbackSetting, case: Situation, numbers: dict[str, str]) -> Situation:
    """The same with what the registry answers: what the alias points to, and whether the way back is ready."""
    if setting.hand != "alias":
        return case
    try:
        hand = _alias_client(setting)
    except PlumblineError as error:
        return replace(case, pointed=None, to_where=str(error))
    at = mlflow_alias.read_alias(hand)
    names = {number: version for version, number in numbers.items()}
    case = replace(case, pointed=names.get(at, at) if at is not None else None)
    if case.to not in numbers:
        return replace(case, to_ready=None, to_where="the registry's number of it is not known")
    there = mlflow_alias.version(hand, numbers[case.to])
    if there is None:
        return replace(case, to_ready=False, to_where="the registry does not show it")
    ready = there.status in ("READY", "")
    return replace(
        case, to_ready=ready, to_where=f"version {there.number} in the registry is {there.status or 'there'}"
    )


def _alias_client(setting: RollbackSetting) -> mlflow_alias.AliasHand:
    return mlflow_alias.AliasHand(
        registry=setting.registry,
        model=setting.model,
        alias=setting.alias,
        credential=_secret(setting.credential_env),
        allow_inner=setting.allow_inner,
        pause=mlflow_alias.PAUSE,
    )


def _secret(name: str) -> str:
    if not name:
        return ""
    value = os.environ.get(name, "")
    if not value:
        raise PlumblineError(
            message("The variable {name} is not set", name=name),
            todo="Set it where Plumbline runs, and start it again.",
        )
    return value


def propose(ws: Workspace, key: str, *, by: str, to: str = "") -> RollbackRun:
    """Propose a rollback, with what every interlock says; nothing is moved.

    Without a version to go back to nothing is proposed, and nobody is told: the interlocks alone come back.
    """
    run = read_interlocks(ws, key, to=to)
    if not run.to:
        none = message("Nothing is proposed: there is no version to go back to.")
        return replace(run, state=RollbackState.REFUSED, note=none)
    return _keep(ws, run, by, Act.ROLLBACK_PROPOSED)


def roll_back(ws: Workspace, key: str, *, by: str, to: str = "") -> RollbackRun:
    """Roll back at a person's word: an owner's act. A broken interlock refuses it; an unknown one is theirs to know.

    A guardrail need not have tripped, and the switch may be older: the person has reasons of their own. Where the owner
    asks for four eyes nothing is moved yet: a second person approves it.

    Raises:
        PlumblineError: an interlock that is broken, by its sentence, or nothing is wired.
    """
    who = signer(by, "This", "Say who does it, with --by NAME.")
    run = read_interlocks(ws, key, to=to)
    _refuse_broken(run)
    with ws.read() as cursor:
        setting = rollbacks.read_setting(cursor, key)
    if not setting.four_eyes:
        return act(ws, run, by=by)
    if not setting.hand:
        raise PlumblineError("Nothing is wired that could roll back", todo=WIRE)
    note = message("{who} asks for it; a second person approves it within one day.", who=who)
    rollback_run = replace(
        run, state=RollbackState.PROPOSED, asked_by=who, asked_at=datetime.now(UTC), note=note
    )
    return _keep(ws, rollback_run, who, Act.ROLLBACK_PROPOSED)


def approve(ws: Workspace, key: str, *, by: str) -> RollbackRun:
    """Approve the rollback that somebody else asked for, and make it: an owner's act.

    Raises:
        PlumblineError: nobody asked in the last day, the same person did, or an interlock is broken.
    """
    who = signer(by, "An approval", "Say who does it, with --by NAME.")
    with ws.read() as cursor:
        runs = rollbacks.read_runs(cursor, key)
    now = datetime.now(UTC)
    open_ones = [r for r in runs if r.asked_at is not None and r.state in OPEN and now - r.asked_at <= ASKED]
    if not open_ones:
        raise PlumblineError(
            "Nobody asked for a rollback in the last day", todo="Ask with `plumbline rollback now`."
        )
    run = open_ones[0]
    if " ".join(run.asked_by.split()).casefold() == " ".join(who.split()).casefold():
        raise PlumblineError(
            message("{asked_by} asked for it: another person approves it", asked_by=run.asked_by)
        )
    fresh = read_interlocks(ws, key, run=run)
    if (fresh.version, fresh.to) != (run.version, run.to):
        raise PlumblineError("Another version decides by now", todo="Ask for a rollback of that one.")
    _refuse_broken(fresh)
    return act(ws, fresh, by=who)


def _refuse_broken(run: RollbackRun) -> None:
    own = ("guardrail", "recent switch")
    broken = next((lock for lock in run.interlocks if lock.holds is False and lock.name not in own), None)
    if broken is not None:
        raise PlumblineError(broken.sentence, where=f"interlock {broken.name!r}")


def work(ws: Workspace, key: str | None = None, *, actor: str) -> tuple[RollbackRun, ...]:
    """Look at open proposals with the registry asked, and act where the mode and every interlock allow it."""
    with ws.read() as cursor:
        if kill_switch.reason_to_stop(cursor):
            return ()
        open_ones = [
            run for run in rollbacks.read_runs(cursor, key) if run.state in (*OPEN, RollbackState.ACTING)
        ]
        served = {
            s.key: answer.releases.spans[-1].version
            for s in systems.list_systems(cursor)
            if (key is None or s.key == key) and (answer := system_releases(cursor, s)).releases.spans
        }
    done = []
    for run in open_ones:
        if served.get(run.system) != run.version:
            continue
        fresh = read_interlocks(ws, run.system, run=run)
        state = decide(fresh.mode, fresh.interlocks)
        if run.state is RollbackState.ACTING or state is RollbackState.ACTING:
            done.append(act(ws, replace(fresh, unasked=True), by=actor))
        elif (state, fresh.interlocks) != (run.state, run.interlocks):
            done.append(_keep(ws, replace(fresh, state=state), actor, Act.ROLLBACK_FOLLOWED))
    return tuple(done)


def act(ws: Workspace, run: RollbackRun, *, by: str) -> RollbackRun:
    """Move the traffic, once: the run is claimed in the workspace first, and kept whatever comes of it."""
    with _GUARD:  # one rollback at a time in this process, which alone has the workspace
        claimed = _claim(ws, run, by)
        with ws.read() as cursor:
            setting = rollbacks.read_setting(cursor, run.system)
            numbers = _numbers(cursor, run.system, setting, (run.version, run.to))
        receipt, steps = _move_traffic(setting, claimed, numbers, test=False)
        if receipt.ok:
            note = message(
                "{place} was moved to version {version}; the log has to show it.",
                place=receipt.where,
                version=run.to,
            )
            after = replace(claimed, state=RollbackState.ACTED, receipt=receipt, steps=steps, note=note)
        else:
            after = replace(
                claimed,
                state=RollbackState.REFUSED,
                receipt=receipt,
                steps=steps,
                note=as_message(receipt.text),
                acted_at=None,
            )
        return _keep(ws, after, by, Act.ROLLBACK_DONE)


def _claim(ws: Workspace, run: RollbackRun, by: str) -> RollbackRun:
    with ws.write() as cursor:
        stopped = kill_switch.reason_to_stop(cursor)
        if stopped:
            raise PlumblineError(stopped)
        setting = rollbacks.read_setting(cursor, run.system)
        if not setting.hand:
            raise PlumblineError(
                "Nothing is wired that could roll back",
                todo=WIRE,
            )
        body = kept.run(cursor, run.id)
        rollback_run = canonical_json.read(RollbackRun, body) if body else None
        if rollback_run is not None and rollback_run.state in (RollbackState.ACTED, RollbackState.SEEN):
            raise PlumblineError("This rollback was made already")
        system = systems.get_system(cursor, run.system)
        claimed = replace(run, state=RollbackState.ACTING, by=by.strip(), acted_at=acting_time(system))
        rollbacks.record(
            cursor, claimed, actor=by.strip(), action=Act.ROLLBACK_DONE
        )  # the role is asked before the act
    return claimed


def _move_traffic(
    setting: RollbackSetting, run: RollbackRun, numbers: dict[str, str], *, test: bool
) -> tuple[Receipt, tuple[str, ...]]:
    try:
        if setting.hand == "webhook":
            receipt = rollback_webhook.ask(
                setting.url,
                run.id,
                system=run.system,
                expected=run.version,
                target=run.to,
                secret=_secret(setting.secret_env),
                allow_inner=setting.allow_inner,
                test=test,
            )
            return receipt, (f"asked: {receipt.where} answered {receipt.status or 'nothing'}",)
        if run.version not in numbers or run.to not in numbers:
            raise PlumblineError("The registry's numbers of the two versions are not known")
        return mlflow_alias.move(
            _alias_client(setting), numbers[run.version], numbers[run.to], run.id, secrets.token_hex(4)
        )
    except PlumblineError as error:
        return Receipt(at=datetime.now(UTC), where=setting.hand, ok=False, text=str(error)[:200]), ()


def drill(ws: Workspace, key: str, *, by: str, to: str = "") -> RollbackRun:
    """Do all of it on an alias of its own (or ask the webhook with ``test``), with how long it took; a receipt.

    Raises:
        PlumblineError: nothing is wired, acting is switched off, or there is no version to go back to.
    """
    signer(by, "This", "Say who does it, with --by NAME.")
    with ws.read() as cursor:
        setting, system = rollbacks.read_setting(cursor, key), systems.get_system(cursor, key)
        stopped = kill_switch.reason_to_stop(cursor)
    if stopped:
        raise PlumblineError(stopped)
    if not setting.hand:
        raise PlumblineError(
            "Nothing is wired that could roll back", todo="See `plumbline rollback mode --help`."
        )
    run = read_interlocks(ws, key, to=to)
    if not run.to:
        raise PlumblineError("There is no version to go back to", todo="Name one with --to.")
    began, began_at = acting_time(system), datetime.now(UTC)
    run = replace(
        run,
        id=f"drl_{secrets.token_hex(10)}",
        sentence=message("A drill."),
        by=by.strip(),
        at=began,
        state=RollbackState.FAILED,
        note=message("The drill did not end."),
    )
    _keep(ws, run, by.strip(), Act.ROLLBACK_DRILLED)  # the role is asked before anything is sent
    if setting.hand == "webhook":
        receipt, steps = _move_traffic(setting, run, {}, test=True)
        took = (datetime.now(UTC) - began_at).total_seconds()
    else:
        with ws.read() as cursor:
            numbers = _numbers(cursor, key, setting, (run.version, run.to))
        if len({run.version, run.to} - set(numbers)):
            raise PlumblineError(
                "The registry's numbers of the two versions are not known", todo="Read it: `plumbline probe`."
            )
        receipt, steps, took = mlflow_alias.drill(
            _alias_client(setting), numbers[run.version], numbers[run.to], run.id, secrets.token_hex(4)
        )
    note = message("The drill did not succeed: {answer}", answer=receipt.text)
    if receipt.ok:
        note = message("Drilled in {seconds} seconds.", seconds=decimal(took, ".1f"))
    state = RollbackState.DRILLED if receipt.ok else RollbackState.FAILED
    after = replace(run, state=state, receipt=receipt, steps=steps, minutes=took / 60, note=note)
    return _keep(ws, after, by.strip(), Act.ROLLBACK_DRILLED)


def _keep(ws: Workspace, run: RollbackRun, actor: str, action: Act) -> RollbackRun:
    with ws.write() as cursor:
        return rollbacks.record(cursor, run, actor=actor, action=action)
