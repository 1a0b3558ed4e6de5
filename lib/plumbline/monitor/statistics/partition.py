"""Where the level of a series changes: the partition of least squared error, each break paid for.

The optimal partitioning of Jackson et al. (2005), exact for any number of breaks. A segment's squared error is kept
by running mean (Welford 1962), so that a large level costs no digits. Each value is reckoned alone, without sums
whose order a processor could choose: the edges are the same on any machine.
"""

from __future__ import annotations

import numpy as np

from plumbline.domain import FloatArray

#: partitions whose costs differ by less, as a share of the cost, are equally good
EQUAL = 1e-9


def optimal_partition(values: FloatArray, penalty: float) -> list[int]:
    """Edges of the segments in order, 0 and the number of values included.

    Args:
        values: (n,) finite numbers, at least one.
        penalty: squared error that a further segment has to save, in the values' units squared.

    Returns:
        The partition of least (squared error about segment means + penalty x segments); of equally good ones the one
        whose last segment begins first. Takes n steps over at most n numbers each.
    """
    n = len(values)
    cost, begins = np.zeros(n + 1), np.zeros(n + 1, dtype=np.int64)
    mean, error = np.zeros(n), np.zeros(n)  # of the segment from each place up to where the loop is
    weight = 1 / np.arange(n, 0, -1.0)
    for end in range(1, n + 1):
        value, level, squares = values[end - 1], mean[:end], error[:end]
        away = value - level
        level += away * weight[n - end :]
        squares += away * (value - level)
        whole = cost[:end] + squares
        least = float(whole.min())
        begins[end] = np.argmax(whole <= least + EQUAL * (1 + least))
        cost[end] = least + penalty
    edges = [n]
    while edges[-1] > 0:
        edges.append(int(begins[edges[-1]]))
    return edges[::-1]
