"""Handling one finding: who has it and until when, until when it is muted and why, what people write beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from plumbline.answers.notes.decision_comments import refuse_comment
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.notes import Comment
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.findings import FindingRecord
from plumbline.store.respond import triage as triage_store
from plumbline.store.respond.triage import NOTHING, Triage
from plumbline.store.workspace import Cursor, Workspace, now

#: how long a finding may be muted, in days
LONGEST_MUTE = 30


@dataclass(frozen=True, slots=True)
class TriagedFinding:
    """A finding and what people did with it. ``parts``: of one that joins several, each by itself."""

    record: FindingRecord
    triage: Triage
    comments: tuple[Comment, ...]
    parts: tuple[FindingRecord, ...] = ()


def triaged_findings(ws: Workspace, system: str | None = None) -> dict[int, TriagedFinding]:
    """Number -> each recorded finding of a system, or of all, with what people did with it."""
    with ws.read() as cursor:
        triages, comments = triage_store.triages(cursor), triage_store.comments(cursor)
        known = register.recorded_findings(cursor, system, parts=True)
        joined = register.parts_by_number(known)
        return {
            r.id: TriagedFinding(
                r, triages.get(r.id, NOTHING), tuple(comments.get(r.id, ())), joined.get(r.id, ())
            )
            for r in known
            if r.part_of is None
        }


def assign(ws: Workspace, system: str, number: int, *, to: str, due: date, by: str) -> TriagedFinding:
    """Give a finding to somebody, until a day.

    Raises:
        PlumblineError: no such finding of that system, no name, or a day that is over.
    """
    if not to.strip():
        raise PlumblineError("A finding is given to somebody", todo="Say who deals with it.")
    if due < now().date():
        raise PlumblineError(message("{due} is over", due=str(due)), todo="Give a day that is still to come.")
    with _finding_write(ws, system, number, by) as (cursor, record):
        state = _state(cursor, number)
        triage_store.keep(cursor, number, replace(state, owner=to.strip()[:120], due=due.isoformat()))
        detail = {
            "finding": number,
            "signal": record.finding.signal,
            "to": to.strip()[:120],
            "due": due.isoformat(),
        }
        trail.append(
            cursor, actor=by.strip(), action=Act.FINDING_ASSIGNED, system=record.finding.system, detail=detail
        )
        return _read_triage(cursor, number)


def snooze(ws: Workspace, system: str, number: int, *, until: date, reason: str, by: str) -> TriagedFinding:
    """Let reminders rest until a day. The all-clear, the clocks and the verdict go on.

    Raises:
        PlumblineError: no such finding, no reason, or a day that is over or too far away.
    """
    today = now().date()
    if not reason.strip():
        raise PlumblineError("Muting needs a reason", todo="Say why; it goes on the trail.")
    if not today < until <= today + timedelta(days=LONGEST_MUTE):
        raise PlumblineError(
            message(
                "A finding is muted for {longest_mute} days at most, from tomorrow on",
                longest_mute=str(LONGEST_MUTE),
            ),
            todo=message("Give a day up to {today}.", today=str(today + timedelta(days=LONGEST_MUTE))),
        )
    with _finding_write(ws, system, number, by) as (cursor, record):
        state, why = _state(cursor, number), " ".join(reason.split())[:300]
        muted = replace(state, muted_until=until.isoformat(), muted_by=by.strip(), muted_why=why)
        triage_store.keep(cursor, number, muted)
        detail = {
            "finding": number,
            "signal": record.finding.signal,
            "until": until.isoformat(),
            "reason": why,
        }
        trail.append(
            cursor, actor=by.strip(), action=Act.FINDING_MUTED, system=record.finding.system, detail=detail
        )
        return _read_triage(cursor, number)


def comment(ws: Workspace, system: str, number: int, text: str, *, by: str) -> TriagedFinding:
    """Write something beneath a finding; nothing that was written is changed later.

    Raises:
        PlumblineError: no such finding, or nothing was written.
    """
    words = text.strip()
    refuse_comment(words)
    with _finding_write(ws, system, number, by) as (cursor, record):
        triage_store.comment(cursor, number, now(), by.strip(), words)
        detail = {"finding": number, "characters": len(words)}
        trail.append(
            cursor,
            actor=by.strip(),
            action=Act.FINDING_COMMENTED,
            system=record.finding.system,
            detail=detail,
        )
        return _read_triage(cursor, number)


@contextmanager
def _finding_write(
    ws: Workspace, system: str, number: int, by: str
) -> Iterator[tuple[Cursor, FindingRecord]]:
    """A write about one finding of one system, in somebody's name."""
    signer(by, "Handling a finding")
    with ws.write() as cursor:
        yield cursor, register.read_finding_of_system(cursor, system, number)


def _state(cursor: Cursor, number: int) -> Triage:
    return triage_store.triages(cursor).get(number, NOTHING)


def _read_triage(cursor: Cursor, number: int) -> TriagedFinding:
    comments = triage_store.comments(cursor).get(number, [])
    return TriagedFinding(register.read_finding(cursor, number), _state(cursor, number), tuple(comments))
