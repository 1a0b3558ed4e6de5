"""Stored profiles against counts made with pandas and NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Slice
from plumbline.profile import build
from plumbline.profile.read import profiles
from plumbline.store.backup.state_digest import PROFILES
from plumbline.store.sql import decision_table
from plumbline.store.times import to_local
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace


@pytest.fixture
def loaded(tmp_path: Path):
    rng = np.random.default_rng(7)
    log = binary_log(rng)
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
    with ws.read() as cursor:
        yield cursor, system, log
    ws.close()


def _champions(log: pd.DataFrame) -> pd.DataFrame:
    return log[log["arm"] != "shadow"].assign(day=lambda d: d["timestamp"].dt.date)


def test_numeric_counts_are_those_of_searchsorted(loaded) -> None:
    cursor, system, log = loaded
    kept = _champions(log)
    for profile in profiles.feature_profiles(cursor, system, features=("x", "k", "score")):
        name = profile.bins.feature
        column = kept["score" if name == "score" else f"feature:{name}"]
        for i, day in enumerate(profile.days):
            values = column[kept["day"] == day]
            held = values.dropna().to_numpy()
            cells = np.searchsorted(profile.bins.edges, held, side="left")
            expected = np.bincount(cells, minlength=profile.bins.cells)
            np.testing.assert_array_equal(profile.counts[i], expected)
            assert profile.missing[i] == values.isna().sum()
            assert profile.sums[i] == pytest.approx(held.sum(), rel=1e-12)
            assert profile.squares[i] == pytest.approx((held**2).sum(), rel=1e-12)


def test_categorical_counts_follow_the_reference_levels(loaded) -> None:
    cursor, system, log = loaded
    (profile,) = profiles.feature_profiles(cursor, system, features=("c",))
    kept = _champions(log)
    table = kept.groupby(["day", "feature:c"]).size().unstack(fill_value=0)
    expected = table[list(profile.bins.levels)].to_numpy()
    np.testing.assert_array_equal(profile.counts[:, :-1], expected)
    assert profile.counts[:, -1].sum() == 0
    assert profile.missing.sum() == kept["feature:c"].isna().sum()


def test_a_span_of_days_is_half_open(loaded) -> None:
    cursor, system, _ = loaded
    part = Slice(start=START + pd.Timedelta(days=2), end=START + pd.Timedelta(days=5))
    (profile,) = profiles.feature_profiles(cursor, system, part, features=("k",))
    assert [day.day for day in profile.days] == [3, 4, 5]


#: decisions after the first day are gone; labels given after a day are too, of decisions since another one
CUTS = {
    "within a day": (7.4, None),
    "at midnight": (7.0, None),
    "labels of the last days": (8.5, 6.2),
    "labels of the reference": (8.5, 1.0),
    "decisions of the reference": (2.5, None),
    "loads that grids rest on": (5.5, None),
}


@pytest.mark.parametrize("case", CUTS)
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_counts_of_a_log_that_lost_its_end_are_those_of_what_is_left(
    tmp_path: Path, case: str, zone: str
) -> None:
    until, unlabelled = CUTS[case]
    log = binary_log(np.random.default_rng(11), n=3000).sort_values("timestamp")
    late = log["timestamp"] >= (START + pd.Timedelta(days=5)).replace(tzinfo=None)
    log["feature:late"] = np.where(
        late, np.arange(len(log)) % 7.0, np.nan
    )  # its grid rests on the second load
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor, timezone=zone)
        for load_id, part in enumerate((log[~late].drop(columns="feature:late"), log[late]), 1):
            insert(cursor, system, part, load_id)
            build.on_load(cursor, system, load_id)
        end = (START + pd.Timedelta(days=until)).replace(tzinfo=None)
        table = decision_table(system.key)
        cursor.execute(f"DELETE FROM {table} WHERE timestamp > ?", [end])
        clock, first = to_local("timestamp", zone), None
        if unlabelled is not None:
            begin = [(START + pd.Timedelta(days=unlabelled)).replace(tzinfo=None)]
            cursor.execute(
                f"UPDATE {table} SET label = NULL WHERE timestamp >= ? AND hash(decision_id) % 2 = 0", begin
            )
            row = cursor.execute(
                f"SELECT min({clock})::DATE FROM {table} WHERE timestamp >= ?", begin
            ).fetchone()
            first = row[0]
        (last,) = cursor.execute(f"SELECT ({to_local('$at::TIMESTAMP', zone)})::DATE", {"at": end}).fetchone()
        build.shorten(cursor, system, last, first)
        found = _counts(cursor)
        build.rebuild(cursor, system)
        assert found == _counts(cursor)
    ws.close()


def _counts(cursor) -> dict[str, list[tuple]]:
    """Every table of counts in an order of its own, what was summed up to the last digits."""
    tables = ("profile_bin", *PROFILES)
    rows = {t: sorted(map(repr, cursor.execute(f"SELECT * FROM {t}").fetchall())) for t in tables[:1]}
    for table in tables[1:]:
        held = cursor.execute(f"SELECT * FROM {table}").fetchall()
        rows[table] = sorted(
            repr(tuple(round(v, 6) if isinstance(v, float) else v for v in row)) for row in held
        )
    return rows
