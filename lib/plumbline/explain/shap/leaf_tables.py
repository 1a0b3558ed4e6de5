"""Path-dependent contributions of many rows, looked up: what whole parts of a tree give, by the pattern of its splits.

A leaf's shares depend on p alone, one bit a feature of its path (see ``treeshap``). Leaves of one subtree share most
of their splits, so that the shares of all of them together are a table over the patterns of these: one bit for each
split inside the subtree, one for each feature of the path above it. A row is then one number a subtree, and its
contributions are looked up. With Q(p) the integral over t of 1 / (1 - t) times the product over all features g of
t p_g + (1 - t) z_g, feature f's share is v (1 - z_f) / z_f Q(p without f) where p_f = 1, else - v Q(p).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray
from plumbline.explain.shap.rank_codes import BLOCK, Ranks
from plumbline.explain.trees import TreeEnsemble

#: a step of a path: the split, and whether it goes left there
Step = tuple[int, bool]
#: bits of a pattern: at least and at most; a single leaf may have some more
FEWEST, MOST, MORE = 8, 11, 3


@dataclass(frozen=True, slots=True)
class Subtree:
    """A subtree whose patterns are tabulated: its root, and the steps above it by feature."""

    root: int
    above: dict[int, tuple[Step, ...]]
    ratio: dict[int, float]  # the z of the steps above, by feature


def pattern_bits(rows: int) -> int:
    """How many bits a pattern may have, so that making the tables does not cost more than looking up."""
    return max(FEWEST, min(MOST, rows.bit_length() - 4))


def add_leaf_tables(ranks: Ranks, out: FloatArray, *, output: int, trees: int, bits: int) -> None:
    """Add to ``out`` (d, n) the contributions of all leaves whose paths hold at most ``bits + MORE`` features."""
    e, n = ranks.ensemble, out.shape[1]
    buffer = np.empty(min(n, BLOCK))
    for tree in range(trees or len(e.roots)):
        if e.tree_output[tree] != output:
            continue
        for part in subtrees(e, tree, bits):
            features, inner, table = tabulate(e, part)
            for begin in range(0, n, BLOCK):
                end = min(n, begin + BLOCK)
                code = _codes(ranks, part, inner, begin, end)
                block = buffer[: end - begin]
                for feature, column in zip(features, table, strict=True):
                    np.take(column, code, out=block, mode="clip")
                    out[feature, begin:end] += block


def subtrees(ensemble: TreeEnsemble, tree: int, bits: int) -> Iterator[Subtree]:
    """A tree cut into the largest subtrees whose patterns have at most ``bits`` bits, or single leaves of ``MORE``."""
    e = ensemble
    root = int(e.roots[tree])
    end = int(e.roots[tree + 1]) if tree + 1 < len(e.roots) else len(e.left)
    left, right = (side[root:end].tolist() for side in (e.left, e.right))
    size = [0] * (end - root)  # splits inside; children come after their parents
    for at in range(end - root - 1, -1, -1):
        if left[at] >= 0:
            size[at] = 1 + size[left[at] - root] + size[right[at] - root]
    waiting = [Subtree(root, {}, {})]
    while waiting:
        part = waiting.pop()
        at = part.root - root
        if len(part.above) + size[at] <= bits + (0 if size[at] else MORE):
            if part.above or size[at]:
                yield part
        elif left[at] >= 0:
            feature = int(e.feature[part.root])
            for child in (left[at], right[at]):
                step = (part.root, child == left[at])
                ratio = part.ratio.get(feature, 1.0) * float(e.cover[child] / e.cover[part.root])
                waiting.append(
                    Subtree(
                        child,
                        part.above | {feature: (*part.above.get(feature, ()), step)},
                        part.ratio | {feature: ratio},
                    )
                )


def tabulate(ensemble: TreeEnsemble, part: Subtree) -> tuple[list[int], list[int], FloatArray]:
    """The features of a part, the splits inside it, and what each pattern gives each feature (features, 2**bits).

    Bits: the features above, in their order, then the splits.
    """
    e = ensemble
    inner: list[int] = []
    leaves: list[tuple[int, dict[int, list[tuple[int, bool]]], dict[int, float]]] = []
    waiting = [(part.root, {f: [(i, True)] for i, f in enumerate(part.above)}, part.ratio)]
    while waiting:
        node, passed, ratio = waiting.pop()
        if e.left[node] < 0:
            leaves.append((node, passed, ratio))
            continue
        bit, feature = len(part.above) + len(inner), int(e.feature[node])
        inner.append(node)
        for child, side in ((int(e.left[node]), True), (int(e.right[node]), False)):
            share = ratio.get(feature, 1.0) * float(e.cover[child] / e.cover[node])
            steps = [*passed.get(feature, []), (bit, side)]
            waiting.append((child, passed | {feature: steps}, ratio | {feature: share}))
    bits = len(part.above) + len(inner)
    features = sorted({f for _, passed, _ in leaves for f in passed})
    place = {f: i for i, f in enumerate(features)}
    table = np.zeros((len(features), 2**bits))
    for leaf, passed, ratio in leaves:
        code = np.zeros(2**bits, np.intp)
        for j, steps in enumerate(passed.values()):
            both = _bit(bits, *steps[0], j)
            for step in steps[1:]:
                both = both & _bit(bits, *step, j)
            code += both
        shares = pattern_shares(np.array([ratio[f] for f in passed]), float(e.value[leaf]))
        for feature, column in zip(passed, shares, strict=True):
            table[place[feature]] += column.take(code)
    return features, inner, table


@lru_cache(maxsize=4_096)
def _bit(bits: int, place: int, wanted: bool, moved: int) -> NDArray[np.intp]:
    """(2**bits,) 1 << ``moved`` where a pattern's bit is as wanted, else 0."""
    held = (np.arange(2**bits) >> place) & 1
    return (held if wanted else 1 - held) << moved


