"""What is known of versions when a retraining is fired: moments, whatever the zone of the log's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data import quality
from plumbline.answers.data.load import load_file
from plumbline.answers.respond.retraining.due import _log_sights, cause_of, guard_case, known_versions
from plumbline.domain import PointStatus
from plumbline.domain.respond import RetrainingCondition, RetrainingTrigger, RunState, TriggerRun
from plumbline.monitor.releases.shelf_life import ShelfLife
from plumbline.profile.read import profiles
from plumbline.respond.run_states import VersionSight, is_new
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import moment
from tests.factory.decisions import HEADER, decisions, write

FIRED = datetime(2026, 6, 20, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]


def _run(at: datetime) -> TriggerRun:
    return TriggerRun(
        id="r", system="s", trigger="t", state=RunState.FIRED, due_at=at, onset=at, known_at=at, fired_at=at
    )


@pytest.mark.parametrize("zone", ZONES)
def test_versions_are_known_and_new_by_the_moment_at_which_they_decided(
    workspace: Workspace, tmp_path: Path, zone: str
) -> None:
    """Version 1 since a day, 2 since the hour before the fire, 3 from the hour after it."""
    begin = FIRED - timedelta(hours=25)
    cells = [
        [*row, str(1 + (i >= 24) + (i >= 26))]
        for i, row in enumerate(
            decisions(40, when=lambda i: f"{begin + i * timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
        )
    ]
    load_file(
        workspace, write(tmp_path / "log.csv", cells, (*HEADER, "version")), title="s", actor="t",
        maps=[("version", "version")], timezone=zone,
    )  # fmt: skip
    with workspace.read() as cursor:
        system = systems.get_system(cursor, "s")
        assert system.timezone == zone
        assert known_versions(cursor, system, FIRED) == ("1", "2")
        sights = _log_sights(profiles.version_hours(cursor, system), zone)
    assert {sight.version: sight.first for sight in sights}["3"] == FIRED + timedelta(hours=1)
    assert [sight.version for sight in sights if is_new(_run(FIRED), sight)] == ["3"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_training_date_alone_counts_by_the_days_of_the_logs_clock(zone: str) -> None:
    day = moment(datetime(2026, 6, 20), zone)
    sight = VersionSight(version="2", where="log", first=day, trained=day, zone=zone)
    assert is_new(_run(day + timedelta(minutes=30)), sight)
    assert is_new(_run(day + timedelta(hours=23, minutes=30)), sight)
    assert not is_new(_run(day + timedelta(hours=24, minutes=30)), sight)


@pytest.mark.parametrize("zone", ZONES)
def test_outcomes_count_from_the_training_that_the_logs_clock_shows(
    workspace: Workspace, tmp_path: Path, zone: str
) -> None:
    """The version is trained at each midnight; it is half past eight."""
    begin, trained = moment(datetime(2026, 6, 19), zone), moment(datetime(2026, 6, 20), zone)
    cells = [
        [*row, "1", f"{trained if i >= 48 else begin:%Y-%m-%dT%H:%M:%SZ}"]
        for i, row in enumerate(
            decisions(65, when=lambda i: f"{begin + i * timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}")
        )
    ]
    load_file(
        workspace, write(tmp_path / "log.csv", cells, (*HEADER, "version", "trained")), title="s", actor="t",
        maps=[("version", "version"), ("trained", "trained_at")], timezone=zone,
    )  # fmt: skip
    item = RetrainingTrigger(system="s", name="t", url="https://ci.example/", when=RetrainingCondition.AGE)
    now = moment(datetime(2026, 6, 20, 8, 30), zone)
    with workspace.read() as cursor:
        case = guard_case(cursor, systems.get_system(cursor, "s"), item, None, (), now)
        back = guard_case(
            cursor, systems.get_system(cursor, "s"), item, None, (), datetime(2026, 6, 20, 8, 30, tzinfo=UTC),
            past_moment=True,
        )  # fmt: skip
    assert case.labels == back.labels == 17  # of the half hours since midnight on the clock of the log


@pytest.mark.parametrize("zone", ZONES)
def test_a_shelf_life_ends_when_the_logs_clock_says_so(
    workspace: Workspace, tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_file(workspace, write(tmp_path / "log.csv", decisions(40)), title="s", actor="t", timezone=zone)
    end = datetime(2026, 6, 20, tzinfo=UTC)  # on the log's clock
    shelf = ShelfLife(lives=(), days=90.0, retrain_by=end, status=PointStatus.OK, sentence="It is over.")
    monkeypatch.setattr(quality, "shelf_life_of", lambda *_: shelf)
    for minutes in (-1, 1):
        now = moment(datetime(2026, 6, 20), zone) + timedelta(minutes=minutes)
        with workspace.read() as cursor:
            cause = cause_of(cursor, systems.get_system(cursor, "s"), RetrainingCondition.SHELF_LIFE, (), now)
        assert (cause is not None) is (minutes > 0)
