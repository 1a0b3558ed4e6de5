"""Estimates against what the labels say later, against brute force on raw scores, and where they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression

from plumbline.domain import OutcomeProfile, PointStatus
from plumbline.monitor.estimate import cbpe_binary
from plumbline.monitor.estimate.cbpe_binary import estimate
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.performance.selective_labels import selection
from plumbline.monitor.performance.series import performance
from tests.monitor.outcomes import at, classified, day, regressed

DATA = Path(__file__).parents[3].parent / "shared" / "data"
REFERENCE = (at(0), at(84))
DAYS, ROWS = 168, 60


def system(
    seed: int,
    *,
    harder: float = 0.0,
    honest: bool = True,
    flipped: float = 0.0,
    known: int = DAYS,
    rows: int = ROWS,
) -> OutcomeProfile:
    """Twelve healthy weeks, then twelve in which inputs come ``harder`` (scores nearer one half) and a share
    ``flipped`` of the truths turns over; labels are in up to day ``known``. Not ``honest``: the logged score
    is a distortion of the true probability."""
    rng = np.random.default_rng(seed)
    day_of = np.repeat(np.arange(DAYS), rows)
    late = day_of >= 84
    p = 1 / (1 + np.exp(-rng.normal(0, np.where(late, 3.0 * (1 - harder), 3.0))))
    true = (rng.random(len(p)) < p).astype(int)
    true = np.where(late & (rng.random(len(p)) < flipped), 1 - true, true)
    score = p if honest else p**2 / (p**2 + (1 - p) ** 2)
    return classified(day_of, (score >= 0.5).astype(int), true, score, labelled=day_of < known)


def pairs(profile: OutcomeProfile, name: str):  # type: ignore[no-untyped-def]
    kwargs = {"reference": REFERENCE, "by": "week", "metrics": [name]}
    return list(zip(estimate(profile, **kwargs), performance(profile, **kwargs), strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["accuracy", "precision", "recall", "f1", "matthews_corrcoef", "roc_auc", "average_precision",
             "log_loss", "brier"],
)  # fmt: skip
@pytest.mark.parametrize("honest", [True, False])
def test_the_band_holds_what_the_labels_say_later(name: str, honest: bool) -> None:
    held = [
        guess.low <= real.value <= guess.high
        for seed in range(4)
        for guess, real in pairs(system(seed, harder=0.5, honest=honest), name)
    ]
    assert np.mean(held) >= 0.9


def test_an_estimate_is_the_mean_certainty_of_calibrated_scores() -> None:
    """By brute force: isotonic regression on the reference's rows, then the mean of max(p, 1 - p)."""
    rng = np.random.default_rng(5)
    day_of = np.repeat(np.arange(DAYS), ROWS)
    p = 1 / (1 + np.exp(-rng.normal(0, 2, len(day_of))))
    true = (rng.random(len(p)) < p).astype(int)
    score = (np.floor(p**2 * 200) + 0.5) / 200
    predicted = (score >= 0.4).astype(int)
    profile = classified(day_of, predicted, true, score, cells=200)
    own = day_of < 84
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score[own], true[own])
    week = (day_of >= 84) & (day_of < 91)
    certainty = fitted.predict(score[week])
    brute = np.where(predicted[week] == 1, certainty, 1 - certainty).mean()
    found = {p.start: p for p in estimate(profile, reference=REFERENCE, by="week", metrics=["accuracy"])}
    assert found[at(84)].value == pytest.approx(brute, abs=1e-9)


def test_it_warns_before_the_labels_are_in() -> None:
    profile = system(1, harder=0.8, known=84, rows=200)
    guesses = estimate(profile, reference=REFERENCE, by="week", metrics=["accuracy"])
    later = [p for p in guesses if p.start >= at(84)]
    assert {p.status for p in later} == {PointStatus.BREACH}
    assert all(p.estimated and p.n == 1400 for p in later)
    realised = performance(profile, reference=REFERENCE, by="week", metrics=["accuracy"])
    assert {p.status for p in realised if p.start >= at(84)} == {PointStatus.UNKNOWN}


def test_a_stationary_system_raises_no_breach() -> None:
    breached = sum(
        p.status is PointStatus.BREACH
        for seed in range(8)
        for p in estimate(system(seed, known=84), reference=REFERENCE, by="week")
    )
    assert breached == 0


