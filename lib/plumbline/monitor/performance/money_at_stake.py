"""What may be said of the money at stake: a loss, a loss that chance could have made, none, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from plumbline.wording import numbers
from plumbline.wording.language import phrase


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


def say_stake(at_stake: Mapping[str, Any]) -> str:
    """A scorecard's money at stake in a few words; an amount only where it is no chance."""
    state, currency = stake_state(at_stake), str(at_stake.get("currency", ""))
    if state is StakeState.UNKNOWN:
        return phrase("not known")
    if state is StakeState.NONE:
        return phrase("no loss found")
    if state is not StakeState.UNPROVEN:
        return numbers.money(float(at_stake["amount"]), currency)
    low, high = at_stake.get("low"), at_stake.get("high")
    if low is None or high is None:
        return phrase("no loss proven")
    return phrase(
        "no loss proven ({low} to {high})",
        low=numbers.money(float(low), currency),
        high=numbers.money(float(high), currency),
    )
