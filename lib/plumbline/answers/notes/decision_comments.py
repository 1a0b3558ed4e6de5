"""Comments beneath single decisions: kept with the decision, handed out in its record, erased with it."""

from __future__ import annotations

from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.domain.notes import Comment
from plumbline.profile.scan import decisions
from plumbline.store import systems, trail
from plumbline.store.notes import decision_comments as store
from plumbline.store.workspace import Workspace, now

LONGEST_TEXT = 2000


def refuse_comment(words: str) -> None:
    """Refuse a comment that says nothing or too much.

    Raises:
        PlumblineError: it does.
    """
    if not words:
        raise PlumblineError("A comment says something", todo="Write it.")
    if len(words) > LONGEST_TEXT:
        raise PlumblineError(
            message(
                "A comment has {longest_text} characters at most; this one has {words}",
                longest_text=str(LONGEST_TEXT),
                words=str(len(words)),
            )
        )


def comments(ws: Workspace, key: str, decision_id: str) -> tuple[Comment, ...]:
    """What was written beneath a decision, the oldest first."""
    with ws.read() as cursor:
        return store.comments_on_decision(cursor, key, decision_id)


def comment(ws: Workspace, key: str, decision_id: str, text: str, *, by: str) -> tuple[Comment, ...]:
    """Write something beneath a decision; nothing that was written is changed later. A run of empty lines is one.

    The trail says who wrote when, and neither the words nor the decision: those may be about a person.

    Raises:
        PlumblineError: no such system or decision, no name, nothing was written, or too much.
    """
    name, words = signer(by, "A comment"), _collapse_empty_lines(text)
    refuse_comment(words)
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        decisions.read_decision(cursor, system, decision_id)
        number = store.add(cursor, key, decision_id, Comment(now(), name, words))
        detail = {"comment": number, "characters": len(words)}
        trail.append(cursor, actor=name, action=Act.DECISION_COMMENTED, system=key, detail=detail)
        return store.comments_on_decision(cursor, key, decision_id)


def _collapse_empty_lines(text: str) -> str:
    """The text with one empty line for each run of them."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(line for i, line in enumerate(lines) if line or lines[i - 1])
