"""A reference and windows on one grid: shares, gaps, Pearson's statistic and its error, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import Bins, Kind
from plumbline.monitor.binned_counts import Distances, binned_counts, or_none, shares, spread
from plumbline.monitor.statistics.null_distribution import NullDistribution

LEVELS = Bins(feature="f", kind=Kind.CATEGORICAL, levels=("a", "b", "c"))
P, Q = np.array([400.0, 300, 200, 100]), np.array([[90.0, 60, 30, 20], [30, 70, 90, 10], [5, 5, 0, 0]])


def numbers(
    p: list[float], q: list[list[float]], deciles: tuple[int, ...], law: NullDistribution | None = None
):
    edges = np.arange(len(p) - 1.0)
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=edges, decile_cells=deciles)
    return binned_counts(bins, np.array(p), np.array(q), **({} if law is None else {"law": law}))


def test_pearsons_statistic_is_that_of_the_table_and_cells_that_nobody_holds_have_no_freedom() -> None:
    statistic, freedom, _ = binned_counts(LEVELS, P, Q).pearson
    for i, window in enumerate(Q):
        held = (P + window) > 0
        truth = stats.chi2_contingency([P[held], window[held]], correction=False)
        assert (statistic[i], freedom[i]) == (pytest.approx(truth.statistic), truth.dof)
    empty = binned_counts(LEVELS, np.array([40.0, 30, 0, 0]), np.array([[9.0, 6, 0, 0], [9, 6, 0, 2]]))
    assert empty.pearson[1].tolist() == [1.0, 2.0]
    assert empty.chance[0] == pytest.approx(stats.chi2.sf(empty.pearson[0][0], 1))


def test_the_statistics_error_is_its_spread_over_samples() -> None:
    """Where the shares differ by much the delta method's, where they do not that of the chi-square law."""
    rng = np.random.default_rng(2)
    for q in ([0.1, 0.3, 0.4, 0.2], [0.4, 0.3, 0.2, 0.1]):
        draws = rng.multinomial(400, q, 3000), rng.multinomial(1000, [0.4, 0.3, 0.2, 0.1], 3000)
        found = np.array(
            [
                binned_counts(LEVELS, b.astype(float), a.astype(float)).pearson[0][0]
                for a, b in zip(*draws, strict=True)
            ]
        )
        _, freedom, se = binned_counts(
            LEVELS, 1000 * np.array([0.4, 0.3, 0.2, 0.1]), 400 * np.array(q)
        ).pearson
        assert se[0] == pytest.approx(found.std(), rel=0.08)
        assert freedom[0] == 3


def test_a_window_without_values_differs_by_nothing() -> None:
    cells = binned_counts(LEVELS, P, np.zeros((1, 4)))
    assert cells.pearson[0][0] == pytest.approx(0.0, abs=1e-200)
    assert cells.chance[0] == pytest.approx(1.0)
    assert shares(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert shares(P) == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_the_spread_of_a_function_of_shares_is_the_delta_methods() -> None:
    """Of the difference of the first shares: two binomial variances."""
    a, b = np.array([[0.4, 0.6]]), np.array([[0.1, 0.9], [0.5, 0.5]])
    by_p, by_q = np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]])
    found = spread(a, b, by_p, by_q, 50.0, np.array([20.0, 10.0]))
    assert found == pytest.approx(np.sqrt(0.4 * 0.6 / 50 + np.array([0.09 / 20, 0.25 / 10])))


def test_numbers_are_laid_together_by_decile_with_open_ends() -> None:
    cells = numbers([1, 2, 3, 4, 5], [[5, 4, 3, 2, 1]], (1, 3))
    assert [x.tolist() for x in cells.coarse_counts] == [[3, 7, 5], [[9, 5, 1]]]
    p, q, held = cells.coarse_shares
    assert p.tolist() == [pytest.approx([3 / 15, 7 / 15, 5 / 15])]
    assert q.tolist() == [pytest.approx([9 / 15, 5 / 15, 1 / 15])]
    assert held.all()
    assert binned_counts(LEVELS, P, Q).coarse_counts == (pytest.approx(P), pytest.approx(Q))


