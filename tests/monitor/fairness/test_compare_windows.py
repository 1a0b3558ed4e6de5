"""Groups in two windows: each side as scipy has it, no alarm by chance, and the same group compared with in both."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.fairness.compare_windows import FAVOURABLE, RATIO, changes
from plumbline.monitor.statistics.proportions import difference
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scan.protected_groups import GroupCounts


def _group(level: str, n: int, yes: int, right: float = 0.8) -> GroupCounts:
    """n decisions of which ``yes`` are positive; of either kind the share ``right`` is right."""
    tp, tn = round(yes * right), round((n - yes) * right)
    outcomes = GroupOutcomes(level, n, yes, n, tp=tp, fp=yes - tp, fn=n - yes - tn, tn=tn)
    return GroupCounts(attributes=("sex",), levels=(level,), outcomes=outcomes, scores=np.zeros((0, 3)))


def test_a_share_has_newcombes_interval_and_the_p_value_of_chi_square() -> None:
    found = changes(
        [_group("m", 900, 500), _group("f", 700, 350)], [_group("m", 800, 440), _group("f", 600, 210)]
    )
    moved = found[1].moved[FAVOURABLE]
    exact = difference(350, 700, 210, 600)
    assert exact is not None
    assert (moved.change, moved.low, moved.high) == pytest.approx((exact.value, exact.low, exact.high))
    truth = stats.chi2_contingency([[350, 350], [210, 390]], correction=False).pvalue
    assert moved.p == pytest.approx(truth, rel=1e-6, abs=0)
    assert moved.verdict == "down"


def test_the_ratios_change_joins_scipys_intervals_of_either_window() -> None:
    found = changes(
        [_group("m", 900, 500), _group("f", 700, 350)], [_group("m", 800, 440), _group("f", 600, 210)]
    )
    assert (found[0].best, found[1].best) == (True, False)
    moved = found[1].moved[RATIO]
    sides = [stats.contingency.relative_risk(*four) for four in ((350, 700, 500, 900), (210, 600, 440, 800))]
    logs = [np.log([s.confidence_interval(0.95).low, s.confidence_interval(0.95).high]) for s in sides]
    half = np.sqrt(sum(((high - low) / 2) ** 2 for low, high in logs))
    factor = np.log(sides[1].relative_risk / sides[0].relative_risk)
    assert (moved.first, moved.second) == pytest.approx([s.relative_risk for s in sides])
    assert np.log([moved.change, moved.low, moved.high]) == pytest.approx(
        [factor, factor - half, factor + half]
    )
    assert moved.p == pytest.approx(2 * stats.norm.sf(abs(factor) / (half / stats.norm.ppf(0.975))))
    assert moved.verdict == "further"


def test_the_ratio_is_to_the_same_group_in_both_windows_though_another_leads_now() -> None:
    found = changes(
        [_group("m", 900, 500), _group("f", 700, 350)], [_group("m", 900, 300), _group("f", 700, 420)]
    )
    moved = found[1].moved[RATIO]
    assert moved.second == pytest.approx((420 / 700) / (300 / 900))
    assert moved.verdict == "closer"


def test_chance_moves_few_groups_and_the_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    alarms, covered, runs = 0, 0, 400
    for _ in range(runs):
        windows = [
            [_group(level, n, int(rng.binomial(n, p))) for level, n, p in (("m", 900, 0.6), ("f", 500, 0.45))]
            for _ in (0, 1)
        ]
        moved = changes(*windows)[1].moved[RATIO]
        alarms += moved.verdict != "same"
        covered += moved.low <= 1 <= moved.high
    assert 0.92 <= covered / runs <= 0.98
    assert alarms / runs <= 0.05


def test_small_absent_and_unfavoured_groups_are_named_and_not_compared() -> None:
    first = [_group("m", 900, 500), _group("x", 20, 10), _group("gone", 200, 100)]
    second = [_group("m", 900, 500), _group("x", 900, 10), _group("new", 200, 100), _group("none", 100, 0)]
    found = {g.levels[0]: g for g in changes(first, second)}
    assert {name for name, g in found.items() if not g.moved} == {"x", "gone", "new", "none"}
    assert (found["gone"].n_second, found["new"].n_first) == (0, 0)


def test_a_group_that_gets_nothing_any_more_has_a_bound_and_falls_behind() -> None:
    found = changes(
        [_group("m", 900, 500), _group("f", 700, 350)], [_group("m", 900, 500), _group("f", 700, 0)]
    )
    moved = found[1].moved[RATIO]
    assert moved.second == 0
    assert 0 < moved.low < moved.high < 0.1
    assert moved.verdict == "further"


def test_what_people_want_may_be_the_other_class() -> None:
    a, b = [_group("m", 900, 500), _group("f", 700, 350)], [_group("m", 900, 500), _group("f", 700, 450)]
    plain = {g.levels: g for g in changes(a, b, favourable=False)}
    assert plain["f",].best
    assert plain["m",].moved[FAVOURABLE].first == pytest.approx(400 / 900)
