"""Since when a system has been a liability, by its log: not since somebody first looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from plumbline.domain import Requirement, Scorecard, Status, Verdict
from plumbline.governance.catalogue import catalogue, limits
from plumbline.governance.facts import Facts


def onset(
    card: Scorecard, facts: Facts, tightened: Mapping[str, Mapping[str, float]] | None = None
) -> datetime | None:
    """The earliest day in the log on which a mandatory control that fails began to.

    Args:
        tightened: the owner's stricter limits, control -> limit -> value.

    Returns:
        None where the verdict is no liability, or none of the controls that fail has a day in the log.
    """
    if card.verdict is not Verdict.LIABILITY:
        return None
    failing = {
        control.id
        for control in card.controls
        if control.status is Status.FAIL and control.requirement is Requirement.MANDATORY
    }
    days: dict[str, datetime | None] = {
        "MON-4": facts.performance_breach.since if facts.performance_breach else None,
        "MON-5": facts.drift_breach.since if facts.drift_breach else None,
        "MON-3": _age_limit_day(
            facts, limits(catalogue().control("MON-3"), card.tier, (tightened or {}).get("MON-3"))
        ),
    }
    return min((day for key, day in days.items() if day is not None and key in failing), default=None)


def _age_limit_day(facts: Facts, in_force: Mapping[str, float]) -> datetime | None:
    """The day on which the model passed the age limit."""
    limit = in_force.get("age_days")
    if facts.model_age_days is None or limit is None or facts.model_age_days <= limit:
        return None
    return facts.as_of - timedelta(days=facts.model_age_days - limit)
