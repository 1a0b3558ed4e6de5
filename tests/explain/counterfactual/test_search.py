"""What would have changed it: verified by scoring, minimal on small grids, within the limits and the time."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.explain.counterfactual import search as counterfactual
from plumbline.explain.counterfactual.search import Move, Option, change_cost, search


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
                    cost = change_cost(changes, row, moves)
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


def test_a_change_costs_its_size_in_units_of_its_scale_and_a_category_one() -> None:
    moves = [
        Move(index=0, values=np.zeros(0), scale=4.0), Move(index=1, values=np.zeros(0), ordered=False, scale=9.0),
        Move(index=2, values=np.zeros(0)), Move(index=3, values=np.zeros(0), scale=0.5),
    ]  # fmt: skip
    row = np.array([10.0, 3.0, np.nan, 1.0])
    assert change_cost({0: 4.0}, row, moves) == 1.5
    assert change_cost({1: 0.0}, row, moves) == 1.0
    assert change_cost({2: 5.0}, row, moves) == 1.0
    assert change_cost({0: 12.0, 1: 0.0, 2: 0.0, 3: 2.0}, row, moves) == 0.5 + 1 + 1 + 2
    assert change_cost({}, row, moves) == 0.0


@pytest.mark.parametrize(
    ("start", "near", "limit", "found"),
    [
        (0.0, 3.14159265, 9.0, [3.15, 3.142, 3.1416, 3.14160, 3.141593]),
        (9.0, 3.14159265, 0.0, [3.14, 3.141, 3.1415, 3.14159, 3.141592]),
        (0.0, 3.14159265, 3.1417, [3.1416, 3.14160, 3.141593]),
        (9.0, 3.14159265, 3.1412, [3.1415, 3.14159, 3.141592]),
        (0.0, 123456.0, 1e9, [124000.0, 123500.0, 123460.0, 123456.0, 123456.0]),
        (-9.0, -0.00271828, 1.0, [-0.00271, -0.002718, -0.0027182, -0.00271828, -0.00271828]),
        (1.0, 2.5, 9.0, [2.5] * 5),
        (1.0, 0.0, -1.0, [0.0]),
    ],
)
def test_a_number_is_rounded_outward_from_three_digits_on_and_never_past_its_limit(
    start: float, near: float, limit: float, found: list[float]
) -> None:
    assert counterfactual._rounded_candidates(start, near, limit).tolist() == pytest.approx(found, rel=1e-12)


def test_of_options_with_the_same_inputs_the_cheapest_stays_and_fewer_inputs_come_first() -> None:
    one, two, three = (
        Option({0: 1.0}, 5.0, 0.1),
        Option({0: 2.0}, 4.0, 0.2),
        Option({1: 1.0, 0: 1.0}, 1.0, 0.3),
    )
    assert counterfactual._distinct([three, one, two]) == [two, three]
    many = [Option({i: 1.0}, float(i), 0.0) for i in range(5)]
    assert (
        counterfactual._cheapest_by_features([*many[:2], Option({0: 9.0}, 9.0, 0.0), *many[2:]]) == many[:3]
    )


def test_half_of_the_beam_is_shared_out_among_sets_of_inputs() -> None:
    states = [{0: float(i)} for i in range(6)] + [{1: 0.0}, {2: 0.0}, {3: 0.0}]
    gaps = np.array([-1.0, -2, -3, -4, -5, -6, -7, -8, -9])
    assert counterfactual._keep(states, gaps, 4) == [states[i] for i in (0, 6, 1, 2)]
    assert counterfactual._keep(states, gaps, 6) == [states[i] for i in (0, 6, 7, 1, 2, 3)]
    assert counterfactual._keep(states[:2], gaps[:2], 6) == states[:2]


def test_all_pairs_are_tried_up_to_twenty_thousand() -> None:
    def moves(*sizes: int) -> list[Move]:
        return [Move(index=i, values=np.arange(float(size))) for i, size in enumerate(sizes)]

    pairs = counterfactual._pairs(moves(2, 3, 1))
    assert pairs is not None
    assert len(pairs) == 2 * 3 + 2 * 1 + 3 * 1
    assert {0: 1.0, 1: 2.0} in pairs
    assert len(counterfactual._pairs(moves(100, 200)) or ()) == 20_000
    assert counterfactual._pairs(moves(101, 199, 1)) is None


def test_a_value_moves_to_where_the_outcome_just_begins_in_whole_steps_where_it_has_some() -> None:
    def over(border: float):  # type: ignore[no-untyped-def]
        return lambda rows: rows[:, 0] - border

    def found(border: float, move: Move, start: float = 0.0) -> float:
        return search(over(border), np.array([start]), [move]).options[0].changes[0]

    assert found(7.0, Move(index=0, values=np.array([10.0]), free=True, step=2.0)) == 8.0
    assert found(8.0, Move(index=0, values=np.array([10.0]), free=True, step=2.0)) == 8.0
    assert found(7.0, Move(index=0, values=np.array([10.0]))) == 10.0  # nothing between is allowed
    assert found(0.5, Move(index=0, values=np.array([9.9]), free=True, step=10.0)) == 9.9  # less than a step
    assert 4.4444 < found(4.4444, Move(index=0, values=np.array([10.0]), free=True)) <= 4.45
    assert found(4.4444, Move(index=0, values=np.array([4.4445]), free=True)) == pytest.approx(
        4.4445, abs=1e-4
    )
    for start, border in ((100.0, -20.0), (50.0, -3.3)):
        down = search(lambda r, b=border: b + 30 - r[:, 0], np.array([start]), [
            Move(index=0, values=np.array([-40.0]), free=True)
        ]).options[0]  # fmt: skip
        assert down.changes[0] <= border + 30
        assert down.changes[0] == pytest.approx(border + 30, abs=0.1)
        assert down.gap >= 0
    known = search(over(1.0), np.array([np.nan]), [Move(index=0, values=np.array([3.0, 2.0]), free=True)])
    assert known.options[0].changes in ({0: 3.0}, {0: 2.0})  # from nothing any value is as far


def test_what_was_scored_is_counted_and_at_most_so_many_inputs_change() -> None:
    def gap(rows: np.ndarray) -> np.ndarray:
        return rows.sum(axis=1) - 2.5

    moves = [Move(index=i, values=np.array([1.0])) for i in range(5)]
    assert len(search(gap, np.zeros(5), moves).options[0].changes) == 3
    assert search(gap, np.zeros(5), moves, depth=2).ended == "none"
    assert search(lambda r: r.sum(axis=1) - 4.5, np.zeros(5), moves).ended == "none"  # four at most
    alone = search(lambda r: r[:, 0] - 0.5, np.zeros(1), moves[:1])
    assert alone.scored == 1 + 1 + 1  # the row, its one value, and the answer once more
    assert search(gap, np.ones(5), moves).ended == "already"
