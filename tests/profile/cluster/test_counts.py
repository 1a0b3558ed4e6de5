"""What is counted in a cluster is what is counted here, with DuckDB in the cluster's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from plumbline.domain import LARGEST_NUMBER, PlumblineError, System, Task
from plumbline.logs.cluster.attachments import Window
from plumbline.profile import build
from plumbline.profile.bins import read_grids
from plumbline.profile.cluster import counts
from plumbline.profile.cluster.counts import batch_query, count_in_cluster, count_window
from plumbline.profile.constants import ERROR, NAMED_OTHERS
from plumbline.profile.partial.grid_plan import count_plan
from plumbline.store.sql import decision_table
from tests.factory.decision_tables import START, insert, late_binary_log, make_system, workspace
from tests.profile.cluster.session import away, opened
from tests.profile.partial.test_counter import unlike_stored


@pytest.fixture
def cursor(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with workspace(tmp_path).write() as one:
        yield one


def _loaded(cursor: duckdb.DuckDBPyConnection, log: pd.DataFrame, task: Task = Task.BINARY) -> System:
    system = make_system(cursor, task, **({"classes": ("no", "yes")} if task is Task.BINARY else {}))
    insert(cursor, system, log, 1)
    build.on_load(cursor, system, 1)
    return system


def _sums(
    cursor: duckdb.DuckDBPyConnection, system: System, load: int = 1, loads: tuple[int, ...] = (1,)
) -> Any:
    grids = read_grids(cursor, system)
    place = away(cursor, system, loads)
    plan = count_plan(cursor, system, grids, [g for g in grids if g.column != ERROR and g.first_load <= load])
    return count_window(place.session, place.reading, plan, place.window(load))


def test_a_classifiers_log_is_counted_as_here(cursor: duckdb.DuckDBPyConnection) -> None:
    system = _loaded(cursor, late_binary_log(1))
    assert unlike_stored(cursor, system, 1, _sums(cursor, system)) == []


def test_each_load_is_counted_by_itself_with_the_columns_that_it_has(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    system = _loaded(cursor, late_binary_log(2))
    insert(cursor, system, late_binary_log(3, 300).assign(**{"feature:late": np.arange(300) % 7 * 1.0}), 2)
    build.on_load(cursor, system, 2)
    for load in (1, 2):
        assert unlike_stored(cursor, system, load, _sums(cursor, system, load, (1, 2))) == []
    assert unlike_stored(cursor, system, 1, _sums(cursor, system, 2, (1, 2)))


def test_a_log_of_numbers_and_one_of_classes_are_counted_as_here(tmp_path: Path) -> None:
    for task in (Task.REGRESSION, Task.MULTICLASS):
        rng, n = np.random.default_rng(4), 400
        log = late_binary_log(5, n).drop(columns="score")
        if task is Task.REGRESSION:
            log["prediction"] = np.where(rng.random(n) < 0.1, np.nan, rng.normal(100, 30, n))
            log["label"] = np.where(rng.random(n) < 0.3, np.nan, log["prediction"] + rng.integers(-3, 4, n))
        else:
            log["prediction"] = rng.choice(["a", "b", "c"], n)
            log["label"] = rng.choice(np.array(["a", "b", "c", None], object), n)
            for place, name in enumerate("abc"):
                log[f"proba:{name}"] = rng.dirichlet([1, 1, 1], n)[:, place]
        (tmp_path / task.value).mkdir()
        with workspace(tmp_path / task.value).write() as cursor:
            system = _loaded(cursor, log, task)
            assert [
                name
                for name in unlike_stored(cursor, system, 1, _sums(cursor, system))
                if name != "profile_feature"
            ] == []


def test_levels_beyond_those_that_are_named_travel_as_one_number(cursor: duckdb.DuckDBPyConnection) -> None:
    log = late_binary_log(6, 900)
    log["feature:wide"] = [f"w{i}" for i in np.random.default_rng(7).integers(0, 400, len(log))]
    system = _loaded(cursor, log)
    assert unlike_stored(cursor, system, 1, _sums(cursor, system)) == []
    assert f"> {NAMED_OTHERS} AS beyond" in counts._SHORTENED


def test_only_the_days_from_one_on_are_counted_again(cursor: duckdb.DuckDBPyConnection) -> None:
    system = _loaded(cursor, late_binary_log(8))
    place, grids = away(cursor, system), read_grids(cursor, system)
    plan = count_plan(cursor, system, grids, [], decided=True)
    since = (START + timedelta(days=4)).date()
    query = batch_query(place.reading, plan, Window(load_id=1, low=None, high="1", n_read=0), since)
    taken = place.session.sql(query).toArrow().num_rows
    (there,) = cursor.execute(
        f"SELECT count(*) FROM {decision_table(system.key)} WHERE timestamp >= ?", [since]
    ).fetchall()[0]
    assert 0 < taken == there < 500
    plan = count_plan(cursor, system, grids, [], decided=False)
    names = (
        place.session.sql(
            batch_query(place.reading, plan, Window(load_id=1, low=None, high="1", n_read=0), None)
        )
        .toArrow()
        .column_names
    )
    assert names == ["version", "arm", "timestamp"]


def test_a_system_whose_decisions_lie_here_is_not_counted_away(
    cursor: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = _loaded(cursor, late_binary_log(9))
    grids = read_grids(cursor, system)
    monkeypatch.setattr(counts, "open_cluster", opened(None))
    assert count_in_cluster(cursor, system, 1, grids, grids, True, None) is None
    monkeypatch.setattr(counts, "open_cluster", opened(away(cursor, system)))
    sums = count_in_cluster(cursor, system, 1, grids, grids, True, None)
    assert sums is not None
    assert unlike_stored(cursor, system, 1, sums) == []


def test_the_counter_is_sent_once_a_session(
    cursor: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "_SENT", {})
    system = _loaded(cursor, late_binary_log(10, 60))
    place, grids = away(cursor, system), read_grids(cursor, system)
    plan = count_plan(cursor, system, grids, [])
    for session_id in ("a", "a", "b"):
        place.session.session_id = session_id
        count_window(place.session, place.reading, plan, place.window(1))
    assert len(place.session.sent) == 2


def test_a_load_that_was_not_read_there_is_named(cursor: duckdb.DuckDBPyConnection) -> None:
    system = _loaded(cursor, late_binary_log(11, 60))
    with pytest.raises(PlumblineError, match="Load 7 was not read from the table"):
        away(cursor, system).window(7)


def test_a_row_holds_all_features_where_each_number_is_one_and_no_level_is_missing(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    log = late_binary_log(12, 40)
    log["feature:x"], log["feature:k"], log["feature:c"] = 1.0, 2.0, "a"
    log.loc[:4, "feature:x"] = [np.nan, np.inf, -np.inf, 1e308, -2.0]
    log.loc[5, "feature:c"] = None
    log["attribution:x"] = np.where(np.arange(40) < 9, np.nan, 0.5)
    system = _loaded(cursor, log)
    place = away(cursor, system)
    plan = count_plan(cursor, system, read_grids(cursor, system), [])
    held = place.session.sql(batch_query(place.reading, plan, place.window(1), None)).toArrow().to_pandas()
    filled = (log["feature:x"].abs() <= LARGEST_NUMBER) & log["feature:c"].notna()
    assert held["holds:features"].sum() == filled.sum() < 40
    assert held["holds:explanation"].sum() == 31
    assert unlike_stored(cursor, system, 1, _sums(cursor, system)) == []
