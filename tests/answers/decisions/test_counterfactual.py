"""What would have changed a decision, and other values tried: each checked by LightGBM itself on that file."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from plumbline.answers import statements
from plumbline.answers.data.load import load_file
from plumbline.answers.decisions.context import context
from plumbline.answers.decisions.counterfactual import find_counterfactuals, try_values
from plumbline.answers.decisions.explain import explain
from plumbline.answers.decisions.model_files import register
from plumbline.domain import AttributionSource, PlumblineError, Slice
from plumbline.profile.scan import decisions
from plumbline.store.systems import get_system
from plumbline.store.workspace import Workspace, open_workspace

N = 1_200
CUT = 0.5


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, lgb.Booster, np.ndarray]]:
    """Whole-numbered inputs, so that everything that may change can be tried: version 1 has its file, 2 has none."""
    folder: Path = tmp_path_factory.mktemp("changing")
    rng = np.random.default_rng(5)
    rows = np.column_stack([rng.integers(0, top, N) for top in (8, 8, 5)]).astype(float)
    truth = rng.random(N) < 1 / (1 + np.exp(-(rows[:, 0] - rows[:, 1] + 0.5 * (rows[:, 2] - 2))))
    options = {
        "objective": "binary",
        "num_leaves": 8,
        "verbose": -1,
        "num_threads": 1,
        "min_data_in_leaf": 20,
    }
    data = lgb.Dataset(rows, truth.astype(int), feature_name=["income", "debt", "years"])
    model = lgb.train(options, data, num_boost_round=20)
    score = np.asarray(model.predict(rows, num_threads=1))
    lines = ["id,at,version,income,debt,years,score,prediction"]
    for i in range(N):
        version, at = (1 if i < N - 100 else 2), f"2026-01-{1 + i // 60:02d} 10:{i % 60:02d}:00"
        said = "yes" if score[i] >= CUT else "no"
        values = ",".join(str(int(v)) for v in rows[i])
        lines.append(f"d{i},{at},{version},{values},{float(score[i])!r},{said}")
    (folder / "log.csv").write_text("\n".join(lines) + "\n")
    model.save_model(folder / "model.txt")
    ws = open_workspace(folder / "ws.duckdb", read_from=[folder])
    maps = {"id": "decision_id", "at": "timestamp", "income": "feature:income", "debt": "feature:debt",
            "years": "feature:years", "score": "score", "prediction": "prediction", "version": "version"}  # fmt: skip
    load_file(
        ws,
        folder / "log.csv",
        title="Loans",
        actor="t",
        maps=tuple(maps.items()),
        positive="yes",
        task="binary",
    )
    register(ws, "loans", "1", folder / "model.txt", actor="t")
    statements.change_settings(
        ws, "loans", {"changeable": {
            "income": {"direction": "up", "high": 7, "step": 1}, "debt": {"direction": "down", "low": 0, "step": 1},
        }}, by="t",
    )  # fmt: skip
    yield ws, model, rows
    ws.close()


def _predict(model: lgb.Booster, row: np.ndarray) -> float:
    return float(np.asarray(model.predict(row[None], num_threads=1))[0])


def _refused(model: lgb.Booster, rows: np.ndarray) -> list[int]:
    score = np.asarray(model.predict(rows[: N - 100], num_threads=1))
    return np.flatnonzero(score < CUT)[:60:10].tolist()


def test_every_way_is_scored_by_the_model_within_its_limits_and_none_is_shorter(lent) -> None:
    ws, model, rows = lent
    asked = _refused(model, rows)
    assert len(asked) == 6
    found_any = 0
    for i in asked:
        told, row = find_counterfactuals(ws, "loans", f"d{i}"), rows[i]
        assert told.outcome == "yes"
        there = {  # every allowed combination, and how many inputs it changes
            (income, debt): (income != row[0]) + (debt != row[1])
            for income, debt in itertools.product(np.arange(row[0], 8), np.arange(0, row[1] + 1))
            if _predict(model, np.array([income, debt, row[2]])) >= CUT
        }
        if not there:
            assert (told.ways, told.ended) == ((), "none")
            continue
        found_any += 1
        assert len(told.ways[0].changes) == min(there.values())
        for way in told.ways:
            moved = dict(zip(("income", "debt", "years"), row, strict=True))
            for change in way.changes:
                assert change.was == moved[change.feature]
                moved[change.feature] = float(change.then)
            assert (moved["income"], moved["debt"]) in there
            assert moved["years"] == row[2]
            assert way.score == pytest.approx(_predict(model, np.array(list(moved.values()))), abs=1e-9)
            assert way.score >= CUT
    assert found_any >= 2


def test_values_that_are_tried_are_scored_by_the_model_itself(lent) -> None:
    ws, model, rows = lent
    i = _refused(model, rows)[0]
    for income in (0.0, 3.0, 7.0):
        told = try_values(ws, "loans", f"d{i}", {"income": income, "nothing": 3})
        wanted = _predict(model, np.array([income, *rows[i, 1:]]))
        assert told.score == pytest.approx(wanted, abs=1e-9)
        assert told.outcome == ("yes" if wanted >= CUT else "no")
        both = np.array([[income, *rows[i, 1:]], rows[i]])
        parts = np.asarray(model.predict(both, pred_contrib=True, num_threads=1))
        assert list(told.attributions.values()) == pytest.approx(parts[0, :-1].tolist(), abs=1e-6)
        assert list(told.before.values()) == pytest.approx(parts[1, :-1].tolist(), abs=1e-6)


def test_values_can_be_tried_from_the_least_to_the_greatest_that_was_logged(lent) -> None:
    """The grid has an edge just below a value that many share, which is nobody's value."""
    ws, _, rows = lent
    found = context(ws, "loans", "d0").ranges
    assert found == {
        name: (rows[:, i].min(), rows[:, i].max()) for i, name in enumerate(("income", "debt", "years"))
    }


