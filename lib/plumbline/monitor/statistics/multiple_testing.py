"""Many tests at once: Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57)."""

from __future__ import annotations

import numpy as np

from plumbline.domain import FloatArray


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (q-values) of tests made together, (k,) in the order given.

    (k, m): m families at once, one a column. NaN stays NaN and is not counted.
    """
    finite_p = np.where(np.isfinite(p_values), p_values, np.inf)
    order = np.argsort(finite_p, axis=0, kind="stable")
    ranks = np.arange(1, len(finite_p) + 1).reshape(-1, *[1] * (finite_p.ndim - 1))
    tests = np.maximum(np.isfinite(finite_p).sum(axis=0), 1)
    steps = np.take_along_axis(finite_p, order, axis=0) * tests / ranks
    least = np.minimum(np.minimum.accumulate(steps[::-1], axis=0)[::-1], 1.0)
    adjusted = np.empty_like(finite_p)
    np.put_along_axis(adjusted, order, least, axis=0)
    return np.where(np.isfinite(finite_p), adjusted, np.nan)
