"""Consistency against the published Wilson interval and the rule of 0.1 %."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain import PointStatus, Repeats
from plumbline.monitor.quality.consistency import consistency, largest_score_gap, score_tolerance


def repeats(n: int, conflicting: int) -> Repeats:
    return Repeats(decisions=n, conflicting=conflicting, groups=n // 2, conflicting_groups=conflicting // 2)


def test_the_interval_is_the_published_one() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I: Wilson without continuity correction."""
    for hits, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]:
        told = consistency(repeats(2 * n, 2 * hits))  # of n inputs, each asked twice
        assert (told.low, told.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("n", "conflicting", "status"),
    [
        (0, 0, PointStatus.UNKNOWN),
        (29, 29, PointStatus.UNKNOWN),
        (30, 0, PointStatus.OK),
        (2000, 140, PointStatus.BREACH),
        (800, 1, PointStatus.WATCH),
        (1000, 1, PointStatus.OK),
        (100_000, 200, PointStatus.BREACH),
    ],
)
def test_status_follows_the_limit_and_the_interval(n: int, conflicting: int, status: PointStatus) -> None:
    assert consistency(repeats(n, conflicting)).status is status


def test_the_sentence_states_the_share_and_the_sample() -> None:
    told = consistency(repeats(2000, 140))
    assert "140 of 2,000" in told.sentence
    assert "7 %" in told.sentence
    assert "0.1 %" in told.sentence


def test_without_repeats_there_is_no_share() -> None:
    assert consistency(repeats(0, 0)).share is None


@given(st.integers(30, 10**6), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_share_lies_in_its_interval(n: int, part: float) -> None:
    told = consistency(repeats(n, int(n * part)))
    assert told.share is not None
    assert told.low is not None
    assert told.high is not None
    assert 0 <= told.low <= told.share + 1e-12
    assert told.share - 1e-12 <= told.high <= 1


def test_one_odd_decision_among_a_thousand_alike_is_no_proof() -> None:
    """A group of a thousand counts a thousand decisions in conflict, and is one input."""
    told = consistency(Repeats(decisions=1400, conflicting=1000, groups=201, conflicting_groups=1))
    assert told.status is PointStatus.WATCH


def test_repeats_near_each_other_are_a_property_of_the_log() -> None:
    told = consistency(
        Repeats(
            decisions=20_000,
            conflicting=0,
            groups=5_000,
            conflicting_groups=0,
            near=19_800,
            near_groups=4_950,
            reach=0.0123,
        )
    )
    assert told.status is PointStatus.WATCH
    assert "19,800 of 20,000" in told.sentence
    assert "at most 0.012" in told.sentence
    assert "do not determine the score" in told.sentence
    assert (told.share, told.near_share) == (0.0, 0.99)


def test_the_reach_of_a_rounded_input_is_its_step_times_its_slope() -> None:
    rng = np.random.default_rng(1)
    age, income = rng.uniform(18, 80, 20_000), rng.uniform(0, 1, 20_000)
    score = 0.01 * age + 0.5 * income
    inputs = {"age": age.round(), "income": income, "kind": rng.integers(0, 5, 20_000).astype(float)}
    assert largest_score_gap(inputs, score) == pytest.approx(0.01, rel=0.4)
    assert largest_score_gap({"age": 5 * (age / 5).round()}, score) == pytest.approx(0.05, rel=0.4)
    assert largest_score_gap({"income": income}, score) < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_rounding_alone_is_hardly_ever_beyond_the_reach_and_another_answer_is(seed: int) -> None:
    """Scores of a smooth model of the true inputs; logged are rounded ones."""
    rng = np.random.default_rng(seed)
    age, debt = rng.normal(45, 12, 20_000), rng.normal(30, 8, 20_000)
    score = 1 / (1 + np.exp(-(age - 45) / 12 + (debt - 30) / 10))
    logged = {"age": age.round(), "debt": debt.round()}
    allowed = largest_score_gap(logged, score)
    _, group = np.unique(np.stack([*logged.values()], 1), axis=0, return_inverse=True)
    one = np.zeros(group.max() + 1)
    one[group.ravel()] = score
    apart = np.abs(score - one[group.ravel()])
    assert np.mean(apart > allowed) < 0.01
    assert allowed < 0.1
    assert np.mean(np.abs(score + 0.25 - one[group.ravel()]) > allowed) > 0.99


def test_where_nearly_all_differ_a_tenth_of_the_spread_is_allowed() -> None:
    score = np.random.default_rng(2).normal(0.5, 0.2, 5_000)
    nearly, few = (
        Repeats(decisions=4000, conflicting=3900, groups=2000, conflicting_groups=1950),
        Repeats(decisions=4000, conflicting=400, groups=2000, conflicting_groups=200),
    )
    assert score_tolerance(nearly, {}, score) == pytest.approx(0.02, rel=0.05)
    assert score_tolerance(few, {}, score) == 0
