"""A trigger from the breach to the cure: due, fired at a real receiver, seen in the log, cured or not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pandas as pd
import pytest

from plumbline.answers.alerts.check import check
from plumbline.answers.alerts.findings import findings
from plumbline.answers.alerts.incidents import open_incident
from plumbline.answers.respond import kill_switch
from plumbline.answers.respond.retraining.triggers import add_trigger, approve, triggers
from plumbline.answers.respond.retraining.work import fire, send_test, work
from plumbline.domain import PlumblineError
from plumbline.domain.respond import RetrainingTrigger, RunState, TriggerRun
from plumbline.respond import targets
from plumbline.store.workspace import Workspace, open_workspace
from tests.conftest import Ran
from tests.factory.decay import DECAYED, HEALTHY, KEY, decayed, healthy_reference, load, rows
from tests.respond.receiver import Receiver, Request, answer_with, receiver

BROKEN = HEALTHY + DECAYED
STARTED = answer_with(202, b'{"run": "job-1"}')


@pytest.fixture(scope="module")
def due(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose system is in breach; copied by each test."""
    folder = tmp_path_factory.mktemp("due")
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    load(ws, folder, decayed(), "log.csv", today=BROKEN)
    healthy_reference(ws)
    ws.close()
    return folder / "w.duckdb"


@pytest.fixture
def ws(due: Path, tmp_path: Path) -> Workspace:
    path = tmp_path / "w.duckdb"
    path.write_bytes(due.read_bytes())
    return open_workspace(path, read_from=[tmp_path])


def newest(ws: Workspace) -> TriggerRun:
    return triggers(ws, KEY).runs[0]


def add(ws: Workspace, got: Receiver, **more: object) -> RetrainingTrigger:
    item = RetrainingTrigger(system=KEY, name="retrain", url=f"{got.url}/hook", allow_inner=True, **more)  # type: ignore[arg-type]
    return add_trigger(ws, item, by="Ada")


def test_whoever_works_at_the_same_time_fires_once(ws: Workspace) -> None:
    """The schedule, a command and a page in one moment; two processes never have a workspace open together."""

    def slow(request: Request, handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        STARTED(request, handler)

    with receiver(slow) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(work, ws, actor=f"test {n}") for n in range(4)]:
                done.result(60)
        assert len(got.came) == 1
        assert newest(ws).state is RunState.RUNNING


def test_from_the_breach_to_the_cure(ws: Workspace, tmp_path: Path) -> None:
    with receiver(STARTED) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        run = newest(ws)
        assert run.state is RunState.APPROVED, run.guards
        assert run.onset is not None
        assert (
            abs((run.onset - (pd.Timestamp("2026-01-05", tz="UTC") + pd.Timedelta(days=HEALTHY))).days) <= 7
        )
        assert got.came == []  # a check touches no network
        work(ws, actor="test")
        run = newest(ws)
        assert (run.state, run.receipt and run.receipt.run) == (RunState.RUNNING, "job-1")
        work(ws, actor="test")
        check(ws, KEY, actor="test")
        assert len(got.came) == 1  # once, whatever is called again
        sent = json.loads(got.came[0].body)
        assert (sent["specversion"], sent["id"], sent["data"]["version"]) == ("1.0", run.id, "1")
        assert sent["data"]["test"] is False

    load(ws, tmp_path, rows(BROKEN, 4, "2", "2026-04-21", 0.85, 3), "new.csv", today=BROKEN + 4)
    run = newest(ws)
    assert (run.state, run.seen_version, run.seen_where) == (RunState.SEEN, "2", "log")

    load(ws, tmp_path, rows(BROKEN + 4, 24, "2", "2026-04-21", 0.85, 4), "more.csv", today=BROKEN + 28)
    run = newest(ws)
    assert run.state is RunState.CURED
    assert run.seen_at is not None
    assert run.known_at is not None
    assert 0 < (run.seen_at - run.known_at).days < 60
    ws.close()


def test_a_version_that_does_not_help_is_not_cured_and_a_finding_of_its_own(
    ws: Workspace, tmp_path: Path
) -> None:
    with receiver(STARTED) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        work(ws, actor="test")
    load(ws, tmp_path, rows(BROKEN, 33, "2", "2026-04-21", 0.6, 3), "new.csv", today=BROKEN + 33)
    check(ws, KEY, actor="test")
    assert any(r.state is RunState.NOT_CURED for r in triggers(ws, KEY).runs)
    told = [r for r in findings(ws, KEY) if r.finding.signal == "retraining.not_cured"]
    assert len(told) == 1
    assert told[0].open
    ws.close()


