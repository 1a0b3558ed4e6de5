"""What deliveries prove: which channels know of a problem, and whether a system's alerts reach a person.

Receipts of the system itself, which nobody can type.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from plumbline.answers.respond.demo_systems import is_evidence_for, is_of_demo
from plumbline.answers.respond.outbox import read_channels
from plumbline.store import findings as register
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import INSIDE, Delivery
from plumbline.store.workspace import Cursor

YEAR = timedelta(days=365)
#: how long somebody has to acknowledge an alert before it counts as unseen
PATIENCE = timedelta(days=7)
ALERTS = ("finding.opened", "finding.worsened", "finding.reminder")
BEGINNINGS = ("finding.opened", "finding.worsened", "source.silent")
ENDS = ("finding.resolved", "finding.withdrawn", "finding.merged")


def alert_facts(cursor: Cursor, system: str, moment: datetime) -> dict[str, Any]:
    """The facts about alerts of one system in the year before a moment; each finding counts once.

    A channel counts where it takes this system and is on. An alert counts as delivered where one channel took it,
    by itself or inside another message, and as failed where every channel gave it up.
    """
    of_demo = is_of_demo(cursor, system)
    usable = [
        c
        for c in read_channels(cursor)
        if not c.off and (not c.systems or system in c.systems) and is_evidence_for(c.added_by, of_demo)
    ]
    read = [
        datetime.fromisoformat(c.confirmed_at)
        for c in usable
        if c.confirmed_at and is_evidence_for(c.confirmed_by, of_demo)
    ]
    rows = deliveries.deliveries_since(cursor, moment - YEAR)
    sent = {d.id for d in rows if d.state == "sent"}
    alerts: dict[int, list[Delivery]] = {}
    for row in rows:
        if row.system == system and row.finding is not None and row.event in ALERTS:
            alerts.setdefault(row.finding, []).append(row)
    delivered = {
        n: alert_deliveries
        for n, alert_deliveries in alerts.items()
        if any(_is_delivered(d, sent) for d in alert_deliveries)
    }
    dead = {
        n
        for n, alert_deliveries in alerts.items()
        if n not in delivered and all(d.state == "dead" for d in alert_deliveries)
    }
    seen = {r.id for r in register.recorded_findings(cursor, system, parts=True) if r.acknowledged_by}
    young = {
        n
        for n, alert_deliveries in delivered.items()
        if n not in seen and moment - alert_deliveries[0].made_at <= PATIENCE
    }
    return {
        "alert_channel": bool(usable),
        "alerts_delivered": len(delivered) if alerts else None,
        "alerts_failed": len(dead) if alerts else None,
        "alerts_acknowledged": len(set(delivered) & seen) if alerts else None,
        "alerts_waiting": len(young) if alerts else None,
        "alert_tested_at": max(read, default=None),
    }


def _is_delivered(delivery: Delivery, sent: set[str]) -> bool:
    """Whether a receiver took a message, by itself or inside another one."""
    _, inside, whole = delivery.reason.rpartition(INSIDE)
    return delivery.state == "sent" or bool(inside and whole in sent)


def channels_aware(deliveries: Sequence[Delivery]) -> list[str]:
    """The channels on which a finding's present episode was or will be told.

    Args:
        deliveries: every message about the finding, in order of time.
    """
    names: list[str] = []
    for delivery in deliveries:
        if delivery.event in ENDS:
            names = [name for name in names if name != delivery.channel]
        elif delivery.event in BEGINNINGS and delivery.channel not in names and is_deliverable(delivery):
            names.append(delivery.channel)
    return names


def is_deliverable(delivery: Delivery) -> bool:
    """Whether a message went out or still will, by itself or inside another one."""
    return delivery.state != "suppressed" or delivery.reason.startswith(INSIDE)
