"""Recorded findings: one row a problem, kept up to date by each check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from plumbline.domain import Finding, PlumblineError, Severity
from plumbline.domain.message_json import message_json, stored_message
from plumbline.domain.messages import QuotedText, message
from plumbline.store.workspace import Cursor, aware, naive

#: beside the figures of a row: the message that its sentence was made from; not there in rows of before messages
_MESSAGE = "message"
_FIELDS = (
    "id, system, signal, sentence, since, until, known_at, severity, confidence, page, figures, recorded_at, "
    "seen_at, closed_at, acknowledged_by, acknowledged_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding with its history. ``closed_at``: when a check no longer found it open; None: it is open."""

    id: int
    finding: Finding
    recorded_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    acknowledged_by: str
    acknowledged_at: datetime | None

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def part_of(self) -> int | None:
        """The number of the finding that tells of the same problem; None: this one stands for itself."""
        number = self.finding.figures.get("part_of")
        return number if isinstance(number, int) else None

    @property
    def follows(self) -> bool:
        """Whether it is a part that the other does not join but calls for, and that is told when it begins."""
        return self.part_of is not None and bool(self.finding.figures.get("follows"))


def recorded_findings(
    cursor: Cursor, system: str | None = None, *, parts: bool = False
) -> list[FindingRecord]:
    """Every recorded finding of a system or of all: open ones first, then the newest.

    Args:
        parts: those that turned out to be part of another one as well.
    """
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM finding WHERE ? IS NULL OR system = ?"
        " ORDER BY closed_at IS NOT NULL, since DESC NULLS LAST, id DESC",
        [system, system],
    ).fetchall()
    return [record for record in map(_read, rows) if parts or record.part_of is None]


def read_finding(cursor: Cursor, number: int) -> FindingRecord:
    """The finding of that number.

    Raises:
        PlumblineError: there is none.
    """
    row = cursor.execute(f"SELECT {_FIELDS} FROM finding WHERE id = ?", [number]).fetchone()
    if row is None:
        raise _unknown(number)
    return _read(row)


def _unknown(number: int) -> PlumblineError:
    return PlumblineError(
        message("There is no finding {number}", number=str(number)), todo="See `plumbline findings`."
    )


def read_finding_of_system(cursor: Cursor, system: str, number: int) -> FindingRecord:
    """The finding of that number, of that system.

    Raises:
        PlumblineError: there is none, or it is another system's, which is not told apart: whoever may see one system
            alone learns nothing of others.
    """
    record = read_finding(cursor, number)
    if record.finding.system != system:
        raise _unknown(number)
    return record


def add(cursor: Cursor, finding: Finding, at: datetime, closed_at: datetime | None) -> int:
    """Record a problem that was not known; returns its number."""
    row = cursor.execute("SELECT nextval('finding_id')").fetchone()
    number = int(row[0]) if row else 1
    cursor.execute(
        f"INSERT INTO finding ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL)",
        [number, *_row_values(finding), naive(at), naive(at), naive(closed_at) if closed_at else None],
    )
    return number


def update(cursor: Cursor, number: int, finding: Finding, at: datetime, closed_at: datetime | None) -> None:
    """What a later check says of a recorded problem."""
    cursor.execute(
        """UPDATE finding SET system = ?, signal = ?, sentence = ?, since = ?, until = ?, known_at = ?, severity = ?,
           confidence = ?, page = ?, figures = ?, seen_at = ?, closed_at = ? WHERE id = ?""",
        [*_row_values(finding), naive(at), naive(closed_at) if closed_at else None, number],
    )


def clear_acknowledgement(cursor: Cursor, number: int) -> None:
    """A problem came back: that it was seen before does not count for this time."""
    cursor.execute("UPDATE finding SET acknowledged_by = '', acknowledged_at = NULL WHERE id = ?", [number])


def close(cursor: Cursor, number: int, at: datetime) -> None:
    """A check no longer finds it."""
    cursor.execute("UPDATE finding SET closed_at = ? WHERE id = ?", [naive(at), number])


