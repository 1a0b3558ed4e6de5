"""What all decisions would say where only some have an outcome: weights against the truth, bounds, and their chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score

from plumbline.domain import OutcomeProfile
from plumbline.monitor.performance.weights import WeightedMetric, join_score_cells, weighted_metrics
from tests.monitor.outcomes import classified

EVERY = slice(None)


def figures(profile: OutcomeProfile) -> dict[str, WeightedMetric]:
    found, _ = weighted_metrics(profile, np.ones(len(profile.days), dtype=bool))
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
    _, effective = weighted_metrics(profile, np.ones(30, dtype=bool))
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
    assert not found["accuracy"].is_uninformative


def test_bounds_of_half_the_scale_say_nothing() -> None:
    day = np.repeat(np.arange(30), 100)
    predicted = np.tile(np.r_[np.ones(40, int), np.zeros(60, int)], 30)
    found = figures(classified(day, predicted, predicted, labelled=predicted == 1))
    assert found["accuracy"].is_uninformative
    assert (found["accuracy"].low, found["accuracy"].high) == pytest.approx((0.4, 1.0))


def test_cells_are_joined_to_ten_labels_and_a_lack_by_chance_is_no_stretch() -> None:
    n, u = np.zeros(400), np.full(400, 10.0)
    n[200:] = 10
    u[200:] = 0
    group = join_score_cells(n, u)
    assert (group[:200] == -1).all()  # refused: no label among 2,000
    assert (np.bincount(group[200:], n[200:]) >= 10).all()
    rare = np.zeros(400)
    rare[::20] = 1  # one label in 200 decisions everywhere
    assert (join_score_cells(rare, np.full(400, 10.0)) >= 0).all()
    assert (join_score_cells(np.zeros(5), np.ones(5)) == -1).all()


# --- strata


@pytest.mark.parametrize(
    ("n", "u", "without"),
    [
        ([50, 0, 50], [50, 24, 50], True),  # 24 x 0.5 would be 12 labels
        ([50, 0, 50], [50, 23, 50], False),
        ([50, 0, 50], [50, 47, 150], False),  # the side that is labelled less often: 47 x 0.25
        ([50, 0, 50], [50, 48, 150], True),
        ([0, 50], [24, 50], True),  # at the end there is one side
        ([0, 50], [23, 50], False),
        ([0, 25, 25, 1000], [48, 75, 75, 0], True),  # the nearest 50 labels alone tell: 50 of 200
        ([0, 25, 25, 1000], [47, 75, 75, 0], False),
        ([0, 25, 24, 1000], [24, 75, 75, 0], True),  # the third cell is needed for the fiftieth
        ([0, 20, 10], [18, 10, 5], True),  # of thirty labels all tell: 30 of 45
        ([0, 20, 10], [17, 10, 5], False),
    ],
)
def test_a_stretch_lacks_labels_where_twelve_would_be_expected(
    n: list[int], u: list[int], without: bool
) -> None:
    group = join_score_cells(np.array(n, float), np.array(u, float))
    place = n.index(0)
    assert bool(group[place] == -1) is without
    assert (np.delete(group, place) >= 0).all()


@pytest.mark.parametrize(
    ("n", "groups"),
    [
        ([10, 10, 10], [0, 1, 2]), ([4, 4, 4, 4, 4], [0] * 5), ([5, 5, 5, 5, 5], [0, 0, 1, 1, 1]),
        ([4, 4, 4, 4, 4, 4], [0, 0, 0, 1, 1, 1]), ([9, 0], [0, 0]), ([30, 5, 5], [0, 1, 1]), ([19], [0]),
        ([25, 1, 1], [0, 0, 0]), ([0, 10, 9], [0, 0, 0]), ([0, 10, 10], [0, 0, 1]), ([9, 9, 9, 9], [0, 0, 1, 1]),
    ],
)  # fmt: skip
def test_cells_are_joined_in_order_until_ten_labels_are_full(n: list[int], groups: list[int]) -> None:
    assert join_score_cells(np.array(n, float), np.zeros(len(n))).tolist() == groups


@given(st.lists(st.integers(0, 25), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_a_group_of_ten_labels_is_not_split_and_none_has_fewer(n: list[int]) -> None:
    labels = np.array(n, float)
    group = join_score_cells(labels, np.zeros(len(n)))
    if not labels.any():
        return
    sizes = np.bincount(group, labels)
    assert sizes.min() >= 10 or len(sizes) == 1
    assert (np.diff(group) >= 0).all()
    for one in range(len(sizes) - 1):  # without its last cell it would be too small
        assert labels[group == one][:-1].sum() < 10


def test_a_group_is_of_one_answer() -> None:
    n, side = np.array([5.0, 5, 5, 5, 0, 7]), np.array([0, 0, 1, 1, 1, 1], bool)
    assert join_score_cells(n, 0 * n, side).tolist() == [0, 0, 1, 1, 1, 1]
    assert join_score_cells(n, np.array([0, 0, 0, 0, 99.0, 0]), side).tolist() == [0, 0, 1, 1, -1, 2]


def by_answers(n: tuple[int, int], right: tuple[int, int], unknown: tuple[int, int]) -> OutcomeProfile:
    """Labelled and right ones, and those without an outcome, of decisions for no and for yes."""
    predicted, true, labelled = [], [], []
    for k in (0, 1):
        predicted += [k] * (n[k] + unknown[k])
        true += [k] * right[k] + [1 - k] * (n[k] - right[k]) + [k] * unknown[k]
        labelled += [True] * n[k] + [False] * unknown[k]
    return classified(
        np.zeros(len(true), int), np.array(predicted), np.array(true), labelled=np.array(labelled)
    )


def test_chance_is_in_the_shares_learnt_and_in_the_unknown_outcomes() -> None:
    """By hand: each unknown outcome is right by p = (x + 1/2) / (n + 1) of its answer's labelled ones (Jeffreys)."""
    n, right, unknown = (80, 40), (60, 36), (400, 10)
    found = figures(by_answers(n, right, unknown))
    share = np.array(right) / n
    total = sum(n) + sum(unknown)
    value = (sum(right) + (np.array(unknown) * share).sum()) / total
    p = (np.array(right) + 0.5) / (np.array(n) + 1)
    variance = (p * (1 - p) * (np.array(unknown) ** 2 / n + unknown)).sum() / total**2
    one = found["accuracy"]
    assert one.value == pytest.approx(value)
    assert (one.high - value, value - one.low) == pytest.approx((1.959964 * np.sqrt(variance),) * 2, rel=1e-4)

    positive = np.array([36 + 10 * 0.9, 20 + 400 * 0.25])  # said yes, said no
    assert found["recall"].value == pytest.approx(positive[0] / positive.sum())
    assert found["precision"].value == pytest.approx(positive[0] / 50)
    # what one more positive among either answer changes of recall, over all positives
    slope = np.array([1 - found["recall"].value, -found["recall"].value]) / positive.sum()
    of = np.array([[10, 40, p[1]], [400, 80, 1 - p[0]]])
    variance = sum(
        s**2 * q * (1 - q) * (u**2 / m + u) for s, (u, m, q) in zip(slope, of.tolist(), strict=True)
    )
    half = found["recall"].high - found["recall"].value
    assert half == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-4)
    assert found["precision"].high - found["precision"].value == pytest.approx(
        1.959964 * np.sqrt(p[1] * (1 - p[1]) * (10**2 / 40 + 10)) / 50, rel=1e-4
    )


