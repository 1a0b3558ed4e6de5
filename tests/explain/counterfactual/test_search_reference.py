"""The search for other values against trying everything, on small drawn models, and its rounding against the rule."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, product

import numpy as np
import pytest

from plumbline.explain.counterfactual.search import Move, change_cost, search

Options = list[tuple[dict[int, float], float]]


def drawn(seed: int) -> tuple[np.ndarray, list[Move], np.ndarray, float]:
    """A row, what may change in it, a linear gap's weights and its offset; values that are missing, none to choose."""
    rng = np.random.default_rng(seed)
    row = rng.integers(-3, 4, 5).astype(float)
    if seed % 6 == 0:
        row[1] = np.nan
    moves = []
    for index in sorted(rng.choice(5, int(rng.integers(2, 6)), replace=False).tolist()):
        values = rng.choice(np.arange(-6.0, 7.0), int(rng.integers(1, 5)), replace=False)
        values = values[values != row[index]]
        moves.append(
            Move(
                index=index,
                values=values,
                scale=float(rng.choice([0.5, 2.0])),
                ordered=bool(rng.random() < 0.7),
            )
        )
    return row, moves, rng.normal(size=5) * rng.choice([0.3, 1.5], 5), float(rng.uniform(1.0, 9.0))


def gap_of(weights: np.ndarray, offset: float, row: np.ndarray):  # type: ignore[no-untyped-def]
    usual = np.nan_to_num(row)
    return lambda rows: (np.nan_to_num(rows) - usual) @ weights - offset


def cost_slowly(changes: dict[int, float], row: np.ndarray, moves: list[Move]) -> float:
    total = 0.0
    for index, value in changes.items():
        (move,) = [m for m in moves if m.index == index]
        if not move.ordered or math.isnan(row[index]):
            total += 1
        else:
            total += abs(value - row[index]) / move.scale
    return total


def everything(row: np.ndarray, moves: list[Move], gap) -> Options:  # type: ignore[no-untyped-def]
    """The cheapest change of each set of features among those with as few features as can be, up to two."""
    for size in (1, 2):
        best: dict[tuple[int, ...], tuple[dict[int, float], float]] = {}
        for some in combinations([m for m in moves if len(m.values)], size):
            for values in product(*(m.values.tolist() for m in some)):
                changes = {m.index: v for m, v in zip(some, values, strict=True)}
                tried = row.copy()
                for index, value in changes.items():
                    tried[index] = value
                which, cost = tuple(changes), cost_slowly(changes, row, moves)
                if gap(tried[None, :])[0] >= 0 and (which not in best or cost < best[which][1]):
                    best[which] = (changes, cost)
        if best:
            return sorted(best.values(), key=lambda one: (one[1], sorted(one[0])))[:3]
    return []


def test_options_are_those_that_trying_everything_finds() -> None:
    sizes = Counter[int]()
    for seed in range(150):
        row, moves, weights, offset = drawn(seed)
        gap = gap_of(weights, offset, row)
        expected, found = everything(row, moves, gap), search(gap, row, moves, depth=2)
        assert [one.changes for one in found.options] == [changes for changes, _ in expected], seed
        assert [one.cost for one in found.options] == pytest.approx([cost for _, cost in expected])
        assert found.ended == ("found" if expected else "none")
        for one in found.options:
            tried = row.copy()
            for index, value in one.changes.items():
                tried[index] = value
            assert one.gap == pytest.approx(gap(tried[None, :])[0])
            assert change_cost(one.changes, row, moves) == pytest.approx(one.cost)
        sizes[len(expected[0][0]) if expected else 0] += 1
        assert found.scored >= 1
        assert search(gap_of(weights, 0.0, row), row, moves).ended == "already"
    assert min(sizes[size] for size in (0, 1, 2)) >= 5, sizes


