"""Many rows at once at the splits of trees: values as small whole numbers, so that a split is one comparison of them.

A value's rank at its feature is the number of the model's thresholds below it: ``x <= threshold`` exactly where its
rank is at most the threshold's. What counts as missing takes the first or the last rank, whichever way it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.explain.trees import MISSING_NAN, MISSING_ZERO, ZERO, BoolArray, TreeEnsemble, left_mask

#: rows that are worked on at once, so that their intermediate results stay near the processor
BLOCK = 8_192
#: a leaf's number fits one byte
MOST_LEAVES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Rows by rank: ``columns[ways[node]]`` (n,) at a split on numbers; ``ways`` is -1 at a split on categories."""

    ensemble: TreeEnsemble
    values: FloatArray  # (d, n)
    columns: tuple[NDArray[Any], ...]
    ways: IntArray  # (N,)
    rank: IntArray  # (N,) the threshold's

    def goes_left(self, node: int, begin: int, end: int) -> BoolArray:
        """Whether the rows from ``begin`` to ``end`` go left at a split."""
        way = self.ways[node]
        if way >= 0:
            column = self.columns[way]
            mask: BoolArray = column[begin:end] <= column.dtype.type(self.rank[node])
            return mask
        values = self.values[self.ensemble.feature[node], begin:end]
        mask = left_mask(self.ensemble, np.array([node]), values[None, :])[0]
        return mask


def rank_rows(ensemble: TreeEnsemble, values: FloatArray) -> Ranks:
    """The rows of ``values`` (d, n), as the model compares them, by rank."""
    e, nodes = ensemble, len(ensemble.left)
    ways, rank = np.full(nodes, -1, np.int64), np.zeros(nodes, np.int64)
    columns: list[NDArray[Any]] = []
    numeric = np.flatnonzero((e.left >= 0) & (e.category_start < 0))
    for feature in np.unique(e.feature[numeric]).tolist():
        mine = numeric[e.feature[numeric] == feature]
        points, rank[mine] = np.unique(e.threshold[mine], return_inverse=True)
        x = values[feature]
        kind = np.uint16 if len(points) < 65_535 else np.uint32
        plain = np.searchsorted(points, np.where(np.isnan(x), 0.0, x), side="left").astype(kind)
        for missing in np.unique(e.missing[mine]).tolist():
            gone = np.isnan(x) if missing in (MISSING_NAN, MISSING_ZERO) else np.zeros(len(x), np.bool_)
            if missing == MISSING_ZERO:
                gone |= np.abs(x) <= ZERO
            for default in (False, True):
                chosen = mine[(e.missing[mine] == missing) & (e.default_left[mine] == default)]
                if len(chosen):
                    ways[chosen] = len(columns)
                    columns.append(np.where(gone, kind(0 if default else len(points)), plain))
    return Ranks(ensemble=e, values=values, columns=tuple(columns), ways=ways, rank=rank)


def leaf_sums(ranks: Ranks, limit: int) -> FloatArray:
    """The sum of the leaves that rows fall into over the first ``limit`` trees, by output: (n, K).

    For trees of at most ``MOST_LEAVES`` leaves: every leaf is looked at, none is walked to.
    """
    e, n = ranks.ensemble, ranks.values.shape[1]
    result = np.zeros((e.outputs, n))
    ends = [*e.roots[1:].tolist(), len(e.left)]
    for tree, root in enumerate(e.roots[:limit].tolist()):
        leaf = np.flatnonzero(e.left[root : ends[tree]] < 0) + root
        values, number = e.value[leaf], {int(at): i for i, at in enumerate(leaf.tolist())}
        out = result[e.tree_output[tree]]
        for begin in range(0, n, BLOCK):
            end = min(n, begin + BLOCK)
            place = np.zeros(end - begin, np.uint8)
            waiting = [(root, np.ones(end - begin, np.bool_))]
            while waiting:
                node, here = waiting.pop()
                if node in number:
                    place += here.view(np.uint8) * np.uint8(number[node])
                    continue
                left = ranks.goes_left(node, begin, end)
                waiting.append((int(e.left[node]), here & left))
                waiting.append((int(e.right[node]), here > left))
            out[begin:end] += values.take(place)
    return result.T
