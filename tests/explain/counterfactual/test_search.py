"""What would have changed it: verified by scoring, minimal on small grids, within the limits and the time."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.explain.counterfactual import search as counterfactual
from plumbline.explain.counterfactual.search import Move, cost_of, search


def _stepped(seed: int, d: int = 4):
    """A function of steps, as trees are: the sum of a table's cells."""
    rng = np.random.default_rng(seed)
    table, pairs = rng.normal(size=(d, 10)), rng.normal(size=(10, 10))
    shift = rng.uniform(0.5, 3.5)

    def gap(rows):
        cells = np.clip(np.floor(rows), 0, 9).astype(int)
        return table[np.arange(d), cells].sum(axis=1) + pairs[cells[:, 0], cells[:, 1]] - shift

    return gap


def _exhaustive(gap, row, moves):
    """Fewest features, then least cost, over every combination of the moves' values."""
    best = None
    for size in range(1, len(moves) + 1):
        for chosen in itertools.combinations(moves, size):
            for values in itertools.product(*(m.values for m in chosen)):
                changes = {m.index: float(v) for m, v in zip(chosen, values, strict=True)}
                there = row.copy()
                there[list(changes)] = list(changes.values())
                if gap(there[None])[0] >= 0:
                    cost = cost_of(changes, row, moves)
                    best = cost if best is None else min(best, cost)
        if best is not None:
            return size, best
    return None


@pytest.mark.parametrize("seed", range(25))
def test_the_answer_is_as_good_as_an_exhaustive_search(seed: int) -> None:
    gap, rng = _stepped(seed), np.random.default_rng(seed)
    row = rng.integers(0, 10, 4).astype(float)
    moves = [
        Move(index=i, values=np.setdiff1d(rng.integers(0, 10, 6), row[i]).astype(float), scale=1.0 + i)
        for i in range(4)
    ]
    found, wanted = search(gap, row, moves, seconds=30), _exhaustive(gap, row, moves)
    if gap(row[None])[0] >= 0:
        assert found.ended == "already"
    elif wanted is None:
        assert found.ended == "none"
        assert not found.options
    else:
        best = found.options[0]
        assert len(best.changes) == wanted[0]
        if wanted[0] <= 2:  # all pairs are tried; beyond, the beam need not find the cheapest
            assert best.cost == pytest.approx(wanted[1])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_every_answer_scores_there_and_keeps_its_limits(seed: int) -> None:
    gap, rng = _stepped(seed), np.random.default_rng(seed)
    row = rng.uniform(0, 10, 4)
    up = np.sort(rng.uniform(row[0], 10, 8))
    down = np.sort(rng.uniform(0, row[1], 8))
    moves = [
        Move(index=0, values=up[up > row[0]], free=True), Move(index=1, values=down[down < row[1]], free=True),
        Move(index=2, values=row[2] + 0.25 * np.arange(1, 9), free=True, step=0.25),
    ]  # fmt: skip
    for option in search(gap, row, moves, seconds=30).options:
        there = row.copy()
        there[list(option.changes)] = list(option.changes.values())
        assert gap(there[None])[0] == option.gap >= 0
        assert 3 not in option.changes
        assert row[0] < option.changes.get(0, 9.99) <= 10
        assert 0 <= option.changes.get(1, 0) < row[1]
        steps = (option.changes.get(2, row[2]) - row[2]) / 0.25
        assert abs(steps - round(steps)) < 1e-9


def test_a_free_number_ends_just_past_the_threshold_and_is_rounded_outward() -> None:
    found = search(
        lambda r: np.where(r[:, 0] > 3.14159, 1.0, -1.0),
        np.array([1.0]),
        [Move(index=0, values=np.array([9.0]), free=True)],
    )
    value = found.options[0].changes[0]
    assert 3.14159 < value <= 3.2


def test_what_is_not_needed_is_taken_back() -> None:
    """Only both together reach it from the beam's side, but one alone does once it has moved far enough."""

    def gap(rows):
        return rows[:, 0] + 0.01 * rows[:, 1] - 1.0

    found = search(
        gap, np.zeros(2), [Move(index=0, values=np.array([0.995])), Move(index=1, values=np.array([1.0]))]
    )
    assert set(found.options[0].changes) == {0, 1}
    found = search(
        gap, np.zeros(2), [Move(index=0, values=np.array([0.5, 1.0])), Move(index=1, values=np.array([1.0]))]
    )
    assert found.options[0].changes == {0: 1.0}


def test_the_time_cap_ends_a_slow_model_with_an_honest_answer(monkeypatch) -> None:
    clock = SimpleNamespace(now=0.0, batches=0)
    monkeypatch.setattr(counterfactual, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def slow(rows):
        clock.now, clock.batches = clock.now + 0.05, clock.batches + 1
        return np.full(len(rows), -1.0)

    moves = [Move(index=i, values=np.linspace(1, 2, 40)) for i in range(8)]
    found = search(slow, np.zeros(8), moves, seconds=0.12)
    assert found.ended == "time"
    assert not found.options
    assert clock.batches == 3  # asked until the time was up, and not once more


def test_nothing_may_change_finds_nothing() -> None:
    assert search(lambda r: r[:, 0] - 1, np.zeros(1), []).ended == "none"
