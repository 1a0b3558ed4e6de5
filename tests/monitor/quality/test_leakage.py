"""Inputs that all but equal the outcome, and those that are merely good."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from plumbline.domain import Kind, Task
from plumbline.monitor.quality.leakage import _levels, _numeric, auc_with_limit, leaks

N = 3000


def of_auc(auc: float, outcome: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A normal input with that ROC AUC: d' = sqrt(2) x the normal quantile."""
    from scipy.special import ndtri

    return np.asarray(random.normal(size=len(outcome)) + np.sqrt(2) * ndtri(auc) * outcome)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(8)


@pytest.fixture
def outcome(random: np.random.Generator) -> np.ndarray:
    return (random.random(N) < 0.2).astype(float)


def test_the_auc_is_scikit_learns_with_ties_and_either_way_round(
    outcome: np.ndarray, random: np.random.Generator
) -> None:
    for x in (
        of_auc(0.8, outcome, random),
        of_auc(0.7, outcome, random).round(0),
        -of_auc(0.9, outcome, random),
    ):
        auc, low = auc_with_limit(x[outcome == 1], x[outcome == 0])
        assert auc == pytest.approx(roc_auc_score(outcome, x), abs=1e-12)
        assert low < auc
        expected = max(roc_auc_score(outcome, x), roc_auc_score(outcome, -x))
        assert _numeric(outcome, x, Task.BINARY)[0] == pytest.approx(expected, abs=1e-12)


def test_the_lower_limit_holds(random: np.random.Generator) -> None:
    below = 0
    for _ in range(200):
        y = np.repeat([0.0, 1.0], [300, 100])
        x = of_auc(0.97, y, random)
        below += auc_with_limit(x[y == 1], x[y == 0])[1] > 0.97
    assert below <= 15  # 2.5 % of 200 is 5


def test_what_equals_the_outcome_is_told_and_what_is_good_is_not(
    outcome: np.ndarray, random: np.random.Generator
) -> None:
    closing = np.where(
        outcome == 1, random.integers(1, 400, N), np.nan
    )  # filled in for the positive class alone
    inputs = {
        "leak": (Kind.NUMERIC, -of_auc(0.999, outcome, random)), "good": (Kind.NUMERIC, of_auc(0.9, outcome, random)),
        "near": (Kind.NUMERIC, of_auc(0.975, outcome, random)), "closing": (Kind.NUMERIC, closing),
        "state": (Kind.CATEGORICAL, np.where(outcome == 1, "closed", "open").astype(object)),
        "gone": (Kind.CATEGORICAL, np.where(outcome == 1, "x", None)),
        "id": (Kind.CATEGORICAL, np.array([f"d{i}" for i in range(N)], object)),
        "region": (Kind.CATEGORICAL, random.choice(["a", "b"], N).astype(object)),
        "constant": (Kind.NUMERIC, np.ones(N)), "empty": (Kind.NUMERIC, np.full(N, np.nan)),
    }  # fmt: skip
    found = leaks(outcome, inputs, Task.BINARY)
    assert {leak.feature for leak in found} == {"leak", "closing", "state", "gone"}
    assert found[0].sentence.startswith(
        f"{found[0].feature} all but equals the outcome: alone it has a ROC AUC of 1"
    )


def test_few_rows_of_a_class_tell_nothing(random: np.random.Generator) -> None:
    outcome = np.repeat([0.0, 1.0], [500, 20])
    assert leaks(outcome, {"leak": (Kind.NUMERIC, outcome)}, Task.BINARY) == ()


def test_a_level_learns_its_rate_from_the_other_half(
    outcome: np.ndarray, random: np.random.Generator
) -> None:
    level = random.choice([f"k{i}" for i in range(6)], N)
    rate = {f"k{i}": i / 10 for i in range(6)}
    y = (random.random(N) < np.vectorize(rate.get)(level)).astype(float)
    auc, _ = _levels(y, level.astype(object), Task.BINARY)
    assert auc == pytest.approx(roc_auc_score(y, np.vectorize(rate.get)(level)), abs=0.02)


def test_numbers_go_by_rank_correlation(random: np.random.Generator) -> None:
    y = random.normal(size=N)
    inputs = {
        "copy": (Kind.NUMERIC, -np.exp(y) + 1e-3 * random.normal(size=N)),
        "good": (Kind.NUMERIC, y + 0.4 * random.normal(size=N)),
    }
    found = leaks(y, inputs, Task.REGRESSION)
    assert [leak.feature for leak in found] == ["copy"]
    assert found[0].value == pytest.approx(abs(spearmanr(inputs["copy"][1], y).statistic), abs=1e-12)
