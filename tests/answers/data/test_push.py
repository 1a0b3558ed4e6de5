"""What takes pushed rows: nothing that was answered is lost or counts twice, and one request spoils no other."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.data import push, push_queue
from plumbline.answers.data.load import system_loads
from plumbline.answers.data.push import Intake, MissingLog, UnavailableWorkspace, push_folder
from plumbline.answers.data.push_queue import Backlog
from plumbline.answers.governance.trail import trail
from plumbline.answers.operations.verify import verify
from plumbline.domain import PlumblineError
from plumbline.logs.push import journal
from plumbline.logs.push.receipts import PushReceipt
from plumbline.store import systems
from plumbline.store.database.engine import FullDisk
from plumbline.store.workspace import Workspace, open_workspace
from tests.environment import product
from tests.factory.shop import PUSHED_ROW
from tests.factory.workspaces import loaded_workspace

ROOT = Path(__file__).parents[3]
NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the first 300 decisions of the shop."""
    folder = tmp_path_factory.mktemp("push")
    made = loaded_workspace(folder, rows=300)
    made.close()
    return made.path


@pytest.fixture
def ws(shop: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copy(shop, tmp_path / "workspace.duckdb")
    made = open_workspace(tmp_path / "workspace.duckdb")
    yield made
    made.close()


class Given:
    """An intake, and what became of what it was given."""

    def __init__(self, ws: Workspace, every: float = 3_600) -> None:
        self.intake = Intake(lambda: ws, every)
        while not self.intake.is_ready:
            time.sleep(0.01)

    def push(
        self, *rows: dict[str, Any], kind: str = "decisions", actor: str = "token t", key: str = ""
    ) -> str:
        body = "\n".join(map(json.dumps, rows)).encode()
        request, _ = self.intake.request("shop", kind, NDJSON, body, actor=actor, key=key)
        written = threading.Event()
        number = self.intake.take(request, lambda error: written.set() if error is None else None)
        assert written.wait(20)
        return number

    def receipt(self, number: str) -> PushReceipt:
        found = self.intake.receipt_of(number)
        assert found is not None
        assert not found[1]
        return found[0]


def _numbered(first: int, count: int) -> list[dict[str, Any]]:
    return [PUSHED_ROW | {"order_id": f"n{i}", "basket": float(i)} for i in range(first, first + count)]


def _held(ws: Workspace) -> int:
    with ws.read() as cursor:
        return systems.count_decisions(cursor, "shop") - 300


def test_requests_of_some_seconds_are_one_load_and_one_entry_of_the_trail(ws: Workspace) -> None:
    given = Given(ws)
    before = len(trail(ws).entries)
    bad = PUSHED_ROW | {"order_id": "bad", "decided_at": "never"}
    numbers = [
        given.push(*_numbered(0, 3), actor="token a"),
        given.push(bad, *_numbered(2, 2), actor="token b"),
        given.push(bad),
    ]
    assert [given.intake.receipt_of(number)[1] for number in numbers] == [True] * 3  # type: ignore[index]
    given.intake.gather()
    seen = [given.receipt(number) for number in numbers]
    assert [(r.rows_loaded, r.rows_duplicate, r.rows_quarantined) for r in seen] == [
        (3, 0, 0),
        (1, 1, 1),
        (0, 0, 1),
    ]
    assert {r.load_id for r in seen} == {2}
    assert seen[1].reasons == {"bad_timestamp": 1}
    made = system_loads(ws, "shop").loads[0]
    assert (made.rows_read, made.rows_loaded, made.actor) == (7, 4, "token a, token b, token t")
    assert [entry.action for entry in trail(ws).entries[: len(trail(ws).entries) - before]] == ["load"]
    assert not list(push_folder(ws.path).iterdir())
    assert given.intake.backlog == 0
    given.intake.close()
    assert verify(ws).problems == ()


def test_labels_wait_for_no_decision_of_the_same_moment(ws: Workspace) -> None:
    """They are loaded behind the decisions, and one whose decision never came waits in quarantine."""
    given = Given(ws)
    late = given.push(
        {"decision_id": "n0", "label": "yes"}, {"decision_id": "n0", "label": "yes"}, kind="labels"
    )
    alone = given.push({"decision_id": "nobody", "label": "no"}, kind="labels")
    given.push(*_numbered(0, 1))
    given.intake.gather()
    receipt = given.receipt(late)
    assert (receipt.rows_loaded, receipt.rows_duplicate, receipt.kind) == (1, 1, "labels")
    assert given.receipt(alone).reasons == {"unknown_decision": 1}
    given.intake.close()


def test_a_label_corrected_back_by_the_very_same_request_counts(ws: Workspace) -> None:
    given = Given(ws)
    given.push(*_numbered(0, 1))
    for label, joined in (("yes", 1), ("no", 1), ("yes", 1), ("yes", 0)):
        number = given.push({"decision_id": "n0", "label": label}, kind="labels")
        given.intake.gather()
        assert given.receipt(number).rows_loaded == joined
        with ws.read() as cursor:
            held = cursor.execute("SELECT label FROM decision_shop WHERE decision_id = 'n0'").fetchone()
        assert held == (label,)
    given.intake.close()
    assert verify(ws).problems == ()


def test_how_pushed_rows_are_named_is_not_remembered(ws: Workspace) -> None:
    with ws.read() as cursor:
        before = systems.saved_mapping(cursor, "shop"), systems.saved_mapping(cursor, "shop", kind="labels")
    given = Given(ws)
    given.push({"timestamp": "2026-03-09T08:00:00Z", "score": 0.5, "feature:new": 3})
    given.push({"decision_id": "nobody", "label": "no"}, kind="labels")
    given.intake.gather()
    given.intake.close()
    with ws.read() as cursor:
        after = systems.saved_mapping(cursor, "shop"), systems.saved_mapping(cursor, "shop", kind="labels")
        assert "feature:new" in {column.name for column in systems.decision_columns(cursor, "shop")}
    assert after == before


def test_one_request_that_cannot_be_loaded_spoils_no_other(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given(ws)
    numbers = [given.push(*_numbered(i, 1)) for i in range(5)]
    real = push.load_requests

    def load(ws: Workspace, form: Any, requests: Any, **named: Any) -> Any:
        if any(r.receipt.id == numbers[3] for r in requests):
            raise ZeroDivisionError
        return real(ws, form, requests, **named)

    monkeypatch.setattr(push, "load_requests", load)
    given.intake.gather()
    states = [given.receipt(number) for number in numbers]
    assert [r.rows_loaded for r in states] == [1, 1, 1, 0, 1]
    assert states[3].load_id is None
    assert "ZeroDivisionError" in states[3].fault
    assert (states[3].rows_quarantined, states[3].reasons) == (1, {"refused": 1})
    assert _held(ws) == 4
    given.intake.close()


def test_a_full_disk_loses_nothing_and_is_tried_again(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Given(ws)
    number = given.push(*_numbered(0, 2))

    def full(*_: Any, **__: Any) -> Any:
        raise FullDisk(ws.path)

    with monkeypatch.context() as patched:
        patched.setattr(push, "load_requests", full)
        with pytest.raises(FullDisk):
            given.intake.gather()
    assert given.intake.receipt_of(number)[1]  # type: ignore[index]
    given.intake.gather()
    assert given.receipt(number).rows_loaded == 2
    given.intake.close()


def test_a_key_is_known_to_the_next_process_and_only_to_its_own_token(ws: Workspace) -> None:
    first = Given(ws)
    number = first.push(*_numbered(0, 1), key="k")
    first.intake.close()
    second = Given(ws)
    assert second.push(*_numbered(0, 1), key="k") == number
    assert second.push(*_numbered(0, 1), key="k", actor="token other") != number
    second.intake.close()
    assert _held(ws) == 1


def test_a_receipt_that_a_process_which_ended_gave_out_is_not_denied_before_its_rows_are_read(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Given(ws)
    monkeypatch.setattr(first.intake, "gather", lambda: None)  # it is killed
    number = first.push(*_numbered(0, 1))
    first.intake.close()
    held, real = threading.Event(), Intake._open_journal

    def slow(intake: Intake) -> Any:
        held.wait(20)
        return real(intake)

    monkeypatch.setattr(Intake, "_open_journal", slow)
    second = Intake(lambda: ws, 3_600)
    with pytest.raises(UnavailableWorkspace):
        second.receipt_of(number)
    held.set()
    while not second.is_ready:
        time.sleep(0.01)
    found = second.receipt_of(number)
    assert found is not None
    assert found[1]
    assert second.receipt_of("nobody's") is None
    second.close()


def test_a_request_that_is_on_its_way_to_the_disk_is_not_answered_for_when_it_comes_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given(ws)
    held, real = threading.Event(), os.fsync

    def slow(file: int) -> None:
        held.wait(20)
        real(file)

    monkeypatch.setattr(journal.os, "fsync", slow)
    body = json.dumps(_numbered(0, 1)[0]).encode()
    written: list[OSError | None] = []
    for _ in range(2):
        assert given.intake.find_request("shop", "decisions", body, actor="token t", key="k") is None
        request, _ = given.intake.request("shop", "decisions", NDJSON, body, actor="token t", key="k")
        number = given.intake.take(request, written.append)
    assert written == []
    held.set()
    while len(written) < 2:
        time.sleep(0.01)
    assert written == [None, None]
    assert given.intake.find_request("shop", "decisions", body, actor="token t", key="k") == (number, 1)
    given.intake.gather()
    assert given.receipt(number).rows_loaded == 1
    assert _held(ws) == 1
    given.intake.close()


def test_more_than_may_wait_is_not_taken(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    given = Given(ws)
    given.push(*_numbered(0, 1))
    monkeypatch.setattr(push_queue, "BACKLOG", given.intake.backlog + 10)
    with pytest.raises(Backlog):
        given.push(*_numbered(1, 1))
    given.intake.gather()
    assert given.push(*_numbered(1, 1))
    given.intake.close()


def test_a_system_without_a_log_takes_no_rows(ws: Workspace) -> None:
    from plumbline.domain import Task

    with ws.write() as cursor:
        systems.create_system(cursor, "Empty", task=Task.BINARY)
    given = Given(ws)
    with pytest.raises(MissingLog, match="no log yet"):
        given.intake.row_forms("empty")
    with pytest.raises(PlumblineError, match="nowhere"):
        given.intake.row_forms("nowhere")
    given.intake.close()


def _killed(ws_path: Path, every: str, bodies: list[str], *, after: float) -> list[str]:
    """Receipts that a process gave out before it was killed, some time after the last body went in."""
    command = [product.python(), "-m", "tests.answers.pushing_process", str(ws_path), every]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for body in bodies:
            process.stdin.write(body + "\n")
        numbers = [process.stdout.readline().strip() for _ in bodies] if after < 0 else []
        time.sleep(max(after, 0))
        process.kill()
        numbers += process.stdout.read().split()
    return numbers


def test_what_was_answered_is_loaded_exactly_once_whenever_the_process_is_killed(
    ws: Workspace, request: pytest.FixtureRequest
) -> None:
    """Killed between the answer and the load, and at moments within loads."""
    path = ws.path
    ws.close()
    draw = random.Random(7)
    bodies = [json.dumps(row) for row in _numbered(0, 60)]
    answered = _killed(path, "3600", bodies[:20], after=-1)
    assert len(answered) == 20
    for first in (20, 40):
        answered += _killed(path, "0.05", bodies[first : first + 20], after=draw.uniform(0.05, 0.6))
    again = open_workspace(path)
    request.addfinalizer(again.close)
    given = Given(again)
    given.intake.gather()
    receipts = [given.receipt(number) for number in answered]
    given.intake.close()
    assert all(r.load_id is not None and r.rows_loaded + r.rows_duplicate == 1 for r in receipts)
    assert sum(r.rows_loaded for r in receipts) == len(answered)
    assert _held(again) >= len(answered)  # what was written and not answered any more may be there, once
    with again.read() as cursor:
        twice = cursor.execute(
            "SELECT decision_id FROM decision_shop GROUP BY 1 HAVING count(*) > 1"
        ).fetchall()
    assert twice == []
    assert verify(again).problems == ()
