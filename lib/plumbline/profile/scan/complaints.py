"""Complaints that a log holds beside the decisions that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from plumbline.domain import Slice, System
from plumbline.profile.scope import slice_scope
from plumbline.store.sql import ident
from plumbline.store.workspace import aware, naive

#: cells that say there was none, and cells that say there was one and not when
NONE = ("", "0", "no", "n", "false", "none", "nein", "non", "falsch", "-")


@dataclass(frozen=True, slots=True)
class LoggedComplaint:
    """One complaint by the log. ``receipt`` None: its cell gives no date that can be read. ``answer`` None: none is
    there; ``unread``: something is there and is no date."""

    receipt: datetime | None
    answer: datetime | None
    unread: bool


def complaints(
    cursor: duckdb.DuckDBPyConnection,
    system: System,
    column: str,
    answer: str | None,
    since: datetime,
    until: datetime,
) -> list[LoggedComplaint]:
    """The complaints received after ``since`` and up to ``until``; one without a date counts by its decision's.

    Args:
        column, answer: of the decision table, of texts: when a complaint came (or that one did), when it was answered.
    """
    scope = slice_scope(cursor, system, Slice())
    reply = f"trim({ident(answer)}::VARCHAR)" if answer else "''"
    none = ", ".join(f"'{word}'" for word in NONE)
    rows = cursor.execute(
        f"""SELECT came, done, reply <> '' AND done IS NULL FROM (
                SELECT try_cast(said AS TIMESTAMP) AS came, try_cast(reply AS TIMESTAMP) AS done, reply, decided
                FROM (SELECT trim({ident(column)}::VARCHAR) AS said, coalesce({reply}, '') AS reply,
                             "timestamp" AS decided {scope.rows})
                WHERE said IS NOT NULL AND lower(said) NOT IN ({none}))
            WHERE coalesce(came, decided) > $since AND coalesce(came, decided) <= $until""",
        scope.params | {"since": naive(since), "until": naive(until)},
    ).fetchall()
    return [
        LoggedComplaint(
            aware(came) if came else None,
            aware(done) if done and (not came or done >= came) else None,
            unread,
        )
        for came, done, unread in rows
    ]
