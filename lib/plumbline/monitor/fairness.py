"""Are groups treated alike: rates of the favourable outcome by protected group, and their ratio to the best.

The ratio's interval is Katz's (Katz et al. 1978, Biometrics 34): the logarithm of a ratio of two
proportions is about normal with variance (1-p1)/x1 + (1-p0)/x0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plumbline.domain import FloatArray, PointStatus
from plumbline.monitor.intervals import wilson
from plumbline.monitor.multiplicity import benjamini_hochberg
from plumbline.monitor.proportions import difference
from plumbline.profile.grouped import GroupCounts
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


#: measure -> (events, rows) of a group's counts
MEASURES: dict[str, Callable[[GroupOutcomes], tuple[int, int]]] = {
    "positive_rate": lambda g: (g.positives, g.n),
    "true_positive_rate": lambda g: (g.tp, g.tp + g.fn),
    "false_positive_rate": lambda g: (g.fp, g.fp + g.tn),
    "precision": lambda g: (g.tp, g.tp + g.fp),
}
#: measures whose differences are held against ``GAP``
ERRORS = ("true_positive_rate", "false_positive_rate")
FOUR_FIFTHS, GAP, FALSE_DISCOVERY = 0.8, 0.1, 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with Wilson's interval, over n rows."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A group against the most favoured one: a ratio (Katz) or a difference (Newcombe) with its interval.

    ``p``: two proportions, pooled; ``q``: after Benjamini and Hochberg over everything compared together.
    """

    value: float
    low: float
    high: float
    p: float
    q: float
    status: PointStatus


@dataclass(frozen=True, slots=True)
class Judged:
    """One group: its rates, and how it fares against the most favoured group of the same attributes.

    ``rates``: by measure, where at least one row is behind it. ``ratio`` and ``gaps`` are None or empty for the
    most favoured group itself (``best``) and for groups under 30 rows. ``calibration``: the mean score less
    the share that came true; ``ece``: the mean over score cells of their distance.
    """

    attributes: tuple[str, ...]
    levels: tuple[str, ...]
    n: int
    labelled: int
    rates: dict[str, Rate]
    favourable: Rate
    best: bool
    ratio: Compared | None
    gaps: dict[str, Compared]
    calibration: Rate | None
    ece: float | None

    @property
    def small(self) -> bool:
        """Whether there are too few rows to judge it."""
        return self.n < LEAST_ROWS

    @property
    def name(self) -> str:
        """``sex = f and origin = b``."""
        return " and ".join(f"{a} = {v}" for a, v in zip(self.attributes, self.levels, strict=True))

    @property
    def status(self) -> PointStatus:
        """The worst of what was compared."""
        if self.small:
            return PointStatus.UNKNOWN
        found = [c.status for c in (self.ratio, *self.gaps.values()) if c is not None]
        order = (PointStatus.BREACH, PointStatus.WATCH)
        return next((s for s in order if s in found), PointStatus.OK)


def rate(events: float, n: int) -> Rate | None:
    """A share with Wilson's interval; None without rows."""
    if n <= 0:
        return None
    low, high = wilson(np.array([events], float), np.array([n], float))
    return Rate(events / n, float(low[0]), float(high[0]), n)


def judge(groups: Sequence[GroupCounts], *, favourable: bool = True) -> tuple[Judged, ...]:
    """Judge groups, those of the same attributes (version and month) against each other, all corrected together.

    Args:
        favourable: whether the positive class is what people want; otherwise every ratio is of the other one.
    """
    families: dict[tuple[object, ...], list[GroupCounts]] = {}
    for group in groups:
        families.setdefault((group.attributes, group.version, group.month), []).append(group)
    best = {key: _most_favoured(family, favourable) for key, family in families.items()}
    tests: list[tuple[int, str, Compared]] = []
    for place, group in enumerate(groups):
        against = best[(group.attributes, group.version, group.month)]
        if against is not None and against is not group and group.outcomes.n >= LEAST_ROWS:
            tests += [(place, *made) for made in _tests(group.outcomes, against.outcomes, favourable)]
    q = benjamini_hochberg(np.array([t.p for _, _, t in tests]))
    found: dict[int, dict[str, Compared]] = {}
    for (place, name, test), corrected in zip(tests, q, strict=True):
        found.setdefault(place, {})[name] = _settled(name, test, float(corrected))
    return tuple(
        _judged(
            group, favourable, best[(group.attributes, group.version, group.month)] is group, found.get(i, {})
        )
        for i, group in enumerate(groups)
    )


