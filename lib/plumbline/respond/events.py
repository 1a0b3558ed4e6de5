"""What is told: one event, and the CloudEvents 1.0 envelope in which a receiver gets it.

An envelope holds counts, limits, times and names of columns; never a row, a value of a column, or a person.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from plumbline.domain import Severity, json_object

SOURCE = "plumbline"
#: type -> what it tells, in the words of the list of deliveries
TYPES = {
    "finding.opened": "A problem began",
    "finding.worsened": "A problem got worse",
    "finding.reminder": "Nobody has seen a problem yet",
    "finding.resolved": "A problem is over",
    "finding.merged": "A problem is part of another",
    "finding.withdrawn": "A problem was not one",
    "source.silent": "A source fell silent",
    "check.failed": "A check failed",
    "clock.due": "A legal step is due",
    "trigger.fired": "A retraining was started",
    "trigger.finished": "A retraining finished",
    "trigger.failed": "A retraining failed",
    "rollback.proposed": "A rollback is proposed",
    "rollback.done": "A rollback was done",
    "rollback.refused": "A rollback was refused",
    "rollback.failed": "A rollback failed",
    "channel.failed": "Another channel failed",
    "channel.test": "A test",
    "digest": "What waited for its hour",
    "summary": "What waited while this channel was down",
}
#: bytes; Standard Webhooks asks for less than 20 kB
LARGEST = 20_000
LONGEST_SENTENCE = 600
#: further events that one message lists
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell. ``sentence`` and ``data`` leave this machine: no row, no value of a column.

    ``system``: key of the system, empty where it is about the workspace; ``finding``: its number; ``severity``: sets
    how soon it is told; ``data``: JSON values by name; ``test``: nothing happened, somebody tries the channel.
    """

    type: str
    sentence: str
    at: datetime
    system: str = ""
    finding: int | None = None
    severity: Severity = Severity.HIGH
    data: Mapping[str, Any] = field(default_factory=dict)
    test: bool = False

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"{self.type!r} is no type of event")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who tells: the workspace's id, the address at which people open this Plumbline, and what a link to acknowledge by
    carries, where there are such."""

    workspace: str
    address: str = ""
    token: str = ""


def subject(event: Event) -> str:
    """What an event is about, below its workspace: ``credit/finding/12``, ``credit``, or nothing."""
    parts = [event.system] if event.system else []
    if event.finding is not None:
        parts += ["finding", str(event.finding)]
    return "/".join(quote(part, safe="") for part in parts)


def thread(sender: str, event_type: str, about: str, message: str) -> str:
    """What all messages about one problem share: PagerDuty's dedup_key and the first id of a thread of mails."""
    own = (
        about if event_type.startswith(("finding.", "source.silent")) and about else f"{event_type}/{message}"
    )
    return f"plumbline/{sender}/{own}"


def envelope(event: Event, others: tuple[Event, ...], sender: Sender, message: str) -> dict[str, Any]:
    """A message's payload.

    Args:
        others: events that are told in the same message.
        message: its id.

    Returns:
        JSON values; see ``docs/alerts.md`` for the fields.
    """
    about = subject(event)
    data: dict[str, Any] = {
        **_summary(event),
        **event.data,
        "links": _links(event, sender),
        "thread": thread(sender.workspace, event.type, about, message),
        "test": event.test,
    }
    if others:
        data["also"] = [
            {"type": f"plumbline.{other.type}.v1", **_summary(other), **_short_data(other)}
            for other in others[:MOST]
        ]
        data["also_count"] = len(others)
    built: dict[str, Any] = {
        "specversion": "1.0",
        "id": message,
        "type": f"plumbline.{event.type}.v1",
        "source": f"/workspace/{sender.workspace}",
        "time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": json_object(data),
    }
    return built | ({"subject": about} if about else {})


def payload_bytes(payload: Mapping[str, Any]) -> bytes:
    """A payload's bytes: sorted keys, UTF-8, below ``LARGEST``; what is listed beside the main event is cut first."""
    whole = dict(payload)
    while True:
        body = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        listed = whole["data"].get("also", [])
        if len(body) < LARGEST or not listed:
            return body
        whole["data"] = whole["data"] | {"also": listed[: len(listed) // 2]}


def digest(body: bytes) -> str:
    """SHA-256 of a payload, by which the trail names it."""
    return hashlib.sha256(body).hexdigest()


def _summary(event: Event) -> dict[str, Any]:
    sentence = " ".join(event.sentence.split())
    cut = sentence if len(sentence) <= LONGEST_SENTENCE else sentence[: LONGEST_SENTENCE - 1] + "…"
    return {
        "finding": event.finding, "system": event.system, "severity": event.severity.value, "sentence": cut,
    }  # fmt: skip


def _short_data(event: Event) -> dict[str, Any]:
    return {name: event.data[name] for name in ("signal", "since", "open") if name in event.data}


def _links(event: Event, sender: Sender) -> dict[str, str]:
    if not sender.address:
        return {}
    system = f"?system={quote(event.system, safe='')}" if event.system else ""
    see = f"{sender.address.rstrip('/')}/alerts{system}"
    if not sender.token:
        return {"see": see}
    return {
        "see": see,
        "acknowledge": f"{see}{'&' if system else '?'}acknowledge={quote(sender.token, safe='')}",
    }
