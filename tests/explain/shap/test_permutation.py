"""How far an estimate by random orders lies from the exact contributions, in its own standard errors."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import t

from plumbline.explain.shap import permutation
from plumbline.explain.shap.permutation import FEWEST_PAIRS, PAIRS, WITHIN, orders, row_seed, split

DRAWN = np.random.default_rng(2)
INNER, OUTER = DRAWN.normal(size=(8, 20)), DRAWN.normal(size=20)


def worth(rows: np.ndarray) -> np.ndarray:
    """A small network, in which all inputs work on each other."""
    return np.tanh(rows @ INNER) @ OUTER


@pytest.mark.parametrize(("pairs", "within"), list(zip((PAIRS, FEWEST_PAIRS), WITHIN, strict=True)))
def test_as_many_standard_errors_as_are_stated_hold_the_exact_value(pairs: int, within: float) -> None:
    """960 contributions of eight players; 1.96 standard errors by four pairs hold 0.83 to 0.87."""
    assert within == pytest.approx(t(pairs - 1).ppf(0.975), abs=0.01)
    rng = np.random.default_rng(1)
    rows, background = rng.normal(size=(120, 8)), rng.normal(size=(10, 8))
    owner = np.arange(8)
    exact = split(worth, rows, background, owner, 8, range(120)).parts
    made = split(worth, rows, background, owner, 8, range(120), pairs=pairs)
    assert made.errors is not None
    off = np.abs(made.parts - exact)
    assert np.mean(off <= within * made.errors + 1e-12) >= 0.93
    if pairs == FEWEST_PAIRS:
        assert np.mean(off <= 1.96 * made.errors + 1e-12) <= 0.9


@pytest.mark.parametrize(
    ("players", "cost", "pairs"),
    [
        (0, 1.0, 0), (10, 1.0, 0), (11, 1.0, 32),  # 2^10 coalitions at most
        (10, 3906.25, 0), (10, 3906.26, 32), (1, 2_000_000.0, 0), (1, 2_000_001.0, 4),  # four hundred million answers
        (11, 400_000_000 / (20 * 100 * 31.01), 31), (11, 400_000_000 / (20 * 100 * 30.99), 30),
        (2, 1e12, 4), (50, 1e12, 4),
    ],
)  # fmt: skip
def test_orders_are_walked_where_all_coalitions_cost_too_much(players: int, cost: float, pairs: int) -> None:
    assert orders(players, cost) == pairs


OWNER = np.array([1, 0, -1, 1, 2, 0])


def six(rows: np.ndarray) -> np.ndarray:
    return np.tanh(rows @ INNER[:6]) @ OUTER + rows[:, 0] * rows[:, 4]


def test_coalitions_of_players_with_several_columns_are_shapleys_by_brute_force() -> None:
    rng = np.random.default_rng(4)
    rows, background = rng.normal(size=(3, 6)), rng.normal(size=(7, 6))
    found = split(six, rows, background, OWNER, 3, range(3))
    assert found.errors is None
    assert found.base == pytest.approx(six(background).mean())
    for row, parts in zip(rows, found.parts, strict=True):
        gains = np.zeros(3)
        for order in permutations(range(3)):
            mixed, value = background.copy(), found.base
            for player in order:
                mixed[:, player == OWNER] = row[player == OWNER]
                # what belongs to nobody stays the background's, but for all players together it is the row's
                after = six(mixed).mean() if player != order[-1] else six(row[None])[0]
                gains[player] += (after - value) / 6
                value = after
        assert parts == pytest.approx(gains)


@pytest.mark.parametrize("cells", [3, 10_000])
def test_pairs_of_orders_are_walked_there_and_back(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "CELLS", cells)
    rng = np.random.default_rng(5)
    row, background, pairs, m = rng.normal(size=8), rng.normal(size=(6, 8)), 5, 8
    made = split(worth, row[None], background, np.arange(8), m, [77], pairs=pairs)
    drawn = np.argsort(np.random.default_rng(77).random((pairs, m)), axis=1)
    each = np.zeros((pairs, m))
    for pair, order in enumerate(drawn):
        for walk in (order, order[::-1]):
            mixed, value = background.copy(), worth(background).mean()
            for player in walk:
                mixed[:, player] = row[player]
                after = worth(mixed).mean()
                each[pair, player] += (after - value) / 2
                value = after
    assert made.parts[0] == pytest.approx(each.mean(axis=0))
    assert made.errors is not None
    assert made.errors[0] == pytest.approx(each.std(axis=0, ddof=1) / np.sqrt(pairs))
    assert made.base + made.parts.sum() == pytest.approx(worth(row[None])[0])


def test_nobody_and_one_alone_have_nothing_to_share() -> None:
    rows, background = DRAWN.normal(size=(2, 8)), DRAWN.normal(size=(4, 8))
    nobody = split(worth, rows, background, np.full(8, -1), 0, range(2), pairs=4)
    assert (nobody.parts.shape, nobody.base) == ((2, 0), pytest.approx(worth(background).mean()))
    assert split(worth, rows[:0], background, np.arange(8), 8, []).parts.shape == (0, 8)
    alone = split(worth, rows, background, np.zeros(8, int), 1, range(2), pairs=4)
    assert alone.parts[:, 0] == pytest.approx(worth(rows) - alone.base)


def test_a_row_has_the_same_seed_in_any_order_and_another_one_another() -> None:
    x = np.array([1.0, 2.5])
    assert row_seed(["a", "b"], x) == row_seed(["b", "a"], x[::-1]) < 2**48
    assert row_seed(["a", "b"], x) != row_seed(["b", "a"], x)
    seeds = {row_seed(["a"], np.array([float(i)])) for i in range(200)}
    assert len(seeds) == 200
    assert max(seeds) > 2**47
