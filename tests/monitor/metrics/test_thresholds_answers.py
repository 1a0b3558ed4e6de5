"""Healthy bands and limits of every metric on small references: the code was read, and the answers looked at by
sample; ``test_thresholds.py`` writes the formulas out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.design_effect import DesignEffect
from plumbline.monitor.metrics.intervals import Days
from plumbline.monitor.metrics.metrics import Metric, metrics_for
from plumbline.monitor.metrics.thresholds import limits, rows_needed, threshold, usual_values
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, profiles


def _cases() -> Iterator[tuple[str, Metric, Counts, Days]]:
    for name, profile in profiles():
        counts = counts_of(profile, COSTS.get(str(profile.task.value)))
        for days in (1, 3):
            chunk = np.arange(len(counts.n)) // days
            chunks = counts.sum_by_group(chunk, int(chunk.max()) + 1)
            for one in metrics_for(profile.task, profile.classes, value_known=counts.cost is not None):
                yield f"{name}: {one.name} by {days}", one, chunks, Days(counts, chunk)


def _bands() -> Iterator[tuple[str, Any]]:
    for name, one, chunks, days in _cases():
        with np.errstate(all="ignore"):
            yield name, threshold(one, chunks, days)
            if name.endswith("by 3"):
                yield f"{name}, a floor", threshold(one, chunks, days, 0.7)
    for floor in (None, 0.4):
        yield f"no reference, floor {floor}", threshold(one, None, None, floor)


def _limits() -> Iterator[tuple[str, Any]]:
    for name, one, chunks, days in _cases():
        if name.endswith("by 3"):
            with np.errstate(all="ignore"):
                band = threshold(one, chunks, days)
                wider = replace(band, design=DesignEffect(3.0, 20.0))
                said = [
                    limits(band, one, chunks),
                    limits(band, one, chunks, 1e-5),
                    limits(wider, one, chunks),
                ]
                needed = [rows_needed(b, one, chance) for b in (band, wider) for chance in (0.00135, 1e-6)]
                yield name, (said, needed, limits(threshold(one, chunks, days, 0.7), one, chunks))


def _usual() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(3)
    for n in (0, 1, 5, 6, 7, 8, 9, 10, 19, 20, 30):
        values = rng.integers(0, 9, n).astype(float)
        yield f"{n} alike", usual_values(values)
        for odd in (1, 2, 3):
            if n > odd:
                yield f"{n}, {odd} of them odd", usual_values(np.r_[values[odd:], 300.0 + np.arange(odd)])
    yield "all the same", usual_values(np.ones(9))
    yield "one other", usual_values(np.r_[np.ones(8), 1.001])


TABLES: dict[str, Table] = {"threshold": _bands, "limits": _limits, "usual_values": _usual}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
