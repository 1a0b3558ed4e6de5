"""Counting the scores of rows that a filter picks, for which no profile is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from plumbline.profile.count.categorical import codes, place
from plumbline.profile.count.scores import NEGATIVE, POSITIVE, UNLABELLED, ScoreCounts
from plumbline.profile.count.stream import BatchSplit, Column


class ScoredRows:
    """Counts the scores of any rows from the stream: for a filter that no stored profile answers."""

    def __init__(self, positive: str, usable: str) -> None:
        """``positive``: the label that counts as such; ``usable``: SQL of the score, NULL where it has no cell."""
        self.counts = ScoreCounts()
        self.columns: Sequence[Column] = [place("label", [positive], "positive_known"), (usable, {})]

    def add(self, split: BatchSplit, values: Sequence[Any]) -> None:
        """Count the rows of one batch."""
        label = codes(values[0])  # 0: another label, 1: none, 2: the positive one
        outcome = np.array([NEGATIVE, UNLABELLED, POSITIVE])[label]
        score = np.asarray(values[1].to_numpy(zero_copy_only=False), np.float64)
        inside = (score >= 0) & (score <= 1)
        self.counts.add(split, np.where(inside, score, 0.5), outcome, inside)
