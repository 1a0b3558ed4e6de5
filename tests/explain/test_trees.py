"""What a file's trees must be to be accepted, number by number, and where a value goes at a split."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.explain.trees import (
    MAX_CATEGORY,
    MAX_DEPTH,
    MISSING_NAN,
    MISSING_NONE,
    MISSING_ZERO,
    RawTree,
    TreeEnsemble,
    check_ensemble,
    join_trees,
    left_mask,
    tree_depth,
)


def tree(left: list[int], right: list[int], **changed: Any) -> RawTree:
    n = len(left)
    fields: dict[str, Any] = {
        "feature": np.zeros(n, np.int64),
        "threshold": np.full(n, 0.5),
        "default_left": np.zeros(n, bool),
        "missing": np.zeros(n, np.int64),
        "value": np.arange(n, dtype=float),
        "cover": np.ones(n),
        "categories": {},
    }
    return RawTree(left=np.array(left), right=np.array(right), **(fields | changed))


STUMP = tree([1, -1, -1], [2, -1, -1])


def named(codes: list[int], goes_left: bool = True, node: int = 0) -> RawTree:
    return replace(STUMP, categories={node: (np.array(codes, np.int64), goes_left)})


def ensemble(trees: list[RawTree], **changed: Any) -> TreeEnsemble:
    fields: dict[str, Any] = {
        "tree_output": np.zeros(len(trees), np.int64),
        "base": np.zeros(1),
        "feature_names": ("a", "b"),
        "categories": (None, None),
        "ranges": np.full((2, 2), np.nan),
        "objective": "binary",
        "link": "logit",
    }
    return TreeEnsemble(**(join_trees(trees, 2) | fields | changed))


def test_trees_lie_one_after_another_with_children_counted_on_and_leaves_left_alone() -> None:
    joined = join_trees([STUMP, tree([-1], [-1]), named([0, 3])], 2)
    assert joined["roots"].tolist() == [0, 3, 4]
    assert joined["left"].tolist() == [1, -1, -1, -1, 5, -1, -1]
    assert joined["right"].tolist() == [2, -1, -1, -1, 6, -1, -1]
    assert joined["category_start"].tolist() == [-1, -1, -1, -1, 0, -1, -1]
    assert joined["category_size"].tolist() == [0, 0, 0, 0, 5, 0, 0]
    assert joined["goes_left"].tolist() == [True, False, False, True, False]


def test_the_cells_of_a_category_split_are_its_codes_and_one_for_any_other() -> None:
    joined = join_trees([named([2], goes_left=False), named([]), named([0, MAX_CATEGORY])], 2)
    cells = [
        joined["goes_left"][start : start + size].tolist()
        for start, size in zip(joined["category_start"][::3], joined["category_size"][::3], strict=True)
    ]
    assert cells[0] == [True, True, False, True]
    assert cells[1] == [False]
    assert len(cells[2]) == MAX_CATEGORY + 2
    assert np.flatnonzero(cells[2]).tolist() == [0, MAX_CATEGORY]


@pytest.mark.parametrize(
    "trees",
    [
        [],
        [named([-1])],
        [named([0, MAX_CATEGORY + 1])],
        [named([1], node=3)],
        [named([1], node=-1)],
        [tree([], [])],
        [replace(STUMP, cover=np.ones(2))],
        [replace(STUMP, value=np.ones(4))],
        [tree([0, -1, -1], [2, -1, -1])],  # its own child
        [tree([1, -1, -1], [1, -1, -1])],  # one child twice
        [tree([1, -1, -1], [3, -1, -1])],  # beyond its end
        [tree([1, -1, -1], [-1, -1, -1])],  # one child only
        [tree([-2, -1, -1], [-2, -1, -1])],
        [tree([1, 0, -1], [2, 2, -1])],  # back to its parent
    ],
    ids=str,
)
def test_what_is_no_tree_is_refused(trees: list[RawTree]) -> None:
    with pytest.raises(PlumblineError, match="was refused"):
        join_trees(trees, 2)


@pytest.mark.parametrize("features", [0, 20_001])
def test_a_model_has_a_feature_and_at_most_so_many(features: int) -> None:
    with pytest.raises(PlumblineError, match="features"):
        join_trees([STUMP], features)


@pytest.mark.parametrize(
    "changed",
    [
        {"tree_output": np.array([1])},
        {"tree_output": np.array([-1])},
        {"tree_output": np.array([0, 0])},
        {"feature": np.array([2, 0, 0])},
        {"feature": np.array([-1, 0, 0])},
        {"threshold": np.array([np.nan, 0, 0])},
        {"value": np.array([0, np.inf, 0])},
        {"value": np.array([0, -1.1e100, 0])},
        {"cover": np.array([1.0, 0.0, 1.0])},
        {"cover": np.array([1.0, np.nan, 1.0])},
        {"base": np.array([np.inf])},
        {"base": np.zeros(0)},
        {"link": "square"},
        {"feature_names": ("a", "a")},
        {"left": np.array([2, -1, -1])},
    ],
    ids=str,
)
def test_a_number_that_is_not_safe_to_use_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(PlumblineError, match="was refused"):
        check_ensemble(ensemble([STUMP], **changed))


def test_numbers_at_their_edges_and_those_that_nothing_reads_are_accepted() -> None:
    for changed in (
        {"feature": np.array([1, 99, -1])},  # of leaves
        {"threshold": np.array([np.inf, np.nan, 0])},
        {"value": np.array([np.nan, 1e100, -1e100])},  # the first of a split
        {"cover": np.full(3, 1e-300)},
    ):
        one = ensemble([STUMP], **changed)
        assert check_ensemble(one) is one


@pytest.mark.parametrize("depth", [0, 1, 2, MAX_DEPTH, MAX_DEPTH + 1])
def test_depth_is_the_splits_on_the_longest_path_and_ends_at_the_most_allowed(depth: int) -> None:
    """A chain: node 2i splits into the leaf 2i + 1 and the node 2i + 2."""
    n = 2 * depth + 1
    splits = np.arange(n) % 2 == 0
    splits[-1] = False
    left, right = (np.where(splits, np.arange(n) + step, -1).tolist() for step in (1, 2))
    one = ensemble([tree([-1], [-1]), tree(left, right)])
    assert tree_depth(one) == depth
    if depth > MAX_DEPTH:
        with pytest.raises(PlumblineError, match="deeper"):
            check_ensemble(one)
    else:
        check_ensemble(one)


@pytest.mark.parametrize(
    ("missing", "default_left", "threshold", "left"),
    [
        # of      0      1e-36  -0.7   0.7    NaN
        (MISSING_NONE, False, 0.5, [True, True, True, False, True]),  # NaN is read as 0
        (MISSING_NONE, False, -0.5, [False, False, True, False, False]),
        (MISSING_NAN, False, 0.5, [True, True, True, False, False]),
        (MISSING_NAN, True, -0.5, [False, False, True, False, True]),
        (MISSING_ZERO, False, 0.5, [False, False, True, False, False]),
        (MISSING_ZERO, True, -0.5, [True, True, True, False, True]),
        (MISSING_NONE, False, 0.7, [True, True, True, True, True]),  # as large as the threshold is left
    ],
)
def test_where_a_value_goes(missing: int, default_left: bool, threshold: float, left: list[bool]) -> None:
    one = ensemble(
        [STUMP],
        missing=np.full(3, missing),
        default_left=np.full(3, default_left),
        threshold=np.full(3, threshold),
    )
    x = np.array([0.0, 1e-36, -0.7, 0.7, np.nan])
    assert left_mask(one, np.zeros(5, np.int64), x).tolist() == left


@pytest.mark.parametrize("goes_left", [False, True])
def test_a_code_is_a_number_without_its_fraction_and_any_other_goes_with_what_is_not_named(
    goes_left: bool,
) -> None:
    """As LightGBM casts to an integer: minus a half is code 0, minus one is none."""
    one = ensemble([named([0, 2], goes_left=goes_left)], missing=np.full(3, MISSING_NONE))
    x = np.array([0.0, -0.5, 0.9, 2.0, 2.9, -1.0, -7.0, 1.0, 3.0, 1e300, np.inf, -np.inf, np.nan])
    is_named = left_mask(one, np.zeros(len(x), np.int64), x) == goes_left
    assert is_named.tolist() == [True] * 5 + [False] * 8
    gone = replace(one, missing=np.full(3, MISSING_NAN), default_left=np.ones(3, bool))
    assert left_mask(gone, np.zeros(1, np.int64), np.array([np.nan])).tolist() == [True]
