"""One round of the schedule: it pulls, takes the inbox, checks and beats, and tells once what failed."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.operations import check_round, runs, silence
from plumbline.domain import PlumblineError
from plumbline.store import findings as register
from plumbline.store import systems, trail
from plumbline.store.workspace import Workspace
from tests.answers.operations.conftest import MONDAY, keep_schedule
from tests.answers.respond.outbox_cases import add_channel, check, outbox, problem
from tests.factory.shop import shop_log


class Heartbeats:
    """A server on loopback that notes what is asked of it."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.asked = asked
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ping/one"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def heartbeats() -> Iterator[Heartbeats]:
    made = Heartbeats()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_round_pulls_takes_the_inbox_checks_and_beats(
    shop: Workspace, tmp_path: Path, heartbeats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", heartbeats.url)
    (tmp_path / "in" / "boxed").mkdir(parents=True)
    (tmp_path / "in" / "boxed" / "a.csv").write_bytes(shop_log(rows=40))
    (tmp_path / "in" / "boxed" / "b.csv").write_bytes(b"%PDF-1.7")
    monkeypatch.setattr(check_round.inbox, "SETTLE", 0.0)
    database = sqlite3.connect(tmp_path / "source.db")
    header, *lines = shop_log().decode().splitlines()
    names = [f"c{i}" for i in range(len(header.split(",")))]
    names[:4] = ["decided_at", "order_id", "model_version", "decision"]
    database.execute(f"CREATE TABLE decided ({', '.join(names)})")
    database.executemany(
        f"INSERT INTO decided VALUES ({', '.join('?' * len(names))})",
        [line.split(",") for line in lines[:30]],
    )
    database.commit()
    with shop.write() as cursor:
        cursor.execute(
            "INSERT INTO source VALUES ('shop', ?, 'missing', 'sqlite', 'missing', '', '2026-01-01')",
            [f"sqlite:{tmp_path / 'source.db'}"],
        )
    keep_schedule(shop, inbox=str(tmp_path / "in"))
    (made,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert set(made.faults) == {"shop/source missing", "file b.csv"}
    assert "1 files from the inbox." in made.sentence
    assert heartbeats.asked == ["/ping/one"]
    with shop.read() as cursor:
        assert {s.key for s in systems.list_systems(cursor)} == {"shop", "boxed"}
        acts = [e.action for e in trail.entries(cursor) if e.actor == "schedule"]
    assert acts.count("signals checked") >= 2
    before = shop.change()
    (again,) = check_round.run_due(shop, clock=lambda: MONDAY + timedelta(hours=1))
    assert set(again.faults) == {"shop/source missing"}
    assert shop.change() == before  # nothing changed: no system was checked again
    assert len(heartbeats.asked) == 2


def test_what_fails_is_told_once_until_it_worked_again(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        check_round.outbox, "queue", lambda _cursor, event: told.append((event.type, event.sentence))
    )
    broken = [True]

    def check(ws: Workspace, key: str, *, actor: str) -> Any:
        if broken[0]:
            raise PlumblineError("The signals cannot be read")
        return whole(ws, key, actor=actor)

    whole = check_round.check_systems
    monkeypatch.setattr(check_round, "check_systems", check)
    keep_schedule(shop)
    for hour, state in enumerate((True, True, False, True)):
        broken[0] = state
        with shop.write() as cursor:
            trail.append(cursor, actor="t", action="settings changed", system="shop")
        check_round.run_due(shop, clock=lambda hour=hour: MONDAY + timedelta(hours=hour))
    assert told == [("check.failed", "check: The signals cannot be read.")] * 2


def test_why_a_source_or_a_file_was_refused_stays_here(
    shop: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal may quote a cell."""
    told: list[str] = []
    monkeypatch.setattr(check_round.outbox, "queue", lambda _cursor, event: told.append(event.sentence))

    def refusal(*_: Any, **__: Any) -> Any:
        raise PlumblineError("'canary' is not a number")

    monkeypatch.setattr(check_round.pull, "pull_source", refusal)
    monkeypatch.setattr(check_round.inbox, "inbox_files", refusal)
    with shop.write() as cursor:
        cursor.execute(
            "INSERT INTO source VALUES ('shop', 'sqlite:x.db', 'loans', 'sqlite', 'loans', '', '2026-01-01')"
        )
    keep_schedule(shop, inbox=str(tmp_path))
    (run,) = check_round.run_due(shop, clock=lambda: MONDAY)
    with shop.write() as cursor:
        check_round._announce_faults(
            cursor, runs.begin(cursor, "check", MONDAY, MONDAY), {"file a.csv": "canary"}, MONDAY
        )
    assert [words.partition(".")[0] for words in told] == [
        "Nothing was pulled from the source loans",
        "The inbox could not be taken",
        "The file a",
    ]
    assert not any("canary" in words for words in told)
    assert "canary" in run.sentence


def test_what_is_due_of_rollbacks_and_retrainings_is_done_after_each_check(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(
        check_round.hands, "work", lambda _ws, key, *, actor: asked.append((key, actor)) or ()
    )
    keep_schedule(shop)
    check_round.run_due(shop, clock=lambda: MONDAY)
    assert asked == [("shop", "schedule")]


def test_the_network_is_touched_while_everybody_else_may_write(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[str] = []

    def touch(what: str) -> None:
        def take() -> None:
            with shop.write(wait=False):
                free.append(what)

        other = threading.Thread(target=take)
        other.start()
        other.join(20)

    monkeypatch.setattr(check_round.pull, "fetch", lambda *_, **__: touch("pull") or 1 / 0)
    monkeypatch.setattr(check_round.hands, "work", lambda *_, **__: touch("acting") or ())
    monkeypatch.setattr(check_round.delivery, "work", lambda *_: touch("messages"))
    answered = check_round.http.HttpReply(status=200)
    monkeypatch.setattr(check_round.http, "get", lambda *_, **__: touch("heartbeat") or answered)
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", "https://hc.example/")
    with shop.write() as cursor:
        row = "('shop', 'https://s.example/a.csv', '', 'files', 'a', '', '2026-01-01')"
        cursor.execute(f"INSERT INTO source VALUES {row}")
    keep_schedule(shop)
    check_round.run_due(shop, clock=lambda: MONDAY)
    assert free == ["pull", "acting", "messages", "heartbeat"]


def test_a_failed_check_beats_no_heart(
    shop: Workspace, heartbeats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(check_round, "check_systems", fail)
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", heartbeats.url)
    keep_schedule(shop)
    (made,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert "shop/check" in made.faults
    assert heartbeats.asked == []


# --- silence


def test_a_silent_source_is_a_finding_until_it_speaks_again(shop: Workspace) -> None:
    with shop.write() as cursor:
        system = systems.get_system(cursor, "shop")
        cursor.execute("UPDATE load SET made_at = ?", [MONDAY.replace(tzinfo=None) - timedelta(days=60)])
        for day in range(1, 60):
            cursor.execute(
                "INSERT INTO load SELECT * REPLACE (load_id + ? AS load_id, "
                "made_at + to_days(CAST(? AS INTEGER)) AS made_at) FROM load WHERE load_id = 1",
                [day, day],
            )
    assert silence.check_silence(shop, system, MONDAY) == []
    (one,) = silence.check_silence(shop, system, MONDAY + timedelta(days=4))
    assert one.name == "files"
    assert (
        len(silence.check_silence(shop, system, MONDAY + timedelta(days=5))) == 1
    )  # once, however often it is looked at
    with shop.read() as cursor:
        (found,) = [
            r for r in register.recorded_findings(cursor, "shop") if r.finding.signal == "source.silent.files"
        ]
    assert found.open
    assert "The longest of 59 usual pauses was 24 hours" in found.finding.sentence
    with shop.write() as cursor:
        later = (MONDAY + timedelta(days=5)).replace(tzinfo=None)
        cursor.execute("UPDATE load SET made_at = ? WHERE load_id = 60", [later])
    assert silence.check_silence(shop, system, MONDAY + timedelta(days=5, hours=1)) == []
    with shop.read() as cursor:
        (found,) = [
            r for r in register.recorded_findings(cursor, "shop") if r.finding.signal == "source.silent.files"
        ]
    assert not found.open


def test_a_machine_without_network_checks_all_the_same_and_keeps_what_it_has_to_say(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(host: object, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", "https://hc.example/ping")
    add_channel(shop)
    check(shop, problem())
    keep_schedule(shop)
    (run,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert (run.faults, run.is_running) == ({}, False)
    (waiting,) = (message for message in outbox(shop) if message.attempts)
    assert (waiting.state, waiting.attempts) == ("failed", 1)
    assert "its name cannot be looked up now" in waiting.reason
