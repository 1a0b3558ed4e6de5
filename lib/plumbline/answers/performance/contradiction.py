"""Whether outcomes contradict the score more often than in the reference."""

from __future__ import annotations

from datetime import datetime

from plumbline.domain import DelayProfile, OutcomeProfile, System
from plumbline.monitor.alarms.contradiction import Contradiction, contradictions
from plumbline.profile.read import profiles
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.store.workspace import Cursor


def score_contradictions(
    cursor: Cursor, system: System, profile: OutcomeProfile, delay: DelayProfile, now: datetime
) -> tuple[Contradiction, ...]:
    """Every time that they did; nothing where there is no score in [0, 1] or the reference holds too little.

    Args:
        profile: the system's outcomes by day; they are read anew by version where there are several.
        delay: how late outcomes come.
    """
    if system.reference is None or not profile.score_cells.shape[2]:
        return ()
    if len(set(profiles.version_hours(cursor, system).versions)) > 1:
        profile = outcome_profile(cursor, system, by_version=True)
    return contradictions(profile, reference=system.reference, delay=delay, today=now)