def test_a_short_reference_knows_its_calibration_less_well() -> None:
    """400 rows of ten days, a score that is too steep: of 70 later weeks 0.70 lay in the band of sampling alone."""
    held = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        days = np.repeat(np.arange(59), 40)
        x = rng.normal(-1, 1.5, len(days))
        true = (rng.random(len(days)) < 1 / (1 + np.exp(-x))).astype(int)
        profile = classified(days, (x > 0).astype(int), true, 1 / (1 + np.exp(-1.6 * x)))
        asked = {"reference": (at(0), at(10)), "by": "week", "metrics": ["accuracy", "roc_auc", "brier"]}
        real = {(p.metric, p.start): p.value for p in performance(profile, **asked)}  # type: ignore[arg-type]
        for guess in estimate(profile, **asked):  # type: ignore[arg-type]
            value = real[guess.metric, guess.start]
            if (
                guess.start >= at(14)
                and guess.low is not None
                and guess.high is not None
                and value is not None
            ):
                held.append(guess.low <= value <= guess.high)
    assert len(held) >= 120
    assert np.mean(held) >= 0.9


def test_it_refuses_once_the_relation_has_changed() -> None:
    guesses = estimate(system(2, flipped=0.3, rows=200), reference=REFERENCE, by="week", metrics=["accuracy"])
    late = [p for p in guesses if p.start >= at(84)]
    assert {p.status for p in late} == {PointStatus.UNKNOWN}
    assert "concept drift" in late[0].note
    assert PointStatus.UNKNOWN not in {p.status for p in guesses if p.start < at(84)}


def refused() -> dict[str, OutcomeProfile]:
    rng = np.random.default_rng(3)
    days, zeros = np.repeat(np.arange(DAYS), 10), np.zeros(DAYS * 10, int)
    coin = rng.integers(0, 2, len(days))
    return {
        "299 labelled": classified(days, coin, coin, coin * 0.8 + 0.1, labelled=np.arange(len(days)) < 299),
        "No score": classified(days, coin, coin),
        "one class": classified(days, zeros, zeros, rng.random(len(days))),
        "do not follow": classified(days, coin, coin, rng.random(len(days))),
        "binary systems": regressed(days, coin + rng.random(len(days)), coin * 1.0),
    }


@pytest.mark.parametrize("why", refused())
def test_it_refuses_and_says_why(why: str) -> None:
    guesses = estimate(refused()[why], reference=REFERENCE, by="month")
    assert guesses
    assert {p.status for p in guesses} == {PointStatus.UNKNOWN}
    assert all(why in p.note and p.value is None and p.estimated for p in guesses)


def granted_alone(seed: int, later: float, *, override: float = 0.0) -> OutcomeProfile:
    """Outcomes of the granted alone (and of a share of the refused), from 0.5 on and from ``later`` on after twelve
    weeks; below 0.5 the score promises far too much, which nobody sees."""
    rng = np.random.default_rng(seed)
    day_of = np.repeat(np.arange(DAYS), 200)
    score = rng.random(len(day_of))
    predicted = (score >= np.where(day_of < 84, 0.5, later)).astype(int)
    true = (rng.random(len(score)) < np.where(score < 0.5, score / 3, score)).astype(int)
    labelled = (predicted == 1) | (rng.random(len(score)) < override)
    return classified(day_of, predicted, true, score, labelled=labelled)


def test_where_only_the_granted_have_outcomes_estimates_are_of_them_and_say_so() -> None:
    profile = granted_alone(1, 0.7)
    chosen = selection(profile)
    asked = {"reference": REFERENCE, "by": "week"}
    found = estimate(profile, selected=chosen, **asked)  # type: ignore[arg-type]
    real = {(p.metric, p.start): p for p in performance(profile, **asked)}  # type: ignore[arg-type]
    for point in found:
        if point.metric in ("recall", "roc_auc", "specificity"):
            assert point.value is None
            assert "no " in point.note.lower()
            assert point.status is PointStatus.UNKNOWN
        elif point.metric in ("accuracy", "precision", "brier"):
            assert "yes alone" in point.note
            assert point.value is not None
            assert point.value == pytest.approx(real[point.metric, point.start].value, abs=0.06)
            assert point.n == real[point.metric, point.start].n
    assert {p.metric for p in found} >= {"accuracy", "precision", "recall"}


