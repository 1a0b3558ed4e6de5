"""Distances against scipy, scikit-style formulas and simulation; their laws by hypothesis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from plumbline.domain import Bins, Kind
from plumbline.monitor.binned_counts import BinnedCounts, binned_counts
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.exact import exact_ks, exact_psi, exact_wasserstein
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.profile.edges import numeric_edges

RNG = np.random.default_rng(11)
counts = st.lists(st.integers(0, 400), min_size=3, max_size=12).filter(lambda c: sum(c) > 50)


def _levels(p: list[int], q: list[int]) -> BinnedCounts:
    names = tuple(f"l{i}" for i in range(len(p) - 1))
    return binned_counts(
        Bins(feature="f", kind=Kind.CATEGORICAL, levels=names), np.array(p, float), np.array(q, float)
    )


def _numbers(a: np.ndarray, b: np.ndarray) -> BinnedCounts:
    edges, deciles = numeric_edges(a)
    p, q = (np.bincount(np.searchsorted(edges, x, side="left"), minlength=len(edges) + 1) for x in (a, b))
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=edges, decile_cells=deciles)
    return binned_counts(bins, p, q, float(np.std(a, ddof=1)), float(np.abs(a).max()))


def test_js_is_scipys_with_base_two() -> None:
    p, q = [50, 30, 20, 1], [20, 30, 45, 5]
    assert METHODS["js"].distance(_levels(p, q)).value == pytest.approx(
        jensenshannon(p, q, base=2), abs=1e-12
    )


def test_peers_definitions_agree_where_they_say_so() -> None:
    """Evidently 0.7.23 takes the natural logarithm and both samples' levels, NannyML 0.13.1 base 2."""
    p, q = [50, 30, 20, 1], [20, 30, 45, 5]
    ours = METHODS["js"].distance(_levels(p, q)).value
    assert ours == pytest.approx(jensenshannon(p, q, base=2))
    assert ours == pytest.approx(jensenshannon(p, q) / np.sqrt(np.log(2)))
    a, b = RNG.normal(0, 1, 3000), RNG.normal(0.4, 1.3, 900)
    evidently = stats.wasserstein_distance(a, b) / max(np.std(a), 0.001)
    assert exact_wasserstein(a, b).value == pytest.approx(evidently * np.sqrt(2999 / 3000))
    assert exact_ks(a, b).value == pytest.approx(stats.ks_2samp(a, b).statistic)
    share = np.array(p) / sum(p), np.array(q) / sum(q)
    by_hand = np.sqrt(np.sum((np.sqrt(share[0]) - np.sqrt(share[1])) ** 2) / 2)
    assert METHODS["hellinger"].distance(_levels(p, q)).value == pytest.approx(by_hand)


def test_chi2_and_cramers_v_are_scipys() -> None:
    p, q = [50, 30, 20], [20, 30, 45]
    statistic, p_value, _, _ = stats.chi2_contingency([p, q], correction=False)
    found = METHODS["chi2"].distance(_levels(p, q))
    assert (found.value, found.p_value) == pytest.approx((statistic, p_value))
    n, r, c = 195, 2, 3
    phi = max(0, statistic / n - (r - 1) * (c - 1) / (n - 1))
    expected = np.sqrt(phi / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1))
    assert METHODS["cramers_v"].distance(_levels(p, q)).value == pytest.approx(expected)


@pytest.mark.parametrize("method", ["psi", "js", "hellinger"])
@pytest.mark.filterwarnings("error")
def test_a_window_without_a_row_leaves_the_one_beside_it_alone_and_warns_of_nothing(method: str) -> None:
    bins = Bins(feature="f", kind=Kind.CATEGORICAL, levels=("a", "b"))
    p, q = np.array([30.0, 20.0, 0.0]), np.array([15.0, 20.0, 0.0])
    both = METHODS[method].compute(binned_counts(bins, p, np.stack([q, 0 * q])))
    alone = METHODS[method].compute(binned_counts(bins, p, q))
    assert both.value[0] == pytest.approx(alone.value[0])
    assert np.isfinite(both.value).all()
    assert both.p_value is not None
    assert 0.99 < both.p_value[1] <= 1  # of nothing nothing is known


def test_psi_fills_an_empty_cell_with_one_in_ten_thousand() -> None:
    a, b = np.array([0.5, 0.5, 1e-4]), np.array([0.25, 0.25, 0.5])
    a, b = a / a.sum(), b / b.sum()
    expected = np.sum((a - b) * np.log(a / b))
    assert METHODS["psi"].distance(_levels([50, 50, 0], [25, 25, 50])).value == pytest.approx(expected)


