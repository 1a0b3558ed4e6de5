"""Fairness ratios and their intervals against scipy and a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, chi2_contingency, false_discovery_control, norm, studentized_range
from scipy.stats.contingency import relative_risk

from plumbline.domain import PointStatus
from plumbline.monitor.fairness.groups import Lines, judge
from plumbline.monitor.statistics.proportions import difference
from plumbline.monitor.statistics.ratios import katz, koopman, range_p, range_z
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scan.protected_groups import GroupCounts


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


@pytest.mark.parametrize(
    "counts", [(30, 100, 45, 120), (5, 2000, 9, 1800), (1, 400, 12, 300), (99, 100, 100, 110)]
)
def test_koopmans_limits_are_where_the_score_test_stands_at_five_per_cent(
    counts: tuple[int, int, int, int],
) -> None:
    """Against the score statistic with the fit under the ratio found by a general optimiser."""
    x1, n1, x0, n0 = counts
    _, low, high = koopman(*counts)
    for ratio in (low, high):
        top = min(1.0, 1 / ratio)
        fit = minimize_scalar(
            lambda p, r=ratio: -(binom.logpmf(x0, n0, p) + binom.logpmf(x1, n1, min(r * p, 1 - 1e-12))),
            bounds=(1e-9, top - 1e-9), method="bounded", options={"xatol": 1e-13},
        ).x  # fmt: skip
        p1 = ratio * fit
        score = (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x0 - n0 * fit) ** 2 / (n0 * fit * (1 - fit))
        assert score == pytest.approx(1.959964**2, rel=1e-3)


def test_koopmans_limits_hold_with_few_events_and_with_none() -> None:
    rng = np.random.default_rng(3)
    x1, x0 = rng.binomial(1000, 0.012, 2000), rng.binomial(1500, 0.006, 2000)
    inside = [
        low <= 2 <= high
        for _, low, high in (koopman(int(a), 1000, int(b), 1500) for a, b in zip(x1, x0, strict=True))
    ]
    assert 0.93 < np.mean(inside) < 0.975
    assert koopman(0, 100, 0, 100) == (1.0, 0.0, np.inf)
    ratio, low, high = koopman(12, 100, 0, 100)
    assert (ratio, high) == (np.inf, np.inf)
    assert 1 < low < 12


@pytest.mark.parametrize("groups", [2, 3, 8, 20])
def test_the_farthest_of_many_groups_has_tukeys_law(groups: int) -> None:
    z = range_z(groups)
    assert studentized_range.sf(z * np.sqrt(2), groups, np.inf) == pytest.approx(0.05, abs=1e-4)
    for p in (0.3, 0.01, 1e-5):
        far = studentized_range.sf(norm.isf(p / 2) * np.sqrt(2), groups, np.inf)
        assert range_p(p, groups) == pytest.approx(far, rel=0.01, abs=1e-7)


def counts(level: str, *figures: int, scores: np.ndarray | None = None) -> GroupCounts:
    made = np.zeros((10, 3)) if scores is None else scores
    return GroupCounts(
        attributes=("sex",), levels=(level,), outcomes=GroupOutcomes(level, *figures), scores=made
    )


F = counts("f", 400, 160, 400, 90, 70, 60, 180)
M = counts("m", 500, 350, 500, 260, 90, 40, 110)
X = counts("x", 12, 1, 12, 1, 0, 0, 11)


def test_ratio_and_gaps_carry_newcombes_and_katzs_intervals_and_scipys_p() -> None:
    f, m, x = judge((F, M, X))
    assert (f.best, m.best, x.is_small) == (False, True, True)
    assert f.ratio is not None
    assert (f.ratio.value, f.ratio.low, f.ratio.high) == pytest.approx(katz(160, 400, 350, 500))
    assert f.ratio.p == pytest.approx(
        chi2_contingency([[160, 240], [350, 150]], correction=False).pvalue, rel=1e-6, abs=0
    )
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


def drawn(rng: np.random.Generator, level: str, n: int, base: float, fpr: float, tpr: float) -> GroupCounts:
    came = rng.binomial(n, base)
    tp, fp = rng.binomial(came, tpr), rng.binomial(n - came, fpr)
    return counts(level, n, int(tp + fp), n, int(tp), int(fp), int(came - tp), int(n - came - fp))


#: groups, rows each, base rate, false and true positive rate
EQUAL = [
    (2, 300, 0.3, 0.1, 0.7), (8, 100, 0.08, 0.05, 0.7), (8, 1000, 0.08, 0.05, 0.7), (20, 60, 0.3, 0.1, 0.7),
    (8, 2000, 0.005, 0.002, 0.6),
]  # fmt: skip


@pytest.mark.parametrize("favourable", [True, False])
@pytest.mark.parametrize("kind", EQUAL)
def test_equal_groups_fail_in_at_most_five_of_a_hundred_logs(kind: tuple[Any, ...], favourable: bool) -> None:
    rng, failed, held = np.random.default_rng(4), 0, []
    for _ in range(60):
        family = judge([drawn(rng, str(i), *kind[1:]) for i in range(kind[0])], favourable=favourable)
        failed += any(g.status is PointStatus.BREACH for g in family)
        held += [g.ratio.low <= 1 <= g.ratio.high for g in family if g.ratio]
    assert failed <= 6  # of 60: more than 6 once in 20 where it is 5 %
    assert np.mean(held) > 0.85


@pytest.mark.parametrize(("best", "other"), [(0.3, 0.15), (0.5, 0.3)])
def test_half_as_often_is_found_in_five_hundred_rows(best: float, other: float) -> None:
    rng, found = np.random.default_rng(5), 0
    for _ in range(60):
        pair = [
            counts(x, 500, int(rng.binomial(500, r)), 0, 0, 0, 0, 0) for x, r in (("m", best), ("f", other))
        ]
        found += judge(pair)[1].status is PointStatus.BREACH
    assert found >= 54


def test_equal_groups_of_some_hundred_rows_are_found_alike() -> None:
    rng, alike = np.random.default_rng(6), 0
    for _ in range(60):
        pair = [counts(x, 500, int(rng.binomial(500, 0.4)), 0, 0, 0, 0, 0) for x in "ab"]
        alike += all(g.status is PointStatus.OK for g in judge(pair))
    assert alike >= 50


def test_few_rows_without_a_difference_are_unknown_and_a_sure_small_one_is_alike() -> None:
    f, _ = judge((counts("f", 40, 8, 0, 0, 0, 0, 0), counts("m", 40, 9, 0, 0, 0, 0, 0)))
    assert f.status is PointStatus.UNKNOWN
    f, _ = judge((counts("f", 90_000, 36_000, 0, 0, 0, 0, 0), counts("m", 90_000, 42_000, 0, 0, 0, 0, 0)))
    assert f.ratio is not None
    assert f.ratio.q < 1e-9
    assert f.status is PointStatus.OK  # 0.86, surely above 0.80


def test_ten_times_as_many_blocked_does_not_pass_where_four_fifths_is_blind() -> None:
    """99 % against 90 % unblocked is 0.91 by four fifths."""
    b, _ = judge(
        (counts("b", 2000, 200, 0, 0, 0, 0, 0), counts("a", 2000, 20, 0, 0, 0, 0, 0)), favourable=False
    )
    assert b.ratio is not None
    assert b.ratio.status is PointStatus.OK
    assert b.adverse is not None
    assert b.adverse.value == pytest.approx(10)
    assert (b.adverse.status, b.status) == (PointStatus.BREACH, PointStatus.BREACH)
    common, _ = judge(
        (counts("b", 2000, 1200, 0, 0, 0, 0, 0), counts("a", 2000, 1000, 0, 0, 0, 0, 0)), favourable=False
    )
    assert common.adverse is None


def test_a_small_lucky_group_does_not_become_the_one_to_meet() -> None:
    _, most, lucky = judge(
        [counts(x, n, k, 0, 0, 0, 0, 0) for x, n, k in (("f", 900, 420), ("m", 900, 450), ("x", 40, 24))]
    )
    assert most.best
    assert lucky.ratio is not None
    assert lucky.ratio.value > 1


def test_stricter_lines_of_the_owner_hold() -> None:
    pair = (counts("f", 9000, 3900, 0, 0, 0, 0, 0), counts("m", 9000, 4500, 0, 0, 0, 0, 0))
    assert judge(pair)[0].status is PointStatus.OK
    assert judge(pair, lines=Lines(ratio=0.95))[0].status is PointStatus.BREACH


def settled(value: float, low: float, high: float, q: float, line: float, groups: int) -> PointStatus:
    """On the scale of the ratio's logarithm: surely beyond, within, or what is left."""
    if low > line and q < 0.05:
        return PointStatus.BREACH
    alone = value if np.isinf(value) else value + (high - value) * norm.ppf(0.975) / range_z(groups)
    if alone <= line + 1e-12 or (value <= line and q >= 0.05 and alone <= 2 * line):
        return PointStatus.OK
    return PointStatus.WATCH if value > line or q < 0.05 else PointStatus.UNKNOWN


