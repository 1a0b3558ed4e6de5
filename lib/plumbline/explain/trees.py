"""Tree ensembles as plain arrays, checked before anything walks them.

A model file is hostile until its numbers are checked: native loaders and explainers follow a bad child index
out of their memory. Here every ensemble passes ``check_ensemble`` first, and what it accepts is a set of
finite, acyclic trees. Knows no file format; imports numpy only, because it runs in the child process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, PlumblineError
from plumbline.domain.messages import message
from plumbline.wording.quantities import count

BoolArray = NDArray[np.bool_]

MAX_TREES = 20_000
MAX_NODES = 2_000_000
MAX_DEPTH = 512
MAX_FEATURES = 20_000
MAX_OUTPUTS = 1_000
MAX_CATEGORY = 65_535  # the largest category code a split may name
MAX_CATEGORY_CELLS = 50_000_000

#: what counts as missing at a split: nothing (NaN is read as 0), zero and NaN, or NaN
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
#: values this close to zero are "zero" where zero counts as missing (LightGBM's constant)
ZERO = 1e-35
LINKS = ("identity", "probability", "logit", "log", "softmax")  # the margin may be a probability already


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTree:
    """One tree as a reader found it; node 0 is the root, nodes are arrays of equal length.

    ``left``/``right`` are node numbers or -1 at a leaf; ``x <= threshold`` goes left. ``categories`` maps a
    node that splits on a category to the codes that are named and whether those go left.
    """

    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    default_left: BoolArray
    missing: IntArray
    value: FloatArray
    cover: FloatArray
    categories: dict[int, tuple[IntArray, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEnsemble:
    """All trees of a model, their nodes one after another (N nodes, T trees, K outputs, d features).

    Tree t owns nodes ``roots[t]`` up to the next root; ``left``/``right`` are positions in the whole array,
    -1 at a leaf. Node arrays have shape (N,). ``category_start`` is -1 at a numeric split, else where the
    node's ``category_size`` cells begin in ``goes_left``: one cell a code, the last for any other code.
    The margin is ``base`` plus the leaves' values (log-odds under the logit link).
    """

    roots: IntArray
    tree_output: IntArray  # (T,) which of the K outputs a tree adds to
    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    default_left: BoolArray
    missing: IntArray
    value: FloatArray
    cover: FloatArray
    category_start: IntArray
    category_size: IntArray
    goes_left: BoolArray
    base: FloatArray  # (K,)
    feature_names: tuple[str, ...]
    #: a feature's category list by code, or None where the file has none
    categories: tuple[tuple[str | float, ...] | None, ...]
    #: (d, 2) least and greatest training value where the file says, else NaN
    ranges: FloatArray
    objective: str
    link: str
    float32: bool = False  # inputs are read as float32 before they are compared (XGBoost)
    best_trees: int = 0  # trees up to the best iteration of early stopping; 0: all
    format: str = ""

    @property
    def outputs(self) -> int:
        return len(self.base)

    @property
    def used_features(self) -> BoolArray:
        """(d,) whether any split looks at the feature."""
        counts = np.bincount(self.feature[self.left >= 0], minlength=len(self.feature_names))
        return counts > 0


def refuse(what: str, todo: str = "") -> PlumblineError:
    """The error for a model file that cannot be accepted."""
    return PlumblineError(message("The model file was refused: {what}", what=what), todo=todo)


def join_trees(trees: list[RawTree], n_features: int) -> dict[str, NDArray[np.generic]]:
    """The node arrays of a ``TreeEnsemble`` from its trees, by field name.

    Raises PlumblineError where the arrays of a tree differ in length or a cap is exceeded.
    """
    if not 1 <= len(trees) <= MAX_TREES:
        raise refuse(f"it has {len(trees)} trees; between 1 and {count(MAX_TREES)} are accepted")
    if not 1 <= n_features <= MAX_FEATURES:
        raise refuse(f"it has {n_features} features; between 1 and {count(MAX_FEATURES)} are accepted")
    for number, tree in enumerate(trees):
        fields = (tree.right, tree.feature, tree.threshold, tree.default_left, tree.missing, tree.value)
        if len(tree.left) == 0 or any(len(f) != len(tree.left) for f in (*fields, tree.cover)):
            raise refuse(f"tree {number} has arrays of different lengths")
    sizes = np.array([len(t.left) for t in trees], np.int64)
    if int(sizes.sum()) > MAX_NODES:
        raise refuse(f"it has {count(int(sizes.sum()))} nodes; at most {count(MAX_NODES)} are accepted")
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    shift = np.repeat(roots, sizes)
    _check_children(trees, sizes)
    left, right = (np.concatenate([getattr(t, side) for t in trees]) for side in ("left", "right"))
    start, size, cells = _category_cells(trees, roots, int(sizes.sum()))
    return {
        "roots": roots,
        "left": np.where(left >= 0, left + shift, -1),
        "right": np.where(right >= 0, right + shift, -1),
        "feature": np.concatenate([t.feature for t in trees]),
        "threshold": np.concatenate([t.threshold for t in trees]),
        "default_left": np.concatenate([t.default_left for t in trees]),
        "missing": np.concatenate([t.missing for t in trees]),
        "value": np.concatenate([t.value for t in trees]),
        "cover": np.concatenate([t.cover for t in trees]),
        "category_start": start,
        "category_size": size,
        "goes_left": cells,
    }


def _check_children(trees: list[RawTree], sizes: IntArray) -> None:
    """Both children or none, each inside its own tree and greater than its parent."""
    left, right = (np.concatenate([getattr(t, side) for t in trees]) for side in ("left", "right"))
    order_in_parent = np.concatenate([np.arange(n) for n in sizes])
    size = np.repeat(sizes, sizes)
    number = np.repeat(np.arange(len(sizes)), sizes)
    leaf = (left == -1) & (right == -1)
    inside = (
        (left > order_in_parent)
        & (right > order_in_parent)
        & (left < size)
        & (right < size)
        & (left != right)
    )
    bad = np.flatnonzero(~(leaf | inside))
    if len(bad):
        raise refuse(
            f"tree {number[bad[0]]}, node {order_in_parent[bad[0]]} points to a child that is not there"
        )


def _category_cells(
    trees: list[RawTree], roots: IntArray, nodes: int
) -> tuple[IntArray, IntArray, BoolArray]:
    start, size = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64)
    tables: list[BoolArray] = []
    total = 0
    for root, tree in zip(roots.tolist(), trees, strict=True):
        for node, (codes, named_left) in tree.categories.items():
            if len(codes) and (codes.min() < 0 or codes.max() > MAX_CATEGORY):
                raise refuse(f"a split names a category code outside 0 to {count(MAX_CATEGORY)}")
            if not 0 <= node < len(tree.left):
                raise refuse("a category split belongs to a node that is not there")
            cells = np.full(int(codes.max(initial=-1)) + 2, not named_left)
            cells[codes] = named_left
            start[root + node], size[root + node] = total, len(cells)
            total += len(cells)
            if total > MAX_CATEGORY_CELLS:
                raise refuse("its category splits are too large")
            tables.append(cells)
    return start, size, np.concatenate(tables) if tables else np.zeros(0, np.bool_)


def check_ensemble(ensemble: TreeEnsemble) -> TreeEnsemble:
    """Return the ensemble if every number in it is safe to use.

    Checks: each node is the child of exactly one other (so no cycles), depth, feature indices, finite
    thresholds and leaf values, positive cover, finite base, known link. Raises PlumblineError otherwise.
    """
    e = ensemble
    nodes, inner = len(e.left), e.left >= 0
    if len(e.roots) != len(e.tree_output) or not 1 <= e.outputs <= MAX_OUTPUTS:
        raise refuse("its trees and its outputs do not match")
    if e.tree_output.min() < 0 or e.tree_output.max() >= e.outputs:
        raise refuse("a tree belongs to an output that is not there")
    expected = np.ones(nodes, np.int64)
    expected[e.roots] = 0
    children = np.concatenate([e.left[inner], e.right[inner]])
    if np.any(np.bincount(children, minlength=nodes) != expected):
        raise refuse("its trees are not trees: a node has several parents or none")
    if tree_depth(e) > MAX_DEPTH:
        raise refuse(f"a tree is deeper than {MAX_DEPTH}")
    if np.any((e.feature[inner] < 0) | (e.feature[inner] >= len(e.feature_names))):
        raise refuse("a split looks at a feature that is not there")
    if np.isnan(e.threshold[inner]).any():
        raise refuse("a threshold is not a number")
    if not np.isfinite(e.value[~inner]).all() or np.abs(e.value[~inner]).max() > 1e100:
        raise refuse("a leaf value is not a usable number")
    if not np.isfinite(e.cover).all() or np.any(e.cover <= 0):
        raise refuse(
            "a node has no training weight (cover), so its contributions are not defined",
            "Save the model with its training counts, or train it without weightless leaves.",
        )
    if not np.isfinite(e.base).all():
        raise refuse("its base score is not a number")
    if e.link not in LINKS:
        raise refuse(f"its link {e.link!r} is not known")
    if len(set(e.feature_names)) != len(e.feature_names):
        raise refuse("two of its features have the same name")
    return e


def tree_depth(ensemble: TreeEnsemble) -> int:
    """The number of splits on the longest path; stops counting past ``MAX_DEPTH``."""
    front, depth = ensemble.roots, 0
    while depth <= MAX_DEPTH:
        front = front[ensemble.left[front] >= 0]
        if not len(front):
            break
        front = np.concatenate([ensemble.left[front], ensemble.right[front]])
        depth += 1
    return depth


def left_mask(ensemble: TreeEnsemble, nodes: IntArray, x: FloatArray) -> BoolArray:
    """Whether values ``x`` (same shape as ``nodes``, or broadcast against it) go left at these split nodes.

    ``nodes`` (n,) or (n, 1) against x (n, rows). Float32 rounding of the inputs is the caller's.
    """
    kind, start = ensemble.missing[nodes], ensemble.category_start[nodes]
    left: BoolArray = x <= ensemble.threshold[nodes]
    nan = np.isnan(x)
    if not nan.any() and not np.any(kind == MISSING_ZERO) and not np.any(start >= 0):
        return left
    left |= nan & (ensemble.threshold[nodes] >= 0)  # NaN read as 0, unless it counts as missing below
    gone = (nan & (kind != MISSING_NONE)) | ((kind == MISSING_ZERO) & (np.abs(x) <= ZERO))
    if np.any(start >= 0):
        last = ensemble.category_size[nodes] - 1
        code = np.where(np.isfinite(x) & (x > -1), x, -1.0)
        code = np.where(code < 0, np.where(code > -1, 0, last), np.minimum(np.trunc(code), last))
        by_code = ensemble.goes_left[np.where(start >= 0, start + code.astype(np.int64), 0)]
        left = np.where(start >= 0, by_code, left)
    return np.where(gone, ensemble.default_left[nodes], left)
