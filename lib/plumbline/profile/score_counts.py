"""Counting scores by group, and the lists in which such counts are stored.

A group (a version, an arm, a day of one load) with few scores keeps each by its number (``domain.score_numbers``), so
that what rests on their order is exact; one with more than ``MOST`` keeps how many lie in each cell. Neither depends
on the reference. Only what occurs is stored: a mark that says which of the two it is, the numbers, the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plumbline.domain import EDGE_NUMBERS, SCORE_CELLS, FloatArray, IntArray, score_numbers
from plumbline.profile.levels import codes, place
from plumbline.profile.numeric import Cells
from plumbline.profile.stream import Column, Split

#: different scores by outcome that a group keeps by number; beyond them it is counted in cells
MOST = 1000
#: what a list begins with; an earlier version's begins with a count, which is never so large
BY_NUMBER, BY_CELL = 2**32 - 1, 2**32 - 2
#: outcome of a scored decision
NEGATIVE, POSITIVE, UNLABELLED = range(3)
#: entries that wait to be joined
_WAITING = 2_000_000
_DENSE = 4_000_000
_OUTCOMES, _NUMBERS = 3, 2**32
#: slots that scores are thrown into to see whether there are many, by a multiplier that scatters them (Knuth)
_SLOTS, _MIXING = 8192, 2654435761


@dataclass(slots=True)
class _Entries:
    """How often each key came; of keys that wait, one may stand there several times."""

    keys: list[IntArray] = field(default_factory=list)
    n: list[IntArray] = field(default_factory=list)
    waiting: int = 0

    def add(self, keys: IntArray, n: IntArray) -> None:
        self.keys.append(keys)
        self.n.append(n)
        self.waiting += len(keys)
        if self.waiting > _WAITING:
            self.joined()
            self.waiting = 0

    def joined(self) -> tuple[IntArray, IntArray]:
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


@dataclass(frozen=True, slots=True)
class Scores:
    """What was counted: ``group``, ``outcome``, ``number`` (of the score or the cell) and ``n`` of each entry, in
    order of group and outcome; ``by_cell``: whether its group is counted in cells."""

    group: IntArray
    outcome: IntArray
    number: IntArray
    n: IntArray
    by_cell: Any


class ScoreCounts:
    """Counts scores by the numbers of their groups."""

    def __init__(self) -> None:
        self.cells = Cells.of(EDGE_NUMBERS.astype(np.float64))
        self.by_number, self.by_cell = _Entries(), _Entries()
        self.many = np.zeros(0, np.bool_)  # groups, by number, that have more than MOST

    def add(self, split: Split, scores: FloatArray, outcome: IntArray, inside: Any) -> None:
        """Count the rows of one batch: ``scores`` (n,) in [0, 1] where ``inside``, ``outcome`` (n,)."""
        rows = np.flatnonzero(inside)
        number, outcome, place = score_numbers(scores[rows]), outcome[rows], split.of_row[rows]
        self._grow(int(split.groups.max(initial=-1)) + 1)
        self._find_many(split.groups, place, outcome, number)
        of_many = self.many[split.groups][place]
        if of_many.any():
            few = ~of_many
            self._in_cells(split.groups, place[of_many], outcome[of_many], number[of_many])
            number, outcome, place = number[few], outcome[few], place[few]
        keys, n = _counted(_key(split.groups[place], outcome, number))
        self.by_number.add(keys, n)

    def _grow(self, groups: int) -> None:
        if groups > len(self.many):
            self.many = np.concatenate([self.many, np.zeros(groups - len(self.many), np.bool_)])

    def _find_many(self, groups: IntArray, place: IntArray, outcome: IntArray, number: IntArray) -> None:
        """Mark the groups that show here that they have more than MOST: scores that share a slot count once."""
        large = (np.bincount(place, minlength=len(groups)) > MOST) & ~self.many[groups]
        if not large.any():
            return
        at = np.cumsum(large) - 1
        rows = large[place]
        slot = ((outcome[rows] * _NUMBERS + number[rows]) * _MIXING >> 40) & (_SLOTS - 1)
        seen = np.zeros((int(large.sum()), _SLOTS), np.bool_)
        seen[at[place[rows]], slot] = True
        self.many[groups[large]] = seen.sum(axis=1) > MOST

    def _in_cells(self, groups: IntArray, place: IntArray, outcome: IntArray, number: IntArray) -> None:
        code = outcome * SCORE_CELLS + self.cells.find(number.astype(np.float64))
        width = _OUTCOMES * SCORE_CELLS
        if len(groups) * width <= _DENSE:
            counts = np.bincount(place * width + code, minlength=len(groups) * width)
            held = np.flatnonzero(counts)
            at, code = np.divmod(held, width)
            self.by_cell.add(groups[at] * width + code, counts[held])
        else:
            self.by_cell.add(*_counted(groups[place] * width + code))

    def scores(self) -> Scores:
        """Everything counted so far."""
        keys, n = self.by_number.joined()
        group, rest = np.divmod(keys, _OUTCOMES * _NUMBERS)
        self._grow(int(group.max(initial=-1)) + 1)
        self.many |= np.bincount(group, minlength=len(self.many)) > MOST
        moved = self.many[group]
        if moved.any():
            outcome, number = np.divmod(rest[moved], _NUMBERS)
            code = outcome * SCORE_CELLS + self.cells.find(number.astype(np.float64))
            self.by_cell.add(group[moved] * _OUTCOMES * SCORE_CELLS + code, n[moved])
            self.by_number = _Entries([keys[~moved]], [n[~moved]])
        parts = []
        for entries, width, by_cell in (
            (self.by_number, _NUMBERS, False), (self.by_cell, SCORE_CELLS, True),
        ):  # fmt: skip
            keys, n = entries.joined()
            group, rest = np.divmod(keys, _OUTCOMES * width)
            outcome, number = np.divmod(rest, width)
            parts.append((group, outcome, number, n, np.full(len(n), by_cell)))
        found = [np.concatenate(each) for each in zip(*parts, strict=True)]
        order = np.argsort(found[0] * _OUTCOMES + found[1], kind="stable")
        return Scores(*(each[order] for each in found))


def _key(group: IntArray, outcome: IntArray, number: IntArray) -> IntArray:
    return (group * _OUTCOMES + outcome) * _NUMBERS + number


def _counted(keys: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct keys and how often each came."""
    if not len(keys):
        return keys, keys
    keys = np.sort(keys)
    starts = _starts(keys)
    return keys[starts], np.diff(np.append(starts, len(keys)))


