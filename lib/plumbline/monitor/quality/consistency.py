"""Whether the same input gets the same answer: decisions with identical features, version and deployment.

A log rarely holds what the model saw to the last digit. Two decisions whose ages are both logged as 41 may have
been of 40.6 and 41.4 years: their scores differ by what a step of that input moves, and that is a property of
the log. Such repeats are counted apart from conflicts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, PointStatus, Repeats, deviation
from plumbline.domain.messages import Message, message, sequence
from plumbline.monitor.statistics.proportions import wilson
from plumbline.wording.quantities import decimal, percent

#: largest share of repeats that may get another answer
LIMIT = 0.001
#: with fewer repeats nothing is said
FEWEST = 30
#: where so many of all repeats differ, and by so little of the score's spread, an input is not logged
NEARLY_ALL, LITTLE = 0.9, 0.1
#: different values below which numbers are levels or counts, and not rounded
LEVELS = 12
PIECES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """The share of repeats whose outputs differ, 0 to 1, with its 95 % Wilson interval.

    ``n``: decisions that share features and version with another one; ``conflicting``: those of them in
    groups whose outputs differ. ``low`` and ``high`` are of the share of repeated *inputs* (``groups``) that got
    different answers, for decisions of one group are one piece of evidence. None where there is no repeat at all.
    """

    share: float | None
    low: float | None
    high: float | None
    n: int
    conflicting: int
    status: PointStatus
    sentence: Message
    decided: int = 0
    near: int = 0
    groups: int = 0
    conflicting_groups: int = 0

    @property
    def decided_share(self) -> float | None:
        """The share in conflicts of the decision itself."""
        return self.decided / self.n if self.n else None

    @property
    def near_share(self) -> float | None:
        """The share whose scores differ by no more than rounded or unlogged inputs explain."""
        return self.near / self.n if self.n else None


def largest_score_gap(inputs: Mapping[str, FloatArray], score: FloatArray) -> float:
    """How far two scores lie apart at most where the inputs, as logged, are the same: steps times slopes, joined.

    The step of an input is the gap between its neighbouring values (the 5 % quantile of gaps; inputs of under 12
    values have none). Its slope is the steepest change of the mean score between neighbouring twentieths of the
    rows. Two inputs that are rounded to the same value lie a step apart at most; steps of several inputs are
    independent of each other and joined in squares.

    Args:
        inputs: numbers (n,) by feature, NaN where missing; score (n,).
    """
    moved = 0.0
    for values in inputs.values():
        mask = np.isfinite(values) & np.isfinite(score)
        x, y = values[mask], score[mask]
        different = np.unique(x)
        if len(different) < LEVELS:
            continue
        gaps = np.diff(different)
        step = float(np.quantile(gaps, 0.05, method="lower"))
        edges = np.unique(np.quantile(x, np.linspace(0, 1, PIECES + 1)[1:-1]))
        piece = np.searchsorted(edges, x, side="right")
        n = np.bincount(piece)
        enough = n >= 10
        if enough.sum() < 2:
            continue
        middle, mean = np.bincount(piece, x)[enough] / n[enough], np.bincount(piece, y)[enough] / n[enough]
        apart = np.maximum(np.diff(middle), step)
        moved = math.hypot(
            moved, step * float(np.max(np.abs(np.diff(mean)) / apart))
        )  # a square may leave the doubles
    return moved


def score_tolerance(repeats: Repeats, inputs: Mapping[str, FloatArray], score: FloatArray) -> float:
    """By how much the scores of repeats may differ before it is a conflict.

    ``largest_score_gap``; and a tenth of the score's standard deviation where nine in ten repeated inputs got another
    score: then an input is not logged, or logged too coarsely, for chance in the model would not spare so few.
    """
    allowed = largest_score_gap(inputs, score)
    if repeats.groups * 2 >= FEWEST and repeats.conflicting_groups >= NEARLY_ALL * repeats.groups:
        allowed = max(allowed, LITTLE * deviation(score[np.isfinite(score)]))
    return allowed


def consistency(repeats: Repeats, *, limit: float = LIMIT, fewest: int = FEWEST) -> Consistency:
    """Judge repeats against the largest share of conflicting ones.

    Breach: the whole interval is above ``limit``; watch: only the share itself, or repeats whose scores differ by
    little; unknown: fewer than ``fewest`` repeats. The interval counts repeated inputs, not decisions: those of
    one group are one piece of evidence.
    """
    n, conflicting = repeats.decisions, repeats.conflicting
    if n == 0:
        sentence = message("No input occurs twice with the same version, so consistency cannot be told.")
        if repeats.unknown:
            sentence = message(
                "The decisions lie in a cluster that cannot be asked now: which inputs occur twice is unknown."
            )
        return Consistency(
            share=None, low=None, high=None, n=0, conflicting=0, status=PointStatus.UNKNOWN, sentence=sentence
        )
    lows, highs = wilson(np.array([float(repeats.conflicting_groups)]), np.array([float(repeats.groups)]))
    share, low, high = conflicting / n, float(lows[0]), float(highs[0])
    if n < fewest:
        status = PointStatus.UNKNOWN
        sentence = message(
            "Only {n} decisions repeat an input; {needed} are needed, {more} more.",
            n=decimal(n, ","),
            needed=decimal(fewest, ""),
            more=decimal(fewest - n, ""),
        )
        return Consistency(
            share=share, low=low, high=high, n=n, conflicting=conflicting, status=status, sentence=sentence
        )
    status = PointStatus.BREACH if low > limit else PointStatus.WATCH if share > limit else PointStatus.OK
    if repeats.near and share <= limit:
        status = PointStatus.WATCH if repeats.near > limit * n else PointStatus.OK
        sentence = message(
            "{near} of {n} decisions that repeat an input got a score that differs by at most {reach}, as rounded or "
            "unlogged inputs explain: the logged inputs do not determine the score.",
            near=decimal(repeats.near, ","),
            n=decimal(n, ","),
            reach=decimal(repeats.reach, ".2g"),
        )
    elif conflicting == 0:
        sentence = message(
            "All {n} decisions that repeat an input got the same answer from the same version.",
            n=decimal(n, ","),
        )
    else:
        sentence = message(
            "{conflicting} of {n} decisions that repeat an input ({share}, 95 % interval {low} to {high}) got another "
            "answer from the same version; the limit is {limit}.",
            conflicting=decimal(conflicting, ","),
            n=decimal(n, ","),
            share=percent(share, ".2g"),
            low=decimal(100 * low, ".2g"),
            high=percent(high, ".2g"),
            limit=percent(limit, ".2g"),
        )
        if repeats.near:
            near = message(
                "Of {near} more the scores differ by at most {reach}.",
                near=decimal(repeats.near, ","),
                reach=decimal(repeats.reach, ".2g"),
            )
            sentence = sequence([sentence, near])
    return Consistency(
        share=share,
        low=low,
        high=high,
        n=n,
        conflicting=conflicting,
        status=status,
        sentence=sentence,
        decided=repeats.decided,
        near=repeats.near,
        groups=repeats.groups,
        conflicting_groups=repeats.conflicting_groups,
    )
