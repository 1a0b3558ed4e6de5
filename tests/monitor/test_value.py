"""Money lost since a change: the amount by hand, the interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from plumbline.domain import PlumblineError
from plumbline.monitor.performance import performance
from plumbline.monitor.value import money, money_at_stake, stated_stake

from .outcomes import at, classified, regressed

COST = {"currency": "EUR", "matrix": {"yes|yes": 10.0, "yes|no": -5.0}}
REFERENCE = (at(0), at(30))


def shop(rng: np.random.Generator, hit_after: float, days: int = 60, rows: int = 100):  # type: ignore[no-untyped-def]
    """Every decision is yes; 80 % hit before day 30."""
    day = np.repeat(np.arange(days), rows)
    true = (rng.random(len(day)) < np.where(day < 30, 0.8, hit_after)).astype(int)
    return day, np.ones(len(day), int), true


def test_the_amount_is_the_shortfall_times_all_decisions() -> None:
    day, predicted, true = shop(np.random.default_rng(1), 0.5)
    labelled = (day < 30) | (np.arange(len(day)) % 2 == 0)
    stake = money_at_stake(
        classified(day, predicted, true, labelled=labelled), COST, reference=REFERENCE, since=at(30)
    )
    assert stake is not None
    gain = np.where(true == 1, 10.0, -5.0)
    late = (day >= 30) & labelled
    assert stake.amount == pytest.approx((gain[day < 30].mean() - gain[late].mean()) * 3000)
    assert stake.decisions == 3000
    assert stake.certain
    assert stake.sentence.startswith("EUR 1")
    assert "3,000 decisions since" in stake.sentence


def test_the_interval_holds_the_truth_about_95_times_in_100() -> None:
    held = 0
    for seed in range(120):
        stake = money_at_stake(
            classified(*shop(np.random.default_rng(seed), 0.7)), COST, reference=REFERENCE, since=at(30)
        )
        assert stake is not None
        assert stake.low is not None
        assert stake.high is not None
        held += stake.low <= (0.8 - 0.7) * 15 * 3000 <= stake.high
    assert 0.9 <= held / 120 <= 0.99


def test_no_loss_is_said_to_be_none_or_chance() -> None:
    better = money_at_stake(
        classified(*shop(np.random.default_rng(1), 0.95)), COST, reference=REFERENCE, since=at(30)
    )
    assert better is not None
    assert better.amount < 0
    assert "no less than" in better.sentence


def test_over_and_under_prediction_cost_what_the_owner_says() -> None:
    day = np.repeat(np.arange(40), 50)
    true = np.full(len(day), 100.0)
    predicted = true + np.where(day < 30, 0.0, 30.0) + np.tile([1.0, -1.0], len(day) // 2)
    stake = money_at_stake(
        regressed(day, predicted, true), {"currency": "EUR", "over": 2.0, "under": 1.0},
        reference=REFERENCE, since=at(30),
    )  # fmt: skip
    assert stake is not None
    assert stake.before == pytest.approx(-(2 * 1 + 1 * 1) / 2)
    assert stake.after == pytest.approx(-60.0)
    assert stake.amount == pytest.approx((60 - 1.5) * 500)
    assert "In all they cost EUR 30,000; the reference's would have cost EUR 750." in stake.sentence


def test_value_is_a_series_like_any_other() -> None:
    profile = classified(*shop(np.random.default_rng(1), 0.5))
    points = performance(profile, reference=REFERENCE, by="week", metrics=["value"], cost=COST)
    assert points[0].value == pytest.approx(7, abs=0.5)
    assert points[-1].status == "breach"
    assert "value" in {p.metric for p in performance(profile, cost=COST)}
    assert "value" not in {p.metric for p in performance(profile)}


def test_a_stated_amount_is_passed_on_as_stated() -> None:
    stake = stated_stake({"at_stake": {"amount": 200_000, "currency": "EUR", "sentence": "The deal."}})
    assert stake is not None
    assert (stake.source, stake.amount, stake.sentence) == ("stated", 200_000, "The deal.")
    assert stated_stake({}) is None
    with pytest.raises(PlumblineError):
        stated_stake({"at_stake": {"currency": "EUR"}})


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (2_013_000, "EUR 2.01 million"),
        (48_321, "EUR 48,300"),
        (7.256, "EUR 7.26"),
        (0, "EUR 0.00"),
        (-950, "EUR -950"),
    ],
)
def test_money_has_its_currency_and_three_digits(amount: float, words: str) -> None:
    assert money(amount, "EUR") == words
