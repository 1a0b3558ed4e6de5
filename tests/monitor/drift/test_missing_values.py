"""Shares that changed: sizes, chances and limits against SciPy's tests, with few hits and with many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import Bins, Kind
from plumbline.monitor.binned_counts import BinnedCounts, binned_counts
from plumbline.monitor.drift.missing_values import (
    difference_limits,
    missing_share_distance,
    new_levels_distance,
    out_of_range_distance,
    upper_tail_chance,
)

Z = stats.norm.ppf(0.975)


def holed(n: float, gone: float, m: list[float], k: list[float]) -> BinnedCounts:
    """Values that are there, and that are not, of a reference and of windows."""
    bins = Bins(feature="f", kind=Kind.CATEGORICAL, levels=("a",))
    q = np.stack([np.array(m), 0 * np.array(m)], axis=1)
    return binned_counts(bins, np.array([n, 0.0]), q, missing=(gone, np.array(k)))


def levelled(p: list[float], q: list[list[float]]) -> BinnedCounts:
    names = tuple(f"l{i}" for i in range(len(p) - 1))
    return binned_counts(Bins(feature="f", kind=Kind.CATEGORICAL, levels=names), np.array(p), np.array(q))


def two_proportions(j: float, n: float, k: float, m: float) -> float:
    """The pooled test of two proportions, two-sided: Pearson's of the table, without correction."""
    return float(stats.chi2_contingency([[j, n - j], [k, m - k]], correction=False).pvalue)


def test_missing_values_in_numbers_are_judged_by_two_proportions() -> None:
    found = missing_share_distance(holed(900, 100, [430, 480, 450], [70, 20, 50]))
    a, b = 0.1, np.array([70, 20, 50]) / 500
    assert found.value == pytest.approx(abs(b - a))
    truth = [two_proportions(100, 1000, k, 500) for k in (70, 20)]
    assert found.p_value == pytest.approx([*truth, 1.0], rel=1e-6, abs=0)
    se = np.sqrt(a * (1 - a) / 1000 + b * (1 - b) / 500)
    assert found.low == pytest.approx(np.maximum(abs(b - a) - Z * se, 0))
    assert found.high == pytest.approx(abs(b - a) + Z * se)
    assert found.bound.tolist() == [0, 0, 0]
    assert [str(note) for note in found.notes] == [
        "Missing values went from 10.0 % to 14.0 %.",
        "Missing values went from 10.0 % to 4.0 %.",
        "",
    ]


