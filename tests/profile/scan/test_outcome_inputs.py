"""Outcomes by group, overrides and inputs beside outcomes, against pandas on the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plumbline.domain import Kind, Slice, Task
from plumbline.profile.scan.group_outcomes import group_sizes, mean_attributions, overridden
from plumbline.profile.scan.outcome_inputs import sample_inputs_by_outcome
from plumbline.store.workspace import Workspace
from tests.factory.decision_tables import START, binary_log, insert, make_system, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def test_inputs_of_each_class_are_those_of_its_labelled_rows(ws: Workspace) -> None:
    rows = binary_log(np.random.default_rng(1), 400).drop(columns="arm")
    with ws.write() as cursor:
        system = make_system(cursor)
        insert(cursor, system, rows, 1)
        outcome, inputs = sample_inputs_by_outcome(cursor, system, Slice(), 1000)
        few, some = sample_inputs_by_outcome(cursor, system, Slice(), 50)
    assert {name: kind for name, (kind, _) in inputs.items()} == {
        "x": Kind.NUMERIC, "k": Kind.NUMERIC, "c": Kind.CATEGORICAL,
    }  # fmt: skip
    for name, (kind, values) in inputs.items():
        for label, number in (("yes", 1.0), ("no", 0.0)):
            mine = pd.Series(values[outcome == number])
            truth = rows.loc[rows["label"] == label, f"feature:{name}"]
            assert len(mine) == len(truth)
            assert mine.isna().sum() == truth.isna().sum()
            if kind is Kind.NUMERIC:
                assert np.sort(mine.dropna().to_numpy(float)) == pytest.approx(np.sort(truth.dropna()))
            else:
                assert mine.value_counts().to_dict() == truth.value_counts().to_dict()
    assert (few == 1).sum() == (few == 0).sum() == 50
    assert {len(values) for _, values in some.values()} == {100}


def test_numbers_are_their_own_outcome(ws: Workspace) -> None:
    rows = binary_log(np.random.default_rng(2), 60).drop(columns="arm")
    rows = rows.assign(prediction=1.0, label=np.where(np.arange(60) % 3, np.arange(60.0), np.nan))
    rows.loc[4, "label"] = np.inf
    rows = rows.drop(columns=["feature:c"])
    with ws.write() as cursor:
        system = make_system(cursor, Task.REGRESSION)
        insert(cursor, system, rows, 1)
        outcome, inputs = sample_inputs_by_outcome(cursor, system, Slice(), 100)
    known = rows[np.isfinite(rows["label"])]
    assert sorted(outcome) == sorted(known["label"])
    order = np.argsort(outcome)
    assert inputs["k"][1][order] == pytest.approx(known.sort_values("label")["feature:k"])


def test_sizes_and_overrides_leave_shadow_out(ws: Workspace) -> None:
    rows = binary_log(np.random.default_rng(3), 500)
    human = np.array(["yes", "no", None], dtype=object)[np.random.default_rng(4).integers(0, 3, 500)]
    rows = rows.assign(override=human, **{"attribution:x": np.linspace(-1, 2, 500), "attribution:k": np.nan})
    rows.loc[::7, "arm"] = "SHADOW"
    rows.loc[::11, "arm"] = None
    with ws.write() as cursor:
        system = make_system(cursor)
        assert overridden(cursor, system) == (0, 0)
        insert(cursor, system, rows, 1)
        sizes = group_sizes(cursor, system, "segment:region")
        every, late = overridden(cursor, system), overridden(cursor, system, START + pd.Timedelta(days=5))
        means = mean_attributions(cursor, system, ["attribution:x", "attribution:k"])
        assert mean_attributions(cursor, system, []) == {}
    acted = rows[rows["arm"].fillna("").str.lower() != "shadow"]
    groups = acted.groupby("segment:region")
    truth = {name: (len(own), int(own["label"].notna().sum())) for name, own in groups}
    assert {name: (n, labelled) for name, n, labelled in sizes} == truth
    assert [n for _, n, _ in sizes] == sorted((n for n, _ in truth.values()), reverse=True)
    for found, part in (
        (every, acted),
        (late, acted[acted["timestamp"] >= (START + pd.Timedelta(days=5)).replace(tzinfo=None)]),
    ):
        said = part[part["override"].notna()]
        assert found == (len(said), int((said["override"] != said["prediction"]).sum()))
    assert 0 < late[0] < every[0]
    assert means == {"x": pytest.approx(np.abs(np.linspace(-1, 2, 500)).mean())}
