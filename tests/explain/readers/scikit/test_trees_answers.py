"""scikit-learn's trees as arrays, from attributes that are written out: node by node what the file says, and every
way in which a file may be damaged. Scores are held against scikit-learn's own by ``test_functions.py``; here the
code was read, the refusals were looked at one by one, and the arrays by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.columns import InputColumn, identity_coding
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.readers.scikit.trees import TREES
from plumbline.explain.trees import TreeEnsemble
from tests.known_answers import Table, differences

WIDTH = 3
CODING = identity_coding(("age", "rate", "town"), (None,) * WIDTH)
NODE = [
    ("left_child", "i8"), ("right_child", "i8"), ("feature", "i8"), ("threshold", "f8"), ("impurity", "f8"),
    ("n_node_samples", "i8"), ("weighted_n_node_samples", "f8"), ("missing_go_to_left", "u1"),
]  # fmt: skip
HIST = [
    ("value", "f8"), ("count", "u4"), ("feature_idx", "i8"), ("num_threshold", "f8"), ("missing_go_to_left", "u1"),
    ("left", "u4"), ("right", "u4"), ("is_leaf", "u1"), ("is_categorical", "u1"), ("bitset_idx", "u4"),
]  # fmt: skip


def _object(kind: str, **state: Any) -> SkopsObject:
    return SkopsObject("sklearn", kind, state)


def _nodes(seed: int, shape: str = "deep") -> Any:
    """Nodes of a tree of seven (deep), three (stump) or one node, numbered as scikit-learn does."""
    rng = np.random.default_rng(seed)
    left, right = {
        "deep": ([1, 2, -1, -1, 5, -1, -1], [4, 3, -1, -1, 6, -1, -1]),
        "stump": ([1, -1, -1], [2, -1, -1]),
        "leaf": ([-1], [-1]),
    }[shape]
    nodes = np.zeros(len(left), NODE)
    nodes["left_child"], nodes["right_child"] = left, right
    inner = nodes["left_child"] >= 0
    nodes["feature"] = np.where(inner, rng.integers(0, WIDTH, len(left)), -2)
    nodes["threshold"] = np.where(inner, rng.integers(-8, 9, len(left)) / 4.0, -2.0)
    nodes["weighted_n_node_samples"] = rng.integers(1, 40, len(left))
    nodes["missing_go_to_left"] = rng.integers(0, 2, len(left))
    return nodes


def _tree(
    seed: int, classes: int = 1, shape: str = "deep", kind: str = "Tree", **changed: Any
) -> SkopsObject:
    nodes = changed.pop("nodes", _nodes(seed, shape))
    values = np.random.default_rng(seed + 500).integers(1, 20, (len(nodes), 1, classes)).astype(float)
    held = _object(kind, **({"nodes": nodes, "values": values} | changed))
    return _object("DecisionTree", tree_=held)


def _without(nodes: Any, name: str) -> Any:
    return nodes[[one for one in nodes.dtype.names if one != name]]


def _said(kind: str, coding: Any = CODING, **state: Any) -> Any:
    """The arrays of the model, or why it is refused."""
    try:
        model = TREES[kind](_object(kind, **state), coding, "skops")
    except PlumblineError as error:
        return str(error)
    core = model.core
    assert isinstance(core, TreeEnsemble)
    arrays = {
        name: getattr(core, name)
        for name in (
            "roots", "tree_output", "left", "right", "feature", "threshold", "default_left", "missing", "value",
            "cover", "ranges", "category_start", "category_size", "goes_left",
            "base", "feature_names", "float32", "link", "objective",
        )
    }  # fmt: skip
    return arrays | {
        "categories": list(model.coding.categories),
        "columns": [(c.feature, c.table) for c in model.coding.columns],
    }


def _averages() -> Iterator[tuple[str, Any]]:
    for shape in ("deep", "stump", "leaf"):
        yield f"tree, {shape}", _said("DecisionTreeRegressor", **_tree(1, shape=shape).state)
        for classes in (2, 3):
            state = _tree(2, classes, shape).state | {"classes_": np.arange(classes)}
            yield f"tree of {classes} classes, {shape}", _said("DecisionTreeClassifier", **state)
    for members in (1, 2, 3):
        listed = [_tree(10 + i, shape=("deep", "leaf", "stump")[i]) for i in range(members)]
        yield f"forest of {members}", _said("RandomForestRegressor", estimators_=listed)
        for classes in (2, 3):
            listed = [_tree(20 + i, classes, ("stump", "leaf", "stump")[i]) for i in range(members)]
            names = np.array(list("abc"[:classes]))
            yield (
                f"forest of {members}, {classes} classes",
                _said("ExtraTreesClassifier", estimators_=np.array(listed, object), classes_=names),
            )
    none = np.zeros((3, 1, 2))
    state = _tree(3, 2, "stump", values=none).state | {"classes_": np.arange(2)}
    yield "leaves without a share", _said("ExtraTreeClassifier", **state)
    old = _tree(4, nodes=_without(_nodes(4), "missing_go_to_left"))
    yield "before missing values went anywhere", _said("ExtraTreeRegressor", **old.state)


def _damages() -> Iterator[tuple[str, Any]]:
    kind = "DecisionTreeRegressor"
    for name in ("left_child", "right_child", "feature", "threshold", "weighted_n_node_samples"):
        yield f"without {name}", _said(kind, **_tree(5, nodes=_without(_nodes(5), name)).state)
    yield "nodes of no fields", _said(kind, **_tree(5, nodes=np.zeros(3)).state)
    yield "nodes in a table", _said(kind, **_tree(5, nodes=_nodes(5)[:, None]).state)
    yield "nodes in a list", _said(kind, **_tree(5, nodes=[1, 2, 3]).state)
    values = np.ones((7, 1, 1))
    for name, changed in {
        "in a list": [1.0] * 7, "flat": values.ravel(), "two outputs": np.ones((7, 2, 1)), "short": values[:-1],
        "whole numbers": values.astype(int), "two classes": np.ones((7, 1, 2)),
        "no number": np.full((7, 1, 1), np.nan), "beyond": np.full((7, 1, 1), 1e101),
    }.items():  # fmt: skip
        yield f"values {name}", _said(kind, **_tree(5, values=changed).state)
    yield "another kind of tree", _said(kind, **_tree(5, kind="Bush").state)
    yield "no tree", _said(kind, tree_=7)
    yield "not fitted", _said(kind)
    for name, listed in {"none": [], "a number": 5, "numbers": [5], "one of two": [_tree(6), 5]}.items():
        yield f"members: {name}", _said("RandomForestRegressor", estimators_=listed)
    for classes in (None, np.arange(1), np.arange(2), np.arange(3), [0, 1]):
        state = _tree(7, 2).state | {"classes_": classes}
        yield f"classes {classes}", _said("DecisionTreeClassifier", **state)
    for name, (field, value) in {
        "a feature beyond": ("feature", WIDTH), "a feature below": ("feature", -1),
        "last feature": ("feature", WIDTH - 1),
        "no threshold": ("threshold", np.nan), "child beyond": ("right_child", 7), "child before": ("right_child", 0),
        "child twice": ("right_child", 1), "no weight": ("weighted_n_node_samples", 0.0),
    }.items():  # fmt: skip
        nodes = _nodes(8)
        nodes[field][0] = value
        yield name, _said(kind, **_tree(8, nodes=nodes).state)


def _boostings() -> Iterator[tuple[str, Any]]:
    def table(rounds: int, outputs: int) -> Any:
        held = np.empty((rounds, outputs), object)
        for place in range(rounds * outputs):
            held[place // outputs, place % outputs] = _tree(30 + place, shape=("stump", "leaf")[place % 2])
        return held

    number = {"estimators_": table(2, 1), "n_estimators_": 2, "learning_rate": 0.5}
    mean = _object("DummyRegressor", constant_=np.array([[2.5]]))
    shares = {
        2: _object("DummyClassifier", class_prior_=np.array([0.2, 0.8])),
        3: _object("DummyClassifier", class_prior_=np.array([0.2, 0.5, 0.3])),
    }
    one, many = "GradientBoostingRegressor", "GradientBoostingClassifier"
    yield "numbers", _said(one, **number, init_=mean)
    yield (
        "numbers at the usual rate",
        _said(one, **{k: v for k, v in number.items() if k != "learning_rate"}, init_=mean),
    )
    for name in ("init", "init_"):
        yield f"from nought by {name}", _said(one, **(number | {"init_": mean} | {name: "zero"}))
    for name, start in {
        "none": None, "text": "mean", "another": _object("LinearRegression"), "none fitted": _object("DummyRegressor"),
        "two": _object("DummyRegressor", constant_=np.array([[2.5, 3.5]])),
        "no number": _object("DummyRegressor", constant_=np.array([[np.nan]])),
    }.items():  # fmt: skip
        yield f"start: {name}", _said(one, **number, init_=start)
    for told in (1, 3, None):
        yield f"{told} rounds told", _said(one, **(number | {"n_estimators_": told}), init_=mean)
    yield "rounds in a list", _said(one, **(number | {"estimators_": [_tree(1)]}), init_=mean)
    flat = number | {"estimators_": table(2, 1).ravel()}
    yield "rounds in a row", _said(one, **flat, init_=mean)
    for loss in ("log_loss", "deviance", "exponential", None):
        yield f"two classes, {loss}", _said(many, **number, init_=shares[2], loss=loss)
        wide = {"estimators_": table(2, 3), "n_estimators_": 2, "learning_rate": 0.25}
        yield f"three classes, {loss}", _said(many, **wide, init_=shares[3], loss=loss)
    yield "two shares of three", _said(many, **wide, init_=shares[2], loss="log_loss")
    yield "three shares of one", _said(many, **number, init_=shares[3], loss="log_loss")
    sure = _object("DummyClassifier", class_prior_=np.array([0.0, 1.0]))
    yield "one class alone", _said(many, **number, init_=sure, loss="log_loss")
    yield "classes from nought", _said(many, **wide, init="zero")


def _hist_nodes(seed: int, categorical: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    nodes = np.zeros(5, HIST)
    nodes["left"], nodes["right"] = [1, 2, 0, 0, 0], [4, 3, 0, 0, 0]
    nodes["is_leaf"] = [0, 0, 1, 1, 1]
    nodes["feature_idx"] = [0, 2, 1, 1, 1]
    nodes["num_threshold"] = rng.integers(-8, 9, 5) / 4.0
    nodes["missing_go_to_left"] = rng.integers(0, 2, 5)
    nodes["value"] = rng.integers(-8, 9, 5) / 8.0
    nodes["count"] = [20, 12, 5, 7, 8]
    nodes["is_categorical"] = [0, categorical, categorical, 0, 0]
    return nodes


def _predictor(seed: int, categorical: bool = False, **changed: Any) -> SkopsObject:
    sets = np.zeros((2, 8), np.uint32)
    sets[0, 0], sets[1, 7], sets[0, 1] = 0b101, 1 << 31, 1
    return _object(
        "TreePredictor",
        **({"nodes": _hist_nodes(seed, categorical), "raw_left_cat_bitsets": sets} | changed),
    )


def _histograms() -> Iterator[tuple[str, Any]]:
    number, many = "HistGradientBoostingRegressor", "HistGradientBoostingClassifier"
    rounds = [[_predictor(40)], [_predictor(41)]]
    base = np.array([[0.75]])
    for loss in ("squared_error", "poisson", "gamma", None):
        yield f"numbers by {loss}", _said(number, _predictors=rounds, _baseline_prediction=base, loss=loss)
    yield "two classes", _said(many, _predictors=rounds, _baseline_prediction=base, loss="log_loss")
    wide = [[_predictor(42 + k) for k in range(3)]]
    yield "three classes", _said(many, _predictors=wide, _baseline_prediction=np.array([[0.5, -1.0, 0.0]]))
    yield "start and trees part", _said(many, _predictors=wide, _baseline_prediction=base)
    yield "rounds in an array", _said(number, _predictors=np.zeros(2), _baseline_prediction=base)
    yield "no round", _said(number, _predictors=[], _baseline_prediction=base)
    for name, member in {
        "a number": 5, "another kind": _object("Tree", nodes=_hist_nodes(40)), "no nodes": _predictor(40, nodes=None),
        "empty": _predictor(40, nodes=_hist_nodes(40)[:0]), "a table": _predictor(40, nodes=_hist_nodes(40)[None]),
        "a list": _predictor(40, nodes=[1]),
        "one leaf": _predictor(40, nodes=_hist_nodes(40)[2:3]),
        **{f"without {n}": _predictor(40, nodes=_without(_hist_nodes(40), n)) for n, _ in HIST},
    }.items():  # fmt: skip
        yield f"tree: {name}", _said(number, _predictors=[[member]], _baseline_prediction=base)
    counts = _hist_nodes(40)
    counts["count"][4] = 0
    emptied = _predictor(40, nodes=counts)
    yield "a leaf of nobody", _said(number, _predictors=[[emptied]], _baseline_prediction=base)
    for name, sets in {
        "as they are": _predictor(0).state["raw_left_cat_bitsets"], "one": np.ones((1, 8), np.uint32),
        "none": np.zeros((0, 8), np.uint32), "narrow": np.ones((2, 7), np.uint32), "flat": np.ones(8, np.uint32),
        "signed": np.ones((2, 8), np.int32), "a list": [[1] * 8], "lost": None,
    }.items():  # fmt: skip
        for place in (0, 1):
            nodes = _hist_nodes(43, True)
            nodes["bitset_idx"] = [9, place, 9, 9, 9]
            member = _predictor(43, nodes=nodes, raw_left_cat_bitsets=sets)
            yield f"sets {name}, {place}", _said(number, _predictors=[[member]], _baseline_prediction=base)
    signed = [(name, "i8" if name == "bitset_idx" else kind) for name, kind in HIST]
    for place in (-2, -1, 2):
        nodes = _hist_nodes(43, True).astype(signed)
        nodes["bitset_idx"] = place
        member = _predictor(43, nodes=nodes)
        yield f"the set {place}", _said(number, _predictors=[[member]], _baseline_prediction=base)


def _categories() -> Iterator[tuple[str, Any]]:
    kind = "HistGradientBoostingRegressor"
    state = {"_predictors": [[_predictor(44)]], "_baseline_prediction": np.array([[0.5]])}

    def inner(*listed: Any, kind: str = "OrdinalEncoder") -> SkopsObject:
        encoder = _object(kind, categories_=[np.array(one, object) for one in listed])
        return _object(
            "ColumnTransformer",
            transformers_=[["encoder", encoder, [0]], ["numerical", "passthrough", [1, 2]]],
        )

    masks = {
        "last": [False, False, True],
        "first": [True, False, False],
        "two": [True, False, True],
        "none": [False] * 3,
    }
    levels = {
        "texts": ["a", "b", None],
        "numbers": [1, 2.5, float("nan")],
        "flags": [False, True],
        "empty": [],
    }
    for mask, flags in masks.items():
        for name, listed in levels.items():
            encoder = inner(*[listed] * sum(flags))
            yield (
                f"{mask} of {name}",
                _said(kind, **state, is_categorical_=np.array(flags), _preprocessor=encoder),
            )
    flags = np.array(masks["last"])
    yield "no encoder", _said(kind, **state, is_categorical_=flags, _preprocessor=inner([1], kind="Scaler"))
    yield "no transformer", _said(kind, **state, is_categorical_=flags)
    yield "no flags", _said(kind, **state, _preprocessor=inner(["a"]))
    yield "too few flags", _said(kind, **state, is_categorical_=flags[1:], _preprocessor=inner(["a"]))
    yield "too few lists", _said(kind, **state, is_categorical_=flags, _preprocessor=inner())
    text = _object("ColumnTransformer", transformers_=[["encoder", "OrdinalEncoder", [0]]])
    yield "encoder in words", _said(kind, **state, is_categorical_=flags, _preprocessor=text)
    made = identity_coding(CODING.names, CODING.categories)
    scaled = (*made.columns[:2], InputColumn(feature=2, shift=1.0))
    coding = type(made)(made.names, made.categories, scaled)
    yield (
        "made by a step before",
        _said(kind, coding, **state, is_categorical_=flags, _preprocessor=inner(["a"])),
    )


TABLES: dict[str, Table] = {
    "averages": _averages,
    "damages": _damages,
    "boostings": _boostings,
    "histograms": _histograms,
    "categories": _categories,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
