"""What chance may do to a distance, by how the reference's own weeks differ: against scipy, and by simulation."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, polygamma

from plumbline.domain import Bins, FeatureProfile, Kind
from plumbline.monitor.binned_counts import binned_counts
from plumbline.monitor.drift import dispersion
from plumbline.monitor.drift.dispersion import laws, null_distribution, shrink_dispersion
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.features import drift_by_chunk
from plumbline.monitor.statistics.null_distribution import NullDistribution, cauchy
from tests.bench.detection.shifts import drawn, findings

START = date(2026, 1, 5)
SHARES = np.array([0.3, 0.25, 0.2, 0.15, 0.1])


def profile(daily: np.ndarray, name: str = "x") -> FeatureProfile:
    days = tuple(START + timedelta(days=i) for i in range(len(daily)))
    none = np.zeros(len(daily))
    bins = Bins(feature=name, kind=Kind.CATEGORICAL, levels=tuple("abcdefghij"[: daily.shape[1]]))
    return FeatureProfile(
        bins=bins,
        days=days,
        counts=np.c_[daily, none].astype(np.int64),
        missing=none.astype(np.int64),
        sums=none,
        squares=none,
    )


def drawn_days(random: np.random.Generator, days: int, rows: int, alike: int = 1) -> np.ndarray:
    return np.array([random.multinomial(rows // alike, SHARES) * alike for _ in range(days)])


def test_the_chance_of_an_estimated_dispersion_is_the_f_law_and_of_a_known_one_chi_square() -> None:
    statistic, freedom = np.array([3.0, 20.0, 60.0]), np.array([9.0, 9.0, 9.0])
    estimated = NullDistribution(spread=2.0, share=0.5, freedom=30.0).chance(statistic, freedom)
    assert estimated == pytest.approx(stats.f.sf(statistic / 9, 4.5, 30), rel=1e-9)
    assert NullDistribution().chance(statistic, freedom) == pytest.approx(
        stats.chi2.sf(statistic, 9), rel=1e-9
    )


@pytest.mark.parametrize("method", ["js", "psi", "hellinger"])
def test_small_windows_are_called_shifted_as_often_as_the_level_says(method: str) -> None:
    """Ten equal cells, 3,000 and 30 values: the distances' own laws say p < 5 % in 9 to 25 of 100."""
    random = np.random.default_rng(3)
    bins = Bins(feature="f", kind=Kind.CATEGORICAL, levels=tuple("abcdefghij"))
    p = np.r_[random.multinomial(3000, np.full(10, 0.1)), 0]
    q = np.c_[random.multinomial(30, np.full(10, 0.1), 4000), np.zeros(4000)]
    found = METHODS[method].compute(binned_counts(bins, p, q))
    assert 0.035 < np.mean(found.p_value < 0.05) < 0.065
    assert np.median(found.value) > 1.5 * np.median(found.above_chance_or_value)


def test_repeated_decisions_and_four_weeks_of_reference_do_not_raise_the_level() -> None:
    """Ten decisions alike, four weeks: a dispersion of 10 from twelve degrees of freedom."""
    random = np.random.default_rng(5)
    low = []
    for _ in range(150):
        held = profile(drawn_days(random, 56, 200, alike=10))
        bounds = tuple(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=d) for d in (0, 28))
        chunks = drift_by_chunk([held], reference=(bounds[0], bounds[1]), by="week")
        low += [c.p_value < 0.01 for c in chunks[4:] if c.p_value is not None]
    assert np.mean(low) < 0.02


def test_a_level_that_wanders_in_one_direction_is_told_from_chance_in_all() -> None:
    random = np.random.default_rng(8)
    lean = np.linspace(0.25, -0.25, 5)
    days = [SHARES * np.exp(lean * week) for week in np.repeat(random.normal(size=12), 7)]
    daily = np.array([random.multinomial(300, p / p.sum()) for p in days])
    held = null_distribution(profile(daily), np.ones(84, bool))
    even = null_distribution(profile(drawn_days(random, 84, 300, alike=6)), np.ones(84, bool))
    assert held.spread > 3
    assert held.share * 4 < 2  # of four degrees of freedom
    assert even.share * 4 > 3


def test_features_that_are_alike_steady_each_other_and_an_odd_one_keeps_its_own() -> None:
    random = np.random.default_rng(9)
    profiles = [profile(drawn_days(random, 56, 60, alike=4), f"x{i}") for i in range(8)]
    profiles.append(profile(drawn_days(random, 56, 60, alike=20), "odd"))
    rows = [np.ones(56, bool)] * 9
    own = [null_distribution(p, r) for p, r in zip(profiles, rows, strict=True)]
    found = laws(profiles, rows)
    assert np.mean([law.spread for law in found[:8]]) == pytest.approx(4.5, abs=1.2)
    assert min(law.freedom for law in found[:8]) > max(law.freedom for law in own[:8])
    assert found[8].spread == own[8].spread
    assert found[8].freedom <= own[8].freedom


