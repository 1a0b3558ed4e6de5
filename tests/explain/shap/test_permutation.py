"""How far an estimate by random orders lies from the exact contributions, in its own standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from plumbline.explain.shap.permutation import FEWEST_PAIRS, PAIRS, WITHIN, split

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
