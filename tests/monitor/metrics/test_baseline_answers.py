"""What guessing gives, answers laid on scores, classes' curves, tails of errors and values in words, on small counts.
Guesses and tails are held against being reckoned otherwise by ``test_baseline.py`` and ``test_heavy_tails.py``; of the
rest the code was read, and the answers looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.monitor.estimate.cbpe_multiclass import class_curves
from plumbline.monitor.figures import say_figure, say_value
from plumbline.monitor.metrics import heavy_tails
from plumbline.monitor.metrics.baseline import GUESSES, compare_with_baseline
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.metrics import METRICS, metrics_for
from plumbline.monitor.metrics.score_confusion import confusion_by_cells, explained_share, order_by_score
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import binary, profiles, regression


def _guesses() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        counts = counts_of(profile)
        chosen = metrics_for(profile.task, profile.classes)
        for one in chosen:
            if one.name in GUESSES:
                yield f"{name}, {one.name}", GUESSES[one.name](counts)
            yield f"{name}, {one.name}, compared", compare_with_baseline(one, counts)
    for skill in (-1.0, 0.0, 0.05, 0.3):
        for rows in (8, 12, 60):
            counts = counts_of(binary(71, 8, rows, skill=skill))
            told = [
                compare_with_baseline(METRICS[m], counts)
                for m in ("accuracy", "precision", "recall", "roc_auc")
            ]
            yield f"skill of {skill}, {rows} rows", [float(counts.labelled.sum()), told]


def _laid() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        if profile.task is not Task.BINARY or not profile.score_cells.shape[2]:
            continue
        counts = counts_of(profile)
        scored = order_by_score(profile, counts)
        every = np.ones(len(profile.days), bool)
        yield name, [
            scored.everyone.sum(1), (scored.above * np.arange(scored.above.shape[1])).sum(1), scored.above.sum(1),
            [explained_share(scored, rows) for rows in (every, ~every, np.arange(len(every)) < 2)],
            confusion_by_cells(counts.cells[:, 1], counts.cells[:, 0], scored.above, counts),
        ]  # fmt: skip


def _curves() -> Iterator[tuple[str, Any]]:
    for seed in range(20):
        rng = np.random.default_rng([651, seed])
        folds, classes, size = int(rng.choice([1, 2, 4])), int(rng.choice([2, 3])), int(rng.choice([4, 10]))
        cells = rng.integers(0, 9, (folds, classes, 2, size)) * rng.choice([0, 1], (folds, 1, 1, 1))
        if seed % 2:  # the share is far from the score
            cells[:, :, 1] = cells[:, :, 1] // 4
        yield f"{seed}", class_curves(cells)


def _tails() -> Iterator[tuple[str, Any]]:
    for seed in range(40):
        rng = np.random.default_rng([652, seed])
        size = int(rng.choice([3, 9, 20, 60, 400]))
        ends = np.sort(rng.integers(0, 60, size)) / 4.0 ** rng.choice([0.0, 1.0, 2.0])
        counts = rng.integers(0, 6, size).astype(float)
        upper = ends + rng.choice([0.0, 0.25])
        if seed % 5 == 0:
            upper[-1] = np.inf
        with np.errstate(all="ignore"):
            yield f"{seed}", heavy_tails.shape(counts, np.stack([ends, upper]))
    for n, first, second in (
        ((0.0,), (0.0,), (0.0,)),
        ((9.0,), (0.0,), (0.0,)),
        ((4.0, 5.0), (2.0, 3.0), (8.0, 3.0)),
    ):
        yield (
            f"{n}, {first}, {second}"[1:],
            heavy_tails.tail(*(np.array(part) for part in (n, first, second))),
        )
    for seed in range(8):
        counts = counts_of(regression(seed, 12, (3, 40, 150)[seed % 3], heavy=seed % 2 == 0))
        with np.errstate(all="ignore"):
            yield f"errors {seed}", [
                heavy_tails.error_tail(counts), heavy_tails.squared_tail(counts), heavy_tails.error_tail_notes(counts),
                heavy_tails.squared_tail_notes(counts),
            ]  # fmt: skip


def _words() -> Iterator[tuple[str, Any]]:
    values = (
        0.0,
        1e-13,
        -4e-5,
        9.99e-5,
        1e-4,
        0.00123,
        -0.05,
        0.82249,
        0.82251,
        9.995,
        12.3456,
        -99.95,
        1234.5,
        1e6,
        9.99e11,
        1e12,
        -3e15,
    )
    for name in ("accuracy", "mae", "bias", "value", "log_loss", "recall:late"):
        for unit in ("", "parcels"):
            told = [say_value(name, value, unit) for value in (*values, None)]
            yield f"{name} in {unit or 'nothing'}", told
    for largest in (0.001, 5.0, 2e12):
        yield f"beside {largest}", [say_figure(METRICS["mae"], value, "t", largest) for value in values]


TABLES: dict[str, Table] = {
    "guesses": _guesses, "laid": _laid, "curves": _curves, "tails": _tails, "words": _words,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
