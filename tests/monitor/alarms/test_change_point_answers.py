"""The day a series broke, what days keep of each other, and outcomes that contradict the score, on drawn days: falls at
once, growing, passing or none, with gaps, outliers and restless days. The rules are held against being written out
slowly by ``test_change_point_reference.py`` and ``test_contradiction_reference.py``, the dependence against series of
a known law by ``test_autocorrelation.py``; here each figure on the way of more series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import score_middles
from plumbline.monitor.alarms import change_point as alarms
from plumbline.monitor.alarms.contradiction import contradiction_findings, contradictions, flip_share
from plumbline.monitor.metrics.metrics import metric
from plumbline.monitor.statistics.autocorrelation import (
    autoregressive,
    lag_decay,
    lag_one_autocorrelation,
    long_run_ratio,
    span_ratio,
)
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.monitor.statistics.partition import optimal_partition
from tests.known_answers import Table, differences
from tests.monitor.alarms.test_change_point_reference import drawn, point
from tests.monitor.alarms.test_contradiction_reference import CELLS
from tests.monitor.alarms.test_contradiction_reference import drawn as outcome_log
from tests.monitor.outcomes import at, classified


def _changes() -> Iterator[tuple[str, Any]]:
    for seed in range(1000, 1070):
        points = drawn(seed)
        unit = ("parcels", "")[seed % 2]
        yield f"{seed}", [alarms.change_point(points, matters=m, unit=unit) for m in (None, 0.0)]


def _series() -> Iterator[tuple[str, Any]]:
    """What is reckoned on the way to a change."""
    for seed in range(2000, 2030):
        points = sorted((p for p in drawn(seed) if p.value is not None and p.n), key=lambda p: p.start)
        series = alarms._series(points)
        name = points[0].metric
        one = metric("recall" if name.startswith("recall:") else name)
        blocks = len(series.value)
        if blocks < alarms.FEWEST:
            yield f"{seed}", series
            continue
        edges = alarms._segments(series)
        thirds = [0, blocks // 3, 2 * blocks // 3, blocks]
        yield (
            f"{seed}",
            [
                series.rows,
                series.noise,
                alarms._clip_outliers(series),
                edges,
                alarms._relevant_change(one, series, edges),
                [
                    alarms._last_worse_run(one, series, some, enough)
                    for some in (edges, thirds)
                    for enough in (0.0, 0.02)
                ],
                alarms._step_error(series, 0, blocks),
                alarms._slope_error(series, 1, blocks),
                alarms._slope_fit(series, 0, blocks),
                alarms._steps_cost(series, thirds),
                [alarms._onset(series, 0, thirds[1], thirds[2], rising) for rising in (False, True)],
                [alarms._long_run_noise(series, thirds, thirds, slope) for slope in (False, True)],
            ],
        )
    for days in (7, 8, 9):
        level = [0.9] * 4 + [0.5] * (days - 4)
        points = [point(i, 400, v, "accuracy", half=0.02) for i, v in enumerate(level)]
        yield f"{days} days", alarms.change_point(points)


def _dependence() -> Iterator[tuple[str, Any]]:
    for n in (0, 1, 9, 10, 27, 28, 29, 55, 56, 57, 120):
        for kept in (0.0, 0.4, 0.9):
            rng = np.random.default_rng([611, n, int(10 * kept)])
            x = np.zeros(n)
            for i in range(n):
                x[i] = (kept * x[i - 1] if i else 0.0) + rng.normal()
            weekday = np.arange(n) % 7
            rhythm = x + 3 * (weekday > 4)
            yield (
                f"{n} values that keep {kept}",
                [
                    [long_run_ratio(x, weekday=w, week=k, levels=m, beyond=b, unsure=u)
                     for w, k, m, b, u in ((None, 7, 1, 0.0, 0.0), (None, 1, 1, 1.28, 0.0), (weekday, 7, 2, 0.0, 1.0),
                                           (None, 0, 3, 1.28, 2.0))],
                    long_run_ratio(rhythm, weekday=weekday),
                    [span_ratio(x, span) for span in (1, 2, 7, 14)],
                    [lag_decay(x - x.mean() if n else x, m, u) for m, u in ((1, 0.0), (2, 1.0))],
                    [lag_one_autocorrelation(x, m) for m in (0, 1, 3)],
                ],
            )  # fmt: skip
    yield "constant", [long_run_ratio(np.full(20, 3.0)), span_ratio(np.full(20, 3.0), 7)]
    yield "large", [long_run_ratio(1e200 * np.arange(20.0)), span_ratio(1e200 * np.arange(20.0), 7)]
    for kept in (0.0, 0.5, 0.9):
        yield (
            f"autoregression of {kept}",
            [autoregressive(kept, span, d) for span in (1, 2, 7) for d in (None, 0.25)],
        )


def _partitions() -> Iterator[tuple[str, Any]]:
    for seed in range(40):
        rng = np.random.default_rng([612, seed])
        values = np.repeat(rng.integers(-3, 4, 5), rng.integers(1, 6, 5)) + rng.integers(-1, 2, 50)[0] * 0.25
        values = values + rng.integers(-2, 3, len(values)) / 4.0
        yield f"{seed}", [optimal_partition(values, penalty) for penalty in (0.0, 0.5, 2.0, 50.0)]
    for values in ([1.0], [1.0, 1.0], [0.0, 1.0, 0.0, 1.0], [1e9, 1e9 + 1, 1e9 + 1], [0.0, 0.0, 2.0, 2.0]):
        yield (
            f"values {values}",
            [optimal_partition(np.array(values), penalty) for penalty in (0.0, 1.0, 4.0)],
        )
    for p in ([], [0.2], [0.01, 0.04, 0.03, 0.9], [0.5, 0.5], [1.0, np.nan, 0.001], [np.nan], [0.0, 1.0]):
        yield f"adjusted {p}", benjamini_hochberg(np.array(p, float))
    yield "adjusted families", benjamini_hochberg(np.array([[0.01, np.nan], [0.2, 0.03], [0.04, 0.5]]))


def _contradictions() -> Iterator[tuple[str, Any]]:
    for seed in range(100, 130):
        rows, start, end, _ = outcome_log(seed)
        made, cell, y = (np.array([row[i] for row in rows]) for i in range(3))
        score = (cell + 0.5) / CELLS
        profile = classified(
            made, (score > 0.5).astype(int), y, score, versions=[row[3] for row in rows], cells=CELLS
        )
        found = contradictions(profile, reference=(at(start), at(end)))
        yield f"{seed}", [found, contradiction_findings("s", found)]
    p = score_middles(9)
    for seed in range(12):
        rng = np.random.default_rng([613, seed])
        n = rng.integers(0, 30, 9)
        positives = rng.binomial(n, np.clip(p + rng.choice([0.0, 0.2, -0.3]), 0, 1))
        counts = np.stack([n - positives, positives])
        yield f"turned {seed}", [flip_share(counts, p, noise) for noise in (0.5, 1.0, 4.0)]
    yield "turned of none", flip_share(np.zeros((2, 9)), p)


TABLES: dict[str, Table] = {
    "changes": _changes, "series": _series, "dependence": _dependence, "partitions": _partitions,
    "contradictions": _contradictions,
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
