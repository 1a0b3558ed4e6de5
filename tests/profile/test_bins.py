"""The frozen grids: exact quantiles, point masses in cells of their own, levels by frequency."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ks_2samp

from plumbline.domain import FloatArray, Task
from plumbline.profile import bins, build
from plumbline.profile.edges import numeric_edges
from plumbline.profile.read import profiles
from tests.factory.decision_tables import START, insert, make_system, workspace

_VALUES = st.one_of(
    st.floats(-1e300, 1e300), st.sampled_from([0.0, -0.0, 1.0, 1.5, 5e-324, 1.7976931348623157e308])
)


def _counts(edges: FloatArray, values: FloatArray) -> FloatArray:
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)


def _deciles(edges: FloatArray, places: tuple[int, ...], values: FloatArray) -> list[int]:
    sums = np.concatenate([[0], np.cumsum(_counts(edges, values))[list(places)], [len(values)]])
    return np.diff(sums).tolist()


@settings(max_examples=50, deadline=None)
@given(values=arrays(float, st.integers(1, 60), elements=_VALUES))
def test_edges_ascend_and_deciles_hold_equal_values_above(values: FloatArray) -> None:
    edges, places = numeric_edges(values)
    assert (np.diff(edges) > 0).all()
    assert np.isfinite(edges).all()
    inner = np.unique(np.quantile(values, np.arange(1, 10) / 10))
    expected = np.bincount(np.searchsorted(inner, values, side="right"), minlength=len(inner) + 1)
    assert _deciles(edges, places, values) == expected.tolist()
    assert _counts(edges, values)[-1] == 0


@pytest.mark.parametrize("n", [300, 5_000])
def test_continuous_values_get_250_quantiles_with_the_deciles_among_them(n: int) -> None:
    values = np.random.default_rng(1).normal(size=n)
    edges, places = numeric_edges(values)
    grid = np.quantile(values, np.arange(251) / 250)
    assert set(grid) <= set(edges)
    assert len(edges) == 251 + 9 + 1  # and just below each decile and the minimum
    np.testing.assert_array_equal(edges[np.array(places) + 1], np.quantile(values, np.arange(1, 10) / 10))
    assert _counts(edges, values)[[0, -1]].tolist() == [0, 0]
    assert _counts(edges, np.array([values.min() - 1, values.max() + 1]))[[0, -1]].tolist() == [1, 1]


@settings(max_examples=50, deadline=None)
@given(
    reference=arrays(float, st.integers(1, 200), elements=st.integers(0, 30).map(float)),
    window=arrays(float, st.integers(1, 60), elements=st.floats(-5, 40)),
)
def test_ks_from_the_grid_is_exact_where_the_reference_has_few_values(
    reference: FloatArray, window: FloatArray
) -> None:
    edges, _ = numeric_edges(reference)
    p, q = (np.cumsum(_counts(edges, v)) / len(v) for v in (reference, window))
    assert np.abs(p - q).max() == pytest.approx(ks_2samp(reference, window).statistic, abs=1e-12)


def test_a_mass_at_zero_sits_in_a_cell_of_its_own() -> None:
    rng = np.random.default_rng(2)
    values = np.concatenate([np.zeros(3_000), rng.exponential(size=2_000)])
    edges, _ = numeric_edges(values)
    cell = int(np.searchsorted(edges, 0.0, side="left"))
    assert _counts(edges, values)[cell] == 3_000
    assert _counts(edges, np.array([-1e-9, 1e-12]))[cell] == 0


@pytest.fixture
def ws(tmp_path: Path):
    opened = workspace(tmp_path)
    yield opened
    opened.close()


def _log(n: int, **columns: object) -> pd.DataFrame:
    at = [START.replace(tzinfo=None) + timedelta(seconds=i) for i in range(n)]
    return pd.DataFrame({"timestamp": at, "prediction": "yes", **columns})


def test_only_the_hundred_most_frequent_levels_are_named(ws) -> None:
    levels = [f"l{i:03}" for i in range(130) for _ in range(200 - i)]
    log = _log(len(levels), **{"feature:c": levels})
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        (profile,) = profiles.feature_profiles(cursor, system, features=("c",))
    assert profile.bins.levels == tuple(f"l{i:03}" for i in range(100))
    assert profile.counts[0, :100].tolist() == [200 - i for i in range(100)]
    assert profile.counts[0, -1] == sum(200 - i for i in range(100, 130))


def test_new_levels_are_named_and_counted_with_the_others(ws) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, _log(100, **{"feature:c": ["a", "b"] * 50}), 1)
        build.on_load(cursor, system, 1)
        later = _log(60, **{"feature:c": ["new", "new", "a", "'; DROP"] * 15})
        insert(cursor, system, later.assign(timestamp=later["timestamp"] + timedelta(days=9)), 2)
        build.on_load(cursor, system, 2)
        (profile,) = profiles.feature_profiles(cursor, system, features=("c",))
    assert profile.other_levels == {"new": 30, "'; DROP": 15}
    assert profile.counts.tolist() == [[50, 50, 0], [15, 0, 45]]


def test_of_many_new_levels_a_day_fifty_are_named_and_all_are_counted(ws) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, _log(10, **{"feature:c": ["a"] * 10}), 1)
        build.on_load(cursor, system, 1)
        later = _log(500, **{"feature:c": [f"id{i}" for i in range(500)]})
        insert(cursor, system, later.assign(timestamp=later["timestamp"] + timedelta(days=9)), 2)
        build.on_load(cursor, system, 2)
        (profile,) = profiles.feature_profiles(cursor, system, features=("c",))
    assert profile.counts[:, -1].tolist() == [0, 500]
    assert len(profile.other_levels) == 50


def test_values_that_are_no_numbers_count_as_missing(ws) -> None:
    x = [1.0, np.nan, np.inf, -np.inf, None, 2.0]
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, _log(6, **{"feature:x": x}), 1)
        build.on_load(cursor, system, 1)
        (profile,) = profiles.feature_profiles(cursor, system, features=("x",))
    assert (profile.counts.sum(), profile.missing.sum(), profile.sums.sum()) == (2, 4, 3.0)


def test_a_feature_that_is_always_missing_has_one_empty_cell(ws) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, _log(6, **{"feature:x": np.full(6, np.nan)}), 1)
        build.on_load(cursor, system, 1)
        (profile,) = profiles.feature_profiles(cursor, system, features=("x",))
    assert profile.bins.cells == 1
    assert (profile.counts.tolist(), profile.missing.tolist()) == ([[0]], [6])


@pytest.mark.parametrize(
    "name", ['a"b', "x'; DROP TABLE system; --", "$load_id", "{0}", "数 é", "score", "h0"]
)
def test_hostile_feature_names_are_only_names(ws, name: str) -> None:
    column = f"feature:{name}"
    log = _log(20, **{column: np.arange(20.0), "feature:c": [name] * 20}, score=0.5)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1, categorical=("feature:c",))
        build.on_load(cursor, system, 1)
        found = {f.bins.feature: f for f in profiles.feature_profiles(cursor, system)}
    shown = column if name == "score" else name
    assert found[shown].sums.sum() == 190
    assert found["c"].bins.levels == (name,)
    assert found["score"].counts.sum() == 20


def test_a_large_reference_is_sampled_and_says_so(ws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bins, "SAMPLE_ROWS", 2_000)
    x = np.random.default_rng(3).normal(size=20_000)
    with ws.write() as cursor:
        system = make_system(cursor, Task.BINARY)
        insert(cursor, system, _log(20_000, **{"feature:x": x}), 1)
        build.on_load(cursor, system, 1)
        grid = next(g for g in bins.read_grids(cursor, system) if g.column == "feature:x")
        (profile,) = profiles.feature_profiles(cursor, system, features=("x",))
    assert grid.rows_available == 20_000
    assert 1_700 < grid.rows_used < 2_300
    assert profile.counts.sum() == 20_000


@pytest.mark.parametrize("other", [False, True])
def test_an_input_without_values_stays_and_an_output_that_was_never_logged_goes(ws, other: bool) -> None:
    """Beside the system's own reference and beside one that is asked for alone."""
    log = _log(20, **{"feature:x": np.arange(20.0), "feature:empty": np.full(20, np.nan), "score": 0.5})
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        asked = {"reference": (START, START + timedelta(seconds=10))} if other else {}
        found = profiles.feature_profiles(cursor, system, **asked)
        (alone,) = profiles.feature_profiles(cursor, system, features=("empty",), **asked)
    assert [p.bins.feature for p in found] == ["x", "empty", "prediction", "score"]
    assert (alone.bins.feature, alone.missing.sum(), alone.counts.sum()) == ("empty", 20, 0)
    assert found[0].counts.sum() == 20
    assert found[0].counts[:, -1].sum() == (10 if other else 0)  # above all values of that reference


