"""What is known of versions when a retraining is fired: moments, whatever the zone of the log's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.respond.retraining.due import _in_log, known_versions
from plumbline.domain.respond import RunState, TriggerRun
from plumbline.profile.read import profiles
from plumbline.respond.run_states import VersionSight, is_new
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import moment
from tests.factory.decisions import HEADER, decisions, write

FIRED = datetime(2026, 6, 20, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York"]


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
        sights = _in_log(profiles.version_hours(cursor, system), zone)
    assert {sight.version: sight.first for sight in sights}["3"] == FIRED + timedelta(hours=1)
    assert [sight.version for sight in sights if is_new(_run(FIRED), sight)] == ["3"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_training_date_alone_counts_by_the_days_of_the_logs_clock(zone: str) -> None:
    day = moment(datetime(2026, 6, 20), zone)
    sight = VersionSight(version="2", where="log", first=day, trained=day, zone=zone)
    assert is_new(_run(day + timedelta(minutes=30)), sight)
    assert is_new(_run(day + timedelta(hours=23, minutes=30)), sight)
    assert not is_new(_run(day + timedelta(hours=24, minutes=30)), sight)
