"""The difference of two independent proportions, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.monitor.intervals import Z, wilson


@dataclass(frozen=True, slots=True)
class Difference:
    """``value`` = ``after`` - ``before`` (shares 0 to 1) with its 95 % interval, over n rows each."""

    before: float
    after: float
    value: float
    low: float
    high: float
    n_before: int
    n_after: int

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def difference(hits_before: int, n_before: int, hits_after: int, n_after: int) -> Difference | None:
    """Hybrid score interval of Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.

    None where either side has no rows.
    """
    if n_before <= 0 or n_after <= 0:
        return None
    lows, highs = wilson(np.array([hits_before, hits_after], float), np.array([n_before, n_after], float), Z)
    before, after = hits_before / n_before, hits_after / n_after
    value = after - before
    down = float(np.hypot(after - lows[1], highs[0] - before))
    up = float(np.hypot(highs[1] - after, before - lows[0]))
    return Difference(before, after, value, max(-1.0, value - down), min(1.0, value + up), n_before, n_after)