def pattern_shares(ratio: FloatArray, value: float) -> FloatArray:
    """The shares of one leaf's features for every pattern of p (bit j for feature j): (m, 2**m)."""
    m = len(ratio)
    points, weights = _nodes(m)
    low, high = (_products(points, z) for z in (ratio[: m // 2], ratio[m // 2 :]))
    q = (high * (value * weights / (1 - points)) @ low.T).ravel()
    without, present = _bit_removal(m)
    shares: FloatArray = q.take(without)
    shares *= np.where(present, ((1 - ratio) / ratio)[:, None], -1.0)
    return shares


def _products(points: FloatArray, ratio: FloatArray) -> FloatArray:
    """The product over some features of t p + (1 - t) z, for every pattern of them and every t: (2**k, T)."""
    _, present = _bit_removal(len(ratio))
    absent = (1 - points) * ratio[:, None]
    factors = np.where(present[:, :, None], (absent + points)[:, None], absent[:, None])
    product: FloatArray = factors.prod(axis=0)
    return product


@lru_cache(maxsize=32)
def _bit_removal(m: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(m, 2**m): each pattern without bit j, and whether it has bit j."""
    patterns, bit = np.arange(2**m)[None, :], 1 << np.arange(m)[:, None]
    return patterns & ~bit, patterns & bit > 0


@lru_cache(maxsize=64)
def _nodes(m: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [0, 1], exact to degree m - 1."""
    points, weights = np.polynomial.legendre.leggauss((m + 1) // 2)
    return (points + 1) / 2, weights / 2


def _codes(ranks: Ranks, part: Subtree, inner: list[int], begin: int, end: int) -> NDArray[np.intp]:
    """The pattern of each row from ``begin`` to ``end``."""
    code = np.zeros((2, end - begin), np.uint8)
    for place, steps in enumerate([*part.above.values(), *(((node, True),) for node in inner)]):
        passed = None
        for node, side in steps:
            left = ranks.goes_left(node, begin, end)
            here = left if side else ~left
            passed = here if passed is None else passed & here
        assert passed is not None
        code[place // 8] |= passed.view(np.uint8) << np.uint8(place % 8)
    code_of_row: NDArray[np.intp] = code[0].astype(np.intp)
    if len(part.above) + len(inner) > 8:
        code_of_row += code[1].astype(np.intp) << 8
    return code_of_row