@pytest.mark.parametrize(("labelled", "known"), [(4, False), (5, True)])
def test_a_class_with_under_one_label_in_a_hundred_has_none(labelled: int, known: bool) -> None:
    profile = by_answers((labelled, 300), (labelled, 270), (500 - labelled, 0))
    one = figures(profile)["accuracy"]
    assert (one.value is not None) is known
    if not known:
        assert (one.low, one.high) == pytest.approx((270 / 800, 770 / 800))
        assert one.is_uninformative
    assert weighted_metrics(profile, np.ones(1, bool))[1] == 0.0 or known


@pytest.mark.parametrize(("share", "known"), [(0.004, False), (0.03, True)])
def test_so_it_is_where_scores_tell_the_answers(share: float, known: bool) -> None:
    rng = np.random.default_rng(9)
    score = rng.random(6000)
    predicted, true = (score >= 0.7).astype(int), (rng.random(6000) < score).astype(int)
    labelled = (predicted == 1) | (rng.random(6000) < share)
    found = figures(classified(np.arange(6000) % 20, predicted, true, score, labelled=labelled))
    assert (found["accuracy"].value is not None) is known
    assert found["precision"].value == pytest.approx(precision_score(true, predicted))


@pytest.mark.parametrize(("scored", "by_score"), [(0.89, False), (0.91, True)])
def test_scores_speak_for_decisions_where_nine_in_ten_have_one(scored: float, by_score: bool) -> None:
    profile, _ = lenders(np.random.default_rng(2), "random", days=20)
    rows = profile.n_labelled
    short = replace(profile, n_scored=(np.ceil if by_score else np.floor)(rows * scored).astype(np.int64))
    assert ("roc_auc" in figures(short)) is by_score
    assert "roc_auc" in figures(profile)


