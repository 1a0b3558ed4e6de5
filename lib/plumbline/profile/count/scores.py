"""Counting scores by group, and the lists in which such counts are stored.

A group (a version, an arm, a day of one load) with few scores keeps each by its number (``domain.score_numbers``), so
that what rests on their order is exact; one with more than ``MOST`` keeps how many lie in each cell. Neither depends
on the reference. Only what occurs is stored: a mark that says which of the two it is, the numbers, the counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plumbline.domain import EDGE_NUMBERS, SCORE_CELLS, FloatArray, IntArray, score_numbers
from plumbline.profile.count.numeric import CellFinder
from plumbline.profile.count.stream import BatchSplit, GroupTally

#: different scores by outcome that a group keeps by number; beyond them it is counted in cells
MOST = 1000
#: what a list begins with; an earlier version's begins with a count, which is never so large
BY_NUMBER, BY_CELL = 2**32 - 1, 2**32 - 2
#: outcome of a scored decision
NEGATIVE, POSITIVE, UNLABELLED = range(3)
#: entries that wait to be joined
_WAITING = 2_000_000
_OUTCOMES, _NUMBERS = 3, 2**32
#: slots that scores are thrown into to see whether there are many, by a multiplier that scatters them (Knuth)
_SLOTS, _MIXING = 8192, 2654435761


@dataclass(slots=True)
class KeyCounts:
    """How often each key came; of keys that wait, one may stand there several times."""

    keys: list[IntArray] = field(default_factory=list)
    n: list[IntArray] = field(default_factory=list)
    waiting: int = 0

    def add(self, keys: IntArray, n: IntArray) -> None:
        self.keys.append(keys)
        self.n.append(n)
        self.waiting += len(keys)
        if self.waiting > _WAITING:
            self.merge()
            self.waiting = 0

    def merge(self) -> tuple[IntArray, IntArray]:
        """The distinct keys, ascending, and how often each came."""
        if not self.keys:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        keys, n = np.concatenate(self.keys), np.concatenate(self.n)
        order = np.argsort(
            keys, kind="stable"
        )  # quick where runs are in order already, as those of batches are
        keys = keys[order]
        starts = _starts(keys)
        keys, n = keys[starts], np.add.reduceat(n[order], starts) if len(keys) else n
        self.keys, self.n = [keys], [n]
        return keys, n


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What was counted: ``group``, ``outcome``, ``number`` and ``n`` of each score kept by number, in order of group
    and outcome, and of the groups ``in_cells`` (G,) their ``cells`` (G, 3, S), the second axis being the outcome."""

    group: IntArray
    outcome: IntArray
    number: IntArray
    n: IntArray
    in_cells: IntArray
    cells: IntArray


@dataclass(frozen=True, slots=True)
class Entries:
    """Counts of scores, (n,) each: the group, the outcome, the score's number or its cell, and how many."""

    group: IntArray
    outcome: IntArray
    code: IntArray
    n: IntArray


