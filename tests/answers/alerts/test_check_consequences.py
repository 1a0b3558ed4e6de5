"""A call for retraining belongs to the problem that it follows from, and a lasting change stays as it was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.answers.alerts.check import reconcile
from plumbline.answers.respond.channels import _announce_open_findings
from plumbline.domain import Finding, Severity, Task
from plumbline.domain.messages import message
from plumbline.respond.http import HttpReply
from plumbline.store import findings as register
from plumbline.store import systems
from plumbline.store.findings import FindingRecord
from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import AT, DAY, Post, add_channel, deliver, outbox

BEGUN = datetime(2026, 2, 1, tzinfo=UTC)


def found(signal: str, day: int, until: int | None = None, **figures: object) -> Finding:
    return Finding(
        system="s", signal=signal, sentence=message("{feature} is not as it was.", feature=signal),
        since=BEGUN + day * DAY, until=None if until is None else BEGUN + until * DAY, severity=Severity.HIGH,
        confidence=None, page="accuracy", figures=figures, known_at=BEGUN + (day + 1) * DAY,
    )  # fmt: skip


def kept(ws: Workspace, *findings: Finding, at: datetime = AT) -> list[FindingRecord]:
    with ws.write() as cursor:
        reconcile(cursor, "s", list(findings), ("",), at)
        return register.recorded_findings(cursor, "s")


LOSS, DUE = found("performance.accuracy", 3), found("retraining", 10)


def each(ws: Workspace) -> dict[str, tuple[bool, int | None]]:
    """Whether each problem by itself is open, and which it is part of."""
    with ws.read() as cursor:
        return {r.finding.signal: (r.open, r.part_of) for r in register.problems_by_themselves(cursor, "s")}


def test_a_call_for_retraining_is_part_of_the_open_problem_and_acts_by_itself(workspace: Workspace) -> None:
    for _ in range(2):
        (one,) = kept(workspace, LOSS, DUE)
        assert (one.finding.signal, one.open) == ("performance.accuracy", True)
        assert each(workspace) == {"performance.accuracy": (True, None), "retraining": (True, one.id)}
        with workspace.read() as cursor:
            parts = register.parts_by_number(register.recorded_findings(cursor, "s", parts=True))
        assert [(r.finding.signal, r.follows) for r in parts[one.id]] == [("retraining", True)]
    kept(workspace, LOSS)  # a version that was trained since is in charge
    assert each(workspace) == {"performance.accuracy": (True, None)}
    kept(workspace, found("performance.accuracy", 3, 20))
    assert each(workspace) == {"performance.accuracy": (False, None)}


@pytest.mark.parametrize(
    "loss",
    [found("performance.accuracy", 3, 9), found("performance.accuracy", 30), found("drift.x", 3)],
    ids=["over before", "begun after", "of another thing"],
)
def test_a_call_that_no_open_problem_explains_stands_for_itself(workspace: Workspace, loss: Finding) -> None:
    assert {r.finding.signal for r in kept(workspace, loss, DUE)} == {loss.signal, "retraining"}


def test_it_is_told_with_the_problem_under_its_number_and_ends_with_it(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    kept(workspace, LOSS, DUE)
    deliver(workspace, post)
    ((_, _, payload),) = post.came
    assert (payload["data"]["signal"], payload["data"]["finding"]) == ("performance.accuracy", 1)
    assert [(one["signal"], one["finding"]) for one in payload["data"]["also"]] == [("retraining", 1)]
    kept(workspace, found("performance.accuracy", 3, 20), at=AT + DAY)
    deliver(workspace, post, AT + DAY)
    assert post.kinds() == ["finding.opened", "finding.resolved"]


def test_one_that_is_due_later_is_told_then_and_a_doubled_loss_still_is(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post()
    for days, cost, due in ((0, 100, False), (1, 110, True), (2, 250, True)):
        loss = found("performance.accuracy", 3, cost={"amount": cost, "currency": "EUR"})
        kept(workspace, loss, *([DUE] if due else []), at=AT + days * DAY)
        deliver(workspace, post, AT + days * DAY)
    assert post.kinds()[:3] == ["finding.opened", "finding.opened", "finding.worsened"]
    assert {d.finding for d in outbox(workspace)} == {1}


def test_one_on_record_by_itself_becomes_part_of_the_problem(workspace: Workspace) -> None:
    add_channel(workspace)
    post = Post(HttpReply(status=200))
    kept(workspace, DUE)
    deliver(workspace, post)
    (one,) = kept(workspace, LOSS, DUE, at=AT + DAY)
    assert one.finding.signal == "performance.accuracy"
    deliver(workspace, post, AT + DAY)
    assert sorted(d.event for d in outbox(workspace)) == [
        "finding.merged",
        "finding.opened",
        "finding.opened",
    ]


def test_a_channel_that_is_read_for_the_first_time_is_told_both_once(workspace: Workspace) -> None:
    kept(workspace, LOSS, DUE)
    channel = add_channel(workspace)
    with workspace.write() as cursor:
        systems.create_system(cursor, "S", task=Task.BINARY)
        _announce_open_findings(cursor, channel, AT)
        _announce_open_findings(cursor, channel, AT + timedelta(hours=1))
    assert sorted(d.data["signal"] for d in outbox(workspace)) == ["performance.accuracy", "retraining"]


#: a lasting change that was told and is over, and what is left of it once a later change took its place
TOLD = found("performance.accuracy", 3, 200, lasting=True)
LEFT = (found("performance.brier", 3, 90), found("performance.accuracy", 120, 134))


def test_a_lasting_change_that_is_over_stays_one_as_it_was_told(workspace: Workspace) -> None:
    (told,) = kept(workspace, TOLD)
    for _ in range(2):
        (one,) = kept(workspace, *LEFT)
        assert (one.id, one.open, one.finding.signal, one.finding.until) == (
            told.id, False, "performance.accuracy", BEGUN + 200 * DAY,
        )  # fmt: skip


@pytest.mark.parametrize(
    "later",
    [
        found("performance.accuracy", 190), found("performance.accuracy", 190, 210),
        found("performance.accuracy", 230, 250), found("performance.accuracy", 1, 20),
        found("drift.x", 120, 134),
    ],
    ids=["goes on", "ends later", "another", "begun before", "of another thing"],
)  # fmt: skip
def test_what_does_not_lie_within_it_is_told_as_ever(workspace: Workspace, later: Finding) -> None:
    kept(workspace, TOLD)
    assert later.since in {r.finding.since for r in kept(workspace, LEFT[0], later)}


def test_a_lasting_change_that_is_open_is_brought_up_to_date(workspace: Workspace) -> None:
    kept(workspace, found("performance.accuracy", 3, lasting=True))
    newer, older = kept(workspace, *LEFT)
    assert (older.finding.until, newer.finding.since) == (BEGUN + 90 * DAY, BEGUN + 120 * DAY)
