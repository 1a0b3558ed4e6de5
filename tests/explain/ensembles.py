"""Small ensembles with answers known by hand, random ones, and Shapley values by brute force."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from plumbline.explain.trees import MISSING_NAN, RawTree, TreeEnsemble, check_ensemble, join_trees


def raw_tree(
    left, right, feature, threshold, value, cover, *, default_left=True, missing=MISSING_NAN, categories=None
) -> RawTree:
    size = len(left)
    return RawTree(
        left=np.array(left, np.int64),
        right=np.array(right, np.int64),
        feature=np.array(feature, np.int64),
        threshold=np.array(threshold, np.float64),
        default_left=np.full(size, default_left),
        missing=np.full(size, missing, np.int64),
        value=np.array(value, np.float64),
        cover=np.array(cover, np.float64),
        categories=categories or {},
    )


def ensemble_of(*trees: RawTree, features: int = 2, link: str = "identity", **more) -> TreeEnsemble:
    fields = {
        "tree_output": np.zeros(len(trees), np.int64),
        "base": np.zeros(1),
        "feature_names": tuple(f"x{i}" for i in range(features)),
        "categories": (None,) * features,
        "ranges": np.full((features, 2), np.nan),
        "objective": "test",
        "link": link,
    }
    return check_ensemble(TreeEnsemble(**join_trees(list(trees), features), **(fields | more)))


def tree_b(**more) -> RawTree:
    """x0 <= 0.5 gives 0; else x1 <= 0.5 gives 0; else 10. Covers 100: 60 | 40: 30 | 10."""
    return raw_tree(
        [1, -1, 3, -1, -1], [2, -1, 4, -1, -1], [0, -1, 1, -1, -1], [0.5, 0, 0.5, 0, 0],
        [0, 0, 0, 0, 10], [100, 60, 40, 30, 10], **more,
    )  # fmt: skip


def random_ensemble(rng, features: int, trees: int, depth: int, **more) -> TreeEnsemble:
    """Trees with random shape, splits, covers, missing kinds and category splits."""
    return ensemble_of(*(_random_tree(rng, features, depth) for _ in range(trees)), features=features, **more)


def _random_tree(rng, features: int, depth: int) -> RawTree:
    left, right, feature, threshold, value, cover = [], [], [], [], [], []
    default, missing, categories = [], [], {}

    def grow(level: int, weight: float) -> int:
        at = len(left)
        for column, start in (
            (left, -1),
            (right, -1),
            (feature, -1),
            (threshold, 0.0),
            (value, rng.normal()),
        ):
            column.append(start)
        cover.append(weight)
        default.append(bool(rng.integers(2)))
        missing.append(int(rng.integers(3)))
        if level < depth and rng.random() < 0.85:
            feature[at] = int(rng.integers(features))
            threshold[at] = float(rng.normal())
            if rng.random() < 0.2:
                categories[at] = (np.flatnonzero(rng.random(5) < 0.5), bool(rng.integers(2)))
            part = weight * rng.uniform(0.05, 0.95)
            left[at] = grow(level + 1, part)
            right[at] = grow(level + 1, weight - part)
        return at

    grow(0, 100.0)
    tree = raw_tree(left, right, feature, threshold, value, cover, categories=categories)
    return RawTree(
        left=tree.left,
        right=tree.right,
        feature=tree.feature,
        threshold=tree.threshold,
        default_left=np.array(default),
        missing=np.array(missing, np.int64),
        value=tree.value,
        cover=tree.cover,
        categories=categories,
    )


def conditional_mean(ensemble: TreeEnsemble, x, known: set[int], output: int = 0) -> float:
    """The value of a coalition: follow known features, average over covers at the others."""

    def walk(node: int) -> float:
        left, right = int(ensemble.left[node]), int(ensemble.right[node])
        if left < 0:
            return float(ensemble.value[node])
        f = int(ensemble.feature[node])
        if f in known:
            return walk(left if goes_left(ensemble, node, float(x[f])) else right)
        a, b = float(ensemble.cover[left]), float(ensemble.cover[right])
        return (a * walk(left) + b * walk(right)) / float(ensemble.cover[node])

    roots = [int(r) for r, o in zip(ensemble.roots, ensemble.tree_output, strict=True) if o == output]
    return float(ensemble.base[output]) + sum(walk(r) for r in roots)


def goes_left(ensemble: TreeEnsemble, node: int, x: float) -> bool:
    """One decision at one node, written out by cases."""
    kind = int(ensemble.missing[node])
    if kind == 2 and math.isnan(x):
        return bool(ensemble.default_left[node])
    if kind == 1 and (math.isnan(x) or abs(x) <= 1e-35):
        return bool(ensemble.default_left[node])
    start = int(ensemble.category_start[node])
    if start >= 0:
        last = int(ensemble.category_size[node]) - 1
        code = int(x) if math.isfinite(x) and x > -1 else last
        return bool(ensemble.goes_left[start + min(code, last)])
    return (0.0 if math.isnan(x) else x) <= float(ensemble.threshold[node])


def shapley(ensemble: TreeEnsemble, x, output: int = 0) -> list[float]:
    """The definition of the Shapley value: every coalition of the features, at most eight of them."""
    d = len(ensemble.feature_names)
    worth = {
        frozenset(s): conditional_mean(ensemble, x, set(s), output)
        for k in range(d + 1)
        for s in combinations(range(d), k)
    }
    result = []
    for f in range(d):
        total = 0.0
        for s, v in worth.items():
            if f not in s:
                weight = math.factorial(len(s)) * math.factorial(d - len(s) - 1) / math.factorial(d)
                total += weight * (worth[s | {f}] - v)
        result.append(total)
    return result


def brute_force(f, row, background) -> list[float]:
    """Interventional Shapley values by definition: a coalition's value is the mean of f over the background."""
    d = len(row)

    def worth(s: tuple[int, ...]) -> float:
        mixed = np.array(background, float)
        mixed[:, list(s)] = np.asarray(row, float)[list(s)]
        return float(np.mean(f(mixed)))

    result = []
    for j in range(d):
        rest = [g for g in range(d) if g != j]
        result.append(
            sum(
                math.factorial(k)
                * math.factorial(d - k - 1)
                / math.factorial(d)
                * (worth((*s, j)) - worth(s))
                for k in range(d)
                for s in combinations(rest, k)
            )
        )
    return result
