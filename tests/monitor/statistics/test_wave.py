"""Days that move as a season does and days that step, told apart; the fits are those of least squares."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import FloatArray
from plumbline.monitor.statistics.wave import YEAR, _error_reduction, is_gradual

DAYS, END = 240, 90
DAY = np.arange(DAYS)


def judged(shape: FloatArray, seed: int, *, n: float = 100.0, days: int = DAYS) -> bool:
    """Shares about 0.5 of ``n`` decisions a day."""
    rng = np.random.default_rng(seed)
    share = np.clip(0.5 + shape[:days], 0.01, 0.99)
    return is_gradual(rng.binomial(int(n), share) / n, np.full(days, n), DAY[:days], END)


def wave(phase: float) -> FloatArray:
    return np.asarray(0.15 * np.sin(2 * np.pi * DAY / 365 + phase))


@pytest.mark.parametrize("phase", [0.0, 1.6, 3.1, 4.7])
def test_a_season_is_smooth_wherever_the_log_begins_in_it(phase: float) -> None:
    assert sum(judged(wave(phase), seed) for seed in range(40)) >= 38


def test_a_slope_that_begins_late_is_smooth() -> None:
    assert sum(judged(0.003 * np.maximum(DAY - 150, 0), seed) for seed in range(40)) >= 38


@pytest.mark.parametrize("after", [3, 14, 60])
def test_a_step_is_not_smooth_however_soon_it_is_looked_at(after: int) -> None:
    step = 0.2 * (DAY >= 130)
    assert not any(judged(step, seed, days=130 + after) for seed in range(40))


def test_a_step_within_a_season_is_not_smooth() -> None:
    assert sum(judged(wave(4.7) + 0.2 * (DAY >= 180), seed, days=200) for seed in range(40)) <= 1


def test_what_decides_is_less_than_the_days_differ_by() -> None:
    """Ten times the decisions with ten times the variance of each day are the same evidence."""
    rng = np.random.default_rng(3)
    level = 0.5 + 0.08 * (DAY >= 130) + rng.normal(0, 0.05, DAYS)
    told = {is_gradual(level, np.full(DAYS, n), DAY, END) for n in (1.0, 10.0, 1e6)}
    assert told == {False}


def test_the_best_shape_explains_what_least_squares_says() -> None:
    rng = np.random.default_rng(5)
    level, root = rng.normal(size=60), np.sqrt(rng.uniform(1, 9, 60))
    angle = 2 * np.pi * np.arange(60) / YEAR
    base = np.column_stack([np.ones(60), np.cos(angle), np.sin(angle)])
    shapes = (np.arange(60)[:, None] >= np.arange(20, 50)).astype(float)

    def left(x: FloatArray) -> float:
        best = np.linalg.lstsq(x * root[:, None], level * root, rcond=None)[0]
        return float(np.sum((root * (level - x @ best)) ** 2))

    best = max(left(base) - left(np.column_stack([base, s])) for s in shapes.T)
    assert _error_reduction(level, root, base, shapes).max() == pytest.approx(best, rel=1e-9)
    assert _error_reduction(level, root, base, base).max() == pytest.approx(
        0.0, abs=1e-9
    )  # nothing that it did not know


@pytest.mark.parametrize("rows", [slice(0, 5), slice(0, 90), slice(90, 240)])
def test_too_few_days_on_either_side_tell_nothing(rows: slice) -> None:
    assert not is_gradual(wave(0)[rows], np.ones(DAYS)[rows], DAY[rows], END)


def test_days_that_never_differ_tell_nothing() -> None:
    assert not is_gradual(np.full(DAYS, 0.5), np.ones(DAYS), DAY, END)


def test_a_weak_slope_is_smooth_though_a_step_fits_it_as_well() -> None:
    assert sum(judged(0.0008 * np.maximum(DAY - 90, 0), seed, days=170) for seed in range(40)) >= 28
