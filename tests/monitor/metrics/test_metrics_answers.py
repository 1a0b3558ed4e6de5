"""Every metric with its interval and bound on small counts. The values are held against scikit-learn's where it
has them (``test_metrics.py``, ``test_intervals.py`` and ``test_roc_auc.py`` do so still), the rest comes from
code that was read, and was looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Task
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import (
    Days,
    auc_limits,
    binomial_reach,
    interval,
    newcombe_auc,
    resample,
)
from plumbline.monitor.metrics.metrics import METRICS, error_quantile, metrics_for, relevant_change
from tests.known_answers import Table, differences
from tests.monitor.drawn_counts import COSTS, profiles


def _metrics(task: Task) -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        if profile.task is not task:
            continue
        counts = counts_of(profile, COSTS.get(str(task.value)))
        week = np.arange(len(counts.n)) // 6
        weekly = counts.sum_by_group(week, int(week.max()) + 1)
        for one in metrics_for(task, profile.classes, value_known=counts.cost is not None):
            for width, some in (("day", counts), ("week", weekly), ("all", counts.pool())):
                chunk = {"day": np.arange(len(week)), "week": week, "all": 0 * week}[width]
                bound = one.bound(some) if one.bound else None
                with np.errstate(all="ignore"):
                    sure = interval(one, some, Days(counts, chunk))
                notes = one.note(some) if one.note else None
                yield f"{name}: {one.name} by {width}", (one.compute(some), sure, bound, notes)


def _relevant() -> Iterator[tuple[str, Any]]:
    levels = (0.0, 0.005, 0.1, 0.1001, 0.5, 0.95, 1.0, -2.0)
    for one in METRICS.values():
        yield one.name, [relevant_change(one, level, 3.0) for level in levels]


def _reach() -> Iterator[tuple[str, Any]]:
    shares = np.array([0.0, 1e-12, 0.001, 0.02, 0.3, 0.5, 0.98, 1.0])
    for n in (0, 1, 2, 9, 30, 400, 20_000):
        for chance in (0.00135, 0.05, 1e-6):
            yield f"{n} rows, {chance}", binomial_reach(shares, np.full(8, float(n)), chance)


def _newcombe() -> Iterator[tuple[str, Any]]:
    for n0, n1 in ((0, 9), (1, 1), (9, 1), (30, 30), (49, 4000), (400, 50)):
        areas = np.array([0.0, 0.2, 0.5, 0.77, 0.99, 1.0, np.nan])
        yield f"{n0} and {n1}", newcombe_auc(areas, np.full(7, float(n0)), np.full(7, float(n1)))


def _areas() -> Iterator[tuple[str, Any]]:
    """Limits at and beside nought and one, and where a class has next to no rows."""
    for area in (0.0, 0.004, 0.02, 0.5, 0.98, 0.996, 1.0, np.nan):
        for error in (0.0, 0.01, 0.3, np.nan):
            for n0, n1 in ((0, 50), (1, 50), (29, 30), (30, 30), (31, 29), (4000, 60)):
                one = [np.array([float(x)]) for x in (area, error, n0, n1)]
                yield f"{area} with {error}, {n0} and {n1}", auc_limits(*one)


def _quantiles() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        if profile.task is Task.REGRESSION:
            counts = counts_of(profile)
            for share in (-1.0, 0.0, 0.25, 0.5, 0.9, 1.0):
                shares = np.full(len(counts.n), share)
                yield f"{name}, {share}", [error_quantile(counts, shares, side) for side in (0, 1)]


def _resamples() -> Iterator[tuple[str, Any]]:
    for name, profile in profiles():
        counts = counts_of(profile)
        one = metrics_for(profile.task, profile.classes)[0]
        yield name, resample(one.compute, counts, 7)


TABLES: dict[str, Table] = {
    **{str(task.value): lambda task=task: _metrics(task) for task in Task},
    "relevant_change": _relevant,
    "binomial_reach": _reach,
    "newcombe_auc": _newcombe,
    "auc_limits": _areas,
    "error_quantile": _quantiles,
    "resample": _resamples,
}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
