"""Counting what a classifier decided and what came true, from the stream of one load: the tables outcome, confusion,
hour and delay at once.

The meaning of each is that of its SQL in ``outcomes`` and ``activity``, which counts slices (tested to agree), and
here what NumPy does not: numbers as outputs, and several classes' probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray, System, Task
from plumbline.profile.constants import CLIP, DELAY_CELLS
from plumbline.profile.count.categorical import codes, place
from plumbline.profile.count.completeness import count_present
from plumbline.profile.count.outcome_sql import Losses
from plumbline.profile.count.scores import NEGATIVE, POSITIVE, UNLABELLED, ScoreCounts, arrow_lists
from plumbline.profile.count.stream import DAY, HOUR, BatchSplit, Column, GroupTally, split_batch
from plumbline.profile.scope import Scope
from plumbline.store.sql import ident

#: columns of a table of counts by their names
Columns = dict[str, NDArray[Any] | list[str | None]]
#: no time: what Arrow's missing times become
NEVER, _FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
#: what is counted of a row by its prediction and label
_POSITIVE, _LABELLED, _CORRECT = 1, 2, 4
_DENSE = 4_000_000


class OutcomeCounter:
    """Counts predictions and labels by group, and by hour: ``hour_numbers`` are the numbers of 24 x key + hour.

    ``unseen``: whether a prediction or label is not among those known; what was counted is then of no use.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        system: System,
        scope: Scope,
        how: Losses,
        predictions: Sequence[str],
        labels: Sequence[str],
    ) -> None:
        """``predictions``, ``labels``: those that the scope may hold."""
        self.predictions, self.labels, self.unseen = predictions, labels, False
        self.positive = system.positive if system.task is Task.BINARY else None
        _, (trained, delays) = count_present(cursor, scope, ("trained_at", "label_time"))
        self.optional = {"score": how.cells, "trained_at": trained > 0, "label_time": delays > 0}
        self.columns: Sequence[Column] = [
            place("prediction", predictions, "predictions_known"), place("label", labels, "labels_known"),
            *((ident(name), {}) for name, wanted in self.optional.items() if wanted),
        ]  # fmt: skip
        self.marks = np.array([self._marks(p, y) for p in (None, *predictions) for y in (None, *labels)])
        self.plain, self.losses = (
            GroupTally(3),
            GroupTally(2, np.float64),
        )  # rows, labelled, scored; log loss, Brier
        self.scores, self.waits = ScoreCounts(), GroupTally(DELAY_CELLS + 1)
        self.pairs: list[tuple[IntArray, IntArray]] = []
        self.hour_numbers: dict[int, int] = {}
        self.by_hour = GroupTally(8)
        self.times: IntArray = np.zeros((0, 3), np.int64)  # first, last, trained

    def _marks(self, prediction: str | None, label: str | None) -> int:
        positive = prediction is not None and prediction == self.positive
        correct = prediction is not None and prediction == label
        return positive * _POSITIVE + (label is not None) * _LABELLED + correct * _CORRECT

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch."""
        self.unseen = self.unseen or any(column.null_count for column in values[:2])
        if self.unseen:
            return
        predicted, label = (codes(column) - 1 for column in values[:2])
        more = dict(zip((name for name, wanted in self.optional.items() if wanted), values[2:], strict=True))
        pair = predicted * (len(self.labels) + 1) + label
        self._pairs(split, pair)
        scored = np.zeros(len(split.groups), np.int64)
        if "score" in more:
            score = np.asarray(more["score"].to_numpy(zero_copy_only=False), np.float64)
            scored = self._scores(split, score, label)
        self.plain.add(split.groups, np.stack([split.sizes(), split.count_by_group(label > 0), scored], 1))
        trained = _microseconds(more["trained_at"]) if "trained_at" in more else None
        self._hours(split, self.marks[pair], trained)
        waited = np.full(len(label), DELAY_CELLS)
        if "label_time" in more:
            known = _microseconds(more["label_time"])
            there = np.flatnonzero((label > 0) & (np.abs(known) < _FOREVER) & (known != NEVER))
            waited[there] = np.clip((known[there] - split.at[there]) // DAY, 0, DELAY_CELLS - 1)
        self.waits.add(split.groups, split.counts(waited, DELAY_CELLS + 1))

    def _pairs(self, split: BatchSplit, pair: IntArray) -> None:
        width = (len(self.predictions) + 1) * (len(self.labels) + 1)
        if len(split.groups) * width <= _DENSE:
            counts = split.counts(pair, width)
            group, pairs = np.nonzero(counts)
            self.pairs.append((split.groups[group] * width + pairs, counts[group, pairs]))
        else:
            keys, n = np.unique(split.groups[split.of_row] * width + pair, return_counts=True)
            self.pairs.append((keys, n))

    def _scores(self, split: BatchSplit, score: FloatArray, label: IntArray) -> IntArray:
        """Count scores; returns how many of each group have a loss."""
        inside = (score >= 0) & (score <= 1)
        p = np.where(inside, score, 0.0)
        true = label == (self.labels.index(self.positive) + 1 if self.positive in self.labels else -1)
        outcome = np.where(label == 0, UNLABELLED, np.where(true, POSITIVE, NEGATIVE))
        self.scores.add(split, p, outcome, inside)
        scored = inside & (label > 0)
        clipped = np.clip(p, CLIP, 1 - CLIP)
        loss = -np.log(np.where(true, clipped, 1 - clipped))
        missed = p - true
        sums = [split.sums(np.where(scored, each, 0.0)) for each in (loss, missed * missed)]
        self.losses.add(split.groups, np.stack(sums, 1))
        return split.count_by_group(scored)

    def _hours(self, split: BatchSplit, marks: IntArray, trained: IntArray | None) -> None:
        hours = split_batch(split.key * 24 + split.at // HOUR % 24, split.at, self.hour_numbers)
        self.by_hour.add(hours.groups, hours.counts(marks, 8))
        fresh = len(self.hour_numbers) - len(self.times)
        if fresh:
            self.times = np.concatenate([self.times, np.tile([_FOREVER, NEVER, NEVER], (fresh, 1))])
        hours_of_group = self.times[hours.groups]
        hours_of_group[:, 0] = np.minimum(hours_of_group[:, 0], hours.extremes(split.at, np.minimum))
        hours_of_group[:, 1] = np.maximum(hours_of_group[:, 1], hours.extremes(split.at, np.maximum))
        if trained is not None:
            hours_of_group[:, 2] = np.maximum(hours_of_group[:, 2], hours.extremes(trained, np.maximum))
        self.times[hours.groups] = hours_of_group

    def outcome(self) -> Columns:
        """Columns of ``profile_outcome``, by group's number."""
        n, scored = self.plain.values, self.optional["score"]
        none = np.zeros((len(n), 0), np.uint32)
        losses = self.losses.values if scored else np.zeros((len(n), 2))
        names = ("cells_negative", "cells_positive", "cells_unlabelled")
        lists = arrow_lists(self.scores.scores(), len(n)) if scored else (none, none, none)
        cells = dict(zip(names, lists, strict=True))
        return {
            "n": n[:, 0], "n_labelled": n[:, 1], "n_scored": n[:, 2], "sum_log_loss": losses[:, 0],
            "sum_brier": losses[:, 1], **cells, "moments": np.zeros((len(n), 0)), "error_cells": none,
        }  # fmt: skip

    def delay(self) -> Columns:
        """Columns of ``profile_delay``, by group's number."""
        return {"n": self.plain.values[:, 0], "counts": self.waits.values[:, :-1]}

    def confusion(self) -> tuple[IntArray, Columns]:
        """The group's number of each row of ``profile_confusion``, and its other columns."""
        keys, places = np.unique(np.concatenate([k for k, _ in self.pairs]), return_inverse=True)
        n = np.bincount(places, np.concatenate([n for _, n in self.pairs])).astype(np.int64)
        group, pair = np.divmod(keys, (len(self.predictions) + 1) * (len(self.labels) + 1))
        predicted, label = np.divmod(pair, len(self.labels) + 1)
        texts = (None, *self.predictions), (None, *self.labels)
        return group, {
            "prediction": [texts[0][i] for i in predicted],
            "label": [texts[1][i] for i in label],
            "n": n,
        }

    def hours(self) -> tuple[IntArray, IntArray, Columns]:
        """The group's key and the hour of the day of each row of ``profile_hour``, and its other columns."""
        key, hour = np.divmod(np.array(list(self.hour_numbers), np.int64), 24)
        counts, marks = self.by_hour.values, np.arange(8)
        positive, labelled, correct = (
            counts[:, (marks & mark) > 0].sum(axis=1) for mark in (_POSITIVE, _LABELLED, _CORRECT)
        )
        first, last, trained = self.times.T
        return key, hour, {
            "first_at": first, "last_at": last, "trained": trained, "n": counts.sum(axis=1),
            "positives": positive.astype(np.float64), "n_labelled": labelled, "correct": correct,
        }  # fmt: skip


def _microseconds(column: Any) -> IntArray:
    """Times as microseconds, NEVER where there is none."""
    return np.asarray(column.to_numpy(zero_copy_only=False), "datetime64[us]").view(np.int64)
