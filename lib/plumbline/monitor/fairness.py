"""Are groups treated alike: rates of the favourable outcome by protected group, and their ratio to the best.

The ratio's interval is Katz's (Katz et al. 1978, Biometrics 34): the logarithm of a ratio of two
proportions is about normal with variance (1-p1)/x1 + (1-p0)/x0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plumbline.profile.groups import GroupOutcomes

Z95 = 1.959963984540054
LEAST_ROWS = 30  # a smaller group is named, not judged


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group's rates; ``ratio`` to the group with the highest rate of at least 30 decisions.

    ``error_gap``: the largest difference, 0 to 1, of true or false positive rate to that group.
    None: too few rows to say.
    """

    attribute: str
    group: str
    n: int
    rate: float
    ratio: float | None
    low: float | None
    high: float | None
    error_gap: float | None


def katz(x1: int, n1: int, x0: int, n0: int, z: float = Z95) -> tuple[float, float, float]:
    """Ratio of two proportions x1/n1 over x0/n0 with its interval.

    Returns:
        ratio, low, high. With no event in the first group the ratio is 0 and the upper limit comes from
        adding half an event to either side.
    """
    ratio = (x1 / n1) / (x0 / n0)
    a, b, c, d = (x1, n1, x0, n0) if x1 else (x1 + 0.5, n1 + 0.5, x0 + 0.5, n0 + 0.5)
    spread = z * math.sqrt(max(1 / a - 1 / b, 0) + max(1 / c - 1 / d, 0))
    middle = (a / b) / (c / d)
    return ratio, middle * math.exp(-spread) if x1 else 0.0, middle * math.exp(spread)


def group_rates(attribute: str, groups: Sequence[GroupOutcomes]) -> tuple[GroupRates, ...]:
    """Rates of every group of one attribute, in the order given."""
    judged = [group for group in groups if group.n >= LEAST_ROWS]
    best = max(judged, key=lambda group: group.positives / group.n, default=None)
    made = []
    for group in groups:
        ratio = low = high = gap = None
        if best is not None and group.n >= LEAST_ROWS and best.positives > 0:
            ratio, low, high = (
                (1.0, 1.0, 1.0) if group is best else katz(group.positives, group.n, best.positives, best.n)
            )
            gap = _error_gap(group, best)
        made.append(
            GroupRates(attribute, group.group, group.n, group.positives / group.n, ratio, low, high, gap)
        )
    return tuple(made)


def _error_gap(group: GroupOutcomes, best: GroupOutcomes) -> float | None:
    gaps = []
    for ours, theirs in (
        ((group.tp, group.tp + group.fn), (best.tp, best.tp + best.fn)),  # true positive rate
        ((group.fp, group.fp + group.tn), (best.fp, best.fp + best.tn)),  # false positive rate
    ):
        if min(ours[1], theirs[1]) >= LEAST_ROWS:
            gaps.append(abs(ours[0] / ours[1] - theirs[0] / theirs[1]))
    return max(gaps, default=None)