def test_linf_names_the_level_that_changed_most() -> None:
    found = METHODS["linf"].distance(_levels([50, 50, 0], [20, 70, 10]))
    assert found.value == pytest.approx(0.3)
    assert found.note == "l0: 30.0 points less."


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.5])
@pytest.mark.parametrize("digits", [None, 1, 0])
def test_the_grid_keeps_its_stated_bounds(shift: float, digits: int | None) -> None:
    a, b = RNG.normal(0, 1, 4000), RNG.normal(shift, 1.2, 900)
    if digits is not None:
        a, b = a.round(digits), b.round(digits)
    cells = _numbers(a, b)
    ks = METHODS["ks"].distance(cells)
    truth = stats.ks_2samp(a, b).statistic
    assert ks.value is not None
    assert ks.value <= truth + 1e-12
    assert truth <= ks.value + ks.bound + 1e-12
    assert exact_ks(a, b).value == pytest.approx(truth, abs=1e-12)
    assert METHODS["psi"].distance(cells).value == pytest.approx(exact_psi(a, b).value, abs=1e-12)
    far = stats.wasserstein_distance(a, b) / np.std(a, ddof=1)
    assert exact_wasserstein(a, b).value == pytest.approx(far, abs=1e-12)
    near = METHODS["wasserstein"].distance(cells)
    assert near.value is not None
    assert abs(near.value - far) <= near.bound + 1e-9


def test_the_grid_is_exact_where_the_reference_has_few_values() -> None:
    a, b = RNG.integers(0, 40, 3000).astype(float), RNG.integers(0, 40, 700).astype(float)
    assert METHODS["ks"].distance(_numbers(a, b)).value == pytest.approx(
        stats.ks_2samp(a, b).statistic, abs=1e-12
    )


def test_a_constant_reference_has_no_wasserstein_distance() -> None:
    a, b = np.full(500, 0.003467), RNG.uniform(0, 1, 100)
    assert exact_wasserstein(a, b).value is None
    assert METHODS["wasserstein"].distance(_numbers(a, b)).value is None


@pytest.mark.parametrize("name", ["psi", "js", "hellinger", "ks"])
def test_p_values_are_uniform_where_nothing_changed(name: str) -> None:
    p_values, random = [], np.random.default_rng(7)
    for _ in range(400):
        found = METHODS[name].distance(_numbers(random.normal(size=3000), random.normal(size=600)))
        p_values.append(found.p_value)
    # a grid can only understate the largest gap, so KS must not find more than chance, but may find less
    side = "greater" if name == "ks" else "two-sided"
    assert stats.kstest(p_values, "uniform", alternative=side).pvalue > 1e-3
    least = 0.005 if name == "ks" else 0.02
    assert least < np.mean(np.array(p_values) < 0.05) < 0.09


def test_benjamini_hochberg_is_scipys() -> None:
    p = RNG.uniform(size=40) ** 2
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    with_gap = np.r_[p, np.nan]
    assert benjamini_hochberg(with_gap)[:-1] == pytest.approx(stats.false_discovery_control(p))
    assert np.isnan(benjamini_hochberg(with_gap)[-1])
    several = np.stack([with_gap, with_gap[::-1], np.full(len(with_gap), np.nan)], axis=1)
    each = np.stack([benjamini_hochberg(column) for column in several.T], axis=1)
    np.testing.assert_array_equal(benjamini_hochberg(several), each)


@pytest.mark.parametrize("name", ["psi", "js", "hellinger", "cramers_v", "linf"])
@given(p=counts)
@settings(max_examples=25, deadline=None)
def test_a_distribution_is_at_no_distance_from_itself(name: str, p: list[int]) -> None:
    assert METHODS[name].distance(_levels(p, [3 * x for x in p])).value == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", ["psi", "js", "hellinger"])
@given(p=counts, q=counts)
@settings(max_examples=25, deadline=None)
def test_distances_are_symmetric_and_not_negative(name: str, p: list[int], q: list[int]) -> None:
    size = min(len(p), len(q))
    p, q = [x + 1 for x in p[:size]], [x + 1 for x in q[:size]]
    one, other = (METHODS[name].distance(_levels(x, y)).value for x, y in ((p, q), (q, p)))
    assert one == pytest.approx(other, abs=1e-9)
    assert one is not None
    assert one >= 0


