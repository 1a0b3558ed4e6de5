"""What was counted of scores and errors, laid out by group of an outcome profile.

Workspaces that were last loaded into by an earlier version hold a count for each of 1,000 equal cells, or for each
cell of a grid of errors. They are read as they are, until the next load counts them anew: where any is among the
rows, all scores are laid out on the equal cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plumbline.domain import (
    EDGE_NUMBERS,
    EQUAL_CELLS,
    SCORE_CELLS,
    FloatArray,
    IntArray,
    NumberedScores,
    score_ends,
    score_numbers,
)
from plumbline.profile.arrays import Rows
from plumbline.profile.constants import ERROR_BASE, ERROR_ZERO
from plumbline.profile.count.numeric import CellFinder
from plumbline.profile.count.scores import (
    NEGATIVE,
    POSITIVE,
    UNLABELLED,
    Scores,
    mark_lists,
    number_entries,
)

CELLS = ("cells_negative", "cells_positive", "cells_unlabelled")
_OUTCOMES = (NEGATIVE, POSITIVE, UNLABELLED)


@dataclass(frozen=True, slots=True)
class MergedScores:
    """Scores whose groups are places in ``keys``; of the groups ``old`` (G,) an earlier version's ``old_cells``
    (G, 3, S) on the equal cells."""

    keys: Sequence[Any]
    scores: Scores
    old: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    old_cells: IntArray = field(default_factory=lambda: np.zeros((0, 3, EQUAL_CELLS), np.int64))


def stored_scores(keys: Sequence[Any], rows: Rows) -> MergedScores:
    """The scores of stored rows."""
    lists = [rows.lists[name] for name in CELLS]
    kinds = [mark_lists(*each) for each in lists]
    entries = [number_entries(*each, kind[0]) for each, kind in zip(lists, kinds, strict=True)]
    row, number, n = (np.concatenate(each) for each in zip(*entries, strict=True))
    outcome = np.repeat(_OUTCOMES, [len(each[0]) for each in entries])
    in_cells, cells = _matrices(lists, [kind[1] for kind in kinds], 1, SCORE_CELLS)
    old, old_cells = _matrices(lists, [kind[2] for kind in kinds], 0, EQUAL_CELLS)
    return MergedScores(
        keys,
        Scores(group=row, outcome=outcome, number=number, n=n, in_cells=in_cells, cells=cells),
        old,
        old_cells,
    )


def _matrices(
    lists: Sequence[tuple[Any, IntArray]], rows: Sequence[IntArray], first: int, width: int
) -> tuple[IntArray, IntArray]:
    """The rows that any outcome has, and their counts (rows, outcomes, width), from lists of equal length."""
    every = np.unique(np.concatenate(rows))
    counts = np.zeros((len(every), len(lists), width), np.int64)
    for outcome, ((values, offsets), rows_of_outcome) in enumerate(zip(lists, rows, strict=True)):
        at = offsets[:-1][rows_of_outcome]
        if (
            len(rows_of_outcome) and (np.diff(at) == first + width).all()
        ):  # one after the other, as they mostly are
            matrix = values[at[0] : at[-1] + first + width].reshape(len(rows_of_outcome), first + width)[
                :, first:
            ]
        else:
            matrix = values[at[:, None] + np.arange(first, first + width)]
        if len(rows_of_outcome) == len(every):
            counts[:, outcome] = matrix
        else:
            counts[np.searchsorted(every, rows_of_outcome), outcome] = matrix
    return every, counts


def empty_scores(groups: int) -> tuple[IntArray, IntArray, NumberedScores | None]:
    """What a profile without scores has in place of ``align_scores``."""
    return np.zeros((groups, 2, 0), np.int64), np.zeros((groups, 0), np.int64), None


def align_scores(laid: MergedScores, keys: Sequence[Any]) -> tuple[IntArray, IntArray, NumberedScores | None]:
    """Labelled scores by cell (groups, 2, S), the others (groups, S), and those known by number."""
    scores = laid.scores
    place = {key: i for i, key in enumerate(keys)}
    of = np.array([place[key] for key in laid.keys], np.int64)
    width = EQUAL_CELLS if len(laid.old) else SCORE_CELLS
    counts = _cell_counts(scores, of, len(keys), width)
    if len(laid.old):
        np.add.at(counts, of[laid.old], laid.old_cells)
    labelled = counts[:, :UNLABELLED]
    with_label = scores.outcome != UNLABELLED
    if not with_label.any():
        return labelled, counts[:, UNLABELLED], None
    group, n, positive = (
        of[scores.group[with_label]],
        scores.n[with_label],
        scores.outcome[with_label] == POSITIVE,
    )
    elsewhere = labelled.sum((1, 2)) - np.bincount(group, n, len(keys)).astype(np.int64)
    known = NumberedScores(
        group=group,
        number=scores.number[with_label],
        negative=np.where(positive, 0, n),
        positive=np.where(positive, n, 0),
        elsewhere=elsewhere,
    )
    return labelled, counts[:, UNLABELLED], known


def _cell_counts(scores: Scores, of: IntArray, groups: int, width: int) -> IntArray:
    """Counts by group, outcome and cell, (groups, 3, width)."""
    counts = np.zeros((groups, len(CELLS), width), np.int64)
    cell_counts = scores.cells
    if width == SCORE_CELLS:
        cell = CellFinder.from_edges(EDGE_NUMBERS.astype(np.float64)).find(scores.number.astype(np.float64))
    else:
        inner = np.arange(1, EQUAL_CELLS) / EQUAL_CELLS
        cell = np.searchsorted(score_numbers(inner), scores.number)
        starts = np.searchsorted(score_ends(SCORE_CELLS)[:-1], np.arange(EQUAL_CELLS) / EQUAL_CELLS)
        cell_counts = np.add.reduceat(cell_counts, starts, axis=2)
    rows = of[scores.in_cells]
    if len(np.unique(rows)) == len(rows):
        counts[rows] = cell_counts
    else:
        np.add.at(counts, rows, cell_counts)
    np.add.at(counts, (of[scores.group], scores.outcome, cell), scores.n)
    return counts


def error_columns(rows: Rows, old_edges: Sequence[float]) -> tuple[FloatArray, IntArray]:
    """The ends (2, E) of every cell of absolute errors that occurs, and counts (rows, E)."""
    values, offsets = rows.lists["error_cells"]
    by_number, _, old_rows = mark_lists(values, offsets)
    row, number, n = number_entries(values, offsets, by_number)
    numbers, column = np.unique(number, return_inverse=True)
    counts = np.bincount(row * len(numbers) + column, n, rows.n * len(numbers)).astype(np.int64)
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
