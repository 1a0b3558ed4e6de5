"""Money over all systems: measured losses add up with their limits, statements stand apart, chance adds nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from plumbline.answers.governance.portfolio import SystemRow, totals
from plumbline.domain import Verdict


def system_row(**stake: Any) -> SystemRow:
    return SystemRow(
        key="a", title="A", verdict=Verdict.LIABILITY, reason="", since=None, decisions=1, share=None,
        first_decision=None, last_decision=None, at_stake=stake,
    )  # fmt: skip


def loss(amount: float, half: float, currency: str = "EUR") -> SystemRow:
    return system_row(amount=amount, low=amount - half, high=amount + half, currency=currency)


def test_limits_of_a_sum_are_those_of_independent_losses() -> None:
    (total,) = totals(
        [
            loss(1000, 300),
            loss(500, 400),
            system_row(amount=10, low=-5, high=25, currency="EUR"),
            system_row(),
        ]
    )
    assert (total.measured, total.systems, total.stated) == (1500, 2, 0)
    draws = (
        np.random.default_rng(3).normal([1000, 500], np.array([300, 400]) / 1.96, (400_000, 2)).sum(axis=1)
    )
    low, high = np.quantile(draws, [0.025, 0.975])
    assert total.low == pytest.approx(low, abs=5)
    assert total.high == pytest.approx(high, abs=5)


def test_currencies_and_statements_stand_apart() -> None:
    rows = [
        loss(1000, 300),
        loss(9000, 1000, "SEK"),
        system_row(amount=200_000, source="stated", currency="EUR"),
    ]
    euro, krona = totals(rows)
    assert (euro.currency, euro.measured, euro.stated, euro.stated_systems) == ("EUR", 1000, 200_000, 1)
    assert (krona.currency, krona.measured, krona.low, krona.high) == ("SEK", 9000, 8000, 10_000)
    assert totals([]) == ()
