"""The envelope, against the reader of those who wrote CloudEvents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from plumbline.domain import Severity
from plumbline.respond import events
from plumbline.respond.events import Event, Sender

AT = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
SENDER = Sender("3f2a", "https://plumbline.example.com/")


def event(**more: Any) -> Event:
    given: dict[str, Any] = {
        "type": "finding.opened", "sentence": "Accuracy went to 71 %.", "at": AT, "system": "credit", "finding": 12,
        "data": {"signal": "performance.accuracy", "value": 0.71, "since": AT},
    }  # fmt: skip
    return Event(**given | more)


def test_cloudevents_own_reader_takes_every_type() -> None:
    reader = pytest.importorskip("cloudevents.v1.conversion")
    from cloudevents.v1.http import CloudEvent

    for kind in events.TYPES:
        body = events.payload_bytes(events.envelope(event(type=kind), (), SENDER, "dlv_1"))
        read = reader.from_json(CloudEvent, body)
        assert read["specversion"] == "1.0"
        assert read["type"] == f"plumbline.{kind}.v1"
        assert read["subject"] == "credit/finding/12"
        assert read["source"] == "/workspace/3f2a"
        assert read["time"] == "2026-03-03T10:00:00Z"


def test_a_message_says_what_a_receiver_needs() -> None:
    data = events.envelope(event(), (), SENDER, "dlv_1")["data"]
    assert data == {
        "finding": 12, "system": "credit", "severity": "high", "sentence": "Accuracy went to 71 %.",
        "signal": "performance.accuracy", "value": 0.71, "since": AT.isoformat(), "test": False,
        "thread": "plumbline/3f2a/credit/finding/12",
        "links": {"see": "https://plumbline.example.com/alerts?system=credit"},
    }  # fmt: skip


def test_messages_about_one_problem_share_a_thread_and_others_do_not() -> None:
    opened, over, other = (
        events.envelope(event(type=kind, finding=number), (), SENDER, f"dlv_{kind}")["data"]["thread"]
        for kind, number in (("finding.opened", 12), ("finding.resolved", 12), ("finding.opened", 13))
    )
    tests = {
        events.envelope(event(type="channel.test"), (), SENDER, f"dlv_{i}")["data"]["thread"]
        for i in range(2)
    }
    assert opened == over != other
    assert len(tests) == 2


def test_a_payload_stays_below_twenty_kilobytes() -> None:
    many = tuple(event(sentence="ä" * 5000, finding=n, severity=Severity.LOW) for n in range(500))
    body = events.payload_bytes(events.envelope(event(sentence="x" * 9000), many, SENDER, "dlv_1"))
    data = json.loads(body)["data"]
    assert len(body) < events.LARGEST
    assert data["also_count"] == 500
    assert 0 < len(data["also"]) <= events.MOST


def test_a_type_that_nobody_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="no type"):
        event(type="finding.found")


def test_names_that_hold_anything_stay_one_subject() -> None:
    subject = events.subject(event(system="a/b c\r\n"))
    assert subject == "a%2Fb%20c%0D%0A/finding/12"
