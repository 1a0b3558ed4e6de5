"""Contributions against a background: figures by hand, by definition, and shap's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import identity_coding
from plumbline.explain.model import Weights, contributions, linear_model, tree_model
from plumbline.explain.model_agnostic import probability_contributions
from plumbline.explain.shap.tree_interventional import interventional
from plumbline.explain.shap.tree_path_dependent import margins
from tests.explain.ensembles import brute_force, ensemble_of, random_ensemble, raw_tree, tree_b

CORNERS = np.array([[0.0, 0], [0, 0], [1, 0], [1, 1]])
NAN = float("nan")


def _linear(weight, base, link="identity"):
    names = [f"x{i}" for i in range(len(weight))]
    weights = Weights(np.array(weight, float)[:, None], np.array([float(base)]))
    return linear_model(identity_coding(names, (None,) * len(weight)), weights, link, "test", "test")


def test_a_linear_model_in_closed_form() -> None:  # conformance case A
    parts, base = contributions(
        _linear([2, -1, 0.5], 1), np.array([[3.0, 0, 4]]), background=np.array([[1.0, 2, 4]])
    )
    assert base == pytest.approx(3)
    assert parts[0] == pytest.approx([4, 2, 0])


@pytest.mark.parametrize(
    ("row", "expected"),
    [((1, 1), (2.5, 5)), ((1, 0), (0, -2.5)), ((0, 1), (-3.75, 1.25)), ((0, 0), (-1.25, -1.25)),
     ((NAN, 1), (-3.75, 1.25)), ((1, NAN), (0, -2.5)), ((NAN, NAN), (-1.25, -1.25))],
)  # fmt: skip
def test_the_two_split_tree_against_four_rows(row, expected) -> None:  # conformance cases C and D
    parts, base = interventional(ensemble_of(tree_b()), np.array([row], float), CORNERS)
    assert base == pytest.approx(2.5)
    assert parts[0] == pytest.approx(expected)


@pytest.mark.parametrize(("row", "share"), [((0, 0), -0.25), ((1, 1), -0.25), ((0, 1), 0.25), ((1, 0), 0.25)])
def test_exclusive_or_against_its_four_corners(row, share) -> None:  # conformance case E
    tree = raw_tree(
        [1, 3, 5, -1, -1, -1, -1], [2, 4, 6, -1, -1, -1, -1], [0, 1, 1, -1, -1, -1, -1], [0.5] * 3 + [0] * 4,
        [0, 0, 0, 0, 1, 1, 0], [4, 2, 2, 1, 1, 1, 1],
    )  # fmt: skip
    every = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    parts, base = interventional(ensemble_of(tree), np.array([row], float), every)
    assert base == pytest.approx(0.5)
    assert parts[0] == pytest.approx([share, share])


def test_log_odds_and_probability_of_a_logistic_model() -> None:  # conformance case F
    model = _linear([1, -2, 0.5], -0.5, "logit")
    background = np.array([[0.0, 0, 0], [1, 1, 1], [2, 0, 1], [0, 1, 2]])
    row = np.array([[2.0, 1, 0]])
    parts, base = contributions(model, row, background=background)
    assert (base, parts[0]) == (pytest.approx(-0.25), pytest.approx([1.25, -1, -0.5]))
    asked = probability_contributions(model, row, background)
    assert asked.base == pytest.approx(0.42742617)
    assert asked.parts[0] == pytest.approx([0.23870079, -0.19531840, -0.09326790], abs=1e-8)
    assert asked.base + asked.parts.sum() == pytest.approx(0.37754067)


def test_symmetry_and_dummy() -> None:  # conformance case G
    parts, _ = contributions(_linear([1, 1, 0], 0), np.array([[1.0, 1, 9]]), background=np.zeros((1, 3)))
    assert parts[0] == pytest.approx([1, 1, 0])


@pytest.mark.parametrize(("seed", "features", "depth"), [(1, 4, 3), (2, 6, 4), (3, 7, 5)])
def test_random_trees_by_the_definition(seed, features, depth) -> None:
    rng = np.random.default_rng(seed)
    ensemble = random_ensemble(rng, features, 3, depth)
    rows, background = rng.normal(size=(2, features)), rng.normal(size=(7, features))
    rows[0, 0] = background[3, 1] = np.nan
    parts, base = interventional(ensemble, rows, background)
    for row, found in zip(rows, parts, strict=True):
        assert found == pytest.approx(
            brute_force(lambda x: margins(ensemble, x)[:, 0], row, background), abs=1e-9
        )
    assert base + parts.sum(axis=1) == pytest.approx(margins(ensemble, rows)[:, 0], abs=1e-9)
    exact = probability_contributions(tree_model(ensemble), rows, background)
    assert (exact.parts, exact.base) == (pytest.approx(parts, abs=1e-9), pytest.approx(base))


def test_many_rows_by_pattern_are_what_one_row_is() -> None:
    rng = np.random.default_rng(4)
    ensemble = random_ensemble(rng, 5, 4, 5)
    rows, background = rng.normal(size=(300, 5)), rng.normal(size=(20, 5))
    together, _ = interventional(ensemble, rows, background)
    alone = np.concatenate([interventional(ensemble, row[None], background)[0] for row in rows[:10]])
    np.testing.assert_allclose(together[:10], alone, atol=1e-12)


def test_shaps_interventional_explainer_agrees_on_the_same_background() -> None:
    shap, lgb = pytest.importorskip("shap"), pytest.importorskip("lightgbm")
    from plumbline.explain.readers.lightgbm import read_lightgbm

    rng = np.random.default_rng(0)
    # whole float32 numbers: shap's interventional code rounds its thresholds to float32
    x = np.round(rng.normal(size=(400, 5)) * 8) / 4
    y = x[:, 0] * x[:, 1] + x[:, 2] > 0
    model = lgb.train(
        {"objective": "binary", "verbose": -1, "num_leaves": 12, "num_threads": 1}, lgb.Dataset(x, y), 15
    )
    explainer = shap.TreeExplainer(model, x[:100], feature_perturbation="interventional", model_output="raw")
    theirs = np.asarray(explainer.shap_values(x[100:130]))
    parts, base = interventional(read_lightgbm(model.model_to_string().encode()), x[100:130], x[:100])
    np.testing.assert_allclose(parts, theirs[..., -1] if theirs.ndim == 3 else theirs, atol=1e-6)
    np.testing.assert_allclose(base + parts.sum(axis=1), model.predict(x[100:130], raw_score=True), atol=1e-9)


def test_a_background_is_asked_for_where_there_is_none() -> None:
    with pytest.raises(PlumblineError, match="need a background"):
        contributions(_linear([1], 0), np.zeros((1, 1)))
    with pytest.raises(PlumblineError, match="need a background"):
        probability_contributions(_linear([1], 0, "logit"), np.zeros((1, 1)), None)
    with pytest.raises(PlumblineError, match="20 decisions at a time"):
        probability_contributions(_linear([1], 0, "logit"), np.zeros((21, 1)), np.zeros((1, 1)))


def test_the_order_of_a_models_columns_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    ensemble = random_ensemble(rng, 5, 4, 4)
    rows, background, order = rng.normal(size=(6, 5)), rng.normal(size=(9, 5)), rng.permutation(5)
    turned = replace(ensemble, feature=np.argsort(order)[ensemble.feature])
    for known in (None, background):
        shuffled = None if known is None else known[:, order]
        parts, base = contributions(tree_model(ensemble), rows, background=known)
        again, start = contributions(tree_model(turned), rows[:, order], background=shuffled)
        np.testing.assert_allclose(again, parts[:, order], atol=1e-12)
        assert start == pytest.approx(base)
