"""Whose outcomes are known: by whom labels depend, what then is unknown, and what weights restore."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

from plumbline.domain import OutcomeProfile
from plumbline.monitor.performance.selective_labels import (
    _mantel_haenszel,
    _order,
    selection,
    unknown_metrics,
)
from tests.monitor.outcomes import classified, scored

ALL = slice(None)


def log(
    seed: int, chance: np.ndarray | None = None, *, by_score: bool = False
) -> tuple[OutcomeProfile, tuple]:  # type: ignore[type-arg]
    """60 days of 200; ``chance`` of a label by answer (no, yes), or rising with the score."""
    rng = np.random.default_rng(seed)
    day, predicted, true, score = scored(rng, 60, 200)
    known = np.full(len(day), 0.5) if chance is None else chance[predicted]
    if by_score:
        known = 0.1 + 0.8 * score
    labelled = rng.random(len(day)) < known
    return classified(day, predicted, true, score, labelled=labelled), (predicted, true, score, labelled)


def test_labels_at_random_depend_on_nothing() -> None:
    assert all(selection(log(seed)[0]) is None for seed in range(40))


def test_labels_that_come_on_some_days_only_are_no_selection_though_the_mix_moves() -> None:
    rng = np.random.default_rng(1)
    day = np.repeat(np.arange(60), 200)
    predicted = (rng.random(len(day)) < np.where(day < 30, 0.2, 0.7)).astype(int)
    known = rng.random(len(day)) < np.where(day < 30, 0.9, 0.2)
    assert selection(classified(day, predicted, predicted, labelled=known)) is None


def test_where_only_one_answer_has_outcomes_it_is_said_and_what_needs_both_is_unknown() -> None:
    profile, (predicted, true, _, labelled) = log(1, np.array([0.0, 1.0]))
    found = selection(profile)
    assert found is not None
    assert found.is_one_sided
    assert "Outcomes are known for decisions yes only (100.0 % of" in found.sentence
    assert "against 0.0 %" in found.sentence
    assert {"recall", "specificity", "roc_auc", "average_precision"} <= set(unknown_metrics(found))
    assert not {"accuracy", "precision", "brier"} & set(unknown_metrics(found))
    right = (predicted == true)[labelled].sum() / len(true)
    bounds = found.weighted_metric("accuracy")
    assert bounds is not None
    assert bounds.value is None
    assert (bounds.low, bounds.high) == pytest.approx((right, right + (~labelled).mean()))
    assert bounds.low <= accuracy_score(true, predicted) <= bounds.high
    precision = found.weighted_metric("precision")  # of decisions yes, whose outcomes are known
    assert precision is not None
    assert precision.value == pytest.approx(precision_score(true, predicted))
    assert "yes alone" in found.population_note


def test_weights_bring_back_what_all_decisions_would_say() -> None:
    profile, (predicted, true, score, labelled) = log(2, np.array([0.1, 0.9]))
    found = selection(profile)
    assert found is not None
    assert not found.is_one_sided
    assert unknown_metrics(found) == {}
    naive = recall_score(true[labelled], predicted[labelled])
    truth = recall_score(true, predicted)
    assert abs(naive - truth) > 0.1
    wanted = {
        "recall": truth, "accuracy": accuracy_score(true, predicted), "roc_auc": roc_auc_score(true, score),
    }  # fmt: skip
    for name, value in wanted.items():
        one = found.weighted_metric(name)
        assert one is not None
        assert one.value == pytest.approx(value, abs=0.03)
        assert one.low <= value <= one.high
    assert f"{found.effective:,.0f}" in found.sentence
    assert found.population_note == ""


def test_labels_that_follow_the_score_are_seen_by_the_score() -> None:
    found = selection(log(3, by_score=True)[0])
    assert found is not None
    assert found.order is not None
    assert found.order > 0.6


def test_the_two_tests_are_the_ones_of_the_books() -> None:
    profile, (predicted, _, score, labelled) = log(4, np.array([0.4, 0.6]))
    table = np.array([[((predicted == i) & (labelled == j)).sum() for j in (1, 0)] for i in (1, 0)])
    one_day = profile.confusion.sum(0, keepdims=True)
    own = _mantel_haenszel(one_day.sum(2).astype(float), one_day[:, :, :-1].sum(2).astype(float), 1)
    n = table.sum()
    assert own**2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic * (n - 1) / n)
    day = profile.days[0]
    first = np.array([d == day for d in profile.days])
    rows = slice(0, 200)
    cells = np.minimum((score[rows] * 1000).astype(int), 999)
    test = stats.mannwhitneyu(
        cells[labelled[rows]], cells[~labelled[rows]], method="asymptotic", use_continuity=False
    )
    order, sure = _order(profile, first)
    a, b = labelled[rows].sum(), (~labelled[rows]).sum()
    assert order == pytest.approx(test.statistic / (a * b))
    assert 2 * stats.norm.sf(sure) == pytest.approx(test.pvalue)
