"""What was counted of scores and errors, laid out by group of an outcome profile.

Workspaces that were last loaded into by an earlier version hold a count for each of 1,000 equal cells, or for each
cell of a grid of errors. They are read as they are, until the next load counts them anew: where any is among the
rows, all scores are laid out on the equal cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plumbline.domain import (
    EDGE_NUMBERS,
    EQUAL_CELLS,
    SCORE_CELLS,
    FloatArray,
    IntArray,
    NumberedScores,
    score_middles,
    score_numbers,
)
from plumbline.profile.arrays import Rows
from plumbline.profile.numeric import Cells
from plumbline.profile.outcomes import ERROR_BASE, ERROR_ZERO
from plumbline.profile.score_counts import (
    NEGATIVE,
    POSITIVE,
    UNLABELLED,
    Scores,
    from_lists,
)

CELLS = ("cells_negative", "cells_positive", "cells_unlabelled")
_OUTCOMES = (NEGATIVE, POSITIVE, UNLABELLED)


@dataclass(frozen=True, slots=True)
class Laid:
    """Scores whose groups are places in ``keys``; ``old``: counts on the equal cells, (rows, 3, S), of some of them."""

    keys: Sequence[Any]
    scores: Scores
    old_rows: IntArray | None = None
    old: IntArray | None = None


def stored_scores(keys: Sequence[Any], rows: Rows) -> Laid:
    """The scores of stored rows."""
    parts, old = [], []
    for outcome, name in zip(_OUTCOMES, CELLS, strict=True):
        values, offsets = rows.lists[name]
        found, of_old = from_lists(np.asarray(values), offsets, outcome)
        parts.append(found)
        old.append((of_old, values, offsets))
    joined = Scores(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("group", "outcome", "number", "n", "by_cell"))
    )  # fmt: skip
    old_rows = np.unique(np.concatenate([each for each, _, _ in old]))
    if not len(old_rows):
        return Laid(keys, joined)
    counts = np.zeros((len(old_rows), len(CELLS), EQUAL_CELLS), np.int64)
    for outcome, (of_old, values, offsets) in enumerate(old):
        at = np.searchsorted(old_rows, of_old)
        counts[at, outcome] = values[offsets[:-1][of_old][:, None] + np.arange(EQUAL_CELLS)]
    return Laid(keys, joined, old_rows, counts)


def no_scores(groups: int) -> tuple[IntArray, IntArray, NumberedScores | None]:
    """What a profile without scores has in place of ``laid_scores``."""
    return np.zeros((groups, 2, 0), np.int64), np.zeros((groups, 0), np.int64), None


def laid_scores(laid: Laid, keys: Sequence[Any]) -> tuple[IntArray, IntArray, NumberedScores | None]:
    """Labelled scores by cell (groups, 2, S), the others (groups, S), and those known by number."""
    found = laid.scores
    place = {key: i for i, key in enumerate(keys)}
    of = np.array([place[key] for key in laid.keys], np.int64)
    group = of[found.group]
    width = SCORE_CELLS if laid.old is None else EQUAL_CELLS
    cell = _cells(found, width)
    counts = np.bincount(
        (group * len(CELLS) + found.outcome) * width + cell, found.n, len(keys) * len(CELLS) * width
    ).reshape(len(keys), len(CELLS), width).astype(np.int64)  # fmt: skip
    if laid.old is not None and laid.old_rows is not None:
        np.add.at(counts, of[laid.old_rows], laid.old)
    numbered = ~found.by_cell & (found.outcome != UNLABELLED)
    own, n, positive = group[numbered], found.n[numbered], found.outcome[numbered] == POSITIVE
    labelled = counts[:, :UNLABELLED]
    elsewhere = labelled.sum((1, 2)) - np.bincount(own, n, len(keys)).astype(np.int64)
    known = None
    if len(own):
        known = NumberedScores(
            own, found.number[numbered], np.where(positive, 0, n), np.where(positive, n, 0), elsewhere
        )
    return labelled, counts[:, UNLABELLED], known


def _cells(found: Scores, width: int) -> IntArray:
    """The cell of each entry."""
    cell = found.number.copy()
    own = ~found.by_cell
    if width == SCORE_CELLS:
        cell[own] = Cells.of(EDGE_NUMBERS.astype(np.float64)).find(found.number[own].astype(np.float64))
        return cell
    inner = np.arange(1, EQUAL_CELLS) / EQUAL_CELLS
    cell[own] = np.searchsorted(score_numbers(inner), found.number[own])
    cell[found.by_cell] = np.searchsorted(inner, score_middles(SCORE_CELLS)[found.number[found.by_cell]])
    return cell


def error_columns(rows: Rows, old_edges: Sequence[float]) -> tuple[FloatArray, IntArray]:
    """The ends (2, E) of every cell of absolute errors that occurs, and counts (rows, E)."""
    values, offsets = rows.lists["error_cells"]
    found, old_rows = from_lists(np.asarray(values), offsets, 0)
    numbers, column = np.unique(found.number, return_inverse=True)
    counts = np.bincount(found.group * len(numbers) + column, found.n, rows.n * len(numbers)).astype(np.int64)
    low = np.where(numbers > 0, ERROR_BASE ** (numbers - ERROR_ZERO).astype(np.float64), 0.0)
    high = np.where(numbers > 0, low * ERROR_BASE, 0.0)
    ends, counts = np.stack([low, high]), counts.reshape(rows.n, len(numbers))
    if not len(old_rows):
        return ends, counts
    edges = np.asarray(old_edges, np.float64)
    width = len(edges) + 1
    old = np.zeros((rows.n, width), np.int64)
    old[old_rows] = values[offsets[:-1][old_rows][:, None] + np.arange(width)]
    old_ends = np.stack([np.concatenate([[0.0], edges]), np.concatenate([edges, [np.inf]])])
    return np.concatenate([ends, old_ends], 1), np.concatenate([counts, old], 1)
