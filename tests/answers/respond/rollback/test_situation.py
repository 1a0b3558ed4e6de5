"""What is known of a version when a rollback is thought of: by one clock, whatever the zone of the system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data.load import load_file
from plumbline.answers.releases.history import system_releases
from plumbline.answers.respond.rollback.situation import situation
from plumbline.domain.respond import RollbackSetting
from plumbline.respond.interlocks import interlocks
from plumbline.store import systems
from plumbline.store.workspace import Workspace
from plumbline.wording.times import clock, moment
from tests.factory.decisions import HEADER, decisions, write


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_a_fresh_log_is_fresh_by_the_clock_of_its_own_zone(
    workspace: Workspace, tmp_path: Path, zone: str
) -> None:
    """Decisions every ten minutes up to now: by another clock the log would seem hours old, or its end to come."""
    now = datetime(2026, 6, 20, 12, tzinfo=UTC)

    def when(i: int) -> str:
        return f"{now - timedelta(minutes=10 * (599 - i)):%Y-%m-%dT%H:%M:%SZ}"

    cells = [[*row, "1"] for row in decisions(600, when=when)]
    load_file(
        workspace, write(tmp_path / "log.csv", cells, (*HEADER, "version")), title="s", actor="t",
        maps=[("version", "version")], timezone=zone,
    )  # fmt: skip
    with workspace.read() as cursor:
        system = systems.get_system(cursor, "s")
        assert system.timezone == zone
        answer = system_releases(cursor, system)
        setting = RollbackSetting(system="s")
        case = situation(cursor, system, answer.releases, None, setting, [], now, version="1", to="0")
    fresh = interlocks(case)[2]
    assert fresh.holds is True, fresh
    assert f"20, {clock(now, zone):%H:%M} {zone}, 0 minutes ago" in fresh.sentence
    assert moment(clock(now, zone), zone) == now
