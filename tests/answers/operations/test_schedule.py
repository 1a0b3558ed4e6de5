"""The schedule: what is due when, and once; what the server works off; clocks that were ahead."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plumbline.answers.operations import check_round, runs
from plumbline.answers.operations.schedule import (
    Schedule,
    last_due_time,
    next_due_time,
    schedule,
    set_schedule,
)
from plumbline.domain import PlumblineError
from plumbline.store import copies
from plumbline.store.database.cancellation import Cancellation
from plumbline.store.respond import settings
from plumbline.store.workspace import Workspace, WriteStop
from plumbline.ui.server import watch
from tests.answers.operations.conftest import MONDAY, keep_schedule
from tests.conftest import Ran

Run = Callable[..., Ran]


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


def test_missed_times_run_once_and_no_time_runs_twice(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_schedule(workspace)
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


def test_nightly_copies_come_by_the_schedule(shop: Workspace) -> None:
    keep_schedule(shop, check="", backup="daily@02:30", keep_days=14)
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
    keep_schedule(shop)
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
    keep_schedule(shop)
    with pytest.raises(WriteStop):
        check_round.run_due(shop.for_command([], work), clock=lambda: MONDAY)


def test_a_clock_that_was_ahead_stops_no_schedule_and_repeats_no_run(shop: Workspace) -> None:
    """A machine that begins in 2031 and is set right afterwards: the run of then must not be the last for years."""
    keep_schedule(shop, check="1h", backup="")
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