@given(
    j=st.integers(0, 9), n=st.integers(40, 200), k=st.integers(0, 9), m=st.integers(30, 120),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_few_missing_values_are_judged_by_fishers_test_doubled(j: int, n: int, k: int, m: int) -> None:
    found = missing_share_distance(holed(n - j, j, [m - k], [k]))
    pooled = (j + k) / (n + m)
    if pooled * min(n, m) >= 10:
        truth = two_proportions(j, n, k, m)
    else:
        table = [[k, m - k], [j, n - j]]
        one_side = min(stats.fisher_exact(table, alternative=side).pvalue for side in ("greater", "less"))
        truth = min(2 * one_side, 1.0)
    assert found.p_value[0] == pytest.approx(truth, rel=1e-6, abs=0)


@pytest.mark.parametrize(("hits", "exact"), [(19, True), (20, False)])
def test_the_exact_law_is_used_below_ten_expected_hits(hits: int, exact: bool) -> None:
    """Of 200 in the reference and 200 in the window ``hits`` in all: half of them are expected in either."""
    k = hits - 4
    found = float(missing_share_distance(holed(196, 4, [200 - k], [k])).p_value[0])
    fisher = stats.fisher_exact([[k, 200 - k], [4, 196]], alternative="greater").pvalue
    truth = 2 * fisher if exact else two_proportions(4, 200, k, 200)
    assert found == pytest.approx(truth)


@given(st.integers(0, 12), st.integers(12, 80), st.integers(0, 12), st.integers(12, 80))
@settings(max_examples=40, deadline=None)
def test_larger_by_chance_is_fishers_one_sided_test(k: int, m: int, j: int, n: int) -> None:
    found = upper_tail_chance(np.array([float(k)]), np.array([float(m)]), j, n)
    truth = stats.fisher_exact([[k, m - k], [j, n - j]], alternative="greater").pvalue
    assert found[0] == pytest.approx(truth if k else 1.0, rel=1e-6)


def test_several_windows_are_judged_each_by_itself() -> None:
    k, m = np.array([0.0, 3, 9, 12]), np.array([15.0, 30, 9, 40])
    together = upper_tail_chance(k, m, 2, 50)
    alone = [upper_tail_chance(k[i : i + 1], m[i : i + 1], 2, 50)[0] for i in range(4)]
    assert together == pytest.approx(alone)


def test_new_levels_count_where_they_grow_alone() -> None:
    found = new_levels_distance(levelled([800, 180, 20], [[300, 60, 40], [390, 8, 2], [392, 0, 8]]))
    assert found.value == pytest.approx([0.08, 0.0, 0.0])
    z = (0.1 - 0.02) / np.sqrt((60 / 1400) * (1 - 60 / 1400) * (1 / 1000 + 1 / 400))
    assert found.p_value[0] == pytest.approx(stats.norm.sf(z), rel=1e-6, abs=0)
    assert found.p_value[2] == pytest.approx(
        stats.fisher_exact([[8, 392], [20, 980]], alternative="greater").pvalue
    )
    assert found.low[1:].tolist() == [0.0, 0.0]
    assert found.low[0] == pytest.approx(0.08 - Z * np.sqrt(0.02 * 0.98 / 1000 + 0.1 * 0.9 / 400))
    assert str(found.notes[0]) == "Levels not seen before: 2.0 % to 10.0 %."
    assert str(found.notes[2]) == ""
    none = new_levels_distance(levelled([800, 200, 0], [[0, 0, 0]]))
    assert (none.value[0], none.p_value[0]) == (0.0, 1.0)


def test_values_out_of_range_count_at_both_ends_and_the_references_two_ends_are_hits() -> None:
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=np.array([0.0, 1, 2]), decile_cells=())
    q = np.array([[3.0, 100, 90, 7], [0, 100, 100, 0], [100, 0, 0, 100]])
    found = out_of_range_distance(binned_counts(bins, np.array([0.0, 200, 200, 0]), q))
    assert found.value == pytest.approx([0.05, 0.0, 1.0])
    fisher = stats.fisher_exact([[10, 190], [2, 400]], alternative="greater").pvalue
    assert found.p_value[0] == pytest.approx(fisher, rel=1e-6, abs=0)
    assert found.p_value[1] == 1.0
    assert found.p_value[2] < 1e-40
    assert [str(note) for note in found.notes] == [
        "5.0 % lie outside the reference's range.", "", "100.0 % lie outside the reference's range.",
    ]  # fmt: skip
    half = Z * np.sqrt(0.05 * 0.95 / 200)
    assert (found.low[0], found.high[0]) == (pytest.approx(0.05 - half), pytest.approx(0.05 + half))
    some = out_of_range_distance(binned_counts(bins, np.array([4.0, 200, 196, 0]), q[:1]))
    assert some.p_value[0] == pytest.approx(
        stats.fisher_exact([[10, 190], [6, 396]], alternative="greater").pvalue
    )


def test_limits_of_a_difference_are_cut_to_what_its_size_can_be_unless_it_has_a_sign() -> None:
    value, a, b = np.array([0.02, 0.95]), np.array([0.5, 0.02]), np.array([0.52, 0.97])
    se = np.sqrt(a * (1 - a) / 50 + b * (1 - b) / 40)
    low, high = difference_limits(value, a, b, 50, np.array([40.0, 40.0]))
    assert low == pytest.approx([0.0, 0.95 - Z * se[1]])
    assert high == pytest.approx([0.02 + Z * se[0], 1.0])
    low, high = difference_limits(value, a, b, 50, np.array([40.0, 40.0]), clip=False)
    assert low == pytest.approx(value - Z * se)
    assert high == pytest.approx(value + Z * se)
