"""Estimates before labels on small systems: held against labels and brute force on raw scores by
``test_cbpe_binary.py`` and ``test_dle.py``; refusals, bands and notes come from code that was read, and were
looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import OutcomeProfile
from plumbline.monitor.chunks import day_array
from plumbline.monitor.estimate.backtest import hindsight
from plumbline.monitor.estimate.cbpe_binary import estimate
from plumbline.monitor.estimate.dle import (
    LossRows,
    _chunk_of,
    _error,
    _expected_counts,
    _Losses,
    _means,
    _refusal,
)
from plumbline.monitor.estimate.isotonic import assign_folds, calibration_curves, isotonic, squared_error
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.metrics.score_confusion import explained_share, order_by_score
from plumbline.monitor.performance.selective_labels import selection
from plumbline.monitor.performance.series import performance, sum_by_chunk
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, binary, multiclass, regression
from tests.monitor.outcomes import at, classified

REFERENCE = (at(0), at(28))


def _honest(
    seed: int,
    *,
    days: int = 56,
    rows: int = 30,
    power: float = 1.0,
    fall: int | None = None,
    known: int | None = None,
) -> OutcomeProfile:
    """Scores that are the probability to a power; from ``fall`` on labels turn, from ``known`` on there are none."""
    rng = np.random.default_rng([261, seed])
    day = np.repeat(np.arange(days), rows)
    p = 1 / (1 + np.exp(-rng.integers(-12, 13, len(day)) / 4))
    true = (rng.random(len(day)) < p).astype(int)
    if fall is not None:
        true = np.where((day >= fall) & (rng.random(len(day)) < 0.4), 1 - true, true)
    score = p**power / (p**power + (1 - p) ** power)
    return classified(day, (score >= 0.5).astype(int), true, score, labelled=day < (known or days), cells=40)


def _systems() -> Iterator[tuple[str, OutcomeProfile]]:
    yield "honest", _honest(1)
    yield "distorted", _honest(2, power=2.0)
    yield "no label late", _honest(3, known=30)
    yield "concept drift", _honest(4, fall=35)
    yield "few", _honest(5, rows=9)
    yield "three hundred", _honest(6, rows=11, known=28)
    yield "rare", binary(7, 56, 80, base=-3)
    yield "one class", binary(8, 40, 30, base=-30)
    yield "another task", multiclass(9, 20, 30)
    yield (
        "no score",
        replace(
            _honest(10),
            score_cells=np.zeros((56, 2, 0), np.int64),
            score_unlabelled=np.zeros((56, 0), np.int64),
        ),
    )
    blind = _honest(11)
    yield "answers follow no score", replace(blind, confusion=blind.confusion[:, ::-1])


def _estimates() -> Iterator[tuple[str, Any]]:
    for name, profile in _systems():
        for by in ("week", "day"):
            metrics = None if by == "week" else ["accuracy", "recall"]
            points = estimate(
                profile,
                reference=REFERENCE,
                by=by,
                metrics=metrics,
                cost=COSTS["binary"] if by == "week" and len(profile.classes) == 2 else None,
            )  # type: ignore[arg-type]
            kept = points if by == "week" else points[::5]
            yield (
                f"{name} by {by}",
                [
                    (p.metric, p.start, p.n, p.value, p.low, p.high, p.threshold, p.status, p.note)
                    for p in kept
                ],
            )
        yield (
            f"{name}, no reference",
            [(p.status, p.note) for p in estimate(profile, reference=None, by="week", metrics=["accuracy"])][
                :1
            ],
        )
        some = estimate(profile, reference=REFERENCE, by="week", metrics=["accuracy"])
        real = performance(profile, reference=REFERENCE, by="week", metrics=["accuracy"])
        yield f"{name}, in hindsight", hindsight(some, real)
        floor = estimate(
            profile, reference=REFERENCE, by="week", metrics=["accuracy"], floors={"accuracy": 0.95}
        )
        yield f"{name}, a floor", [(p.threshold, p.status) for p in floor]


def _selected() -> Iterator[tuple[str, Any]]:
    whole = _honest(12, rows=60)
    for name, share in (("granted alone", 0.0), ("a third of the others", 0.3)):
        rng = np.random.default_rng(262)
        confusion, cells, waiting = (
            whole.confusion.copy(),
            whole.score_cells.copy(),
            whole.score_unlabelled.copy(),
        )
        low = np.arange(cells.shape[2]) < cells.shape[2] // 2
        for true in (0, 1):
            kept = rng.binomial(confusion[:, 0, true], share)
            confusion[:, 0, 2] += confusion[:, 0, true] - kept
            confusion[:, 0, true] = kept
            stays = rng.binomial(cells[:, true][:, low], share)
            waiting[:, low] += cells[:, true][:, low] - stays
            cells[:, true, : low.sum()] = stays
        profile = replace(
            whole,
            confusion=confusion,
            n_labelled=confusion[:, :, :2].sum((1, 2)),
            score_cells=cells,
            score_unlabelled=waiting,
        )
        chosen = selection(profile)
        points = estimate(profile, reference=REFERENCE, by="week", selected=chosen)
        yield name, [(p.metric, p.start, p.value, p.low, p.high, p.status, p.note) for p in points]


def _curves() -> Iterator[tuple[str, Any]]:
    for name, profile in _systems():
        counts = counts_of(profile)
        days = day_array(profile.days)
        mask = np.arange(len(days)) < 28
        folds, many = assign_folds(days, mask)
        yield f"{name}, folds", (folds, many)
        if counts.cells.shape[2] and counts.cells[mask].any():
            curves = calibration_curves(counts, mask, days)
            yield f"{name}, curves", curves
            scored = order_by_score(profile, counts)
            yield f"{name}, follows", (explained_share(scored, mask), scored.above[0])
            cells = counts.cells[mask].sum(0)
            fitted = isotonic(cells)
            p = fitted(np.linspace(0.0, 1.0, 40))
            yield f"{name}, isotonic", (p, squared_error(cells, p))


def _losses() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(263)
    profile = regression(13, 28, 40)
    counts = counts_of(profile)
    chunks = sum_by_chunk(profile.days, counts, np.ones(28, bool), "week")
    days = np.repeat(day_array(profile.days), 12)
    chunk = _chunk_of(days, chunks.starts, "week")
    yield "chunks", (chunk[::12], _chunk_of(days[:3], chunks.starts[1:], "week"))
    predicted = rng.integers(1, 30, len(days)) / 10
    predicted[::17] = np.nan
    rows = np.bincount(chunk).astype(float)
    mean, se = _means(predicted, chunk, rows)
    yield (
        "means",
        (
            mean,
            se,
            _means(predicted[:29], chunk[:29], rows[:1]),
            _means(predicted[:33], chunk[:33], rows[:1]),
        ),
    )
    losses = _Losses(absolute=mean, squared=mean**2 + 1, absolute_se=se, squared_se=3 * se, rows=rows)
    expected = _expected_counts(chunks.counts, losses)
    yield "expected", expected.moments
    yield "errors", [_error(METRICS[name], expected, losses, chunks.counts) for name in ("mae", "rmse")]
    for n, labelled, width in ((0, 0, 2), (299, 299, 2), (300, 299, 2), (300, 300, 2), (300, 300, 0)):
        error = np.where(np.arange(n) < labelled, 1.0, np.nan)
        one = LossRows(days[:n], np.ones((n, width)), error)
        yield (
            f"{labelled} of {n}, {width} inputs",
            (_refusal(one, one), _refusal(None, one), _refusal(one, None)),
        )


TABLES: dict[str, Table] = {
    "estimates": _estimates,
    "selected": _selected,
    "curves": _curves,
    "losses": _losses,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
