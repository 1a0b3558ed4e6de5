"""Squares of numbers that have none, and those that are nought."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import deviation, to_unit


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [2.0**-600, 1.0, 2.0**520, 2.0**1000])
def test_a_deviation_does_not_hang_on_the_unit(unit: float) -> None:
    x = np.random.default_rng(1).normal(size=50)
    assert deviation(x * unit) == unit * deviation(x)
    assert deviation(x, 1) == pytest.approx(float(x.std(ddof=1)), rel=1e-14)
    held, by = to_unit(x * unit)
    assert np.array_equal(held * by, x * unit)


def test_of_nothing_it_is_nought() -> None:
    assert deviation(np.zeros(0)) == deviation(np.ones(1), 1) == deviation(np.zeros(3)) == 0.0
