"""Receipts make controls pass; what anybody types gives partial at most, and another target's receipt nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plumbline.answers import events
from plumbline.answers.governance.scorecard import scorecard_answer
from plumbline.answers.respond.retraining import triggers
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.domain import Severity, Status
from plumbline.domain.acts import Act
from plumbline.domain.respond import (
    Mode,
    Receipt,
    RetrainingTrigger,
    RollbackRun,
    RollbackState,
    RunState,
    TriggerRun,
)
from plumbline.respond.channels import Channel
from plumbline.store import trail
from plumbline.store.respond import channels
from plumbline.store.workspace import Workspace
from tests.answers.conftest import SYSTEM, Held

NOW = datetime.now(UTC) - timedelta(hours=1)
AIM = "https://ci.example/hook"
ACTS = {"MON-7": "retraining fired", "REL-3": "rollback rehearsed", "REL-6": "automatic rollback tested"}


@pytest.fixture
def ws(held: Held) -> Any:
    """The shared workspace; what a test kept of acting goes when it ends."""
    yield held.ws
    with held.ws.write() as cursor:
        for table in ("retraining_trigger", "trigger_run", "rollback_mode", "rollback_run", "channel"):
            cursor.execute(f"DELETE FROM {table}")
        trail.append(cursor, actor="test", action=Act.ACTING_RESUMED)


def status(ws: Workspace, control: str) -> tuple[Status, str]:
    card = scorecard_answer(ws, SYSTEM).card
    found = next(c for c in card.controls if c.id == control)
    return found.evidence.status, str(found.evidence.sentence)


def fired(ws: Workspace, state: RunState, **more: Any) -> None:
    triggers.add_trigger(ws, RetrainingTrigger(system=SYSTEM, name="t", url=AIM), by="Ada")
    receipt = Receipt(at=NOW, where=more.pop("where", AIM), ok=True, status=202, run=more.pop("run", "job-1"))
    held: dict[str, Any] = {
        "id": "r", "system": SYSTEM, "trigger": "t", "state": state, "due_at": NOW, "known_at": NOW - timedelta(days=3),
        "fired_at": NOW, "fired_by": "Ada", "receipt": receipt,
    }  # fmt: skip
    with ws.write() as cursor:
        triggers.record(cursor, TriggerRun(**held | more), actor="test")


def test_a_trigger_passes_from_seen_on_and_says_how_long_it_took(ws: Workspace) -> None:
    assert status(ws, "MON-7")[0] is Status.FAIL
    fired(ws, RunState.RUNNING)
    assert status(ws, "MON-7")[0] is Status.FAIL  # fired alone proves nothing
    fired(ws, RunState.SEEN, seen_at=NOW + timedelta(days=5), seen_version="9", seen_where="log")
    told = status(ws, "MON-7")
    assert told[0] is Status.PASS
    assert "fired after 3 days, seen after 8 days, not yet cured" in told[1]


def test_a_test_fire_counts_only_where_the_target_named_a_run(ws: Workspace) -> None:
    fired(ws, RunState.TESTED, test=True, run="")
    assert status(ws, "MON-7")[0] is Status.FAIL
    fired(ws, RunState.TESTED, test=True)
    assert status(ws, "MON-7")[0] is Status.PARTIAL


def test_the_receipt_of_another_target_or_of_the_demo_proves_nothing_here(ws: Workspace) -> None:
    seen: dict[str, Any] = {"seen_at": NOW, "seen_version": "9", "seen_where": "log"}
    fired(ws, RunState.CURED, **seen, where="https://elsewhere.example/")
    assert status(ws, "MON-7")[0] is Status.FAIL
    fired(ws, RunState.CURED, **seen, fired_by="demo")
    assert status(ws, "MON-7")[0] is Status.FAIL


def drilled(ws: Workspace, mode: Mode, **more: Any) -> None:
    set_mode(ws, SYSTEM, mode, by="Olga", hand={"url": AIM})
    receipt = Receipt(at=NOW, where=more.pop("where", AIM), ok=True, status=200)
    held: dict[str, Any] = {
        "id": "d", "system": SYSTEM, "state": RollbackState.DRILLED, "at": NOW, "version": "2", "to": "1",
        "receipt": receipt, "by": "Ada", "minutes": 0.1,
    }  # fmt: skip
    with ws.write() as cursor:
        rollbacks.record(cursor, replace(RollbackRun(**held), **more), actor="test")


def test_a_drill_is_a_receipt_of_the_way_back_and_of_the_wire(ws: Workspace) -> None:
    drilled(ws, Mode.PROPOSE)
    assert status(ws, "REL-3") == (Status.PASS, status(ws, "REL-3")[1])
    assert "took 6.0 seconds" in status(ws, "REL-3")[1]
    found = status(ws, "REL-6")
    assert (found[0], "does not roll back by itself" in found[1]) == (Status.PARTIAL, True)
    assert status(ws, "CMP-5")[0] is Status.PARTIAL


def test_a_drill_of_another_hand_or_of_the_demo_proves_nothing_here(ws: Workspace) -> None:
    drilled(ws, Mode.PROPOSE, where="https://elsewhere.example/")
    assert status(ws, "REL-3")[0] is not Status.PASS
    drilled(ws, Mode.PROPOSE, by="demo")
    assert status(ws, "REL-3")[0] is not Status.PASS


def channel(ws: Workspace, by: str, confirmed_by: str) -> None:
    when = NOW.isoformat()
    body = Channel(name="c", address=AIM, added_by=by, confirmed_by=confirmed_by, confirmed_at=when).body()
    with ws.write() as cursor:
        channels.keep(cursor, "c", body)


@pytest.mark.parametrize(("by", "confirmed_by"), [("demo", "Ada"), ("Olga", "demo")])
def test_a_code_that_the_demo_typed_back_proves_nothing_here(
    ws: Workspace, by: str, confirmed_by: str
) -> None:
    channel(ws, by, confirmed_by)
    assert status(ws, "MON-6")[0] is not Status.PASS
    channel(ws, "Olga", "Ada")
    assert status(ws, "MON-6")[0] is Status.PASS


def test_a_restore_counts_from_its_day_on_and_the_demo_s_for_its_own_systems_alone(ws: Workspace) -> None:
    def rehearsed(actor: str, **more: Any) -> str:
        with ws.write() as cursor:
            trail.append(cursor, actor=actor, action=Act.RESTORE_REHEARSED, detail={"sha256": "0", **more})
        return status(ws, "CMP-5")[1]

    drilled(ws, Mode.PROPOSE)
    assert "Restore rehearsed" not in rehearsed("demo", dated=NOW.isoformat())
    assert "restore rehearsed on" in rehearsed("Olga", dated="1999-01-01T00:00:00+00:00")


def test_a_channel_of_the_demo_takes_no_message(ws: Workspace) -> None:
    assert not Channel(name="c", address=AIM, added_by="demo").accepts("", Severity.HIGH)
    assert Channel(name="c", address=AIM, added_by="Olga").accepts("", Severity.HIGH)


@pytest.mark.parametrize(("control", "event"), ACTS.items())
def test_what_is_typed_gives_partial_at_most(ws: Workspace, control: str, event: str) -> None:
    events.record(ws, SYSTEM, event, by="Ada")
    assert status(ws, control)[0] is Status.PARTIAL
