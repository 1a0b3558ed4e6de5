"""Are groups treated alike: how often each gets what people want, and how often the model is wrong about it.

One judgement for the Fairness page, the command and the control FAIR-1. Each group is held against the most
favoured one of its attribute, which is found in the same data: intervals and p-values are therefore those of
the farthest apart of that many groups (``ratios.range_p``), and everything compared together is corrected by
Benjamini and Hochberg. Four fifths and significance are both asked for (Morris and Lobsenz 2000, Personnel
Psychology 53).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plumbline.domain import FloatArray, PointStatus
from plumbline.domain.messages import enumeration
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.monitor.statistics.proportions import difference, wilson
from plumbline.monitor.statistics.ratios import Z95, katz, koopman, range_p, range_z
from plumbline.profile.scan.group_outcomes import GroupOutcomes
from plumbline.profile.scan.protected_groups import GroupCounts

LEAST_ROWS = 30  # a smaller group is named, not judged

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
#: times as often as the most favoured group that a group may get what nobody wants, where that is rare
TWICE = 2.0
#: under this share of the most favoured group the four-fifths line cannot see a doubling: 1 - 2a > 0.8 (1 - a)
RARE = 1 / 6
MOST_TIMES = 1e6  # stands for "the most favoured group never gets it"


@dataclass(frozen=True, slots=True)
class Lines:
    """What is alike enough: the ratio's line, the error rates' in shares, and the one of a rare unwanted outcome."""

    ratio: float = FOUR_FIFTHS
    gap: float = GAP
    adverse: float = TWICE

    def ratio_status(self, value: float, low: float, high: float, q: float, groups: int) -> PointStatus:
        """The status of a ratio of wanted outcomes with its limits, which hold for so many groups at once."""
        return _settle(-_log(value), -_log(high), -_log(low), q, -math.log(self.ratio), groups)

    def gap_status(self, value: float, low: float, high: float, q: float, groups: int) -> PointStatus:
        """The status of a difference of error rates, either way."""
        near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        return _settle(abs(value), near, max(abs(low), abs(high)), q, self.gap, groups)

    def adverse_status(self, value: float, low: float, high: float, q: float, groups: int) -> PointStatus:
        """The status of a ratio of a rare unwanted outcome."""
        return _settle(_log(value), _log(low), _log(high), q, math.log(self.adverse), groups)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _settle(value: float, low: float, high: float, q: float, line: float, groups: int) -> PointStatus:
    """How far two groups are apart, from 0 on, with limits: what can be said of it.

    *breach*: surely beyond the line (the whole interval, and q < 5 %). *ok*: the whole interval within it; or the
    value within it, no difference beyond chance, and twice the line ruled out. *watch*: the value beyond, or a
    difference beyond chance that may be. *unknown*: too few rows to tell. That all groups are within needs each
    shown by its own interval (an intersection-union test: Berger 1982, Technometrics 24), so the width that
    looking at many groups costs is taken off there.
    """
    if low > line and q < FALSE_DISCOVERY:
        return PointStatus.BREACH
    limit = value if math.isinf(value) else value + (high - value) * Z95 / range_z(groups)
    if limit <= line + 1e-12 or (value <= line and q >= FALSE_DISCOVERY and limit <= 2 * line):
        return PointStatus.OK
    return PointStatus.WATCH if value > line or q < FALSE_DISCOVERY else PointStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class GroupRate:
    """A share with Wilson's interval, over n rows."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComparison:
    """A group against the most favoured one: a ratio (Katz, Koopman) or a difference (Newcombe) with its interval.

    ``p``: two proportions, pooled, as the farthest apart of so many groups; ``q``: after Benjamini and Hochberg
    over everything compared together. The limits hold for all groups of the attribute at once.
    """

    value: float
    low: float
    high: float
    p: float
    q: float
    status: PointStatus
    groups: int = 2  # compared with each other


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One group: its rates, and how it fares against the most favoured group of the same attributes.

    ``rates``: by measure, where at least one row is behind it. ``ratio`` and ``gaps`` are None or empty for the
    most favoured group itself (``best``) and for groups under 30 rows. ``adverse``: how many times as often it
    gets the other outcome, where that is rare (under a sixth of the most favoured group). ``calibration``: the
    mean score less the share that came true; ``ece``: the mean over score cells of their distance.
    """

    attributes: tuple[str, ...]
    levels: tuple[str, ...]
    n: int
    labelled: int
    rates: dict[str, GroupRate]
    favourable: GroupRate
    best: bool
    ratio: GroupComparison | None
    gaps: dict[str, GroupComparison]
    calibration: GroupRate | None
    ece: float | None
    adverse: GroupComparison | None = None

    @property
    def is_small(self) -> bool:
        """Whether there are too few rows to judge it."""
        return self.n < LEAST_ROWS

    @property
    def name(self) -> str:
        """``sex = f and origin = b``."""
        return enumeration([f"{a} = {v}" for a, v in zip(self.attributes, self.levels, strict=True)])

    @property
    def status(self) -> PointStatus:
        """The worst of what was compared."""
        if self.is_small:
            return PointStatus.UNKNOWN
        status = [c.status for c in (self.ratio, self.adverse, *self.gaps.values()) if c is not None]
        order = (PointStatus.BREACH, PointStatus.WATCH, PointStatus.UNKNOWN)
        return next((s for s in order if s in status), PointStatus.OK)


def rate(events: float, n: int) -> GroupRate | None:
    """A share with Wilson's interval; None without rows."""
    if n <= 0:
        return None
    low, high = wilson(np.array([events], float), np.array([n], float))
    return GroupRate(events / n, float(low[0]), float(high[0]), n)


