"""Ensembles of small trees: margins, contributions and refusals. Contributions are held against Shapley values
by brute force (``test_tree_path_dependent.py``, ``test_tree_interventional.py``) and add up to the margin;
refusals were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.shap.tree_interventional import interventional
from plumbline.explain.shap.tree_path_dependent import (
    contributions,
    leaves,
    margins,
    model_rows,
    slices,
    to_score,
)
from plumbline.explain.trees import TreeEnsemble, check_ensemble, join_trees, left_mask, tree_depth
from tests.explain.ensembles import ensemble_of, random_ensemble, raw_tree, tree_b
from tests.known_answers import Table, differences

VALUES = np.array(
    [np.nan, np.inf, -np.inf, 0.0, 1e-36, -1e-34, 0.5, 0.5000001, 1.0, 2.9, 3.0, 4.0, -0.5, -1.0, 7.0]
)


def _ensembles() -> Iterator[tuple[str, TreeEnsemble]]:
    rng = np.random.default_rng(171)
    yield "one leaf", ensemble_of(raw_tree([-1], [-1], [0], [0.0], [3.0], [10.0]), base=np.array([0.25]))
    yield "by hand", ensemble_of(tree_b())
    for depth, trees, features in ((1, 3, 2), (3, 4, 3), (5, 6, 4), (9, 2, 12)):
        yield f"{trees} of depth {depth}", random_ensemble(rng, features, trees, depth)
    two = random_ensemble(
        rng, 3, 6, 3, tree_output=np.arange(6) % 2, base=np.array([0.5, -1.0]), link="softmax"
    )
    yield "two outputs", two
    yield "as float32", replace(random_ensemble(rng, 3, 3, 3), float32=True)
    yield "stopped early", replace(random_ensemble(rng, 3, 5, 3), best_trees=2)


def _rows(ensemble: TreeEnsemble, n: int, seed: int = 172) -> Any:
    """In tenths about the thresholds, some on one exactly, with missing and extreme values."""
    rng = np.random.default_rng(seed)
    d = len(ensemble.feature_names)
    x = rng.integers(-20, 21, (n, d)) / 10.0
    inner = np.flatnonzero(ensemble.left >= 0)
    if len(inner):
        some = rng.choice(inner, n)
        x[np.arange(n), ensemble.feature[some]] = ensemble.threshold[some]
    lacking = rng.random((n, d)) < 0.15
    return np.where(lacking, VALUES[rng.integers(0, len(VALUES), (n, d))], x)


def _margins() -> Iterator[tuple[str, Any]]:
    for name, e in _ensembles():
        yield f"{name}, facts", (tree_depth(e), e.outputs, e.used_features)
        for n in (1, 7, 300):
            said = margins(e, _rows(e, n))
            yield f"{name}, {n} rows", said if n < 300 else (said[::30], said.sum(axis=0))
        yield f"{name}, two trees", margins(e, _rows(e, 5), 2)
        yield f"{name}, rows", model_rows(e, _rows(e, 2))
    for link in ("identity", "probability", "logit", "log", "softmax"):
        yield link, to_score(link, np.array([[0.0, 1.0], [-800.0, 800.0], [3.5, -2.0], [709.0, 1e-9]]))


def _contributions() -> Iterator[tuple[str, Any]]:
    for name, e in _ensembles():
        for output in range(e.outputs):
            for n in (1, 6, 300):
                parts, base = contributions(e, _rows(e, n), output=output)
                yield (
                    f"{name}, {n} rows, output {output}",
                    (parts if n < 300 else (parts[::60], parts.sum(axis=0)), base),
                )
                known = _rows(e, 20, 173)
                parts, base = interventional(e, _rows(e, n), known, output=output)
                yield (
                    f"{name}, {n} rows against twenty, output {output}",
                    (parts if n < 300 else parts[::60], base),
                )
            yield f"{name}, two trees, output {output}", contributions(e, _rows(e, 4), output=output, trees=2)


def _paths() -> Iterator[tuple[str, Any]]:
    for name, e in _ensembles():
        for place, group in enumerate(leaves(e, 0, 0)):
            if group.feature.size < 60:
                yield f"{name}, {place}", group
            if group.feature.size:
                cut = [(len(part.value), len(part.edge_node)) for part in slices(group, 10, 100)]
                yield f"{name}, {place}, cut", cut


def _splits() -> Iterator[tuple[str, Any]]:
    for threshold in (-0.5, 0.0, 0.5, 3.0):
        for missing in (0, 1, 2):
            for default in (True, False):
                e = ensemble_of(tree_b(default_left=default, missing=missing))
                e = replace(e, threshold=np.where(e.left >= 0, threshold, 0.0))
                yield (
                    f"at {threshold}, missing {missing}, {default}",
                    left_mask(e, np.zeros(len(VALUES), np.int64), VALUES),
                )
    for codes in ([], [0], [1, 3]):
        for named_left in (True, False):
            e = ensemble_of(tree_b(categories={0: (np.array(codes, np.int64), named_left)}))
            yield f"codes {codes} {named_left}", left_mask(e, np.zeros(len(VALUES), np.int64), VALUES)


def _refusals() -> Iterator[tuple[str, Any]]:
    good = ensemble_of(tree_b(), tree_b())
    changes: dict[str, dict[str, Any]] = {
        "cover": {"cover": np.where(np.arange(10) == 3, 0.0, good.cover)},
        "infinite cover": {"cover": np.where(np.arange(10) == 3, np.inf, good.cover)},
        "value": {"value": np.where(np.arange(10) == 4, np.nan, good.value)},
        "value at the limit": {"value": np.where(np.arange(10) == 4, 1e100, good.value)},
        "value beyond": {"value": np.where(np.arange(10) == 4, 1.0001e100, good.value)},
        "threshold": {"threshold": np.where(np.arange(10) == 0, np.nan, good.threshold)},
        "a leaf's threshold": {"threshold": np.where(np.arange(10) == 1, np.nan, good.threshold)},
        "feature": {"feature": np.where(np.arange(10) == 0, 2, good.feature)},
        "feature below": {"feature": np.where(np.arange(10) == 0, -1, good.feature)},
        "base": {"base": np.array([np.nan])},
        "link": {"link": "probit"},
        "names": {"feature_names": ("x", "x")},
        "output": {"tree_output": np.array([0, 1])},
        "output below": {"tree_output": np.array([0, -1])},
        "outputs": {"tree_output": np.array([0])},
        "two parents": {"left": np.where(np.arange(10) == 2, 1, good.left)},
    }
    for name, change in changes.items():
        yield name, _said(lambda change=change: check_ensemble(replace(good, **change)).format)
    b = tree_b()
    trees: dict[str, Any] = {
        "no tree": [],
        "lengths": [replace(b, value=b.value[:-1])],
        "child beyond": [replace(b, right=np.array([5, -1, 4, -1, -1]))],
        "child before": [replace(b, left=np.array([1, -1, 2, -1, -1]))],
        "one child": [replace(b, right=np.array([-1, -1, 4, -1, -1]))],
        "the same child": [replace(b, left=np.array([2, -1, 3, -1, -1]))],
        "a code below": [replace(b, categories={0: (np.array([-1]), True)})],
        "a code of millions": [replace(b, categories={0: (np.array([10**9]), True)})],
        "a node that is not there": [replace(b, categories={9: (np.array([1]), True)})],
        "fine": [b],
    }
    for name, some in trees.items():
        yield name, _said(lambda some=some: len(join_trees(some, 2)["left"]))
    yield "no features", _said(lambda: join_trees([b], 0))
    yield "no output", _said(lambda: contributions(good, np.zeros((1, 2)), output=1))
    yield "no background", _said(lambda: interventional(good, np.zeros((1, 2)), np.zeros((0, 2))))
    yield "other columns", _said(lambda: margins(good, np.zeros((1, 3))))
    deep = raw_tree(
        [*[2 * i + 1 if i < 200 else -1 for i in range(200)], -1],
        [-1] * 201,
        [0] * 201,
        [0.0] * 201,
        [0.0] * 201,
        [1.0] * 201,
    )
    yield "no second children", _said(lambda: join_trees([deep], 1))
    for depth in (1, 511, 512, 513):
        yield (
            f"a chain of {depth}",
            _said(lambda depth=depth: tree_depth(ensemble_of(_chain(depth), features=1))),
        )


def _chain(depth: int) -> Any:
    """A tree whose right children go on for so many splits."""
    size = 2 * depth + 1
    at = np.arange(size)
    inner = (at % 2 == 0) & (at < size - 1)
    left, right = np.where(inner, at + 1, -1), np.where(inner, at + 2, -1)
    cover = 1e6 - at
    return raw_tree(left, right, np.zeros(size), at.astype(float), np.where(inner, 0.0, at), cover)


def _said(ask: Any) -> Any:
    try:
        return ask()
    except PlumblineError as error:
        return f"{error}"


TABLES: dict[str, Table] = {
    "margins": _margins,
    "contributions": _contributions,
    "paths": _paths,
    "splits": _splits,
    "refusals": _refusals,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
