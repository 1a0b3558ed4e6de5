"""One message a problem: what is written with a check, when it leaves, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plumbline.answers.alerts.check import reconcile
from plumbline.answers.alerts.findings import acknowledge
from plumbline.answers.respond.outbox import queue
from plumbline.domain import Severity
from plumbline.respond.events import Event
from plumbline.store import findings as register
from plumbline.store import trail
from plumbline.store.respond import triage
from plumbline.store.respond.triage import Triage
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import (
    AT,
    DAY,
    HOUR,
    Post,
    add_channel,
    check,
    deliver,
    finding_of,
    outbox,
    problem,
)


def test_a_problem_is_told_once_however_often_it_is_checked(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    for day in range(3):
        check(workspace, problem(), at=AT + day * HOUR)
        deliver(workspace, post, AT + day * HOUR)
    assert post.kinds() == ["finding.opened"]
    assert outbox(workspace)[0].state == "sent"


def test_the_messages_are_written_in_the_transaction_of_the_finding(workspace: Workspace) -> None:
    add_channel(workspace)

    def killed() -> None:
        with workspace.write() as cursor:
            reconcile(cursor, "s", [problem()], ("",), AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert outbox(workspace) == []


def test_what_one_check_finds_in_one_system_is_one_message_by_its_gravest(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("drift.age", Severity.MEDIUM), problem(), problem("quality.gap", Severity.LOW))
    deliver(workspace, post)
    ((_, _, payload),) = post.came
    assert payload["data"]["signal"] == "performance.accuracy"
    assert [one["signal"] for one in payload["data"]["also"]] == ["drift.age", "quality.gap"]


def test_a_channel_gets_what_it_asked_for(workspace: Workspace) -> None:
    add_channel(workspace, "grave", severity="high")
    add_channel(workspace, "other", systems=("t",))
    post = Post()
    check(workspace, problem("drift.age", Severity.MEDIUM), problem())
    deliver(workspace, post)
    ((name, _, payload),) = post.came
    assert name == "grave"
    assert "also" not in payload["data"]


@pytest.mark.parametrize(
    ("severity", "hours"),
    [(Severity.HIGH, 0), (Severity.MEDIUM, 22), (Severity.LOW, 6 * 24 - 2)],
)
def test_what_is_not_urgent_waits_for_its_hour(workspace: Workspace, severity: Severity, hours: int) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("drift.age", severity))
    if hours:
        deliver(workspace, post, AT + hours * HOUR - timedelta(minutes=1))
        assert post.came == []
    deliver(workspace, post, AT + hours * HOUR)
    assert post.kinds() == ["finding.opened"]


def test_what_waited_for_the_same_hour_is_one_digest(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("drift.age", Severity.MEDIUM))
    check(
        workspace, problem("drift.age", Severity.MEDIUM), problem("drift.sex", Severity.MEDIUM), at=AT + HOUR
    )
    deliver(workspace, post, AT + 22 * HOUR)
    assert post.kinds() == ["digest"]
    assert [one["signal"] for one in post.came[0][2]["data"]["also"]] == ["drift.age", "drift.sex"]
    check(workspace, problem("drift.age", Severity.MEDIUM, over=True), at=AT + 30 * HOUR)
    deliver(workspace, post, AT + 5 * DAY)
    assert post.kinds() == ["digest", "digest"]


def test_the_end_goes_where_the_beginning_went(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    add_channel(workspace, "later")
    check(workspace, problem(over=True), at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    assert post.kinds() == ["finding.opened", "finding.resolved"]
    assert post.kinds("later") == []
    assert post.came[0][2]["data"]["thread"] == post.came[1][2]["data"]["thread"]


def test_what_was_over_before_it_was_sent_is_never_sent(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("drift.age", Severity.MEDIUM))
    check(workspace, problem("drift.age", Severity.MEDIUM, over=True), at=AT + HOUR)
    deliver(workspace, post, AT + 3 * DAY)
    assert post.came == []


def test_a_problem_that_was_none_is_taken_back_with_an_apology(workspace: Workspace) -> None:
    from plumbline.respond import text

    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    check(workspace, at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    assert post.kinds() == ["finding.opened", "finding.withdrawn"]
    assert "sorry" in text.plain_text(post.came[1][2])


def test_a_condition_that_holds_no_more_is_over_rather_than_taken_back(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("staleness.age"))
    deliver(workspace, post)
    check(workspace, at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    assert post.kinds() == ["finding.opened", "finding.resolved"]


def test_a_signal_that_was_not_looked_at_ends_nothing(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem("consistency.repeats"))
    check(workspace, at=AT + HOUR, looked_at=("performance.",))
    deliver(workspace, post, AT + HOUR)
    assert post.kinds() == ["finding.opened"]


def test_drift_beneath_an_open_problem_of_performance_is_not_told_by_itself(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    check(workspace, problem(), problem("drift.age"), at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    check(workspace, problem(), problem("drift.age", over=True), at=AT + 2 * HOUR)
    deliver(workspace, post, AT + 2 * HOUR)
    assert post.kinds() == ["finding.opened"]
    assert "stands for it" in outbox(workspace)[1].reason


def test_a_finding_that_is_part_of_another_is_told_so(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    first, second = problem(), finding_of(problem(), since=AT - 2 * DAY)
    check(workspace, finding_of(first, until=AT - 15 * DAY), second)
    deliver(workspace, post)
    check(workspace, first, at=AT + HOUR)
    deliver(workspace, post, AT + HOUR)
    assert "finding.merged" in post.kinds()


def test_worse_is_told_and_so_is_money_that_doubled(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    cost = {"amount": 1000.0, "currency": "EUR"}
    check(workspace, problem("performance.accuracy", Severity.MEDIUM, cost=cost))
    deliver(workspace, post, AT + DAY)
    check(workspace, problem(cost=cost), at=AT + 2 * DAY)
    check(workspace, problem(cost={"amount": 1900.0, "currency": "EUR"}), at=AT + 2 * DAY + HOUR)
    deliver(workspace, post, AT + 2 * DAY + HOUR)
    assert post.kinds() == ["finding.opened", "finding.worsened"]
    check(workspace, problem(cost={"amount": 2000.0, "currency": "EUR"}), at=AT + 2 * DAY + 2 * HOUR)
    deliver(workspace, post, AT + 2 * DAY + 2 * HOUR)
    assert post.kinds() == ["finding.opened", "finding.worsened", "finding.worsened"]
    assert post.came[2][2]["data"]["money"]["amount"] == 2000.0


def test_nobody_having_seen_it_is_said_after_four_hours_a_day_and_weekly(workspace: Workspace) -> None:
    add_channel(workspace)
    post, hours = Post(), []
    check(workspace, problem())
    for hour in (0, 1, 3, 4, 5, 23, 24, 25, 100, 191, 192, 193, 359, 360, 361):
        before = len(post.came)
        deliver(workspace, post, AT + hour * HOUR)
        hours += [hour] * (len(post.came) - before)
    assert hours == [0, 4, 24, 24 * 8, 24 * 15]
    assert set(post.kinds()[1:]) == {"finding.reminder"}


def test_who_has_seen_it_is_not_reminded_until_the_day_it_was_to_be_done(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    acknowledge(workspace, 1, by="Ada")
    for day in range(5):
        deliver(workspace, post, AT + day * DAY)
    assert len(post.came) == 1
    with workspace.write() as cursor:
        triage.keep(cursor, 1, Triage(owner="Ada", due=(AT + 6 * DAY).date().isoformat()))
    for day in range(12):
        deliver(workspace, post, AT + day * DAY)
    assert post.kinds() == ["finding.opened", "finding.reminder"]
    assert "was to be dealt with" in post.came[1][2]["data"]["sentence"]


def test_snoozed_then_over_the_all_clear_arrives_and_no_reminder(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    deliver(workspace, post)
    with workspace.write() as cursor:
        triage.keep(
            cursor, 1, Triage(muted_until=(AT + 20 * DAY).date().isoformat(), muted_by="Ada", muted_why="x")
        )
    for day in range(10):
        deliver(workspace, post, AT + day * DAY)
    check(workspace, problem(over=True), at=AT + 10 * DAY)
    deliver(workspace, post, AT + 10 * DAY)
    assert post.kinds() == ["finding.opened", "finding.resolved"]


def test_a_problem_that_comes_back_is_told_again_and_counts_as_unseen(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    acknowledge(workspace, 1, by="Ada")
    deliver(workspace, post)
    check(workspace, problem(over=True), at=AT + DAY)
    deliver(workspace, post, AT + DAY)
    check(workspace, problem(), at=AT + 2 * DAY)
    deliver(workspace, post, AT + 2 * DAY)
    assert post.kinds() == ["finding.opened", "finding.resolved", "finding.opened"]
    with workspace.read() as cursor:
        assert register.read_finding(cursor, 1).acknowledged_by == ""


def test_what_flaps_about_its_limit_for_ninety_days_is_not_told_ninety_times(workspace: Workspace) -> None:
    """The register keeps one episode open until it is calm; the outbox adds no message of its own."""
    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    acknowledge(workspace, 1, by="Ada")
    for day in range(0, 90, 5):
        check(workspace, finding_of(problem(), sentence=f"back, day {day}"), at=AT + day * DAY)
        deliver(workspace, post, AT + day * DAY)
    assert len(post.came) == 1


def test_reminders_of_one_system_are_one_message(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    check(workspace, problem(), problem("release.rollback"))
    for hours in (0, 4, 5, 24):
        deliver(workspace, post, AT + hours * HOUR)
    assert post.kinds() == ["finding.opened", "finding.reminder", "finding.reminder"]
    assert [len(payload["data"].get("also", [])) for _, _, payload in post.came] == [1, 1, 1]


def test_an_event_goes_out_by_itself(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    with workspace.write() as cursor:
        queue(cursor, Event(type="trigger.fired", system="s", sentence="A retraining was started.", at=AT))
    deliver(workspace, post)
    assert post.kinds() == ["trigger.fired"]


def test_switched_off_nothing_leaves_and_what_waited_leaves_later(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.answers.respond import kill_switch

    add_channel(workspace)
    post = Post()
    check(workspace, problem())
    kill_switch.stop(workspace, by="Ada")
    assert "Ada" in deliver(workspace, post).stopped
    kill_switch.resume(workspace, by="Ada")
    monkeypatch.setenv(kill_switch.VARIABLE, "off")
    assert kill_switch.VARIABLE in deliver(workspace, post).stopped
    assert post.came == []
    monkeypatch.delenv(kill_switch.VARIABLE)
    deliver(workspace, post)
    assert post.kinds() == ["finding.opened"]


def test_what_was_sent_stands_on_the_trail_by_its_digest(workspace: Workspace) -> None:
    add_channel(workspace)
    check(workspace, problem())
    deliver(workspace, Post())
    (own,) = outbox(workspace)
    with workspace.read() as cursor:
        (entry,) = trail.entries(cursor, action="alerts sent")
    assert entry.detail["messages"] == [
        {
            "id": own.id,
            "channel": "ops",
            "event": "finding.opened",
            "finding": 1,
            "sha256": own.payload_sha256,
        }
    ]