def judge(
    groups: Sequence[GroupCounts], *, favourable: bool = True, lines: Lines | None = None, errors: bool = True
) -> tuple[GroupResult, ...]:
    """Judge groups, those of the same attributes (version and month) against each other, all corrected together.

    Args:
        favourable: whether the positive class is what people want; otherwise every ratio is of the other one.
        lines: what is alike enough; None: four fifths, ten points, twice.
        errors: whether both kinds of decision have outcomes; else error rates are unknown and not compared.
    """
    lines = lines or Lines()
    families: dict[tuple[object, ...], list[GroupCounts]] = {}
    for group in groups:
        families.setdefault((group.attributes, group.version, group.month), []).append(group)
    best = {key: _reference_group(family, favourable) for key, family in families.items()}
    sizes = {key: sum(g.outcomes.n >= LEAST_ROWS for g in family) for key, family in families.items()}
    tests: list[tuple[int, str, GroupComparison]] = []
    for place, group in enumerate(groups):
        key = (group.attributes, group.version, group.month)
        against = best[key]
        if against is not None and against is not group and group.outcomes.n >= LEAST_ROWS:
            rows = _tests(group.outcomes, against.outcomes, favourable, sizes[key])
            tests += [(place, name, test) for name, test in rows if errors or name not in ERRORS]
    # the rare outcome's ratio tests what the other's does: it is corrected once
    counted = [name != "adverse" for _, name, _ in tests]
    q = np.full(len(tests), np.nan)
    q[counted] = benjamini_hochberg(np.array([t.p for _, name, t in tests if name != "adverse"]))
    comparisons: dict[int, dict[str, GroupComparison]] = {}
    for i, (place, name, test) in enumerate(tests):
        corrected = comparisons[place]["ratio"].q if name == "adverse" else float(q[i])
        comparisons.setdefault(place, {})[name] = _group_comparison(name, test, corrected, lines)
    results = tuple(
        _group_result(
            group,
            favourable,
            best[(group.attributes, group.version, group.month)] is group,
            comparisons.get(i, {}),
        )
        for i, group in enumerate(groups)
    )
    if errors:
        return results
    return tuple(replace(g, rates={k: v for k, v in g.rates.items() if k not in ERRORS}) for g in results)


def _favourable_count(g: GroupOutcomes, favourable: bool) -> int:
    return g.positives if favourable else g.n - g.positives


