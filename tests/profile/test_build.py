"""Stored profiles against counts made with pandas and NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Slice
from plumbline.profile import build
from plumbline.profile.read import profiles
from tests.profile.decision_tables import START, binary_log, insert, make_system, workspace


@pytest.fixture
def loaded(tmp_path: Path):
    rng = np.random.default_rng(7)
    log = binary_log(rng)
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_loaded(cursor, system, 1)
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
