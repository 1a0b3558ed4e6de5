"""No loss is called one while its interval holds zero."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.monitor.performance.money_at_stake import NO_LOSS, StakeState, say_stake, stake_state


@pytest.mark.parametrize(
    ("stake", "state"),
    [
        ({}, StakeState.UNKNOWN),
        (NO_LOSS, StakeState.NONE),
        ({"source": "measured", "amount": 7690.0, "low": -8580.0, "high": 24000.0}, StakeState.UNPROVEN),
        ({"source": "measured", "amount": 7690.0, "low": 0.0, "high": 24000.0}, StakeState.UNPROVEN),
        ({"source": "measured", "amount": 7690.0, "low": None, "high": None}, StakeState.UNPROVEN),
        ({"source": "measured", "amount": 7690.0, "low": 1.0, "high": 24000.0}, StakeState.LOSS),
        ({"source": "stated", "amount": 200_000.0, "low": None}, StakeState.STATED),
    ],
)
def test_a_loss_needs_an_interval_without_zero(stake: dict[str, Any], state: StakeState) -> None:
    assert stake_state(stake) is state


@pytest.mark.parametrize(
    ("stake", "words"),
    [
        ({}, "not known"),
        (NO_LOSS, "no loss found"),
        ({"amount": 7690.0, "low": 1.0, "high": 24000.0, "currency": "EUR"}, "EUR 7,690"),
        ({"source": "stated", "amount": 200_000.0, "currency": "EUR"}, "EUR 200,000"),
        ({"amount": 7690.0, "low": None, "high": 9.0, "currency": "EUR"}, "no loss proven"),
        ({"amount": 7690.0, "low": -1.0, "high": None, "currency": "EUR"}, "no loss proven"),
        (
            {"amount": 7690.0, "low": -8580.0, "high": 24000.0, "currency": "EUR"},
            "no loss proven (EUR −8,580 to EUR 24,000)",
        ),
    ],
)
def test_an_amount_is_told_only_where_it_is_no_chance(stake: dict[str, Any], words: str) -> None:
    assert say_stake(stake) == words
