"""Two distributions of one feature on the same cells: as the page of one feature draws them, and small, for a row of a
table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Bins, FeatureProfile, FloatArray, IntArray, Kind
from plumbline.domain.messages import Number, message
from plumbline.monitor.drift.aligned_counts import days_within, sum_sample

Span = tuple[datetime | None, datetime | None]
STEPS = 24
#: cells of a small one
FEW = 10
#: share of all decisions that may lie between the values of a number that takes few
MOST_BETWEEN = 0.01
TAILS = 0.005  # share of the reference beyond either end that counts in the end cells


@dataclass(frozen=True, slots=True)
class FeatureShape:
    """A feature small: the share of its present values in each cell, (cells,), then and now; both empty where either
    has none."""

    feature: str
    then: tuple[float, ...]
    now: tuple[float, ...]


def shapes_of(
    then: Sequence[FeatureProfile], now: Sequence[FeatureProfile], reference: Span, window: Span
) -> tuple[FeatureShape, ...]:
    """Every feature small; of levels the most frequent, and the others together in the last cell."""
    shapes = []
    for before, after in zip(then, now, strict=True):
        a = sum_sample(before, days_within(before.days, reference)).counts
        b = sum_sample(after, days_within(after.days, window)).counts
        _, _, p, q, _ = cells_of(before.bins, a, b, FEW)
        p, q = _merge_small_cells(p), _merge_small_cells(q)
        there = bool(p.sum() and q.sum())
        shapes.append(
            FeatureShape(
                before.bins.feature,
                tuple((p / p.sum()).tolist()) if there else (),
                tuple((q / q.sum()).tolist()) if there else (),
            )
        )
    return tuple(shapes)


def _merge_small_cells(counts: FloatArray) -> FloatArray:
    if len(counts) <= FEW + 2:
        return counts
    return np.append(counts[: FEW - 1], counts[FEW - 1 :].sum())


def cells_of(
    bins: Bins, a: FloatArray, b: FloatArray, steps: int = STEPS
) -> tuple[tuple[str, ...], FloatArray, FloatArray, FloatArray, tuple[str | None, ...]]:
    """Labels, borders, counts then and now, and what selects the rows of each cell.

    Numbers: about equal steps between the reference's outer half per cents, moved to edges of the fine
    grid, so that every cell is a sum of whole grid cells: its count is exact.
    """
    if bins.kind is Kind.CATEGORICAL:
        names = [*bins.levels, "other levels"]
        order = [int(i) for i in np.argsort(-(a + b), kind="stable") if a[i] + b[i] > 0]
        chosen = tuple(names[i] if i < len(bins.levels) else None for i in order)
        return tuple(names[i] for i in order), np.empty(0), a[order], b[order], chosen
    edges = bins.edges
    if is_constant(bins):
        top, after = float(edges[-1]), float(np.nextafter(edges[-1], np.inf))
        ranges = (f"..{top!r}", f"{top!r}..{after!r}", f"{after!r}..")
        return (_below(top), f"{top:.6g}", _above(top)), np.empty(0), a, b, ranges
    if len(edges) < 3 or edges[-1] <= edges[0] or not a.sum():
        return (), edges, np.array([a.sum()]), np.array([b.sum()]), (None,)
    f = np.cumsum(a)[:-1] / a.sum()
    first = min(int(np.searchsorted(f, TAILS)), len(edges) - 2)
    last = max(int(np.searchsorted(f, 1 - TAILS)), first + 1)
    last = min(last, len(edges) - 1)
    every = np.arange(first, last + 1)
    if _single(edges[every]).sum() <= steps:
        borders, p, q, spans = _cells(edges, every, a, b)
        if labels := _value_names(borders, p + q):
            shown = [i for i, label in enumerate(labels) if label]
            chosen = tuple(spans[i] for i in shown)
            return tuple(labels[i] for i in shown), np.empty(0), p[shown], q[shown], chosen
    even = np.linspace(edges[first], edges[last], steps + 1)
    nearest = np.searchsorted((edges[:-1] + edges[1:]) / 2, even)
    borders, p, q, spans = _cells(edges, np.unique(np.clip(nearest, first, last)), a, b)
    return (), borders, p, q, spans


def _cells(
    edges: FloatArray, places: IntArray, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[str | None, ...]]:
    """Borders, counts then and now, and what selects the rows of each cell, of whole cells of the fine grid.

    Args:
        places: of the borders among the edges of the grid.
    """
    inner = places[1:-1]
    cuts = [0, *(inner + 1).tolist()]
    above = [repr(float(np.nextafter(edges[i], np.inf))) for i in inner]
    spans = tuple(f"{low}..{high}" for low, high in zip(["", *above], [*above, ""], strict=True))
    counts = np.add.reduceat(a, cuts), np.add.reduceat(b, cuts)
    return edges[places], *counts, spans if len(inner) else (None,)


def _value_names(borders: FloatArray, counts: FloatArray) -> tuple[str, ...]:
    """Names of the cells of a number that takes few values, each a cell of no width that a histogram would draw as a
    hairline; empty for a gap between two where nothing lies. No names where much lies between such values. The end
    cells hold what lies beyond as well.

    Args:
        borders: of the cells, ascending, one more than cells.
        counts: how much lies in each cell.
    """
    single = _single(borders)
    gaps = ~single
    gaps[[0, -1]] = False
    if not single[1:-1].any() or counts[gaps].sum() > MOST_BETWEEN * counts.sum():
        return ()
    names: list[str] = []
    for i, (low, high) in enumerate(itertools.pairwise(borders.tolist())):
        if i == 0:
            names.append(
                _below(float(np.nextafter(high, np.inf)))
                if single[1]
                else message("up to {number}", number=_number(high))
            )
        elif i == len(counts) - 1:
            names.append(message("{number} or more", number=_number(high)) if single[i] else _above(low))
        elif single[i]:
            names.append(_number(high))
        else:
            between = message("{low} to {high}", low=_number(low), high=_number(high))
            names.append(between if counts[i] else "")
    return tuple(names)


def _single(borders: FloatArray) -> NDArray[np.bool_]:
    """Which of the cells between borders hold one number alone."""
    return np.asarray(np.nextafter(borders[:-1], np.inf) >= borders[1:])


def _number(value: float) -> Number:
    return Number(f"{value:.6g}")


def _below(value: float) -> str:
    return message("below {number}", number=_number(value))


def _above(value: float) -> str:
    return message("above {number}", number=_number(value))


def is_constant(bins: Bins) -> bool:
    """Whether the reference held one value alone, so that the grid is what lies below, at and above it."""
    return len(bins.edges) == 2 and bool(_single(bins.edges)[0])