@pytest.mark.parametrize(("shift", "size"), [(0.2, 300), (0.5, 300), (0.2, 100)])
def test_the_limits_of_the_largest_gap_hold_the_true_one(shift: float, size: int) -> None:
    """300 samples each; with the standard error of the gap at its own place 0.86 to 0.92 held it."""
    rng = np.random.default_rng(8)
    truth = 2 * stats.norm.cdf(shift / 2) - 1
    held = []
    for _ in range(300):
        found = METHODS["ks"].distance(_numbers(rng.normal(size=3000), rng.normal(shift, 1, size)))
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= truth <= found.high + found.bound)
    assert np.mean(held) >= 0.93


# --- limits, by derivatives that are taken numerically


def _error(function, a: np.ndarray, b: np.ndarray, n: float, m: float) -> float:  # type: ignore[no-untyped-def]
    """The delta method's standard error of a function of two rows of shares: the variance of a multinomial mean."""
    variance = 0.0
    for mine, size, place in ((a, n, 0), (b, m, 1)):
        slope = []
        for i in range(len(mine)):
            step = np.zeros(len(mine))
            step[i] = 1e-6
            ends = [function(*((mine + way, b) if place == 0 else (a, mine + way))) for way in (step, -step)]
            slope.append((ends[0] - ends[1]) / 2e-6)
        variance += (mine @ np.square(slope) - (mine @ np.array(slope)) ** 2) / size
    return float(np.sqrt(variance))


P, Q = [400, 250, 200, 150], [60, 90, 70, 80]
Z = stats.norm.ppf(0.975)
PUSH = {"psi": 1.0, "js": 1 / (8 * np.log(2)), "hellinger": 1 / 8}


@pytest.mark.parametrize("name", PUSH)
@pytest.mark.parametrize(
    ("p", "q"), [(P, Q), ([400, 250, 200, 150], [41, 24, 21, 14]), ([500, 500], [10, 290])]
)
def test_limits_are_the_delta_methods_with_the_samples_own_push_taken_off(
    name: str, p: list[int], q: list[int]
) -> None:
    n, m = sum(p), sum(q)
    a, b = np.array(p) / n, np.array(q) / m
    function = {
        "psi": lambda x, y: float(np.sum((x - y) * np.log(x / y))),
        "js": lambda x, y: float(jensenshannon(x, y, base=2) ** 2),
        "hellinger": lambda x, y: float(1 - np.sum(np.sqrt(x * y))),
    }[name]
    value, error = function(a, b), _error(function, a, b, n, m)
    push = (len(p) - 1) * (1 / n + 1 / m) * PUSH[name]
    found = METHODS[name].distance(_levels(p, q))
    root = (lambda x: x) if name == "psi" else np.sqrt
    assert found.value == pytest.approx(root(value))
    assert found.above_chance == pytest.approx(root(max(value - push, 0)))
    assert found.low == pytest.approx(root(max(value - push - Z * error, 0)), rel=1e-4, abs=1e-6)
    assert found.high == pytest.approx(root(value + Z * error), rel=1e-4)


def test_cells_that_neither_holds_add_no_push_and_nothing_is_farther_than_one() -> None:
    for name, push in PUSH.items():
        found = METHODS[name].distance(_levels([300, 700, 0, 0], [40, 60, 0, 0]))
        value = (found.value or 0) if name == "psi" else (found.value or 0) ** 2
        above = (found.above_chance or 0) if name == "psi" else (found.above_chance or 0) ** 2
        assert value - above == pytest.approx((1 / 1000 + 1 / 100) * push)
    apart = METHODS["js"].distance(_levels([30, 30, 0, 0], [0, 0, 20, 20]))
    assert (apart.value, apart.high) == (pytest.approx(1.0), 1.0)
    assert METHODS["hellinger"].distance(_levels([40, 0, 1], [0, 12, 1])).high == 1.0


def test_a_decile_that_neither_holds_is_an_empty_cell_of_the_stability_index() -> None:
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=np.array([0.0, 1, 2]), decile_cells=(0, 1))
    found = METHODS["psi"].distance(
        binned_counts(bins, np.array([60.0, 0, 0, 40]), np.array([30.0, 0, 0, 70]))
    )
    a, b = np.array([0.6, 1e-4, 0.4]), np.array([0.3, 1e-4, 0.7])
    a, b = a / a.sum(), b / b.sum()
    assert found.value == pytest.approx(np.sum((a - b) * np.log(a / b)))


