"""One run of the schedule: pull, take the inbox, look for silence, check, send, and say outside that it was done."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from plumbline.answers.alerts.check import check_systems
from plumbline.answers.data import inbox, pull
from plumbline.answers.faults import sentence
from plumbline.answers.operations import runs, silence
from plumbline.answers.operations.backup import nightly
from plumbline.answers.operations.runs import BACKUP, CHECK, Run
from plumbline.answers.operations.schedule import HEARTBEAT, Schedule, schedule
from plumbline.answers.respond import delivery, hands, outbox
from plumbline.domain import PlumblineError, Severity, System
from plumbline.respond import http
from plumbline.respond.events import Event
from plumbline.store import systems
from plumbline.store.respond import settings
from plumbline.store.sources import StoredSource
from plumbline.store.workspace import Cursor, Workspace, WriteStop, now
from plumbline.wording.quantities import count

LOG = logging.getLogger("plumbline")
ACTOR = "schedule"
#: what else is done of each system that was checked
Also = Callable[[Workspace, str], object]


@dataclass(slots=True)
class RoundOutcome:
    """What a run did: words for each step, and key of what failed -> why."""

    done: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    def attempt(self, key: str, step: Callable[..., str], *arguments: object) -> None:
        """Take one step that no other depends on.

        Raises:
            Stopped: the server ends.
        """
        try:
            words = step(*arguments)
        except WriteStop:
            raise
        except (
            Exception
        ) as error:  # whatever it is: the other steps are taken all the same, and this one is told
            self.faults[key] = sentence(error)
            LOG.warning("schedule: %s: %s", key, self.faults[key])
        else:
            if words:
                self.done.append(words)


def run_due(ws: Workspace, *, also: Also | None = None, clock: Callable[[], datetime] = now) -> list[Run]:
    """Take the runs that are due now, each once.

    Args:
        also: what else is done of each system that was checked.
    """
    item = schedule(ws)
    if not item.check and not item.backup:
        return []
    results = []
    for kind in (CHECK, BACKUP):
        begun = runs.claim(ws, kind, item, clock())
        if begun is not None:
            results.append(_run(ws, kind, begun, item, also))
    return results


def run_check(ws: Workspace, *, also: Also | None = None) -> Run:
    """Do now what the schedule does at a check, whether or not it is due."""
    with ws.write(by_itself=True) as cursor:
        begun = runs.begin(cursor, CHECK, now(), now())
    return _run(ws, CHECK, begun, schedule(ws), also)


def _run(ws: Workspace, kind: str, begun: Run, item: Schedule, also: Also | None) -> Run:
    outcome = RoundOutcome()
    lent = ws.for_command([Path(item.inbox)] if item.inbox else [])
    if kind == CHECK:
        _check(lent, item, outcome, also)
    else:
        outcome.attempt("backup", _backup, lent, item)
    LOG.info("schedule: %s: %s", kind, " ".join(outcome.done) or "nothing was to be done")
    words = " ".join([*outcome.done, *(f"Failed: {key}: {why}" for key, why in outcome.faults.items())])
    at = now()
    with lent.write(by_itself=True) as cursor:
        _announce_faults(cursor, begun, outcome.faults, at)
        run = runs.finish(cursor, kind, begun, at, words or "Nothing was to be done.", outcome.faults)
    delivery.work(lent)
    if kind == CHECK:
        _send_heartbeat(item, run)
    return run


def _announce_faults(cursor: Cursor, begun: Run, faults: dict[str, str], at: datetime) -> None:
    """Tell what fails and did not fail the last time: a source that is down for a week is told once."""
    for key, why in faults.items():
        if key not in begun.faults:
            system, system_key, what = key.partition("/")
            words = _public_fault(what if system_key else key, why)
            event = Event(
                type="check.failed",
                sentence=words,
                at=at,
                system=system if system_key else "",
                severity=Severity.HIGH,
            )
            outbox.queue(cursor, event)


def _public_fault(step: str, why: str) -> str:
    """What channels are told of a step that failed; why a file was refused may quote its cells, and stays here."""
    kind, _, name = step.partition(" ")
    if kind == "source":
        return f"Nothing was pulled from the source {name}. Why is on the Logs page, and in `plumbline schedule show`."
    if kind == "file":
        return (
            f"The file {name} of the inbox was not loaded. Why lies beside it in the inbox's folder failed."
        )
    if kind == "inbox":
        return "The inbox could not be taken. Why is on the Logs page, and in `plumbline schedule show`."
    return f"{step}: {why}"


def _check(own: Workspace, item: Schedule, outcome: RoundOutcome, also: Also | None) -> None:
    for source in pull.sources_of(own):
        outcome.attempt(f"{source.system}/source {source.origin.name}", _pull_source, own, source)
    if item.inbox:
        outcome.attempt("inbox", _inbox, own, Path(item.inbox), outcome)
    with own.read() as cursor:
        known = systems.list_systems(cursor)
    at = now()
    for system in known:
        outcome.attempt(f"{system.key}/silence", _silence_note, own, system, at)
        outcome.attempt(f"{system.key}/check", _check_if_new, own, system, also)
        outcome.attempt(f"{system.key}/acting", _act_on_system, own, system)


def _pull_source(own: Workspace, source: StoredSource) -> str:
    found = pull.pull_source(own, source, actor=ACTOR)
    if found.attached:
        decisions, days = found.attached.decisions, found.attached.days
        return f"{decisions} decisions counted in {found.origin.name}." if decisions or days else ""
    return f"{found.total('rows_loaded')} rows from {found.origin.name}." if found.loads else ""


def _inbox(ws: Workspace, folder: Path, outcome: RoundOutcome) -> str:
    """Take the files that have rested for a while; each that failed lies in ``failed`` with its reason."""
    taken = []
    for path, title in inbox.inbox_files(folder, None):
        seen = inbox.file_state(path)
        if seen is None or time.time() - seen[1] / 1e9 < inbox.SETTLE:
            continue
        arrival = inbox.take(ws, path, title, actor=ACTOR)
        if arrival is not None and arrival.load is None:
            outcome.faults[f"file {arrival.file}"] = arrival.reason
        taken += [arrival] if arrival is not None and arrival.load is not None else []
    return f"{len(taken)} files from the inbox." if taken else ""


def _silence_note(ws: Workspace, system: System, at: datetime) -> str:
    found = silence.check_silence(ws, system, at)
    return f"{system.key}: {', '.join(one.name for one in found)} silent." if found else ""


def _check_if_new(ws: Workspace, system: System, also: Also | None) -> str:
    """Check a system in which something changed since the last time: signals are of the log, and not of the day."""
    name = f"schedule checked {system.key}"
    with ws.read() as cursor:
        seen = settings.setting(cursor, name)
    if seen == ws.change(system.key):
        return ""
    checked = check_systems(ws, system.key, actor=ACTOR)
    if checked.faults:
        raise PlumblineError(checked.faults[0].sentence)
    if also is not None:
        also(ws, system.key)
    with ws.write(by_itself=True) as cursor:
        settings.keep(cursor, name, ws.change(system.key))
    still = [finding for finding in checked.findings if finding.until is None]
    return f"{system.key}: {len(still)} open."


def _act_on_system(ws: Workspace, system: System) -> str:
    """Rollbacks and retrainings, as far as the system's owner lets them go by themselves."""
    made = hands.work(ws, system.key, actor=ACTOR)
    return f"{system.key}: {', '.join(one.state.value for one in made)}." if made else ""


def _backup(own: Workspace, item: Schedule) -> str:
    made, gone = nightly(own, actor=ACTOR, days=item.keep_days)
    return f"{made.path.name}, {count(made.bytes)} bytes." + (
        f" {gone} older copies deleted." if gone else ""
    )


def _send_heartbeat(item: Schedule, run: Run) -> None:
    """Ask the heartbeat's address once, where every system was checked; a watcher outside notices when none comes."""
    url = os.environ.get(HEARTBEAT, "").strip() or item.heartbeat
    if not url or any(key.endswith("/check") for key in run.faults):
        return
    reply = http.get(url, {"User-Agent": "Plumbline"}, allow_inner=True)
    if not reply.ok:
        LOG.warning("schedule: the heartbeat did not arrive: %s", reply.error)
