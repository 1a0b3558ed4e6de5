"""Design effects of every metric and what they do to its interval: the code was read, and the answers looked at
by sample; ``test_design_effect.py`` holds the effect itself against simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.design_effect import (
    DesignEffect,
    design,
    design_effect_over,
    effective_counts,
    effective_counts_of_limit,
    widen_interval,
)
from plumbline.monitor.metrics.intervals import Days
from plumbline.monitor.metrics.metrics import metrics_for
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, profiles, regression
from tests.monitor.outcomes import counted, wandering


def _effects() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        counts = counts_of(profile, COSTS.get(str(profile.task.value)))
        for one in metrics_for(profile.task, profile.classes, value_known=counts.cost is not None):
            with np.errstate(all="ignore"):
                said = [design(one, counts, by) for by in ("day", "week", "month")]
                yield (
                    f"{name}: {one.name}",
                    (said, design_effect_over(one, counts, 3), design(one, None, "week")),
                )


def _wandering() -> Iterator[tuple[str, Any]]:
    for seed, (days, kept) in enumerate(((13, 0.5), (14, 0.5), (40, 0.0), (40, 0.8), (90, 0.5), (90, 0.95))):
        rng = np.random.default_rng([21, seed])
        rows = rng.integers(30, 90, days)
        share = np.clip(0.8 + 0.08 * wandering(rng, days, kept), 0.05, 0.95)
        counts = counts_of(counted(np.round(rows * share).astype(np.int64), rows))
        for one in metrics_for(counts.task)[:6]:
            effects = [design(one, counts, by) for by in ("week", "month")]
            chunk = np.arange(days) // 7
            weekly = counts.sum_by_group(chunk, int(chunk.max()) + 1)
            yield (
                f"{days} days keep {kept}: {one.name}",
                (effects, widen_interval(one, weekly, Days(counts, chunk), effects[0])),
            )


def _fewer_rows() -> Iterator[tuple[str, Any]]:
    counts = counts_of(regression(5, 9, 3))
    days = Days(counts, np.arange(9))
    for one in metrics_for(counts.task):
        for effect, freedom, day in ((1.0, np.inf, 0.0), (1.5, 30.0, 0.2), (9.0, 2.0, 1.0)):
            by = DesignEffect(effect, freedom, day)
            with np.errstate(all="ignore"):
                rows = [
                    effective_counts(one, counts, by, 1.96, 0.975).labelled,
                    effective_counts_of_limit(one, counts, by).labelled,
                ]
                yield f"{one.name}, {effect} with {freedom}", (rows, widen_interval(one, counts, days, by))


TABLES: dict[str, Table] = {"design": _effects, "wandering": _wandering, "fewer rows": _fewer_rows}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
