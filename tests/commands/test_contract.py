"""What scripts rely on: each command that acts on findings takes these arguments and prints these keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.domain.respond import RunState
from tests.answers.respond.test_channels import code_in
from tests.conftest import Ran
from tests.factory.decisions import HEADER, csv_bytes, decisions
from tests.respond.receiver import receiver

BY = ("--by", "Ada")


@pytest.fixture
def made(plumbline: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """A system with two versions and a finding that nobody has seen."""
    rows = [[*row, "1" if i < 400 else "2"] for i, row in enumerate(decisions(600))]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows, (*HEADER, "version")))
    assert plumbline("load", tmp_path / "a.csv", "--system", "S", "--positive", "yes").code == 0
    return plumbline


def test_every_command_of_acting_takes_its_arguments_and_prints_its_keys(made: Callable[..., Ran]) -> None:
    def keys(*arguments: str) -> set[str]:
        ran = made(*arguments, "--json")
        assert ran.code in (0, 1, 3), ran.err
        return set(json.loads(ran.out))

    with receiver() as own:
        assert {"channel"} <= keys("channel", "add", "ops", own.url, "--allow-inner", "--system", "s", *BY)
        assert {"channels"} <= keys("channel", "list")
        assert {"sent", "receipt"} <= keys("channel", "test", "ops", *BY)
        assert {"confirmed"} <= keys("channel", "confirm", "ops", code_in(own), *BY)
        assert {"findings", "delivered"} <= keys("check", "s", "--notify", *BY)
        assert {"findings", "delivered"} <= keys("check", "s", "--notify", "--dry-run", *BY)
        assert {"trigger", "state", "receipt"} <= keys(
            "trigger", "add", "s", "t", own.url, "--when", "breach", "--cooldown", "3", "--allow-inner", *BY
        )
        for act in ("list", "test"):
            assert {"trigger", "state", "receipt"} <= keys(
                "trigger", act, "s", "t", *BY[: 2 * (act == "test")]
            )
    (told,) = made("deliveries", "s", "--json").json["deliveries"][:1]
    assert {"id", "event", "finding", "channel", "state", "attempts", "due_at", "receipt"} <= set(told)
    for arguments in (
        ("acknowledge", "s", "1"),
        ("assign", "s", "1", "--to", "Bo", "--due", "2099-01-05"),
        ("snooze", "s", "1", "--until", _soon(), "--reason", "a holiday"),
        ("comment", "s", "1", "It is the join."),
    ):
        assert {"finding"} <= keys(*arguments, *BY)
    for arguments in (("mode", "s", "propose"), ("propose", "s", "--to", "1")):
        assert {"state", "interlocks", "receipt"} <= keys("rollback", *arguments, *BY)
    assert {"decision", "reasons"} <= keys("gate", "s", "--version", "2")
    assert {"messages", "true", "false", "earlier_days", "money"} <= keys("replay", "s", "--days", "14")


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


def test_a_check_goes_on_the_trail_in_the_name_that_was_given(made: Callable[..., Ran]) -> None:
    made("check", "s", *BY)
    newest = next(e for e in made("trail", "--json").json["entries"] if e["action"] == "signals checked")
    assert newest["actor"] == "Ada"


def test_a_list_of_one_trigger_says_how_far_it_is_and_refuses_one_that_is_none(
    made: Callable[..., Ran],
) -> None:
    with receiver() as own:
        made("trigger", "add", "s", "t", own.url, "--allow-inner", *BY)
        assert made("trigger", "list", "s", "t", "--json").json["state"] == "set"
        made("trigger", "test", "s", "t", *BY)
    assert made("trigger", "list", "s", "t", "--json").json["state"] == RunState.TESTED.value
    assert made("trigger", "list", "s", "other").code == 2