def test_a_column_that_was_empty_takes_its_grid_from_the_load_that_fills_it_and_keeps_it(ws) -> None:
    later = START.replace(tzinfo=None) + timedelta(days=9)
    with ws.write() as cursor:
        system = make_system(cursor, classes=("no", "yes"))  # or all is counted anew
        insert(cursor, system, _log(20, **{"feature:x": np.full(20, np.nan)}), 1)
        build.on_load(cursor, system, 1)
        insert(cursor, system, _log(30, **{"feature:x": np.arange(30.0)}).assign(timestamp=later), 2)
        build.on_load(cursor, system, 2)
        filled = next(g for g in bins.read_grids(cursor, system) if g.column == "feature:x")
        insert(cursor, system, _log(10, **{"feature:x": np.full(10, 99.0)}).assign(timestamp=later), 3)
        build.on_load(cursor, system, 3)
        kept = next(g for g in bins.read_grids(cursor, system) if g.column == "feature:x")
        (profile,) = profiles.feature_profiles(cursor, system, features=("x",))
    assert (filled.basis, filled.rows_available, filled.rows_used) == ("load 2", 30, 30)
    assert kept.rows_used == 30
    np.testing.assert_array_equal(kept.bins.edges, filled.bins.edges)
    assert profile.missing.tolist() == [20, 0]
    assert profile.counts.sum(axis=1).tolist() == [0, 40]
    assert profile.counts[:, -1].tolist() == [0, 10]  # above all that the grid was made of
