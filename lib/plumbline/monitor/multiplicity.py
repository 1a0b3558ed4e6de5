"""Many tests at once: Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57)."""

from __future__ import annotations

import numpy as np

from plumbline.domain import FloatArray


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (q-values), (k,) in the order given; NaN stays NaN and is not counted."""
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    if not len(known):
        return adjusted
    order = known[np.argsort(p_values[known], kind="stable")]
    ranks = np.arange(1, len(order) + 1)
    steps = p_values[order] * len(order) / ranks
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted
