"""The trail vouches for settings: each act that sets something keeps that so, and a change by hand shows for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers import statements
from plumbline.answers.data.load import set_reference, undo_load
from plumbline.answers.data.roles import change_roles
from plumbline.answers.decisions.importance import set_groups
from plumbline.answers.governance import places, time_authority
from plumbline.answers.operations.schedule import Schedule, set_schedule
from plumbline.answers.respond import channels, freezes, kill_switch
from plumbline.answers.respond.retraining.triggers import add_trigger, remove_trigger
from plumbline.answers.respond.rollback.mode import set_mode
from plumbline.domain.acts import Act
from plumbline.domain.respond import Mode, RetrainingTrigger
from plumbline.logs.load.removal import remove
from plumbline.store import trail
from plumbline.store.backup.integrity import IntegrityProblem, trail_problems
from plumbline.store.digests import settings_digest
from plumbline.store.workspace import Cursor, Workspace, open_workspace
from tests.factory.decisions import csv_bytes, decisions
from tests.factory.workspaces import load_log

START = datetime(2026, 1, 1, tzinfo=UTC)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A system, and a setting of each kind."""
    folder = tmp_path_factory.mktemp("settings")
    made = open_workspace(folder / "w.duckdb", read_from=[folder])
    load_log(made, folder, csv_bytes(decisions(400)), positive="yes")
    for name, act in ACTS.items():
        act(made)
        assert _problems(made) == [], name
    yield made
    made.close()


def _trigger(name: str) -> RetrainingTrigger:
    return RetrainingTrigger(system="shop", name=name, url="https://ci.example/start")


def _freeze(ws: Workspace, reason: str) -> None:
    freezes.add_freeze(ws, "", TOMORROW.isoformat(), TOMORROW.isoformat(), reason, by="Ana")


#: each act that sets something, in an order in which it can be done
ACTS: dict[str, Callable[[Workspace], object]] = {
    "settings": lambda ws: statements.change_settings(ws, "shop", {"floors": {"accuracy": 0.8}}, by="Ana"),
    "title": lambda ws: statements.change_settings(ws, "shop", {"four_eyes": True}, by="Ana", title="A shop"),
    "groups": lambda ws: set_groups(ws, "shop", {"age": "the person"}, actor="Ana"),
    "reference": lambda ws: set_reference(ws, "shop", START, START + timedelta(days=14), actor="Ana"),
    "a log": lambda ws: load_log(ws, ws.path.parent, csv_bytes(decisions(200, 400)), name="b.csv"),
    "an undo": lambda ws: undo_load(ws, 2, actor="Ana"),
    "roles": lambda ws: change_roles(ws, "shop", ["age=protected"], actor="Ana"),
    "mode": lambda ws: set_mode(ws, "shop", Mode.PROPOSE, by="Ana"),
    "trigger": lambda ws: add_trigger(ws, _trigger("nightly"), by="Ana"),
    "another trigger": lambda ws: add_trigger(ws, _trigger("weekly"), by="Ana"),
    "trigger removed": lambda ws: remove_trigger(ws, "shop", "weekly", by="Ana"),
    "channel": lambda ws: channels.add(ws, "ops", "https://hooks.example/x", by="Ana"),
    "another channel": lambda ws: channels.add(ws, "mail", "mailto:a@x.org", by="Ana"),
    "channel off": lambda ws: channels.turn(ws, "mail", on=False, by="Ana"),
    "channel removed": lambda ws: channels.remove(ws, "mail", by="Ana"),
    "freeze": lambda ws: _freeze(ws, "holidays"),
    "freeze of a system": lambda ws: freezes.add_freeze(
        ws, "shop", TOMORROW.isoformat(), TOMORROW.isoformat(), "a move", by="Ana"
    ),
    "freeze removed": lambda ws: freezes.remove_freeze(ws, 2, by="Ana"),
    "stop": lambda ws: kill_switch.stop(ws, by="Ana"),
    "schedule": lambda ws: set_schedule(ws, Schedule(check="1h"), by="Ana"),
    "authority": lambda ws: time_authority.set_time_authority(ws, "https://tsa.example", by="Ana"),
    "place": lambda ws: places.list_place(ws, "https://registry.example", by="Ana"),
}