def _starts(keys: IntArray) -> IntArray:
    """Where each run of equal keys begins."""
    return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])


class ScoredRows:
    """Counts the scores of any rows from the stream: for a filter that no stored profile answers."""

    def __init__(self, positive: str, usable: str) -> None:
        """``positive``: the label that counts as such; ``usable``: SQL of the score, NULL where it has no cell."""
        self.counts = ScoreCounts()
        self.columns: Sequence[Column] = [place("label", [positive], "positive_known"), (usable, {})]

    def add(self, split: Split, values: Sequence[Any]) -> None:
        """Count the rows of one batch."""
        label = codes(values[0])  # 0: another label, 1: none, 2: the positive one
        outcome = np.array([NEGATIVE, UNLABELLED, POSITIVE])[label]
        score = np.asarray(values[1].to_numpy(zero_copy_only=False), np.float64)
        inside = (score >= 0) & (score <= 1)
        self.counts.add(split, np.where(inside, score, 0.5), outcome, inside)


def as_lists(found: Scores, groups: int) -> tuple[Any, Any, Any]:
    """The lists to be stored, an Arrow array of ``groups`` lists each: negative, positive, unlabelled."""
    import pyarrow as pa

    lists = []
    for wanted in (NEGATIVE, POSITIVE, UNLABELLED):
        own = found.outcome == wanted
        group, number, n, by_cell = found.group[own], found.number[own], found.n[own], found.by_cell[own]
        size = np.bincount(group, minlength=groups)
        lengths = np.where(size > 0, 2 * size + 1, 0)
        ends = np.cumsum(lengths)
        values = np.zeros(int(ends[-1]) if groups else 0, np.uint32)
        starts, before = ends - lengths, np.cumsum(size) - size
        rank = np.arange(len(group)) - before[group]
        values[starts[group]] = np.where(by_cell, BY_CELL, BY_NUMBER)
        values[starts[group] + 1 + rank] = number
        values[starts[group] + 1 + size[group] + rank] = n
        lists.append(pa.ListArray.from_arrays(np.concatenate([[0], ends]).astype(np.int32), values))
    return lists[0], lists[1], lists[2]


def from_lists(values: IntArray, offsets: IntArray, outcome: int) -> tuple[Scores, IntArray]:
    """Entries from stored lists of one outcome, ``group`` being the row; and which rows hold an earlier version's."""
    lengths = np.diff(offsets)
    filled = np.flatnonzero(lengths > 0)
    mark = values[offsets[:-1][filled]] if len(filled) else np.zeros(0, np.int64)
    old, row = filled[mark < BY_CELL], filled[mark >= BY_CELL]
    size = (lengths[row] - 1) // 2
    group = np.repeat(row, size)
    at = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size) + offsets[group] + 1
    by_cell = np.repeat(mark[mark >= BY_CELL] == BY_CELL, size)
    return Scores(
        group, np.full(len(group), outcome), values[at].astype(np.int64),
        values[at + np.repeat(size, size)].astype(np.int64), by_cell,
    ), old  # fmt: skip