def test_a_second_release_of_the_old_training_is_not_the_retraining(ws: Workspace, tmp_path: Path) -> None:
    with receiver(STARTED) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        work(ws, actor="test")
    load(ws, tmp_path, rows(BROKEN, 10, "1b", "2026-02-01", 0.62, 3), "new.csv", today=BROKEN + 10)
    assert newest(ws).state is RunState.RUNNING
    load(ws, tmp_path, rows(BROKEN + 10, 6, "1b", "2026-02-01", 0.62, 4), "more.csv", today=BROKEN + 16)
    check(ws, KEY, actor="test")
    assert any(r.state is RunState.TIMED_OUT for r in triggers(ws, KEY).runs)
    ws.close()


def test_an_approval_is_waited_for_and_a_kill_switch_stops_it(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver(STARTED) as got:
        add(ws, got, approval=True)
        check(ws, KEY, actor="test")
        assert newest(ws).state is RunState.DUE
        assert "not approved" in newest(ws).note
        approve(ws, KEY, "retrain", by="Olga")
        kill_switch.stop(ws, by="Ada")
        check(ws, KEY, actor="test")
        work(ws, actor="test")
        assert got.came == []
        assert "switched off by Ada" in newest(ws).note
        with pytest.raises(PlumblineError, match="switched off"):
            send_test(ws, KEY, "retrain", by="Ada")
        kill_switch.resume(ws, by="Ada")
        monkeypatch.setenv("PLUMBLINE_RESPOND", "off")
        work(ws, actor="test")
        assert got.came == []
        monkeypatch.delenv("PLUMBLINE_RESPOND")
        check(ws, KEY, actor="test")
        work(ws, actor="test")
        assert len(got.came) == 1
    ws.close()


def test_too_few_labels_and_an_incident_about_something_else_hold_it_back(ws: Workspace) -> None:
    with receiver(STARTED) as got:
        add(ws, got, labels=100_000)
        check(ws, KEY, actor="test")
        assert "learn from too little" in newest(ws).note
        with pytest.raises(PlumblineError, match="learn from too little"):
            fire(ws, KEY, "retrain", by="Olga")
        add(ws, got)
        open_incident(ws, KEY, "Labels of May are wrong", by="Ada")
        check(ws, KEY, actor="test")
        assert "incident 1 is open" in newest(ws).note
        assert got.came == []
    ws.close()


def test_a_kill_between_claim_and_answer_is_asked_again_with_the_same_id(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.answers.respond.retraining import work as retraining_work

    with receiver(STARTED) as got:
        add(ws, got)
        check(ws, KEY, actor="test")

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(retraining_work, "_keep", killed)  # sent, and the answer was never kept
            with pytest.raises(KeyboardInterrupt):
                work(ws, actor="test")
        assert newest(ws).state is RunState.FIRING
        work(ws, actor="test")
        assert newest(ws).state is RunState.RUNNING
        assert len({request.headers["webhook-id"] for request in got.came}) == 1
        assert len(got.came) == 2
    ws.close()


def test_where_a_repeat_would_start_it_twice_nothing_is_repeated(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.answers.respond.retraining import work as retraining_work

    with receiver(answer_with(204, b"")) as got:
        item = RetrainingTrigger(
            system=KEY, name="retrain", url=f"github+{got.url}/repos/a/b", allow_inner=True
        )
        add_trigger(ws, item, by="Ada")
        check(ws, KEY, actor="test")

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(retraining_work, "_keep", killed)
            with pytest.raises(KeyboardInterrupt):
                work(ws, actor="test")
        work(ws, actor="test")
        assert newest(ws).state is RunState.FIRED
        assert "not known until a version is seen" in newest(ws).note
        assert len([r for r in got.came if r.method == "POST"]) == 1
    ws.close()


def test_two_threads_fire_once(ws: Workspace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with receiver(STARTED) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: work(ws, actor="test"), range(6)))
        assert len(got.came) == 1
    ws.close()


def test_a_target_that_fails_is_told_and_left_alone_for_the_cool_down(ws: Workspace) -> None:
    with receiver(answer_with(500)) as got:
        add(ws, got)
        check(ws, KEY, actor="test")
        work(ws, actor="test")
        assert newest(ws).state is RunState.FAILED
        check(ws, KEY, actor="test")
        work(ws, actor="test")
        assert len(got.came) == 1
        due_again = next(r for r in triggers(ws, KEY).runs if r.state is RunState.DUE)
        assert "may follow from" in due_again.note
    ws.close()


def test_a_test_is_marked_as_one_and_its_run_is_the_receipt(ws: Workspace) -> None:
    with receiver(STARTED) as got:
        add(ws, got)
        run = send_test(ws, KEY, "retrain", by="Ada")
        assert (run.state, run.test, run.receipt and run.receipt.run) == (RunState.TESTED, True, "job-1")
        assert json.loads(got.came[0].body)["data"]["test"] is True
        got.answer = answer_with(200, b"thanks")
        assert "named no run" in send_test(ws, KEY, "retrain", by="Ada").note
    ws.close()


def test_no_row_no_value_and_no_secret_is_sent_or_kept(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH", "ghp_canary_secret")
    with receiver(answer_with(204, b"")) as got:
        item = RetrainingTrigger(
            system=KEY, name="retrain", url=f"github+{got.url}/repos/a/b", allow_inner=True, secret_env="GH"
        )
        add_trigger(ws, item, by="Ada")
        check(ws, KEY, actor="test")
        work(ws, actor="test")
        assert b"d70-1" not in got.came[0].body
    with ws.read() as cursor:
        kept = repr(cursor.execute("SELECT * FROM trigger_run").fetchall())
        kept += repr(cursor.execute("SELECT detail FROM trail").fetchall())
    assert "canary" not in kept
    ws.close()


def test_the_commands_speak_as_agreed(due: Path, tmp_path: Path, plumbline: Callable[..., Ran]) -> None:
    (tmp_path / "workspace.duckdb").write_bytes(due.read_bytes())
    with receiver(STARTED) as got:
        inner = plumbline("trigger", "add", KEY, "retrain", f"{got.url}/hook")
        assert (inner.code, "--allow-inner" in inner.err) == (2, True)
        told = plumbline(
            "trigger", "add", KEY, "retrain", f"{got.url}/hook", "--allow-inner", "--by", "Ada", "--json"
        )
        assert set(told.json) >= {"trigger", "state"}
        tested = plumbline("trigger", "test", KEY, "retrain", "--json").json
        assert (tested["state"], tested["receipt"]["run"]) == ("tested", "job-1")
        fired = plumbline("trigger", "fire", KEY, "retrain", "--by", "Olga", "--json").json
        assert fired["state"] == "running"
        again = plumbline("trigger", "fire", KEY, "retrain", "--by", "Olga")
        assert (again.code, "under way" in again.err) == (2, True)
        assert len(plumbline("trigger", "list", KEY, "--json").json["runs"]) == 2
        assert plumbline("trigger", "approve", KEY, "retrain").code == 2
        assert plumbline("trigger", "list", KEY).code == 0
    listed = plumbline("trigger", "add", KEY, "local", "command:rm")
    assert (listed.code, "operator lists no command" in listed.err) == (2, True)


def test_kinds_are_as_documented() -> None:
    assert set(targets.REPEATABLE) < set(targets.KINDS)


def test_each_state_is_told_once_and_check_notify_fires(
    due: Path, tmp_path: Path, plumbline: Callable[..., Ran]
) -> None:
    (tmp_path / "workspace.duckdb").write_bytes(due.read_bytes())
    with receiver(STARTED) as got, receiver() as ears:
        ears_at = ("channel", "add", "ears", f"{ears.url}/", "--allow-inner", "--by", "Ada")
        assert plumbline(*ears_at).code == 0
        assert plumbline("trigger", "add", KEY, "retrain", f"{got.url}/hook", "--allow-inner").code == 0
        told = plumbline("check", KEY, "--notify", "--json").json
        assert [run["state"] for run in told["acted"]] == ["running"]
        assert len(got.came) == 1
        plumbline("check", KEY, "--notify")
        assert len(got.came) == 1
        rows = plumbline("deliveries", "--json").json["deliveries"]
        assert [row["event"] for row in rows].count("trigger.fired") == 1
