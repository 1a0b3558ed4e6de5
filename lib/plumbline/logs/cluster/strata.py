"""How a sample is drawn of the days and versions of a table: the same share of each, and of each a few at least.

A row is drawn where its hash lies below the share, or is among the ``least`` lowest of its day and version. Both
numbers only fall as the table grows, so that what is drawn look by look is what would be drawn at once. The rows beyond
the share (of days and versions with few decisions) are a tenth of the sample at most; ``SampleShare`` says how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt

import duckdb
import numpy as np

#: decisions by day (of the zone's clock) and version; a missing version is empty
Strata = Mapping[tuple[date, str], int]
#: rows that a day and version has at least, where it has so many
LEAST = 5
#: the part of the sample that may be beyond its share for that, and how full it is drawn when its share is lowered
BEYOND, FULL = 0.1, 0.95
#: a stratum of which this many times ``LEAST`` rows are to be expected has ``LEAST`` of them by chance alone
_PLENTY = 3


@dataclass(frozen=True, slots=True)
class SampleRule:
    """Which rows are drawn: those whose place among all hashes, in [0, 1), lies below ``share``, and of each day and
    version the ``least`` with the lowest hashes."""

    share: float
    least: int

    def reach(self, n: int) -> float:
        """Below which place the rows are looked at of a day and version with ``n`` decisions; that fewer than ``least``
        of them lie there happens once in a hundred million times."""
        return min(1.0, max(self.share, (self.least + 6 * sqrt(self.least) + 10) / max(n, 1)))


def sample_rule(size: int, strata: Collection[int], before: float = 1.0) -> SampleRule:
    """The rule by which at most ``size`` rows are drawn of so many decisions by day and version.

    Args:
        before: the share so far. It stays where it fits and never rises, as rows that were left out are not fetched.
    """
    n = np.array([*strata], np.float64)
    total = float(n.sum())
    if total <= size:
        return SampleRule(before, LEAST)
    least, beyond = _least(size, n)
    room = (
        size - beyond - 4 * sqrt(size)
    )  # chance adds more than four deviations once in thirty thousand times
    if before * total <= room:
        return SampleRule(before, least)
    return SampleRule(min(before, max(FULL * room, 0.0) / total), least)


def _least(size: int, n: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, float]:
    """How many rows each day and version has at least, and how many rows that takes at most."""
    expected = n * (size / n.sum())
    for least in range(LEAST, 0, -1):
        beyond = float(np.minimum(n, least)[expected < _PLENTY * least].sum())
        if beyond <= BEYOND * size:
            return least, beyond
    return 0, 0.0


def counted_strata(cursor: duckdb.DuckDBPyConnection, key: str) -> dict[tuple[date, str], int]:
    """Decisions of a system by day and version, as they are counted."""
    rows = cursor.execute(
        "SELECT day, version, sum(n) FROM profile_presence WHERE system = ? GROUP BY 1, 2 ORDER BY 1, 2",
        [key],
    ).fetchall()
    return {(row[0], str(row[1])): int(row[2]) for row in rows}


def merged_strata(one: Strata, other: Strata) -> dict[tuple[date, str], int]:
    """Two together."""
    return dict(Counter(one) + Counter(other))
