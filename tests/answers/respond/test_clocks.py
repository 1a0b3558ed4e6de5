"""Legal clocks and agreed days: told when they come near and when they are over, once each, whatever is muted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.answers.alerts import incidents
from plumbline.domain import Task
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import DAY, HOUR, Post, add_channel, deliver

NOW = datetime.now(UTC)


@pytest.fixture
def ws(workspace: Workspace) -> Workspace:
    with workspace.write() as cursor:
        systems.create_system(cursor, "S", task=Task.BINARY)
    return workspace


def told(post: Post) -> list[tuple[str, bool]]:
    data = [d for _, _, p in post.came for d in [p["data"], *p["data"].get("also", [])] if "step" in d]
    return [(d["step"], d["overdue"]) for d in data]


def test_an_unclassified_incident_is_told_near_its_end_and_when_it_is_over_once_each(ws: Workspace) -> None:
    add_channel(ws)
    incidents.open_incident(ws, "s", "Good payments blocked", by="Ada", aware_at=NOW - HOUR, at=NOW)
    post = Post()
    for hours in range(30):
        deliver(ws, post, NOW + hours * HOUR)
    assert told(post) == [("classify", False), ("classify", True)]
    assert "Good payments" not in str(post.came)  # a title is free text, and stays here


def test_the_notices_of_a_major_incident_follow_and_what_was_sent_is_silent(ws: Workspace) -> None:
    add_channel(ws)
    item = incidents.open_incident(ws, "s", "Down", by="Ada", aware_at=NOW - 2 * HOUR, at=NOW - HOUR)
    incidents.classify(ws, "s", item.id, by="Ada", flags=("personal_data",), at=NOW)
    post = Post()
    for hours in range(0, 24 * 6, 6):
        deliver(ws, post, NOW + hours * HOUR)
    steps = told(post)
    assert len(steps) == 2
    assert [over for _, over in steps] == [False, True]
    incidents.give_notice(ws, "s", item.id, steps[0][0], by="Ada")
    deliver(ws, post, NOW + 8 * DAY)
    assert told(post) == steps


def test_the_day_agreed_for_closing_is_told_and_a_closed_incident_is_silent(ws: Workspace) -> None:
    add_channel(ws)
    item = incidents.open_incident(ws, "s", "Down", by="Ada", at=NOW)
    incidents.classify(ws, "s", item.id, by="Ada", flags=(), at=NOW)
    due = (NOW + 20 * DAY).date()
    incidents.plan(ws, "s", item.id, by="Ada", cause="A join", owner="Bo", due=due)
    post = Post()
    deliver(ws, post, NOW + 10 * DAY)
    assert told(post) == []
    deliver(ws, post, NOW + 19 * DAY)
    assert told(post) == [("close", False)]
    assert "Bo" not in str(post.came)
    incidents.close_incident(ws, "s", item.id, by="Ada", cause="Mended", at=NOW + timedelta(minutes=1))
    deliver(ws, post, NOW + 30 * DAY)
    assert told(post) == [("close", False)]