def test_a_reference_under_four_weeks_says_that_its_weeks_are_not_known_and_is_judged_by_its_days() -> None:
    random = np.random.default_rng(10)
    held = null_distribution(profile(drawn_days(random, 14, 200, alike=10)), np.ones(14, bool))
    assert (held.weeks, held.spread > 4) == (0, True)
    assert "not known" in held.note
    assert shrink_dispersion([NullDistribution(spread=0.5, share=1.0, freedom=8.0, weeks=4)])[0].spread == 1.0


@pytest.mark.parametrize(
    ("kind", "allowed"), [("ar-0.5", 3), ("ar-0.8", 4), ("repeats-20", 1), ("reference-14", 1)]
)
def test_years_of_days_that_wander_and_people_that_come_back_keep_the_budget(kind: str, allowed: int) -> None:
    """Three years of seven inputs: about one finding a year at most, where levels wander (before: 5 to 10)."""
    raised = [f.signal for seed in range(3) for f in findings(drawn(kind, seed))]
    assert len(raised) <= allowed, raised


def test_p_values_that_depend_on_each_other_are_joined_by_cauchys_law() -> None:
    random = np.random.default_rng(11)
    z = random.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 40_000)
    joined = cauchy(*(2 * stats.norm.sf(np.abs(z.T))))
    assert np.mean(joined < 0.01) == pytest.approx(0.01, abs=0.0025)
    assert cauchy(np.array([1e-200]), np.array([0.5]))[0] == pytest.approx(2e-200, rel=1e-6)


def test_a_number_that_moves_to_one_side_is_told_by_its_level() -> None:
    """A little way up for all: ten cells share the evidence, one direction does not."""
    random = np.random.default_rng(12)
    bins = Bins(
        feature="f", kind=Kind.NUMERIC, edges=np.arange(1, 10) / 10, levels=(), decile_cells=tuple(range(9))
    )
    p, q = (np.bincount(np.minimum(x * 10, 9).astype(int), minlength=10) for x in
            (random.random(3000), random.random(400) ** 0.8))  # fmt: skip
    plain = METHODS["js"].compute(binned_counts(bins, p, q)).p_value[0]
    level = (
        METHODS["js"]
        .compute(binned_counts(bins, p, q, law=NullDistribution(level=NullDistribution())))
        .p_value[0]
    )
    assert level < plain / 5


def test_a_family_is_smyths_and_a_spread_below_it_is_drawn_to_it_by_its_degrees_of_freedom() -> None:
    """Smyth (2004), section 6.2: the log spreads' mean less its bias; the posterior weighs by degrees of freedom."""
    own = np.array([0.9, 1.2, 1.6, 2.1, 2.8, 3.6, 4.4])
    found = shrink_dispersion([NullDistribution(spread=s, freedom=12.0) for s in own])
    (prior,) = {round(law.freedom - 12.0, 9) for law in found}
    level = np.log(own) - digamma(6.0) + np.log(6.0)
    common = np.exp(level.mean() + digamma(prior / 2) - np.log(prior / 2))
    assert 0 < prior < 100
    # a few features tell how far the true spreads differ with an error, which counts as if they did
    among = level.var(ddof=1) - polygamma(1, 6.0) * (1 - np.sqrt(2 / 6))
    assert polygamma(1, prior / 2) == pytest.approx(among, rel=1e-6)
    drawn_in = (12 * own + prior * common) / (12 + prior)
    assert [law.spread for law in found] == pytest.approx(
        np.maximum(drawn_in, np.maximum(own, 1.0)), rel=1e-6
    )
    assert found[0].spread > own[0] + 0.1


@pytest.mark.parametrize(("blocks", "cells"), [(6, 30), (13, 9)])
def test_independent_blocks_have_a_dispersion_of_one_but_for_what_few_blocks_take_off(
    blocks: int, cells: int
) -> None:
    """Standardised residuals about a mean of their own: (blocks - 1) x cells degrees of freedom, each worth one."""
    rng = np.random.default_rng(3)
    free = blocks - 1
    still = [dispersion._law_of_residuals(x - x.mean(axis=0), cells, running=False)
             for x in (rng.normal(size=(blocks, cells)) for _ in range(400))]  # fmt: skip
    expected = []
    for law in still:
        long = min((1 + law.kept) / (1 - law.kept) / blocks, 0.5)
        expected.append(law.spread * (1 - long) / (1 + long))
    assert np.mean(expected) == pytest.approx(free / (free + 2), rel=0.03)
    assert 0.8 * cells <= np.mean([law.directions for law in still]) <= cells
