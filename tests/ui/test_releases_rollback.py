"""The form of a freeze: its days are those of the clock by which the freeze is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.answers.respond.freezes import add_freeze, frozen
from plumbline.domain import Task
from plumbline.store.systems import create_system
from plumbline.store.workspace import Workspace
from plumbline.ui.releases_rollback import first_days

EVENING, MORNING = datetime(2026, 12, 24, 22, tzinfo=UTC), datetime(2026, 12, 24, 2, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney", "America/New_York"])
@pytest.mark.parametrize("now", [EVENING, MORNING])
def test_a_freeze_of_today_holds_now_of_one_system_and_of_every_one(
    zone: str, now: datetime, workspace: Workspace
) -> None:
    with workspace.write() as cursor:
        create_system(cursor, "s", task=Task.BINARY, timezone=zone)
    today, earliest = first_days(now, zone)
    one = add_freeze(workspace, "s", f"{today}", f"{today}", "holidays", by="Olga")
    assert one.start <= now < one.end
    assert one.end - one.start == timedelta(days=1)
    every = now.date()
    assert earliest <= every  # it can be chosen
    freeze = add_freeze(workspace, "", f"{every}", f"{every}", "holidays", by="Olga")
    assert freeze.start <= now < freeze.end
    with workspace.read() as cursor:
        assert frozen(cursor, "s", now)
