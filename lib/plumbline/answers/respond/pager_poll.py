"""Who acknowledged at PagerDuty: asked for from here, as this machine takes no call from outside."""

from __future__ import annotations

from datetime import datetime, timedelta

from plumbline.answers.respond.outbox import read_channels
from plumbline.answers.respond.receipts import BEGINNINGS
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Act
from plumbline.respond import pager
from plumbline.respond.channels import PAGER, Channel, read_secret
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.respond import deliveries
from plumbline.store.workspace import Cursor, Workspace

#: how often one workspace asks, and how many findings it asks about at a time
PAUSE, MOST = timedelta(minutes=2), 20
#: when each workspace asked last, by its path
_LAST: dict[str, datetime] = {}


def poll(ws: Workspace, at: datetime) -> int:
    """Ask about each open finding that PagerDuty took and nobody acknowledged; how many a person has seen there.

    The network is touched with no lock held. What cannot be asked now is asked the next time.
    """
    with ws.read() as cursor:
        channels = [c for c in read_channels(cursor) if c.sends and c.kind == PAGER and c.poll]
        open_ones = [(c, _unacknowledged_alerts(cursor, c.name)) for c in channels]
    last = _LAST.get(str(ws.path))
    if not any(threads for _, threads in open_ones) or (
        last is not None and timedelta() <= at - last < PAUSE
    ):
        return 0
    _LAST[str(ws.path)] = at
    return sum(
        _record_acknowledgement(ws, channel, number, thread, at)
        for channel, threads in open_ones
        for number, thread in threads
    )


def _unacknowledged_alerts(cursor: Cursor, channel: str) -> list[tuple[int, str]]:
    """Number and thread of each open finding of which PagerDuty was told and that nobody acknowledged."""
    listed = []
    for record in register.recorded_findings(cursor):
        if not record.open or record.acknowledged_by:
            continue
        sent = [
            d
            for d in deliveries.deliveries_of_finding(cursor, record.id)
            if d.channel == channel and d.state == "sent" and d.event in BEGINNINGS
        ]
        if sent:
            listed.append((record.id, str(sent[-1].data["thread"])))
    return listed[:MOST]


def _record_acknowledgement(ws: Workspace, channel: Channel, number: int, thread: str, at: datetime) -> bool:
    try:
        name = pager.person_aware(
            read_secret(channel.poll), thread, url=pager.INCIDENTS, allow_inner=channel.allow_inner
        )
    except PlumblineError:
        return False
    if not name:
        return False
    with ws.write(by_itself=True) as cursor:
        record = register.read_finding(cursor, number)
        if record.acknowledged_by:
            return False
        who = f"{name} (PagerDuty)"
        register.acknowledge(cursor, number, who, at)
        detail = {
            "at": at.isoformat(),
            "note": f"finding {number}: {record.finding.signal}",
            "channel": channel.name,
        }
        trail.append(
            cursor,
            actor=who,
            action=Act.RECORDED.with_words("alert acknowledged"),
            system=record.finding.system,
            detail=detail,
        )
    return True