def test_kolmogorovs_limits_are_the_band_of_both_functions() -> None:
    a, b = RNG.normal(0, 1, 2000), RNG.normal(0.8, 1, 400)
    found = METHODS["ks"].distance(_numbers(a, b))
    half = np.sqrt(np.log(2 / 0.05) / 2) * np.sqrt(1 / 2000 + 1 / 400)
    assert found.value is not None
    assert (found.low, found.high) == (
        pytest.approx(found.value - half, abs=1e-5), pytest.approx(found.value + half, abs=1e-5),
    )  # fmt: skip
    far = METHODS["ks"].distance(_numbers(a, a[:50] + 40))
    assert (far.value, far.high) == (1.0, 1.0)
    near = METHODS["ks"].distance(_numbers(a, a[::2]))
    assert near.low == 0.0


def test_the_area_between_the_functions_and_its_limits_by_plain_sums() -> None:
    edges = np.array([0.0, 1, 3, 4, 8])
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=edges, decile_cells=())
    p, q = np.array([0.0, 30, 20, 40, 10, 0]), np.array([0.0, 5, 25, 30, 40, 0])

    def area(x: np.ndarray, y: np.ndarray) -> float:
        found, gap = 0.0, 0.0
        for i, width in enumerate(np.diff(edges)):
            then = gap + x[i + 1] - y[i + 1]
            found += width / 2.5 * abs(gap + then) / 2
            gap = then
        return found

    a, b = p / p.sum(), q / q.sum()
    found = METHODS["wasserstein"].distance(binned_counts(bins, p, q, 2.5, 8.0))
    error = _error(area, a, b, p.sum(), q.sum())
    assert found.value == pytest.approx(area(a, b))
    assert (found.low, found.high) == (
        pytest.approx(area(a, b) - Z * error, rel=1e-4), pytest.approx(area(a, b) + Z * error, rel=1e-4),
    )  # fmt: skip
    assert (found.note, np.isfinite(found.bound)) == ("", True)
    beyond = METHODS["wasserstein"].distance(
        binned_counts(bins, p, q + np.array([5.0, 0, 0, 0, 0, 15]), 2.5, 8.0)
    )
    assert beyond.bound == np.inf
    assert beyond.note == "16.7 % lie outside the reference's range and count at its ends."


def test_limits_of_chi_square_and_cramers_v_are_those_of_the_statistic() -> None:
    cells = _levels(P, Q)
    statistic, freedom, se = (float(x[0]) for x in cells.pearson)
    chi2, v = METHODS["chi2"].distance(cells), METHODS["cramers_v"].distance(cells)
    assert (chi2.low, chi2.high) == (
        pytest.approx(statistic - freedom - Z * se), pytest.approx(statistic + Z * se),
    )  # fmt: skip
    total = sum(P) + sum(Q)

    def bergsma(chi: float) -> float:
        phi = max(chi / total - 3 / (total - 1), 0)
        return float(np.sqrt(phi / min(1 - 1 / (total - 1), 3 - 9 / (total - 1))))

    assert (v.value, v.low, v.high) == pytest.approx(
        tuple(bergsma(x) for x in (statistic, max(statistic - Z * se, 0), statistic + Z * se))
    )
    alone = METHODS["cramers_v"].distance(_levels([30, 0], [20, 0]))
    assert alone.value == 0.0
    largest = METHODS["linf"].distance(_levels(P, Q))
    assert largest.value == pytest.approx(0.2)
    error = np.sqrt(0.4 * 0.6 / 1000 + 0.2 * 0.8 / 300)
    assert (largest.low, largest.high) == pytest.approx((0.2 - Z * error, 0.2 + Z * error))
    assert METHODS["linf"].distance(_levels([50, 50, 0], [50, 20, 30])).note in (
        "l1: 30.0 points less.", "other levels: 30.0 points more.",
    )  # fmt: skip


def test_where_a_difference_matters() -> None:
    """PSI: 0.1 and 0.25 (Siddiqi 2006, Credit Risk Scorecards); the other shapes: NannyML's 0.1; a tenth of a V is
    Cohen's small effect (1988). Shares of values that are gone or new are this project's own."""
    assert {name: (m.watch, m.breach) for name, m in METHODS.items()} == {
        "psi": (0.1, 0.25), "js": (0.1, 0.1), "hellinger": (0.1, 0.1), "ks": (0.1, 0.1), "wasserstein": (0.1, 0.1),
        "chi2": (0.0, 0.0), "cramers_v": (0.1, 0.1), "linf": (0.1, 0.1), "missing": (0.02, 0.05),
        "new_levels": (0.01, 0.05), "out_of_range": (0.01, 0.05),
    }  # fmt: skip
