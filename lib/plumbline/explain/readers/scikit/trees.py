"""scikit-learn's trees, forests and boosting as our own tree arrays, from their attributes in a skops file.

Their node arrays come out of the file unchecked; ``join_trees`` and ``check_ensemble`` check every number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.explain.columns import InputCoding, InputColumn
from plumbline.explain.model import CodedModel
from plumbline.explain.readers.scikit.arrays import floats
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.trees import MISSING_NAN, RawTree, TreeEnsemble, check_ensemble, join_trees, refuse

Reader = Callable[[SkopsObject, InputCoding, str], CodedModel]


def _model(
    trees: list[RawTree],
    outputs: list[int],
    base: FloatArray,
    link: str,
    node: SkopsObject,
    coding: InputCoding,
    kind: str,
    *,
    float32: bool,
) -> CodedModel:
    width = len(coding.columns)
    names = tuple(f"column {i}" for i in range(width))
    ensemble = TreeEnsemble(
        **join_trees(trees, width),  # type: ignore[arg-type]
        tree_output=np.array(outputs, np.int64),
        base=base,
        feature_names=names,
        categories=(None,) * width,
        ranges=np.full((width, 2), np.nan),
        objective=node.kind,
        link=link,
        float32=float32,
        format=kind,
    )
    return CodedModel(
        coding=coding, core=check_ensemble(ensemble), link=link, objective=node.kind, format=kind
    )


def _field(nodes: NDArray[Any], name: str, kind: type) -> NDArray[Any]:
    if nodes.dtype.names is None or name not in nodes.dtype.names or nodes.ndim != 1:
        raise refuse(f"a tree of it has no {name!r}")
    return nodes[name].astype(kind)


def _classic(estimator: Any) -> tuple[NDArray[Any], FloatArray]:
    """Nodes and values (nodes, K) of a decision tree."""
    tree = estimator.need("tree_") if isinstance(estimator, SkopsObject) else None
    if not isinstance(tree, SkopsObject) or tree.kind != "Tree":
        raise refuse("a tree of it is damaged")
    nodes, values = tree.need("nodes"), tree.need("values")
    if not isinstance(nodes, np.ndarray) or not isinstance(values, np.ndarray) or values.ndim != 3:
        raise refuse("a tree of it is damaged")
    if values.dtype.kind != "f" or values.shape[:2] != (len(nodes), 1):
        raise refuse("a tree of it predicts several values at once, or its values do not fit its nodes")
    return nodes, values[:, 0, :].astype(np.float64)


def _raw_tree(nodes: NDArray[Any], value: FloatArray) -> RawTree:
    left, right = _field(nodes, "left_child", np.int64), _field(nodes, "right_child", np.int64)
    inner = left >= 0
    named = nodes.dtype.names or ()
    default = _field(nodes, "missing_go_to_left", np.bool_) if "missing_go_to_left" in named else None
    return RawTree(
        left=left,
        right=right,
        feature=np.where(inner, _field(nodes, "feature", np.int64), 0),
        threshold=np.where(inner, _field(nodes, "threshold", np.float64), 0.0),
        default_left=default if default is not None else np.zeros(len(nodes), np.bool_),
        missing=np.full(len(nodes), MISSING_NAN, np.int64),
        value=value,
        cover=_field(nodes, "weighted_n_node_samples", np.float64),
        categories={},
    )


def _members(node: SkopsObject) -> list[SkopsObject]:
    listed = node.need("estimators_")
    members = listed.ravel().tolist() if isinstance(listed, np.ndarray) else listed
    if not isinstance(members, list) or not members or not all(isinstance(m, SkopsObject) for m in members):
        raise refuse("its list of trees is damaged")
    return members


def _classes(node: SkopsObject) -> int:
    classes = node.need("classes_")
    count = np.size(classes) if isinstance(classes, np.ndarray) else 0
    if count < 2:
        raise refuse("it knows fewer than two classes, or predicts several values at once")
    return int(count)


def _average(node: SkopsObject, coding: InputCoding, kind: str) -> CodedModel:
    """A tree or a forest: the mean of the leaves, for classes the mean of their shares."""
    members = [node] if node.get("tree_") is not None else _members(node)
    sorts = _classes(node) if node.kind.endswith("Classifier") else 1
    trees, outputs = [], []
    for member in members:
        nodes, values = _classic(member)
        if values.shape[1] != sorts:
            raise refuse("a tree of it knows other classes than the model")
        if sorts > 1:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = values / values.sum(axis=1, keepdims=True)  # counts, before scikit-learn 1.3
        for k in [1] if sorts == 2 else range(sorts):
            trees.append(_raw_tree(nodes, values[:, k] / len(members)))
            outputs.append(0 if sorts == 2 else k)
    base = np.zeros(1 if sorts <= 2 else sorts)
    link = "probability" if sorts > 1 else "identity"
    return _model(trees, outputs, base, link, node, coding, kind, float32=True)


def _gradient_boosting(node: SkopsObject, coding: InputCoding, kind: str) -> CodedModel:
    """GradientBoosting: the start plus the learning rate times each tree."""
    table = node.need("estimators_")
    if not isinstance(table, np.ndarray) or table.ndim != 2 or node.get("n_estimators_") != len(table):
        raise refuse("its list of trees is damaged")
    classifier, outputs = node.kind.endswith("Classifier"), table.shape[1]
    base = _start(node, outputs, classifier)
    rate = float(node.get("learning_rate", 0.1))
    trees, places = [], []
    for row in table.tolist():
        for k, member in enumerate(row):
            nodes, values = _classic(member)
            trees.append(_raw_tree(nodes, rate * values[:, 0]))
            places.append(k)
    link = "identity" if not classifier else "logit" if outputs == 1 else "softmax"
    return _model(trees, places, base, link, node, coding, kind, float32=True)


def _start(node: SkopsObject, outputs: int, classifier: bool) -> FloatArray:
    start = node.get("init_")
    if node.get("init") == "zero" or start == "zero":
        return np.zeros(outputs)
    if not isinstance(start, SkopsObject) or start.kind not in ("DummyClassifier", "DummyRegressor"):
        raise refuse("it starts from another model, which is not read")
    if not classifier:
        return floats(start.need("constant_"), "constant_").ravel()[:1].copy()
    if node.get("loss") not in ("log_loss", "deviance"):
        raise refuse(f"its loss {str(node.get('loss'))[:30]!r} is not known")
    prior = np.clip(floats(start.need("class_prior_"), "class_prior_").ravel(), 1e-15, 1 - 1e-15)
    if outputs == 1 and len(prior) == 2:
        return np.array([np.log(prior[1] / prior[0])])
    if len(prior) != outputs:
        raise refuse("its start and its classes do not match")
    centred = np.log(prior)
    return np.asarray(centred, np.float64)


def _histogram(node: SkopsObject, coding: InputCoding, kind: str) -> CodedModel:
    """HistGradientBoosting, native categories included: the encoder inside it gives their codes."""
    rounds = node.need("_predictors")
    base = floats(node.need("_baseline_prediction"), "_baseline_prediction").ravel()
    if not isinstance(rounds, list) or any(len(members) != len(base) for members in rounds):
        raise refuse("its start and its trees do not match")
    coding = _hist_coding(node, coding)
    trees, places = [], []
    for members in rounds:
        for k, member in enumerate(members):
            trees.append(_hist_tree(member))
            places.append(k)
    if node.kind.endswith("Classifier"):
        link = "logit" if len(base) == 1 else "softmax"
    else:
        link = "log" if node.get("loss") in ("poisson", "gamma") else "identity"
    return _model(trees, places, base.copy(), link, node, coding, kind, float32=False)


def _hist_coding(node: SkopsObject, coding: InputCoding) -> InputCoding:
    mask, inner = node.get("is_categorical_"), node.get("_preprocessor")
    if mask is None or inner is None:
        return coding
    flags = np.asarray(mask).ravel().astype(bool).tolist()
    encoder = next(
        (
            e[1]
            for e in inner.need("transformers_")
            if isinstance(e[1], SkopsObject) and e[1].kind == "OrdinalEncoder"
        ),
        None,
    )
    coded = [i for i, flag in enumerate(flags) if flag]
    if encoder is None or len(flags) != len(coding.columns):
        raise refuse("its categorical features are damaged")
    listed = encoder.need("categories_")
    if len(listed) != len(coded) or not all(coding.columns[i].is_raw for i in coded):
        raise refuse("its categorical features are made by an earlier step, which is not read")
    categories, columns = list(coding.categories), []
    for i, categories_listed in zip(coded, listed, strict=True):
        column = coding.columns[i]
        held_levels = np.asarray(categories_listed).ravel().tolist()
        levels = [v for v in held_levels if v is not None and v == v]
        known = tuple(
            v if isinstance(v, str) else str(v) if isinstance(v, bool) else float(v) for v in levels
        )
        categories[column.feature] = known
        columns.append(
            InputColumn(feature=column.feature, table=(*map(float, range(len(known))), float("nan")))
        )
    columns += [coding.columns[i] for i, flag in enumerate(flags) if not flag]
    return InputCoding(coding.names, tuple(categories), tuple(columns))


def _hist_tree(member: Any) -> RawTree:
    nodes = (
        member.need("nodes") if isinstance(member, SkopsObject) and member.kind == "TreePredictor" else None
    )
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not len(nodes):
        raise refuse("a tree of it is damaged")
    leaf = _field(nodes, "is_leaf", np.bool_)
    split = _field(nodes, "is_categorical", np.bool_) & ~leaf
    return RawTree(
        left=np.where(leaf, -1, _field(nodes, "left", np.int64)),
        right=np.where(leaf, -1, _field(nodes, "right", np.int64)),
        feature=np.where(leaf, 0, _field(nodes, "feature_idx", np.int64)),
        threshold=np.where(leaf | split, 0.0, _field(nodes, "num_threshold", np.float64)),
        default_left=_field(nodes, "missing_go_to_left", np.bool_),
        missing=np.full(len(nodes), MISSING_NAN, np.int64),
        value=_field(nodes, "value", np.float64),
        cover=np.maximum(_field(nodes, "count", np.float64), 0.0),
        categories=_bitsets(member, nodes, np.flatnonzero(split)),
    )


def _bitsets(member: SkopsObject, nodes: NDArray[Any], split: IntArray) -> dict[int, tuple[IntArray, bool]]:
    if not len(split):
        return {}
    sets = member.need("raw_left_cat_bitsets")
    if not isinstance(sets, np.ndarray) or sets.ndim != 2 or sets.dtype.kind != "u" or sets.shape[1] != 8:
        raise refuse("its category splits are damaged")
    place = _field(nodes, "bitset_idx", np.int64)[split]
    if (place >= len(sets)).any() or (place < 0).any():
        raise refuse("a category split names a set that is not there")
    bits = (sets[:, :, None].astype(np.uint32) >> np.arange(32, dtype=np.uint32)) & 1
    flat = bits.reshape(len(sets), -1)
    return {
        int(node): (np.flatnonzero(flat[at]).astype(np.int64), True)
        for node, at in zip(split.tolist(), place.tolist(), strict=True)
    }


TREES: dict[str, Reader] = {
    "DecisionTreeClassifier": _average,
    "DecisionTreeRegressor": _average,
    "ExtraTreeClassifier": _average,
    "ExtraTreeRegressor": _average,
    "RandomForestClassifier": _average,
    "RandomForestRegressor": _average,
    "ExtraTreesClassifier": _average,
    "ExtraTreesRegressor": _average,
    "GradientBoostingClassifier": _gradient_boosting,
    "GradientBoostingRegressor": _gradient_boosting,
    "HistGradientBoostingClassifier": _histogram,
    "HistGradientBoostingRegressor": _histogram,
}
