"""Profiles merge by addition, are undone by deletion, and do not depend on how they were made."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import Slice, Task
from plumbline.profile import build
from plumbline.profile.count import categorical, stream
from plumbline.profile.read import profiles as read
from plumbline.store.sql import decision_table
from tests.examples import examples
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace

TABLES = ("basis", "bin", "feature", "outcome", "confusion", "hour", "presence", "delay")


def _tables(cursor) -> dict[str, list[tuple]]:
    return {name: cursor.execute(f"SELECT * FROM profile_{name} ORDER BY ALL").fetchall() for name in TABLES}


def _all(cursor, system, part: Slice = Slice()) -> list[object]:  # noqa: B008
    features = read.feature_profiles(cursor, system, part)
    outcome = read.outcome_profile(cursor, system, part, by_version=True)
    completeness = read.completeness(cursor, system, part)
    found: list[object] = [outcome.days, outcome.versions, completeness.days, completeness.versions]
    for f in features:
        found += [f.bins.feature, f.days, f.counts, f.missing, f.sums, f.squares, f.other_levels]
    for name in ("n", "n_labelled", "confusion", "score_cells", "score_unlabelled", "n_scored", "moments"):
        found.append(getattr(outcome, name))
    found += [outcome.sum_log_loss, outcome.sum_brier, completeness.n, completeness.hours]
    return [*found, *completeness.present.values(), read.delays(cursor, system, part).counts]


def _same(left: list[object], right: list[object]) -> None:
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-9)
        else:
            assert a == b


@pytest.fixture
def ws(tmp_path: Path):
    opened = workspace(tmp_path)
    yield opened
    opened.close()


@settings(max_examples=examples(3), deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.floats(0.05, 0.95), n=st.integers(20, 300))
def test_two_loads_are_counted_as_their_union(seed: int, cut: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    log = binary_log(rng, n)
    first = rng.random(n) < cut
    with tempfile.TemporaryDirectory() as folder:
        ws = workspace(Path(folder))
        with ws.write() as cursor:
            whole, parts = make_system(cursor, title="whole"), make_system(cursor, title="parts")
            insert(cursor, whole, log, 1)
            build.on_load(cursor, whole, 1)
            for load, rows in ((2, log[first]), (3, log[~first])):
                insert(cursor, parts, rows, load)
                build.on_load(cursor, parts, load)
            _same(_all(cursor, whole), _all(cursor, parts))
            shuffled = make_system(cursor, title="shuffled")
            insert(cursor, shuffled, log.sample(frac=1, random_state=seed), 4)
            build.on_load(cursor, shuffled, 4)
            _same(_all(cursor, whole), _all(cursor, shuffled))
        ws.close()


@pytest.mark.parametrize("day", [0, 6])
def test_undo_restores_the_tables_to_the_byte(ws, day: int) -> None:
    rng = np.random.default_rng(1)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, binary_log(rng), 1)
        build.on_load(cursor, system, 1)
        before = _tables(cursor)
        later = binary_log(rng, 200, days=3)
        insert(cursor, system, later.assign(timestamp=later["timestamp"] + timedelta(days=day)), 2)
        build.on_load(cursor, system, 2)
        assert _tables(cursor) != before
        cursor.execute(f"DELETE FROM {decision_table(system.key)} WHERE _load_id = 2")
        build.on_undo(cursor, system, 2)
        after = _tables(cursor)
    exact = ("basis", "bin", "confusion", "hour", "presence", "delay")
    assert {name: after[name] for name in exact} == {name: before[name] for name in exact}
    if day:  # outside the reference: not one byte was rewritten
        assert after == before


def test_a_load_into_the_reference_remakes_the_grids(ws) -> None:
    rng = np.random.default_rng(2)
    log = binary_log(rng)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log[:50], 1)
        build.on_load(cursor, system, 1)
        insert(cursor, system, log[50:], 2)
        build.on_load(cursor, system, 2)
        whole = make_system(cursor, title="whole")
        insert(cursor, whole, log, 3)
        build.on_load(cursor, whole, 3)
        for a, b in zip(
            read.feature_profiles(cursor, system), read.feature_profiles(cursor, whole), strict=True
        ):
            np.testing.assert_array_equal(a.bins.edges, b.bins.edges)
            assert a.bins.levels == b.bins.levels


def test_rebuilding_changes_nothing(ws) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        for load in (1, 2, 3):
            insert(cursor, system, binary_log(np.random.default_rng(load)), load)
            build.on_load(cursor, system, load)
        before, profiles = _tables(cursor), _all(cursor, system)
        build.rebuild(cursor, system)
        after = _tables(cursor)
        _same(profiles, _all(cursor, system))
    for name in ("basis", "bin", "confusion", "hour", "presence", "delay"):
        assert before[name] == after[name]


def test_a_filter_that_holds_everywhere_gives_the_stored_profile(ws) -> None:
    with ws.write() as cursor:
        system = make_system(cursor)
        for load in (1, 2):
            log = binary_log(np.random.default_rng(load)).assign(**{"segment:all": "x"})
            insert(cursor, system, log, load)
            build.on_load(cursor, system, load)
    everywhere = (("segment:all", "x"),)
    spans = {"start": START + timedelta(days=1), "end": START + timedelta(days=7)}
    with ws.read() as cursor:
        for part in (
            Slice(),
            Slice(**spans),
            Slice(version="2"),
            Slice(version="none"),
            Slice(arm="shadow", **spans),
        ):
            filtered = Slice(part.start, part.end, part.version, part.arm, everywhere)
            _same(_all(cursor, system, part), _all(cursor, system, filtered))


@pytest.mark.parametrize("many", [200, 1])
def test_levels_that_the_reference_lacks_are_counted_alike_however_many(ws, many: int, monkeypatch) -> None:
    """One list of levels, or more texts than are looked up in a list: the same as counting in SQL."""
    monkeypatch.setattr(stream, "MANY", many)
    monkeypatch.setattr(categorical, "MANY", many)
    rng = np.random.default_rng(8)
    log = binary_log(rng).assign(**{"segment:all": "x"})
    late = log["timestamp"] > START.replace(tzinfo=None) + timedelta(days=5)
    fresh = pd.Series(rng.integers(0, 90, len(log))).map("new {}".format)
    log["feature:c"] = log["feature:c"].where(~late | log["feature:c"].isna(), fresh)
    log["version"] = log["version"].where(rng.random(len(log)) < 0.9, None)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        everywhere = Slice(where=(("segment:all", "x"),))
        _same(_all(cursor, system), _all(cursor, system, everywhere))
        (c,) = read.feature_profiles(cursor, system, features=("c",))
    kept = log[late & (log["arm"] != "shadow") & log["feature:c"].notna()]
    assert sum(c.other_levels.values()) == len(kept) == c.counts[:, -1].sum()


def test_a_column_that_fills_with_many_levels_late_is_counted_in_the_first_load_too(ws) -> None:
    rng = np.random.default_rng(3)
    with ws.write() as cursor:
        system = make_system(cursor, reference_days=None)
        insert(cursor, system, binary_log(rng).assign(**{"feature:m": None}), 1)
        build.on_load(cursor, system, 1)
        later = binary_log(rng).assign(
            **{"feature:m": pd.Series(rng.integers(0, 150, 600)).map("m{}".format)}
        )
        insert(cursor, system, later.assign(prediction="maybe"), 2)
        build.on_load(cursor, system, 2)
        before = _all(cursor, system)
        (many,) = read.feature_profiles(cursor, system, features=("m",))
        assert many.missing.sum() == 600 - (cursor.execute(
            f"SELECT count(*) FROM {decision_table(system.key)} WHERE _load_id = 1 AND arm = 'shadow'"
        ).fetchone() or (0,))[0]  # fmt: skip
        build.rebuild(cursor, system)
        _same(before, _all(cursor, system))


def test_slices_within_a_day_are_counted_from_the_rows(ws) -> None:
    log = binary_log(np.random.default_rng(4))
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
        part = Slice(START + timedelta(hours=5), START + timedelta(hours=29))
        profile = read.outcome_profile(cursor, system, part)
    at = log["timestamp"].dt.tz_localize("UTC")
    assert profile.n.sum() == ((at >= part.start) & (at < part.end) & (log["arm"] != "shadow")).sum()


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_late_labels_and_their_undo(ws, task: Task) -> None:
    rng = np.random.default_rng(9)
    n = 300
    if task is Task.BINARY:
        log = binary_log(rng, n)
        labels = log["label"].copy()
        early = labels.where(rng.random(n) < 0.3, None)
    else:
        y = pd.Series(rng.normal(size=n))
        hours = [START.replace(tzinfo=None) + timedelta(hours=int(h)) for h in rng.integers(0, 240, n)]
        log = pd.DataFrame({"timestamp": hours, "prediction": y + rng.normal(size=n)})
        labels, early = y, y.where(rng.random(n) < 0.3)
    log = log.assign(_i=range(n))
    with ws.write() as cursor:
        system = make_system(cursor, task)
        for load, rows in ((1, log[:150]), (2, log[150:])):
            insert(cursor, system, rows.assign(label=early[rows.index]).drop(columns="_i"), load)
            build.on_load(cursor, system, load)
        before = _tables(cursor)
        table = decision_table(system.key)

        def relabel(values: pd.Series) -> None:
            kind = "DOUBLE" if task is Task.REGRESSION else "VARCHAR"
            held = pd.DataFrame({"i": range(n), "y": values.astype(object).where(values.notna(), None)})
            held["y"] = held["y"].astype(float if task is Task.REGRESSION else "str")
            cursor.register("new_labels", held)
            cursor.execute(
                f"""UPDATE {table} SET label = new_labels.y::{kind} FROM new_labels
                    WHERE i = _line - 1 + CASE _load_id WHEN 1 THEN 0 ELSE 150 END"""
            )
            cursor.unregister("new_labels")
            build.rebuild_outcomes(cursor, system, [1, 2])

        relabel(labels)
        assert read.outcome_profile(cursor, system).n_labelled.sum() > 0
        late, stored = _all(cursor, system), _tables(cursor)
        build.rebuild(cursor, system)
        _same(late, _all(cursor, system))
        assert stored["bin"] == _tables(cursor)["bin"]
        relabel(early)
        after = _tables(cursor)
    for name in ("basis", "bin", "confusion", "hour", "presence"):
        assert before[name] == after[name]


def test_a_feature_of_a_later_load_is_not_missing_before_it(ws) -> None:
    rng = np.random.default_rng(5)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, binary_log(rng), 1)
        build.on_load(cursor, system, 1)
        later = binary_log(rng).assign(**{"feature:new": rng.normal(size=600)})
        insert(cursor, system, later.assign(timestamp=later["timestamp"] + timedelta(days=20)), 2)
        build.on_load(cursor, system, 2)
        (new,) = read.feature_profiles(cursor, system, features=("new",))
        assert min(new.days) >= (START + timedelta(days=20)).date()
        assert new.missing.sum() == 0
        before = _all(cursor, system)
        build.rebuild(cursor, system)
        _same(before, _all(cursor, system))
        filtered = Slice(where=(("segment:region", "north"),))
        assert read.feature_profiles(cursor, system, filtered, features=("new",))[0].missing.sum() == 0


def test_without_a_reference_the_first_load_makes_the_grids(ws) -> None:
    rng = np.random.default_rng(6)
    with ws.write() as cursor:
        system = make_system(cursor, reference_days=None)
        insert(cursor, system, binary_log(rng), 1)
        build.on_load(cursor, system, 1)
        grids = cursor.execute("SELECT * FROM profile_bin ORDER BY ALL").fetchall()
        insert(cursor, system, binary_log(rng), 2)
        build.on_load(cursor, system, 2)
        assert cursor.execute("SELECT * FROM profile_bin ORDER BY ALL").fetchall() == grids


def test_a_filter_that_every_decision_passes_counts_what_is_stored(ws) -> None:
    rng = np.random.default_rng(7)
    with ws.write() as cursor:
        system = make_system(cursor)
        for load, (days, names) in enumerate([(0, "abc"), (-12, "bcd"), (5, "aef")], 1):
            log = binary_log(rng).assign(**{"segment:region": "north"})
            log["feature:c"] = rng.choice(np.array([*names, None], dtype=object), len(log))
            insert(cursor, system, log.assign(timestamp=log["timestamp"] + timedelta(days=days)), load)
            build.on_load(cursor, system, load)
        counted = _all(cursor, system, Slice(where=(("segment:region", "north"),)))
        _same(_all(cursor, system), counted)
        c = next(f for f in read.feature_profiles(cursor, system) if f.bins.feature == "c")
        assert set(c.other_levels) == set("def")
        span = Slice(START + timedelta(days=1, hours=5), START + timedelta(days=4, hours=3))
        x = next(f for f in read.feature_profiles(cursor, system, span) if f.bins.feature == "x")
        rows = cursor.execute(
            f"""SELECT "feature:x" FROM {decision_table(system.key)}
                WHERE "timestamp" >= ? AND "timestamp" < ? AND arm <> 'shadow'""",
            [span.start.replace(tzinfo=None), span.end.replace(tzinfo=None)],
        ).fetchnumpy()["feature:x"]
        rows = np.ma.filled(rows, np.nan)
        values = rows[np.isfinite(rows)]
        assert x.missing.sum() == len(rows) - len(values)
        cells = np.searchsorted(x.bins.edges, values)
        assert np.array_equal(x.counts.sum(axis=0), np.bincount(cells, minlength=x.bins.cells))
