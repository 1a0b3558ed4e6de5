"""What became of the schedule's last run of each kind, and that no run happens twice."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from plumbline.answers.operations.schedule import Schedule, last_due_time, next_due_time
from plumbline.store.respond import settings
from plumbline.store.workspace import Cursor, Workspace

CHECK, BACKUP = "check", "backup"
#: what marks a run of this process: one that another left unfinished is done again
PROCESS = secrets.token_hex(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. ``due``, ``began``, ``ended``: ISO 8601, or empty; ``faults``: key of what failed -> why."""

    due: str
    began: str
    process: str = ""
    ended: str = ""
    sentence: str = ""
    faults: dict[str, str]

    @property
    def is_running(self) -> bool:
        return not self.ended


def last_run(cursor: Cursor, kind: str) -> Run | None:
    """The last run of a kind, or the one at work."""
    held = settings.setting(cursor, f"schedule {kind}")
    return Run(**held) if held else None


def claim(ws: Workspace, kind: str, item: Schedule, at: datetime) -> Run | None:
    """Begin the run that is due, if nobody has; of several that were missed the newest alone.

    One that a killed process left unfinished is begun again, and what a clock that was ahead left in the future
    holds up nothing for longer than to the next time due.
    """
    when = {CHECK: item.check, BACKUP: item.backup}[kind]
    due, following = last_due_time(when, item.zone, at), next_due_time(when, item.zone, at)
    if due is None or following is None:
        return None
    if item.since and due < datetime.fromisoformat(item.since) <= following:
        return None
    with ws.read() as cursor:
        if not _is_free(last_run(cursor, kind), due, following):
            return None
    with ws.write(by_itself=True) as cursor:
        before = last_run(cursor, kind)
        if not _is_free(before, due, following):
            return None
        return begin(cursor, kind, due, at)


def begin(cursor: Cursor, kind: str, due: datetime, at: datetime) -> Run:
    """Note that a run begins; what failed in the one before is kept beside it until it ends."""
    before = last_run(cursor, kind)
    run = Run(
        due=due.isoformat(), began=at.isoformat(), process=PROCESS, faults=before.faults if before else {}
    )
    _keep(cursor, kind, run)
    return run


def _is_free(before: Run | None, due: datetime, following: datetime) -> bool:
    if before is None or (before.is_running and before.process != PROCESS):
        return True
    last = datetime.fromisoformat(before.due)
    return last < due or last > following


def finish(cursor: Cursor, kind: str, run: Run, at: datetime, sentence: str, faults: dict[str, str]) -> Run:
    """Note how a run ended."""
    made = replace(run, ended=at.isoformat(), sentence=sentence, faults=faults)
    _keep(cursor, kind, made)
    return made


def _keep(cursor: Cursor, kind: str, run: Run) -> None:
    settings.keep(cursor, f"schedule {kind}", asdict(run))
