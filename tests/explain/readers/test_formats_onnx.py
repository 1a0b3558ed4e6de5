"""ONNX tree ensembles, as scikit-learn's converter and hand-made graphs write them."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.model import contributions, margins
from plumbline.explain.readers.formats import read_model
from plumbline.explain.sandbox.call import describe_model, explain_rows
from plumbline.explain.shap.tree_path_dependent import to_score
from tests.explain.processor import processor_seconds

onnx = pytest.importorskip("onnx")
skl2onnx = pytest.importorskip("skl2onnx")

from sklearn import ensemble, tree  # noqa: E402

ROWS = np.round(np.random.default_rng(1).normal(size=(200, 4)) * 16).astype(np.float32) / 8
TARGET = ROWS[:, 0] * 1.5 + ROWS[:, 1] * ROWS[:, 2]
MODELS = {
    "forest": (ensemble.RandomForestClassifier(n_estimators=4, max_depth=4, random_state=0), TARGET > 0),
    "several classes": (tree.DecisionTreeClassifier(max_depth=4), np.digitize(TARGET, [-1, 1])),
    "boosting": (ensemble.GradientBoostingClassifier(n_estimators=5), TARGET > 0),
    "regression": (ensemble.GradientBoostingRegressor(n_estimators=5), TARGET),
}


def _converted(model) -> bytes:
    kind = skl2onnx.common.data_types.FloatTensorType([None, 4])
    return skl2onnx.convert_sklearn(model, initial_types=[("x", kind)]).SerializeToString()


@pytest.fixture(scope="module")
def forest() -> bytes:
    return _converted(MODELS["forest"][0].fit(ROWS, TARGET > 0))


@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_the_models_and_contributions_add_up_to_them(kind) -> None:
    model, y = MODELS[kind]
    model.fit(ROWS, y)
    ours = read_model(_converted(model))
    margin = margins(ours, ROWS)
    expected = model.predict_proba(ROWS) if hasattr(model, "predict_proba") else model.predict(ROWS)[:, None]
    expected = expected[:, 1:] if expected.shape[1] == 2 else expected
    np.testing.assert_allclose(to_score(ours.link, margin), expected, atol=1e-6)
    parts, base = contributions(ours, ROWS[:20], background=ROWS[50:80])
    np.testing.assert_allclose(base + parts.sum(axis=1), margin[:20, 0], atol=1e-6)


def test_path_dependent_contributions_are_refused_for_want_of_training_counts(forest) -> None:
    with pytest.raises(PlumblineError, match="holds no training counts"):
        contributions(read_model(forest), ROWS[:1])
    with pytest.raises(PlumblineError, match="holds no training counts"):
        explain_rows(forest, ROWS[:1].astype(float))
    assert describe_model(forest).needs_background


def _attribute(body: bytes, name: str, change) -> bytes:
    model = onnx.ModelProto.FromString(body)
    node = next(n for n in model.graph.node if n.op_type.startswith("TreeEnsemble"))
    held = next(a for a in node.attribute if a.name == name)
    change(held)
    return model.SerializeToString()


def _first(value, field="ints"):
    return lambda held: getattr(held, field).__setitem__(0, value)


DAMAGE = {
    "child far away": ("nodes_truenodeids", _first(99_999_999)),
    "child itself": ("nodes_truenodeids", _first(0)),
    "child negative": ("nodes_falsenodeids", _first(-5)),
    "feature far away": ("nodes_featureids", _first(99_999_999)),
    "threshold not a number": ("nodes_values", _first(float("nan"), "floats")),
    "leaf not a number": ("class_weights", _first(float("nan"), "floats")),
    "leaf gone": ("class_nodeids", _first(12_345)),
    "class far away": ("class_ids", _first(10**9)),
    "array short": ("nodes_values", lambda held: held.floats.pop()),
    "mode unknown": ("nodes_modes", _first(b"BRANCH_NEQ", "strings")),
    "transform unknown": ("post_transform", lambda held: setattr(held, "s", b"PROBIT")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_hostile_onnx_file_is_refused_with_one_sentence(forest, damage) -> None:
    with (
        processor_seconds(1.0),
        pytest.raises(PlumblineError, match="The model file was refused: ") as refused,
    ):
        read_model(_attribute(forest, *DAMAGE[damage]))
    assert "\n" not in str(refused.value)


def test_other_graphs_and_cut_files_are_refused(forest) -> None:
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(PlumblineError, match="its graph has LinearClassifier"):
        read_model(_converted(LogisticRegression().fit(ROWS, TARGET > 0)))
    with pytest.raises(PlumblineError, match="not a readable ONNX file"):
        read_model(forest[: len(forest) // 2])
