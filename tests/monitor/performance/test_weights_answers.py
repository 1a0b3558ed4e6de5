"""Figures over all decisions, who has outcomes, and how labels come, on drawn logs with gaps, ties, empty classes and
late files. The rules are held against being written out slowly by ``test_weights_reference.py``,
``test_selective_labels_reference.py`` and ``test_label_delay_reference.py``; here every figure of more logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.performance import label_delay as labels
from plumbline.monitor.performance.selective_labels import (
    decisions_for,
    population_sentence,
    selection,
    unknown_metrics,
)
from plumbline.monitor.performance.weights import (
    _accuracy,
    _nearby_labelled_share,
    _precision,
    _recall,
    join_score_cells,
    weighted_metrics,
)
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import profiles
from tests.monitor.outcomes import classified, day
from tests.monitor.performance.test_label_delay_reference import drawn as label_log
from tests.monitor.performance.test_selective_labels_reference import drawn as selected_log


def _cells() -> Iterator[tuple[str, Any]]:
    for seed in range(60):
        rng = np.random.default_rng([601, seed])
        m = int(rng.integers(0, 30))
        n = rng.choice([0, 1, 4, 9, 10, 11, 50, 60], m) * rng.choice([0, 1], m, p=[0.4, 0.6])
        u = rng.choice([0, 1, 5, 11, 12, 13, 24, 70], m)
        side = np.arange(m) >= rng.integers(0, m + 1)
        n, u = n.astype(float), u.astype(float)
        yield f"{seed}", [join_score_cells(n, u), join_score_cells(n, u, side), _nearby_labelled_share(n, u)]
    for labelled in (
        [9.0, 1.0],
        [9.0, 2.0],
        [10.0, 10.0],
        [10.0, 9.0],
        [10.0, 0.0, 10.0],
        [1.0] * 21,
        [25.0, 25.0, 1.0],
    ):
        for unknown in (0.0, 11.0, 12.0, 24.0):
            n = np.array(labelled)
            u = np.full(len(n), unknown)
            yield f"labelled {labelled} and {unknown}", [join_score_cells(n, u), _nearby_labelled_share(n, u)]


def _weighted() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        every = np.ones(len(profile.days), bool)
        for rows, some in (("all", every), ("half", np.arange(len(every)) % 2 == 0), ("none", ~every)):
            if len(profile.classes) > 1:
                yield f"{name}, {rows}", weighted_metrics(profile, some)
    for seed in range(48):
        rng = np.random.default_rng([602, seed])
        rows = int(rng.choice([6, 60, 400]))
        cell = rng.integers(0, 20, rows)
        score = (cell + 0.5) / 20
        true = (rng.random(rows) < score).astype(int)
        predicted = (cell >= int(rng.choice([0, 6, 10, 20]))).astype(int)
        if seed % 6 == 5:  # the score does not tell the answers
            predicted = rng.integers(0, 2, rows)
        share = [0.4 + 0 * score, score, np.where(predicted, 0.9, 0.0), np.where(cell < 5, 0, 0.8)][seed % 4]
        labelled = rng.random(rows) < share
        made = rng.integers(0, 3, rows)
        for told in (score, None):
            profile = classified(made, predicted, true, told, labelled=labelled, cells=20)
            found = weighted_metrics(profile, np.ones(len(profile.days), bool))
            yield f"drawn {seed}, {'scores' if told is not None else 'answers'}", found
    for table in (
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [0.25, 0, 0.25, 0],
        [3, 1, 2, 4],
    ):
        values = np.array(table, float)
        yield f"table {table}", [_accuracy(values), _recall(values), _precision(values)]


def _selections() -> Iterator[tuple[str, Any]]:
    for seed in range(200, 260):
        rows = selected_log(seed)
        binary = len(rows["classes"]) == 2
        profile = classified(
            rows["made"], rows["predicted"], rows["true"],
            None if rows["score"] is None else (rows["score"] + 0.5) / 20,
            labelled=rows["labelled"], cells=20, classes=rows["classes"],
            positive="yes" if binary else None, binary=binary,
        )  # fmt: skip
        found = selection(profile)
        known = profile.classes[:2]
        yield f"{seed}", [found, unknown_metrics(found), decisions_for(profile, known)]
    for names in (("a",), ("a", "b"), ("a", "b", "c")):
        yield f"of {names}", population_sentence(names)


def _delays() -> Iterator[tuple[str, Any]]:
    for seed in range(300, 336):
        delay, today = label_log(seed)
        days = np.array(delay.days, dtype="datetime64[D]")
        found = labels.arrival_shares(days, delay, today)
        curve = labels.delay_curve(delay, today)
        n = delay.n.astype(float)
        week = np.arange(len(n)) // 7
        weeks = int(week.max()) + 1
        known = np.minimum(delay.counts.sum(1), n)
        yield (
            f"{seed}",
            {
                "curve": curve[::5],
                "usual": [labels.usual_delay(curve, share) for share in (0.5, 0.9, 1.0)],
                "positive": labels.positive_curve(delay, today),
                "frontier": labels.label_frontier(delay, delay.counts, today),
                "shares": None
                if found is None
                else [found.positives[::9], found.negatives[::9], found.positive],
                "immature": labels.immature_chunks(found, n, week, weeks),
                "unbalanced": labels.unbalanced_chunks(found, n, week, weeks),
                "days": [
                    int(labels.immature_days(name, days, delay, today).sum())
                    for name in ("accuracy", "brier", "mae")
                ],
                "provisional": [
                    labels.provisional(known, n, delay, today).sum(),
                    labels.provisional(known, n).sum(),
                ],
            },
        )
    for seed in range(40):
        rng = np.random.default_rng([603, seed])
        n = rng.integers(0, 12, int(rng.integers(1, 9))).astype(float)
        share = rng.choice([0.0, 0.5, 0.8, 0.9, 1.0], len(n))
        yield f"labelled {seed}", labels.provisional(np.floor(n * share), n)
    none = counts_of(classified(np.zeros(3, int), np.zeros(3, int), np.zeros(3, int))).labelled
    yield "one day", [day(0), labels.provisional(none, none), labels.usual_delay(np.full(91, np.nan))]


TABLES: dict[str, Table] = {
    "cells": _cells, "weighted": _weighted, "selections": _selections, "delays": _delays,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
