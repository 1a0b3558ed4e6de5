"""Attribution drift agrees with figures worked out by hand and with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from plumbline.explain.reasons.global_importance import (
    attribution_drift,
    importance,
    magnitude_ratio,
    ndcg,
    sample_rows,
    share_shift,
)

REFERENCE = np.array([0.4, 0.3, 0.2, 0.1, 0.0])


@pytest.mark.parametrize(
    ("live", "gain", "shift"),
    [
        ((0.4, 0.3, 0.2, 0.1, 0), 1.0, 0.0),
        ((0.1, 0.4, 0.3, 0.2, 0), 0.885450, 0.3),
        ((0.3, 0.4, 0.2, 0.1, 0), 0.949604, 0.1),
        ((0, 0.1, 0.2, 0.3, 0.4), 0.610417, 0.6),
        ((0.4, 0.3, 0.1, 0.2, 0), 0.990534, 0.1),
        ((0.8, 0.6, 0.4, 0.2, 0), 1.0, 0.0),
        ((0.40, 0.02, 0.01, 0.005, 0), 1.0, 0.5195),
    ],
)
def test_order_and_share_against_the_figures_worked_out_by_hand(live, gain, shift) -> None:
    assert ndcg(REFERENCE, np.array(live)) == pytest.approx(gain, abs=1e-6)
    assert share_shift(REFERENCE, np.array(live)) == pytest.approx(shift, abs=5e-5)


def test_the_magnitude_ratio_sees_what_the_order_does_not() -> None:
    assert magnitude_ratio(REFERENCE, 2 * REFERENCE) == pytest.approx(2.0)


def test_a_reference_without_any_weight_has_nothing_to_compare_with() -> None:
    nothing = np.zeros(5)
    assert np.isnan(magnitude_ratio(nothing, REFERENCE))
    assert magnitude_ratio(REFERENCE, nothing) == 0
    assert share_shift(nothing, REFERENCE) == share_shift(REFERENCE, nothing) == pytest.approx(0.5)
    assert share_shift(nothing, nothing) == 0
    assert ndcg(nothing, REFERENCE) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_ndcg_is_scikit_learns_where_there_are_no_ties(seed, d) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(d), rng.random(d)
    assert ndcg(a, b) == pytest.approx(ndcg_score(a[None], b[None]), abs=1e-12)
    assert 0 <= share_shift(a, b) <= 1


def test_the_change_of_the_mean_score_is_split_exactly() -> None:
    weights, before = np.array([1, -2, 0.5]), np.array([[0, 1, 2], [2, 1, 0], [1, 1, 4]], float)
    now = np.array([[1, 1, 2], [3, 2, 0], [2, 3, 1]], float)
    centre = before.mean(axis=0)
    drift = attribution_drift((before - centre) * weights, (now - centre) * weights, ["a", "b", "c"])
    assert drift.parts == pytest.approx({"a": 1.0, "b": -2.0, "c": -0.5})
    assert drift.mean_change == pytest.approx(-1.5)
    assert drift.mean_change == pytest.approx((now @ weights).mean() - (before @ weights).mean())


def test_a_reversed_order_is_worth_watching() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=(300, 5)) * REFERENCE
    assert attribution_drift(before, before[:, ::-1], list("abcde")).watch
    assert not attribution_drift(before, before, list("abcde")).watch


def test_importance_comes_with_its_sampling_error() -> None:
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(40_000, 3)) * [3, 1, 2]
    truth = np.abs(whole).mean(axis=0)
    hits = 0
    for seed in range(40):
        found = importance(whole[sample_rows(len(whole), 500, seed)], ["a", "b", "c"])
        assert [f.feature for f in found] == ["a", "c", "b"]
        hits += found[0].low <= truth[0] <= found[0].high
    assert hits >= 34
    assert sum(f.share for f in found) == pytest.approx(1.0)


def test_importance_of_nothing_is_nothing() -> None:
    assert importance(np.full((3, 2), np.nan), ["a", "b"]) == ()
    assert sample_rows(10).tolist() == list(range(10))
    assert len(np.unique(sample_rows(9000))) == 5000