class ScoreCounts:
    """Counts scores by the numbers of their groups."""

    def __init__(self) -> None:
        self.find = CellFinder.from_edges(EDGE_NUMBERS.astype(np.float64)).find
        self.by_number, self.by_cell = KeyCounts(), GroupTally(_OUTCOMES * SCORE_CELLS, np.uint32)
        self.row = np.full(0, -1)  # of each group that has more than MOST, its row in by_cell
        self.rows = 0

    def add(self, split: BatchSplit, scores: FloatArray, outcome: IntArray, inside: Any) -> None:
        """Count the rows of one batch: ``scores`` (n,) in [0, 1] where ``inside``, ``outcome`` (n,)."""
        rows = np.flatnonzero(inside)
        number, outcome, place = score_numbers(scores[rows]), outcome[rows], split.of_row[rows]
        self._grow(int(split.groups.max(initial=-1)) + 1)
        self._mark_large_groups(split.groups, place, outcome, number)
        of_many = (self.row[split.groups] >= 0)[place]
        if of_many.any():
            few = ~of_many
            self._count_in_cells(split.groups, place[of_many], outcome[of_many], number[of_many])
            number, outcome, place = number[few], outcome[few], place[few]
        self.by_number.add(*_count_keys((split.groups[place] * _OUTCOMES + outcome) * _NUMBERS + number))

    def add_counts(self, number: Entries, cell: Entries) -> None:
        """Add what was counted elsewhere: by number, and in cells for groups that had more than MOST there."""
        group = np.concatenate([number.group, cell.group])
        self._grow(int(group.max(initial=-1)) + 1)
        key = (number.group * _OUTCOMES + number.outcome) * _NUMBERS + number.code
        self.by_number.add(key, number.n)
        groups, place = np.unique(cell.group, return_inverse=True)
        if len(groups):
            self._mark(groups)
            counts = np.zeros((len(groups), _OUTCOMES * SCORE_CELLS), np.int64)
            np.add.at(counts, (place, cell.outcome * SCORE_CELLS + cell.code), cell.n)
            self.by_cell.add(self.row[groups], counts)

    def _grow(self, groups: int) -> None:
        if groups > len(self.row):
            self.row = np.concatenate([self.row, np.full(groups - len(self.row), -1)])

    def _mark(self, groups: IntArray) -> None:
        """Give these groups rows in ``by_cell``."""
        fresh = groups[self.row[groups] < 0]
        self.row[fresh] = self.rows + np.arange(len(fresh))
        self.rows += len(fresh)

    def _mark_large_groups(
        self, groups: IntArray, place: IntArray, outcome: IntArray, number: IntArray
    ) -> None:
        """Mark the groups that show here that they have more than MOST: scores that share a slot count once."""
        large = (np.bincount(place, minlength=len(groups)) > MOST) & (self.row[groups] < 0)
        if not large.any():
            return
        at = np.cumsum(large) - 1
        rows = large[place]
        slot = ((outcome[rows] * _NUMBERS + number[rows]) * _MIXING >> 40) & (_SLOTS - 1)
        seen = np.zeros((int(large.sum()), _SLOTS), np.bool_)
        seen[at[place[rows]], slot] = True
        self._mark(groups[large][seen.sum(axis=1) > MOST])

    def _count_in_cells(
        self,
        groups: IntArray,
        place: IntArray,
        outcome: IntArray,
        number: IntArray,
        n: IntArray | None = None,
    ) -> None:
        """Count scores whose places are those of groups with rows in ``by_cell``, among others."""
        mask = self.row[groups] >= 0
        rows, width = self.row[groups[mask]], _OUTCOMES * SCORE_CELLS
        code = (
            (np.cumsum(mask) - 1)[place] * width
            + outcome * SCORE_CELLS
            + self.find(number.astype(np.float64))
        )
        self.by_cell.add(rows, np.bincount(code, n, len(rows) * width).reshape(len(rows), width))

    def scores(self) -> Scores:
        """Everything counted so far."""
        keys, n = self.by_number.merge()
        rest, number = np.divmod(keys, _NUMBERS)
        group, outcome = np.divmod(rest, _OUTCOMES)
        self._grow(int(group.max(initial=-1)) + 1)
        self._mark(np.flatnonzero(np.bincount(group, minlength=len(self.row)) > MOST))
        moved = self.row[group] >= 0
        if moved.any():
            every = np.arange(len(self.row))
            self._count_in_cells(every, group[moved], outcome[moved], number[moved], n[moved])
            group, outcome, number, n = (each[~moved] for each in (group, outcome, number, n))
            self.by_number = KeyCounts([keys[~moved]], [n])
        in_cells = np.flatnonzero(self.row >= 0)
        cells = self.by_cell.values[self.row[in_cells]].reshape(len(in_cells), _OUTCOMES, SCORE_CELLS)
        return Scores(
            group=group, outcome=outcome, number=number, n=n, in_cells=in_cells, cells=cells.astype(np.int64)
        )


def _count_keys(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct keys and how often each came."""
    if not len(keys):
        return keys, keys
    keys = np.sort(keys)
    starts = _starts(keys)
    return keys[starts], np.diff(np.append(starts, len(keys)))


def _starts(keys: IntArray) -> IntArray:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])


def arrow_lists(scores: Scores, groups: int) -> tuple[Any, Any, Any]:
    """The lists to be stored, an Arrow array of ``groups`` lists each: negative, positive, unlabelled.

    By number: the mark, the numbers, how many there are of each. In cells: the mark, how many there are in each. A
    group without such a score has an empty list.
    """
    import pyarrow as pa

    lists = []
    for wanted in (NEGATIVE, POSITIVE, UNLABELLED):
        wanted_rows = scores.outcome == wanted
        group, number, n = scores.group[wanted_rows], scores.number[wanted_rows], scores.n[wanted_rows]
        size = np.bincount(group, minlength=groups)
        lengths = np.where(size > 0, 2 * size + 1, 0)
        nonempty = scores.cells[:, wanted].any(axis=1)
        lengths[scores.in_cells[nonempty]] = SCORE_CELLS + 1
        ends = np.cumsum(lengths)
        values = np.zeros(int(ends[-1]) if groups else 0, np.uint32)
        starts = ends - lengths
        at = starts[group] + np.arange(len(group)) - (np.cumsum(size) - size)[group] + 1
        values[starts[group]] = BY_NUMBER
        values[at] = number
        values[at + size[group]] = n
        starts = starts[scores.in_cells[nonempty]]
        values[starts] = BY_CELL
        values[starts[:, None] + 1 + np.arange(SCORE_CELLS)] = scores.cells[nonempty, wanted]
        lists.append(pa.ListArray.from_arrays(np.concatenate([[0], ends]).astype(np.int32), values))
    return lists[0], lists[1], lists[2]


def mark_lists(values: Any, offsets: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Which of the stored lists are by number, in cells, and of an earlier version (without a mark)."""
    filled = np.flatnonzero(np.diff(offsets) > 0)
    mark = np.asarray(values)[offsets[:-1][filled]]
    return filled[mark == BY_NUMBER], filled[mark == BY_CELL], filled[mark < BY_CELL]


def number_entries(values: Any, offsets: IntArray, rows: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Row, number and count of every entry in these lists, which are by number."""
    size = (np.diff(offsets)[rows] - 1) // 2
    row = np.repeat(rows, size)
    at = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size) + offsets[row] + 1
    return row, values[at].astype(np.int64), values[at + np.repeat(size, size)].astype(np.int64)
