"""Decisions with the same inputs, against pandas: how many differ, by how much, and which are shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Task
from plumbline.profile import build
from plumbline.profile.scan.decisions import main_version, read_decision, read_places
from plumbline.profile.scan.identical_inputs import decisions_at_places, find_same_inputs, repeats
from plumbline.store.workspace import Workspace
from tests.factory.decision_tables import START, insert, make_system, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def rows(seed: int = 1, n: int = 300) -> pd.DataFrame:
    """Few and coarse inputs, so that many repeat; scores that are the inputs' and, of some, a little more."""
    rng = np.random.default_rng(seed)
    x, c = rng.integers(0, 6, n).astype(float), rng.choice(np.array(["a", "b", None], dtype=object), n)
    score = x / 10 + 0.02 + np.where(rng.random(n) < 0.05, rng.choice([0.001, 0.3], n), 0)
    return pd.DataFrame({
        "timestamp": [(START + timedelta(minutes=int(m))).replace(tzinfo=None) for m in rng.integers(0, 9000, n)],
        "decision_id": [f"d{i}" for i in range(n)],
        "version": rng.choice(["1", "2"], n, p=[0.7, 0.3]),
        "score": score,
        "prediction": np.where(score > 0.45, "yes", "no"),
        "feature:x": np.where(rng.random(n) < 0.1, np.nan, x),
        "feature:c": c,
        "segment:endpoint": rng.choice(["eu", "us"], n),
        "arm": np.where(rng.random(n) < 0.1, "Shadow", "champion"),
    })  # fmt: skip


KEYS = ["version", "segment:endpoint", "feature:x", "feature:c"]


def by_pandas(frame: pd.DataFrame, tolerance: float, reach: float) -> dict[str, int]:
    part = frame[(frame["arm"] != "Shadow") & frame[["feature:x", "feature:c"]].notna().any(axis=1)]
    found = dict.fromkeys(
        ("decisions", "groups", "conflicting", "conflicting_groups", "decided", "near", "near_groups"), 0
    )
    for _, own in part.groupby(KEYS, dropna=False):
        if len(own) < 2:
            continue
        apart = own["score"].max() - own["score"].min()
        numbers = apart > tolerance * own["score"].abs().max()
        answers = own["prediction"].nunique() > 1
        near = numbers and apart <= reach
        found["decisions"] += len(own)
        found["groups"] += 1
        if (numbers or answers) and not near:
            found["conflicting"] += len(own)
            found["conflicting_groups"] += 1
            found["decided"] += len(own) * answers
        found["near"] += len(own) * near
        found["near_groups"] += int(near)
    return found


@pytest.mark.parametrize("tolerance", [1e-9, 0.01])
@pytest.mark.parametrize("reach", [0.0, 0.0011])
def test_repeats_are_counted_as_pandas_counts_them(ws: Workspace, tolerance: float, reach: float) -> None:
    frame = rows()
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, frame, 1)
        told = repeats(cursor, system, tolerance=tolerance, reach=reach)
        again = decisions_at_places(
            cursor, system, tuple(tuple((d.load_id, d.line) for d in group) for group in told.examples)
        )
    truth = by_pandas(frame, tolerance, reach)
    assert truth["conflicting"] > 0
    assert {name: getattr(told, name) for name in truth} == truth
    assert len(told.examples) == min(truth["conflicting_groups"] + truth["near_groups"], 20)
    for group, same in zip(told.examples, again, strict=True):
        assert 2 <= len(group) <= 6
        assert [d.line for d in group] == [d.line for d in same]
        times = [d.columns["timestamp"] for d in group]
        assert times == sorted(times)
        scores = [d.columns["score"] for d in group]
        assert max(scores) > min(scores)


def test_numbers_repeat_by_their_predictions_and_no_input_repeats_nothing(ws: Workspace) -> None:
    frame = rows(2).assign(prediction=lambda f: f["score"] * 100).drop(columns=["score", "segment:endpoint"])
    frame["arm"] = "champion"
    frame.loc[::9, ["feature:x", "feature:c"]] = [np.nan, None]
    with ws.write() as cursor:
        system = make_system(cursor, Task.REGRESSION)
        none = repeats(cursor, system)
        assert (none.decisions, none.groups, none.examples) == (0, 0, ())
        insert(cursor, system, frame, 1)
        told = repeats(cursor, system, reach=0.2)
    of = frame[frame[["feature:x", "feature:c"]].notna().any(axis=1)]
    groups = of.groupby(["version", "feature:x", "feature:c"], dropna=False)["prediction"]
    sizes, apart = groups.size(), groups.max() - groups.min()
    near, far = (apart > 1e-6) & (apart <= 0.2), apart > 0.2
    assert told.decisions == sizes[sizes > 1].sum()
    assert (told.near, told.near_groups) == (sizes[near].sum(), near.sum())
    assert (told.conflicting, told.conflicting_groups) == (sizes[far].sum(), far.sum())
    assert told.decided == 0


def test_the_others_with_the_same_inputs_are_found_oldest_first(ws: Workspace) -> None:
    frame = rows(3)
    frame.loc[frame.index % 5 == 0, "version"] = None
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, frame, 1)
        for place in (0, 5, 17, 42):
            mine = frame.iloc[place]
            told = find_same_inputs(cursor, system, read_decision(cursor, system, mine["decision_id"]), 1000)
            same = frame[
                (frame["feature:x"].eq(mine["feature:x"]) | (frame["feature:x"].isna() & pd.isna(mine["feature:x"])))
                & (frame["feature:c"].eq(mine["feature:c"]) | (frame["feature:c"].isna() & pd.isna(mine["feature:c"])))
                & (frame["version"].eq(mine["version"]) | (frame["version"].isna() & pd.isna(mine["version"])))
                & (frame["arm"] != "Shadow") & (frame["decision_id"] != mine["decision_id"])
            ].sort_values(["timestamp", "decision_id"])  # fmt: skip
            if pd.isna(mine["feature:x"]) and pd.isna(mine["feature:c"]):
                same = same.iloc[:0]
            assert {d.columns["decision_id"] for d in told} == set(same["decision_id"])
            assert [d.columns["timestamp"] for d in told] == sorted(d.columns["timestamp"] for d in told)
            few = find_same_inputs(cursor, system, read_decision(cursor, system, mine["decision_id"]), 1)
            assert [d.line for d in few] == [d.line for d in told[:1]]


def test_decisions_by_their_places_and_the_version_of_most(ws: Workspace) -> None:
    frame = rows(4)
    frame.loc[(frame["version"] == "1") & (frame.index % 3 > 0), "arm"] = (
        "shadow"  # most of what counts is of "2"
    )
    acted = frame.loc[frame["arm"] == "champion", "version"].value_counts()
    with ws.write() as cursor:
        system = make_system(cursor)
        assert main_version(cursor, system) == ""
        insert(cursor, system, frame, 1)
        found = read_places(cursor, system, [(1, 9), (1, 3), (2, 1)])
        build.on_load(cursor, system, 1)
        assert main_version(cursor, system) == acted.index[0]
        assert read_places(cursor, system, []).empty
        assert decisions_at_places(cursor, system, ()) == ()
    assert sorted(found["_line"]) == [3, 9]
    assert acted.index[0] != frame["version"].value_counts().index[0]
