"""The outbox: messages are written in the transaction of what they tell, and sent later by ``delivery.work``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plumbline.answers.respond import links
from plumbline.domain import Severity
from plumbline.respond import events, retries, routes
from plumbline.respond.channels import Channel, read_channel
from plumbline.respond.events import Event, Sender
from plumbline.store import systems
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries, settings
from plumbline.store.respond.deliveries import INSIDE, Delivery
from plumbline.store.workspace import Cursor, Workspace

#: the address at which people open this Plumbline, for links in messages
ADDRESS = "PLUMBLINE_URL"
#: messages that hold a link to acknowledge by
ACKNOWLEDGED = ("finding.opened", "finding.worsened", "finding.reminder")


def read_channels(cursor: Cursor) -> tuple[Channel, ...]:
    """Every channel, by name."""
    return tuple(read_channel(body) for _, body in channel_store.channels(cursor))


def queue(
    cursor: Cursor, *group: Event, only: Iterable[str] | None = None, withheld: str = ""
) -> tuple[str, ...]:
    """Write one message to each channel that takes these events, inside the caller's transaction.

    Several events become one message, named and timed by the gravest; the others stand in it. A row is kept of each,
    so that its end can follow it. Outside a channel's hours an event goes to the others that take it and are open; it
    waits for the hours to begin where none is.

    Args:
        only: names of the channels, whatever they take: where the beginning went, its end goes.
        withheld: why nothing is sent; the rows then only say so.

    Returns:
        The ids of the messages that ``delivery.work`` will send.
    """
    written = [
        _write_message(cursor, route.channel, [group[place] for place in route.places], route.due, withheld)
        for route in _routes(cursor, group, only)
    ]
    return () if withheld else tuple(written)


def accepts_event(channel: Channel, event: Event) -> bool:
    """Whether an event goes to a channel, at whatever hour."""
    family = routes.event_family(event.type, str(event.data.get("signal", "")))
    return channel.accepts(event.system, event.severity, family)


@dataclass(frozen=True, slots=True)
class _Route:
    """A channel, the places in the group of what goes there, when, and whether that waits for its hours."""

    channel: str
    places: tuple[int, ...]
    due: datetime
    waits: bool


def _routes(cursor: Cursor, group: Sequence[Event], only: Iterable[str] | None) -> list[_Route]:
    names = None if only is None else set(only)
    ways = []
    for channel in read_channels(cursor):
        if not channel.sends or (names is not None and channel.name not in names):
            continue
        places = tuple(
            i for i, event in enumerate(group) if names is not None or accepts_event(channel, event)
        )
        if places:
            main = _most_severe([group[place] for place in places])
            zone, at = _zone(cursor, main.system), max(group[place].at for place in places)
            moment = retries.delivery_time(main.severity, at, zone)
            due = routes.opening(channel.hours, moment, zone)
            ways.append(_Route(channel.name, places, due, due > moment))
    if names is not None and not all(event.type == "channel.failed" for event in group):
        return ways
    in_hours = {place for route in ways if not route.waits for place in route.places}
    left = [replace(r, places=tuple(p for p in r.places if not r.waits or p not in in_hours)) for r in ways]
    return [route for route in left if route.places]


def _most_severe(group: Sequence[Event]) -> Event:
    return max(group, key=lambda event: list(Severity).index(event.severity))


def _write_message(cursor: Cursor, channel: str, group: Sequence[Event], due: datetime, withheld: str) -> str:
    ranks = list(Severity)
    main, *others = sorted(group, key=lambda event: -ranks.index(event.severity))
    at = max(event.at for event in group)
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
    row = replace(build_delivery(cursor, number, channel, event, others, at=at, due=due), attempts=attempts)
    deliveries.add(cursor, replace(row, state="suppressed", reason=reason, ended_at=at) if reason else row)
    return number


def build_delivery(
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
    address = os.environ.get(ADDRESS, "")
    may_acknowledge = event.finding is not None and event.type in ACKNOWLEDGED and bool(address)
    token = (
        links.token(cursor, number, event.finding) if may_acknowledge and event.finding is not None else ""
    )
    sender = Sender(settings.workspace_id(cursor), address, token)
    body = events.payload_bytes(events.envelope(event, tuple(others), sender, number))
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
        return tuple(deliveries.recent_deliveries(cursor, system))


def new_id() -> str:
    """An id that no other message has: the receiver's key against repeats."""
    return f"dlv_{secrets.token_hex(12)}"


def _zone(cursor: Cursor, system: str) -> str:
    known = systems.find_system(cursor, system) if system else None
    return known.timezone if known else "UTC"
