"""What all decisions would say where only some have an outcome: weights against the truth, bounds, and their chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

from plumbline.domain import OutcomeProfile
from plumbline.monitor.performance.weights import WeightedMetric, joined_cells, whole
from tests.monitor.outcomes import classified

EVERY = slice(None)


def figures(profile: OutcomeProfile) -> dict[str, WeightedMetric]:
    found, _ = whole(profile, np.ones(len(profile.days), dtype=bool))
    return {one.metric: one for one in found}


def truths(true: np.ndarray, predicted: np.ndarray, score: np.ndarray) -> dict[str, float]:
    return {
        "accuracy": accuracy_score(true, predicted), "recall": recall_score(true, predicted),
        "precision": precision_score(true, predicted), "roc_auc": roc_auc_score(true, score),
    }  # fmt: skip


def lenders(rng: np.random.Generator, kind: str, days: int = 60, rows: int = 60):
    """Granted from 0.5 on (0.7 in the second half where the cut-off *moves*); refused ones are granted at random in one
    of twenty, or by an *override* that is the likelier the higher the score. The score is too steep."""
    day = np.repeat(np.arange(days), rows)
    p = 1 / (1 + np.exp(-rng.normal(0, 1.5, len(day))))
    true = (rng.random(len(day)) < p).astype(int)
    score = p**2 / (p**2 + (1 - p) ** 2)
    cut = np.where(day < days // 2, 0.5, 0.7) if kind == "moves" else 0.5
    predicted = (score >= cut).astype(int)
    chance = 0.5 * p if kind == "override" else np.full(len(day), 0.05)
    labelled = (predicted == 1) | (rng.random(len(day)) < chance)
    return classified(day, predicted, true, score, labelled=labelled), truths(true, predicted, score)


@pytest.mark.parametrize("kind", ["random", "override", "moves"])
def test_the_interval_holds_what_all_decisions_say(kind: str) -> None:
    held: dict[str, list[bool]] = {}
    rng = np.random.default_rng(7)
    for _ in range(40):
        profile, real = lenders(rng, kind)
        for name, one in figures(profile).items():
            assert (
                one.value is not None or kind == "override"
            )  # which may leave the lowest scores without a label
            held.setdefault(name, []).append(one.low <= real[name] <= one.high)
    assert set(held) == set(real)
    assert min(len(all_of) for all_of in held.values()) >= 30
    assert np.mean([np.mean(all_of) for all_of in held.values()]) >= 0.9, held


def test_weights_by_answer_are_the_shares_of_each_answer_where_no_score_is_logged() -> None:
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(30), 100)
    predicted = (rng.random(len(day)) < 0.4).astype(int)
    true = np.where(rng.random(len(day)) < 0.8, predicted, 1 - predicted)
    labelled = rng.random(len(day)) < np.where(predicted == 1, 0.9, 0.2)
    profile = classified(day, predicted, true, labelled=labelled)
    share = [(true == predicted)[labelled & (predicted == k)].mean() for k in (0, 1)]
    brute = share[0] * (predicted == 0).mean() + share[1] * (predicted == 1).mean()
    assert figures(profile)["accuracy"].value == pytest.approx(brute)
    _, effective = whole(profile, np.ones(30, dtype=bool))
    weight = np.where(predicted == 1, (predicted == 1).sum() / labelled[predicted == 1].sum(),
                      (predicted == 0).sum() / labelled[predicted == 0].sum())[labelled]  # fmt: skip
    assert effective == pytest.approx(weight.sum() ** 2 / (weight**2).sum())


def test_where_a_stretch_of_scores_has_no_outcome_the_bounds_are_the_worst_and_the_best_by_brute_force() -> (
    None
):
    rng = np.random.default_rng(4)
    day = np.repeat(np.arange(60), 100)
    score = rng.random(len(day))
    true = (rng.random(len(day)) < score).astype(int)
    predicted = (score >= 0.5).astype(int)
    labelled = score >= 0.4  # the refused near the cut-off were granted all the same
    found = figures(classified(day, predicted, true, score, labelled=labelled))
    worst = [np.where(labelled, true, guess) for guess in (1 - predicted, predicted)]
    for name, of in (("accuracy", accuracy_score), ("recall", recall_score)):
        one = found[name]
        ends = sorted(float(of(guess, predicted)) for guess in worst)
        assert one.value is None
        assert (one.low, one.high) == pytest.approx(ends, abs=1e-9), name
        assert one.low <= of(true, predicted) <= one.high
    assert found["precision"].value == pytest.approx(precision_score(true, predicted))
    assert "roc_auc" not in found
    assert not found["accuracy"].useless


def test_bounds_of_half_the_scale_say_nothing() -> None:
    day = np.repeat(np.arange(30), 100)
    predicted = np.tile(np.r_[np.ones(40, int), np.zeros(60, int)], 30)
    found = figures(classified(day, predicted, predicted, labelled=predicted == 1))
    assert found["accuracy"].useless
    assert (found["accuracy"].low, found["accuracy"].high) == pytest.approx((0.4, 1.0))


def test_cells_are_joined_to_ten_labels_and_a_lack_by_chance_is_no_stretch() -> None:
    n, u = np.zeros(400), np.full(400, 10.0)
    n[200:] = 10
    u[200:] = 0
    group = joined_cells(n, u)
    assert (group[:200] == -1).all()  # refused: no label among 2,000
    assert (np.bincount(group[200:], n[200:]) >= 10).all()
    rare = np.zeros(400)
    rare[::20] = 1  # one label in 200 decisions everywhere
    assert (joined_cells(rare, np.full(400, 10.0)) >= 0).all()
    assert (joined_cells(np.zeros(5), np.ones(5)) == -1).all()
