"""Several waiting messages that become one: a digest at its hour, a summary after a channel was down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from plumbline.answers.respond.outbox import add
from plumbline.answers.respond.receipts import ENDS
from plumbline.domain import Severity
from plumbline.respond import retries
from plumbline.respond.events import Event
from plumbline.store import findings as register
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import AGAIN, INSIDE, Delivery
from plumbline.store.workspace import Cursor
from plumbline.wording.quantities import plural

#: these are never put into another
WHOLE = ("digest", "summary", "channel.test")
#: how long after it was given up a message is still worth sending
MEMORY = timedelta(days=7)


def losses(cursor: Cursor, channel: str, at: datetime) -> list[Delivery]:
    """What a channel gave up in the last week and still is so, the oldest first."""
    return [d for d in deliveries.lost_deliveries(cursor, channel, at - MEMORY) if not _is_past(cursor, d)]


def messages_to_merge(
    line: Sequence[Delivery], head: Delivery, at: datetime, lost: Sequence[Delivery] = ()
) -> list[Delivery]:
    """The messages of one channel that become one, before ``head`` is sent; none: it goes by itself.

    What was tried and may have arrived goes under its own id, for a receiver that knows ids to see it once (see
    ``revive``); what was not taken for sure may stand in another.

    Args:
        lost: see ``losses``.
    """
    lost = _mergeable(lost)
    late = [d for d in line if retries.is_due(d.due_at, at) and not d.attempts and d.event not in WHOLE]
    if head.attempts:
        long = head.is_untaken and retries.is_overdue(head.made_at, at)
        together = [*lost, head, *late]
        return together if long and len(together) > 1 else []
    if head.event in WHOLE:
        return []
    hourly = [d for d in late if d.due_at > d.made_at]
    if head in hourly:
        together = [*lost, *hourly]
        return together if len(together) > 1 else []
    overdue = [d for d in late if retries.is_overdue(d.due_at, at)]
    together = [*lost, *overdue]
    return together if head in overdue and len(together) > 1 else []


def revive(cursor: Cursor, channel: str, at: datetime) -> None:
    """Send what was given up in the last week once more, as the channel takes messages again.

    It goes under its own id, for it may have arrived; what surely did not becomes one message where it is several.
    A beginning of what is over by now is left, and an end of what is open again.
    """
    lost = deliveries.lost_deliveries(cursor, channel, at - MEMORY)
    past = {d.id for d in lost if _is_past(cursor, d)}
    merged = _mergeable([d for d in lost if d.id not in past])
    if len(merged) > 1:
        summary(cursor, channel, merged, at)
        lost = [d for d in lost if d not in merged]
    for delivery in lost:
        over = delivery.id in past
        deliveries.mark(
            cursor,
            delivery.id,
            state="dead" if over else "failed",
            attempts=delivery.attempts,
            due_at=at,
            reason=AGAIN + delivery.reason,
            ended_at=delivery.ended_at if over else None,
        )


def _mergeable(lost: Sequence[Delivery]) -> list[Delivery]:
    """What surely did not arrive and may stand in another message: an end does not, as a pager closes by it."""
    return [d for d in lost if d.is_untaken and d.event not in ENDS]


def _is_past(cursor: Cursor, delivery: Delivery) -> bool:
    """Whether nothing that a message tells is so any more."""
    return all(_is_told_past(cursor, delivery, data) for data in _contents(delivery))


def _is_told_past(cursor: Cursor, delivery: Delivery, data: Mapping[str, Any]) -> bool:
    """Whether a beginning is over by now, or an end open again."""
    number = data.get("finding")
    return number is not None and register.read_finding(cursor, number).open is (
        _kind(delivery, data) in ENDS
    )


def summary(cursor: Cursor, channel: str, members: Sequence[Delivery], at: datetime) -> str:
    """Put one message in the place of several; returns its id.

    What stood in one that was given up is told as far as it still is so.
    """
    waiting = [d for d in members if d.state != "dead"]
    hourly = bool(waiting) and all(d.due_at > d.made_at and not d.attempts for d in waiting)
    lost = [
        _event(d, data, at)
        for d in members
        if d.state == "dead"
        for data in _contents(d)
        if not _is_told_past(cursor, d, data)
    ]
    listed = [*lost, *(_event(d, data, at) for d in waiting for data in _contents(d))]
    severity = max((event.severity for event in listed), key=list(Severity).index)
    systems = {event.system for event in listed}
    main = Event(
        type="digest" if hourly else "summary",
        sentence=_introduction(members, hourly, len(listed), len(lost), at),
        at=at,
        severity=severity,
        system=systems.pop() if len(systems) == 1 else "",
    )
    ranked = sorted(listed, key=lambda event: -list(Severity).index(event.severity))
    tried = max((d.attempts for d in waiting), default=0)
    number = add(cursor, channel, main, ranked, at=at, due=at, attempts=tried)
    for member in members:
        if member.state == "dead":
            deliveries.explain(cursor, member.id, f"{member.reason}; {INSIDE}{number}")
        else:
            deliveries.suppress(cursor, [member.id], INSIDE + number, at)
        for inner in deliveries.members(cursor, member.id):
            deliveries.suppress(cursor, [inner.id], INSIDE + number, at)
    return number


def _introduction(members: Sequence[Delivery], hourly: bool, n: int, n_lost: int, at: datetime) -> str:
    """Why several messages are one. A date by a clock that was ahead is not told."""
    undelivered = [d for d in members if d.state == "dead"] if hourly else members
    first = min((d.made_at for d in undelivered), default=at)
    since = f", since {first:%d %B %H:%M} UTC" if first <= at else ""
    late = f"could not be delivered when they were due{since}"
    if not hourly:
        return f"{plural(n, 'message')} {late}."
    waited = f"{plural(n - n_lost, 'message')} waited for this hour"
    return f"{waited}, and {n_lost} {late}." if n_lost else f"{waited}."


def _contents(member: Delivery) -> list[Mapping[str, Any]]:
    """What a message told: itself and what stood in it; of a summary that did not arrive only the latter."""
    inside = list(member.data.get("also", []))
    return inside if member.event in WHOLE else [member.data, *inside]


def _event(member: Delivery, data: Mapping[str, Any], at: datetime) -> Event:
    """What a waiting message told, or what stood in it."""
    kind = _kind(member, data)
    known = {name: data[name] for name in ("signal", "since", "open") if name in data}
    bare = Event(type=kind, sentence=str(data["sentence"]), at=at, data=known)
    return replace(
        bare, system=str(data["system"]), finding=data.get("finding"), severity=Severity(data["severity"])
    )


def _kind(member: Delivery, data: Mapping[str, Any]) -> str:
    """The type of event that a message, or what stood in it, told."""
    return str(data.get("type", "")).removeprefix("plumbline.").removesuffix(".v1") or member.event
