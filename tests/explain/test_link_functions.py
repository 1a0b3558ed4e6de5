"""Links between scores and contributions, against SciPy, and how close is close enough."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from plumbline.domain import Task
from plumbline.explain.link_functions import (
    IDENTITY,
    LOGIT,
    PERCENT,
    PERCENT_LOGIT,
    PROBABILITY,
    link_candidates,
    rounding_step,
    score_range,
    surrogate_link,
    tolerance,
)

SCORES = np.linspace(0.001, 0.999, 41)
B, R = Task.BINARY, Task.REGRESSION


def test_links_are_scipys_there_and_back() -> None:
    x = np.array([-800.0, -5, 0, 3.3, 900])
    assert LOGIT.back(x) == pytest.approx(expit(x), abs=1e-300)
    assert LOGIT.forward(SCORES) == pytest.approx(logit(SCORES))
    assert PERCENT_LOGIT.forward(100 * SCORES) == pytest.approx(logit(SCORES))
    assert PERCENT_LOGIT.back(x) == pytest.approx(100 * expit(x), abs=1e-300)
    assert PERCENT.forward(np.array([25.0])) == pytest.approx([0.25])
    assert PERCENT.back(np.array([0.25])) == pytest.approx([25.0])
    for link in (IDENTITY, PROBABILITY):
        np.testing.assert_array_equal(link.forward(x), x)
        np.testing.assert_array_equal(link.back(x), x)


@pytest.mark.filterwarnings("error")
def test_a_score_that_cannot_be_taken_there_is_not_a_number() -> None:
    found = LOGIT.forward(np.array([0.0, 1.0, -0.1, 1.1, np.nan, 0.5]))
    assert np.isnan(found[:5]).all()
    assert found[5] == 0.0
    assert np.isnan(PERCENT_LOGIT.forward(np.array([0.0, 100.0]))).all()


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ([0.0, 1.0], "unit"), ([0.2, np.nan], "unit"), ([0.2, 1.001], "percent"), ([0.0, 100.0], "percent"),
        ([0.0, 100.1], "free"), ([-0.001, 0.5], "free"), ([np.nan], "free"), ([], "free"), ([np.inf, 0.5], "unit"),
    ],
)  # fmt: skip
def test_the_range_of_scores_tells_what_they_are(scores: list[float], kind: str) -> None:
    held = np.array(scores)
    assert score_range(held) == kind
    candidates = {
        "unit": (PROBABILITY, LOGIT),
        "percent": (PERCENT, PERCENT_LOGIT, IDENTITY),
        "free": (IDENTITY,),
    }
    working = {"unit": LOGIT, "percent": PERCENT_LOGIT, "free": IDENTITY}
    assert link_candidates(held, B) == candidates[kind]
    assert link_candidates(held, R) == (IDENTITY,)
    assert surrogate_link(held, B) is working[kind]
    assert surrogate_link(held, R) is IDENTITY


@pytest.mark.parametrize("decimals", [0, 1, 4, 11])
def test_rounding_shows_from_twenty_scores_on(decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    scores = np.unique(np.round(rng.uniform(0, 60, 400), decimals))
    assert rounding_step(scores) == pytest.approx(10.0**-decimals)
    assert rounding_step(np.r_[scores, np.nan, scores]) == pytest.approx(10.0**-decimals)
    assert rounding_step(scores[:20]) > 0
    assert rounding_step(scores[:19]) == 0.0
    assert rounding_step(np.r_[scores, 0.123456789012345]) == 0.0


def test_twelve_decimals_are_no_rounding() -> None:
    assert rounding_step(np.round(np.random.default_rng(1).random(50), 12)) == 0.0
    assert rounding_step(np.round(np.random.default_rng(1).random(50), 11)) == pytest.approx(1e-11)


def test_close_enough_is_a_thousandth_of_the_scale_or_five_steps() -> None:
    fine = np.random.default_rng(3).random(500)
    assert tolerance(fine, B) == pytest.approx(1e-3)
    assert tolerance(100 * fine, B) == pytest.approx(0.1)
    assert tolerance(np.round(fine, 2), B) == pytest.approx(0.05)
    assert tolerance(np.round(100 * fine), B) == pytest.approx(5.0)
    free = 1000 * fine - 500
    assert tolerance(free, B) == pytest.approx(1e-3 * free.std(ddof=0), rel=2e-3)
    assert tolerance(fine, R) == pytest.approx(1e-3 * fine.std(ddof=0), rel=2e-3)
    assert tolerance(np.array([-3.0]), B) == 1e-3
    assert tolerance(np.full(30, -3.0), B) == 1e-3
