"""Money lost since a change: the amount by hand, the interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from plumbline.domain import OutcomeProfile, PlumblineError
from plumbline.monitor.performance.money import (
    SEARCHED,
    _sentence,
    _total_cost_note,
    money,
    money_at_stake,
    stated_stake,
)
from plumbline.monitor.performance.series import performance
from tests.monitor.outcomes import at, classified, counted, regressed, wandering

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
    for seed in range(200):
        stake = money_at_stake(
            classified(*shop(np.random.default_rng(seed), 0.7)), COST, reference=REFERENCE, since=at(30)
        )
        assert stake is not None
        assert stake.low is not None
        assert stake.high is not None
        held += stake.low <= (0.8 - 0.7) * 15 * 3000 <= stake.high
    assert 0.91 <= held / 200 <= 0.99


def wandering_value(seed: int, kept: float) -> OutcomeProfile:
    """120 days of 500 decisions whose accuracy of 88 % is 0.3 off a day in logits; nothing ever changes."""
    rng = np.random.default_rng(seed)
    level = expit(logit(0.88) + 0.3 * wandering(rng, 120, kept))
    return counted(rng.binomial(500, level), np.full(120, 500))


WRONG = {"currency": "EUR", "matrix": {"yes|no": -5.0, "no|yes": -50.0}}


@pytest.mark.parametrize(("kept", "least"), [(0.5, 0.92), (0.8, 0.89)])
def test_days_that_follow_each_other_lose_nothing_for_certain(kept: float, least: float) -> None:
    """100 systems in which nothing is lost: 0.80 and 0.54 of the intervals held zero while days were drawn alone."""
    held = 0
    for seed in range(100):
        stake = money_at_stake(
            wandering_value(seed, kept), WRONG, reference=(at(0), at(60)), since=at(60), until=at(88)
        )
        assert stake is not None
        assert stake.low is not None
        assert stake.high is not None
        held += stake.low <= 0 <= stake.high
    assert held >= 100 * least


def test_a_day_that_was_searched_for_is_allowed_for() -> None:
    """The worst of 53 days, of 80 systems in which nothing is lost: it was lost for certain in 0.41 of them."""
    certain = 0
    for seed in range(80):
        profile = wandering_value(seed, 0.8)
        values = np.array([
            p.value for p in performance(profile, by="day", metrics=["value"], cost=WRONG)
        ])  # fmt: skip
        since = 60 + int(np.argmin([values[i:].mean() - values[:i].mean() for i in range(60, 113)]))
        stake = money_at_stake(profile, WRONG, reference=(at(0), at(60)), since=at(since), searched=True)
        assert stake is not None
        certain += stake.certain and stake.amount > 0
    assert certain <= 7


def test_what_the_search_adds_is_andrews_value() -> None:
    """The largest standard normal difference of before and after over the middle nine tenths of white noise."""
    rng = np.random.default_rng(1)
    n, logs = 1000, 2000
    path = np.cumsum(rng.normal(size=(logs, n)), axis=1)
    place = np.arange(n // 20, n - n // 20)
    share = (place + 1) / n
    bridge = (path[:, place] - share * path[:, -1:]) / np.sqrt(n)
    largest = np.abs(bridge / np.sqrt(share * (1 - share))).max(1)
    assert np.quantile(largest, 0.95) == pytest.approx(SEARCHED, abs=0.08)


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
    stake = stated_stake({"amount": 200_000, "currency": "EUR", "sentence": "The deal."})
    assert stake is not None
    assert (stake.source, stake.amount, stake.sentence) == ("stated", 200_000, "The deal.")
    assert stated_stake(None) is None
    with pytest.raises(PlumblineError):
        stated_stake({"currency": "EUR"})


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


@pytest.mark.parametrize(("values", "sentence"), [
    ((1230.0, 10.0, 2460.0, "EUR", None), "EUR 1,230 lost over 5,000 decisions since 4 February 2026 against the "
     "reference (95 % interval EUR 10 to EUR 2,460)."),
    ((1230.0, 0.0, 2470.0, "EUR", None), "EUR 1,230 lost over 5,000 decisions since 4 February 2026 against the "
     "reference (95 % interval EUR 0.00 to EUR 2,470), which may be chance."),
    ((1230.0, None, None, "", 40), "1,230 lost over 5,000 decisions from 4 February 2026 to 14 February 2026 against "
     "the reference; too few days for an interval."),
    ((0.0, -5.0, 5.0, "EUR", None),
     "5,000 decisions since 4 February 2026 were worth no less than the reference's."),
    ((-7.0, -9.0, -5.0, "EUR", None),
     "5,000 decisions since 4 February 2026 were worth no less than the reference's."),
])  # fmt: skip
def test_a_loss_is_said_with_its_interval_and_whether_it_may_be_chance(
    values: tuple[float, float | None, float | None, str, int | None], sentence: str
) -> None:
    amount, low, high, currency, until = values
    said = _sentence(amount, low, high, currency, at(30), None if until is None else at(until), 5000.0)
    assert str(said) == sentence


def test_what_decisions_cost_in_all_is_said_where_they_cost_something_when_healthy() -> None:
    assert (
        str(_total_cost_note(20.0, -120.0, "EUR"))
        == "In all they cost EUR 120; the reference's would have cost EUR 100."
    )
    for amount, worth in ((0.0, -120.0), (20.0, 0.0), (20.0, 50.0)):
        assert not _total_cost_note(amount, worth, "EUR")
