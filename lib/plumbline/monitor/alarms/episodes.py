"""One problem from its first breach to its end, however often it dips back within its limit in between.

A value that has left its healthy level for good and lies about its limit is beyond it in one week and within it in the
next. That is one problem and not several. So an end takes more than a chunk within the limit, as a switch with two
levels does (Schmitt 1938): at least two chunks running, and two weeks, in which the value is *clear* of the limit,
half of the way back to the healthy level or further.

Whether a problem is over at a chunk depends on the chunks before it alone. Later ones never open again, split or join
what was told before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

#: how long a value has to stay clear of its limit before the problem is over, in time and in chunks
CALM, CALM_CHUNKS = timedelta(days=14), 2
#: share of the way from the limit back to the healthy level from which a value is clear of the limit
CLEAR = 0.5


def runs(flags: Sequence[bool]) -> list[range]:
    """Positions of each unbroken run of True."""
    results: list[range] = []
    first: int | None = None
    for place, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = place
        elif not flag and first is not None:
            results.append(range(first, place))
            first = None
    return results


def episodes(
    breached: Sequence[bool], clear: Sequence[bool], starts: Sequence[datetime], ends: Sequence[datetime]
) -> list[tuple[range, bool]]:
    """Positions from the first to the last breach of each problem, and whether it is over.

    Args:
        breached, clear: of each chunk, in order of time: beyond the limit, and clear of it; both is a breach.
        starts, ends: half-open bounds of each chunk; chunks may overlap, as weeks that begin anew every day do.
    """
    results: list[tuple[range, bool]] = []
    first = last = calm = None
    for place, beyond in enumerate(breached):
        if beyond:
            first, last, calm = place if first is None else first, place, None
        elif first is None or last is None or not clear[place]:
            calm = None
        else:
            calm = place if calm is None else calm
            if place + 1 - calm >= CALM_CHUNKS and ends[place] - starts[calm] >= CALM:
                results.append((range(first, last + 1), True))
                first = last = calm = None
    if first is not None and last is not None:
        results.append((range(first, last + 1), False))
    return results


def is_clear(value: float | None, limit: float | None, healthy: float | None) -> bool:
    """Whether a value lies half of the way from its limit back to the healthy level, or further.

    Where the healthy level is unknown, or not on a healthy side of the limit (an owner's floor that the reference
    itself misses), being within the limit is all that can be asked: the caller knows whether it is.
    """
    if value is None or limit is None or healthy is None:
        return True
    way, back = healthy - limit, value - limit
    return way == 0 or back / way >= CLEAR or back / way < 0
