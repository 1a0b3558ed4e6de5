"""Whole rows: a broken correlation is found where every feature looks the same; a quiet window is quiet."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from plumbline.domain import Kind, PointStatus
from plumbline.monitor.wholerow import Column, auc_with_limits, compare, components, encoder

N = 700


def rows(correlation: float, seed: int, n: int = N) -> list[Column]:
    """Three numbers and a level; every feature's own distribution is the same whatever the correlation."""
    random = np.random.default_rng(seed)
    a, b, c = random.normal(size=(3, n))
    b = correlation * a + np.sqrt(1 - correlation**2) * b
    level = np.array(["x", "y", None], dtype=object)[random.choice(3, n, p=[0.5, 0.4, 0.1])]
    return [
        ("a", Kind.NUMERIC, a),
        ("b", Kind.NUMERIC, b),
        ("c", Kind.NUMERIC, c),
        ("l", Kind.CATEGORICAL, level),
    ]


REFERENCE = rows(0.9, 1)
ENCODER = encoder(REFERENCE)
FITTED = components(ENCODER.matrix(REFERENCE), np.arange(N) // 70)


def test_a_turned_correlation_is_found_although_no_feature_moved() -> None:
    turned = rows(-0.9, 2)
    for (_, kind, then), (_, _, now) in zip(REFERENCE, turned, strict=True):
        if kind is Kind.NUMERIC:
            assert stats.ks_2samp(then, now).pvalue > 0.01
    found = compare(ENCODER, REFERENCE, FITTED, turned, (None, None), strongest=True)
    assert found.status is PointStatus.BREACH
    assert found.auc is not None
    assert found.auc > 0.85
    assert set(found.strongest[:2]) == {"a", "b"}
    assert found.error is not None
    assert found.error > (found.error_high or 9)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_quiet_window_is_quiet(seed: int) -> None:
    found = compare(ENCODER, REFERENCE, FITTED, rows(0.9, seed), (None, None))
    assert found.status is PointStatus.OK
    assert (found.low or 1) < 0.5 < (found.high or 0)
    assert (found.error_low or 9) < (found.error or 0) < (found.error_high or 0)


def test_rows_that_repeat_within_a_window_are_not_told_apart_by_heart() -> None:
    few = rows(0.9, 6, n=N // 4)
    repeated: list[Column] = [(name, kind, np.tile(values, 4)) for name, kind, values in few]
    found = compare(ENCODER, REFERENCE, FITTED, repeated, (None, None))
    assert (found.low or 1) < 0.53


def test_too_few_rows_are_unknown() -> None:
    found = compare(ENCODER, REFERENCE, FITTED, rows(0.9, 5, n=60), (None, None))
    assert (found.status, found.note) == (PointStatus.UNKNOWN, "60 rows; 100 are needed, 40 more.")


def test_the_auc_is_scikit_learns() -> None:
    random = np.random.default_rng(3)
    y = random.integers(0, 2, 400)
    scores = (random.normal(size=400) + y).round(1)
    auc, low, high = auc_with_limits(scores, y)
    assert auc == pytest.approx(roc_auc_score(y, scores))
    assert low < auc < high


def test_the_error_is_scikit_learns_components() -> None:
    from sklearn.decomposition import PCA

    matrix = ENCODER.matrix(REFERENCE)
    pca = PCA(n_components=0.65, svd_solver="full").fit(matrix)
    # our rows are standardised by the reference, so their mean is all but zero
    back = pca.inverse_transform(pca.transform(matrix))
    errors = np.sqrt(np.mean((matrix - back) ** 2, axis=1))
    expected = np.mean([errors[np.arange(N) // 70 == i].mean() for i in range(10)])
    assert FITTED.directions.shape[1] == pca.n_components_
    assert pytest.approx(expected, rel=1e-3) == FITTED.mean
