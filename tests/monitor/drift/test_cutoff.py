"""Decisions that left the score's cut-off: on logs whose change is known, and on quiet ones that are not kind."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from plumbline.monitor.drift.cutoff import best_cut_off, chance, cutoff_findings, roundest_number
from tests.bench.detection.cutoffs import QUIET, cut_of, left, overrides, since_of
from tests.bench.detection.shifts import drawn
from tests.bench.detection.worlds import NO, YES


@pytest.mark.parametrize("hook", [None, overrides(0.02)])
def test_a_release_that_lowers_the_cutoff_is_found_in_days_and_named_with_the_new_one(hook: object) -> None:
    for seed in range(3):
        log = drawn("fifty-five", seed, "cut-off")
        (found,) = left(log, hook)  # type: ignore[arg-type]
        assert timedelta(0) < found.at - since_of(log) <= timedelta(days=10)
        assert abs(found.since - since_of(log)) <= timedelta(days=2)
        assert (found.was, found.until, found.lower, found.version) == (0.5, None, True, "1.1")
        assert found.now == pytest.approx(0.35, abs=0.02)
        (finding,) = cutoff_findings("s", [found])
        assert finding.sentence.startswith("Decisions follow a cut-off of about 0.3")
        assert "before 0.5: " in finding.sentence
        assert "version 1.1" in finding.sentence


def test_a_cutoff_that_rises_without_a_release_is_found_and_names_no_version() -> None:
    log = drawn("independent", 1, "stricter")
    (found,) = left(log)
    assert found.at - since_of(log) <= timedelta(days=4)
    assert (found.lower, found.version) == (False, "")
    assert found.now == pytest.approx(0.7, abs=0.02)


def test_scores_that_double_while_answers_stay_are_found() -> None:
    log = drawn("fifty-five", 2, "calibration-2")
    (found,) = left(log)
    assert found.at - since_of(log) <= timedelta(days=5)
    assert not found.lower


def test_scores_and_answers_that_move_together_leave_no_cutoff() -> None:
    assert left(drawn("fifty-five", 0, "scores-0.7")) == ()


def test_a_change_that_is_taken_back_is_over() -> None:
    log = drawn("independent", 3)
    at = log.frame["at"].min().normalize()
    inside = log.frame["at"].between(at + np.timedelta64(120, "D"), at + np.timedelta64(150, "D"))
    moved = np.where(log.frame["score"] >= 0.3, YES, NO)
    log.frame["prediction"] = np.where(inside, moved, log.frame["prediction"])
    (found,) = left(log)
    assert found.until is not None
    assert abs((found.until - found.since) - timedelta(days=30)) <= timedelta(days=9)


@pytest.mark.parametrize("name", QUIET)
@pytest.mark.parametrize("kind", ["fifty-five", "few"])
def test_quiet_logs_raise_nothing(kind: str, name: str) -> None:
    assert [f.sentence for seed in range(2) for f in left(drawn(kind, seed), QUIET[name])] == []


@pytest.mark.parametrize("name", ["no cut", "by segment"])
def test_answers_that_are_no_step_of_the_score_have_no_cutoff(name: str) -> None:
    hook = QUIET[name]
    assert hook is not None
    assert cut_of(hook(drawn("independent", 0).frame, np.random.default_rng(0))) is None


def test_chance_is_the_conditional_law_of_two_counts() -> None:
    for k, n, then, of in ((3, 100, 2, 900), (1, 55, 0, 3000), (12, 385, 31, 3080)):
        exact = stats.binom.sf(k - 1, k + then, n / (n + of))
        assert chance(k, n, then, of) == pytest.approx(exact, rel=1e-9)
    assert chance(0, 55, 3, 3000) == 1.0


def test_the_best_cut_has_the_fewest_exceptions_of_all() -> None:
    random = np.random.default_rng(4)
    scores = np.unique(random.random(80).round(3))
    answers = random.integers(0, 3, (len(scores), 2))
    answers[:, 1] += (scores > 0.6) * 4
    found = best_cut_off(scores, answers)
    assert found is not None
    every = [answers[scores < c, 1].sum() + answers[scores >= c, 0].sum() for c in scores[1:]]
    assert found.exceptions == min(every)
    turned = best_cut_off(scores, answers[:, ::-1])
    assert turned is not None
    assert (turned.upper, turned.exceptions) == (False, found.exceptions)


def test_the_roundest_number_of_a_gap() -> None:
    assert roundest_number(0.4996, 0.5003) == 0.5
    assert roundest_number(0.341, 0.3561) == 0.35
    assert roundest_number(0.5, 0.500001) == pytest.approx(0.500001, rel=1e-6)
    assert roundest_number(2.0, 2.0) == 2.0
