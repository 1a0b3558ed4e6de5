"""Setting channels up, and proving that a person reads what comes over one: a code goes out and is typed back."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.delivery import failure_reason
from plumbline.answers.respond.messages import finding_event
from plumbline.answers.respond.outbox import accepts_event, build_delivery, new_id, queue, read_channels
from plumbline.answers.signer import signer
from plumbline.domain import PlumblineError, Severity
from plumbline.domain.acts import Act
from plumbline.domain.messages import message
from plumbline.respond.channels import Channel, new_channel
from plumbline.respond.events import Event
from plumbline.respond.send import receipt, send
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries
from plumbline.store.workspace import Cursor, Workspace, now

#: how long a code counts, and how often one may be tried
CODE_COUNTS, TRIES = timedelta(days=2), 5
#: how long a code that was typed back proves that the channel reaches a person
PROVES = timedelta(days=365)
HIDDEN = "······"


@dataclass(frozen=True, slots=True)
class ChannelTest:
    """How a test went. ``receipt``: what the receiver answered; ``reason``: why it did not take the message."""

    channel: str
    sent: bool
    receipt: str
    reason: str


def channels(ws: Workspace) -> tuple[Channel, ...]:
    """Every channel, by name."""
    with ws.read() as cursor:
        return read_channels(cursor)


def add(
    ws: Workspace,
    name: str,
    address: str,
    *,
    by: str,
    secret: str = "",
    poll: str = "",
    severity: str = "low",
    keys: tuple[str, ...] = (),
    families: tuple[str, ...] = (),
    hours: str = "",
    allow_inner: bool = False,
) -> Channel:
    """Set a channel up: an owner's act.

    Args:
        address: ``https://``, ``http://``, ``mailto:``, ``pagerduty:``, ``apprise:`` or ``env:VARIABLE``.
        secret: name of the environment variable that holds the signing secret, routing key or service's address.
        poll: of the variable with the token by which PagerDuty is asked who acknowledged.
        severity: the lowest that goes there. keys: of the systems that it is told of; none: all.
        families: of findings, names of ``routes.FAMILIES``; none: all. hours: ``08:00-18:00`` on a system's clock.

    Raises:
        PlumblineError: see ``new_channel``; no such system; a channel of that name is there.
    """
    signer(by)
    channel = new_channel(
        name, address, secret=secret, poll=poll, severity=severity, systems=keys, families=families, hours=hours,
        allow_inner=allow_inner,
    )  # fmt: skip
    with ws.write() as cursor:
        for key in channel.systems:
            systems.get_system(cursor, key)
        if any(other.name == channel.name for other in read_channels(cursor)):
            raise PlumblineError(
                message("A channel {name} is there already", name=channel.name), todo="Remove it first."
            )
        channel = replace(channel, added_by=by.strip(), added_at=now().isoformat())
        channel_store.keep(cursor, channel.name, channel.body())
        detail = {
            "channel": channel.name, "address": channel.address, "secret": channel.secret, "poll": channel.poll,
            "severity": channel.severity.value, "systems": list(channel.systems), "families": list(channel.families),
            "hours": channel.hours, "allow_inner": channel.allow_inner,
        }  # fmt: skip
        trail.append(cursor, actor=by.strip(), action=Act.CHANNEL_ADDED, detail=detail)
    return channel


def remove(ws: Workspace, name: str, *, by: str) -> None:
    """Take a channel away, and what waits for it: an owner's act.

    Raises:
        PlumblineError: no such channel.
    """
    signer(by)
    with ws.write() as cursor:
        find_channel(cursor, name)
        _drop_queue(cursor, name, "its channel was removed")
        channel_store.remove(cursor, name)
        trail.append(cursor, actor=by.strip(), action=Act.CHANNEL_REMOVED, detail={"channel": name})


def turn(ws: Workspace, name: str, *, on: bool, by: str) -> Channel:
    """Switch a channel off, or on again: an owner's act.

    Raises:
        PlumblineError: no such channel.
    """
    signer(by)
    with ws.write() as cursor:
        channel = replace(find_channel(cursor, name), off="" if on else f"switched off by {by.strip()}")
        if not on:
            _drop_queue(cursor, name, "its channel was switched off")
        channel_store.keep(cursor, name, channel.body())
        detail = {"channel": name, "on": on}
        trail.append(cursor, actor=by.strip(), action=Act.CHANNEL_CHANGED, detail=detail)
    return channel


def _drop_queue(cursor: Cursor, name: str, reason: str) -> None:
    deliveries.suppress(cursor, [d.id for d in deliveries.queued_deliveries(cursor, name)], reason, now())


def find_channel(cursor: Cursor, name: str) -> Channel:
    """The channel of that name.

    Raises:
        PlumblineError: there is none.
    """
    channel_named = next((channel for channel in read_channels(cursor) if channel.name == name), None)
    if channel_named is None:
        raise PlumblineError(
            message("There is no channel {name}", name=name[:60]), todo="See `plumbline channel list`."
        )
    return channel_named


def send_test(ws: Workspace, name: str, *, by: str, at: datetime | None = None) -> ChannelTest:
    """Send a real message with a six-digit code, at once. The code is nowhere in the workspace: only its digest is.

    Raises:
        PlumblineError: no such channel, it is off, or acting is switched off.
    """
    signer(by)
    moment, code = at or now(), f"{secrets.randbelow(10**6):06d}"
    number = new_id()
    with ws.read() as cursor:
        channel = find_channel(cursor, name)
        if stopped := kill_switch.reason_to_stop(cursor):
            raise PlumblineError(stopped)
    if channel.off:
        raise PlumblineError(message("The channel {name} is off: {off}", name=name, off=channel.off))
    salt = secrets.token_hex(16)
    sealed = {
        "salt": salt,
        "digest": _code_digest(code, salt),
        "at": moment.isoformat(),
        "tries": "0",
        "by": by.strip(),
    }
    with ws.write() as cursor:  # before anything is sent, so that a reader who is quick is believed
        channel_store.keep(cursor, name, replace(find_channel(cursor, name), code=sealed).body())
        delivery = build_delivery(cursor, number, name, _event(name, HIDDEN, moment), at=moment, due=moment)
        whole = build_delivery(cursor, number, name, _event(name, code, moment), at=moment, due=moment)
        trail.append(
            cursor, actor=by.strip(), action=Act.CHANNEL_TESTED, detail={"channel": name, "delivery": number}
        )
    reply = send(channel, number, whole.payload.encode(), moment)
    result = ChannelTest(
        name, reply.ok, receipt(channel, reply) if reply.ok else "", "" if reply.ok else failure_reason(reply)
    )
    with ws.write(by_itself=True) as cursor:
        if (
            reply.is_undelivered and (current := find_channel(cursor, name)).code == sealed
        ):  # nobody can have read it
            channel_store.keep(cursor, name, replace(current, code=None).body())
        deliveries.add(
            cursor,
            replace(
                delivery,
                state="sent" if reply.ok else "dead",
                attempts=1,
                receipt=result.receipt,
                reason=result.reason.replace(code, HIDDEN),
                ended_at=now(),
            ),
        )
    return result


def _event(name: str, code: str, at: datetime) -> Event:
    sentence = (
        f"This tests the channel {name}. Type the code {code} back where the test was started: that proves that a "
        "person reads what comes here."
    )
    return Event(
        type="channel.test", sentence=sentence, at=at, severity=Severity.LOW, data={"code": code}, test=True
    )


def _code_digest(code: str, salt: str) -> str:
    """A digest that takes its time: six digits are few."""
    return hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()


def confirm(ws: Workspace, name: str, code: str, *, by: str, at: datetime | None = None) -> Channel:
    """Type a code back.

    Raises:
        PlumblineError: no such channel; no code is out, or not any more; it is not the one that was sent.
    """
    signer(by)
    moment, digits = at or now(), "".join(ch for ch in code if ch.isdecimal())
    with ws.write() as cursor:
        channel = find_channel(cursor, name)
        out = dict(channel.code or {})
        if not out or moment - datetime.fromisoformat(out["at"]) > CODE_COUNTS:
            raise PlumblineError(
                message("No code is out on the channel {name}", name=name),
                todo=message("Send one: plumbline channel test {name}", name=name),
            )
        fits = hmac.compare_digest(_code_digest(digits, out["salt"]), out["digest"])
        tries = int(out["tries"]) + 1
        first = not channel.confirmed_at
        if fits:
            channel = replace(
                channel, code=None, confirmed_by=by.strip(), confirmed_at=moment.isoformat(), off=""
            )
            detail = {"channel": name, "sent_at": out["at"], "sent_by": out["by"]}
        else:
            channel = replace(channel, code=None if tries >= TRIES else {**out, "tries": str(tries)})
        channel_store.keep(cursor, name, channel.body())
        if fits:
            trail.append(cursor, actor=by.strip(), action=Act.CHANNEL_CONFIRMED, detail=detail)
        if fits and first:
            _announce_open_findings(cursor, channel, moment)
    if not fits:
        left = TRIES - tries
        todo = f"{left} {'try is' if left == 1 else 'tries are'} left." if left else "Send a new one."
        raise PlumblineError("That is not the code that was sent", todo=todo)
    return channel


def silence(ws: Workspace, system: str | None = None) -> list[str]:
    """Why nothing of a system, or of any, would be sent now, in sentences a person can act on; never empty.

    Args:
        system: a key; None: all systems.
    """
    with ws.read() as cursor:
        why, open_ones = kill_switch.reason_to_stop(cursor), [c for c in read_channels(cursor) if c.sends]
    if why:
        return [f"{why}."]
    if not open_ones:
        return ["No channel is set up, so nobody hears of it. Add one: plumbline channel add NAME URL."]
    if system and not any(not c.systems or system in c.systems for c in open_ones):
        return [f"No channel takes {system}."]
    unread = [c.name for c in open_ones if not c.confirmed_at]
    return [
        "What is open was told, or nothing began, got worse or ended.",
        *(
            f"{name} is told what is open once somebody types its code back: plumbline channel test {name}."
            for name in unread
        ),
    ]


def _announce_open_findings(cursor: Cursor, channel: Channel, at: datetime) -> None:
    """Tell a channel that is read for the first time what was open before it: one message a system."""
    for system in systems.list_systems(cursor):
        aware = {
            d.finding
            for d in deliveries.recent_deliveries(cursor, system.key, 100_000)
            if d.channel == channel.name
        }
        known = register.recorded_findings(cursor, system.key, parts=True)
        open_ones = [r for r in known if r.open and (r.part_of is None or r.follows)]
        records = [r for r in open_ones if (r.part_of or r.id) not in aware]
        group = [finding_event(cursor, r, "finding.opened", at) for r in records]
        events = [event for event in group if accepts_event(channel, event)]
        if events:
            queue(cursor, *events, only=[channel.name])


def is_proved(channel: Channel, at: datetime) -> bool:
    """Whether somebody typed a code of this channel back within the last year."""
    return bool(channel.confirmed_at) and at - datetime.fromisoformat(channel.confirmed_at) <= PROVES


def public_fields(channel: Channel) -> dict[str, object]:
    """A channel as the command line prints it: without digest and salt."""
    values: dict[str, object] = json.loads(channel.body())
    waits = values.pop("code")
    return values | {"kind": channel.kind, "code_sent": bool(waits)}