def _good(g: GroupOutcomes, favourable: bool) -> int:
    return g.positives if favourable else g.n - g.positives


def _most_favoured(family: Sequence[GroupCounts], favourable: bool) -> GroupCounts | None:
    held = [g for g in family if g.outcomes.n >= LEAST_ROWS and _good(g.outcomes, favourable)]
    return max(held, key=lambda g: _good(g.outcomes, favourable) / g.outcomes.n, default=None)


def _tests(g: GroupOutcomes, best: GroupOutcomes, favourable: bool) -> list[tuple[str, Compared]]:
    x1, x0 = _good(g, favourable), _good(best, favourable)
    ratio, low, high = katz(x1, g.n, x0, best.n)
    made = [("ratio", Compared(ratio, low, high, two_proportions(x1, g.n, x0, best.n), 1.0, PointStatus.OK))]
    for name in ERRORS:
        (hits, n), (hits0, n0) = MEASURES[name](g), MEASURES[name](best)
        apart = difference(hits0, n0, hits, n)
        if apart is not None and min(n, n0) >= LEAST_ROWS:
            p = two_proportions(hits, n, hits0, n0)
            made.append((name, Compared(apart.value, apart.low, apart.high, p, 1.0, PointStatus.OK)))
    return made


def two_proportions(x1: int, n1: int, x0: int, n0: int) -> float:
    """The two-sided p-value of x1/n1 against x0/n0: the pooled normal test (chi-square with one degree)."""
    pooled = (x1 + x0) / (n1 + n0)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n0)
    return 1.0 if variance <= 0 else math.erfc(abs(x1 / n1 - x0 / n0) / math.sqrt(2 * variance))


def _settled(name: str, test: Compared, q: float) -> Compared:
    """Breach: the whole interval beyond the line, after correction; watch: the value alone."""
    if name == "ratio":
        beyond, surely = test.value < FOUR_FIFTHS, test.high < FOUR_FIFTHS
    else:
        beyond = abs(test.value) > GAP
        surely = test.low > GAP or test.high < -GAP
    status = PointStatus.WATCH if beyond else PointStatus.OK
    if surely and q < FALSE_DISCOVERY:
        status = PointStatus.BREACH
    return replace(test, q=q, status=status)


def _judged(group: GroupCounts, favourable: bool, best: bool, found: dict[str, Compared]) -> Judged:
    g = group.outcomes
    rates = {name: made for name, of in MEASURES.items() if (made := rate(*of(g))) is not None}
    good = rate(_good(g, favourable), g.n)
    assert good is not None
    gaps = {name: found[name] for name in ERRORS if name in found}
    calibration, ece = _calibration(group.scores)
    return Judged(
        group.attributes, group.levels, g.n, g.labelled, rates, good, best, found.get("ratio"), gaps, calibration,
        ece,
    )  # fmt: skip


def _calibration(scores: FloatArray) -> tuple[Rate | None, float | None]:
    """The mean score less the share that came true, its interval from that share's, and the error by cell."""
    n, promised, came = scores.sum(0) if len(scores) else (0.0, 0.0, 0.0)
    if n < LEAST_ROWS:
        return None, None
    share = rate(came, int(n))
    assert share is not None
    mean = promised / n
    gap = Rate(mean - share.value, mean - share.high, mean - share.low, int(n))
    held = scores[scores[:, 0] > 0]
    return gap, float(np.abs(held[:, 1] - held[:, 2]).sum() / n)
