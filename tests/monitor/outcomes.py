"""Outcome profiles straight from arrays, with numpy only: independent of the SQL that builds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from plumbline.domain import OutcomeProfile, Task, score_ends

FIRST = date(2026, 1, 5)  # a Monday
CELLS = 1000


def day(i: int) -> date:
    return FIRST + timedelta(days=int(i))


def at(i: int) -> datetime:
    """Midnight of day ``i``, UTC."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=int(i))


def _groups(days: np.ndarray, versions: Sequence[str] | None) -> tuple[list[tuple[int, str]], np.ndarray]:
    names = list(versions) if versions is not None else [""] * len(days)
    keys = sorted(set(zip(days.tolist(), names, strict=True)))
    place = {key: i for i, key in enumerate(keys)}
    return keys, np.array([place[key] for key in zip(days.tolist(), names, strict=True)], dtype=int)


def _add(group: np.ndarray, groups: int, values: np.ndarray) -> np.ndarray:
    return np.bincount(group, weights=values, minlength=groups).astype(float)


def classified(
    days: np.ndarray,
    predicted: np.ndarray,
    true: np.ndarray,
    score: np.ndarray | None = None,
    *,
    labelled: np.ndarray | None = None,
    versions: Sequence[str] | None = None,
    classes: tuple[str, ...] = ("no", "yes"),
    positive: str | None = "yes",
    cells: int = CELLS,
    binary: bool | None = None,
) -> OutcomeProfile:
    """From day numbers, class positions and P(positive); ``labelled`` marks the rows whose label is known."""
    days = np.asarray(days)
    known = np.ones(len(days), dtype=bool) if labelled is None else np.asarray(labelled)
    keys, group = _groups(days, versions)
    g, k = len(keys), len(classes)
    confusion = np.zeros((g, k, k + 1), dtype=np.int64)
    np.add.at(confusion, (group, predicted, np.where(known, true, k)), 1)
    width = cells if score is not None else 0
    score_cells, unlabelled = np.zeros((g, 2, width), np.int64), np.zeros((g, width), np.int64)
    log_loss = brier = np.full(g, np.nan)
    scored = np.zeros(g, np.int64)
    if score is not None:
        hit = (np.asarray(true) == classes.index(positive or classes[-1])).astype(int)
        cell = np.searchsorted(score_ends(cells)[1:-1], score)
        np.add.at(score_cells, (group[known], hit[known], cell[known]), 1)
        np.add.at(unlabelled, (group[~known], cell[~known]), 1)
        clipped = np.clip(score, 1e-15, 1 - 1e-15)
        log_loss = _add(group, g, known * -(hit * np.log(clipped) + (1 - hit) * np.log1p(-clipped)))
        brier = _add(group, g, known * (score - hit) ** 2)
        scored = _add(group, g, known).astype(np.int64)
    return OutcomeProfile(
        task=Task.BINARY if (k == 2 if binary is None else binary) else Task.MULTICLASS,
        classes=classes, positive=positive,
        days=tuple(day(d) for d, _ in keys), versions=tuple(v for _, v in keys), arms=("",) * g,
        n=np.bincount(group, minlength=g), n_labelled=_add(group, g, known).astype(np.int64),
        confusion=confusion, score_cells=score_cells, score_unlabelled=unlabelled,
        sum_log_loss=log_loss, sum_brier=brier, n_scored=scored,
        moments=np.zeros((g, 0)), error_ends=np.empty((2, 0)), error_cells=np.zeros((g, 0), np.int64),
    )  # fmt: skip


def counted(right: np.ndarray, rows: np.ndarray) -> OutcomeProfile:
    """From the right ones of each day's binary decisions (days,): a third of either kind for the positive class."""
    confusion = np.zeros((len(rows), 2, 3), np.int64)
    wrong = rows - right
    confusion[:, 1, 1], confusion[:, 1, 0] = right // 3, wrong // 2
    confusion[:, 0, 0], confusion[:, 0, 1] = right - right // 3, wrong - wrong // 2
    empty = classified(np.arange(len(rows)), *np.zeros((2, len(rows)), int))
    return replace(empty, n=rows, n_labelled=rows, confusion=confusion)


def wandering(rng: np.random.Generator, days: int, kept: float) -> np.ndarray:
    """A stationary first-order autoregression of variance 1 that keeps ``kept`` of the day before: (days,)."""
    steps = rng.normal(size=days)
    for i in range(1, days):
        steps[i] = kept * steps[i - 1] + np.sqrt(1 - kept**2) * steps[i]
    return steps


def _absolute_ends(edges: np.ndarray) -> np.ndarray:
    """Least and greatest absolute error of each cell between edges of signed errors."""
    low, high = np.r_[-np.inf, edges], np.r_[edges, np.inf]
    inside = (low < 0) & (high > 0)
    return np.stack([np.where(inside, 0.0, np.minimum(abs(low), abs(high))), np.maximum(abs(low), abs(high))])


def regressed(
    days: np.ndarray,
    predicted: np.ndarray,
    true: np.ndarray,
    *,
    versions: Sequence[str] | None = None,
    edges: np.ndarray | None = None,
) -> OutcomeProfile:
    """From day numbers and numbers; every row is labelled."""
    keys, group = _groups(np.asarray(days), versions)
    g, error = len(keys), predicted - true
    nonzero = true != 0
    both = (abs(true) + abs(predicted)) / 2
    columns = [
        error, abs(error), error**2, true, true**2, np.maximum(error, 0), np.maximum(-error, 0),
        np.where(nonzero, abs(error) / np.where(nonzero, abs(true), 1), 0), nonzero.astype(float),
        np.where(nonzero, abs(error) / np.where(both > 0, both, 1), 0), error**2, error**4,
    ]  # fmt: skip
    edges = np.linspace(error.min(), error.max(), 401)[1:-1] if edges is None else edges
    cells = np.zeros((g, len(edges) + 1), np.int64)
    np.add.at(cells, (group, np.searchsorted(edges, error, side="left")), 1)
    rows = np.bincount(group, minlength=g)
    return OutcomeProfile(
        task=Task.REGRESSION, classes=(), positive=None,
        days=tuple(day(d) for d, _ in keys), versions=tuple(v for _, v in keys), arms=("",) * g,
        n=rows, n_labelled=rows, confusion=np.zeros((g, 0, 0), np.int64),
        score_cells=np.zeros((g, 2, 0), np.int64), score_unlabelled=np.zeros((g, 0), np.int64),
        sum_log_loss=np.full(g, np.nan), sum_brier=np.full(g, np.nan), n_scored=np.zeros(g, np.int64),
        moments=np.stack([_add(group, g, c) for c in columns], axis=1),
        error_ends=_absolute_ends(edges), error_cells=cells,
    )  # fmt: skip


def scored(
    rng: np.random.Generator, days: int, rows: int, *, skill: float = 2.0, drop: np.ndarray | None = None
):
    """A calibrated binary system's days, predictions, truths and scores; ``drop`` (days,) is the share of
    labels that are flipped that day, so accuracy falls."""
    day_of = np.repeat(np.arange(days), rows)
    score = 1 / (1 + np.exp(-rng.normal(0, skill, days * rows)))
    true = (rng.random(days * rows) < score).astype(int)
    if drop is not None:
        flip = rng.random(days * rows) < np.repeat(drop, rows)
        true = np.where(flip, 1 - true, true)
    return day_of, (score >= 0.5).astype(int), true, score
