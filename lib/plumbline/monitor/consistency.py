"""Whether the same input gets the same answer: decisions with identical features and version."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.domain import PointStatus, Repeats
from plumbline.monitor.intervals import wilson

#: largest share of repeats that may get another answer
LIMIT = 0.001
#: with fewer repeats nothing is said
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Consistency:
    """The share of repeats whose outputs differ, 0 to 1, with its 95 % Wilson interval.

    ``n``: decisions that share features and version with another one; ``conflicting``: those of them in
    groups whose outputs differ. ``share`` and its limits are None where there is no repeat at all.
    """

    share: float | None
    low: float | None
    high: float | None
    n: int
    conflicting: int
    status: PointStatus
    sentence: str


def consistency(repeats: Repeats, *, limit: float = LIMIT, fewest: int = FEWEST) -> Consistency:
    """Judge repeats against the largest share of conflicting ones.

    Breach: the whole interval is above ``limit``; watch: only the share itself; unknown: fewer than
    ``fewest`` repeats. Repeats of one group are taken as independent, so the interval is on the narrow
    side where groups are large.
    """
    n, conflicting = repeats.decisions, repeats.conflicting
    if n == 0:
        sentence = "No input occurs twice with the same version, so consistency cannot be told."
        return Consistency(None, None, None, 0, 0, PointStatus.UNKNOWN, sentence)
    lows, highs = wilson(np.array([float(conflicting)]), np.array([float(n)]))
    share, low, high = conflicting / n, float(lows[0]), float(highs[0])
    if n < fewest:
        status = PointStatus.UNKNOWN
        sentence = f"Only {n:,} decisions repeat an input; {fewest} are needed, {fewest - n} more."
        return Consistency(share, low, high, n, conflicting, status, sentence)
    status = PointStatus.BREACH if low > limit else PointStatus.WATCH if share > limit else PointStatus.OK
    if conflicting == 0:
        sentence = f"All {n:,} decisions that repeat an input got the same answer from the same version."
    else:
        sentence = (
            f"{conflicting:,} of {n:,} decisions that repeat an input ({100 * share:.2g} %, 95 % interval "
            f"{100 * low:.2g} to {100 * high:.2g} %) got another answer from the same version; "
            f"the limit is {100 * limit:.2g} %."
        )
    return Consistency(share, low, high, n, conflicting, status, sentence)
