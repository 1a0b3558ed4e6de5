"""Reliability curves against scikit-learn, and an error that chance alone does not raise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from plumbline.domain import PointStatus, Slice
from plumbline.monitor.calibration import calibration, calibration_sentence
from tests.monitor.outcomes import classified, regressed


def _log(rows: int, *, power: float = 1.0, seed: int = 0, versions: list[str] | None = None):
    """Scores on the middles of 1,000 cells; truth comes with score ** power."""
    rng = np.random.default_rng(seed)
    score = (rng.integers(0, 1000, rows) + 0.5) / 1000
    true = (rng.random(rows) < score**power).astype(int)
    days = np.arange(rows) * 20 // rows
    profile = classified(days, (score >= 0.5).astype(int), true, score, versions=versions)
    return profile, score, true


def test_the_curve_is_that_of_scikit_learn() -> None:
    profile, score, true = _log(30_000, power=1.6)
    (found,) = calibration(profile)
    share, mean = calibration_curve(true, score, n_bins=15, strategy="quantile")
    # a cell is never split, so a bin's edge may lie one cell beside scikit-learn's
    assert [b.share for b in found.bins] == pytest.approx(share, abs=0.01)
    assert [b.score for b in found.bins] == pytest.approx(mean, abs=0.002)
    assert sum(b.n for b in found.bins) == found.n == 30_000
    sizes = np.array([b.n for b in found.bins])
    assert found.ece == pytest.approx(float((sizes * np.abs(share - mean)).sum() / sizes.sum()), abs=0.002)
    assert found.status is PointStatus.BREACH
    assert found.gap == pytest.approx(float((score - true).mean()), abs=1e-9)
    assert "too high" in calibration_sentence([found])


def test_intervals_hold_the_truth_and_chance_is_not_an_alarm() -> None:
    inside, alarms = [], 0
    for seed in range(20):
        (found,) = calibration(_log(1_000, seed=seed)[0])
        alarms += found.status is not PointStatus.OK
        inside += [b.low <= b.score <= b.high for b in found.bins]
    assert np.mean(inside) > 0.92
    assert alarms <= 2


def test_each_version_has_its_own_curve() -> None:
    rng = np.random.default_rng(3)
    score = (rng.integers(0, 1000, 8_000) + 0.5) / 1000
    old = np.arange(8_000) < 4_000
    true = (rng.random(8_000) < np.where(old, score, score**3)).astype(int)
    profile = classified(
        np.where(old, 0, 1), (score > 0.5).astype(int), true, score,
        versions=["1.0" if o else "2.0" for o in old],
    )  # fmt: skip
    every, first, second = calibration(profile, by_version=True)
    assert (every.version, first.version, second.version) == (None, "1.0", "2.0")
    assert first.status is PointStatus.OK
    assert second.status is PointStatus.BREACH
    assert calibration(profile, window=Slice(version="1.0"))[0].n == 4_000


def test_too_few_rows_are_unknown_and_other_tasks_have_none() -> None:
    (found,) = calibration(_log(60)[0])
    assert found.status is PointStatus.UNKNOWN
    assert "100 are needed" in found.note
    rng = np.random.default_rng(0)
    assert calibration(regressed(np.arange(50), rng.random(50), rng.random(50))) == ()
