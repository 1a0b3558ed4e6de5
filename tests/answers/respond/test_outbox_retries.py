"""A message that its receiver does not take: tried again, put together, given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from plumbline.domain import Severity
from plumbline.respond.channels import Channel
from plumbline.respond.http import HttpReply
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import (
    AT,
    DAY,
    DOWN,
    HOUR,
    UP,
    Post,
    add_channel,
    check,
    deliver,
    outbox,
    problem,
)


def test_a_failure_is_tried_again_as_standard_webhooks_asks_and_given_up_after_a_day(
    workspace: Workspace,
) -> None:
    add_channel(workspace)
    add_channel(workspace, "second", severity="high")
    post, seconds = Post(), []
    check(workspace, problem())

    def answer(channel: object, message: str, body: bytes, at: object) -> HttpReply:
        reply = Post.__call__(post, channel, message, body, at)  # type: ignore[arg-type]
        return DOWN if channel.name == "ops" else reply  # type: ignore[attr-defined]

    from plumbline.answers.respond.delivery import work

    for second in [0, 5, 305, 2105, 9305, 27305, 63305, 86400, 86405, 90000]:
        before = len(post.kinds())
        work(workspace, AT + timedelta(seconds=second), chance=lambda: 0.0, sender=answer)
        seconds += [second] * (len(post.kinds()) - before)
    tried = next(own for own in outbox(workspace) if own.channel == "ops" and own.event == "finding.opened")
    assert (tried.state, tried.attempts) == ("dead", 8)
    assert len({message for name, message, _ in post.came if name == "ops" and message == tried.id}) == 1
    assert post.kinds("second")[0] == "finding.opened"
    assert "channel.failed" in post.kinds("second")
    with workspace.read() as cursor:
        assert trail.entries(cursor, action="alert not delivered")


@pytest.mark.parametrize(
    ("status", "state"),
    [(400, "dead"), (404, "dead"), (302, "failed"), (408, "failed"), (425, "failed"), (429, "failed"),
     (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_what_can_never_be_taken_is_given_up_at_once(workspace: Workspace, status: int, state: str) -> None:
    add_channel(workspace)
    check(workspace, problem())
    deliver(
        workspace, Post(HttpReply(status=status, error=f"The receiver answered {status}", text="no\nway"))
    )
    (own,) = outbox(workspace)
    assert own.state == state
    assert str(status) in own.reason


def test_a_receiver_that_is_gone_switches_its_channel_off(workspace: Workspace) -> None:
    add_channel(workspace)
    check(workspace, problem())
    post = Post(HttpReply(status=410, error="The receiver answered 410"))
    deliver(workspace, post)
    check(workspace, problem(), problem("retraining"), at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    assert len(post.came) == 1
    with workspace.read() as cursor:
        assert trail.entries(cursor, action="channel gone")


def test_a_receiver_may_ask_for_a_longer_pause(workspace: Workspace) -> None:
    add_channel(workspace)
    check(workspace, problem())
    deliver(
        workspace,
        Post(HttpReply(status=429, error="The receiver answered 429", headers={"retry-after": "3600"})),
    )
    assert outbox(workspace)[0].due_at == AT + HOUR


@pytest.mark.parametrize(
    ("down", "arrived", "messages"),
    [
        (HttpReply(error="No connection could be made", unreached=True), False, 1),
        (HttpReply(status=503, error="The receiver answered 503"), False, 1),
        (DOWN, False, 3),  # no answer: what was tried may have arrived, and goes under its own id
        (DOWN, True, 3),
    ],
)
def test_a_channel_down_for_two_days_brings_each_problem_once_and_not_the_backlog(
    workspace: Workspace, down: HttpReply, arrived: bool, messages: int
) -> None:
    add_channel(workspace)
    post = Post(down)
    problems = [problem(f"cutoff.x{i}") for i in range(8)]
    for i in range(8):
        check(workspace, *problems[: i + 1], at=AT + i * 6 * HOUR)
        with workspace.write() as cursor:
            register.acknowledge(cursor, i + 1, "Ada", AT)
    for hour in range(0, 48, 2):
        deliver(workspace, post, AT + hour * HOUR)
    tried = {message: payload for _, message, payload in post.came}
    seen = dict(tried) if arrived else {}  # by who knows ids
    post.came.clear()
    post.reply = UP
    for hour in range(48, 60, 2):
        deliver(workspace, post, AT + hour * HOUR)
    assert len(post.came) == messages
    if (
        down is DOWN
    ):  # what may have arrived comes once more as it was, id and all: who knows ids sees it once
        again = {message: payload for _, message, payload in post.came if message in tried}
        assert again == tried
    seen |= {message: payload for _, message, payload in post.came}
    told = [one.get("signal") for payload in seen.values() for one in contents(payload["data"])]
    assert sorted(filter(None, told)) == [f"cutoff.x{i}" for i in range(8)]
    assert not [row for row in outbox(workspace) if row.state in ("queued", "failed")]


def contents(data: dict[str, Any]) -> list[dict[str, Any]]:
    """What a message tells: itself, and what stands in it."""
    return [data, *data.get("also", [])]


def test_what_may_have_arrived_and_was_given_up_is_tried_once_more_and_not_for_ever(
    workspace: Workspace,
) -> None:
    """A receiver that never answers to one message takes all others."""
    add_channel(workspace)
    add_channel(workspace, "second")
    check(workspace, problem())
    first = next(row.id for row in outbox(workspace) if row.channel == "ops")  # both were made at once

    class Deaf(Post):
        def __call__(self, channel: Channel, message: str, body: bytes, at: datetime) -> HttpReply:
            super().__call__(channel, message, body, at)
            return DOWN if message == first else UP

    post = Deaf()
    for hour in range(0, 24 * 9, 3):
        if hour == 72:
            check(workspace, problem(), problem("cutoff.x"), at=AT + hour * HOUR)
        deliver(workspace, post, AT + hour * HOUR)
    row = next(row for row in outbox(workspace) if row.id == first)
    assert (row.state, row.attempts) == ("dead", 9)
    assert post.kinds("second").count("channel.failed") == 1


def test_what_is_put_together_keeps_its_patience_and_is_told_elsewhere_in_time(workspace: Workspace) -> None:
    for name in ("ops", "duty"):
        add_channel(workspace, name)

    class OneDown(Post):
        def __call__(self, channel: Channel, message: str, body: bytes, at: datetime) -> HttpReply:
            super().__call__(channel, message, body, at)
            return HttpReply(error="refused", unreached=True) if channel.name == "ops" else UP

    post, told = OneDown(), 0
    problems = [problem(f"cutoff.x{i}") for i in range(8)]
    for hour in range(36):
        check(workspace, *problems[: 1 + hour // 6], at=AT + hour * HOUR)
        deliver(workspace, post, AT + hour * HOUR)
        told = told or (hour if "channel.failed" in post.kinds("duty") else 0)
    assert 24 <= told <= 30  # a day of attempts, each at the next full hour


UNREACHED = HttpReply(error="No connection could be made", unreached=True)


@pytest.mark.parametrize("down", [DOWN, UNREACHED])
def test_an_all_clear_that_was_given_up_is_sent_once_its_channel_is_back(
    workspace: Workspace, down: HttpReply
) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    post.reply = down
    check(workspace, problem(over=True), at=AT + HOUR)
    for hour in range(1, 40, 2):
        deliver(workspace, post, AT + hour * HOUR)
    assert [row.state for row in outbox(workspace) if row.event == "finding.resolved"] == ["dead"]
    post.came.clear()
    post.reply = UP
    check(workspace, problem("cutoff.x"), at=AT + 2 * DAY)
    deliver(workspace, post, AT + 2 * DAY)
    assert post.kinds() == ["finding.opened", "finding.resolved"]


@pytest.mark.parametrize("down", [DOWN, UNREACHED])
def test_an_all_clear_that_was_given_up_ends_no_problem_that_came_back(
    workspace: Workspace, down: HttpReply
) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    post.reply = down
    check(workspace, problem(over=True), at=AT + HOUR)
    for hour in range(1, 40, 2):
        deliver(workspace, post, AT + hour * HOUR)
    post.came.clear()
    post.reply = UP
    check(workspace, problem(), at=AT + 2 * DAY)
    for hour in range(3):
        deliver(workspace, post, AT + 2 * DAY + hour * HOUR)
    assert post.kinds() == ["finding.opened"]
    told = [one["type"] for _, _, payload in post.came for one in payload["data"].get("also", [])]
    assert not told


@pytest.mark.parametrize(("days", "revived"), [(6, True), (9, False)])
@pytest.mark.parametrize("down", [DOWN, UNREACHED])
def test_what_was_given_up_longer_than_a_week_ago_is_not_sent_any_more(
    workspace: Workspace, days: int, down: HttpReply, *, revived: bool
) -> None:
    add_channel(workspace)
    post = Post(down)
    check(workspace, problem())
    with workspace.write() as cursor:
        register.acknowledge(cursor, 1, "Ada", AT)
    for hour in range(0, 40, 2):
        deliver(workspace, post, AT + hour * HOUR)
    (first,) = outbox(workspace)
    assert first.state == "dead"
    post.came.clear()
    post.reply = UP
    check(workspace, problem(), problem("cutoff.x"), at=AT + days * DAY)
    deliver(workspace, post, AT + days * DAY)
    assert (first.id in [message for _, message, _ in post.came]) is revived


@pytest.mark.parametrize("over", [False, True])
def test_one_alert_that_never_reached_its_channel_is_sent_once_it_is_back(
    workspace: Workspace, *, over: bool
) -> None:
    """Nothing else was waiting while the channel was down; what ended since is not told as a beginning."""
    add_channel(workspace)
    post = Post(UNREACHED)
    check(workspace, problem("cutoff.x", Severity.MEDIUM))
    for hour in range(0, 24 * 6, 3):
        deliver(workspace, post, AT + hour * HOUR)
    (first,) = outbox(workspace)
    assert first.state == "dead"
    post.came.clear()
    post.reply = UP
    check(workspace, problem("cutoff.x", Severity.MEDIUM, over=over), problem(), at=AT + 6 * DAY)
    deliver(workspace, post, AT + 6 * DAY)
    assert (first.id in [message for _, message, _ in post.came]) is not over


def test_several_alerts_that_never_reached_their_channel_are_one_message_once_it_is_back(
    workspace: Workspace,
) -> None:
    add_channel(workspace)
    post = Post(UNREACHED)
    for i in range(3):  # each dies alone
        check(workspace, *(problem(f"cutoff.x{j}") for j in range(i + 1)), at=AT + i * 40 * HOUR)
        with workspace.write() as cursor:
            register.acknowledge(cursor, i + 1, "Ada", AT)
        deliver(workspace, post, AT + i * 40 * HOUR)
        with workspace.write() as cursor:
            cursor.execute(
                "UPDATE delivery SET state = 'dead', attempts = 8, ended_at = due_at WHERE state = 'failed'"
            )
    post.came.clear()
    post.reply = UP
    check(workspace, *(problem(f"cutoff.x{j}") for j in range(4)), at=AT + 6 * DAY)
    deliver(workspace, post, AT + 6 * DAY)
    assert post.kinds() == ["finding.opened", "summary"]
    told = [one["signal"] for one in post.came[1][2]["data"]["also"]]
    assert sorted(told) == ["cutoff.x0", "cutoff.x1", "cutoff.x2"]
    deliver(workspace, post, AT + 6 * DAY + HOUR)
    assert len(post.came) == 2


def test_a_digest_carries_what_never_reached_its_channel(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post(UNREACHED)
    check(workspace, problem("cutoff.x", Severity.MEDIUM))
    for hour in range(0, 24 * 6, 3):
        deliver(workspace, post, AT + hour * HOUR)
    post.came.clear()
    post.reply = UP
    check(
        workspace, problem("cutoff.x", Severity.MEDIUM), problem("cutoff.y", Severity.MEDIUM), at=AT + 6 * DAY
    )
    deliver(workspace, post, AT + 7 * DAY)
    assert post.kinds() == ["digest"]
    data = post.came[0][2]["data"]
    assert sorted(one["signal"] for one in data["also"]) == ["cutoff.x", "cutoff.y"]
    assert data["sentence"].startswith("1 message waited for this hour, and 1 could not be delivered when")


def test_what_a_clock_that_was_ahead_dated_is_sent_when_the_clock_is_right(workspace: Workspace) -> None:
    add_channel(workspace)
    check(workspace, problem())
    years = 2_000 * DAY
    deliver(workspace, Post(DOWN), AT + years)
    assert outbox(workspace)[0].due_at > AT + years
    post = Post(UP)
    deliver(workspace, post, AT + HOUR)
    assert post.kinds()[0] == "finding.opened"  # and the reminder that seemed due
    assert outbox(workspace)[0].state == "sent"


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.MEDIUM])
@pytest.mark.parametrize("tried", [False, True])
def test_what_several_checks_wrote_by_a_clock_that_was_ahead_is_one_message(
    workspace: Workspace, severity: Severity, tried: bool
) -> None:
    add_channel(workspace)
    ahead = AT + 2_000 * DAY
    problems = [problem(f"cutoff.x{i}", severity) for i in range(4)]
    for i in range(4):
        check(workspace, *problems[: i + 1], at=ahead + i * DAY)
        with workspace.write() as cursor:
            register.acknowledge(cursor, i + 1, "Ada", ahead)
    if tried:  # and surely did not arrive
        deliver(workspace, Post(HttpReply(error="No connection", unreached=True)), ahead + 9 * DAY)
    post = Post(UP)
    deliver(workspace, post, AT)
    assert len(post.came) == 1
    data = post.came[0][2]["data"]
    told = [one.get("signal") for one in contents(data)]
    assert sorted(filter(None, told)) == [f"cutoff.x{i}" for i in range(4)]
    if not tried:  # what was tried then stays as it was
        assert f"{ahead:%B}" not in data["sentence"]
    assert not [row for row in outbox(workspace) if row.state in ("queued", "failed")]
