"""Where each version was beside the one in charge: in a test, as a canary, as a shadow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from plumbline.domain import VersionHours
from plumbline.monitor.releases.champion import ChampionPeriod, Mask, deciding_rows, instant, moment
from plumbline.monitor.releases.history import stretches

#: a stretch with fewer decisions is a straggler, not an arm
FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengerPeriod:
    """A stretch in which a version decided without being in charge, or only looked on."""

    version: str
    role: Literal["beside", "shadow"]
    start: datetime
    end: datetime
    n: int


def presences(hours: VersionHours, spans: Sequence[ChampionPeriod]) -> tuple[ChallengerPeriod, ...]:
    """Every stretch of every version outside its own runs in charge, in order of time; holes up to a day bridged."""
    live = deciding_rows(hours)
    periods = []
    for version in sorted(set(hours.versions)):
        of_version = np.array([name == version for name in hours.versions], dtype=bool)
        in_charge = np.zeros(len(of_version), dtype=bool)
        for span in spans:
            if span.version == version:
                in_charge |= (hours.first >= instant(span.start)) & (hours.first <= instant(span.end))
        periods += _challenger_periods(hours, of_version & live & ~in_charge, version, "beside")
        periods += _challenger_periods(hours, of_version & ~live, version, "shadow")
    return tuple(sorted(periods, key=lambda p: (p.start, p.version)))


def _challenger_periods(
    hours: VersionHours, rows: Mask, version: str, role: Literal["beside", "shadow"]
) -> list[ChallengerPeriod]:
    if not rows.any():
        return []
    periods = []
    for start, end in stretches(hours.first[rows], hours.last[rows]):
        n = int(hours.n[rows & (hours.first >= start) & (hours.first <= end)].sum())
        if n >= FEWEST:
            periods.append(
                ChallengerPeriod(version=version, role=role, start=moment(start), end=moment(end), n=n)
            )
    return periods
