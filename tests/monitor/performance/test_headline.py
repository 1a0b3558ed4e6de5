"""Which metric comes first: by how rare a class the reference has, and what is known beside the labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from plumbline.domain import OutcomeProfile, Task
from plumbline.monitor.metrics.baseline import compare_with_baseline
from plumbline.monitor.metrics.counts import counts_of
from plumbline.monitor.metrics.metrics import METRICS, relevant_change
from plumbline.monitor.performance.headline import headline, is_rare
from tests.monitor.outcomes import classified, regressed, scored


def drawn(rate: float, *, useful: bool = True, with_scores: bool = True, seed: int = 1) -> OutcomeProfile:
    rng = np.random.default_rng(seed)
    true = (rng.random(20_000) < rate).astype(int)
    score = np.clip(rng.normal(0.3 + 0.3 * true * useful, 0.15, len(true)), 0, 1)
    day = np.arange(len(true)) // 500
    return classified(day, (score > 0.5).astype(int), true, score if with_scores else None)


def first(profile: OutcomeProfile, **more: bool) -> str:
    true = profile.confusion[:, :, :2].sum((0, 1))
    labels = dict(zip(profile.classes, true.tolist(), strict=True))
    return headline(Task.BINARY, labels, profile, valued=more.get("valued", False)).metric


@pytest.mark.parametrize(
    ("rate", "more", "expected"),
    [
        (0.4, {}, "accuracy"),
        (0.12, {}, "accuracy"),
        (0.08, {}, "average_precision"),
        (0.005, {}, "average_precision"),
        (0.005, {"useful": False}, "recall"),
        (0.005, {"with_scores": False}, "recall"),
        (0.97, {}, "roc_auc"),
        (0.97, {"with_scores": False}, "specificity"),
        (0.0001, {}, "accuracy"),  # two positives: nothing can be said of them
    ],
)
def test_a_rare_class_takes_the_place_of_accuracy(rate: float, more: dict[str, bool], expected: str) -> None:
    assert first(drawn(rate, **more)) == expected


def test_what_decisions_are_worth_comes_before_any_order_of_scores() -> None:
    assert first(drawn(0.01), valued=True) == "value"
    assert first(drawn(0.4), valued=True) == "accuracy"


def test_the_reason_names_the_class_and_what_never_saying_so_would_get() -> None:
    profile = drawn(0.01)
    told = headline(Task.BINARY, {"no": 9_900, "yes": 100}, profile, valued=False)
    assert "1 % of the reference's labels are yes" in told.reason
    assert "99 %" in told.reason
    assert is_rare({"no": 9_001, "yes": 999})
    assert not is_rare({"no": 9_000, "yes": 1_000})


def test_what_matters_of_a_rare_share_is_a_tenth_of_it_and_joins_the_point_where_a_tenth_is_rare() -> None:
    one = METRICS["accuracy"]
    assert relevant_change(one, 0.995) == pytest.approx(0.0005)
    assert relevant_change(one, 0.9) == pytest.approx(0.01)
    assert relevant_change(one, 0.6) == 0.01
    assert relevant_change(METRICS["average_precision"], 0.02) == pytest.approx(0.002)
    assert relevant_change(METRICS["matthews_corrcoef"], 0.02) == 0.02


def test_guessing_is_where_cohens_kappa_is_zero() -> None:
    rng = np.random.default_rng(5)
    true, predicted = (rng.random(4000) < 0.1).astype(int), (rng.random(4000) < 0.2).astype(int)
    counts = counts_of(classified(np.zeros(4000, int), predicted, true))
    found = compare_with_baseline(METRICS["accuracy"], counts)
    assert found is not None
    kappa = cohen_kappa_score(true, predicted)
    assert (found.value - found.guess) / (1 - found.guess) == pytest.approx(kappa, abs=1e-12)
    assert not found.worse


def test_nothing_right_is_worse_than_guessing_and_a_working_model_is_neither() -> None:
    true = np.arange(1000) % 2
    wrong = compare_with_baseline(
        METRICS["accuracy"], counts_of(classified(np.zeros(1000, int), 1 - true, true))
    )
    assert wrong is not None
    assert wrong.worse
    day, predicted, label, score = scored(np.random.default_rng(1), 10, 200)
    works = counts_of(classified(day, predicted, label, score))
    for name in ("accuracy", "recall", "precision", "specificity", "roc_auc", "average_precision", "f1"):
        assert compare_with_baseline(METRICS[name], works) is None


def test_a_model_that_always_says_the_common_class_is_guessing() -> None:
    rng = np.random.default_rng(2)
    true = (rng.random(3000) < 0.2).astype(int)
    counts = counts_of(classified(np.zeros(3000, int), np.zeros(3000, int), true))
    assert compare_with_baseline(METRICS["accuracy"], counts) is not None


def test_numbers_that_are_no_nearer_than_the_mean_are_guessing() -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(100, 10, 2000)
    day = np.zeros(2000, int)
    assert (
        compare_with_baseline(METRICS["mae"], counts_of(regressed(day, np.full(2000, 100.0), true)))
        is not None
    )
    assert compare_with_baseline(METRICS["mae"], counts_of(regressed(day, true + 1, true))) is None
