"""Contributions agree with hand calculation, the Shapley definition, and the native libraries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PlumblineError
from plumbline.explain.shap import leaf_tables, tree_path_dependent
from plumbline.explain.shap.tree_path_dependent import contributions, margins, to_score
from tests.explain.ensembles import conditional_mean, ensemble_of, random_ensemble, raw_tree, shapley, tree_b

NAN = float("nan")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((1, 1), (3.75, 5.25)),
        ((1, 0), (0.75, -1.75)),
        ((0, 1), (-2.5, 1.5)),
        ((0, 0), (-0.5, -0.5)),
        ((NAN, 1), (-2.5, 1.5)),
        ((1, NAN), (0.75, -1.75)),
        ((NAN, NAN), (-0.5, -0.5)),
    ],
)
def test_the_two_split_tree_gives_the_values_worked_out_by_hand(row, expected) -> None:
    found, base = contributions(ensemble_of(tree_b()), np.array([row], float))
    assert base == pytest.approx(1.0, abs=1e-12)
    assert found[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("row", [(NAN, 1), (1, NAN), (NAN, NAN)])
def test_missing_sent_right_counts_as_passing(row) -> None:
    found, _ = contributions(ensemble_of(tree_b(default_left=False)), np.array([row], float))
    assert found[0] == pytest.approx((3.75, 5.25), abs=1e-12)


def test_symmetric_features_share_alike_and_an_unused_one_gets_nothing() -> None:
    step = [
        raw_tree([1, -1, -1], [2, -1, -1], [f, -1, -1], [0.5, 0, 0], [0, 0, 1], [2, 1, 1]) for f in (0, 1)
    ]
    found, base = contributions(ensemble_of(*step, features=3), np.array([[1.0, 1.0, 9.0]]))
    assert found[0] == pytest.approx((0.5, 0.5, 0.0), abs=1e-15)
    assert base == pytest.approx(1.0)


def test_xor_with_even_covers_splits_the_surprise_evenly() -> None:
    xor = raw_tree(
        [1, 3, 5, -1, -1, -1, -1], [2, 4, 6, -1, -1, -1, -1], [0, 1, 1, -1, -1, -1, -1],
        [0.5, 0.5, 0.5, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0], [4, 2, 2, 1, 1, 1, 1],
    )  # fmt: skip
    corners = np.array([[0, 0], [1, 1], [0, 1], [1, 0]], float)
    found, base = contributions(ensemble_of(xor), corners)
    assert base == pytest.approx(0.5)
    assert found == pytest.approx(np.array([[-0.25, -0.25]] * 2 + [[0.25, 0.25]] * 2))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 4), st.integers(1, 6))
def test_contributions_are_the_shapley_values_by_definition(seed, features, trees, depth) -> None:
    rng = np.random.default_rng(seed)
    ensemble = random_ensemble(rng, features, trees, depth)
    rows = rng.normal(scale=2, size=(3, features))
    rows[rng.random(rows.shape) < 0.2] = np.nan
    rows[rng.random(rows.shape) < 0.1] = 0.0
    found, base = contributions(ensemble, rows)
    assert base == pytest.approx(conditional_mean(ensemble, rows[0], set()), abs=1e-10)
    for row, parts in zip(rows, found, strict=True):
        assert parts == pytest.approx(shapley(ensemble, row), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_base_and_contributions_sum_to_the_margin(seed) -> None:
    rng = np.random.default_rng(seed)
    ensemble = random_ensemble(rng, 12, 5, 9)
    rows = rng.normal(size=(7, 12))
    found, base = contributions(ensemble, rows)
    assert base + found.sum(axis=1) == pytest.approx(margins(ensemble, rows)[:, 0], abs=1e-9)
    walked = [conditional_mean(ensemble, row, set(range(12))) for row in rows]
    assert margins(ensemble, rows)[:, 0] == pytest.approx(walked, abs=1e-10)


@pytest.mark.parametrize(
    ("cells", "bits"), [(20_000, (2, 2)), (tree_path_dependent.CELLS, (8, 11)), (500, (5, 14))]
)
def test_many_rows_at_once_give_what_one_row_gives(monkeypatch, cells, bits) -> None:
    """Missing values of every kind and category splits included; subtrees of few and of many splits are tabulated."""
    monkeypatch.setattr(tree_path_dependent, "CELLS", cells)
    monkeypatch.setattr(leaf_tables, "FEWEST", bits[0])
    monkeypatch.setattr(leaf_tables, "MOST", bits[1])
    rng = np.random.default_rng(3)
    ensemble = random_ensemble(rng, 10, 8, 10)
    rows = rng.normal(scale=2, size=(300, 10))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    rows[rng.random(rows.shape) < 0.1] = 0.0
    many, base = contributions(ensemble, rows)
    few = np.concatenate([contributions(ensemble, part)[0] for part in np.array_split(rows, 100)])
    assert many == pytest.approx(few, abs=1e-11)
    margin = margins(ensemble, rows)
    assert base + many.sum(axis=1) == pytest.approx(margin[:, 0], abs=1e-9)
    assert margin == pytest.approx(
        np.concatenate([margins(ensemble, part) for part in rows[:, None]]), abs=1e-11
    )


def test_each_output_is_split_by_its_own_trees() -> None:
    twice = ensemble_of(tree_b(), tree_b(), tree_output=np.array([0, 1]), base=np.array([0.0, 5.0]))
    first, a = contributions(twice, np.array([[1.0, 1.0]]), output=0)
    second, b = contributions(twice, np.array([[1.0, 1.0]]), output=1)
    assert first == pytest.approx(second)
    assert (a, b) == pytest.approx((1.0, 6.0))


def test_a_wrong_number_of_features_is_said() -> None:
    with pytest.raises(PlumblineError, match="takes 2 features, not 3"):
        contributions(ensemble_of(tree_b()), np.zeros((1, 3)))


def test_scores_stay_finite_at_extreme_margins() -> None:
    margin = np.array([[-1e4], [0.0], [1e4]])
    assert to_score("logit", margin).ravel() == pytest.approx([0, 0.5, 1])
    assert np.isfinite(to_score("log", margin)).all()
    assert to_score("softmax", np.array([[1e4, 0.0]]))[0] == pytest.approx([1, 0])


def test_contributions_are_those_of_shaps_own_code_on_the_same_arrays() -> None:
    shap = pytest.importorskip("shap")
    rng = np.random.default_rng(11)
    trees = [tree_b(), tree_b(default_left=False)]
    ensemble = ensemble_of(*trees)
    given = [
        {
            "children_left": t.left,
            "children_right": t.right,
            "children_default": np.where(t.default_left, t.left, t.right),
            "features": t.feature,
            "thresholds": t.threshold,
            "values": t.value.reshape(-1, 1),
            "node_sample_weight": t.cover.copy(),
        }
        for t in trees
    ]
    rows = rng.normal(size=(50, 2))
    rows[rng.random(rows.shape) < 0.3] = np.nan
    explainer = shap.TreeExplainer(
        {"trees": given, "input_dtype": np.float64}, feature_perturbation="tree_path_dependent"
    )
    theirs = np.asarray(explainer.shap_values(rows, check_additivity=False)).reshape(50, 2)
    found, base = contributions(ensemble, rows)
    assert found == pytest.approx(theirs, abs=1e-6)
    assert base == pytest.approx(float(np.ravel(explainer.expected_value)[0]), abs=1e-6)