def test_ratios_and_gaps_are_settled_by_their_whole_interval_in_either_direction() -> None:
    lines, seen = Lines(), set()
    with np.errstate(divide="ignore"):
        for seed in range(400):
            rng = np.random.default_rng(seed)
            low, value, high = np.sort(
                rng.choice([0.0, 0.3, 0.7, 0.79, 0.85, 0.95, 1.1, 1.9, 2.1, 3.0, 5.0], 3)
            ).tolist()
            q, groups = float(rng.choice([0.001, 0.2])), int(rng.choice([2, 5]))
            logs = [float(np.log(x)) for x in (low, value, high)]
            own = lines.ratio_status(value, low, high, q, groups)
            assert own is settled(-logs[1], -logs[2], -logs[0], q, -np.log(0.8), groups), seed
            adverse = lines.adverse_status(value, low, high, q, groups)
            assert adverse is settled(logs[1], logs[0], logs[2], q, np.log(2), groups), seed
            gap = [x / 10 - 0.1 for x in (low, value, high)]
            near = 0.0 if gap[0] <= 0 <= gap[2] else min(abs(gap[0]), abs(gap[2]))
            expected = settled(abs(gap[1]), near, max(abs(gap[0]), abs(gap[2])), q, 0.1, groups)
            assert lines.gap_status(gap[1], gap[0], gap[2], q, groups) is expected, seed
            seen |= {own, adverse, expected}
    assert seen == {PointStatus.BREACH, PointStatus.OK, PointStatus.WATCH, PointStatus.UNKNOWN}
