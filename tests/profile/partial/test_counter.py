"""Parts of a log that are counted apart and added up give the counts that DuckDB's one scan gives, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import Bins, Kind, System, Task
from plumbline.logs.inspect import inspect
from plumbline.logs.load.decisions import load_decisions
from plumbline.profile import build
from plumbline.profile.bins import read_grids
from plumbline.profile.count.activity_sql import presence_condition
from plumbline.profile.count.stream import BatchSplit
from plumbline.profile.partial import counter, rows
from plumbline.profile.partial.grid_plan import count_plan
from plumbline.profile.partial.plan import PRESENCE, CountPlan
from plumbline.profile.partial.sums import Sums, feature_rows, outcome_rows
from plumbline.profile.scope import load_scope
from plumbline.store import systems
from plumbline.store.sql import ident
from plumbline.store.workspace import open_workspace
from tests.examples import examples
from tests.factory.decision_tables import binary_log, insert, make_system, workspace

DATA = Path(__file__).parents[3].parent / "shared" / "data"
TABLES = (
    "profile_feature", "profile_outcome", "profile_confusion", "profile_hour", "profile_presence",
    "profile_delay",
)  # fmt: skip


def of_table(cursor: duckdb.DuckDBPyConnection, system: System, load: int, plan: CountPlan) -> pa.Table:
    """The rows of one load as a counter wants them."""
    scope = load_scope(system, load)
    names = dict.fromkeys(
        [*(c.column for c in plan.columns), "prediction", "label", "score", *(f"proba:{c}" for c in plan.probabilities)]
    )  # fmt: skip
    selected = [ident(name) for name in ("version", "arm", *names)]
    selected += [f"epoch_us({name}) AS {name}" for name in ("timestamp", "label_time", "trained_at")]
    selected += [
        f"coalesce({presence_condition(cursor, system, name)}, false) AS {ident(f'holds:{name}')}"
        for name in PRESENCE
    ]
    return cursor.execute(f"SELECT {', '.join(selected)} {scope.rows}", scope.params).to_arrow_table()


def differences(
    cursor: duckdb.DuckDBPyConnection, system: System, load: int, parts: int, size: int
) -> list[str]:
    """The tables of which added parts give other rows than are stored; fractions may differ in the tenth digit."""
    grids = read_grids(cursor, system)
    plan = count_plan(cursor, system, grids, [g for g in grids if g.first_load <= load])
    table = of_table(cursor, system, load, plan)
    place = np.random.default_rng(7).integers(0, parts, table.num_rows)
    counted = [
        each
        for part in range(parts)
        for each in counter.partial_counts(table.filter(pa.array(place == part)).to_batches(size), plan)
    ]
    return unlike_stored(cursor, system, load, Sums(rows.sum_tables(counted), plan))


def unlike_stored(cursor: duckdb.DuckDBPyConnection, system: System, load: int, sums: Sums) -> list[str]:
    """The tables of which sums of counts give other rows than are stored."""
    made: dict[str, list[Any]] = {name: [] for name in TABLES}
    for each in feature_rows(sums):
        made["profile_feature"].append(each)
    for name, each in outcome_rows(sums):
        made[name].append(each)
    return [name for name in TABLES if not _same(cursor, system, load, name, made[name])]


def _same(cursor: duckdb.DuckDBPyConnection, system: System, load: int, name: str, made: list[Any]) -> bool:
    held = cursor.execute(
        f"SELECT * EXCLUDE (system, load_id) FROM {name} WHERE system = ? AND load_id = ?", [system.key, load]
    ).to_arrow_table()
    if not made:
        return held.num_rows == 0
    cursor.register("made_rows", pa.concat_tables(made))
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE made AS SELECT * FROM {name} LIMIT 0")
    columns = ", ".join(held.column_names)
    cursor.execute(f"INSERT INTO made (system, load_id, {columns}) SELECT 'x', 0, {columns} FROM made_rows")
    key = [
        c for c in ("col", "version", "arm", "day", "hour", "prediction", "label") if c in held.column_names
    ]
    frames = [
        cursor.execute(f"SELECT {columns} FROM ({each}) ORDER BY {', '.join(key)}").fetchall()
        for each in (
            "SELECT * FROM made",
            f"SELECT * FROM {name} WHERE system = '{system.key}' AND load_id = {load}",
        )
    ]
    inexact = {i for i, c in enumerate(held.column_names) if pa.types.is_floating(held.schema.field(c).type)}
    inexact |= {
        i for i, c in enumerate(held.column_names)
        if pa.types.is_list(held.schema.field(c).type) and pa.types.is_floating(held.schema.field(c).type.value_type)
    }  # fmt: skip
    if len(frames[0]) != len(frames[1]):
        return False
    for one, other in zip(*frames, strict=True):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            if i in inexact:
                if not np.allclose(a, b, rtol=1e-10, atol=1e-10):
                    return False
            elif a != b:
                return False
    return True


@settings(max_examples=examples(2), deadline=None)
@given(seed=st.integers(0, 2**32 - 1), parts=st.integers(1, 5), size=st.sampled_from([13, 5000]))
def test_parts_of_a_classifier_s_log_add_up(
    tmp_path_factory: pytest.TempPathFactory, seed: int, parts: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    log = binary_log(rng, 300)
    log["label_time"] = log["timestamp"] + pd.to_timedelta(rng.integers(-50, 4000, len(log)), unit="h")
    log.loc[rng.random(len(log)) < 0.2, "label_time"] = pd.NaT
    log["trained_at"] = log["timestamp"].min() - pd.Timedelta(days=30)
    log["feature:wide"] = [f"w{i}" for i in rng.integers(0, 400, len(log))]  # more than a grid names
    with workspace(tmp_path_factory.mktemp("w")).write() as cursor:
        system = make_system(cursor, classes=("no", "yes"))
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        more = log.assign(**{"feature:c": rng.choice(["a", "z", "y"], len(log))})
        insert(cursor, system, more, 2)
        build.on_load(cursor, system, 2)
        assert [differences(cursor, system, load, parts, size) for load in (1, 2)] == [[], []]


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.MULTICLASS])
def test_parts_of_other_logs_add_up(tmp_path: Path, task: Task) -> None:
    rng, n = np.random.default_rng(3), 900
    log = binary_log(rng, n).drop(columns="score")
    if task is Task.REGRESSION:
        log["prediction"] = np.where(rng.random(n) < 0.1, np.nan, rng.normal(100, 30, n))
        log["label"] = np.where(rng.random(n) < 0.3, np.nan, log["prediction"] + rng.integers(-3, 4, n))
    else:
        log["prediction"] = rng.choice(["a", "b", "c"], n)
        log["label"] = rng.choice(np.array(["a", "b", "c", "d", None], object), n)
        p = rng.dirichlet([1, 1, 1], n)
        for place, name in enumerate("abc"):
            log[f"proba:{name}"] = np.where(rng.random(n) < 0.02, 1.5, p[:, place])
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, task)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        assert differences(cursor, system, 1, 3, 100) == []


def test_groups_with_many_scores_are_in_cells_wherever_they_were_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    log = binary_log(rng, 9000, days=3)
    log["score"] = rng.random(len(log))  # more than a thousand of a day, and of each part fewer
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor, reference_days=2)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        assert differences(cursor, system, 1, 8, 500) == []
        assert differences(cursor, system, 1, 1, 10_000) == []


def test_counts_are_handed_on_before_they_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "MOST_COUNTS", 2_000)
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, binary_log(np.random.default_rng(9)), 1)
        build.on_load(cursor, system, 1)
        assert differences(cursor, system, 1, 2, 40) == []


def test_nothing_but_numpy_and_arrow_is_needed_to_count() -> None:
    refuse = (
        "import sys\nclass Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('duckdb', 'pandas', 'scipy', 'orjson'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\nimport plumbline.profile.partial.counter\n"
    )
    done = subprocess.run([sys.executable, "-c", refuse], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.reallogs
@pytest.mark.skipif(not DATA.is_dir(), reason="the real logs are not here")
@pytest.mark.parametrize(
    "log",
    [
        "car-loan/reference.parquet", "car-prices/reference.csv", "card-offers/card_offers.parquet",
        "dirty-loans/dirty_loans.csv", "electricity/electricity.csv", "income-credit/kredit_export.csv",
    ],
)  # fmt: skip
def test_parts_of_a_real_log_add_up(tmp_path: Path, log: str) -> None:
    path = DATA / log
    ws = open_workspace(tmp_path / "w.duckdb", memory_limit="1GB", read_from=[path.parent])
    mapping = inspect(path, ws=ws).mapping
    load = load_decisions(
        ws, path, title="real", mapping=mapping, actor="test", accept=True, after=build.on_load
    )
    with ws.write() as cursor:
        system = systems.get_system(cursor, load.system)
        assert differences(cursor, system, load.load_id, 4, 10_000) == []


@pytest.mark.parametrize("rows_a_batch", [6, 400])
def test_a_column_of_many_levels_is_counted_by_group_and_level_in_small_and_large_batches(
    rows_a_batch: int,
) -> None:
    """Few rows of many groups and levels are counted by key, many by a table of both."""
    random = np.random.default_rng(1)
    known = [f"l{i}" for i in range(8)]
    levels = [*known, "new", "newer", None]
    part = counter._LevelPart(
        SimpleNamespace(bins=Bins(feature="x", kind=Kind.CATEGORICAL, levels=tuple(known)))
    )
    expected: Counter[tuple[int, int, str | None]] = Counter()
    for _ in range(12):
        groups = np.sort(random.choice(9, 4, replace=False))
        of_row = np.r_[np.arange(4), random.integers(0, 4, rows_a_batch - 4)]
        texts = [levels[i] for i in random.integers(0, len(levels), rows_a_batch)]
        nothing = np.zeros(rows_a_batch, np.int64)
        split = BatchSplit(
            key=nothing, at=nothing, groups=groups, of_row=of_row, starts=nothing, of_run=nothing
        )
        part.add(split, pa.array(texts))
        for group, text in zip(groups[of_row].tolist(), texts, strict=True):
            place = rows.NO_LEVEL if text is None else known.index(text) if text in known else rows.UNSEEN
            expected[group, place, text if place == rows.UNSEEN else None] += 1
    group, counted = part.rows()
    keys = zip(group.tolist(), np.asarray(counted["code"]).tolist(), counted["name"], strict=True)
    assert dict(zip(keys, np.asarray(counted["n"]).tolist(), strict=True)) == expected
