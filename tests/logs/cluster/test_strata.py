"""The rule of a sample by day and version: bounded, even, and of every day and version a few."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.logs.cluster.strata import BEYOND, LEAST, SampleRule, merged_strata, sample_rule

SIZES = st.lists(st.integers(1, 20_000), min_size=1, max_size=300)


def _expected(rule: SampleRule, strata: list[int]) -> float:
    """Rows that are drawn at most, on average: the share of each, and no fewer than the least."""
    return sum(max(rule.share * n, min(rule.least, n)) for n in strata)


@given(SIZES, st.integers(1000, 5000))
def test_the_sample_is_bounded_at_its_size(strata: list[int], size: int) -> None:
    rule = sample_rule(size, strata)
    # what is to be expected, with four deviations of chance
    assert rule.share == 1.0 or _expected(rule, strata) + 4 * size**0.5 <= size
    assert (rule.share == 1.0) == (sum(strata) <= size)


@given(SIZES, st.integers(1000, 5000), SIZES)
def test_a_rule_never_rises_as_the_table_grows(strata: list[int], size: int, more: list[int]) -> None:
    before = sample_rule(size, strata)
    after = sample_rule(size, [*strata, *more], before.share)
    assert after.share <= before.share
    # the same table again changes nothing
    assert sample_rule(size, strata, before.share) == before


def test_what_is_beyond_the_share_is_a_tenth_at_most() -> None:
    for strata, least in (
        ([2_000_000, 30, 2, 1], LEAST),
        ([1_000_000] * 10 + [1] * 100, LEAST),
        ([100] * 40_000, 1),
        ([5] * 200_000, 0),
        ([1_000_000] + [1] * 21_000, 0),
        ([1_000_000] + [50] * 9_000, 2),
    ):
        rule = sample_rule(200_000, strata)
        beyond = sum(max(min(rule.least, n) - rule.share * n, 0.0) for n in strata)
        assert rule.least == least, strata[:3]
        assert beyond <= BEYOND * 200_000


@pytest.mark.parametrize("n", [1, 20, 300, 5000])
def test_the_reach_holds_the_least(n: int) -> None:
    """Chance leaves fewer than the least within reach once in a hundred million times."""
    rule = SampleRule(1e-6, LEAST)
    rng = np.random.default_rng(3)
    within = rng.binomial(n, rule.reach(n), 2_000_000)
    assert within.min() >= min(LEAST, n)


def test_strata_of_two_looks_are_added() -> None:
    one, other = {(date(2026, 1, 1), "a"): 3}, {(date(2026, 1, 1), "a"): 2, (date(2026, 1, 1), ""): 1}
    assert merged_strata(one, other) == {(date(2026, 1, 1), "a"): 5, (date(2026, 1, 1), ""): 1}