def test_a_cut_off_that_falls_below_what_the_reference_knows_has_no_estimate() -> None:
    profile = granted_alone(2, 0.3)
    found = estimate(
        profile, reference=REFERENCE, by="week", metrics=["accuracy"], selected=selection(profile)
    )
    for point in found:
        later = point.start >= REFERENCE[1]
        assert (point.value is None) is later
        assert ("the reference has no outcome" in point.note) is later


def test_where_some_of_the_refused_were_granted_at_random_all_are_estimated() -> None:
    profile = granted_alone(3, 0.3, override=0.1)
    chosen = selection(profile)
    assert chosen is not None
    assert not chosen.is_one_sided
    found = estimate(profile, reference=REFERENCE, by="week", metrics=["accuracy"], selected=chosen)
    assert all(point.value is not None and point.n == 1400 for point in found)
    assert {point.status for point in found if point.start < REFERENCE[1]} == {PointStatus.OK}
    assert PointStatus.BREACH in {point.status for point in found if point.start >= REFERENCE[1]}


@pytest.mark.reallogs
@pytest.mark.skipif(not DATA.exists(), reason="the real logs are not here")
def test_car_loan_estimates_are_near_the_realised_months() -> None:
    """The sample NannyML shows CBPE on: after April 2019 the estimate falls with the realised accuracy."""
    old = pd.read_parquet(DATA / "car-loan" / "reference.parquet")
    new = pd.read_parquet(DATA / "car-loan" / "analysis.parquet").merge(
        pd.read_parquet(DATA / "car-loan" / "targets.parquet"), on="id"
    )
    rows = pd.concat([old, new])
    first = pd.Timestamp(day(0))
    numbers = (pd.to_datetime(rows["timestamp"]).dt.normalize() - first).dt.days.to_numpy()
    profile = classified(
        numbers,
        rows["y_pred"].to_numpy(int),
        rows["repaid"].to_numpy(int),
        rows["y_pred_proba"].to_numpy(float),
    )
    reference = (at(int(numbers.min())), at(int(numbers[len(old)])))
    found = estimate(profile, reference=reference, by="month", metrics=["accuracy", "roc_auc"])
    guesses = {p.start.strftime("%Y-%m"): p for p in found if p.metric == "accuracy"}
    areas = {p.start.strftime("%Y-%m"): p for p in found if p.metric == "roc_auc"}
    truth = json.loads((DATA / "car-loan" / "truth.json").read_text("utf-8"))["by_month"]["by"]
    for month, facts in truth.items():
        assert guesses[month].value == pytest.approx(facts["accuracy"], abs=0.012), month
        if facts["n"] > 1000:  # October 2018 is the reference's but for 207 rows
            assert areas[month].value == pytest.approx(facts["roc_auc"], abs=0.01), month


def test_what_calibrations_differ_by_is_the_jackknifes_and_a_bias_that_falls_with_rows() -> None:
    """A figure of level + c n^(-2/3), each fold with its own noise: the bias of the whole is c (Shao and Tu 1995)."""
    one = METRICS["accuracy"]
    folds, level, bias = 5, 0.7, 0.02
    noise = np.array([0.01, -0.02, 0.03, -0.01, -0.01])
    values = [*(level + bias * (1 - 1 / folds) ** (-2 / 3) + noise), level + bias]

    def counts(share: float) -> Counts:
        held = counts_of(classified(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int)))
        confusion = np.array([[[share, 1 - share], [0.0, 0.0]]]) * 1e6
        return replace(held, confusion=confusion, labelled=np.array([1e6]))

    jackknifed, doubted = cbpe_binary._spread(one, tuple(map(counts, values)), np.array([level + bias]))
    assert jackknifed[0] == pytest.approx(np.sqrt((folds - 1) / folds * (noise**2).sum()))
    assert doubted[0] == pytest.approx(bias)
    _, apart = cbpe_binary._spread(one, tuple(map(counts, values)), np.array([level + bias + 0.05]))
    assert apart[0] == pytest.approx(np.hypot(0.05, bias))
    none = cbpe_binary._spread(one, tuple(map(counts, values[:2])), np.zeros(3))
    assert [x.tolist() for x in none] == [[0, 0, 0]] * 2
