"""Findings, channels and time as the tests of the outbox want them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from plumbline.answers.alerts.check import reconcile
from plumbline.answers.respond.delivery import DeliveryCounts, work
from plumbline.domain import Finding, Severity
from plumbline.domain.messages import message
from plumbline.respond.channels import Channel, new_channel
from plumbline.respond.http import HttpReply
from plumbline.store.respond import channels as channel_store
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import Delivery
from plumbline.store.workspace import Workspace

AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)  # a Tuesday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def problem(
    signal: str = "performance.accuracy",
    severity: Severity = Severity.HIGH,
    *,
    over: bool = False,
    **figures: Any,
) -> Finding:
    since = AT - 20 * DAY
    return Finding(
        system="s", signal=signal, sentence=message("{feature} is not as it was.", feature=signal), since=since,
        until=since + 9 * DAY if over else None, severity=severity, confidence=0.98, page="accuracy", figures=figures,
        known_at=since + DAY,
    )  # fmt: skip


def add_channel(
    ws: Workspace, name: str = "ops", address: str = "https://hooks.example.com/x", **more: Any
) -> Channel:
    channel = new_channel(name, address, **more)
    with ws.write() as cursor:
        channel_store.keep(cursor, name, channel.body())
    return channel


def check(ws: Workspace, *found: Finding, at: datetime = AT, looked_at: tuple[str, ...] = ("",)) -> None:
    """What a check does once the signals were measured."""
    with ws.write() as cursor:
        reconcile(cursor, "s", list(found), looked_at, at)


def outbox(ws: Workspace) -> list[Delivery]:
    with ws.read() as cursor:
        return deliveries.recent_deliveries(cursor)[::-1]


@dataclass
class Post:
    """A stand-in for the network: keeps what is sent, and answers as it is told."""

    reply: HttpReply = field(default_factory=lambda: HttpReply(status=200))
    came: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, channel: Channel, message: str, body: bytes, at: datetime) -> HttpReply:
        self.came.append((channel.name, message, json.loads(body)))
        return self.reply

    def kinds(self, channel: str = "ops") -> list[str]:
        return [
            p["type"].removeprefix("plumbline.").removesuffix(".v1") for n, _, p in self.came if n == channel
        ]


def deliver(ws: Workspace, post: Post, at: datetime = AT) -> DeliveryCounts:
    return work(ws, at, chance=lambda: 0.0, sender=post)


DOWN = HttpReply(error="No whole answer within 20 seconds")
UP = HttpReply(status=200)


def finding_of(base: Finding, **changed: Any) -> Finding:
    return replace(base, **changed)