def test_a_place_in_the_reference_counts_all_that_share_the_value(lent) -> None:
    ws, _, rows = lent
    with ws.read() as cursor:
        start, end = get_system(cursor, "loans").reference or (None, None)
        lines = decisions.sample(cursor, get_system(cursor, "loans"), Slice(start, end), N, 0, ())["_line"]
    referred = lines.to_numpy(int) - 1
    assert len(referred) > 100
    for item in context(ws, "loans", "d0").placed:
        i = ("income", "debt", "years").index(item.feature)
        assert item.share == pytest.approx(float((rows[referred, i] <= rows[0, i]).mean()))


def test_without_the_model_that_decided_nothing_is_made_up(lent) -> None:
    ws, _, _ = lent
    for question in (lambda: find_counterfactuals(ws, "loans", f"d{N - 1}"),
                     lambda: try_values(ws, "loans", f"d{N - 1}", {"income": 1.0})):  # fmt: skip
        with pytest.raises(PlumblineError, match="No model file"):
            question()


def test_columns_that_the_owner_grouped_are_one_reason(lent) -> None:
    ws, model, rows = lent
    i = _refused(model, rows)[0]
    apart = explain(ws, "loans", f"d{i}")
    assert apart.source is AttributionSource.MODEL
    statements.change_settings(
        ws,
        "loans",
        {"feature_groups": {"income": "means", "debt": "means"}, "reasons": {"means": "Your means"}},
        by="t",
    )
    told = explain(ws, "loans", f"d{i}")
    whole = apart.attributions["income"] + apart.attributions["debt"]
    assert whole < 0
    assert told.reasons[0].startswith("Your means lowered the score")
    assert f"{whole:+.2f}".replace("-", "−") in told.reasons[0]
    assert not any("income" in r or "debt" in r for r in told.reasons)
    statements.change_settings(ws, "loans", {"feature_groups": None, "reasons": None}, by="t")
