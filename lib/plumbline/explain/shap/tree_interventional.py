"""Interventional SHAP of trees against a background of rows, exact for that background, in plain NumPy.

For one leaf, one row x and one background row r, let A be the path's features that only x passes and B those
that only r passes. Where every feature is passed by one of them the leaf of value v counts, and a feature of A gets

    v (|A| - 1)! |B|! / (|A| + |B|)!        and a feature of B   - v |A|! (|B| - 1)! / (|A| + |B|)!

(Lundberg et al. 2020, "interventional" Tree SHAP; Shapley values of the game f(x_S, r_rest), averaged over r.)
A feature that no split looks at gets nothing. Where there are more rows than patterns of p a leaf's patterns
are worked out once.
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial

import numpy as np

from plumbline.domain import FloatArray, PlumblineError
from plumbline.explain.shap.tree_path_dependent import (
    Leaves,
    leaves,
    margins,
    model_rows,
    passes_path,
    slices,
)
from plumbline.explain.trees import BoolArray, TreeEnsemble, refuse

MOST_FEATURES = 60  # on one path: factorials beyond say nothing in double precision
MOST_PATTERN = 8
CELLS = 2_000_000


def interventional(
    ensemble: TreeEnsemble, rows: FloatArray, background: FloatArray, *, output: int = 0, trees: int = 0
) -> tuple[FloatArray, float]:
    """Contributions (n, d) of rows to the margin of one output against ``background`` (b, d), and the base.

    The base is the background's mean margin; base + row sum = the row's margin up to rounding. Raises
    PlumblineError where the background is empty or a path has too many features.
    """
    if not len(background):
        raise PlumblineError("The background has no rows", todo="Load decisions of a healthy reference.")
    x, known = model_rows(ensemble, rows), model_rows(ensemble, background)
    base = float(margins(ensemble, known, trees)[:, output].mean())
    parts = np.zeros((x.shape[1], len(x)))
    columns, rows_by_feature = np.ascontiguousarray(x.T), np.ascontiguousarray(known.T)
    for group in leaves(ensemble, output, trees):
        m = group.feature.shape[1]
        if m > MOST_FEATURES:
            raise refuse(f"a path of it looks at {m} features; at most {MOST_FEATURES} are explained")
        if m:
            _add(ensemble, group, columns, rows_by_feature, parts)
    return np.ascontiguousarray(parts.T), base


def _add(
    ensemble: TreeEnsemble, group: Leaves, columns: FloatArray, total: FloatArray, out: FloatArray
) -> None:
    m, n = group.feature.shape[1], columns.shape[1]
    tabulate = m <= MOST_PATTERN and n > 2**m
    patterns = (np.arange(2**m)[None, :] >> np.arange(m)[:, None]) & 1 == 1 if tabulate else None
    for part in slices(group, max(n, total.shape[1], 2**m if tabulate else 1), CELLS):
        theirs = passes_path(ensemble, part, total)
        mine = passes_path(ensemble, part, columns)
        if patterns is None:
            shares = _shares(mine, theirs) * part.value[:, None, None]
        else:
            table = _shares(np.broadcast_to(patterns, (len(part.value), m, 2**m)), theirs)
            code = (mine * (1 << np.arange(m))[None, :, None]).sum(axis=1)
            shares = np.take_along_axis(table * part.value[:, None, None], code[:, None, :], axis=2)
        flat, order = shares.reshape(-1, n), np.argsort(part.feature.ravel(), kind="stable")
        features, first = np.unique(part.feature.ravel()[order], return_index=True)
        out[features] += np.add.reduceat(flat[order], first, axis=0)


@lru_cache(maxsize=MOST_FEATURES + 1)
def _weights(m: int) -> tuple[FloatArray, FloatArray]:
    """(m+1, m+1) weights of a feature of A and of one of B, by |A| and |B|."""
    up, down = np.zeros((m + 1, m + 1)), np.zeros((m + 1, m + 1))
    for a in range(m + 1):
        for b in range(m + 1 - a):
            if a:
                up[a, b] = factorial(a - 1) * factorial(b) / factorial(a + b)
            if b:
                down[a, b] = factorial(a) * factorial(b - 1) / factorial(a + b)
    return up, down


def _shares(mine: BoolArray, theirs: BoolArray) -> FloatArray:
    """Shares without v of rows (L, m, n) against background rows (L, m, b), averaged over these: (L, m, n)."""
    m, b = mine.shape[1], theirs.shape[2]
    up, down = _weights(m)
    total = np.zeros(mine.shape)
    for r in range(b):
        other = theirs[:, :, r : r + 1]
        only_x, only_r = mine & ~other, other & ~mine
        reached = (mine | other).all(axis=1)
        a = np.where(reached, only_x.sum(axis=1), 0)
        c = np.where(reached, only_r.sum(axis=1), 0)
        total += only_x * np.where(reached, up[a, c], 0.0)[:, None, :]
        total -= only_r * np.where(reached, down[a, c], 0.0)[:, None, :]
    total /= b
    return total
