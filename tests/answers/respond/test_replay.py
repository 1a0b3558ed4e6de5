"""Playing the past again: each played day sees only what was known then. A log cut at that day says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from plumbline.answers import statements
from plumbline.answers.data.load import load_file
from plumbline.answers.respond.replay import play
from plumbline.answers.respond.replay.answer import ReplayedMessage
from plumbline.answers.respond.replay.moments import weekly_moments
from plumbline.answers.respond.replay.play import replay
from plumbline.answers.respond.retraining.triggers import add_trigger
from plumbline.domain import Finding, PlumblineError, Severity, Task
from plumbline.domain.respond import RetrainingTrigger
from plumbline.store.respond import deliveries
from plumbline.store.respond.deliveries import Delivery
from plumbline.store.systems import create_system
from plumbline.store.workspace import Workspace, open_workspace
from tests.answers.respond.outbox_cases import problem
from tests.conftest import Ran
from tests.factory.decay import DECAYED, HEALTHY, KEY, MAPS, decayed

END = datetime(2026, 4, 20, tzinfo=UTC)  # the log's end, a Monday
START = END - timedelta(days=HEALTHY + DECAYED)
FROM = 28  # days that are played


def frame() -> pd.DataFrame:
    """The log whose model decays, its outcomes two days late."""
    made = decayed()
    return made.assign(known=made["at"] + pd.Timedelta(days=2))


def workspace_of(folder: Path, until: datetime) -> Workspace:
    """A workspace that holds what was known by then, and no more."""
    folder.mkdir(exist_ok=True)
    made = frame()
    made = made[made["at"] <= until]
    late = made["known"] > until
    made = made.assign(true=made["true"].where(~late), known=made["known"].where(~late))
    for name in ("at", "known"):
        made[name] = made[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    made.to_csv(folder / "log.csv", index=False)
    ws = open_workspace(folder / "w.duckdb", read_from=[folder])
    maps = (*MAPS, ("known", "label_time"))
    load_file(ws, folder / "log.csv", title=KEY, maps=maps, positive="take", actor="test")
    statements.change_settings(ws, KEY, {"as_of": until.isoformat()}, by="test")
    item = RetrainingTrigger(system=KEY, name="retrain", url="https://ci.example/", labels=100)
    add_trigger(ws, item, by="Ada")
    return ws


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[ReplayedMessage, ...]]:
    folder = tmp_path_factory.mktemp("whole")
    ws = workspace_of(folder, END)
    before = ws.change()
    found = replay(ws, KEY, days=FROM)
    assert ws.change() == before  # the workspace itself is left as it is
    assert found.true_count > 0
    assert found.false_count == 0
    assert any(m.event == "trigger.fired" for m in found.messages)
    ws.close()
    return folder / "w.duckdb", found.messages


@pytest.fixture(scope="module")
def onset(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[ReplayedMessage, ...]]:
    """The two weeks in which it began, by week and by day."""
    ws = workspace_of(tmp_path_factory.mktemp("onset"), END - timedelta(weeks=3))
    found = {by: replay(ws, KEY, days=14, by=by).messages for by in ("week", "day")}
    ws.close()
    return found


def test_by_day_nothing_comes_later_and_nothing_is_less_early(
    onset: dict[str, tuple[ReplayedMessage, ...]],
) -> None:
    closely = {(m.channel, m.event, m.rule): m for m in reversed(onset["day"])}
    begun = [m for m in onset["week"] if m.event == "finding.opened"]
    compared = [(m, closely[m.channel, m.event, m.rule]) for m in begun]
    assert any(seldom.at > close.at for seldom, close in compared)
    for seldom, close in compared:
        assert close.at <= seldom.at
        assert close.verdict == seldom.verdict
        if seldom.earlier_days is not None:
            assert close.earlier_days is not None
            assert close.earlier_days >= seldom.earlier_days


def test_by_day_a_log_cut_at_a_played_day_sends_the_same(
    onset: dict[str, tuple[ReplayedMessage, ...]], tmp_path: Path
) -> None:
    by_day, day = onset["day"], END - timedelta(weeks=4)
    ws = workspace_of(tmp_path / "cut", day)
    cut = replay(ws, KEY, days=7, by="day").messages
    ws.close()
    assert told(cut, day) == told(by_day, day)
    assert cut
    assert {m.event for m in by_day} >= {"finding.opened"}


def test_reminders_are_those_that_come_where_nobody_acknowledges(
    whole: tuple[Path, tuple[ReplayedMessage, ...]],
) -> None:
    reminders = [m.at for m in whole[1] if m.event == "finding.reminder"]
    begun = min(m.at for m in whole[1] if m.event == "finding.opened" and m.severity == "high")
    assert reminders
    assert min(reminders) - begun >= timedelta(hours=4)
    assert len(reminders) <= 2 * sum(m.event == "finding.opened" for m in whole[1]) + FROM // 7


def told(messages: tuple[ReplayedMessage, ...], until: datetime) -> list[tuple[object, ...]]:
    return [(m.at, m.channel, m.event, m.rule, m.severity, m.sentence) for m in messages if m.at <= until]


@pytest.mark.parametrize("weeks", [1, 2])
def test_a_log_cut_at_a_played_day_sends_the_same_until_then(
    whole: tuple[Path, tuple[ReplayedMessage, ...]], tmp_path: Path, weeks: int
) -> None:
    day = END - timedelta(weeks=weeks)
    ws = workspace_of(tmp_path / "cut", day)
    found = replay(ws, KEY, days=FROM - 7 * weeks)
    ws.close()
    assert told(found.messages, day) == told(whole[1], day)
    assert found.start == END - timedelta(days=FROM)
    assert weeks > 1 or found.messages


def test_a_trigger_keeps_its_cool_down_and_its_budget_in_the_past_too(
    whole: tuple[Path, tuple[ReplayedMessage, ...]],
) -> None:
    fires = [m.at for m in whole[1] if m.event == "trigger.fired"]
    assert all(b - a >= timedelta(days=7) for a, b in pairwise(fires))
    assert all(sum(timedelta(0) <= b - a <= timedelta(days=30) for b in fires) <= 2 for a in fires)


def test_days_are_weeks_ends_and_the_end() -> None:
    found = weekly_moments(datetime(2026, 4, 1, 7, tzinfo=UTC), datetime(2026, 4, 22, 9, tzinfo=UTC))
    assert [d.isoformat()[:16] for d in found] == [
        "2026-04-06T00:00",
        "2026-04-13T00:00",
        "2026-04-20T00:00",
        "2026-04-22T09:00",
    ]


def test_the_command_prints_what_was_agreed(
    whole: tuple[Path, tuple[ReplayedMessage, ...]], tmp_path: Path, plumbline: Callable[..., Ran]
) -> None:
    (tmp_path / "workspace.duckdb").write_bytes(whole[0].read_bytes())
    found = plumbline("replay", KEY, "--days", "8", "--json").json
    assert {"messages", "true", "false", "earlier_days", "money"} <= set(found)
    assert plumbline("replay", "nobody").code == 2
    assert plumbline("replay", KEY, "--days", "0").code == 2
    with pytest.raises(PlumblineError):
        replay(open_workspace(tmp_path / "other.duckdb"), KEY)


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney"])
def test_what_ends_is_told_as_over_where_it_was_told_and_not_at_all_before_it_was_due(
    zone: str, tmp_path: Path
) -> None:
    """A problem that is urgent and one that can wait until 08:00, each found at one moment and over at the next.

    Played moments are of the system's clock, and so are the hours at which people are left in peace."""
    own = open_workspace(tmp_path / "w.duckdb")
    urgent = replace(problem("performance.accuracy"), system=KEY)
    later = replace(problem("missing.x", Severity.MEDIUM), system=KEY)
    day = END.replace(hour=0)
    with own.write() as cursor:
        create_system(cursor, KEY, task=Task.BINARY, positive="take", timezone=zone)

    def moments(*found: tuple[timedelta, tuple[Finding, ...]]) -> list[tuple[str, str]]:
        seen = [play._Day(at=day + after, findings=[*held], looked_at=("",)) for after, held in found]
        return [(m.event, m.rule) for m, _ in play._replay_messages(own, KEY, seen)]

    hour, week = timedelta(hours=1), timedelta(weeks=1)
    assert moments((0 * hour, (urgent, later)), (week, ())) == [
        ("finding.opened", "performance.accuracy"), ("finding.reminder", "performance.accuracy"),
        ("finding.reminder", "performance.accuracy"), ("finding.withdrawn", "missing.x"),
        ("finding.withdrawn", "performance.accuracy"),
    ]  # fmt: skip
    assert moments((0 * hour, (later,)), (hour, ())) == []
    for over in (9 * hour, week):
        assert moments((0 * hour, (later,)), (over, ())) == [
            ("finding.opened", "missing.x"), ("finding.withdrawn", "missing.x"),
        ]  # fmt: skip
    own.close()


def test_each_message_is_read_as_often_however_many_moments_are_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = open_workspace(tmp_path / "w.duckdb")
    with own.write() as cursor:
        create_system(cursor, KEY, task=Task.BINARY, positive="take")
    n = {"read": 0}

    def counted(**values: Any) -> Delivery:
        n["read"] += 1
        return Delivery(**values)

    monkeypatch.setattr(deliveries, "Delivery", counted)

    def reads_of_one(moments: int) -> float:
        """How often a message is read where each moment has a problem that the one before it had not."""
        n["read"] = 0
        seen = [
            play._Day(
                at=END + timedelta(weeks=week),
                findings=[replace(problem(f"missing.x{week}", Severity.MEDIUM), system=KEY)],
                looked_at=("",),
            )
            for week in range(moments)
        ]
        messages = play._replay_messages(own, KEY, seen)
        assert len(messages) >= moments
        return n["read"] / len(messages)

    few, many = reads_of_one(4), reads_of_one(16)
    assert many < 1.5 * few
    own.close()
