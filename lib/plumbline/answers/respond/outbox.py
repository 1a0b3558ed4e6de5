"""The outbox: messages are written in the transaction of what they tell, and sent later by ``delivery.work``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from plumbline.domain import Severity
from plumbline.respond import events, retries
from plumbline.respond.channels import Channel, channel_from
from plumbline.respond.events import Event, Sender
from plumbline.store import systems
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries, settings
from plumbline.store.respond.deliveries import INSIDE, Delivery
from plumbline.store.workspace import Cursor, Workspace

#: the address at which people open this Plumbline, for links in messages
ADDRESS = "PLUMBLINE_URL"


def channels_in(cursor: Cursor) -> tuple[Channel, ...]:
    """Every channel, by name."""
    return tuple(channel_from(body) for _, body in channel_store.channels(cursor))


def queue(
    cursor: Cursor, *group: Event, only: Iterable[str] | None = None, withheld: str = ""
) -> tuple[str, ...]:
    """Write one message to each channel that takes these events, inside the caller's transaction.

    Several events become one message, named and timed by the gravest; the others stand in it. A row is kept of each,
    so that its end can follow it.

    Args:
        only: names of the channels, whatever they take: where the beginning went, its end goes.
        withheld: why nothing is sent; the rows then only say so.

    Returns:
        The ids of the messages that ``delivery.work`` will send.
    """
    written = []
    for channel in channels_in(cursor):
        if not channel.sends or (only is not None and channel.name not in only):
            continue
        taken = [e for e in group if only is not None or channel.takes(e.system, e.severity)]
        if taken:
            written.append(_written(cursor, channel.name, taken, withheld))
    return () if withheld else tuple(written)


def _written(cursor: Cursor, channel: str, group: Sequence[Event], withheld: str) -> str:
    ranks = list(Severity)
    main, *others = sorted(group, key=lambda event: -ranks.index(event.severity))
    at = max(event.at for event in group)
    due = retries.due_at(main.severity, at, _zone(cursor, main.system))
    number = add(cursor, channel, main, others, at=at, due=due, reason=withheld)
    for other in others:
        add(cursor, channel, other, at=at, due=due, reason=withheld or INSIDE + number)
    return number


def add(
    cursor: Cursor,
    channel: str,
    event: Event,
    others: Sequence[Event] = (),
    *,
    at: datetime,
    due: datetime,
    reason: str = "",
    attempts: int = 0,
) -> str:
    """Put one row into the outbox; returns its id.

    Args:
        attempts: made of what stands in it, so that its pauses and its patience go on from there.
        reason: why it is not sent by itself; empty: it is.
    """
    number = new_id()
    row = replace(row_of(cursor, number, channel, event, others, at=at, due=due), attempts=attempts)
    deliveries.add(cursor, replace(row, state="suppressed", reason=reason, ended_at=at) if reason else row)
    return number


def row_of(
    cursor: Cursor,
    number: str,
    channel: str,
    event: Event,
    others: Sequence[Event] = (),
    *,
    at: datetime,
    due: datetime,
) -> Delivery:
    """A message as the outbox keeps it, its payload to the byte."""
    sender = Sender(settings.workspace_id(cursor), os.environ.get(ADDRESS, ""))
    body = events.encoded(events.envelope(event, tuple(others), sender, number))
    return Delivery(
        id=number,
        channel=channel,
        event=event.type,
        system=event.system,
        finding=event.finding,
        payload=body.decode(),
        payload_sha256=events.digest(body),
        made_at=at,
        due_at=due,
    )


def messages(ws: Workspace, system: str | None = None) -> tuple[Delivery, ...]:
    """Every message of a system or of all, the newest first; those about the workspace as a whole come with each.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        if system:
            systems.get_system(cursor, system)
        return tuple(deliveries.recent(cursor, system))


def new_id() -> str:
    """An id that no other message has: the receiver's key against repeats."""
    return f"dlv_{secrets.token_hex(12)}"


def _zone(cursor: Cursor, system: str) -> str:
    known = systems.find_system(cursor, system) if system else None
    return known.timezone if known else "UTC"
