"""Sending what the outbox holds. The network is touched while no lock is held.

A kill at any moment repeats a message under the same id, or sends it later; it loses none.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.backlog import losses, messages_to_merge, revive, summary
from plumbline.answers.respond.clocks import write_deadline_messages
from plumbline.answers.respond.outbox import queue, read_channels
from plumbline.answers.respond.pager_poll import poll
from plumbline.answers.respond.reminders import remind
from plumbline.domain import Severity
from plumbline.domain.acts import Act
from plumbline.respond import retries
from plumbline.respond.channels import Channel
from plumbline.respond.events import Event
from plumbline.respond.http import HttpReply
from plumbline.respond.send import receipt, send
from plumbline.store import trail
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import AGAIN, UNTAKEN, Delivery
from plumbline.store.workspace import Cursor, Workspace, now

ACTOR = "delivery"
Send = Callable[[Channel, str, bytes, datetime], HttpReply]
#: one send a channel at a time, whoever works: (workspace, channel) -> its lock
_AT_WORK: dict[tuple[str, str], threading.Lock] = {}


@dataclass(slots=True, kw_only=True)
class DeliveryCounts:
    """What a round did. ``summed``: messages that became part of another; ``stopped``: why nothing was sent, where
    acting is switched off; ``outcomes``: each message that was tried, as it stands now."""

    sent: int = 0
    failed: int = 0
    dead: int = 0
    summed: int = 0
    waiting: int = 0
    stopped: str = ""
    outcomes: list[Delivery] = field(default_factory=list)


def work(
    ws: Workspace,
    until: datetime | None = None,
    *,
    chance: Callable[[], float] = random.random,
    sender: Send = send,
) -> DeliveryCounts:
    """Send what is due, after what falls due by itself (reminders) was written.

    Args:
        until: the time that it is; default: now.
        chance: gives a number from 0 to 1, for the pauses between attempts.
    """
    at, counts = until or now(), DeliveryCounts()
    with ws.read() as cursor:
        counts.stopped = kill_switch.reason_to_stop(cursor)
        names = [channel.name for channel in read_channels(cursor) if channel.sends]
    if not counts.stopped and names:
        poll(ws, at)
        remind(ws, at)
        write_deadline_messages(ws, at)
        for name in names:
            _send_due(ws, name, at, counts, chance, sender)
    with ws.read() as cursor:
        counts.waiting = len(deliveries.queued_deliveries(cursor))
    return counts


def _send_due(
    ws: Workspace, name: str, at: datetime, counts: DeliveryCounts, chance: Callable[[], float], sender: Send
) -> None:
    """Send what is due to one channel, in order; what fails keeps its place, and what is behind it waits."""
    lock = _AT_WORK.setdefault((str(ws.path), name), threading.Lock())
    if not lock.acquire(blocking=False):
        return
    sent: list[Delivery] = []
    try:
        while True:
            with ws.read() as cursor:
                channel = next((c for c in read_channels(cursor) if c.name == name), None)
                line, lost = deliveries.queued_deliveries(cursor, name), losses(cursor, name, at)
            head = min(line, key=lambda d: _place(d, at), default=None)
            if channel is None or not channel.sends or head is None or not retries.is_due(head.due_at, at):
                return
            if members := messages_to_merge(line, head, at, lost):
                with ws.write(by_itself=True) as cursor:
                    summary(cursor, name, members, at)
                counts.summed += len(members)
                continue
            reply = sender(channel, head.id, head.payload.encode(), at)
            with ws.write(by_itself=True) as cursor:
                outcome = _outcome(cursor, channel, head, reply, at, chance)
            counts.outcomes.append(outcome)
            counts.sent += outcome.state == "sent"
            counts.dead += outcome.state == "dead"
            counts.failed += outcome.state == "failed"
            if outcome.state == "sent":
                sent.append(outcome)
            if outcome.state == "failed":
                return
    finally:
        lock.release()
        _record(ws, sent)


def _place(waiting: Delivery, at: datetime) -> tuple[bool, bool, datetime, datetime]:
    """What is sent before what: first what was tried already, then what is due."""
    return not waiting.attempts, not retries.is_due(waiting.due_at, at), waiting.due_at, waiting.made_at


def _outcome(
    cursor: Cursor,
    channel: Channel,
    head: Delivery,
    reply: HttpReply,
    at: datetime,
    chance: Callable[[], float],
) -> Delivery:
    """Write down what an attempt came to; a message that died is told by the other channels."""
    attempts = head.attempts + 1
    if reply.ok:
        outcome = replace(
            head, state="sent", attempts=attempts, receipt=receipt(channel, reply), reason="", ended_at=at
        )
    else:
        again = retries.next_attempt_time(attempts, at, Severity(head.data["severity"]), reply, chance)
        outcome = replace(
            head,
            state="failed" if again else "dead",
            attempts=attempts,
            due_at=again or head.due_at,
            reason=_prefix(head, reply) + failure_reason(reply),
            ended_at=None if again else at,
        )
    deliveries.mark(
        cursor,
        outcome.id,
        state=outcome.state,
        attempts=outcome.attempts,
        due_at=outcome.due_at,
        reason=outcome.reason,
        receipt=outcome.receipt,
        ended_at=outcome.ended_at,
    )
    if reply.status == retries.GONE:
        off = replace(channel, off="its receiver answered 410: it is gone")
        channel_store.keep(cursor, channel.name, off.body())
        detail = {"channel": channel.name, "why": off.off}
        trail.append(cursor, actor=ACTOR, action=Act.CHANNEL_GONE, detail=detail)
    if outcome.state == "sent":
        revive(cursor, channel.name, at)
    if outcome.state == "dead" and not outcome.reason.startswith(AGAIN):
        _announce_failure(cursor, channel, outcome, at)
    return outcome


def _prefix(head: Delivery, reply: HttpReply) -> str:
    """How the reason of a failed attempt begins: whether the receiver has not got the message by any of them."""
    if head.reason.startswith(AGAIN):
        return AGAIN
    return UNTAKEN if reply.is_undelivered and (head.state == "queued" or head.is_untaken) else ""


def failure_reason(reply: HttpReply) -> str:
    """Why a message was not taken, with the beginning of what the receiver answered."""
    words = f": {reply.text[:200]}" if reply.text and reply.status >= 400 else ""
    return " ".join(f"{reply.error}{words}".split())


def _announce_failure(cursor: Cursor, channel: Channel, dead: Delivery, at: datetime) -> None:
    """Put a death on the trail and tell it by every other channel; the death of that is told by none."""
    detail = {
        "channel": channel.name, "delivery": dead.id, "event": dead.event, "finding": dead.finding, "why": dead.reason,
    }  # fmt: skip
    trail.append(cursor, actor=ACTOR, action=Act.ALERT_NOT_DELIVERED, system=dead.system, detail=detail)
    if dead.event == "channel.failed":
        return
    sentence = f"The channel {channel.name} did not take a message. It said: {dead.data['sentence']}"
    event = Event(
        type="channel.failed",
        sentence=sentence,
        at=at,
        system=dead.system,
        finding=dead.finding,
        severity=Severity.HIGH,
        data={"channel": channel.name, "attempts": dead.attempts},
    )
    queue(cursor, event, only=[c.name for c in read_channels(cursor) if c.name != channel.name])


def _record(ws: Workspace, sent: Sequence[Delivery]) -> None:
    """One entry on the trail a system: which messages were taken, by their digests."""
    if not sent:
        return
    with ws.write(by_itself=True) as cursor:
        for system in dict.fromkeys(d.system for d in sent):
            messages = [
                {
                    "id": d.id,
                    "channel": d.channel,
                    "event": d.event,
                    "finding": d.finding,
                    "sha256": d.payload_sha256,
                }
                for d in sent
                if d.system == system
            ]
            trail.append(
                cursor, actor=ACTOR, action=Act.ALERTS_SENT, system=system, detail={"messages": messages}
            )
