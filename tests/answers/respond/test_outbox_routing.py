"""Which channel a problem goes to: by hours of the day and by family of finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.store.workspace import Workspace
from tests.answers.respond.outbox_cases import (
    AT,
    HOUR,
    Post,
    add_channel,
    check,
    deliver,
    problem,
)


def test_outside_its_hours_a_channel_leaves_a_problem_to_those_that_are_open(workspace: Workspace) -> None:
    add_channel(workspace, "day", hours="08:00-18:00")
    add_channel(workspace, "night", hours="18:00-08:00")
    post = Post()
    check(workspace, problem(), at=AT)  # at ten
    check(workspace, problem(), problem("release.rollback"), at=AT + 10 * HOUR)
    deliver(workspace, post, AT + 10 * HOUR)
    assert (post.kinds("day"), post.kinds("night")) == (["finding.opened"], ["finding.opened"])
    check(workspace, problem(over=True), problem("release.rollback"), at=AT + 11 * HOUR)
    deliver(workspace, post, AT + 11 * HOUR)
    assert "finding.resolved" not in post.kinds("day") + post.kinds("night")  # waits for the morning
    deliver(workspace, post, AT + 22 * HOUR)
    assert "finding.resolved" in _kinds_in(post.came[-1][2])


def _kinds_in(payload: Mapping[str, Any]) -> list[str]:
    told = [payload["type"], *(one["type"] for one in payload["data"].get("also", []))]
    return [kind.removeprefix("plumbline.").removesuffix(".v1") for kind in told]


def test_where_no_channel_is_open_a_problem_waits_for_the_first_that_is(workspace: Workspace) -> None:
    add_channel(workspace, hours="08:00-18:00")
    post = Post()
    check(workspace, problem(), at=AT + 12 * HOUR)
    deliver(workspace, post, AT + 21 * HOUR)
    assert post.came == []
    deliver(workspace, post, AT + 22 * HOUR)
    deliver(workspace, post, AT + 23 * HOUR)
    assert post.kinds() == ["finding.opened"]
    deliver(workspace, post, AT + 26 * HOUR)
    assert post.kinds() == ["finding.opened", "finding.reminder"]


def test_a_channel_of_one_family_is_told_of_it_alone(workspace: Workspace) -> None:
    add_channel(workspace, families=("performance",))
    post = Post()
    check(workspace, problem(), problem("fairness.sex"), problem("quality.gap"))
    deliver(workspace, post)
    ((_, _, payload),) = post.came
    assert (payload["data"]["signal"], payload["data"].get("also")) == ("performance.accuracy", None)
