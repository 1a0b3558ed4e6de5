"""Days, weeks and months are those of the system's zone: as if the log had been written by its clock alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from plumbline.answers.alerts.check import check
from plumbline.answers.data.load import load_file
from plumbline.answers.performance.series import performance
from plumbline.domain import Slice
from plumbline.profile.read import features, outcomes
from plumbline.profile.scan import exact
from plumbline.profile.scan.decisions import find
from plumbline.profile.scope import slice_scope
from plumbline.store.systems import get_system
from plumbline.store.times import clock_changes, to_local
from plumbline.store.workspace import Workspace
from tests.factory.decisions import HEADER, row, write

ZONE = ZoneInfo("Australia/Sydney")
N = 4000


def _moments() -> list[datetime]:
    """Every 31 minutes of wall time from February on, over the end of summer time in April."""
    start = datetime(2026, 2, 1, tzinfo=ZoneInfo("UTC"))
    return [start + timedelta(minutes=31 * i) for i in range(N)]


@pytest.fixture
def twins(workspace: Workspace, tmp_path: Path) -> tuple[Workspace, pd.DataFrame]:
    """The same decisions twice: with their offsets in the zone, and as the zone's clock showed them, taken as UTC."""
    at = _moments()
    random = np.random.default_rng(4)
    label = np.where(random.random(N) < 0.8, 1, 0)
    cells = [row(i, id=f"d{i}", pred="yes" if i % 2 else "no") for i in range(N)]
    for i, cell in enumerate(cells):
        cell[HEADER.index("label")] = cell[3] if label[i] else ("no" if cell[3] == "yes" else "yes")
    made = {}
    for key, form in (("zoned", "%Y-%m-%dT%H:%M:%S%z"), ("wall", "%Y-%m-%dT%H:%M:%S")):
        for i, cell in enumerate(cells):
            cell[1] = at[i].astimezone(ZONE).strftime(form)
        path = write(tmp_path / f"{key}.csv", cells)
        load_file(
            workspace, path, title=key, actor="t", timezone="Australia/Sydney" if key == "zoned" else "UTC"
        )
        made[key] = cells
    frame = pd.DataFrame(cells, columns=list(HEADER))
    frame["when"] = pd.to_datetime(frame["when"])
    return workspace, frame


def test_every_count_is_that_of_the_zone_s_own_clock(twins: tuple[Workspace, pd.DataFrame]) -> None:
    ws, _ = twins
    with ws.read() as cursor:
        zoned, wall = get_system(cursor, "zoned"), get_system(cursor, "wall")
        assert zoned.timezone == "Australia/Sydney"
        assert zoned.reference == wall.reference
        one, other = outcomes.outcome_profile(cursor, zoned), outcomes.outcome_profile(cursor, wall)
        assert (one.days, one.n.tolist()) == (other.days, other.n.tolist())
        assert np.array_equal(one.confusion, other.confusion)
        for feature, same in zip(
            features.feature_profiles(cursor, zoned),
            features.feature_profiles(cursor, wall),
            strict=True,
        ):
            assert (feature.days, feature.counts.tolist()) == (same.days, same.counts.tolist())
        part = Slice(datetime(2026, 3, 1), datetime(2026, 4, 1))
        assert exact.count_persons(cursor, zoned, part) == exact.count_persons(cursor, wall, part)
        stored = slice_scope(cursor, zoned, part, stored=True)
        found = cursor.execute(f'SELECT count(*), min("timestamp") {stored.rows}', stored.params).fetchone()
    assert found is not None
    assert found[0] == sum(at.astimezone(ZONE).month == 3 for at in _moments())
    assert found[1] == min(at for at in _moments() if at.astimezone(ZONE).month == 3).replace(tzinfo=None)


def test_a_month_is_the_zone_s_month(twins: tuple[Workspace, pd.DataFrame]) -> None:
    ws, frame = twins
    points = {
        p.start.month: p for p in performance(ws, "zoned", by="month", metrics=["accuracy"]).points if p.n
    }
    for month, part in frame.groupby(frame["when"].dt.month):
        assert points[int(str(month))].n == len(part)
        assert points[int(str(month))].value == pytest.approx(accuracy_score(part["label"], part["pred"]))


def test_single_decisions_keep_their_moment(twins: tuple[Workspace, pd.DataFrame]) -> None:
    ws, _ = twins
    with ws.read() as cursor:
        shown = find(cursor, get_system(cursor, "zoned"), order="timestamp", limit=3)
    assert [t.to_pydatetime().replace(tzinfo=None) for t in shown["timestamp"]] == [
        at.replace(tzinfo=None) for at in _moments()[:3]
    ]


def test_days_of_an_earlier_version_are_counted_anew(twins: tuple[Workspace, pd.DataFrame]) -> None:
    ws, _ = twins
    with ws.read() as cursor:
        right = outcomes.outcome_profile(cursor, get_system(cursor, "zoned"))
    with ws.write() as cursor:
        cursor.execute("UPDATE profile_outcome SET day = day + 1 WHERE system = 'zoned'")
        cursor.execute(
            """UPDATE profile_basis SET row_set = regexp_replace(row_set, ', "zone": "[^"]*"', '')
               WHERE system = 'zoned'"""
        )
    check(ws, "zoned", actor="t", all_signals=False)
    with ws.read() as cursor:
        found = outcomes.outcome_profile(cursor, get_system(cursor, "zoned"))
    assert (found.days, found.n.tolist()) == (right.days, right.n.tolist())


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Asia/Kolkata"]
)
def test_the_clock_is_that_of_the_zone_s_rules(zone: str) -> None:
    random = np.random.default_rng(6)
    seconds = random.integers(0, 2_208_988_800, 20_000)  # 1970 to 2040
    near = [int(at.timestamp()) + d for at, _ in clock_changes(zone) for d in (-3600, -1, 0, 1, 3600)]
    cells = [datetime(1970, 1, 1) + timedelta(seconds=int(s)) for s in (*seconds, *near)]
    with duckdb.connect() as db:
        found = db.execute(
            f"SELECT count(*) FILTER (({to_local('t', zone)}) IS DISTINCT FROM timezone('{zone}', timezone('UTC', t))) "
            "FROM (SELECT unnest($cells::TIMESTAMP[]) AS t)", {"cells": cells},
        ).fetchone()  # fmt: skip
    assert found == (0,)