def _reference_group(family: Sequence[GroupCounts], favourable: bool) -> GroupCounts | None:
    """The group whose rate is surely highest: by the lower limit, so that no small group leads by luck."""
    counts = [g for g in family if g.outcomes.n >= LEAST_ROWS and _favourable_count(g.outcomes, favourable)]
    if not counts:
        return None
    events = np.array([_favourable_count(g.outcomes, favourable) for g in counts], float)
    return counts[int(np.argmax(wilson(events, np.array([g.outcomes.n for g in counts], float))[0]))]


def _tests(
    g: GroupOutcomes, best: GroupOutcomes, favourable: bool, groups: int
) -> list[tuple[str, GroupComparison]]:
    z = range_z(groups)

    def comparison(value: float, low: float, high: float, p: float) -> GroupComparison:
        return GroupComparison(
            value=value, low=low, high=high, p=range_p(p, groups), q=1.0, status=PointStatus.OK, groups=groups
        )

    x1, x0 = _favourable_count(g, favourable), _favourable_count(best, favourable)
    p = two_proportions_p_value(x1, g.n, x0, best.n)
    tests = [("ratio", comparison(*katz(x1, g.n, x0, best.n, z), p))]
    if best.n - x0 < RARE * best.n:
        times, low, high = (min(v, MOST_TIMES) for v in koopman(g.n - x1, g.n, best.n - x0, best.n, z))
        tests.append(("adverse", comparison(times, low, high, p)))
    for name in ERRORS:
        (hits, n), (hits0, n0) = MEASURES[name](g), MEASURES[name](best)
        apart = difference(hits0, n0, hits, n, z)
        if apart is not None and min(n, n0) >= LEAST_ROWS:
            p = two_proportions_p_value(hits, n, hits0, n0)
            tests.append((name, comparison(apart.value, apart.low, apart.high, p)))
    return tests


def two_proportions_p_value(x1: int, n1: int, x0: int, n0: int) -> float:
    """The two-sided p-value of x1/n1 against x0/n0: the pooled normal test (chi-square with one degree)."""
    pooled = (x1 + x0) / (n1 + n0)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n0)
    return 1.0 if variance <= 0 else math.erfc(abs(x1 / n1 - x0 / n0) / math.sqrt(2 * variance))


def _group_comparison(name: str, test: GroupComparison, q: float, lines: Lines) -> GroupComparison:
    of = {"ratio": lines.ratio_status, "adverse": lines.adverse_status}.get(name, lines.gap_status)
    return replace(test, q=q, status=of(test.value, test.low, test.high, q, test.groups))


def _group_result(
    group: GroupCounts, favourable: bool, best: bool, comparisons: dict[str, GroupComparison]
) -> GroupResult:
    g = group.outcomes
    rates = {name: group_rate for name, of in MEASURES.items() if (group_rate := rate(*of(g))) is not None}
    good = rate(_favourable_count(g, favourable), g.n)
    assert good is not None
    gaps = {name: comparisons[name] for name in ERRORS if name in comparisons}
    calibration, ece = _calibration(group.scores)
    return GroupResult(
        attributes=group.attributes,
        levels=group.levels,
        n=g.n,
        labelled=g.labelled,
        rates=rates,
        favourable=good,
        best=best,
        ratio=comparisons.get("ratio"),
        gaps=gaps,
        calibration=calibration,
        ece=ece,
        adverse=comparisons.get("adverse"),
    )


def _calibration(scores: FloatArray) -> tuple[GroupRate | None, float | None]:
    """The mean score less the share that came true, its interval from that share's, and the error by cell."""
    n, promised, came = scores.sum(0) if len(scores) else (0.0, 0.0, 0.0)
    if n < LEAST_ROWS:
        return None, None
    share = rate(came, int(n))
    assert share is not None
    mean = promised / n
    gap = GroupRate(mean - share.value, mean - share.high, mean - share.low, int(n))
    present = scores[scores[:, 0] > 0]
    return gap, float(np.abs(present[:, 1] - present[:, 2]).sum() / n)
