"""Drift and loss that move together, against SciPy's rank correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plumbline.domain import FeatureDrift, Kind, Point, PointStatus
from plumbline.monitor.drift.correlation import performance_correlation, ranks
from tests.monitor.outcomes import at


def drift(values: list[float | None]) -> list[FeatureDrift]:
    return [
        FeatureDrift(
            feature="f", kind=Kind.NUMERIC, method="psi", value=x, threshold=0.1, p_value=None, q_value=None,
            drifted=False, status=PointStatus.OK, n_reference=100, n=100, missing_share=0.0,
            missing_share_reference=0.0, start=at(i), end=at(i + 1),
        )
        for i, x in enumerate(values)
    ]  # fmt: skip


def points(values: list[float | None], provisional: tuple[int, ...] = ()) -> list[Point]:
    return [
        Point(
            metric="m", start=at(i), end=at(i + 1), n=100, value=x, low=None, high=None, threshold=None,
            status=PointStatus.OK, provisional=i in provisional,
        )
        for i, x in enumerate(values)
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=6, max_size=25),
    st.sampled_from([True, False, None]),
)
@settings(max_examples=60, deadline=None)
def test_movement_is_spearmans_of_drift_and_loss(pairs: list[tuple[int, int]], better: bool | None) -> None:
    x, y = (np.array(column, float) for column in zip(*pairs, strict=True))
    found = performance_correlation(drift(x.tolist()), points(y.tolist()), higher_is_better=better)
    loss = abs(y) if better is None else -y if better else y
    assert ranks(x) == pytest.approx(stats.rankdata(x))
    assert found.n == len(pairs)
    if np.ptp(x) == 0 or np.ptp(loss) == 0:
        assert (found.correlation, found.p_value) == (None, None)
        assert found.note == "One of the two never changes."
        return
    truth = stats.spearmanr(x, loss)
    assert found.correlation == pytest.approx(truth.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(truth.pvalue, abs=1e-9)


def test_only_chunks_that_have_both_and_are_final_count_and_six_are_needed() -> None:
    x, y = [0.1, 0.3, 0.2, 0.5, 0.4, 0.9, None, 0.8, 0.7], [1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 7.0, None, 9.0]
    found = performance_correlation(drift(x), points(y, provisional=(8,)), higher_is_better=False)
    assert (found.n, found.correlation) == (6, pytest.approx(1.0))
    assert found.p_value == pytest.approx(0.0, abs=1e-12)
    few = performance_correlation(drift(x), points(y, provisional=(5, 8)), higher_is_better=False)
    assert (few.n, few.correlation, few.p_value) == (5, None, None)
    assert few.note == "5 chunks have both; 6 are needed."
