"""Two windows of the same system, metric by metric: what each was, and by how much they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plumbline.domain import CostMatrix, OutcomeProfile
from plumbline.monitor.chunks import ENOUGH
from plumbline.monitor.metrics.counts import Counts, counts_of
from plumbline.monitor.metrics.design_effect import DesignEffect, design_effect_over, widen_interval
from plumbline.monitor.metrics.intervals import Days, Interval
from plumbline.monitor.metrics.metrics import Metric, metric, metrics_for, relevant_change
from plumbline.monitor.performance.series import sum_by_chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowValue:
    """One window's value with its 95 % limits, over n labelled decisions; None where it has none.

    ``bound``: the most that counting in cells may have moved the value.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    bound: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowComparison:
    """``difference`` = second - first with its 95 % limits; ``verdict``: better, worse, changed (two-sided
    metrics), same (within chance or too small to matter) or unknown."""

    metric: str
    first: WindowValue
    second: WindowValue
    difference: float | None
    low: float | None
    high: float | None
    verdict: str


def compare_windows(
    first: OutcomeProfile,
    second: OutcomeProfile,
    metrics: Sequence[str] | None = None,
    cost: CostMatrix | None = None,
    unknown: Sequence[str] = (),
) -> tuple[WindowComparison, ...]:
    """Every metric of the task in two windows.

    The limits of the difference join those of both sides in squares (MOVER; Zou and Donner 2008, Statistics
    in Medicine 27), which for proportions is Newcombe's method 10; each is as wide as what the days of the longer
    window have in common asks for (``design``), and they are widened by both sides' bounds.

    Args:
        unknown: metrics that cannot be known, whatever the counts say (``selection.UNKNOWN``).

    Raises:
        PlumblineError: an unknown metric, or a cost matrix that does not fit.
    """
    task, classes = first.task, tuple(dict.fromkeys((*first.classes, *second.classes)))
    chosen = (
        [metric(name, classes) for name in metrics]
        if metrics
        else metrics_for(task, classes, value_known=cost is not None)
    )
    sides = [(_pool_window(profile, cost)) for profile in (first, second)]
    comparisons = []
    for compared_metric in chosen:
        if compared_metric.name.startswith("recall:"):
            named = compared_metric.name.partition(":")[2]
            if not (named in first.classes and named in second.classes):
                continue
            pair = [metric(compared_metric.name, p.classes) for p in (first, second)]
        else:
            pair = [compared_metric, compared_metric]
        common = _common(pair, sides)
        a, b = (
            _window_value(side_metric, *side, common)
            if side and compared_metric.name not in unknown
            else WindowValue(value=None, low=None, high=None, n=0)
            for side_metric, side in zip(pair, sides, strict=True)
        )
        comparisons.append(_compare_values(compared_metric, a, b))
    return tuple(comparisons)


def _pool_window(profile: OutcomeProfile, cost: CostMatrix | None) -> tuple[Counts, Days] | None:
    if not len(profile.days):
        return None
    rows = np.ones(len(profile.days), dtype=bool)
    days = sum_by_chunk(profile.days, counts_of(profile, cost), rows, "day").days
    return days.counts.pool(), Days(days.counts, np.zeros(len(days.chunk), dtype=np.int64))


def _common(pair: Sequence[Metric], sides: Sequence[tuple[Counts, Days] | None]) -> DesignEffect:
    """What decisions have in common, as the longer window's days show it."""
    sides_with_metric = [
        (len(side[1].chunk), side_metric, side[1].counts)
        for side_metric, side in zip(pair, sides, strict=True)
        if side
    ]
    if not sides_with_metric:
        return DesignEffect()
    longest, side_metric, days = max(sides_with_metric, key=lambda of: of[0])
    return design_effect_over(side_metric, days, longest)


def _window_value(metric: Metric, counts: Counts, days: Days, common: DesignEffect) -> WindowValue:
    n, value = int(counts.labelled[0]), float(metric.compute(counts)[0])
    if n < ENOUGH or not np.isfinite(value):
        return WindowValue(value=None, low=None, high=None, n=n)
    sure: Interval = widen_interval(metric, counts, days, common)
    low, high = float(sure.low[0]), float(sure.high[0])
    known = np.isfinite(low) and np.isfinite(high)
    bound = float(np.nan_to_num(metric.bound(counts)[0])) if metric.bound else 0.0
    return WindowValue(
        value=value, low=low if known else None, high=high if known else None, n=n, bound=bound
    )


def _compare_values(metric: Metric, a: WindowValue, b: WindowValue) -> WindowComparison:
    if a.value is None or b.value is None:
        return WindowComparison(
            metric=metric.name, first=a, second=b, difference=None, low=None, high=None, verdict="unknown"
        )
    difference = b.value - a.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return WindowComparison(
            metric=metric.name,
            first=a,
            second=b,
            difference=difference,
            low=None,
            high=None,
            verdict="unknown",
        )
    down = float(np.hypot(b.value - b.low, a.high - a.value))
    up = float(np.hypot(b.high - b.value, a.value - a.low))
    low, high = difference - down - a.bound - b.bound, difference + up + a.bound + b.bound
    matters = relevant_change(metric, a.value)
    if metric.matters_of == "rmse" or low <= 0 <= high or abs(difference) < matters:
        # a bias is judged by chance alone: what matters of it hangs on the error's size
        beyond = metric.matters_of == "rmse" and not low <= 0 <= high
        verdict = "changed" if beyond else "same"
    elif metric.higher_is_better is None:
        verdict = "changed"
    else:
        verdict = "better" if (difference > 0) is metric.higher_is_better else "worse"
    return WindowComparison(
        metric=metric.name, first=a, second=b, difference=difference, low=low, high=high, verdict=verdict
    )
