"""Rolling back against a real MLflow server: what is moved, what is left alone, and what the log proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from plumbline.answers import statements
from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.findings import findings
from plumbline.answers.alerts.incidents import incidents
from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.rollback import act as rollback_act
from plumbline.answers.respond.rollback import register as rollbacks
from plumbline.answers.respond.rollback.act import approve, drill, propose, read_interlocks, roll_back, work
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.domain import PlumblineError
from plumbline.domain.respond import Mode, RollbackRun, RollbackState
from plumbline.governance import canonical_json
from plumbline.respond import mlflow_alias
from plumbline.respond.mlflow_alias import AliasHand, move
from plumbline.store.respond import rollbacks as kept
from plumbline.store.workspace import Workspace, open_workspace
from tests.answers.respond.outbox_cases import add_channel, outbox
from tests.conftest import Ran
from tests.factory.decay import A_DAY, KEY, load, rows
from tests.respond.receiver import answer_with, receiver
from tests.respond.registry_server import alias_at, new_model, served, set_alias

DAYS = 40
_NAMES = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture
def model(server: str) -> str:
    name = f"offers-{next(_NAMES)}"
    new_model(server, name)
    return name


def released(days: float = 1.5) -> pd.DataFrame:
    """Version 1 takes half; version 2 takes nine in ten since ``days`` before the end."""
    old = rows(0, DAYS, "1", "2025-12-01", 0.85, 1)
    new = rows(DAYS, 2, "2", "2026-02-10", 0.85, 2).iloc[: int(days * A_DAY)]
    rng = np.random.default_rng(4)
    new["said"] = np.where(rng.random(len(new)) < 0.95, "take", "skip")
    return pd.concat([old, new])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    frame = released()
    load(ws, folder, frame, "log.csv", today=0)
    statements.change_settings(ws, KEY, {"as_of": frame["at"].max().isoformat()}, by="test")
    with ws.write() as cursor:
        cursor.execute("DELETE FROM rollback_run")  # proposed when it was loaded, as of another day
    ws.close()
    return folder / "w.duckdb"


@pytest.fixture
def ws(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr(mlflow_alias, "PAUSE", 0.15)
    (tmp_path / "w.duckdb").write_bytes(made.read_bytes())
    opened = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    yield opened
    opened.close()


def arm(ws: Workspace, server: str, model: str, mode: Mode = Mode.AUTOMATIC, **more: Any) -> None:
    """Wire it; automatic as if it had been in dry run for a month."""
    hand = {"registry": server, "model": model, "alias": "champion", "allow_inner": True, **more}
    setting = set_mode(ws, KEY, Mode.DRY_RUN if mode is Mode.AUTOMATIC else mode, by="Olga", hand=hand)
    if mode is Mode.AUTOMATIC:
        assert setting.dry_since is not None
        month_ago = replace(setting, dry_since=setting.dry_since - timedelta(days=31))
        with ws.write() as cursor:
            kept.save_setting(cursor, KEY, canonical_json.write(month_ago))
        set_mode(ws, KEY, Mode.AUTOMATIC, by="Olga")


def newest(ws: Workspace) -> RollbackRun:
    with ws.read() as cursor:
        return rollbacks.read_runs(cursor, KEY)[0]


def test_by_itself_where_every_interlock_holds_and_proved_by_the_log(
    ws: Workspace, server: str, model: str, tmp_path: Path
) -> None:
    arm(ws, server, model)
    check(ws, KEY, actor="test")
    assert newest(ws).state is RollbackState.PROPOSED  # the registry is not asked in a check
    assert alias_at(server, model, "champion") == "2"
    (run,) = work(ws, actor="server")
    assert run.state is RollbackState.ACTED, [lock for lock in run.interlocks if not lock.holds]
    assert len(run.interlocks) == 8
    assert all(lock.holds for lock in run.interlocks)
    assert alias_at(server, model, "champion") == "1"
    assert [step.split(":")[0] for step in run.steps] == ["read", "claimed", "set", "read back", "read again"]
    assert work(ws, actor="server") == ()  # once
    (opened,) = incidents(ws, KEY)
    assert (opened.id, opened.by, "without a person" in opened.title) == (run.incident, "rollback", True)
    assert opened.finding  # of the guardrail, so that REL-5 sees it handled once it is planned

    back = rows(DAYS + 2, 1, "1", "2025-12-01", 0.85, 7)
    load(ws, tmp_path, back, "back.csv", today=DAYS + 3)
    check(ws, KEY, actor="test")
    run = newest(ws)
    assert run.state is RollbackState.SEEN
    assert run.minutes is not None
    assert run.minutes > 0


def test_an_alias_that_moved_while_the_log_shows_no_change_is_a_failed_rollback_and_a_finding(
    ws: Workspace, server: str, model: str, tmp_path: Path
) -> None:
    arm(ws, server, model)
    check(ws, KEY, actor="test")
    work(ws, actor="server")
    more = rows(DAYS + 2, 2, "2", "2026-02-10", 0.85, 9)
    load(ws, tmp_path, more, "more.csv", today=DAYS + 4)
    check(ws, KEY, actor="test")
    assert newest(ws).state is RollbackState.FAILED
    check(ws, KEY, actor="test")
    assert any(r.finding.signal == "release.rollback_failed" and r.open for r in findings(ws, KEY))
    assert len(incidents(ws, KEY)) == 1  # that of the act


def test_a_person_s_rollback_that_did_not_take_effect_opens_one_incident(ws: Workspace) -> None:
    at = read_interlocks(ws, KEY).at
    run = replace(read_interlocks(ws, KEY), state=RollbackState.ACTED, acted_at=at, by="Olga")
    with ws.write() as cursor:
        assert rollbacks.record(cursor, run, actor="Olga").incident == 0
        failed = rollbacks.record(cursor, replace(run, state=RollbackState.FAILED), actor="check")
        assert rollbacks.record(cursor, failed, actor="check").incident == failed.incident
    (opened,) = incidents(ws, KEY)
    assert (opened.id, "did not take effect" in opened.title) == (failed.incident, True)


def test_modes_below_automatic_move_nothing(ws: Workspace, server: str, model: str) -> None:
    for mode, state in ((Mode.PROPOSE, RollbackState.PROPOSED), (Mode.DRY_RUN, RollbackState.DRY)):
        arm(ws, server, model, mode)
        check(ws, KEY, actor="test")
        work(ws, actor="server")
        assert newest(ws).state is state
        with ws.write() as cursor:
            cursor.execute("DELETE FROM rollback_run")
    arm(ws, server, model, Mode.OFF)
    check(ws, KEY, actor="test")
    with ws.read() as cursor:
        assert rollbacks.read_runs(cursor, KEY) == ()
    assert alias_at(server, model, "champion") == "2"


def test_an_alias_that_a_person_moved_is_left_alone(ws: Workspace, server: str, model: str) -> None:
    arm(ws, server, model)
    check(ws, KEY, actor="test")
    set_alias(server, model, "champion", "1")
    work(ws, actor="server")
    run = newest(ws)
    assert run.state is RollbackState.REFUSED
    assert "The registry points to version 1, not to 2." in [lock.sentence for lock in run.interlocks]


def test_an_alias_that_a_person_moves_in_between_is_left_alone(
    server: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = AliasHand(registry=server, model=model, alias="champion", allow_inner=True, pause=0.05)
    honest = mlflow_alias._claim

    def person(hand: AliasHand, number: str, owner: str, steps: list[str]) -> None:
        honest(hand, number, owner, steps)
        set_alias(server, model, "champion", "1")

    monkeypatch.setattr(mlflow_alias, "_claim", person)
    got, _ = move(hand, "2", "1", "run", "a")
    assert (got.ok, "in between" in got.text) == (False, True)


def test_two_servers_that_fire_at_once_act_once(server: str, model: str) -> None:
    hand = AliasHand(registry=server, model=model, alias="champion", allow_inner=True, pause=0.5)
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda nonce: move(hand, "2", "1", "rbk_1", nonce)[0], ("a", "b")))
    assert sorted(receipt.ok for receipt in got) == [False, True]
    assert alias_at(server, model, "champion") == "1"


def test_two_threads_of_one_server_act_once(ws: Workspace, server: str, model: str) -> None:
    arm(ws, server, model)
    check(ws, KEY, actor="test")
    fresh = read_interlocks(ws, KEY, run=newest(ws))

    def once(_: int) -> str:
        try:
            return rollback_act.act(ws, fresh, by="server").state.value
        except PlumblineError as error:
            return str(error)

    with ThreadPoolExecutor(3) as pool:
        said = sorted(pool.map(once, range(3)))
    assert said.count("acted") == 1
    assert said.count("This rollback was made already.") == 2


def test_a_drill_leaves_the_real_alias_where_it_is_and_takes_its_own_away(
    ws: Workspace, server: str, model: str
) -> None:
    arm(ws, server, model, Mode.PROPOSE)
    run = drill(ws, KEY, by="Ada")
    assert run.state is RollbackState.DRILLED, run.note
    assert run.receipt is not None
    assert run.receipt.ok
    assert run.minutes is not None
    assert run.minutes > 0
    assert alias_at(server, model, "champion") == "2"
    assert alias_at(server, model, "plumbline-drill") == ""
    assert work(ws, actor="server") == ()  # a drill is no open proposal


def test_a_person_rolls_back_and_a_broken_interlock_refuses_them_too(
    ws: Workspace, server: str, model: str
) -> None:
    arm(ws, server, model, Mode.PROPOSE)
    kill_switch.stop(ws, by="Ada")
    with pytest.raises(PlumblineError, match="switched off"):
        roll_back(ws, KEY, by="Olga")
    kill_switch.resume(ws, by="Ada")
    with pytest.raises(PlumblineError, match="0 decisions before"):
        roll_back(ws, KEY, by="Olga", to="0.9")
    run = roll_back(ws, KEY, by="Olga")
    assert run.state is RollbackState.ACTED
    assert alias_at(server, model, "champion") == "1"


def test_where_the_owner_asks_for_four_eyes_a_second_person_approves(
    ws: Workspace, server: str, model: str
) -> None:
    arm(ws, server, model, Mode.PROPOSE, four_eyes=True)
    asked = roll_back(ws, KEY, by="Olga")
    assert (asked.state, asked.asked_by, alias_at(server, model, "champion")) == (
        RollbackState.PROPOSED,
        "Olga",
        "2",
    )
    with pytest.raises(PlumblineError, match="another person"):
        approve(ws, KEY, by=" olga ")
    with ws.write() as cursor:
        kept_run = replace(newest(ws), asked_at=newest(ws).asked_at - timedelta(days=2))
        rollbacks.save(cursor, kept_run)
    with pytest.raises(PlumblineError, match="Nobody asked"):
        approve(ws, KEY, by="Bo")
    roll_back(ws, KEY, by="Olga")
    run = approve(ws, KEY, by="Bo")
    assert (run.state, run.by, run.asked_by) == (RollbackState.ACTED, "Bo", "Olga")
    assert alias_at(server, model, "champion") == "1"
    assert incidents(ws, KEY) == ()  # people decided it


def test_automatic_asks_for_a_hand_and_a_month_of_dry_runs(ws: Workspace, server: str, model: str) -> None:
    with pytest.raises(PlumblineError, match="Nothing is wired"):
        set_mode(ws, KEY, Mode.AUTOMATIC, by="Olga")
    hand = {"registry": server, "model": model, "alias": "champion", "allow_inner": True}
    with pytest.raises(PlumblineError, match="dry run for 30 days"):
        set_mode(ws, KEY, Mode.AUTOMATIC, by="Olga", hand=hand)
    for bad in (
        {"alias": "latest"},
        {"alias": "7"},
        {"registry": "sqlite:///x.db"},
        {"registry": "https://a:b@c/"},
    ):
        with pytest.raises(PlumblineError):
            set_mode(ws, KEY, Mode.PROPOSE, by="Olga", hand=hand | bad)


def test_a_registry_that_does_not_answer_leaves_it_to_a_person(ws: Workspace) -> None:
    arm(ws, "http://127.0.0.1:9", "offers")
    check(ws, KEY, actor="test")
    work(ws, actor="server")
    run = newest(ws)
    assert run.state in (RollbackState.PROPOSED, RollbackState.REFUSED)
    assert run.acted_at is None


def test_a_webhook_is_told_what_to_expect_and_may_say_no(ws: Workspace) -> None:
    with receiver(answer_with(200, b'{"run": "deploy-3"}')) as got:
        set_mode(ws, KEY, Mode.PROPOSE, by="Olga", hand={"url": f"{got.url}/roll", "allow_inner": True})
        drilled = drill(ws, KEY, by="Ada")
        assert drilled.state is RollbackState.DRILLED
        assert b'"test":true' in got.came[0].body
        run = roll_back(ws, KEY, by="Olga")
        assert (run.state, run.receipt and run.receipt.run) == (RollbackState.ACTED, "deploy-3")
        assert b'"expected":"2"' in got.came[1].body
        assert b'"target":"1"' in got.came[1].body
        got.answer = answer_with(409)
        with ws.write() as cursor:
            cursor.execute("DELETE FROM rollback_run")
        assert "not in that state" in roll_back(ws, KEY, by="Olga").note


def test_without_a_version_to_go_back_to_nothing_is_proposed_and_nobody_is_told(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ws.write() as cursor:
        cursor.execute("DELETE FROM delivery")
    add_channel(ws)
    found = replace(read_interlocks(ws, KEY), to="")
    monkeypatch.setattr(rollback_act, "read_interlocks", lambda *_, **__: found)
    run = propose(ws, KEY, by="Ada")
    assert (run.state, run.interlocks) == (RollbackState.REFUSED, found.interlocks)
    assert "no version to go back to" in run.note
    assert rollbacks.rollbacks(ws, KEY).runs == ()
    assert outbox(ws) == []
    monkeypatch.undo()
    assert propose(ws, KEY, by="Ada").state is RollbackState.PROPOSED
    assert [row.event for row in outbox(ws)] == ["rollback.proposed"]


def test_a_credential_is_read_from_its_variable_and_kept_nowhere(
    ws: Workspace, server: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm(ws, server, model, Mode.PROPOSE, credential_env="ROLLBACK_TOKEN")
    run = propose(ws, KEY, by="Ada")
    assert any("ROLLBACK_TOKEN is not set" in lock.sentence for lock in run.interlocks if not lock.holds)
    monkeypatch.setenv("ROLLBACK_TOKEN", "tok_canary")
    assert drill(ws, KEY, by="Ada").state is RollbackState.DRILLED
    with ws.read() as cursor:
        tables = ("rollback_run", "rollback_mode", "trail")
        held = repr([cursor.execute(f"SELECT * FROM {table}").fetchall() for table in tables])
    assert "canary" not in held


def test_the_commands_speak_as_agreed(
    made: Path,
    tmp_path: Path,
    server: str,
    model: str,
    plumbline: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mlflow_alias, "PAUSE", 0.1)
    (tmp_path / "workspace.duckdb").write_bytes(made.read_bytes())
    assert plumbline("rollback", "mode", KEY, "always").code == 2
    assert plumbline("rollback", "drill", KEY).code == 2
    wired = ("--mlflow", server, "--model", model, "--alias", "champion", "--allow-inner", "--by", "Olga")
    assert plumbline("rollback", "mode", KEY, "dry-run", *wired, "--json").json["state"] == "dry run"
    proposed = plumbline("rollback", "propose", KEY, "--json").json
    assert [set(lock) for lock in proposed["interlocks"]] == [{"name", "holds", "sentence"}] * 8
    drilled = plumbline("rollback", "drill", KEY, "--json").json
    assert (drilled["state"], drilled["receipt"]["ok"]) == ("drilled", True)
    assert "holds" in plumbline("rollback", "now", KEY, "--by", "Olga").out
    assert alias_at(server, model, "champion") == "1"
    assert plumbline("rollback", "mode", KEY).code == 0
