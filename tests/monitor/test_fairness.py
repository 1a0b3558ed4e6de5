"""Fairness ratios and their intervals against scipy and a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import relative_risk

from plumbline.monitor.fairness import group_rates, katz
from plumbline.profile.groups import GroupOutcomes


@pytest.mark.parametrize("counts", [(30, 100, 45, 120), (5, 2000, 9, 1800), (99, 100, 100, 110)])
def test_ratio_and_interval_are_scipys_relative_risk(counts: tuple[int, int, int, int]) -> None:
    expected = relative_risk(counts[0], counts[1], counts[2], counts[3])
    interval = expected.confidence_interval(0.95)
    assert katz(*counts) == pytest.approx((expected.relative_risk, interval.low, interval.high), rel=1e-9)


def test_interval_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(7)
    x1, x0 = rng.binomial(800, 0.16, 2000), rng.binomial(1200, 0.2, 2000)
    inside = [
        low <= 0.8 <= high
        for _, low, high in (katz(int(a), 800, int(b), 1200) for a, b in zip(x1, x0, strict=True))
    ]
    assert 0.93 < np.mean(inside) < 0.97


def test_a_group_without_any_favourable_outcome_has_ratio_zero() -> None:
    ratio, low, high = katz(0, 50, 20, 100)
    assert ratio == low == 0
    assert 0 < high < 1


def test_small_groups_are_named_but_not_judged() -> None:
    groups = [
        GroupOutcomes("f", 100, 40, 100, 20, 20, 10, 50),
        GroupOutcomes("m", 200, 100, 200, 60, 40, 20, 80),
        GroupOutcomes("x", 12, 1, 12, 1, 0, 0, 11),
    ]
    rates = group_rates("sex", groups)
    assert [g.group for g in rates] == ["f", "m", "x"]
    assert rates[2].ratio is None
    assert rates[1].ratio == 1.0
    assert rates[0].ratio == pytest.approx(0.8)
    assert rates[0].error_gap == pytest.approx(abs(20 / 30 - 60 / 80))
