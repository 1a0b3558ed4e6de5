"""Exact path-dependent Tree SHAP in plain NumPy, for many rows at once, and the model's own score.

Method (Lundberg et al. 2020 for the value function; the multilinear extension of Owen 1972 for the sum): for
a leaf of value v let p_f be 1 where the row passes every split on feature f along the leaf's path, else 0,
and z_f the product of the cover ratios of those splits. Feature f's share is

    v (p_f - z_f) * integral over t in [0, 1] of the product over the other features g of t p_g + (1 - t) z_g

a polynomial of degree m - 1 in t for m path features, so that Gauss-Legendre with ceil(m / 2) nodes is exact.
Missing values and categories only change p. For many rows the patterns of p are worked out once (``leaf_tables``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, IntArray, PlumblineError
from plumbline.explain.shap.leaf_tables import MORE, add_leaf_tables, pattern_bits
from plumbline.explain.shap.rank_codes import MOST_LEAVES, leaf_sums, rank_rows
from plumbline.explain.trees import BoolArray, TreeEnsemble, left_mask, refuse, tree_depth

#: cells (path edges x rows) worked on at once: about 10 bytes each
CELLS = 4_000_000
MAX_EDGES = 30_000_000
#: from this many rows on patterns are tabulated
PATTERN_ROWS = 256
BLOCK_ROWS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Leaves whose paths hold m features each: L leaves, L x m pairs (leaf, feature), E edges.

    Edges are sorted by pair; ``first_edge`` (L x m,) is where a pair's edges begin.
    """

    value: FloatArray  # (L,)
    output: IntArray  # (L,)
    feature: IntArray  # (L, m)
    ratio: FloatArray  # (L, m), the z of the formula
    edge_node: IntArray  # (E,)
    edge_left: BoolArray  # (E,)
    first_edge: IntArray