def join(cursor: Cursor, number: int, whole: int, at: datetime) -> None:
    """A recorded finding turned out to be part of another: that one goes on, and has been seen if this one was."""
    part, other = read_finding(cursor, number), read_finding(cursor, whole)
    figures = _figures(replace(part.finding, figures={**part.finding.figures, "part_of": whole}))
    cursor.execute(
        "UPDATE finding SET figures = ?, closed_at = coalesce(closed_at, ?) WHERE id = ?",
        [figures, naive(at), number],
    )
    if part.acknowledged_by and part.acknowledged_at and not other.acknowledged_by:
        acknowledge(cursor, whole, part.acknowledged_by, part.acknowledged_at)


def mark_part(cursor: Cursor, number: int, whole: int, *, follows: bool = False) -> None:
    """A finding is one of those that another joins; that somebody saw this one does not say that they saw that one.

    Args:
        follows: it is no joined one but what the other calls for.
    """
    part = read_finding(cursor, number).finding
    mark = {"part_of": whole} | ({"follows": True} if follows else {})
    figures = _figures(replace(part, figures=part.figures | mark))
    cursor.execute("UPDATE finding SET figures = ? WHERE id = ?", [figures, number])


def problems_by_themselves(cursor: Cursor, system: str) -> list[FindingRecord]:
    """Every recorded problem of a system by itself: of a finding that joins several its parts, which are open as long
    as it is and they are not over."""
    known = recorded_findings(cursor, system, parts=True)
    joined = parts_by_number(known)
    records = []
    for record in known:
        if record.part_of is None:
            parts = joined.get(record.id, ())
            records += [] if any(not r.follows for r in parts) else [record]
            records += [
                replace(r, closed_at=record.closed_at if r.finding.until is None else r.closed_at)
                for r in parts
            ]
    return records


def parts_by_number(known: Sequence[FindingRecord]) -> dict[int, tuple[FindingRecord, ...]]:
    """Number of each finding that joins several, or that another follows from -> those, the earliest onset first.

    Args:
        known: all that are on record, parts too.
    """
    groups: dict[int, list[FindingRecord]] = {}
    for record in known:
        if record.part_of is not None:
            groups.setdefault(record.part_of, []).append(record)
    joined = {}
    for record in known:
        signals = frozenset(record.finding.figures.get("signals", ()))
        members = [
            r for r in groups.get(record.id, ()) if r.finding.signal in signals or (r.follows and r.open)
        ]
        if members:
            joined[record.id] = tuple(sorted(members, key=lambda r: (r.finding.since or r.recorded_at, r.id)))
    return joined


def acknowledge(cursor: Cursor, number: int, by: str, at: datetime) -> None:
    """A person saw it."""
    cursor.execute(
        "UPDATE finding SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ?", [by, naive(at), number]
    )


def _row_values(finding: Finding) -> list[Any]:
    times = [naive(t) if t else None for t in (finding.since, finding.until, finding.known_at)]
    return [
        finding.system,
        finding.signal,
        str(finding.sentence),
        *times,
        finding.severity.value,
        finding.confidence,
        finding.page,
        _figures(finding),
    ]


def _figures(finding: Finding) -> str:
    """The figures as JSON, with the sentence's template and values beside them under ``_MESSAGE``."""
    beside = {} if isinstance(finding.sentence, QuotedText) else {_MESSAGE: message_json(finding.sentence)}
    return json.dumps({**finding.figures, **beside}, sort_keys=True, default=str)


def _read(row: tuple[Any, ...]) -> FindingRecord:
    since, until, known = (aware(t) if t else None for t in row[4:7])
    figures = json.loads(row[10])
    beside = figures.pop(_MESSAGE, None)
    finding = Finding(
        system=row[1],
        signal=row[2],
        sentence=stored_message(row[3], beside),
        since=since,
        until=until,
        severity=Severity(row[7]),
        confidence=row[8],
        page=row[9],
        figures=figures,
        known_at=known,
    )
    closed, seen = (aware(t) if t else None for t in (row[13], row[15]))
    return FindingRecord(
        id=row[0],
        finding=finding,
        recorded_at=aware(row[11]),
        seen_at=aware(row[12]),
        closed_at=closed,
        acknowledged_by=row[14],
        acknowledged_at=seen,
    )
