"""Fairness ratios and their intervals against scipy and a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, false_discovery_control
from scipy.stats.contingency import relative_risk

from plumbline.domain import PointStatus
from plumbline.monitor.fairness import group_rates, judge, katz
from plumbline.monitor.proportions import difference
from plumbline.profile.grouped import GroupCounts
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


def counts(level: str, *figures: int, scores: np.ndarray | None = None) -> GroupCounts:
    made = np.zeros((10, 3)) if scores is None else scores
    return GroupCounts(("sex",), (level,), GroupOutcomes(level, *figures), made)


F = counts("f", 400, 160, 400, 90, 70, 60, 180)
M = counts("m", 500, 350, 500, 260, 90, 40, 110)
X = counts("x", 12, 1, 12, 1, 0, 0, 11)


def test_ratio_and_gaps_carry_newcombes_and_katzs_intervals_and_scipys_p() -> None:
    f, m, x = judge((F, M, X))
    assert (f.best, m.best, x.small) == (False, True, True)
    assert f.ratio is not None
    assert (f.ratio.value, f.ratio.low, f.ratio.high) == pytest.approx(katz(160, 400, 350, 500))
    assert f.ratio.p == pytest.approx(chi2_contingency([[160, 240], [350, 150]], correction=False).pvalue)
    apart = difference(260, 300, 90, 150)
    assert apart is not None
    gap = f.gaps["true_positive_rate"]
    assert (gap.value, gap.low, gap.high) == (apart.value, apart.low, apart.high)
    assert f.status is PointStatus.BREACH
    assert x.status is PointStatus.UNKNOWN


def test_correction_is_over_everything_compared() -> None:
    f, _, _ = judge((F, M, X))
    assert f.ratio is not None
    tests = [f.ratio, *f.gaps.values()]
    assert [t.q for t in tests] == pytest.approx(false_discovery_control([t.p for t in tests]))


def test_a_group_that_may_be_below_the_line_is_watched_not_breached() -> None:
    few, many = counts("f", 60, 27, 0, 0, 0, 0, 0), counts("m", 60, 36, 0, 0, 0, 0, 0)
    f, _ = judge((few, many))
    assert f.ratio is not None
    assert f.ratio.value == pytest.approx(0.75)
    assert f.status is PointStatus.WATCH


def test_where_the_positive_class_is_unwelcome_the_other_one_is_compared() -> None:
    f, m, _ = judge((F, M, X), favourable=False)
    assert f.best
    assert m.ratio is not None
    assert m.ratio.value == pytest.approx((150 / 500) / (240 / 400))


def test_equal_groups_are_rarely_accused() -> None:
    """300 draws of 12 equal groups each: a breach needs the whole interval below, so there is hardly any."""
    rng = np.random.default_rng(0)
    accused = 0
    for _ in range(300):
        family = [
            counts(str(i), 200, int(k), 0, 0, 0, 0, 0) for i, k in enumerate(rng.binomial(200, 0.4, 12))
        ]
        accused += any(g.status is PointStatus.BREACH for g in judge(family))
    assert accused / 300 <= 0.05


def test_calibration_is_the_mean_score_less_what_came_true() -> None:
    cells = np.zeros((10, 3))
    cells[2], cells[7] = (100, 25.0, 40), (100, 75.0, 60)
    (group,) = judge((counts("f", 200, 100, 200, 60, 40, 40, 60, scores=cells),))
    assert group.calibration is not None
    assert group.calibration.value == pytest.approx(0.0)
    assert group.calibration.low < 0 < group.calibration.high
    assert group.ece == pytest.approx(0.15)
