"""Outcomes that contradict the score: on logs whose change is known, and on quiet ones that are not kind."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2

from plumbline.domain import score_middles
from plumbline.monitor.alarms.contradiction import (
    SHARES,
    contradiction_findings,
    contradictions,
    flip_share,
)
from plumbline.monitor.alarms.cusum import Excursion, excursions
from plumbline.monitor.performance.calibration import recalibrate
from tests.bench.detection.contradictions import found, since_of
from tests.bench.detection.shifts import drawn
from tests.monitor.outcomes import at, classified

REFERENCE = (at(0), at(56))


def log(
    seed: int, *, turned: float = 0.0, score: str = "", versions: bool = False, cells: int = 2112
) -> object:
    """140 days of 55 decisions with a calibrated score; from day 84 on so many labels are the other way round."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, 140, 140 * 55))
    p = expit(rng.normal(-1.8, 1.4, len(days)))
    y = rng.random(len(days)) < p
    later = days >= 84
    y ^= later & (rng.random(len(days)) < turned)
    said = {"": p, "steep": expit(2 * logit(p) + 1), "thirds": np.round(3 * p) / 3}[score]
    names = np.where(later, "2", "1").tolist() if versions else None
    return classified(days, (p > 0.5).astype(int), y.astype(int), said, versions=names, cells=cells)


@pytest.mark.parametrize("change", ["labels-5", "slice"])
def test_a_twentieth_of_labels_turned_round_is_found_where_accuracy_sees_nothing(change: str) -> None:
    late = []
    for seed in range(4):
        one = drawn("fifty-five", seed, change)
        first = next((f for f in found(one) if f.at > since_of(one)), None)
        assert first is not None
        late.append((first.at - since_of(one)) / timedelta(days=1))
        assert abs(first.since - since_of(one)) <= timedelta(days=14)
        assert first.low < 0.05 < first.high
        assert first.until is None
    assert np.median(late) <= 28


@pytest.mark.parametrize("kind", ["ar-0.5", "repeats-5", "outcome-delay", "selective"])
def test_quiet_logs_raise_nothing(kind: str) -> None:
    assert found(drawn(kind, 1)) == ()


@pytest.mark.parametrize("score", ["", "steep", "thirds"])
def test_what_a_score_means_is_learnt_from_the_reference(score: str) -> None:
    assert contradictions(log(1, score=score), reference=REFERENCE) == ()
    (told,) = contradictions(log(1, turned=0.1, score=score), reference=REFERENCE)
    assert told.at > at(84)
    assert told.wrong > told.expected


def test_equal_cells_of_an_earlier_version_do_as_well() -> None:
    (told,) = contradictions(log(4, turned=0.1, cells=1000), reference=REFERENCE)
    assert told.low < 0.1 < told.high


def test_a_version_that_the_reference_does_not_have_is_left_out() -> None:
    assert contradictions(log(1, turned=0.1, versions=True), reference=REFERENCE) == ()


def test_labels_that_are_right_again_end_it() -> None:
    rng = np.random.default_rng(3)
    days = np.sort(rng.integers(0, 280, 280 * 55))
    p = expit(rng.normal(-1.8, 1.4, len(days)))
    y = rng.random(len(days)) < p
    y ^= (days >= 84) & (days < 112) & (rng.random(len(days)) < 0.1)
    profile = classified(days, (p > 0.5).astype(int), y.astype(int), p)
    (told,) = contradictions(profile, reference=REFERENCE)
    assert told.until is not None
    assert told.until > at(112)
    (finding,) = contradiction_findings("s", [told])
    assert finding.sentence.startswith("Outcomes came out against the score")


def test_too_little_of_a_reference_says_nothing() -> None:
    profile = log(1, turned=0.1)
    assert contradictions(profile, reference=(at(0), at(13))) == ()
    assert (
        contradictions(classified(np.arange(90), np.zeros(90, int), np.arange(90) % 2), reference=REFERENCE)
        == ()
    )


def test_the_likeliest_share_is_the_one_of_the_likelihood() -> None:
    """The limits are those of the likelihood ratio: twice its fall is chi-square's 95 % quantile."""
    p = np.array([0.02, 0.2, 0.7])
    counts = np.array([[930.0, 750, 330], [70, 250, 670]])

    def likelihood(e: float) -> float:
        q = (1 - 2 * e) * p + e
        return float((counts[1] * np.log(q) + counts[0] * np.log(1 - q)).sum())

    share, low, high = flip_share(counts, p)
    values = [likelihood(e) for e in SHARES]
    assert share == SHARES[int(np.argmax(values))]
    for limit, step in ((low, -0.002), (high, 0.002)):
        assert (
            2 * (max(values) - likelihood(limit))
            <= chi2.ppf(0.95, 1)
            < 2 * (max(values) - likelihood(limit + step))
        )
    assert np.diff(flip_share(counts, p, noise=4.0)[1:])[0] > 1.5 * (high - low)


def test_a_curve_learnt_from_outcomes_follows_them_where_a_logistic_one_does_not() -> None:
    rng = np.random.default_rng(5)
    middles = score_middles(1000)
    true = np.where(middles < 0.5, 0.1 + 0.2 * middles, 0.3 + 0.1 * middles)
    rows = rng.poisson(40, 1000)
    hits = rng.binomial(rows, true)
    p = recalibrate(np.stack([rows - hits, hits]).astype(float), 10, 3.0)
    assert np.average(np.abs(p - true), weights=rows) < 0.02
    assert np.isfinite(recalibrate(np.stack([rows, 0 * rows]).astype(float), 10, 3.0)).all()


def test_a_level_that_came_back_has_to_go_farther_to_be_told_again() -> None:
    sums = np.array([0.0, 6, 8, 0, 7, 0, 13, 0])
    days = [at(i) for i in range(9)]
    told = excursions(sums, 5.0, days[:8], days[1:], 1.5)
    assert told == [Excursion(at(2), at(1), at(3)), Excursion(at(7), at(6), at(7))]
    assert len(excursions(sums, 5.0, days[:8], days[1:])) == 3
