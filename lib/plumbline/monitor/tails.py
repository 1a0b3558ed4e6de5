"""How heavy the tail of a mean's values is: how many of them make it up (Kish 1965), and where these are too few."""

from __future__ import annotations

from plumbline.domain import REGRESSION_MOMENTS, FloatArray
from plumbline.monitor.counts import Counts

#: values that have to make up a mean, or it has no interval
FEWEST_VALUES = 5.0
HEAVY = "A few large errors make up most of it, so it has no interval."

_M = {name: i for i, name in enumerate(REGRESSION_MOMENTS)}


def tail(n: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Second moment over squared first of the values of all chunks: n over it make up a mean of n.

    About 1.6 for errors of the normal law, 3 for their squares; 0 where all values are, NaN without any.
    """
    rows, total = float(n.sum()), float(first.sum())
    if rows <= 0:
        return float("nan")
    return float(second.sum()) / total / (total / rows) if total > 0 else 0.0


def of_errors(c: Counts) -> float:
    """Of the errors without their sign."""
    return tail(c.labelled, c.moments[:, _M["abs"]], c.moments[:, _M["abs2"]])


def of_squares(c: Counts) -> float:
    """Of the squared errors."""
    return tail(c.labelled, c.moments[:, _M["sq"]], c.moments[:, _M["sq2"]])


def few_errors(c: Counts) -> list[str]:
    """A word on each chunk whose mean error has no interval."""
    return _few(c, of_errors(c)) if c.moments.shape[1] else [""] * len(c.labelled)


def few_squares(c: Counts) -> list[str]:
    """The same of its root mean squared error."""
    return _few(c, of_squares(c)) if c.moments.shape[1] else [""] * len(c.labelled)


def _few(c: Counts, heavy: float) -> list[str]:
    return [HEAVY if few else "" for few in (c.labelled > 0) & (c.labelled < FEWEST_VALUES * heavy)]
