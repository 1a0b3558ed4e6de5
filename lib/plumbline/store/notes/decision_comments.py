"""Comments beneath decisions, a row each."""

from __future__ import annotations

from plumbline.domain.notes import Comment
from plumbline.store.workspace import Cursor, aware, naive


def comments_on_decision(cursor: Cursor, system: str, decision: str) -> tuple[Comment, ...]:
    """Those beneath one decision, the oldest first."""
    rows = cursor.execute(
        "SELECT written_at, author, text FROM comment_on_decision WHERE system = ? AND decision = ? ORDER BY id",
        [system, decision],
    ).fetchall()
    return tuple(Comment(aware(at), by, text) for at, by, text in rows)


def add(cursor: Cursor, system: str, decision: str, comment: Comment) -> int:
    """Keep a comment; returns its number."""
    row = cursor.execute(
        "INSERT INTO comment_on_decision VALUES (nextval('comment_on_decision_id'), ?, ?, ?, ?, ?) RETURNING id",
        [system, decision, naive(comment.at), comment.by, comment.text],
    ).fetchone()
    return int(row[0]) if row else 0
