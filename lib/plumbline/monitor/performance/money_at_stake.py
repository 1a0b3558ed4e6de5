"""What may be said of the money at stake: a loss, a loss that chance could have made, none, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class StakeState(StrEnum):
    """How sure the money at stake is."""

    UNKNOWN = "unknown"  # nobody said what decisions are worth, or the log cannot be compared
    NONE = "none"  # no span of the log lost money against the reference
    UNPROVEN = "unproven"  # the interval of the loss holds zero, or there is none
    LOSS = "loss"  # the whole interval is a loss
    STATED = "stated"  # the owner's word, not measured


#: a scorecard's money where decisions have a stated worth and no span lost any
NO_LOSS: Mapping[str, Any] = {"state": StakeState.NONE.value}


def stake_state(stake: Mapping[str, Any]) -> StakeState:
    """The state of a scorecard's ``at_stake``: the fields of ``value.Stake``, ``NO_LOSS``, or nothing."""
    if stake.get("amount") is None:
        return StakeState.NONE if stake.get("state") == StakeState.NONE else StakeState.UNKNOWN
    if stake.get("source") == "stated":
        return StakeState.STATED
    low = stake.get("low")
    return StakeState.LOSS if low is not None and float(low) > 0 else StakeState.UNPROVEN