def test_answers_that_do_not_follow_the_score_are_weighted_by_answer() -> None:
    rng = np.random.default_rng(3)
    day, score = np.repeat(np.arange(20), 100), rng.random(2000)
    true, predicted = (rng.random(2000) < score).astype(int), (rng.random(2000) < 0.5).astype(int)
    labelled = rng.random(2000) < 0.6
    found = figures(classified(day, predicted, true, score, labelled=labelled))
    assert "roc_auc" not in found
    assert found == figures(classified(day, predicted, true, labelled=labelled))


def test_of_several_classes_an_outcome_is_whether_it_was_right() -> None:
    predicted = np.repeat([0, 1, 2], [60, 30, 10])
    true = np.where(np.arange(100) % 5 == 0, (predicted + 1) % 3, predicted)
    labelled = np.arange(100) % 2 == 0
    profile = classified(
        np.zeros(100, int), predicted, true, labelled=labelled, classes=("a", "b", "c"), positive=None
    )
    found = figures(profile)
    assert set(found) == {"accuracy"}
    right = [(true == predicted)[labelled & (predicted == k)].mean() for k in range(3)]
    assert found["accuracy"].value == pytest.approx(np.average(right, weights=[60, 30, 10]))


def test_intervals_are_as_wide_as_what_the_unknown_outcomes_may_bring() -> None:
    """The same scores and answers, with outcomes drawn anew: how far the figure lies from the truth, by its error."""
    rng = np.random.default_rng(5)
    apart: dict[str, list[float]] = {}
    for _ in range(100):
        score = (np.arange(1500) + 0.5) / 1500
        true = (rng.random(1500) < 0.15 + 0.7 * score).astype(int)
        predicted = (score >= 0.6).astype(int)
        labelled = rng.random(1500) < np.where(predicted == 1, 0.8, 0.15)
        real = truths(true, predicted, score)
        for name, one in figures(
            classified(np.zeros(1500, int), predicted, true, score, labelled=labelled, cells=50)
        ).items():
            assert one.value is not None
            error = (one.high - one.low) / 2 / 1.959964
            apart.setdefault(name, []).append((one.value - real[name]) / error)
    assert set(apart) == {"accuracy", "recall", "precision", "roc_auc"}
    for name, found in apart.items():
        assert 0.78 <= np.std(found) <= 1.18, (name, np.std(found))
        assert abs(np.mean(found)) <= 0.3, (name, np.mean(found))
