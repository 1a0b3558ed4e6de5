"""An acknowledgement at PagerDuty comes back by being asked for; only a person's counts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plumbline.answers.respond import pager_poll
from plumbline.domain import PlumblineError
from plumbline.respond import pager
from plumbline.respond.channels import new_channel
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import AT, DAY, HOUR, Post, add_channel, check, deliver, problem
from tests.respond.receiver import Receiver, answer_with, receiver

PERSON = {"type": "user_reference", "summary": "Bo Larsen"}
SERVICE = {"type": "service_reference", "summary": "Checkout"}


def incident(status: str, by: dict[str, str], acknowledged: bool = False) -> dict[str, Any]:
    acts = [{"at": "2026-03-03T10:05:00Z", "acknowledger": by}] if acknowledged else []
    return {"status": status, "acknowledgements": acts, "last_status_change_by": by}


def told(ws: Workspace, own: Receiver, monkeypatch: pytest.MonkeyPatch, body: object) -> Post:
    monkeypatch.setenv("PD_TOKEN", "s3cret-token")
    monkeypatch.setattr(pager, "INCIDENTS", f"{own.url}/incidents")
    pager_poll._LAST.clear()
    own.answer = answer_with(200, json.dumps(body).encode())
    add_channel(ws, "duty", "pagerduty:", secret="PD_KEY", poll="PD_TOKEN", allow_inner=True)
    check(ws, problem())
    post = Post()
    deliver(ws, post)
    deliver(ws, post, AT + HOUR)
    return post


def acknowledged_by(ws: Workspace) -> str:
    with ws.read() as cursor:
        return register.read_finding(cursor, 1).acknowledged_by or ""


@pytest.mark.parametrize(
    "entry", [incident("acknowledged", PERSON, acknowledged=True), incident("resolved", PERSON)]
)
def test_who_acknowledged_at_pagerduty_is_named_here_and_no_reminder_follows(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any]
) -> None:
    with receiver() as own:
        post = told(workspace, own, monkeypatch, {"incidents": [entry]})
        assert acknowledged_by(workspace) == "Bo Larsen (PagerDuty)"
        asked = own.came[0]
        deliver(workspace, post, AT + 2 * DAY)
    thread = parse_qs(urlsplit(asked.path).query)["incident_key"]
    assert thread == [post.came[0][2]["data"]["thread"]]
    assert asked.headers["authorization"] == "Token token=s3cret-token"
    assert (len(own.came), post.kinds("duty")) == (1, ["finding.opened"])
    with workspace.read() as cursor:
        (entry_of_trail,) = trail.entries(cursor, action="recorded: alert acknowledged")
        assert "s3cret" not in str([e.detail for e in trail.entries(cursor)])
    assert entry_of_trail.detail["channel"] == "duty"


@pytest.mark.parametrize(
    "body",
    [
        {"incidents": []}, {"incidents": [incident("resolved", SERVICE)]}, {"error": "no"}, {"incidents": [3]},
        {"incidents": {"a": 1}}, [],
    ],
)  # fmt: skip
def test_what_no_person_did_or_is_no_answer_acknowledges_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    with receiver() as own:
        told(workspace, own, monkeypatch, body)
    assert acknowledged_by(workspace) == ""


def test_an_unset_token_or_a_refusal_is_no_fault_of_the_delivery(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as own:
        post = told(workspace, own, monkeypatch, {"incidents": []})
        monkeypatch.delenv("PD_TOKEN")
        deliver(workspace, post, AT + 5 * HOUR)
        monkeypatch.setenv("PD_TOKEN", "x")
        own.answer = answer_with(401)
        deliver(workspace, post, AT + 6 * HOUR)
    assert post.kinds("duty") == ["finding.opened", "finding.reminder"]


def test_only_pagerduty_is_asked() -> None:
    with pytest.raises(PlumblineError, match="Only PagerDuty"):
        new_channel("ops", "https://hooks.example.com/x", poll="TOKEN")
