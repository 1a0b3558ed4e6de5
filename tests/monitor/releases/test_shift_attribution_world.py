"""The world's share of a change that a handful of decisions show, against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.monitor.releases.shift_attribution import world_share


def _cells(rng: np.random.Generator, n: int, high: float) -> np.ndarray:
    """Two features of two cells; ``high``: the share of the first one's second cell."""
    return np.column_stack([(rng.random(n) < high).astype(int) + 1, rng.integers(1, 3, n)])


def _old(rng: np.random.Generator, cells: np.ndarray) -> np.ndarray:
    return (rng.random(len(cells)) < np.where(cells[:, 0] == 2, 0.6, 0.1)).astype(float)


@pytest.mark.parametrize("n", [7, 30, 2_000])
def test_a_release_that_decides_otherwise_on_the_same_inputs_is_no_matter_of_the_world(n: int) -> None:
    rng = np.random.default_rng(1)
    before = _cells(rng, 4_000, 0.2)
    after = _cells(rng, n, 0.2)
    found = world_share(before, after, _old(rng, before), np.ones(n))
    assert found is not None
    assert found.high < 0.5


def test_inputs_that_moved_account_for_all_of_it() -> None:
    rng = np.random.default_rng(2)
    before, after = _cells(rng, 4_000, 0.2), _cells(rng, 3_000, 0.9)
    found = world_share(before, after, _old(rng, before), _old(rng, after))
    assert found is not None
    assert found.share == pytest.approx(1.0, abs=0.1)
    assert found.expected == pytest.approx(0.1 + 0.9 * 0.5, abs=0.03)


def test_a_change_half_of_each_is_halved_over_many_draws() -> None:
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        before, after = _cells(rng, 3_000, 0.2), _cells(rng, 400, 0.6)  # the world: +0.2
        lifted = np.where(rng.random(400) < 0.2 / 0.6, 1.0, _old(rng, after))  # the release: another 0.2
        found = world_share(before, after, _old(rng, before), lifted)
        assert found is not None
        shares.append(found.share)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)


def test_what_was_hardly_met_before_or_too_little_of_it_cannot_be_told() -> None:
    rng = np.random.default_rng(3)
    before = _cells(rng, 4_000, 0.2)
    old = _old(rng, before)
    strange = np.full((10, 2), 9)
    assert world_share(before, strange, old, np.ones(10)) is None
    assert world_share(before[:50], before[:50], old[:50], np.ones(50)) is None
    assert world_share(before, before[:0], old, np.ones(0)) is None
    assert world_share(before, before[:5], old, np.full(5, np.nan)) is None
