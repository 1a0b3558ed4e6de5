"""Counting predictions, labels and scores of a part of a log; see ``profile.count.outcome_sql`` for what each means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, SCORE_CELLS, FloatArray, IntArray
from plumbline.profile.constants import CLIP, DELAY_CELLS, ERROR_BASE, ERROR_ZERO
from plumbline.profile.count.scores import NEGATIVE, POSITIVE, UNLABELLED, KeyCounts, ScoreCounts
from plumbline.profile.count.stream import DAY, BatchSplit, GroupTally
from plumbline.profile.partial import rows

#: the columns of the long table that a count fills, beside the group
Counted = dict[str, Any]


class ScorePart:
    """Binary: scores by outcome, and the losses of rows with a label."""

    def __init__(self) -> None:
        self.scores, self.losses = ScoreCounts(), GroupTally(2, np.float64)
        self.scored = GroupTally()

    def add(self, split: BatchSplit, score: FloatArray, true: Any, labelled: Any) -> None:
        """Count the rows of one batch; ``true``: whether the label is the positive class."""
        inside = (score >= 0) & (score <= 1)
        p = np.where(inside, score, 0.0)
        outcome = np.where(labelled, np.where(true, POSITIVE, NEGATIVE), UNLABELLED)
        self.scores.add(split, p, outcome, inside)
        scored = inside & labelled
        clipped = np.clip(p, CLIP, 1 - CLIP)
        loss = -np.log(np.where(true, clipped, 1 - clipped))
        missed = p - true
        sums = [split.sums(np.where(scored, each, 0.0)) for each in (loss, missed * missed)]
        self.losses.add(split.groups, np.stack(sums, 1))
        self.scored.add(split.groups, split.count_by_group(scored))

    def counts(self) -> Iterator[tuple[int, IntArray, Counted]]:
        """(part, group of each row, columns) of what was counted."""
        counted = self.scores.scores()
        code = counted.outcome * 2**32 + counted.number
        yield rows.BY_NUMBER, counted.group, {"code": code, "n": counted.n}
        place, outcome, cell = np.nonzero(counted.cells)
        yield (
            rows.BY_CELL,
            counted.in_cells[place],
            {
                "code": outcome * SCORE_CELLS + cell,
                "n": counted.cells[place, outcome, cell],
            },
        )
        yield _losses(self.scored, self.losses)


class ClassPart:
    """Several classes with a probability each: the losses of rows with a label."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.losses, self.scored = GroupTally(2, np.float64), GroupTally()

    def add(self, split: BatchSplit, probabilities: list[FloatArray], label: list[str | None]) -> None:
        """Count the rows of one batch; ``label``: of each row."""
        p = np.stack(probabilities, 1)
        known = {name: place for place, name in enumerate(self.classes)}
        true = np.array([known.get(name or "", -1) for name in label], np.int64)
        with np.errstate(invalid="ignore"):
            scored = ((p >= 0) & (p <= 1)).all(axis=1) & (true >= 0)
        places = np.flatnonzero(scored)
        loss, brier = np.zeros(len(true)), np.zeros(len(true))
        chosen = p[places, true[places]]
        loss[places] = -np.log(np.clip(chosen, CLIP, 1 - CLIP))
        hit = np.arange(p.shape[1]) == true[places][:, None]
        brier[places] = ((p[places] - hit) ** 2).sum(axis=1)
        self.losses.add(split.groups, np.stack([split.sums(loss), split.sums(brier)], 1))
        self.scored.add(split.groups, split.count_by_group(scored))

    def counts(self) -> Iterator[tuple[int, IntArray, Counted]]:
        """(part, group of each row, columns) of what was counted."""
        yield _losses(self.scored, self.losses)


class NumberPart:
    """A number that is predicted: moments of the error, and absolute errors in cells."""

    def __init__(self) -> None:
        self.known = GroupTally()
        self.moments = GroupTally(len(REGRESSION_MOMENTS), np.float64)
        self.errors = KeyCounts()  # of group * 2**32 + cell

    def add(self, split: BatchSplit, prediction: FloatArray, label: FloatArray) -> None:
        """Count the rows of one batch."""
        with np.errstate(invalid="ignore", over="ignore"):
            both = np.isfinite(prediction - label)
            p, y = np.where(both, prediction, 0.0), np.where(both, label, 0.0)
            e = p - y
            nonzero = both & (y != 0)
            ratio = np.abs(np.divide(e, y, out=np.zeros_like(e), where=nonzero))
            between = np.abs(p) + np.abs(y)
            symmetric = 2 * np.divide(np.abs(e), between, out=np.zeros_like(e), where=nonzero)
            square = e * e
            moments = {
                "err": e, "abs": np.abs(e), "sq": square, "y": y, "y2": y * y, "over": np.maximum(e, 0),
                "under": np.maximum(-e, 0), "ape": ratio, "n_nonzero": nonzero.astype(float),
                "smape": symmetric, "abs2": square, "sq2": square * square,
            }  # fmt: skip
        self.known.add(split.groups, split.count_by_group(both))
        sums = [split.sums(moments[name]) for name in REGRESSION_MOMENTS]
        self.moments.add(split.groups, np.stack(sums, 1))
        there = np.flatnonzero(both)
        key = split.groups[split.of_row[there]] * 2**32 + error_cells(e[there])
        self.errors.add(*np.unique(key, return_counts=True))

    def counts(self) -> Iterator[tuple[int, IntArray, Counted]]:
        """(part, group of each row, columns) of what was counted."""
        moments, known = self.moments.values, self.known.values
        group = np.flatnonzero(known)
        yield rows.LOSSES, group, {"n": known[group]}
        for place in range(moments.shape[1]):
            code = np.full(len(group), place)
            yield rows.MOMENTS, group, {"code": code, "x": moments[group, place]}
        keys, n = self.errors.merge()
        yield rows.ERRORS, keys >> 32, {"code": keys & (2**32 - 1), "n": n}


def error_cells(errors: FloatArray) -> IntArray:
    """The cell of each error, (n,) to (n,): see ``outcome_sql.ERROR_BASE``."""
    size = np.abs(errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.log(size) / math.log(ERROR_BASE)
        whole = np.abs(steps - np.rint(steps)) < 1e-6
    near = np.flatnonzero(whole)  # the last digit of a logarithm decides
    steps[near] = [math.log(v) / math.log(ERROR_BASE) if v else 0.0 for v in size[near].tolist()]
    with np.errstate(invalid="ignore"):
        return np.where(size == 0, 0, np.floor(steps) + ERROR_ZERO).astype(np.int64)


def delays(at: IntArray, label_time: Any, labelled: Any) -> IntArray:
    """Whole days until the label, (n,); ``DELAY_CELLS`` where there is none, or its time is not known."""
    waited = np.full(len(at), DELAY_CELLS)
    known = np.asarray(label_time.fill_null(rows.EARLIEST).to_numpy(zero_copy_only=False), np.int64)
    there = np.flatnonzero(labelled & (known != rows.EARLIEST))
    waited[there] = np.clip((known[there] - at[there]) // DAY, 0, DELAY_CELLS - 1)
    return waited


def _losses(scored: GroupTally, losses: GroupTally) -> tuple[int, IntArray, Counted]:
    group = np.flatnonzero(scored.values)
    sums = losses.values[group]
    return rows.LOSSES, group, {"n": scored.values[group], "x": sums[:, 0], "y": sums[:, 1]}