#: what somebody does to the file -> whose settings it is said of
BY_HAND = {
    "UPDATE system SET settings = json_merge_patch(settings, '{\"four_eyes\": null}')": "shop",
    'UPDATE system SET settings = json_merge_patch(settings, \'{"floors": {"accuracy": 0.1}}\')': "shop",
    "UPDATE system SET title = 'Another'": "shop",
    "UPDATE system SET positive = 'no'": "shop",
    "UPDATE system SET reference_end = reference_end + INTERVAL 90 DAY": "shop",
    "UPDATE mapping SET body = replace(body, 'age', 'old')": "shop",
    "UPDATE rollback_mode SET body = replace(body, 'propose', 'automatic')": "shop",
    "UPDATE retraining_trigger SET body = replace(body, 'ci.example', 'evil.example')": "shop",
    "DELETE FROM retraining_trigger": "shop",
    "UPDATE channel SET body = replace(body, 'hooks.example', 'evil.example')": "the workspace",
    "INSERT INTO channel SELECT 'more', body FROM channel": "the workspace",
    "DELETE FROM channel": "the workspace",
    "DELETE FROM respond_setting WHERE name = 'stopped'": "the workspace",
    "DELETE FROM respond_setting WHERE name = 'freeze'": "the workspace",
    "UPDATE respond_setting SET body = '{}' WHERE name = 'schedule'": "the workspace",
    "DELETE FROM respond_setting WHERE name = 'time authority'": "the workspace",
    "UPDATE setting SET value = '[\"https://evil.example\"]' WHERE name = 'places'": "the workspace",
}


class _Undone(Exception):
    """Takes a transaction back."""


@contextmanager
def _taken_back(ws: Workspace) -> Iterator[Cursor]:
    """A transaction that leaves nothing."""
    with suppress(_Undone), ws.write() as cursor:
        yield cursor
        raise _Undone


def _problems(ws: Workspace) -> list[str]:
    with ws.read() as cursor:
        return _problems_of(cursor)


def _problems_of(cursor: Cursor) -> list[str]:
    return [one.sentence for one in trail_problems(cursor) if isinstance(one, IntegrityProblem)]


@pytest.mark.parametrize("statement", BY_HAND)
def test_a_setting_changed_by_hand_shows_and_goes_on_showing(ws: Workspace, statement: str) -> None:
    whose = BY_HAND[statement]
    with _taken_back(ws) as cursor:
        cursor.execute(statement)
        now = f"Settings of {whose} are not those that the trail vouches for."
        assert now in _problems_of(cursor)
        trail.append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop")  # sets nothing
        assert now in _problems_of(cursor)
        settings_digest.begin(cursor, "shop" if whose == "shop" else settings_digest.WORKSPACE)
        entry = trail.append(cursor, actor="Ana", action=Act.SETTINGS_CHANGED, system="shop")
        trail.append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop")
        problems = _problems_of(cursor)
        assert (
            f"Settings of {whose} had been changed past the trail when entry {entry} was written." in problems
        )
        assert now not in problems


def test_what_machines_note_is_no_setting(ws: Workspace) -> None:
    with _taken_back(ws) as cursor:
        cursor.execute("INSERT INTO respond_setting VALUES ('schedule check', '{}')")
        cursor.execute('UPDATE channel SET body = json_merge_patch(body, \'{"code": {"tries": "1"}}\')')
        assert _problems_of(cursor) == []


def test_settings_of_an_earlier_version_are_no_problem_until_an_act_vouches_for_them(ws: Workspace) -> None:
    names = ("settings_digest", "settings_before", "workspace_digest", "workspace_before")
    with _taken_back(ws) as cursor:
        for name in names:
            cursor.execute(f"UPDATE trail SET detail = json_merge_patch(detail, '{{\"{name}\": null}}')")
        assert list(settings_digest.differences(cursor)) == []
        settings_digest.begin(cursor, "shop")
        assert set(settings_digest.seal(cursor, "shop")) == {"settings_digest"}


def test_words_of_people_vouch_for_nothing(ws: Workspace) -> None:
    with _taken_back(ws) as cursor:
        detail = {"text": '"settings_digest": "0"', "deep": {"settings_digest": "0"}}
        trail.append(cursor, actor="Ana", action=Act.FINDING_COMMENTED, system="shop", detail=detail)
        assert _problems_of(cursor) == []


def test_a_system_made_anew_is_not_held_to_the_settings_of_the_one_before(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "w.duckdb", read_from=[tmp_path])
    for _ in range(2):
        load = load_log(ws, tmp_path, csv_bytes(decisions(100)), positive="yes")
        statements.change_settings(ws, "shop", {"unit": "orders"}, by="Ana")
        undo_load(ws, load.load_id, actor="Ana")
        assert _problems(ws) == []
        remove(ws, "shop", actor="Ana")
        assert _problems(ws) == []
    ws.close()
