"""The outbox: one row a message and channel, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from plumbline.store.workspace import aware, naive

_FIELDS = (
    "id, channel, event, system, finding, payload, payload_sha256, made_at, due_at, attempts, state, reason, receipt, "
    "ended_at"
)
#: states in which a message is still to be sent
WAITING = ("queued", "failed")
#: how the reason of a message begins whose words stand in another message
INSIDE = "stands in "
#: how the reason of a message begins that the receiver has not got for sure, whichever attempt is meant
UNTAKEN = "not taken: "
#: how the reason of a message begins that is tried once more after it was given up
AGAIN = "given up once: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message to one channel. ``state``: queued, sent, failed (to be tried again), dead, suppressed.

    ``receipt``: what the receiver answered; ``reason``: why it is not sent.
    """

    id: str
    channel: str
    event: str
    system: str
    finding: int | None
    payload: str
    payload_sha256: str
    made_at: datetime
    due_at: datetime
    attempts: int = 0
    state: str = "queued"
    reason: str = ""
    receipt: str = ""
    ended_at: datetime | None = None

    @property
    def is_untaken(self) -> bool:
        """Whether it was tried, and is not with the receiver for sure."""
        return self.state in ("failed", "dead") and self.reason.startswith(UNTAKEN)

    @property
    def data(self) -> dict[str, Any]:
        """What the payload tells, by name."""
        values: dict[str, Any] = json.loads(self.payload)["data"]
        return values


def add(cursor: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Put a message into the outbox, inside the caller's transaction."""
    d = delivery
    cursor.execute(
        f"INSERT INTO delivery ({_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            d.id,
            d.channel,
            d.event,
            d.system,
            d.finding,
            d.payload,
            d.payload_sha256,
            naive(d.made_at),
            naive(d.due_at),
            d.attempts,
            d.state,
            d.reason,
            d.receipt,
            naive(d.ended_at) if d.ended_at else None,
        ],
    )


def mark(
    cursor: duckdb.DuckDBPyConnection,
    number: str,
    *,
    state: str,
    attempts: int,
    due_at: datetime,
    reason: str = "",
    receipt: str = "",
    ended_at: datetime | None = None,
) -> None:
    """Write down what an attempt, or a decision not to send, made of a message."""
    cursor.execute(
        "UPDATE delivery SET state = ?, attempts = ?, due_at = ?, reason = ?, receipt = ?, ended_at = ? WHERE id = ?",
        [state, attempts, naive(due_at), reason, receipt, naive(ended_at) if ended_at else None, number],
    )


def suppress(cursor: duckdb.DuckDBPyConnection, numbers: Iterable[str], reason: str, at: datetime) -> None:
    """Say of messages that they are not sent by themselves, and why."""
    for number in numbers:
        cursor.execute(
            "UPDATE delivery SET state = 'suppressed', reason = ?, ended_at = ? WHERE id = ?",
            [reason, naive(at), number],
        )


def explain(cursor: duckdb.DuckDBPyConnection, number: str, reason: str) -> None:
    """Say more about why a message was not sent."""
    cursor.execute("UPDATE delivery SET reason = ? WHERE id = ?", [reason, number])


def lost_deliveries(cursor: duckdb.DuckDBPyConnection, channel: str, since: datetime) -> list[Delivery]:
    """Messages that a channel gave up from that time on, that no other message repeats, and that were not tried again
    since.

    What its receiver refused for good is left out: it would be refused again.
    """
    return _read(
        cursor,
        f"""channel = ? AND state = 'dead' AND attempts > 1 AND ended_at >= ? AND NOT contains(reason, '; {INSIDE}')
            AND NOT starts_with(reason, ?)""",
        [channel, naive(since), AGAIN],
        "ORDER BY made_at, id",
    )


def queued_deliveries(cursor: duckdb.DuckDBPyConnection, channel: str | None = None) -> list[Delivery]:
    """Messages that are still to be sent, in the order in which they are."""
    return _read(
        cursor,
        "state IN ('queued', 'failed') AND (? IS NULL OR channel = ?)",
        [channel, channel],
        "ORDER BY due_at, made_at, id",
    )


def deliveries_of_finding(cursor: duckdb.DuckDBPyConnection, finding: int) -> list[Delivery]:
    """Every message about a finding, in order of time."""
    return _read(cursor, "finding = ?", [finding], "ORDER BY made_at, id")


def deliveries_of_event(cursor: duckdb.DuckDBPyConnection, system: str, event: str) -> list[Delivery]:
    """Every message of one kind about a system, in order of time."""
    return _read(cursor, "system = ? AND event = ?", [system, event], "ORDER BY made_at, id")


def members(cursor: duckdb.DuckDBPyConnection, number: str) -> list[Delivery]:
    """The messages whose words stand in that one."""
    return _read(cursor, "reason = ?", [INSIDE + number], "ORDER BY made_at, id")


def recent_deliveries(
    cursor: duckdb.DuckDBPyConnection, system: str | None = None, limit: int = 500
) -> list[Delivery]:
    """The newest messages first, of a system or of all; those about the workspace as a whole come with each."""
    return _read(
        cursor,
        "? IS NULL OR system IN (?, '')",
        [system, system],
        "ORDER BY made_at DESC, id DESC LIMIT ?",
        limit,
    )


def read_delivery(cursor: duckdb.DuckDBPyConnection, number: str) -> Delivery | None:
    """The message of that id."""
    found = _read(cursor, "id = ?", [number], "")
    return found[0] if found else None


def deliveries_since(cursor: duckdb.DuckDBPyConnection, at: datetime) -> list[Delivery]:
    """Every message made from that time on, the oldest first."""
    return _read(cursor, "made_at >= ?", [naive(at)], "ORDER BY made_at, id")


def suppressed_ids(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The ids of messages that are not sent by themselves."""
    rows = cursor.execute("SELECT id FROM delivery WHERE state = 'suppressed'").fetchall()
    return frozenset(row[0] for row in rows)


def _read(
    cursor: duckdb.DuckDBPyConnection, where: str, values: list[Any], ending: str, *more: Any
) -> list[Delivery]:
    rows = cursor.execute(
        f"SELECT {_FIELDS} FROM delivery WHERE {where} {ending}", [*values, *more]
    ).fetchall()
    return [
        Delivery(
            id=r[0],
            channel=r[1],
            event=r[2],
            system=r[3],
            finding=r[4],
            payload=r[5],
            payload_sha256=r[6],
            made_at=aware(r[7]),
            due_at=aware(r[8]),
            attempts=r[9],
            state=r[10],
            reason=r[11],
            receipt=r[12],
            ended_at=aware(r[13]) if r[13] else None,
        )
        for r in rows
    ]
