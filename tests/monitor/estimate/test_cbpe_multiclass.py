"""Estimates of several classes: curves that prove themselves on days not seen, against scikit-learn's isotonic fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from plumbline.domain import ExpectedOutcomes, OutcomeProfile, PointStatus, score_middles
from plumbline.monitor.chunks import day_array
from plumbline.monitor.estimate.cbpe_multiclass import _expected_counts, class_curves, estimate_classes
from plumbline.monitor.estimate.isotonic import assign_folds, calibration_curves, isotonic, squared_error
from plumbline.monitor.metrics.counts import counts_of
from tests.monitor.outcomes import at, classified, day

S = 40


def bent(rng: np.random.Generator, rows: int, power: float) -> np.ndarray:
    """Counts (2, S) of scores whose truth is the score to a power."""
    score = rng.random(rows)
    hit = (rng.random(rows) < score**power).astype(int)
    cells = np.zeros((2, S))
    np.add.at(cells, (hit, (score * S).astype(int)), 1)
    return cells


def test_isotonic_is_scikit_learns_and_flat_beyond() -> None:
    rng = np.random.default_rng(1)
    cells = bent(rng, 400, 2.0)
    cells[:, :4] = cells[:, -3:] = 0
    middles = score_middles(S)
    held = cells.sum(0) > 0
    theirs = IsotonicRegression(out_of_bounds="clip").fit(
        middles[held], cells[1][held] / cells.sum(0)[held], sample_weight=cells.sum(0)[held]
    )
    asked = np.linspace(0, 1, 301)
    assert isotonic(cells)(asked) == pytest.approx(theirs.predict(asked), abs=1e-12)
    p = theirs.predict(middles)
    rows = [(y, p[i]) for y in (0, 1) for i in range(S) for _ in range(int(cells[y, i]))]
    assert squared_error(cells, p) == pytest.approx(sum((y - q) ** 2 for y, q in rows))


def test_a_curve_is_used_where_it_does_better_on_the_fold_it_has_not_seen() -> None:
    rng = np.random.default_rng(2)
    cells = np.stack([[bent(rng, 150, 3.0), bent(rng, 150, 1.0)] for _ in range(4)]).astype(np.int64)
    curves = class_curves(cells)
    middles = score_middles(S)
    assert curves.shape == (5, 2, S)
    assert (curves[:, 1] == middles).all()  # calibrated as it is
    for fold in range(4):
        rest = cells[:, 0].sum(0) - cells[fold, 0]
        assert curves[fold, 0] == pytest.approx(isotonic(rest.astype(float))(middles))
    assert curves[4, 0] == pytest.approx(isotonic(cells[:, 0].sum(0).astype(float))(middles))


def test_a_single_fold_has_nothing_to_learn_from() -> None:
    cells = bent(np.random.default_rng(3), 300, 3.0)[None, None].astype(np.int64)
    assert (class_curves(cells)[0, 0] == score_middles(S)).all()


def test_whole_days_are_dealt_in_turn_into_five_folds_at_most() -> None:
    days = tuple(day(i // 2) for i in range(16))  # two groups a day
    mask = np.arange(16) < 14
    fold, folds = assign_folds(day_array(days), mask)
    assert (folds, fold.tolist()) == (5, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 1, 1, -1, -1])
    fold, folds = assign_folds(day_array(days), np.arange(16) < 4)
    assert (folds, fold[:4].tolist()) == (2, [0, 0, 1, 1])
    assert assign_folds(day_array(days), np.zeros(16, bool))[1] == 0


def test_each_day_of_the_reference_is_calibrated_by_the_others_and_later_ones_by_all() -> None:
    rng = np.random.default_rng(5)
    of = np.repeat(np.arange(8), 250)
    score = rng.random(2000)
    true = (rng.random(2000) < score**3).astype(int)
    profile = classified(of, (score > 0.5).astype(int), true, score, cells=S)
    counts, mask = counts_of(profile), np.arange(8) < 6
    found = calibration_curves(counts, mask, day_array(profile.days))
    assert found.of.tolist() == [0, 1, 2, 3, 4, 0, 5, 5]
    whole = counts.cells[mask].sum(0)
    middles = score_middles(S)
    first = whole - counts.cells[0] - counts.cells[5]
    assert found.used[0] == pytest.approx(isotonic(first)(middles))
    assert found.used[5] == pytest.approx(isotonic(whole)(middles))
    np.testing.assert_array_equal(found.used, found.others)
    honest = classified(of, (score > 0.5).astype(int), (rng.random(2000) < score).astype(int), score, cells=S)
    plain = calibration_curves(counts_of(honest), mask, day_array(honest.days))
    assert plain.of.tolist() == [0] * 8
    assert (plain.used == middles).all()
    assert len(plain.others) == 6
    alone = calibration_curves(counts, np.arange(8) < 1, day_array(profile.days))
    assert (alone.used == middles).all()
    assert alone.others.shape == (0, S)


# --- the estimate itself

NAMES = ("a", "b", "c")


def outcomes(days: int = 60, rows: int = 60) -> tuple[OutcomeProfile, ExpectedOutcomes]:
    """Calibrated probabilities of three classes: what is expected of a day is their sum."""
    rng = np.random.default_rng(7)
    p = rng.dirichlet([1.0, 0.8, 0.6], days * rows)
    true = (rng.random(days * rows)[:, None] > np.cumsum(p, 1)).sum(1).clip(0, 2)
    predicted = p.argmax(1)
    of = np.repeat(np.arange(days), rows)
    profile = classified(of, predicted, true, classes=NAMES, positive=None)
    confusion = np.zeros((days, 3, 3))
    np.add.at(confusion, (of, predicted), p)
    loss = np.bincount(of, -(p * np.log(p)).sum(1))
    turned = [2, 0, 1]  # their classes stand in another order
    expected = ExpectedOutcomes(
        classes=tuple(NAMES[i] for i in turned), days=profile.days,
        confusion=confusion[:, turned][:, :, turned], log_loss=loss,
    )  # fmt: skip
    return profile, expected


def test_accuracy_is_the_mean_probability_of_what_was_decided() -> None:
    profile, expected = outcomes()
    points = estimate_classes(
        profile, expected, expected, reference=(at(0), at(28)), by="week", metrics=["accuracy"]
    )
    assert [p.start for p in points] == [at(7 * i) for i in range(9)]
    hits = np.trace(expected.confusion, axis1=1, axis2=2)
    rows = expected.confusion.sum((1, 2))
    for i, point in enumerate(points):
        week = slice(7 * i, 7 * i + 7)
        assert point.value == pytest.approx(hits[week].sum() / rows[week].sum())
        assert point.estimated
        assert point.status is not PointStatus.UNKNOWN


def test_what_cannot_be_estimated_says_why() -> None:
    profile, expected = outcomes()

    def why(one: OutcomeProfile, of: ExpectedOutcomes | None, days: int = 28) -> set[str]:
        points = estimate_classes(one, of, of, reference=(at(0), at(days)), by="week", metrics=["accuracy"])
        assert {p.value for p in points} == {None}
        return {str(p.note) for p in points}

    assert why(profile, None) == {"No class probabilities are logged, so nothing can be estimated."}
    empty = replace(expected, days=(), confusion=expected.confusion[:0], log_loss=expected.log_loss[:0])
    assert why(profile, empty) == {"No class probabilities are logged, so nothing can be estimated."}
    assert why(profile, expected, 4) == {"240 labelled reference rows; 300 are needed."}
    other = replace(expected, classes=("c", "a", "z"))
    assert why(profile, other) == {"No probability is logged for 1 of 3 classes."}
    enough = estimate_classes(
        profile, expected, expected, reference=(at(0), at(5)), by="week", metrics=["accuracy"]
    )
    assert enough[-1].value is not None
    assert estimate_classes(
        classified(np.zeros(0, int), np.zeros(0, int), np.zeros(0, int), classes=NAMES, positive=None),
        expected, expected, reference=None,
    ) == ()  # fmt: skip


def test_expected_counts_are_the_mean_over_every_way_in_which_labels_could_come_out() -> None:
    """Three decisions a day on five days by two versions: all 27 outcomes of a day are counted, by their chance."""
    rng = np.random.default_rng(12)
    days, per_day = 5, 3
    of, p = np.repeat(np.arange(days), per_day), rng.dirichlet([1.0, 0.8, 0.6], days * per_day)
    predicted = rng.integers(0, 3, days * per_day)
    versions = [("1", "1", "2")[i % per_day] for i in range(days * per_day)]
    profile = classified(of, predicted, predicted, versions=versions, classes=NAMES, positive=None)
    counts = counts_of(profile)
    confusion, loss = np.zeros((days, 3, 3)), np.zeros(days)
    for d, labels in product(range(days), product(range(3), repeat=per_day)):
        own = [per_day * d + i for i in range(per_day)]
        chance = np.prod([p[i, y] for i, y in zip(own, labels, strict=True)])
        for i, y in zip(own, labels, strict=True):
            confusion[d, predicted[i], y] += chance
            loss[d] -= chance * np.log(p[i, y])
    turned = [1, 2, 0]
    known = [0, 1, 3, 4]  # no decision of the third day has all its probabilities
    expected = ExpectedOutcomes(
        classes=tuple(NAMES[i] for i in turned), days=tuple(day(d) for d in known),
        confusion=confusion[known][:, turned][:, :, turned], log_loss=loss[known],
    )  # fmt: skip
    rows = np.array([d < day(4) for d in profile.days])  # the last day is no part of the window
    rows[0] = False  # of the first day only the second version is
    found = _expected_counts(profile, counts, rows, expected)
    places = {d: [i for i, other in enumerate(profile.days) if other == day(d)] for d in range(days)}
    held = {d: places[d][1 if d == 0 else 0] for d in (0, 1, 3)}
    for d, place in held.items():
        assert found.confusion[place] == pytest.approx(confusion[d])
        assert (found.log_loss[place], found.labelled[place], found.scored[place]) == (
            pytest.approx(loss[d]), pytest.approx(3.0), pytest.approx(3.0),
        )  # fmt: skip
    others = [i for i in range(len(rows)) if i not in held.values()]
    for counted in (found.confusion, found.log_loss, found.labelled, found.scored):
        assert not counted[others].any()
    assert found.pool().confusion[0] == pytest.approx(confusion[[0, 1, 3]].sum(0))
    assert (counts.confusion.sum(), counts.labelled.sum()) == (15, 15)  # what was counted is left as it was
