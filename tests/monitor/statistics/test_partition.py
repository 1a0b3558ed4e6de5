"""The search for breaks against an independent one and against every partition of short series."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from plumbline.monitor.statistics.partition import optimal_partition

ruptures = pytest.importorskip("ruptures", reason="the peer has no wheel for this Python")


def peer(values: np.ndarray, penalty: float) -> list[int]:
    found = ruptures.KernelCPD(kernel="linear", min_size=1).fit(values.reshape(-1, 1)).predict(pen=penalty)
    return [0, *(int(edge) for edge in found)]


def cost(values: np.ndarray, edges: list[int], penalty: float) -> float:
    return sum(float(np.var(values[a:b])) * (b - a) + penalty for a, b in pairwise(edges))


def stepped(rng: np.random.Generator, n: int) -> np.ndarray:
    """Noise of one unit about a level that changes up to six times."""
    values = rng.normal(size=n)
    for place in rng.integers(0, n, size=rng.integers(0, 7)):
        values[place:] += rng.normal(0, 4)
    return values


def test_the_edges_are_those_of_an_independent_search() -> None:
    rng = np.random.default_rng(12)
    breaks = 0
    for _ in range(300):
        n = int(rng.integers(2, 250))
        values, penalty = stepped(rng, n), float(rng.uniform(1, 6)) * np.log(n)
        edges = optimal_partition(values, penalty)
        assert edges == peer(values, penalty)
        breaks += len(edges) - 2
    assert breaks > 300


def test_a_partition_of_tied_values_costs_what_an_independent_search_finds() -> None:
    """Whole numbers and a whole penalty: many partitions are equally good."""
    rng = np.random.default_rng(7)
    for _ in range(200):
        n = int(rng.integers(2, 120))
        values, penalty = rng.integers(0, 4, size=n).astype(float), float(rng.integers(1, 5))
        edges = optimal_partition(values, penalty)
        assert cost(values, edges, penalty) == pytest.approx(cost(values, peer(values, penalty), penalty))


@pytest.mark.parametrize("seed", range(20))
def test_no_partition_of_a_short_series_costs_less_and_the_longest_last_segment_is_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, size=9).astype(float)
    every = [[0, *inner, 9] for count in range(9) for inner in combinations(range(1, 9), count)]
    costs = np.array([cost(values, edges, 1.0) for edges in every])
    best = [edges for edges, spent in zip(every, costs, strict=True) if spent <= costs.min() + 1e-9]
    found = optimal_partition(values, 1.0)
    assert found in best
    assert found[-2] == min(edges[-2] for edges in best)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([5.0], [0, 1]),
        ([3.0] * 40, [0, 40]),
        ([0.0] * 20, [0, 20]),
        ([0.0] * 6 + [9.0] * 6, [0, 6, 12]),
        ([0.0] * 6 + [9.0] + [0.0] * 6, [0, 6, 7, 13]),
        ([0.0] * 6 + [5.0] + [10.0] * 6, [0, 6, 7, 13]),
        ([1e9] * 6 + [1e9 + 9] * 6, [0, 6, 12]),  # squares of such levels leave no digit for the step
        ([0.0] * 6 + [1e200] * 6, [0, 6, 12]),
    ],
)
def test_series_whose_breaks_are_known(values: list[float], edges: list[int]) -> None:
    with np.errstate(over="ignore"):
        assert optimal_partition(np.array(values), 8.0) == edges


def test_a_shift_of_the_level_moves_no_edge() -> None:
    values = stepped(np.random.default_rng(3), 150)
    assert optimal_partition(values + 1e6, 20.0) == optimal_partition(values, 20.0)
