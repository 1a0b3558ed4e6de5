"""How heavy the tail of a mean's values is: how many of them make it up (Kish 1965), and where these are too few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, FloatArray
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.metrics.counts import Counts, cache_by_counts

#: values that have to make up a mean, or it has no interval
FEWEST_VALUES = 5.0
HEAVY = message("A few large errors make up most of it, so it has no interval.")
ENDLESS = message("Its errors have so heavy a tail that chance may be of any size, so it has no interval.")
#: share of the errors that are its tail
TAIL = 0.2
#: shape of a tail from which the square of a squared error may have no mean: 1/4 by theory, drawn down by the bias that
#: a fifth of all errors brings (Student's t of 2.5 degrees of freedom shows 0.35, of 5 0.11)
LIGHT = 0.15
#: shape that has to be told from ``LIGHT``, and its standard error times the root of the tail's errors
HEAVY_SHAPE, SPREAD = 0.35, 1.3

_M = {name: i for i, name in enumerate(REGRESSION_MOMENTS)}


@dataclass(frozen=True, slots=True)
class Tail:
    """``ratio``: second moment over squared first; ``endless``: the variance of the values may have no number."""

    ratio: float
    endless: bool = False


def tail(n: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Second moment over squared first of the values of all chunks: n over it make up a mean of n.

    About 1.6 for errors of the normal law, 3 for their squares; 0 where all values are, NaN without any.
    """
    rows, total = float(n.sum()), float(first.sum())
    if rows <= 0:
        return float("nan")
    return float(second.sum()) / total / (total / rows) if total > 0 else 0.0


def error_tail(c: Counts) -> Tail:
    """Of the errors without their sign."""
    return Tail(tail(c.labelled, c.moments[:, _M["abs"]], c.moments[:, _M["abs2"]]))


def squared_tail(c: Counts) -> Tail:
    """Of the squared errors."""
    return Tail(tail(c.labelled, c.moments[:, _M["sq"]], c.moments[:, _M["sq2"]]), endless(c))


@cache_by_counts
def endless(c: Counts) -> bool:
    """Whether the squares of squared errors may have no mean, by the tail of the errors of all chunks.

    So heavy a tail as Student's t of 2.5 degrees of freedom has is missed in 1 of 20 samples; where few errors cannot
    tell it from the tail of Laplace's law, it counts as heavy.
    """
    tail_shape, tail_count = shape(c.error_cells.sum(0), c.error_ends)
    limit = min(LIGHT, HEAVY_SHAPE - 1.645 * SPREAD / np.sqrt(max(tail_count, 1.0)))
    return bool(np.isfinite(tail_shape) and tail_shape > limit)


def shape(counts: FloatArray, ends: FloatArray) -> tuple[float, float]:
    """The shape of the tail of errors counted in cells, and how many errors are in it; NaN where they are too few.

    That of the generalised Pareto law of what lies beyond the ``TAIL`` quantile, by Zhang and Stephens (2009,
    Technometrics 51): 0 of an exponential tail, 1 over the number of moments of a heavier one, below 0 of a lighter.

    Args:
        counts: (E,); ends: (2, E) least and greatest error of each cell; the last may be open.
    """
    middle = np.where(np.isfinite(ends[1]), (ends[0] + ends[1]) / 2, ends[0])
    order = np.argsort(middle, kind="stable")
    order = order[counts[order] > 0]
    x, n = middle[order], counts[order]
    beyond = np.cumsum(n[::-1])[::-1] <= TAIL * n.sum()
    beyond_count = float(n[beyond].sum())
    if beyond.sum() < 3 or beyond.all():
        return float("nan"), beyond_count
    first = int(np.argmax(beyond))
    x, n = (
        x[first:] - (x[first] + x[first - 1]) / 2,
        n[first:],
    )  # between the two: errors may be whole numbers
    size = 30 + int(np.sqrt(beyond_count))
    quarter = x[np.searchsorted(np.cumsum(n), beyond_count / 4)]
    theta = 1 / x[-1] + (1 - np.sqrt(size / (np.arange(size) + 0.5))) / 3 / quarter
    k = np.log1p(-theta[:, None] * x) @ n / beyond_count
    log = beyond_count * (np.log(-theta / k) - k - 1)
    weight = np.exp(log - log.max())
    return float(np.log1p(-float(theta @ weight) / weight.sum() * x) @ n / beyond_count), beyond_count


def error_tail_notes(c: Counts) -> list[Message]:
    """A word on each chunk whose mean error has no interval."""
    return _tail_notes(c, error_tail(c)) if c.moments.shape[1] else [NOTHING] * len(c.labelled)


def squared_tail_notes(c: Counts) -> list[Message]:
    """The same of its root mean squared error."""
    return _tail_notes(c, squared_tail(c)) if c.moments.shape[1] else [NOTHING] * len(c.labelled)


def _tail_notes(c: Counts, tail: Tail) -> list[Message]:
    few = (c.labelled > 0) & (c.labelled < FEWEST_VALUES * tail.ratio)
    endless = ENDLESS if tail.endless else NOTHING
    return [
        HEAVY if one else endless if rows else NOTHING for one, rows in zip(few, c.labelled > 0, strict=True)
    ]
