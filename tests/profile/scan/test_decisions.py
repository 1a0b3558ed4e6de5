"""Finding, paging, sampling, repeats and exact values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from plumbline.domain import PlumblineError, Slice
from plumbline.monitor.drift.exact import exact_auc
from plumbline.profile import build
from plumbline.profile.scan import decisions, exact
from plumbline.store.sql import decision_table
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace
from tests.factory.samples import place


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    log = binary_log(np.random.default_rng(21), 300)
    log["decision_id"] = [f"d{i}" for i in range(300)]
    log.loc[7, "decision_id"] = "d6"
    ws = workspace(Path(tmp_path_factory.mktemp("decisions")))
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        build.on_load(cursor, system, 1)
    with ws.read() as cursor:
        yield cursor, system, log
    ws.close()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("feature:x", ">", "0.5")], lambda d: d["feature:x"] > 0.5),
        (
            [("feature:k", "=", "3"), ("prediction", "!=", "yes")],
            lambda d: (d["feature:k"] == 3) & (d["prediction"] != "yes"),
        ),
        ([("label", "is missing", "")], lambda d: d["label"].isna()),
        ([("label", "!=", "yes")], lambda d: d["label"] != "yes"),
        ([("segment:region", "contains", "NOR")], lambda d: d["segment:region"] == "north"),
        ([("timestamp", "<", "2026-01-03T01:00:00+01:00")], lambda d: d["timestamp"] < pd.Timestamp("2026-01-03")),
        ([("feature:x", "is there", "")], lambda d: d["feature:x"].notna()),
        ([("decision", "is", "wrong")], lambda d: d["label"].notna() & (d["label"] != d["prediction"])),
        ([("decision", "is", "right")], lambda d: d["label"] == d["prediction"]),
        ([("decision", "is", "not labelled")], lambda d: d["label"].isna()),
        ([("decision", "is", "overridden")], lambda d: d["prediction"].isna()),  # none: no override is logged
    ],
)  # fmt: skip
def test_filters_select_what_pandas_selects(held, filters, expected) -> None:
    cursor, system, log = held
    found = decisions.find(cursor, system, filters, limit=1000)
    assert sorted(found["decision_id"]) == sorted(log[expected(log)]["decision_id"])
    assert decisions.count(cursor, system, filters) == len(found)


def test_a_number_that_is_none_is_missing_and_no_larger_than_any(tmp_path: Path) -> None:
    log = binary_log(np.random.default_rng(22), 40)
    with workspace(tmp_path).write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        cursor.execute(f"UPDATE {decision_table(system.key)} SET \"feature:x\" = 'nan' WHERE _line = 9")
        for operator in (">", ">=", "is there", "<", "="):
            assert (
                9 not in decisions.find(cursor, system, [("feature:x", operator, "-1e9")])["_line"].tolist()
            )
        gone = decisions.find(cursor, system, [("feature:x", "is missing", "")])["_line"].tolist()
        there = decisions.find(cursor, system, [("feature:x", "is there", "")])["_line"].tolist()
        assert 9 in gone
        assert sorted(gone + there) == list(range(1, 41))


@pytest.mark.parametrize("order", ["timestamp", "-timestamp", "score", "-feature:x", "label", "-feature:k"])
def test_pages_show_every_decision_once_in_order(held, order: str) -> None:
    cursor, system, log = held
    pages, after = [], None
    while True:
        page = decisions.find(cursor, system, order=order, limit=37, after=after)
        after = decisions.page_end(page, order)
        if after is None:
            break
        pages.append(page)
    found = pd.concat(pages)
    assert sorted(found["_line"]) == list(range(1, len(log) + 1))
    column = found[order.removeprefix("-")]
    values = column.dropna().tolist()
    assert values == sorted(values, reverse=order.startswith("-"))
    assert column.isna().tolist() == sorted(column.isna())  # missing ones last


@pytest.mark.parametrize(
    ("filters", "order", "message"),
    [
        ([("_hash", "=", "1")], "timestamp", "no column"),
        ([("score", "=", "1")], "1; DROP TABLE system", "no column"),
        ([("score", "LIKE", "1")], "timestamp", "no comparison"),
        ([("score", "=", "high")], "timestamp", "not a number"),
        ([("timestamp", ">", "yesterday")], "timestamp", "not a time"),
    ],
)
def test_what_cannot_be_asked_is_said(held, filters, order: str, message: str) -> None:
    cursor, system, _ = held
    with pytest.raises(PlumblineError, match=message):
        decisions.find(cursor, system, filters, order)


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_is_only_a_value(held, text: str) -> None:
    cursor, system, log = held
    found = decisions.find(cursor, system, [("version", "=", text)], limit=1000)
    assert len(found) == (log["version"] == text).sum()
    with pytest.raises(PlumblineError):
        decisions.find(cursor, system, [(f"x{text}", "=", "1")])


def test_one_decision_by_id_or_by_place(held) -> None:
    cursor, system, log = held
    row = decisions.read_decision(cursor, system, "d12")
    assert row.time == log["timestamp"][12].replace(tzinfo=UTC)
    assert row.score == pytest.approx(log["score"][12], nan_ok=True)
    assert decisions.read_decision(cursor, system, "#1:13").id == "d12"
    twice = log[log["decision_id"] == "d6"]
    acted = twice[twice["arm"] != "shadow"]
    newest = (acted if len(acted) else twice)["timestamp"].max()
    assert decisions.read_decision(cursor, system, "d6").time == newest.replace(tzinfo=UTC)
    with pytest.raises(PlumblineError, match="no decision"):
        decisions.read_decision(cursor, system, "d6' OR 1=1")
    assert exact.duplicate_ids(cursor, system) == (1 if twice["arm"].nunique() == 1 else 0)


def test_a_sample_is_stated_by_its_seed(held) -> None:
    cursor, system, log = held
    first = decisions.sample(cursor, system, Slice(version="1"), 40, seed=1)
    pd.testing.assert_frame_equal(first, decisions.sample(cursor, system, Slice(version="1"), 40, seed=1))
    other = decisions.sample(cursor, system, Slice(version="1"), 40, seed=2)
    assert len(first) == len(other) == 40
    assert set(first["_line"]) != set(other["_line"])
    assert (first["version"] == "1").all()
    assert (first["arm"] != "shadow").all()
    everything = decisions.sample(cursor, system, Slice(), 10_000)
    assert len(everything) == (log["arm"] != "shadow").sum()
    assert str(everything["feature:x"].dtype) == "float64"


@pytest.mark.parametrize("n", [3, 20, 60, 140])
def test_a_sample_drawn_below_a_bound_is_the_one_that_sorting_everything_gives(
    held, monkeypatch, n: int
) -> None:
    cursor, system, _ = held
    quick = decisions.sample(cursor, system, Slice(), n, seed=3)
    monkeypatch.setattr(decisions, "LONG", 0.0)
    slow = decisions.sample(cursor, system, Slice(), n, seed=3)
    pd.testing.assert_frame_equal(quick, slow)
    assert len(quick) == n
    few = decisions.sample(cursor, system, Slice(), n, 3, ())
    assert few["_line"].tolist() == quick["_line"].tolist()
    assert "feature:x" not in few


def test_auc_is_that_of_scikit_learn_with_ties(held) -> None:
    cursor, system, _ = held
    scores, labels = exact.scores_and_labels(cursor, system)
    scores = np.round(scores, 1)
    assert exact_auc(scores, labels)[0] == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert exact_auc(scores, np.ones_like(labels)) is None


def test_first_and_last_decisions_of_a_version(held) -> None:
    cursor, system, log = held
    own = log[(log["version"] == "2") & (log["arm"] != "shadow")].sort_values("timestamp")
    bound = START + timedelta(days=3)
    after = own[own["timestamp"] >= bound.replace(tzinfo=None)][:25]
    times, positive, correct = exact.first_decisions(cursor, system, "2", bound, 25)
    np.testing.assert_array_equal(times, after["timestamp"].to_numpy("datetime64[us]"))
    np.testing.assert_array_equal(positive, after["prediction"] == "yes")
    right = np.where(after["label"].isna(), np.nan, (after["prediction"] == after["label"]).astype(float))
    np.testing.assert_array_equal(correct, right)
    times, _, _, _ = exact.last_decisions(cursor, system, "2", bound, 10)
    before = own[own["timestamp"] < bound.replace(tzinfo=None)][-10:]
    np.testing.assert_array_equal(times, before["timestamp"].to_numpy("datetime64[us]"))


def test_exact_values_leave_missing_ones_out(held) -> None:
    cursor, system, log = held
    kept = log[log["arm"] != "shadow"]
    np.testing.assert_array_equal(
        np.sort(exact.read_values(cursor, system, "x")), np.sort(kept["feature:x"].dropna())
    )
    assert sorted(exact.read_values(cursor, system, "c")) == sorted(kept["feature:c"].dropna())
    with pytest.raises(PlumblineError, match="no feature"):
        exact.read_values(cursor, system, "nothing")


def test_repeats_against_a_brute_force_count(held) -> None:
    cursor, system, log = held
    kept = log[log["arm"] != "shadow"].reset_index(drop=True)
    features = ["feature:x", "feature:k", "feature:c"]
    sizes = {"decisions": 0, "conflicting": 0, "groups": 0, "conflicting_groups": 0}
    for _, group in kept.groupby([*features, "version"], dropna=False):
        if len(group) < 2:
            continue
        scores = group["score"].dropna()
        differs = group["prediction"].nunique() > 1 or scores.nunique() > 1
        sizes["groups"] += 1
        sizes["decisions"] += len(group)
        sizes["conflicting"] += differs * len(group)
        sizes["conflicting_groups"] += differs
    found = exact.repeats(cursor, system)
    assert {name: getattr(found, name) for name in sizes} == sizes
    assert found.conflicting_groups > 0
    for example in found.examples:
        assert len({(*r.features.values(), r.version) for r in example}) == 1
        assert len({(r.prediction, r.score) for r in example}) > 1


def test_repeats_of_two_deployments_are_none_and_near_scores_are_counted_apart(tmp_path: Path) -> None:
    log = pd.DataFrame(
        {
            "timestamp": [START.replace(tzinfo=None)] * 8,
            "prediction": ["yes", "no", "yes", "no", "yes", "yes", "no", "no"],
            "score": [0.51, 0.49, 0.9, 0.2, 0.7, 0.7, 0.3, 0.3],
            "feature:x": [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0],
            "segment:endpoint": ["a"] * 4 + ["a", "a", "b", "b"],
        }
    )
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        strict, found = exact.repeats(cursor, system), exact.repeats(cursor, system, reach=0.05)
    ws.close()
    assert (strict.decisions, strict.conflicting, strict.decided, strict.near) == (8, 4, 4, 0)
    assert (found.groups, found.conflicting, found.conflicting_groups, found.decided) == (4, 2, 1, 2)
    assert (found.near, found.near_groups, found.reach) == (2, 1, 0.05)
    assert [row.score for row in found.examples[0]] == [0.9, 0.2]  # conflicts come first


def test_repeats_forgive_rounding_and_skip_empty_inputs(tmp_path: Path) -> None:
    log = pd.DataFrame(
        {
            "timestamp": [START.replace(tzinfo=None)] * 6,
            "prediction": ["yes"] * 5 + ["no"],
            "score": [0.5, 0.5 + 1e-12, 0.7, 0.7 + 1e-6, 0.1, 0.9],
            "feature:x": [1.0, 1.0, 2.0, 2.0, np.nan, np.nan],
        }
    )
    ws = workspace(tmp_path)
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, log, 1)
        found = exact.repeats(cursor, system)
    ws.close()
    assert (found.decisions, found.conflicting, found.groups, found.conflicting_groups) == (4, 2, 2, 1)
    assert [row.score for row in found.examples[0]] == [0.7, 0.7 + 1e-6]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_sample_by_id_is_that_of_the_rows_with_the_lowest_hashes(tmp_path: Path, zone: str) -> None:
    """A table in a cluster is sampled by the same hashes: what is drawn of its sample is what is drawn of all."""
    log = binary_log(np.random.default_rng(5), 200)
    clock = log["timestamp"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)
    log = log.assign(
        place=[place((i, at, "")) for i, at in zip(log["decision_id"], clock.dt.to_pydatetime(), strict=True)]
    )
    drawn = log.sort_values("place").iloc[:120].drop(columns="place").sample(frac=1, random_state=1)
    read = []
    for name, rows in (("all", log.drop(columns="place")), ("drawn", drawn)):
        (tmp_path / name).mkdir()
        with workspace(tmp_path / name).write() as cursor:
            system = replace(make_system(cursor), timezone=zone)
            insert(cursor, system, rows, 1)
            read.append(decisions.sample_by_id(cursor, system, 50, ["score", "feature:x"]))
    expected = log[log["arm"] != "shadow"].sort_values("place").iloc[:50]
    np.testing.assert_array_equal(read[0], expected[["score", "feature:x"]].to_numpy(float))
    np.testing.assert_array_equal(read[0], read[1])
