"""The reference that nobody chose: whole weeks, provisional until a third of the log holds four of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plumbline.answers.data.load import set_reference
from plumbline.answers.performance.cautions import PROVISIONAL, reference_cautions, window_beside_reference
from plumbline.answers.question import LogSpan
from plumbline.domain import PlumblineError, System
from plumbline.store.systems import get_system, update_system
from plumbline.store.workspace import Workspace
from tests.factory.decisions import load, row, write

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def loaded(ws: Workspace, path: Path, days: range, each: int = 24) -> System:
    """Load so many days of ``each`` rows and return the system."""
    at = (START + day * DAY + hour * DAY / each for day in days for hour in range(each))
    rows = [row(i, id=f"{when:%j%H}", when=f"{when:%Y-%m-%dT%H:%M:%SZ}") for i, when in enumerate(at)]
    load(ws, write(path / f"{days.start}.csv", rows))
    with ws.read() as cursor:
        return get_system(cursor, "s")


def weeks(n: int) -> tuple[datetime, datetime]:
    return START, START + n * 7 * DAY


def test_two_weeks_have_a_provisional_week_and_a_third_of_four_settles_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    first = loaded(workspace, tmp_path, range(15))
    assert (first.reference, first.reference_source) == (weeks(1), "provisional")
    assert reference_cautions(first, None) == (PROVISIONAL,)
    later = loaded(workspace, tmp_path, range(15, 50))
    assert (later.reference, later.reference_source) == (weeks(2), "provisional")
    settled = loaded(workspace, tmp_path, range(50, 85))
    assert (settled.reference, settled.reference_source) == (weeks(4), "auto")
    assert reference_cautions(settled, None) == ()
    assert loaded(workspace, tmp_path, range(85, 300, 1)).reference == weeks(4)


def test_a_log_of_days_has_a_third_of_them(workspace: Workspace, tmp_path: Path) -> None:
    held = loaded(workspace, tmp_path, range(12))
    assert (held.reference, held.reference_source) == ((START, START + 3 * DAY), "provisional")


def test_a_workspace_keeps_what_an_earlier_version_settled(workspace: Workspace, tmp_path: Path) -> None:
    first = loaded(workspace, tmp_path, range(15))
    old = (START, START + 4 * DAY)
    with workspace.write() as cursor:
        update_system(cursor, replace(first, reference=old, reference_source="auto"))
    assert loaded(workspace, tmp_path, range(15, 200)).reference == old


def test_a_reference_without_a_weekday_that_the_log_has_is_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    loaded(workspace, tmp_path, range(30))
    with pytest.raises(PlumblineError, match="no decision of a Monday, Tuesday, Wednesday"):
        set_reference(workspace, "s", START, START + 4 * DAY, actor="test")
    assert set_reference(workspace, "s", START, START + 7 * DAY, actor="test").reference == weeks(1)


def test_no_decision_is_on_both_sides() -> None:
    held = LogSpan(START, START + 40 * DAY, 1000)
    window, said = window_beside_reference(weeks(1), (START + 3 * DAY, None), held)
    assert window == (START + 7 * DAY, None)
    assert "no decision is on both sides" in said
    assert window_beside_reference(weeks(1), (START + 10 * DAY, None), held) == ((START + 10 * DAY, None), "")
    inside = (START + DAY, START + 3 * DAY)
    assert window_beside_reference(weeks(1), inside, held) == (
        inside,
        window_beside_reference(weeks(1), inside, held)[1],
    )
    assert "within the reference itself" in window_beside_reference(weeks(1), inside, held)[1]
