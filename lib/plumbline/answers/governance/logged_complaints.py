"""Complaints measured from a column of the log, beside those that people record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from plumbline.answers.governance.misuse import ComplaintFacts
from plumbline.domain import System
from plumbline.governance.evidence.case import VALID_DAYS
from plumbline.profile.scan.complaints import complaints
from plumbline.profile.scan.weights import sample_reason
from plumbline.store import systems
from plumbline.store.workspace import Cursor

_DAY = timedelta(days=1)
#: what a mapped column lacks for the days to an answer
NO_DATES, NO_ANSWERS = "dates", "answers"


def with_log(cursor: Cursor, system: System, register: ComplaintFacts, end: datetime) -> ComplaintFacts:
    """What is known of complaints: from the log where a column holds them, and never better than people recorded.

    Args:
        register: what people recorded. end: the moment that the log speaks for, on its own clock.
    """
    columns = {c.role.role: c.name for c in reversed(systems.decision_columns(cursor, system.key))}
    column, answer = columns.get("complaint"), columns.get("complaint_answer")
    if column is None or sample_reason(cursor, system):
        return register
    logged = complaints(cursor, system, column, answer, end - VALID_DAYS * _DAY, end)
    gap = NO_DATES if any(c.receipt is None or c.unread for c in logged) else "" if answer else NO_ANSWERS
    if not logged or gap:
        if register.complaints:
            return register
        return replace(register, complaints=len(logged), complaints_logged=True, complaint_gap=gap)
    waits = [(end - c.receipt) / _DAY for c in logged if c.receipt and c.answer is None]
    took = [(c.answer - c.receipt) / _DAY for c in logged if c.receipt and c.answer]
    return ComplaintFacts(
        complaints=len(logged),
        complaints_open=max(len(waits), register.complaints_open),
        complaints_open_days=_longest([*waits, register.complaints_open_days]),
        complaint_days=_longest([*took, register.complaint_days]),
        complaint_usual_days=median(took) if took else register.complaint_usual_days,
        complaint_keeper=register.complaint_keeper,
        complaints_logged=True,
    )


def _longest(days: list[float | None] | list[float]) -> float | None:
    return max((d for d in days if d is not None), default=None)
