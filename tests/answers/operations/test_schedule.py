"""The schedule: what is due when, and once; what fails is told once; the heartbeat; sources that fall silent."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.operations import check_round, runs, silence
from plumbline.answers.operations.schedule import (
    Schedule,
    last_due_time,
    next_due_time,
    schedule,
    set_schedule,
)
from plumbline.domain import PlumblineError
from plumbline.store import copies, systems, trail
from plumbline.store import findings as register
from plumbline.store.database.cancellation import Cancellation
from plumbline.store.respond import settings
from plumbline.store.workspace import Workspace, WriteStop
from plumbline.ui.server import watch
from tests.answers.respond.outbox_cases import add_channel, check, outbox, problem
from tests.conftest import Ran
from tests.factory.shop import shop_log
from tests.factory.workspaces import load_log

Run = Callable[..., Ran]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "zone", "at", "last", "following"),
    [
        ("1h", "UTC", "2026-03-02T10:20", "2026-03-02T10:00", "2026-03-02T11:00"),
        ("15m", "UTC", "2026-03-02T10:15", "2026-03-02T10:15", "2026-03-02T10:30"),
        ("daily@06:00", "UTC", "2026-03-02T05:59", "2026-03-01T06:00", "2026-03-02T06:00"),
        ("daily@06:00", "Europe/Berlin", "2026-03-02T05:30", "2026-03-02T05:00", "2026-03-03T05:00"),
        ("mon@06:00", "UTC", "2026-03-04T05:59", "2026-03-02T06:00", "2026-03-09T06:00"),
        # 02:30 does not come on the day that the clocks go forward, and comes twice when they go back: once each
        ("daily@02:30", "Europe/Berlin", "2026-03-29T12:00", "2026-03-29T01:30", "2026-03-30T00:30"),
        ("daily@02:30", "Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_what_is_due_when(when: str, zone: str, at: str, last: str, following: str) -> None:
    assert last_due_time(when, zone, _at(at)) == _at(last)
    assert next_due_time(when, zone, _at(at)) == _at(following)
    assert last_due_time("", zone, _at(at)) is None


@pytest.mark.parametrize("change", [
    {"check": "7m"}, {"check": "25h"}, {"check": "dai"}, {"check": "daily@24:00"}, {"zone": "Mars/Base"},
    {"keep_days": 0}, {"inbox": "/no/such/folder"}, {"heartbeat": "file:///etc/passwd"}, {"backup": "1m"},
    {"check": "1h; rm"},
])  # fmt: skip
def test_what_cannot_be_is_one_sentence(workspace: Workspace, change: dict[str, Any]) -> None:
    with pytest.raises(PlumblineError):
        set_schedule(workspace, Schedule(**change), by="ana")
    assert schedule(workspace) == Schedule()


def test_it_is_set_and_shown_on_the_command_line_without_the_heartbeats_path(plumbline: Run) -> None:
    url = "https://hc.example/ping/s3cret-canary"
    told = plumbline(
        "schedule", "set", "--every", "1h", "--backup", "nightly", "--heartbeat", url, "--by", "ana", "--json"
    )
    assert told.json["schedule"]["check"] == "1h"
    assert told.json["schedule"]["backup"] == "daily@02:30"
    assert told.json["schedule"]["keep_days"] == 14
    ran = plumbline("schedule", "show")
    assert "Heartbeat: hc.example" in ran.out
    again = plumbline("schedule", "set", "--every", "off", "--by", "ana", "--json").json  # the rest stays
    assert (again["schedule"]["check"], again["schedule"]["heartbeat"]) == ("", "hc.example")
    trailed = plumbline("trail").out + str(plumbline("trail", "--json").json)
    assert "schedule set" in trailed
    assert "canary" not in told.out + ran.out + trailed


@pytest.fixture
def shop(workspace: Workspace, tmp_path: Path) -> Workspace:
    load_log(workspace, tmp_path, rows=300)
    return workspace


def _set(ws: Workspace, **said: Any) -> None:
    with ws.write() as cursor:
        settings.keep(
            cursor, "schedule", {"check": "1h", "since": (MONDAY - timedelta(days=9)).isoformat()} | said
        )


def test_missed_times_run_once_and_no_time_runs_twice(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set(workspace)
    item, three = schedule(workspace), MONDAY + timedelta(hours=3, minutes=1)
    claimed: list[Any] = []
    threads = [
        threading.Thread(target=lambda: claimed.append(runs.claim(workspace, "check", item, three)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (one,) = [run for run in claimed if run is not None]
    assert (
        one.due == (MONDAY + timedelta(hours=3)).isoformat()
    )  # of days that were missed, the newest hour alone
    monkeypatch.setattr(runs, "PROCESS", "the next server")
    again = runs.claim(workspace, "check", item, three)  # the first was killed at its work
    assert again is not None
    assert again.due == one.due
    with workspace.write() as cursor:
        runs.finish(cursor, "check", again, three, "", {})
    assert runs.claim(workspace, "check", item, three) is None
    monkeypatch.setattr(runs, "PROCESS", "a third")
    assert runs.claim(workspace, "check", item, three) is None  # what ended is not done again
    assert runs.claim(workspace, "check", item, three + timedelta(hours=1)) is not None
    assert runs.claim(workspace, "backup", item, three) is None


def test_what_was_due_before_it_was_set_is_not_made_up_for(workspace: Workspace) -> None:
    set_schedule(workspace, Schedule(check="daily@06:00"), by="ana")
    assert check_round.run_due(workspace) == []


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
    _set(shop, inbox=str(tmp_path / "in"))
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
    _set(shop)
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
    _set(shop, inbox=str(tmp_path))
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
    _set(shop)
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
    _set(shop)
    check_round.run_due(shop, clock=lambda: MONDAY)
    assert free == ["pull", "acting", "messages", "heartbeat"]


def test_a_failed_check_beats_no_heart(
    shop: Workspace, heartbeats: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(check_round, "check_systems", fail)
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", heartbeats.url)
    _set(shop)
    (made,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert "shop/check" in made.faults
    assert heartbeats.asked == []


def test_nightly_copies_come_by_the_schedule(shop: Workspace) -> None:
    _set(shop, check="", backup="daily@02:30", keep_days=14)
    (made,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert made.faults == {}
    (copy,) = (shop.path.parent / "backups").iterdir()
    assert copy.name in made.sentence


def test_the_server_works_it_off_and_ends_within_a_moment(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(ws: Workspace, key: str, *, actor: str) -> Any:
        with ws.write() as cursor:
            cursor.execute("INSERT INTO respond_setting VALUES ('half', '{}')")
            begun.set()
            cursor.execute(
                "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7"
            )

    monkeypatch.setattr(check_round, "check_systems", endless)
    monkeypatch.setattr(watch, "LOOK", 0.01)
    _set(shop)
    made = watch.Watch(lambda: shop)
    assert begun.wait(20)
    made.close()
    assert not made._thread.is_alive()
    with shop.read() as cursor:
        assert settings.setting(cursor, "half") is None
        left = runs.last_run(cursor, "check")
    assert left is not None
    assert left.is_running


def test_a_run_that_is_called_off_notes_no_end(shop: Workspace) -> None:
    work = Cancellation()
    work.off = True
    _set(shop)
    with pytest.raises(WriteStop):
        check_round.run_due(shop.for_command([], work), clock=lambda: MONDAY)


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


def test_a_clock_that_was_ahead_stops_no_schedule_and_repeats_no_run(shop: Workspace) -> None:
    """A machine that begins in 2031 and is set right afterwards: the run of then must not be the last for years."""
    _set(shop, check="1h", backup="")
    ahead, hour = datetime(2031, 5, 5, 10, 20, tzinfo=UTC), timedelta(hours=1)
    moments = [ahead, MONDAY, MONDAY, MONDAY + hour, MONDAY + hour / 2, MONDAY + 2 * hour]
    # the last but one: set back by half an hour, as when it is adjusted, repeats nothing
    assert [len(check_round.run_due(shop, clock=lambda at=at: at)) for at in moments] == [1, 1, 0, 1, 0, 1]


def test_a_schedule_that_was_set_while_the_clock_was_ahead_begins(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.answers.operations.schedule.now", lambda: datetime(2031, 5, 5, tzinfo=UTC))
    set_schedule(shop, Schedule(check="1h"), by="ana")
    assert [len(check_round.run_due(shop, clock=lambda: MONDAY)) for _ in range(2)] == [1, 0]
    monkeypatch.setattr("plumbline.answers.operations.schedule.now", lambda: MONDAY + timedelta(minutes=20))
    set_schedule(
        shop, Schedule(check="2h"), by="ana"
    )  # nothing that was due before it was set is caught up on
    assert check_round.run_due(shop, clock=lambda: MONDAY + timedelta(minutes=30)) == []


def test_copies_do_not_go_all_at_once_where_the_clock_has_jumped(tmp_path: Path) -> None:
    path = tmp_path / "workspace.duckdb"
    (tmp_path / "backups").mkdir()
    days = [MONDAY + timedelta(days=day) for day in range(20)]
    for at in days:
        copies.nightly_path(path, at).touch()
    assert copies.drop_nightly(path, days[-1], 14) == 5
    copies.nightly_path(path, days[-1] + timedelta(days=2000)).touch()
    assert copies.drop_nightly(path, days[-1] + timedelta(days=2000), 14) == 0
    copies.nightly_path(path, days[-1] + timedelta(days=2001)).touch()  # it was no jump
    assert copies.drop_nightly(path, days[-1] + timedelta(days=2001), 14) == 15


def test_a_machine_without_network_checks_all_the_same_and_keeps_what_it_has_to_say(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(host: object, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setenv("PLUMBLINE_HEARTBEAT_URL", "https://hc.example/ping")
    add_channel(shop)
    check(shop, problem())
    _set(shop)
    (run,) = check_round.run_due(shop, clock=lambda: MONDAY)
    assert (run.faults, run.is_running) == ({}, False)
    (waiting,) = (message for message in outbox(shop) if message.attempts)
    assert (waiting.state, waiting.attempts) == ("failed", 1)
    assert "its name cannot be looked up now" in waiting.reason