def test_three_features_are_changed_where_two_do_not_reach() -> None:
    """All three are needed; fewer places to remember still keep the nearest."""
    row, weights = np.zeros(4), np.array([1.0, 2.0, 3.0, -1.0])
    moves = [Move(index=i, values=np.array([1.0, 2.0, -1.0])) for i in range(4)]
    gap = gap_of(weights, 12.0, row)
    for width in (2, 8, 100):
        (one, *_) = search(gap, row, moves, width=width).options
        assert one.gap >= 0
        assert len(one.changes) == 3
    assert search(gap, row, moves, depth=2).ended == "none"


def test_at_most_three_ways_are_told_the_cheapest_first() -> None:
    """Any two of five features reach it, and of three any one."""
    moves = [Move(index=i, values=np.array([1.0]), scale=1.0 / (5 - i)) for i in range(5)]
    for offset, size in ((1.0, 1), (2.0, 2)):
        found = search(gap_of(np.ones(5), offset, np.zeros(5)), np.zeros(5), moves).options
        cheapest = [set(some) for some in list(combinations(range(4, -1, -1), size))]
        cheapest.sort(key=lambda some: sum(5 - i for i in some))
        assert [one.cost for one in found] == [sum(5 - i for i in some) for some in cheapest[:3]]


@pytest.mark.parametrize("seed", range(20))
def test_a_whole_number_of_steps_goes_no_farther_than_it_must(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, step, size = (
        float(rng.integers(-5, 6)),
        float(rng.choice([0.25, 1.0, 5.0])),
        int(rng.integers(1, 60)),
    )
    side = 1 if seed % 2 else -1
    far = start + side * (step * size + float(rng.choice([0.0, 0.4 * step])))
    needed = float(rng.uniform(0, abs(far - start)))
    move = Move(index=0, values=np.array([far]), free=True, step=step, scale=3.0)
    (one,) = search(lambda rows: side * (rows[:, 0] - start) - needed, np.array([start]), [move]).options
    tried = [start + side * step * k for k in range(1, size + 1) if step * k >= needed]
    assert one.changes[0] == pytest.approx(tried[0] if tried else far)
    assert one.cost == pytest.approx(abs(one.changes[0] - start) / 3)


def rounded(near: float, start: float, limit: float) -> float | None:
    """Away from ``start`` to the fewest of three to seven significant digits that lie within the limit."""
    for digits in range(3, 8):
        unit = 10.0 ** (math.floor(math.log10(abs(near))) + 1 - digits)
        value = round((math.ceil if near > start else math.floor)(round(near / unit, 6)) * unit, 12)
        if min(near, limit) - 1e-9 <= value <= max(near, limit) + 1e-9:
            return value
    return None


@pytest.mark.parametrize("seed", range(30))
def test_a_free_number_is_moved_back_to_the_border_and_rounded_away_from_the_logged_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = float(rng.choice([0.0, 12.5, -340.0, 0.002]))
    side = 1 if seed % 2 else -1
    far = start + side * float(10.0 ** rng.uniform(-2, 3))
    border = start + side * abs(far - start) * float(rng.uniform(0.05, 0.99))
    values = np.array([far, start - side * 1e-4 * abs(far - start)])
    move = Move(index=0, values=values, free=True)
    (one,) = search(lambda rows: side * (rows[:, 0] - border), np.array([start]), [move]).options
    value = one.changes[0]
    assert side * (value - border) >= -1e-9
    expected = rounded(border, start, far)
    assert expected is not None
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    assert abs(value - expected) <= unit * 1.001  # the border itself is known to 32 times 32 times 32 parts
    digits = len(f"{abs(value):.12g}".replace(".", "").strip("0"))
    assert digits <= 7


def test_no_time_gives_back_nothing_and_says_so() -> None:
    found = search(
        lambda rows: rows[:, 0], np.array([-1.0]), [Move(index=0, values=np.array([1.0]))], seconds=0.0
    )
    assert (found.options, found.ended, found.scored) == ((), "time", 0)