def margins(ensemble: TreeEnsemble, rows: FloatArray, trees: int = 0) -> FloatArray:
    """The sum of the leaves a row falls into, plus the base: (n, K). ``trees``: the first so many, 0: all."""
    x = model_rows(ensemble, rows)
    result = np.tile(ensemble.base, (len(x), 1))
    limit = trees or len(ensemble.roots)
    sizes = np.diff(ensemble.roots, append=len(ensemble.left))
    if len(x) >= PATTERN_ROWS and sizes.max() < 2 * MOST_LEAVES:  # a tree of L leaves has 2 L - 1 nodes
        return result + leaf_sums(rank_rows(ensemble, np.ascontiguousarray(x.T)), limit)
    roots, outputs = ensemble.roots[:limit], ensemble.tree_output[:limit]
    block = max(1, CELLS // (4 * len(roots)))
    for begin in range(0, len(x), block):
        part = x[begin : begin + block]
        at = np.tile(roots, (len(part), 1))
        row = np.arange(len(part))[:, None]
        for _ in range(tree_depth(ensemble)):
            inner = ensemble.left[at] >= 0
            values = part[row, np.where(inner, ensemble.feature[at], 0)]
            left = left_mask(ensemble, at, values)
            at = np.where(inner, np.where(left, ensemble.left[at], ensemble.right[at]), at)
        leaf = ensemble.value[at]
        for k in range(ensemble.outputs):
            result[begin : begin + block, k] += leaf[:, outputs == k].sum(axis=1)
    return result


def to_score(link: str, margin: FloatArray) -> FloatArray:
    """The score of a margin (n, K): probabilities for logit and softmax, positive values for log."""
    if link == "logit":
        small = np.exp(-np.abs(margin))
        logistic: FloatArray = np.where(margin >= 0, 1.0, small) / (1.0 + small)
        return logistic
    if link == "log":
        return np.exp(np.minimum(margin, 700.0))
    if link == "softmax":
        raised = np.exp(margin - margin.max(axis=1, keepdims=True))
        scaled: FloatArray = raised / raised.sum(axis=1, keepdims=True)
        return scaled
    return margin


def contributions(
    ensemble: TreeEnsemble, rows: FloatArray, *, output: int = 0, trees: int = 0
) -> tuple[FloatArray, float]:
    """Each feature's contribution to the margin of one output, and the base value.

    rows: (n, d) float64, NaN for missing. Returns (n, d) and the mean margin over the training cover;
    base + row sum = ``margins`` up to rounding. Raises PlumblineError where the paths are too many.
    """
    x = model_rows(ensemble, rows)
    if not 0 <= output < ensemble.outputs:
        raise PlumblineError(f"The model has no output {output}")
    parts = np.zeros((x.shape[1], len(x)))
    base = float(ensemble.base[output])
    columns = np.ascontiguousarray(x.T)
    bits = pattern_bits(len(x)) if len(x) >= PATTERN_ROWS else 0
    if bits:
        add_leaf_tables(rank_rows(ensemble, columns), parts, output=output, trees=trees, bits=bits)
    for group in leaves(ensemble, output, trees):
        base += float(np.sum(group.value * np.prod(group.ratio, axis=1)))
        if group.feature.shape[1] > (bits + MORE if bits else 0):
            for begin in range(0, len(x), BLOCK_ROWS):
                block = slice(begin, begin + BLOCK_ROWS)
                _add_directly(ensemble, group, np.ascontiguousarray(columns[:, block]), parts[:, block])
    return np.ascontiguousarray(parts.T), base


def model_rows(ensemble: TreeEnsemble, rows: FloatArray) -> FloatArray:
    """Rows as the model compares them; infinities count as ordinary, extreme values."""
    x = np.asarray(rows, np.float64)
    if x.ndim != 2 or x.shape[1] != len(ensemble.feature_names):
        raise PlumblineError(f"The model takes {len(ensemble.feature_names)} features, not {x.shape[-1]}")
    if ensemble.float32:
        with np.errstate(over="ignore"):
            x = x.astype(np.float32).astype(np.float64)
    return x


def leaves(ensemble: TreeEnsemble, output: int, trees: int) -> Iterator[Leaves]:
    """The leaves of one output grouped by the number of features on their path."""
    e = ensemble
    nodes = np.arange(len(e.left))
    inner = np.flatnonzero(e.left >= 0)
    parent = np.full(len(e.left), -1, np.int64)
    parent[e.left[inner]] = parent[e.right[inner]] = inner
    tree = np.searchsorted(e.roots, nodes, side="right") - 1
    wanted = (e.left < 0) & (e.tree_output[tree] == output) & (tree < (trees or len(e.roots)))
    leaf = np.flatnonzero(wanted)
    owner, child = _climb(parent, leaf)
    node = parent[child]
    width = len(e.feature_names)
    key = owner * width + e.feature[node]
    order = np.argsort(key, kind="stable")
    pairs, first, edges = np.unique(key[order], return_index=True, return_counts=True)
    node, child = node[order], child[order]
    share = e.cover[child] / e.cover[node]
    ratio = np.multiply.reduceat(share, first) if len(first) else np.zeros(0)
    pair_owner = pairs // width
    many = np.bincount(pair_owner, minlength=len(leaf))
    for m in np.unique(many):
        mine = np.flatnonzero(many == m)
        chosen = np.flatnonzero(many[pair_owner] == m)
        counts = edges[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64) if len(chosen) else chosen
        take = np.repeat(first[chosen] - starts, counts) + np.arange(int(counts.sum()))
        yield Leaves(
            value=e.value[leaf[mine]],
            output=e.tree_output[tree[leaf[mine]]],
            feature=(pairs[chosen] % width).reshape(len(mine), int(m)),
            ratio=ratio[chosen].reshape(len(mine), int(m)),
            edge_node=node[take],
            edge_left=e.left[node[take]] == child[take],
            first_edge=starts,
        )


def _climb(parent: IntArray, leaf: IntArray) -> tuple[IntArray, IntArray]:
    """Every step from a leaf to its root: (position of the leaf in ``leaf``, the node stepped up from)."""
    owner, at = np.arange(len(leaf)), leaf
    owners, children, total = [], [], 0
    while True:
        up = parent[at] >= 0
        owner, at = owner[up], at[up]
        if not len(at):
            break
        total += len(at)
        if total > MAX_EDGES:
            raise refuse("its paths are too many to explain")
        owners.append(owner)
        children.append(at)
        at = parent[at]
    none = np.zeros(0, np.int64)
    return np.concatenate(owners) if owners else none, np.concatenate(children) if children else none


def slices(group: Leaves, rows: int, cells: int = 0) -> Iterator[Leaves]:
    """The group cut into parts whose edges x rows stay within ``cells`` (``CELLS`` where none are given)."""
    many, m = group.feature.shape
    edges = len(group.edge_node)
    step = max(1, int(many * (cells or CELLS) / max(1, edges * rows)))
    for begin in range(0, many, step):
        end = min(many, begin + step)
        low = group.first_edge[begin * m]
        high = group.first_edge[end * m] if end < many else edges
        yield Leaves(
            value=group.value[begin:end],
            output=group.output[begin:end],
            feature=group.feature[begin:end],
            ratio=group.ratio[begin:end],
            edge_node=group.edge_node[low:high],
            edge_left=group.edge_left[low:high],
            first_edge=group.first_edge[begin * m : end * m] - low,
        )


def passes_path(ensemble: TreeEnsemble, group: Leaves, columns: FloatArray) -> BoolArray:
    """(L, m, rows): whether a row passes all splits of a path on one of its features; eight rows a byte."""
    nodes, place = np.unique(group.edge_node, return_inverse=True)
    left = left_mask(ensemble, nodes[:, None], columns[ensemble.feature[nodes]])
    packed = np.packbits(left, axis=1)[place]
    packed ^= np.where(group.edge_left, 0, 255).astype(np.uint8)[:, None]
    packed = np.bitwise_and.reduceat(packed, group.first_edge, axis=0)
    passed = np.unpackbits(packed, axis=1, count=columns.shape[1]).view(np.bool_)
    return passed.reshape(*group.feature.shape, -1)


def _shares(ratio: FloatArray, passed: BoolArray) -> FloatArray:
    """The formula without v: ratio (L, m) and passed (L, m, rows or patterns) to shares of the same shape."""
    m = ratio.shape[1]
    z = ratio[:, :, None]
    points, weights = np.polynomial.legendre.leggauss((m + 1) // 2)
    total = np.zeros(passed.shape)
    for t, w in zip((points + 1) / 2, weights / 2, strict=True):
        factor = np.where(passed, t + (1 - t) * z, (1 - t) * z)
        total += w * (factor.prod(axis=1, keepdims=True) / factor)
    shares: FloatArray = (passed - z) * total
    return shares


def _add_directly(ensemble: TreeEnsemble, group: Leaves, columns: FloatArray, out: FloatArray) -> None:
    for part in slices(group, columns.shape[1]):
        shares = _shares(part.ratio, passes_path(ensemble, part, columns)) * part.value[:, None, None]
        flat, order = shares.reshape(-1, shares.shape[2]), np.argsort(part.feature.ravel(), kind="stable")
        features, first = np.unique(part.feature.ravel()[order], return_index=True)
        out[features] += np.add.reduceat(flat[order], first, axis=0)
