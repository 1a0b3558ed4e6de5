"""The rows of which a cluster's grids are made are those that are taken here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Kind, System
from plumbline.profile.cluster import grids
from plumbline.profile.cluster.grids import ClusterGrids, cluster_grids
from tests.factory.decision_tables import binary_log, insert, make_system, workspace
from tests.profile.cluster.session import away, opened


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame]]:
    log = binary_log(np.random.default_rng(1), 400)
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, classes=("no", "yes"))
        insert(cursor, system, log.iloc[:250].drop(columns="feature:k"), 1)
        insert(cursor, system, log.iloc[250:], 2)
        yield cursor, system, log


def test_levels_come_the_most_frequent_first_ties_by_name(
    held: tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame],
) -> None:
    cursor, system, log = held
    rows = ClusterGrids(away(cursor, system, (1, 2)), system).rows_of_load(1)
    assert rows.n == 250
    levels, regions = rows.levels(["feature:c", "segment:region"], 2)
    counted = Counter(log["feature:c"].iloc[:250].dropna())
    assert levels.names == tuple(sorted(counted, key=lambda v: (-counted[v], v))[:2])
    assert levels.n == sum(counted.values())
    assert regions.n == 250
    assert rows.levels([], 5) == []


def test_numbers_are_those_that_are_there(
    held: tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame],
) -> None:
    cursor, system, log = held
    rows = ClusterGrids(away(cursor, system, (1, 2)), system).rows_of_load(2)
    x, k = rows.values(["feature:x", "feature:k"], 10_000)
    np.testing.assert_array_equal(np.sort(x), np.sort(log["feature:x"].iloc[250:].dropna()))
    assert len(k) == 150
    (some,) = rows.values(["feature:k"], 50)
    assert 20 < len(some) < 90  # about a third of 150, by the hash of the row
    (every,) = rows.values(["feature:k"], 150)
    assert len(every) == 150


def test_the_reference_is_a_half_open_span_and_without_one_the_earliest_load(
    held: tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame],
) -> None:
    cursor, system, log = held
    place = away(cursor, system, (1, 2))
    assert system.reference is not None
    start, end = (bound.replace(tzinfo=None) for bound in system.reference)
    inside = (log["timestamp"] >= start) & (log["timestamp"] < end)
    assert ClusterGrids(place, system).reference(cursor).n == inside.sum()
    bare = replace(system, reference=None)
    assert ClusterGrids(place, bare).reference(cursor).n == 250
    assert ClusterGrids(away(cursor, system, ()), bare).reference(cursor).n == 0


def test_a_column_begins_with_the_first_load_that_holds_it(
    held: tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame],
) -> None:
    cursor, system, _ = held
    own = ClusterGrids(away(cursor, system, (1, 2)), system)
    columns = [("feature:x", Kind.NUMERIC), ("feature:k", Kind.NUMERIC), ("subject", Kind.CATEGORICAL)]
    assert own.first_loads(columns) == [1, 2, None]


def test_there_are_grids_away_only_where_there_is_a_cluster(
    held: tuple[duckdb.DuckDBPyConnection, System, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor, system, _ = held
    for place in (None, away(cursor, system)):
        monkeypatch.setattr(grids, "open_cluster", opened(place))
        with cluster_grids(cursor, system) as found:
            assert (found is None) is (place is None)
            assert found is None or (found.away is place and found.system is system)
