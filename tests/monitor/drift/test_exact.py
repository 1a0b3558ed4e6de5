"""DeLong's interval from the rows, against the definition written out, and against the score cells."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from plumbline.monitor.drift.exact import exact_auc
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.intervals import interval
from plumbline.monitor.metrics.metrics import METRICS
from tests.monitor.outcomes import classified


def test_delong_is_the_definition_over_all_pairs() -> None:
    """Placements by comparing every positive with every negative, as the paper writes them (its eq. 3)."""
    rng = np.random.default_rng(0)
    positive = rng.random(200) < 0.3
    scores = np.round(rng.normal(positive, 1.0), 1)
    x, y = scores[positive], scores[~positive]
    psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    v10, v01 = psi.mean(1), psi.mean(0)
    variance = v10.var(ddof=1) / len(x) + v01.var(ddof=1) / len(y)
    value, se = exact_auc(scores, positive) or (None, None)
    assert value == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)
    assert se == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_the_histogram_gives_the_same_interval_within_its_bound() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(4_000)
    true = (rng.random(4_000) < score).astype(int)
    profile = classified(np.zeros(4_000, int), (score > 0.5).astype(int), true, score)
    counts = counts_of(profile)
    one = METRICS["roc_auc"]
    assert one.bound is not None
    value, se = exact_auc(score, true == 1) or (0.0, 0.0)
    assert abs(one.compute(counts)[0] - value) <= one.bound(counts)[0]
    assert interval(one, counts).se[0] == pytest.approx(se, rel=0.01)


def test_one_class_alone_has_no_area() -> None:
    assert exact_auc(np.array([0.1, 0.2]), np.array([True, True])) is None
