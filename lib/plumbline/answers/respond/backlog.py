"""Several waiting messages that become one: a digest at its hour, a summary after a channel was down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from plumbline.answers.respond.outbox import add
from plumbline.domain import Severity
from plumbline.respond import retries
from plumbline.respond.events import Event
from plumbline.store import findings as register
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import AGAIN, INSIDE, Delivery
from plumbline.store.workspace import Cursor

#: these are never put into another
WHOLE = ("digest", "summary", "channel.test")


def messages_to_merge(
    line: Sequence[Delivery], head: Delivery, at: datetime, lost: Sequence[Delivery] = ()
) -> list[Delivery]:
    """The messages of one channel that become one, before ``head`` is sent; none: it goes by itself.

    What was tried and may have arrived goes under its own id, for a receiver that knows ids to see it once (see
    ``revive``); what was not taken for sure may stand in another.

    Args:
        lost: what was given up since the channel last took something.
    """
    lost = [d for d in lost if d.is_untaken]
    late = [d for d in line if d.due_at <= at and not d.attempts and d.event not in WHOLE]
    if head.attempts:
        long = head.is_untaken and at - head.made_at >= retries.PAUSES[1]
        together = [*lost, head, *late]
        return together if long and len(together) > 1 else []
    if head.event in WHOLE:
        return []
    hourly = [d for d in late if d.due_at > d.made_at]
    if head in hourly:
        return hourly if len(hourly) > 1 else []
    overdue = [d for d in late if at - d.due_at >= retries.PAUSES[1]]
    together = [*lost, *overdue]
    return together if head in overdue and len(together) > 1 else []


def revive(cursor: Cursor, channel: str, at: datetime) -> None:
    """Send what was given up and may have arrived once more under its own id, as the channel takes messages again.

    What is over by now is left: its end was told, or is about to be.
    """
    for held in deliveries.lost(cursor, channel):
        if held.is_untaken:
            continue
        over = held.finding is not None and not register.one(cursor, held.finding).open
        deliveries.mark(
            cursor,
            held.id,
            state="dead" if over else "failed",
            attempts=held.attempts,
            due_at=at,
            reason=AGAIN + held.reason,
            ended_at=held.ended_at if over else None,
        )


def summary(cursor: Cursor, channel: str, members: Sequence[Delivery], at: datetime) -> str:
    """Put one message in the place of several; returns its id."""
    listed = [_event(d, data, at) for d in members for data in _contents(d)]
    severity = max((event.severity for event in listed), key=list(Severity).index)
    hourly = all(d.due_at > d.made_at and not d.attempts for d in members)
    systems = {event.system for event in listed}
    late = (
        f"could not be delivered when they were due, since {min(d.made_at for d in members):%d %B %H:%M} UTC"
    )
    sentence = f"{len(listed)} messages {'waited for this hour' if hourly else late}."
    main = Event(
        type="digest" if hourly else "summary",
        sentence=sentence,
        at=at,
        severity=severity,
        system=systems.pop() if len(systems) == 1 else "",
    )
    ranked = sorted(listed, key=lambda event: -list(Severity).index(event.severity))
    tried = max((d.attempts for d in members if d.state != "dead"), default=0)
    number = add(cursor, channel, main, ranked, at=at, due=at, attempts=tried)
    for member in members:
        if member.state == "dead":
            deliveries.explain(cursor, member.id, f"{member.reason}; {INSIDE}{number}")
        else:
            deliveries.suppress(cursor, [member.id], INSIDE + number, at)
        for inner in deliveries.members(cursor, member.id):
            deliveries.suppress(cursor, [inner.id], INSIDE + number, at)
    return number


def _contents(member: Delivery) -> list[Mapping[str, Any]]:
    """What a message told: itself and what stood in it; of a summary that did not arrive only the latter."""
    inside = list(member.data.get("also", []))
    return inside if member.event in WHOLE else [member.data, *inside]


def _event(member: Delivery, data: Mapping[str, Any], at: datetime) -> Event:
    """What a waiting message told, or what stood in it."""
    kind = str(data.get("type", "")).removeprefix("plumbline.").removesuffix(".v1") or member.event
    known = {name: data[name] for name in ("signal", "since", "open") if name in data}
    bare = Event(type=kind, sentence=str(data["sentence"]), at=at, data=known)
    return replace(
        bare, system=str(data["system"]), finding=data.get("finding"), severity=Severity(data["severity"])
    )
