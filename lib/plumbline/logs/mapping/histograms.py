"""The shape of a column in a sample: a few bars, to tell at a glance what it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plumbline.logs.mapping.column_facts import ColumnFacts

#: bars of a histogram
BARS = 12
#: a file with more columns has none: nobody reads so many, and they would cost more than the guess itself
MOST_COLUMNS = 200


def histogram(column: ColumnFacts) -> tuple[int, ...]:
    """Cells of the sample a bar: numbers and times in ``BARS`` spans of one width from least to greatest, anything
    else by value, the most frequent first. Empty where there is no cell, or nearly every text is its own."""
    spread = _numbers(column)
    if spread is not None and len(spread):
        counts, _ = np.histogram(spread, bins=min(BARS, max(len(np.unique(spread[: BARS * 50])), 1)))
        return tuple(int(n) for n in counts)
    if column.unique_share > 0.9:
        return ()
    return tuple(n for _, n in column.levels.most_common(BARS))


def _numbers(column: ColumnFacts) -> NDArray[np.float64] | None:
    """The cells on an axis; None where they are words. Two values or a few whole ones are classes."""
    if column.numeric and column.distinct > 2:
        values = column.numerals.values
    elif column.times is not None and column.times.share > 0.5:
        values = column.times.seconds
    else:
        return None
    return values[np.isfinite(values)]
