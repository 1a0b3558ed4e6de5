"""No loss is called one while its interval holds zero."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.monitor.performance.money_at_stake import NO_LOSS, StakeState, stake_state


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
