"""A family of metrics judged as one: what it finds where a class is rare, and how rarely it cries wolf."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plumbline.domain import OutcomeProfile, Point, PointStatus
from plumbline.monitor.alarms.findings import performance_problems
from plumbline.monitor.metrics.family import family
from plumbline.monitor.metrics.intervals import THREE_SIGMA
from plumbline.monitor.performance.series import performance, thresholds
from tests.monitor.outcomes import at, classified, regressed

REFERENCE = (at(0), at(56))


def rare(
    seed: int, days: int, a_day: int, rate: float, *, blind: int | None = None, raised: int | None = None
) -> OutcomeProfile:
    """A rare class that half are found of. From day ``blind`` the score is noise and nobody is flagged; from day
    ``raised`` the cut-off is so high that nobody is, and the score is what it was."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), a_day)
    true = (rng.random(len(day)) < rate).astype(int)
    score = np.where(true == 1, rng.beta(3, 2.8, len(day)), rng.beta(1, 7, len(day)))
    if blind is not None:
        score = np.where(day >= blind, 0.3 * rng.permutation(score), score)
    cut = np.where(day >= (days if raised is None else raised), 1.1, 0.5)
    return classified(day, (score >= cut).astype(int), true, score)


def judged(
    profile: OutcomeProfile, headline: str = "average_precision", by: str = "week"
) -> tuple[Point, ...]:
    names = family(profile, headline)
    return performance(profile, reference=REFERENCE, by=by, metrics=names, together=names, windows=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("blind", "raised"), [(94, None), (None, 94)])
def test_a_class_of_half_a_percent_that_is_found_no_more_is_told_within_two_weeks(
    seed: int, blind: int | None, raised: int | None
) -> None:
    (found,) = performance_problems(judged(rare(seed, 140, 2000, 0.005, blind=blind, raised=raised)))
    assert at(84) <= found.since <= at(98)
    assert found.confirmed <= at(94 + 14)
    assert found.until is None
    assert "recall" in (found.metric, *found.others)


def test_accuracy_alone_does_not_fall_when_nobody_is_flagged_any_more() -> None:
    """Why it is a family: as the false alarms go too, the share that is right rises."""
    profile = rare(1, 140, 2000, 0.005, raised=94)
    alone = performance(profile, reference=REFERENCE, by="week", metrics=["accuracy"])
    assert not any(p.status is PointStatus.BREACH for p in alone)


def test_a_quiet_rare_class_raises_under_one_problem_a_year() -> None:
    """20 systems, half a year each; with one member a side at three deviations 0.5 are allowed."""
    made = [performance_problems(judged(rare(seed, 56 + 182, 300, 0.006))) for seed in range(20)]
    assert sum(map(len, made)) <= 5


def test_a_quiet_regression_raises_under_one_problem_a_year() -> None:
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(56 + 182), 60)
        true = rng.normal(100, 20, len(day))
        profile = regressed(day, true + rng.normal(0, 8, len(day)), true)
        found += len(performance_problems(judged(profile, "mae")))
    assert found <= 2


def test_the_first_limit_of_a_family_is_the_headlines_chance_shared_out() -> None:
    """Benjamini and Hochberg: one of k that is beyond alone must be so at a k-th of the chance."""
    profile = rare(2, 140, 2000, 0.005)  # one whose days show no design effect
    names = family(profile, "accuracy")
    assert names == ("accuracy", "recall", "precision", "brier")
    band = thresholds(profile, reference=REFERENCE, by="week", metrics=["recall"])["recall"]
    point = next(p for p in judged(profile, "accuracy") if p.metric == "recall" and p.start == at(63))
    n = round(sum(profile.confusion[63:70, :, 1].sum(0)))
    level = band.level or 0.0
    near = stats.binom.ppf(THREE_SIGMA / 4, n, level) / n
    width = stats.norm.isf(THREE_SIGMA / 4)
    assert band.mean is not None
    assert band.sd is not None
    assert band.design.effect == 1
    reach = max(width * band.sd, np.hypot(band.mean - near, width * band.se))
    assert point.threshold == pytest.approx(band.mean - reach)


def test_where_days_hold_too_few_positives_windows_do_and_the_point_says_so() -> None:
    profile = rare(1, 140, 200, 0.005, raised=94)  # seven positives a week
    recall = [p for p in judged(profile) if p.metric == "recall"]
    assert "Over 3 chunks" in recall[-1].note
    assert recall[-1].status is PointStatus.BREACH
    plain = performance(profile, reference=REFERENCE, by="day", metrics=["recall"])
    known = [p for p in plain if p.value is not None and p.note]
    assert {p.status for p in known} == {PointStatus.UNKNOWN}
    assert "too few" in known[-1].note
    assert "days would be enough" in known[-1].note


def test_what_even_months_hold_too_few_of_is_unknown_and_never_within_its_limit() -> None:
    profile = rare(2, 240, 40, 0.004)  # a positive a week
    points = [p for p in judged(profile) if p.metric == "recall" and p.start >= at(56)]
    assert not any(p.status is PointStatus.OK for p in points)


def test_a_rare_negative_class_has_its_own_recall_in_the_family() -> None:
    rng = np.random.default_rng(3)
    day = np.repeat(np.arange(70), 500)
    true = (rng.random(len(day)) < 0.97).astype(int)
    assert "specificity" in family(classified(day, true, true), "accuracy")


def test_owners_limits_belong_to_the_family() -> None:
    assert family(rare(1, 10, 100, 0.1), "accuracy", ["f1"])[-1] == "f1"


@pytest.mark.parametrize(
    ("negative", "judged_alone"), [(0, False), (1, True), (9, True), (10, False), (60, False)]
)
@pytest.mark.parametrize("positive", ["yes", "no"])
def test_a_negative_class_is_rare_under_one_in_ten_and_only_where_there_is_one(
    negative: int, judged_alone: bool, positive: str
) -> None:
    true = (np.arange(100) >= negative).astype(int)
    true = true if positive == "yes" else 1 - true
    profile = classified(np.zeros(100, int), true, true, positive=positive)
    assert ("specificity" in family(profile, "accuracy")) is judged_alone
