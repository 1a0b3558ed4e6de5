"""The worst segments: found where they were planted, tests as scipy has them, and silent without any."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import SlicedColumn, SlicedRows
from plumbline.monitor.segments import LEVEL, search

COLUMNS = tuple(SlicedColumn(f"c{i}", tuple("abcd")) for i in range(6))


def log(
    seed: int, rows: int = 6_000, *, wrong: float = 0.2, pair: float = 0.0, hard: float = 0.0
) -> SlicedRows:
    """Right or wrong decisions over six columns of four levels. ``pair``: more errors where c0 is b and c1
    is c; ``hard``: where c2 is a."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (6, rows)).astype(np.uint8)
    chance = wrong + pair * ((codes[0] == 1) & (codes[1] == 2)) + hard * (codes[2] == 0)
    return SlicedRows(COLUMNS, codes, (rng.random(rows) >= chance).astype(float), rows)


def test_a_planted_pair_is_first_and_its_sides_do_not_hide_it() -> None:
    found = search(log(0, pair=0.4), "accuracy", against="rest")
    worst = min(found.segments, key=lambda s: s.value)
    assert worst.where == (("c0", "b"), ("c1", "c"))
    assert worst.value == pytest.approx(0.4, abs=0.06)
    assert worst.low < worst.value < worst.high
    assert worst.q_value < LEVEL
    assert found.tried == 24 + 15 * 16


def test_a_slice_that_was_always_harder_has_not_fallen_behind() -> None:
    now, then = log(1, hard=0.2), log(2, hard=0.2)
    assert search(now, "accuracy", against="rest").segments[0].where == (("c2", "a"),)
    assert search(now, "accuracy", reference=then, against="reference").segments == ()
    everybody = log(3, wrong=0.4, hard=0.2)
    assert search(everybody, "accuracy", reference=then, against="reference").segments == ()
    worse = search(log(4, hard=0.4), "accuracy", reference=then, against="reference").segments
    assert worse[0].where == (("c2", "a"),)
    assert worse[0].against == pytest.approx(0.6, abs=0.04)
    assert worse[0].reference == pytest.approx(0.6, abs=0.04)


@pytest.mark.parametrize("against", ["rest", "reference"])
def test_without_a_bad_slice_hardly_anything_is_told(against: str) -> None:
    told = sum(
        len(search(log(seed), "accuracy", reference=log(100 + seed), against=against).segments) > 0
        for seed in range(40)
    )
    assert told <= 4  # 5 % of 40, with room for chance


def test_the_test_of_proportions_is_the_corrected_chi_square() -> None:
    rows = log(5, hard=0.15)
    found = next(s for s in search(rows, "accuracy", against="rest").segments if s.where == (("c2", "a"),))
    inside = rows.codes[2] == 0
    table = [[rows.values[side].sum(), (1 - rows.values[side]).sum()] for side in (inside, ~inside)]
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=True).pvalue, rel=1e-9)
    assert found.difference == pytest.approx(rows.values[inside].mean() - rows.values[~inside].mean())
    assert found.extra == pytest.approx(-found.difference * inside.sum())


def test_the_test_of_means_is_welch() -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 4, (2, 800)).astype(np.uint8)
    error = np.abs(rng.normal(0, np.where(codes[0] == 3, 2.0, 1.0)))
    rows = SlicedRows(COLUMNS[:2], codes, error, 8_000)
    found = search(rows, "mae", against="rest", proportion=False, pairs=False).segments
    assert [s.where for s in found] == [(("c0", "d"),)]
    inside = codes[0] == 3
    truth = stats.ttest_ind(error[inside], error[~inside], equal_var=False)
    assert found[0].p_value == pytest.approx(truth.pvalue, rel=1e-6)
    low, high = truth.confidence_interval(0.95)
    assert (found[0].difference_low, found[0].difference_high) == pytest.approx((low, high))
    assert found[0].extra == pytest.approx(inside.sum() * found[0].difference * 10)


def test_a_bias_is_worse_further_from_zero() -> None:
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 2, (1, 2_000)).astype(np.uint8)
    error = rng.normal(np.where(codes[0] == 0, 0.0, 3.0), 1.0)
    found = search(SlicedRows(COLUMNS[:1], codes, error, 2_000), "bias", against="rest", proportion=False)
    assert [s.where for s in found.segments] == [(("c0", "b"),)]


def test_small_slices_and_empty_windows_are_not_judged() -> None:
    rows = log(8, rows=100)
    assert search(rows, "accuracy", against="rest").tried < 24
    empty = SlicedRows(COLUMNS, np.zeros((6, 0), np.uint8), np.zeros(0), 0)
    assert search(empty, "accuracy").overall is None
