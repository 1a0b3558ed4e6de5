"""LightGBM's text format, read without LightGBM.

The format is ``key=value`` lines: a header, one block a tree, ``end of trees``, then parameters and the
training categories as JSON. Source: LightGBM 4 ``src/io/tree.cpp`` and ``gbdt_model_text.cpp``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np

from plumbline.domain import FloatArray, IntArray
from plumbline.explain.trees import (
    MAX_CATEGORY,
    MAX_FEATURES,
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

FORMAT = "LightGBM text"
#: objective -> link of the score to the sum of the leaves
LINKS = {
    "binary": "logit", "cross_entropy": "logit", "multiclass": "softmax", "multiclassova": "logit",
    "regression": "identity", "regression_l2": "identity", "regression_l1": "identity", "huber": "identity",
    "fair": "identity", "quantile": "identity", "mape": "identity", "lambdarank": "identity",
    "rank_xendcg": "identity", "poisson": "log", "gamma": "log", "tweedie": "log", "": "identity",
}  # fmt: skip


def read_lightgbm(body: bytes) -> TreeEnsemble:
    """Read a model saved with ``Booster.save_model``; raises PlumblineError on what is damaged or unknown."""
    text = body.decode("utf-8", errors="replace").replace("\r\n", "\n")
    head, *blocks = re.split(r"^Tree=\d+\n", text, flags=re.MULTILINE)
    if not blocks:
        raise refuse("it has no trees")
    if len(blocks) > MAX_TREES:
        raise refuse(f"it has {count(len(blocks))} trees; at most {count(MAX_TREES)} are accepted")
    blocks[-1], end, tail = blocks[-1].partition("end of trees")
    if not end:
        raise refuse("it is cut short: the end of its trees is missing")
    header = _pairs(head)
    names = tuple(header.get("feature_names", "").split(" ")) if header.get("feature_names") else ()
    width = _number(header, "max_feature_idx") + 1
    if not names:
        names = tuple(f"Column_{i}" for i in range(min(width, MAX_FEATURES)))
    if width != len(names) or width > MAX_FEATURES:
        raise refuse("the number of its features and of their names differ")
    per_round = _number(header, "num_tree_per_iteration")
    if not 1 <= per_round <= MAX_OUTPUTS or len(blocks) % per_round:
        raise refuse("its trees do not come in whole rounds")
    objective, link, scale = _objective(header.get("objective", ""))
    weight = per_round / len(blocks) if re.search(r"^average_output$", head, re.MULTILINE) else 1.0
    weight *= scale  # so that the margin is in log-odds whatever the sigmoid's steepness
    trees = [_tree(_pairs(block), weight) for block in blocks]
    ensemble = TreeEnsemble(
        **join_trees(trees, len(names)),  # type: ignore[arg-type]
        tree_output=np.arange(len(trees), dtype=np.int64) % per_round,
        base=np.zeros(per_round),
        feature_names=names,
        categories=_categories(tail, header.get("feature_infos", ""), len(names)),
        ranges=_ranges(header.get("feature_infos", ""), len(names)),
        objective=objective,
        link=link,
        format=FORMAT,
    )
    return check_ensemble(ensemble)


def _pairs(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _number(pairs: dict[str, str], key: str) -> int:
    value = pairs.get(key, "")
    if not re.fullmatch(r"\d{1,9}", value):
        raise refuse(f"its {key} is missing or not a number")
    return int(value)


def _objective(text: str) -> tuple[str, str, float]:
    name, *options = text.split(" ")
    if name not in LINKS or "sqrt" in options:
        raise refuse(f"the objective {text[:60]!r} is not known")
    given = dict(o.split(":", 1) for o in options if ":" in o)
    if not re.fullmatch(r"\d{1,6}(\.\d{1,9})?", given.get("sigmoid", "1")):
        raise refuse(f"the objective {text[:60]!r} is not readable")
    return name, LINKS[name], float(given.get("sigmoid", "1"))


def _array(block: dict[str, str], key: str, size: int, dtype: Callable[[str], float]) -> FloatArray:
    """``size`` numbers of one line, as float64 (whole numbers up to 2**53 stay exact)."""
    parts = block.get(key, "").split()
    if len(parts) != size:
        raise refuse(f"a tree has {len(parts)} values of {key} where {size} belong")
    try:
        return np.array([dtype(p) for p in parts], np.float64)
    except (ValueError, OverflowError):
        raise refuse(f"a tree's {key} holds something that is not a number") from None


def _integer_array(block: dict[str, str], key: str, size: int) -> IntArray:
    values = _array(block, key, size, int)
    if len(values) and np.abs(values).max() > 2**40:
        raise refuse(f"a tree's {key} holds a number out of range")
    return values.astype(np.int64)


def _tree(block: dict[str, str], weight: float) -> RawTree:
    """Splits come first (0 to leaves - 2), then the leaves; LightGBM writes leaf i as child -(i + 1)."""
    if block.get("is_linear", "0").strip() != "0":
        raise refuse("it has linear leaves (linear_tree)", "Train it with linear_tree=false.")
    leaves = _number(block, "num_leaves")
    inner = leaves - 1
    if leaves < 1:
        raise refuse("a tree has no leaves")
    children = []
    for side in ("left_child", "right_child"):
        child = _integer_array(block, side, inner)
        children.append(np.where(child < 0, inner - child - 1, child))
    kinds = _integer_array(block, "decision_type", inner)
    counts = np.concatenate([_array(block, "internal_count", inner, float), _leaf_counts(block, leaves)])
    threshold = _array(block, "threshold", inner, float)
    is_category, missing = (kinds & 1).astype(bool), (kinds >> 2) & 3
    if np.any(missing > MISSING_NAN) or np.any(kinds < 0):
        raise refuse("a split's decision type is not known")
    none = np.full(leaves, -1, np.int64)
    return RawTree(
        left=np.concatenate([children[0], none]),
        right=np.concatenate([children[1], none]),
        feature=np.concatenate([_integer_array(block, "split_feature", inner), none]),
        threshold=np.concatenate([np.where(is_category, 0.0, threshold), np.zeros(leaves)]),
        # a category that is missing goes right whatever the default side says
        default_left=np.concatenate([((kinds & 2) > 0) & ~is_category, np.zeros(leaves, bool)]),
        missing=np.concatenate([np.where(is_category, MISSING_NAN, missing), np.zeros(leaves, np.int64)]),
        value=np.concatenate([np.zeros(inner), _array(block, "leaf_value", leaves, float) * weight]),
        cover=counts,
        categories=_category_splits(block, np.flatnonzero(is_category), threshold),
    )


def _leaf_counts(block: dict[str, str], leaves: int) -> FloatArray:
    """A tree of one leaf is a constant and may come without a count."""
    if leaves == 1:
        return np.ones(1)
    return _array(block, "leaf_count", leaves, float)


def _category_splits(
    block: dict[str, str], nodes: IntArray, threshold: FloatArray
) -> dict[int, tuple[IntArray, bool]]:
    if not len(nodes):
        return {}
    sets = _number(block, "num_cat")
    bounds = _integer_array(block, "cat_boundaries", sets + 1)
    words = _integer_array(block, "cat_threshold", len(block.get("cat_threshold", "").split()))
    if bounds[0] != 0 or np.any(np.diff(bounds) < 0) or bounds[-1] != len(words) or np.any(words < 0):
        raise refuse("a tree's category sets do not fit together")
    if np.any(np.diff(bounds) * 32 > MAX_CATEGORY + 1) or np.any(words >= 2**32):
        raise refuse(f"a split names a category code above {count(MAX_CATEGORY)}")
    splits: dict[int, tuple[IntArray, bool]] = {}
    for node in nodes.tolist():
        which = threshold[node]
        if not (0 <= which < sets and which == int(which)):
            raise refuse("a split names a category set that is not there")
        chosen = words[bounds[int(which)] : bounds[int(which) + 1]]
        bits = (chosen[:, None] >> np.arange(32)) & 1
        splits[node] = (np.flatnonzero(bits.ravel()), True)
    return splits


def _infos(text: str, width: int) -> list[str]:
    parts = text.split(" ")
    return parts if len(parts) == width else ["none"] * width


def _ranges(infos: str, width: int) -> FloatArray:
    ranges = np.full((width, 2), np.nan)
    for i, info in enumerate(_infos(infos, width)):
        match = re.fullmatch(r"\[([^:\]]+):([^:\]]+)\]", info)
        if match:
            try:
                ranges[i] = float(match[1]), float(match[2])
            except ValueError:
                continue  # a range is a hint for proposing names; the model works without it
    return ranges


def _categories(tail: str, infos: str, width: int) -> tuple[tuple[str | float, ...] | None, ...]:
    """The training categories by feature: the lists stand in the order of the categorical columns."""
    lists: tuple[tuple[str | float, ...] | None, ...] = (None,) * width
    line = re.search(r"^pandas_categorical:(.+)$", tail, re.MULTILINE)
    if not line:
        return lists
    try:
        categories = json.loads(line[1])
    except (ValueError, RecursionError):
        raise refuse("its list of categories is not readable") from None
    if not categories:
        return lists
    columns = _categorical_columns(tail, infos, width)
    if not isinstance(categories, list) or len(categories) != len(columns):
        raise refuse("its lists of categories do not match its categorical features")
    if not all(isinstance(c, list) and all(isinstance(v, (str, int, float)) for v in c) for c in categories):
        raise refuse("its lists of categories are not lists of names")
    by_column = dict(zip(columns, categories, strict=True))
    return tuple(tuple(by_column[i]) if i in by_column else None for i in range(width))


def _categorical_columns(tail: str, infos: str, width: int) -> list[int]:
    line = re.search(r"^\[categorical_feature: ([\d,]+)\]$", tail, re.MULTILINE)
    if line:
        columns = [int(c) for c in line[1].split(",") if c and len(c) < 9]
        return sorted(c for c in columns if c < width)
    return [
        i
        for i, info in enumerate(_infos(infos, width))
        if info not in {"none", ""} and not info.startswith("[")
    ]