def test_the_gap_is_kolmogorovs_and_its_chance_smirnovs() -> None:
    p, q = [100.0, 150, 200, 50], [[30.0, 40, 20, 10], [20, 30, 40, 10]]
    cells = numbers(p, q, (0,))
    f, g, gap = cells.gap
    assert f == pytest.approx(np.cumsum(p) / 500)
    for i, window in enumerate(q):
        a, b = np.repeat(range(4), np.array(p, int)), np.repeat(range(4), np.array(window, int))
        truth = stats.ks_2samp(a, b)
        assert gap[i].max() == pytest.approx(truth.statistic)
        assert g[i] == pytest.approx(np.cumsum(window) / 100)
        law = stats.kstwobign.sf(truth.statistic * np.sqrt(500 * 100 / 600))
        assert cells.gap_chance[i] == pytest.approx(law)


def test_a_cell_between_neighbouring_floats_holds_one_value() -> None:
    edges = np.array([0.0, np.nextafter(0.0, 1.0), 1.0, np.nextafter(1.0, 2.0), 5.0])
    bins = Bins(feature="f", kind=Kind.NUMERIC, edges=edges, decile_cells=())
    cells = binned_counts(bins, np.ones(6), np.ones(6))
    assert cells.is_single_valued.tolist() == [False, True, False, True, False, False]
    short = Bins(feature="f", kind=Kind.NUMERIC, edges=edges[:1], decile_cells=())
    assert binned_counts(short, np.ones(2), np.ones(2)).is_single_valued.tolist() == [False, False]
    pair = Bins(feature="f", kind=Kind.NUMERIC, edges=edges[:2], decile_cells=())
    assert binned_counts(pair, np.ones(3), np.ones(3)).is_single_valued.tolist() == [False, True, False]


def test_a_shift_of_the_level_is_judged_by_mean_ranks_too() -> None:
    """The score test of equal mean mid-ranks (van Elteren's for ties), joined with Pearson's by the Cauchy law."""
    law = NullDistribution(
        spread=2.0, freedom=30.0, weeks=8, level=NullDistribution(spread=1.5, freedom=20.0, weeks=8)
    )
    p, q = [100.0, 150, 200, 50], [[15.0, 25, 45, 35], [22, 32, 42, 10]]
    cells = numbers(p, q, (0, 1, 2), law)
    values = np.repeat(np.cumsum(p) - np.array(p) / 2, np.array(p, int)) / 500
    of_level = []
    for window in q:
        mine = np.repeat(np.cumsum(p) - np.array(p) / 2, np.array(window, int)) / 500
        z = (mine.mean() - values.mean()) ** 2 / (values.var() * (1 / 500 + 1 / len(mine)))
        of_level.append(stats.f.sf(z * 2.0 / 1.5, 1, 20.0))
    joined = [
        stats.cauchy.sf(np.mean(stats.cauchy.isf(pair))) for pair in zip(cells.chance, of_level, strict=True)
    ]
    assert cells.chance_of_shift == pytest.approx(joined, rel=1e-6)
    plain = numbers(p, q, (0, 1, 2))
    assert plain.chance_of_shift == pytest.approx(plain.chance)
    named = binned_counts(LEVELS, P, Q, law=law)
    assert named.chance_of_shift == pytest.approx(named.chance)


def test_what_there_is_none_of_is_none_when_it_is_told() -> None:
    assert or_none(np.array([1.0, np.nan, np.inf])) == [1.0, None, None]
    assert or_none(np.array([1.0, 2.0])) == [1.0, 2.0]
    nan = np.full(2, np.nan)
    both = Distances(
        value=np.array([0.3, 0.1]), p_value=nan, low=nan, high=nan, bound=np.array([0.0, 0.02]),
        above_chance=np.array([0.2, 0.0]),
    )  # fmt: skip
    assert both.distance(1).value == 0.1
    assert (both.distance(1).above_chance, both.distance(1).bound, both.distance(1).p_value) == (
        0.0,
        0.02,
        None,
    )
    assert both.distance().above_chance == 0.2
    assert both.above_chance_or_value.tolist() == [0.2, 0.0]
    plain = Distances(value=both.value, p_value=nan, low=nan, high=nan, bound=both.bound)
    assert plain.distance().above_chance == 0.3
