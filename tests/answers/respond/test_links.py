"""A link to acknowledge by: signed, for a week, once; opening it changes nothing, and a role is asked for."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plumbline.answers.governance import access
from plumbline.answers.respond import links
from plumbline.answers.respond.outbox import ADDRESS
from plumbline.domain import PlumblineError
from plumbline.domain.acts import Access
from plumbline.respond import pager, text
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import AT, HOUR, Post, add_channel, check, deliver, problem


def sent(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv(ADDRESS, "https://plumbline.example.org/")
    add_channel(ws)
    check(ws, problem())
    post = Post()
    deliver(ws, post)
    payload: dict[str, Any] = post.came[0][2]
    return payload


def token_in(payload: dict[str, Any]) -> str:
    url = urlsplit(payload["data"]["links"]["acknowledge"])
    assert (url.netloc, url.path) == ("plumbline.example.org", "/alerts")
    (token,) = parse_qs(url.query)[links.PARAMETER]
    return token


def seen_by(ws: Workspace) -> str:
    with ws.read() as cursor:
        return register.read_finding(cursor, 1).acknowledged_by or ""


def test_a_link_acknowledges_once_and_opening_it_changes_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_in(sent(workspace, monkeypatch))
    assert links.resolve_link(workspace, token).record.id == 1
    assert seen_by(workspace) == ""
    with pytest.raises(PlumblineError, match="name"):
        links.acknowledge(workspace, token, by=" ")
    assert links.acknowledge(workspace, token, by="Ada").acknowledged_by == "Ada"
    with pytest.raises(PlumblineError, match="used already"):
        links.acknowledge(workspace, token, by="Bo")
    with workspace.read() as cursor:
        assert token not in str([entry.detail for entry in trail.entries(cursor)])


def test_a_link_ends_after_a_week(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    token, then = token_in(sent(workspace, monkeypatch)), time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: then + links.LIFE.total_seconds() + 5)
    with pytest.raises(PlumblineError, match="has ended"):
        links.acknowledge(workspace, token, by="Ada")
    assert seen_by(workspace) == ""


@pytest.mark.parametrize("forged", ["", "x", "WyJkbHYiLDFd.aaaa.bbbb", "\x00" * 600, "é"])
def test_a_forged_link_is_none(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, forged: str) -> None:
    token = token_in(sent(workspace, monkeypatch))
    # not the last letter: some of its bits hold nothing
    for text_of in (forged, token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:], token[1:]):
        with pytest.raises(PlumblineError, match="no link"):
            links.resolve_link(workspace, text_of)


def test_a_viewer_may_not_use_it_and_an_analyst_may(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_in(sent(workspace, monkeypatch))
    access.give(workspace, "own@x.org", Access.OWNER, by="own@x.org")
    for mail, role in (("vic@x.org", Access.VIEWER), ("ana@x.org", Access.ANALYST)):
        access.give(workspace, mail, role, by="own@x.org")
    with pytest.raises(PlumblineError, match="Only an analyst"):
        links.acknowledge(workspace.as_person("vic@x.org"), token, by="vic@x.org")
    assert seen_by(workspace) == ""
    links.acknowledge(workspace.as_person("ana@x.org"), token, by="ana@x.org")
    assert seen_by(workspace) == "ana@x.org"


def test_each_message_about_a_problem_has_a_link_of_its_own_and_the_all_clear_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sent(workspace, monkeypatch)
    post = Post()
    deliver(workspace, post, AT + 5 * HOUR)
    assert token_in(post.came[0][2]) != token_in(first)
    check(workspace, problem(over=True), at=AT + 6 * HOUR)
    deliver(workspace, post, AT + 6 * HOUR)
    assert "acknowledge" not in post.came[-1][2]["data"]["links"]
    assert "Acknowledge it" in text.plain_text(first)
    assert len(pager.pagerduty_event("k", first)["links"]) == 2
