"""Every distance of drift on small counts. The values of psi, Jensen-Shannon, Hellinger, Kolmogorov-Smirnov,
Wasserstein, chi-square and Cramer's V were held against scipy's where the grid is exact (``test_distances.py``
does so still), the rest comes from code that was read, and was looked at by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plumbline.domain import Bins, Kind
from plumbline.monitor.binned_counts import BinnedCounts, binned_counts
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.missing_values import difference_limits, upper_tail_chance
from plumbline.monitor.statistics.null_distribution import NullDistribution, cauchy
from tests.known_answers import Table, differences

LAWS = {
    "independent": NullDistribution(),
    "weeks differ": NullDistribution(spread=2.5, share=0.6, freedom=9.0, weeks=8, kept=0.3, directions=3.0),
    "known": NullDistribution(spread=1.2, freedom=2e6, level=NullDistribution(spread=3.0, freedom=7.0)),
}


def _windows(rng: np.random.Generator, cells: int, then: Any) -> Any:
    """Windows like the reference, moved, empty, in one cell, and of ten times as many."""
    like = rng.multinomial(200, then / then.sum())
    moved = rng.multinomial(300, np.roll(then, 1) / then.sum())
    one = np.zeros(cells, int)
    one[cells // 2] = 40
    end = np.zeros(cells, int)
    end[-1] = 3
    return np.stack([like, moved, 0 * like, one, end, 10 * like, then.astype(int)])


def _samples() -> Iterator[tuple[str, BinnedCounts]]:
    rng = np.random.default_rng(31)
    for law_name, law in LAWS.items():
        for cells in (2, 4, 12):
            levels = tuple("abcdefghijk"[: cells - 1])
            then = rng.integers(0, 60, cells).astype(float)
            then[-1] = 0.0
            gone = (7.0, np.array([0, 5, 9, 30, 1, 60, 7.0]))
            own = Bins(feature="x", kind=Kind.CATEGORICAL, levels=levels)
            yield (
                f"{cells - 1} levels, {law_name}",
                binned_counts(own, then, _windows(rng, cells, then), missing=gone, law=law),
            )
            edges = np.cumsum(rng.integers(1, 5, cells - 1)).astype(float)
            deciles = tuple(range(0, cells - 1, 2))
            own = Bins(feature="x", kind=Kind.NUMERIC, edges=edges, decile_cells=deciles)
            sd = float(np.std(edges)) if cells > 2 else 1.0
            yield (
                f"{cells} cells, {law_name}",
                binned_counts(own, then, _windows(rng, cells, then), sd, float(edges.max()), gone, law),
            )
    one = Bins(
        feature="x", kind=Kind.NUMERIC, edges=np.array([0.0, np.nextafter(0, 1), 1.0]), decile_cells=(0, 1, 2)
    )
    counts = np.array([3.0, 40, 7, 0])
    yield "a value of its own cell", binned_counts(one, counts, _windows(rng, 4, counts), 0.4, 1.0)
    yield "a still reference", binned_counts(one, counts, _windows(rng, 4, counts), 1e-12, 1.0)


def _distances() -> Iterator[tuple[str, Any]]:
    for name, cells in _samples():
        for method in METHODS.values():
            if cells.kind in method.kinds:
                with np.errstate(all="ignore"):
                    found = method.compute(replace(cells))
                yield f"{method.name}: {name}", (found, found.above_chance_or_value, found.distance(1))


def _chances() -> Iterator[tuple[str, Any]]:
    for name, cells in _samples():
        with np.errstate(all="ignore"):
            said = (cells.pearson, cells.chance, cells.chance_of_shift, cells.coarse_counts, cells.sizes)
            yield name, (said, cells.gap_chance if cells.kind is Kind.NUMERIC else None)


def _laws() -> Iterator[tuple[str, Any]]:
    statistic, freedom = np.array([-1.0, 0, 0.5, 3, 9, 40, 400]), np.array([1.0, 0, 1, 2, 3, 9, 9])
    for name, law in {
        **LAWS,
        "no week": replace(LAWS["known"], weeks=0),
        "wanders": NullDistribution(spread=3.0, freedom=5.0, weeks=4),
    }.items():
        yield name, (law.chance(statistic, freedom), [law.week_dispersion(n) for n in (1, 2, 7)], law.note)
    p = np.array([1e-320, 1e-10, 1e-9, 0.02, 0.5, 0.97, 1.0])
    yield "p-values joined", (cauchy(p), cauchy(p, p[::-1]), cauchy(p, np.full(7, 0.5), p))


def _tails() -> Iterator[tuple[str, Any]]:
    for j, n in ((0.0, 40.0), (3.0, 40.0), (2.5, 61.7), (40.0, 40.0)):
        k, m = np.array([0.0, 0.4, 1, 5, 5.5, 20]), np.array([20.0, 20, 20, 30, 21.5, 20])
        yield f"{j} of {n}", upper_tail_chance(k, m, j, n)
        shares = np.array([0, 0.1, 0.5, 1.0, 0.5, 0.3])
        limits = [
            difference_limits(shares, np.full(6, j / n), shares, n, m, clip=clip) for clip in (True, False)
        ]
        yield f"limits of {j} of {n}", limits


TABLES: dict[str, Table] = {"distances": _distances, "chances": _chances, "laws": _laws, "tails": _tails}


@pytest.mark.parametrize("name", TABLES)
def test_the_answers_are_those_on_record(name: str) -> None:
    assert differences(__file__, name, TABLES[name]) == []
