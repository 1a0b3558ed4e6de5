"""XGBoost's JSON and UBJSON formats, read without XGBoost.

Source: XGBoost 3 ``doc/model.schema`` and ``src/tree/tree_model.cc``. Traps: XGBoost sends x < t left where
our arrays say x <= t, so a threshold moves to the float32 just below; inputs are compared as float32;
``base_score`` is stored as a score, not a margin, and is a list since 3.1; DART scales each tree.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError
from plumbline.explain.readers.ubjson import read_ubjson
from plumbline.explain.trees import (
    MAX_FEATURES,
    MAX_NODES,
    MAX_OUTPUTS,
    MAX_TREES,
    MISSING_NAN,
    RawTree,
    TreeEnsemble,
    check_ensemble,
    join_trees,
    refuse,
)
from plumbline.wording.quantities import count

FORMAT_JSON = "XGBoost JSON"
FORMAT_UBJ = "XGBoost UBJSON"
#: objective -> (link of the score to the margin, link that base_score is stored under)
OBJECTIVES = {
    "binary:logistic": ("logit", "logit"), "reg:logistic": ("logit", "logit"),
    "binary:logitraw": ("identity", "identity"), "multi:softprob": ("softmax", "identity"),
    "multi:softmax": ("softmax", "identity"), "count:poisson": ("log", "log"), "reg:gamma": ("log", "log"),
    "reg:tweedie": ("log", "log"), "survival:cox": ("log", "log"),
    "reg:squarederror": ("identity", "identity"),
    "reg:absoluteerror": ("identity", "identity"), "reg:pseudohubererror": ("identity", "identity"),
    "reg:squaredlogerror": ("identity", "identity"), "reg:quantileerror": ("identity", "identity"),
    "rank:pairwise": ("identity", "identity"), "rank:ndcg": ("identity", "identity"),
    "rank:map": ("identity", "identity"),
}  # fmt: skip


def read_xgboost(body: bytes, *, ubjson: bool = False) -> TreeEnsemble:
    """Read a model saved with ``save_model("m.json")`` or ``("m.ubj")``.

    Raises PlumblineError on damaged content, gblinear, vector leaves and unknown objectives.
    """
    try:
        document = read_ubjson(body) if ubjson else json.loads(body)
        return check_ensemble(_ensemble(document["learner"], FORMAT_UBJ if ubjson else FORMAT_JSON))
    except RecursionError:
        raise refuse("it is nested too deeply") from None
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError) as error:
        if isinstance(error, PlumblineError):
            raise
        raise refuse(f"it is damaged or not an XGBoost model ({type(error).__name__})") from None


def _ensemble(learner: dict[str, Any], label: str) -> TreeEnsemble:
    booster = learner["gradient_booster"]
    weights: list[float] | None = None
    if booster.get("name") == "dart":
        weights = [float(w) for w in booster["weight_drop"]]
        booster = booster["gbtree"]
    if booster.get("name") not in {"gbtree", None}:
        raise refuse(f"its booster is {str(booster.get('name'))[:30]!r}; only tree boosters are read")
    model, parameters = booster["model"], learner["learner_model_param"]
    objective = str(learner["objective"]["name"])
    if objective not in OBJECTIVES:
        raise refuse(f"the objective {objective[:60]!r} is not known")
    link, base_link = OBJECTIVES[objective]
    width = int(parameters["num_feature"])
    outputs = max(1, int(parameters.get("num_class", 0)))
    if int(parameters.get("num_target", 1)) > 1 or outputs > MAX_OUTPUTS or not 1 <= width <= MAX_FEATURES:
        raise refuse("it has several targets, or too many classes or features")
    trees = _trees(model["trees"], weights)
    names = tuple(str(n) for n in learner.get("feature_names") or ()) or tuple(f"f{i}" for i in range(width))
    if len(names) != width:
        raise refuse("the number of its features and of their names differ")
    return TreeEnsemble(
        **join_trees(trees, width),  # type: ignore[arg-type]
        tree_output=_integer_array(model["tree_info"], len(trees)),
        base=_base(str(parameters["base_score"]), base_link, outputs),
        feature_names=names,
        categories=_categories(model.get("cats"), width),
        ranges=np.full((width, 2), np.nan),
        objective=objective,
        link=link,
        float32=True,
        best_trees=_best_tree_count(learner.get("attributes") or {}, model, len(trees)),
        format=label,
    )


def _trees(node: Any, weights: list[float] | None) -> list[RawTree]:
    if not isinstance(node, list) or not 1 <= len(node) <= MAX_TREES:
        raise refuse(f"it has no trees, or more than {count(MAX_TREES)}")
    if weights is not None and len(weights) != len(node):
        raise refuse("the number of its trees and of their weights differ")
    if sum(len(t["left_children"]) for t in node) > MAX_NODES:
        raise refuse(f"it has more than {count(MAX_NODES)} nodes")
    return [_tree(t, 1.0 if weights is None else weights[i]) for i, t in enumerate(node)]


def _integer_array(values: Any, size: int) -> IntArray:
    array = np.asarray(values, np.float64)
    if array.shape != (size,) or not np.isfinite(array).all() or np.any(np.abs(array) > 2**40):
        raise refuse("a list of whole numbers is damaged")
    if np.any(array != np.trunc(array)):
        raise refuse("a list of whole numbers holds fractions")
    return array.astype(np.int64)


def _tree(node: dict[str, Any], weight: float) -> RawTree:
    parameters = node["tree_param"]
    if int(parameters.get("size_leaf_vector", 1)) > 1:
        raise refuse("its leaves are vectors (multi_strategy)", "Train one tree an output.")
    size = len(node["left_children"])
    left, right = _integer_array(node["left_children"], size), _integer_array(node["right_children"], size)
    leaf = left == -1
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused with the rest
        conditions = np.asarray(node["split_conditions"], np.float64).astype(np.float32)
    categorical = _integer_array(node.get("split_type") or [0] * size, size) == 1
    # x < t in float32 is x <= the float32 just below t
    threshold = np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64)
    cover = np.asarray(node["sum_hessian"], np.float64)
    if conditions.shape != (size,) or cover.shape != (size,):
        raise refuse("a tree has arrays of different lengths")
    tree = RawTree(
        left=left,
        right=right,
        feature=np.where(leaf, -1, _integer_array(node["split_indices"], size)),
        threshold=np.where(leaf | categorical, 0.0, threshold),
        default_left=_integer_array(node["default_left"], size) != 0,
        missing=np.full(size, MISSING_NAN, np.int64),
        value=np.where(leaf, conditions.astype(np.float64) * weight, 0.0),
        cover=cover,
        categories=_category_splits(node, categorical & ~leaf),
    )
    return _renumber(tree)


def _category_splits(node: dict[str, Any], categorical: Any) -> dict[int, tuple[IntArray, bool]]:
    """Codes that are named go right; a code that is not named goes left."""
    if not categorical.any():
        return {}
    nodes = _integer_array(node["categories_nodes"], len(node["categories_nodes"]))
    starts, sizes = (
        _integer_array(node["categories_segments"], len(nodes)),
        _integer_array(node["categories_sizes"], len(nodes)),
    )
    codes = _integer_array(node["categories"], len(node["categories"]))
    if np.any((starts < 0) | (sizes < 0) | (starts + sizes > len(codes))):
        raise refuse("a tree's category sets do not fit together")
    if set(nodes.tolist()) != set(np.flatnonzero(categorical).tolist()):
        raise refuse("a category split has no set of categories")
    return {
        n: (codes[s : s + k], False)
        for n, s, k in zip(nodes.tolist(), starts.tolist(), sizes.tolist(), strict=True)
    }


def _renumber(tree: RawTree) -> RawTree:
    """Number the nodes level by level, so that children follow parents; pruned nodes fall away.

    A child out of range or reached twice is refused here, before its number is used.
    """
    size = len(tree.left)
    seen = np.zeros(size, bool)
    front, order = np.zeros(1, np.int64), []
    while len(front):
        if np.any((front < 0) | (front >= size)):
            raise refuse("a node points to a child that is not there")
        if len(np.unique(front)) != len(front) or seen[front].any():
            raise refuse("its trees are not trees: a node has several parents")
        seen[front] = True
        order.append(front)
        inner = front[(tree.left[front] != -1) | (tree.right[front] != -1)]
        front = np.stack([tree.left[inner], tree.right[inner]], axis=1).ravel()
    keep = np.concatenate(order)
    place = np.full(size + 1, -1, np.int64)  # the last entry keeps -1 for "no child"
    place[keep] = np.arange(len(keep))
    return RawTree(
        left=place[tree.left[keep]],
        right=place[tree.right[keep]],
        feature=tree.feature[keep],
        threshold=tree.threshold[keep],
        default_left=tree.default_left[keep],
        missing=tree.missing[keep],
        value=tree.value[keep],
        cover=tree.cover[keep],
        categories={int(place[n]): s for n, s in tree.categories.items() if 0 <= n < size and place[n] >= 0},
    )


def _base(text: str, link: str, outputs: int) -> FloatArray:
    """The margin a decision starts from, (outputs,)."""
    parts = re.split(r"[,\s]+", text.strip("[] \n"))
    if len(parts) not in {1, outputs} or any(len(p) > 40 for p in parts):
        raise refuse("its base score does not fit its classes")
    score = np.array([float(p) for p in parts])
    if not np.isfinite(score).all():
        raise refuse("its base score is not a number")
    if link == "logit":
        if np.any((score <= 0) | (score >= 1)):
            raise refuse("its base score is not a probability")
        score = np.log(score) - np.log1p(-score)
    elif link == "log":
        if np.any(score <= 0):
            raise refuse("its base score is not positive")
        score = np.log(score)
    return np.broadcast_to(score, (outputs,)).copy()


def _categories(node: Any, width: int) -> tuple[tuple[str | float, ...] | None, ...]:
    """The training categories by feature (since 3.1): names as UTF-8 bytes with offsets, or plain numbers."""
    lists: list[tuple[str | float, ...] | None] = [None] * width
    encoders = (node or {}).get("enc") or []
    for i, encoder in enumerate(encoders[:width]):
        values, offsets = encoder.get("values") or [], encoder.get("offsets") or []
        if len(offsets) > 1:
            # XGBoost 3.2 counts offsets in characters though it stores bytes, and so cuts the end off where
            # a name is not ASCII: a last name that was cut matches nothing, and the check of scores tells
            text = bytes(v % 256 for v in values).decode("utf-8", errors="replace")
            lists[i] = tuple(text[a:b] for a, b in itertools.pairwise(offsets))
        elif values:
            lists[i] = tuple(float(v) for v in values)
    return tuple(lists)


def _best_tree_count(attributes: dict[str, Any], model: dict[str, Any], trees: int) -> int:
    """Trees up to the best iteration of early stopping, which the scikit-learn interface predicts with."""
    best, starts = str(attributes.get("best_iteration", "")), model.get("iteration_indptr") or []
    if not best.isdecimal() or len(best) > 8 or int(best) + 1 >= len(starts):
        return 0
    last = int(starts[int(best) + 1])
    return last if 0 < last < trees else 0
