"""Changes within a reference against the rule written out slowly, on drawn weeks of classes and numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import Bins, FeatureProfile, Kind
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.reference_stability import unstable_feature

FIRST = datetime(2026, 1, 5, tzinfo=UTC)


def drawn(rng: np.random.Generator, name: str, days: int) -> FeatureProfile:
    """Days of one feature whose shares move from a day on, or wander from week to week, or not at all."""
    numeric = bool(rng.random() < 0.5)
    cells = int(rng.choice([2, 14, 21])) if numeric else int(rng.choice([1, 2, 5, 13]))
    share = rng.dirichlet(np.full(cells, rng.choice([0.3, 3.0])))
    other = rng.dirichlet(np.full(cells, 2.0))
    moved, at = rng.choice([0.0, 0.0, 0.2, 0.6]), int(rng.integers(7, days))
    wander = rng.choice([0.0, 0.3])
    kept = [d for d in range(days) if rng.random() < 0.97]
    counts = []
    for d in kept:
        p = share * np.exp(wander * np.random.default_rng(d // 7).standard_normal(cells))
        p = p / p.sum() * (1 - moved * (d >= at)) + other * moved * (d >= at)
        counts.append(rng.multinomial(int(rng.choice([3, 60, 300])), p / p.sum()))
    empty = np.zeros(len(kept))
    deciles = tuple(sorted({int(x) for x in np.linspace(0, cells - 2, 9)})) if cells > 1 else ()
    bins = (
        Bins(feature=name, kind=Kind.NUMERIC, edges=np.arange(cells - 1.0), decile_cells=deciles)
        if numeric
        else Bins(feature=name, kind=Kind.CATEGORICAL, levels=tuple("abcdefghijklmn"[: cells - 1]))
    )
    return FeatureProfile(
        bins=bins, days=tuple((FIRST + timedelta(days=d)).date() for d in kept), counts=np.array(counts, np.int64),
        missing=empty.astype(np.int64), sums=empty, squares=empty,
    )  # fmt: skip


def tenths(table: np.ndarray) -> np.ndarray:
    """Cells joined to about tenths of all values; two groups at least."""
    share = table.sum(0).cumsum() / table.sum()
    starts = {0} | {next(i for i, s in enumerate(share) if s >= tenth / 10) for tenth in range(1, 10)}
    edges = [*sorted(starts if len(starts) > 1 else {0, 1}), table.shape[1]]
    return np.stack([table[:, a:b].sum(1) for a, b in pairwise(edges)], axis=1)


def pearson(table: np.ndarray) -> float:
    table = table[:, table.sum(0) > 0]
    return float(stats.chi2_contingency(table, correction=False).statistic)


def chance(weeks: np.ndarray, place: int) -> float:
    table = weeks[:, weeks.sum(0) > 0]
    if table.shape[1] < 2:
        return 1.0
    if table.shape[1] > 12:
        table = tenths(table)
    between = pearson(np.stack([table[:place].sum(0), table[place:].sum(0)]))
    freedom, left = table.shape[1] - 1, len(table) - 2
    spread = max((pearson(table[:place]) + pearson(table[place:])) / (left * freedom), 1)
    return float(stats.f.sf(between / freedom / spread, freedom, left * max(freedom / 6, 1)))


def slowly(profiles: list[FeatureProfile], start: datetime, end: datetime) -> tuple[Any, ...] | None:
    tried, told = 0, []
    for profile in profiles:
        whole = (end - start).days // 7
        weeks = np.zeros((max(whole, 0), profile.counts.shape[1]))
        for day, row in zip(profile.days, profile.counts, strict=True):
            week = (day - start.date()).days // 7
            if start.date() <= day < end.date() and week < whole:
                weeks[week] += row
        if whole < 5 or weeks.sum(1).min() < 30:
            continue
        for place in range(2, whole - 1):
            tried += 1
            apart = METHODS["js"].distance(
                binned_counts(profile.bins, weeks[:place].sum(0), weeks[place:].sum(0))
            )
            if apart.above_chance is not None and apart.above_chance >= METHODS["js"].breach:
                told.append((chance(weeks, place), profile.bins.feature, place, apart.value))
    told = [one for one in told if one[0] * tried < 0.01]
    return min(told, key=lambda one: one[0]) if told else None


def test_the_plainest_change_is_what_the_rule_written_out_slowly_gives() -> None:
    seen = Counter[bool]()
    for seed in range(32):
        rng = np.random.default_rng(seed)
        days = int(rng.choice([27, 34, 35, 44, 84]))
        profiles = [drawn(rng, f"f{i}", days) for i in range(int(rng.integers(1, 4)))]
        start = FIRST + int(rng.integers(0, 2)) * timedelta(days=1)
        end = FIRST + days * timedelta(days=1)
        found, expected = unstable_feature(profiles, (start, end)), slowly(profiles, start, end)
        assert (found is None) == (expected is None), seed
        seen[found is None] += 1
        if found is not None and expected is not None:
            p, feature, place, value = expected
            assert (found.feature, found.at) == (feature, start + timedelta(weeks=place)), seed
            assert (found.p_value, found.value) == pytest.approx((p, value), rel=1e-9, abs=1e-300)
    assert min(seen.values()) >= 4, seen
