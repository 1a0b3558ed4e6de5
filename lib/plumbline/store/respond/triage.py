"""What people do with a finding: who has it, until when it is muted, and what they write beneath it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

import duckdb

from plumbline.domain.notes import Comment
from plumbline.store.workspace import aware, naive


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """``owner`` has the finding until ``due``; reminders rest until ``muted_until``. Days as ISO dates, or empty."""

    owner: str = ""
    due: str = ""
    muted_until: str = ""
    muted_by: str = ""
    muted_why: str = ""

    def is_muted(self, day: date) -> bool:
        """Whether reminders rest on that day."""
        return bool(self.muted_until) and day < date.fromisoformat(self.muted_until)

    def is_overdue(self, day: date) -> bool:
        """Whether the day on which it was to be dealt with is over."""
        return bool(self.due) and day > date.fromisoformat(self.due)


NOTHING = Triage()


def triages(cursor: duckdb.DuckDBPyConnection) -> dict[int, Triage]:
    """Finding -> how it is handled; findings that nobody touched are left out."""
    rows = cursor.execute("SELECT finding, body FROM finding_handling").fetchall()
    return {int(number): Triage(**json.loads(body)) for number, body in rows}


def keep(cursor: duckdb.DuckDBPyConnection, finding: int, triage: Triage) -> None:
    """Set how a finding is handled."""
    body = json.dumps(asdict(triage), sort_keys=True, separators=(",", ":"))
    cursor.execute("DELETE FROM finding_handling WHERE finding = ?", [finding])
    cursor.execute("INSERT INTO finding_handling VALUES (?, ?)", [finding, body])


def comments(cursor: duckdb.DuckDBPyConnection) -> dict[int, list[Comment]]:
    """Finding -> its comments, the oldest first."""
    rows = cursor.execute(
        "SELECT finding, written_at, author, text FROM finding_comment ORDER BY id"
    ).fetchall()
    comments: dict[int, list[Comment]] = {}
    for number, at, author, text in rows:
        comments.setdefault(int(number), []).append(Comment(aware(at), author, text))
    return comments


def comment(cursor: duckdb.DuckDBPyConnection, finding: int, at: datetime, by: str, text: str) -> None:
    """Add a comment."""
    cursor.execute(
        "INSERT INTO finding_comment VALUES (nextval('finding_comment_id'), ?, ?, ?, ?)",
        [finding, naive(at), by, text],
    )
