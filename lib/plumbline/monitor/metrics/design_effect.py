"""What decisions of one day have in common, and days with each other: the design effect of a metric.

Intervals by the law of rows take decisions as independent. Where persons come again, or days are better and worse as
a whole, the same figure varies more: by its design effect (Kish 1965, Survey Sampling, 5.4). It is measured on the
reference, from what each day does to the figure (the jackknife over days: Miller 1974, Biometrika 61), with what days
keep of each other over the length of a chunk (``dependence``). An interval is then that of as many fewer rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import stdtrit

from plumbline.domain import FloatArray, to_unit
from plumbline.monitor.metrics.counts import ADDITIVE, Counts, cache_by_counts, ratio
from plumbline.monitor.metrics.intervals import THREE_SIGMA, Days, Interval, interval
from plumbline.monitor.metrics.metrics import Metric
from plumbline.monitor.statistics.autocorrelation import span_ratio
from plumbline.monitor.statistics.proportions import Z

#: a reference of fewer days does not tell how they differ
FEWEST_DAYS = 14
#: standard errors above one within which an effect is taken for chance (one-sided 90 %: what is taken for chance and is
#: none costs more than independent days that are widened for nothing, by 2 % in the mean)
CHANCE = 1.28
#: rows that an interval is left with at least, whatever the effect
LEAST_ROWS = 2.0
#: the counts that a proportion is made of
OF_HITS = ("n", "labelled", "confusion")
#: how many days a chunk is long
SPAN = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """``effect``: variance of a chunk's figure over that of as many independent decisions, 1 at least. ``freedom``:
    degrees of freedom it is known with. ``day``: standard deviation of the figure of one decision by the days."""

    effect: float = 1.0
    freedom: float = np.inf
    day: float = 0.0


def design(metric: Metric, days: Counts | None, by: str) -> DesignEffect:
    """The design effect of a metric over chunks as long as ``by``, from the reference's days.

    Args:
        days: counts of the reference's days, in order of time; None: not known.
        by: day, week or month. A day's own figure is not widened: it speaks of that day.
    """
    return DesignEffect() if days is None or by == "day" else design_effect_over(metric, days, SPAN[by])


def design_effect_over(metric: Metric, days: Counts, span: int) -> DesignEffect:
    """The same over ``span`` days."""
    counts = days.select_rows(days.labelled > 0)
    days_labelled = len(counts.labelled)
    if days_labelled < FEWEST_DAYS:
        return DesignEffect()
    influence = _influence(metric, counts)
    if not np.isfinite(influence).all() or not influence.any():
        return DesignEffect()
    following, freedom = span_ratio(influence, span)
    apart, unit = to_unit(influence)
    variance = float(apart @ apart) / (days_labelled - 1) / days_labelled * following
    day = unit * float(np.sqrt(variance * counts.labelled.sum()))
    by_rows = float(interval(metric, counts.pool()).se[0]) / unit
    if not by_rows > 0:  # the metric has no law of rows
        return DesignEffect(1.0, freedom, day)
    effect = variance / by_rows**2
    beyond = effect > 1 + CHANCE * np.sqrt(2 / freedom)
    return DesignEffect(effect, freedom, day) if beyond else DesignEffect()


def _influence(metric: Metric, days: Counts) -> FloatArray:
    """What each day does to the figure: (D - 1) x (figure of all days - figure without this one), (D,)."""
    days_labelled = len(days.labelled)
    if metric.hits is not None:
        hits, rows = metric.hits(days)
        whole, without = ratio(hits.sum(), rows.sum()), ratio(hits.sum() - hits, rows.sum() - rows)
    else:
        whole, without = metric.compute(days.pool())[0], metric.compute(_leave_one_out(days))
    return np.asarray((days_labelled - 1) * (whole - without))


@cache_by_counts
def _leave_one_out(days: Counts) -> Counts:
    """The days' sum less each day."""
    parts: dict[str, Any] = {name: getattr(days.pool(), name) - getattr(days, name) for name in ADDITIVE}
    return replace(days, numbered=None, **parts)


def widen_interval(metric: Metric, counts: Counts, days: Days | None, design: DesignEffect) -> Interval:
    """The metric's interval for each chunk of ``counts``, as wide as the design effect asks, never narrower."""
    if metric.interval == "days":
        return _widen_by_days(metric, counts, interval(metric, counts, days), design)
    if design.effect <= 1:
        return interval(metric, counts, days)
    return interval(metric, effective_counts(metric, counts, design, Z, 0.975), days)


def effective_counts(
    metric: Metric, counts: Counts, design: DesignEffect, normal: float, quantile: float
) -> Counts:
    """As many independent decisions as tell as much, by the normal quantile that a law then uses on them."""
    if design.effect <= 1:
        return counts
    effect = design.effect * (float(stdtrit(design.freedom, quantile)) / normal) ** 2
    share = np.maximum(1 / effect, np.minimum(LEAST_ROWS / np.maximum(counts.labelled, 1.0), 1.0))
    return counts.scale_rows(share, ADDITIVE if metric.hits is None else OF_HITS)


def effective_counts_of_limit(metric: Metric, counts: Counts, design: DesignEffect) -> Counts:
    """The same where three standard errors are asked for."""
    return effective_counts(metric, counts, design, 3.0, 1 - THREE_SIGMA)


def _widen_by_days(metric: Metric, counts: Counts, interval: Interval, design: DesignEffect) -> Interval:
    """The wider of a bootstrap over a chunk's few days and the law of the reference's days."""
    if design.day <= 0:
        return interval
    value = metric.compute(counts)
    se = design.day / np.sqrt(np.maximum(counts.labelled, 1.0))
    half = float(stdtrit(design.freedom, 0.975)) * se
    low, high = (np.clip(value + sign * half, *metric.range) for sign in (-1, 1))
    return replace(
        interval,
        low=np.fmin(interval.low, low),
        high=np.fmax(interval.high, high),
        se=np.fmax(interval.se, se),
    )
