"""Versions that decided side by side: A/B test, canary or shadow, what differs and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from plumbline.domain import FloatArray, IntArray, Task
from plumbline.monitor.releases.champion import Times
from plumbline.monitor.releases.guardrail import ABSOLUTE, RELATIVE
from plumbline.monitor.releases.history import Overlap
from plumbline.monitor.statistics.proportions import Difference, Z, difference, mean_difference
from plumbline.monitor.statistics.sequential_test import (
    MISMATCH,
    ArmSums,
    SampleRatio,
    always_valid,
    detectable_difference,
    difference_by_look,
    sample_ratio,
    time_to_detect,
)

#: a sequential p-value from here on says that the versions differ
ALPHA = 0.05
#: under this share of the decisions an arm that decides is a canary
CANARY = 0.2
#: share of subjects who may meet both versions although subjects were dealt
CROSSED = 0.05
Kind = Literal["A/B", "canary", "shadow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One quantity of both versions: ``difference`` is the second's less the first's, in the quantity's unit.

    ``p_value``: always valid; ``known_at``: the end of the first hour at which it was 5 % or less;
    ``detectable``: the difference that would have been seen four times in five; ``matters``: the one that
    the test is tuned to; ``days_more``: how much longer to run to see that one (0: long enough).
    """

    metric: str
    difference: Difference
    p_value: float
    known_at: datetime | None
    detectable: float | None
    matters: float
    days_more: float | None

    @property
    def differs(self) -> bool:
        """Whether the always-valid test says so."""
        return self.p_value <= ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions side by side: ``versions`` has the one in charge first. ``agreed``: share of the decisions
    under one id (``n_both`` of them) in which both gave the same answer; None where none is shared. ``by_subject``:
    whether chance is judged by subjects; else decisions count as independent but for what an hour has in common."""

    kind: Kind
    versions: tuple[str, str]
    start: datetime
    end: datetime
    n: tuple[int, int]
    measures: tuple[Measure, ...]
    ratio: SampleRatio | None  # None: a shadow's decisions are not dealt
    agreed: float | None = None
    n_both: int = 0
    by_subject: bool = False

    @property
    def days(self) -> float:
        """How long it ran."""
        return (self.end - self.start).total_seconds() / 86400


def overlap_kind(overlap: Overlap) -> Kind:
    """What an overlap is, by who decided and how much."""
    if overlap.shadow:
        return "shadow"
    return "canary" if min(overlap.n) < CANARY * sum(overlap.n) else "A/B"


def measure(
    metric: str, hours: Times, looks: ArmSums, before: ArmSums, *, proportion: bool
) -> Measure | None:
    """One quantity over an overlap, a look an hour; None where a side has no decisions.

    Args:
        hours: (k,) beginnings of the hours of ``looks``.
        before: (2,) or (1,) moments of the version in charge ahead of the overlap: what a change that matters
            is measured by; without rows there, those of the overlap's first version stand in.
        proportion: whether the quantity is 0 or 1.
    """
    total = looks.sum_looks()
    if (total.n < 1).any():
        return None
    if proportion:
        plain = difference(round(total.total[0]), int(total.n[0]), round(total.total[1]), int(total.n[1]))
    else:
        plain = mean_difference(total.n.tolist(), total.total.tolist(), total.squares.tolist())
    times = float(difference_by_look(looks)[2][-1])
    plain_difference = (
        plain if plain is None else _widen_limits(plain, hours, looks, times, 1.0 if proportion else np.inf)
    )
    matters = change_that_matters(before if before.n[0] >= 2 else total, proportion=proportion)
    if plain_difference is None or matters <= 0:
        return None
    p = always_valid(looks, matters, proportion=proportion)
    crossed = np.flatnonzero(p <= ALPHA)
    known = None
    if len(crossed):
        first: datetime = (hours[crossed[0]] + np.timedelta64(1, "h")).astype("datetime64[us]").item()
        known = first.replace(tzinfo=UTC)
    seen = detectable_difference(total, times)
    elapsed = float((hours[-1] - hours[0]) / np.timedelta64(1, "D")) + 1 / 24
    return Measure(
        metric=metric,
        difference=plain_difference,
        p_value=float(p[-1]),
        known_at=known,
        detectable=seen,
        matters=matters,
        days_more=time_to_detect(total, elapsed, matters, times),
    )


def _widen_limits(plain: Difference, hours: Times, looks: ArmSums, times: float, most: float) -> Difference:
    """The difference with the limits that decisions in common ask for; within the hours where the split moved."""
    d, v, _ = (float(of[-1]) for of in difference_by_look(looks))
    moved = _is_moved(hours, looks.n)
    wide, value, before = times**0.5, plain.value, plain.before
    if moved and v > 0:
        weight = looks.n.prod(1) / np.maximum(looks.n.sum(1), 1.0)
        before = float(np.nansum(weight * looks.mean[:, 0]) / weight.sum())
        value = d
        wide *= v**0.5 / max((plain.high - plain.low) / (2 * Z), 1e-300)
    return replace(
        plain,
        before=before,
        after=before + value,
        value=value,
        low=max(value - (plain.value - plain.low) * wide, -most),
        high=min(value + (plain.high - plain.value) * wide, most),
    )


def change_that_matters(usual: ArmSums, *, proportion: bool) -> float:
    """A fifth of a rate, at most ten points, as the guardrail has it; a fifth of a standard deviation of numbers."""
    if proportion:
        rate = float(np.nan_to_num(usual.mean[0]))
        return min(RELATIVE * rate, ABSOLUTE) if rate > 0 else 0.01
    return float(RELATIVE * np.sqrt(np.nan_to_num(usual.variance[0])))


def compare(
    overlap: Overlap,
    hours: Times,
    quantities: tuple[tuple[str, ArmSums, ArmSums, bool], ...],
    *,
    share: float | None = None,
    both: int = 0,
    same: int = 0,
    crossed: float | None = None,
) -> Comparison:
    """Put an overlap's measures together.

    Args:
        quantities: (metric, looks, before, proportion) as ``measure`` takes them.
        share: the intended share of the second version's decisions, 0 to 1; None: nobody said.
        both, same: decisions both made under one id, and those in which they agreed.
        crossed: share of subjects with several decisions that met both versions; None: no subject is known.
    """
    measures = [measure(m, hours, looks, before, proportion=p) for m, looks, before, p in quantities]
    kind = overlap_kind(overlap)
    ratio = None
    if kind != "shadow" and quantities:
        ratio = _sample_ratio(hours, quantities[0][1], share, crossed)
    return Comparison(
        kind=kind,
        versions=overlap.versions,
        start=overlap.start,
        end=overlap.end,
        n=overlap.n,
        measures=tuple(m for m in measures if m is not None),
        ratio=ratio,
        agreed=same / both if both else None,
        n_both=both,
        by_subject=crossed is not None,
    )


def _sample_ratio(hours: Times, looks: ArmSums, share: float | None, crossed: float | None) -> SampleRatio:
    """The sample ratio of what was dealt: subjects who stay with one version, else decisions, one by one; where no
    subject is known nobody can tell."""
    if looks.subjects is None or crossed is None:
        return sample_ratio(_daily_counts(hours, looks.n), share, independent=False)
    if crossed <= CROSSED:
        return sample_ratio(_daily_counts(hours, looks.subjects), share, unit="subjects")
    return sample_ratio(_daily_counts(hours, looks.n), share)


def metric_names(task: Task, marked: str) -> tuple[str, str]:
    """What the output and the loss of a task are called; ``marked``: the class whose share is compared."""
    if task is Task.REGRESSION:
        return "prediction", "mae"
    return ("positive_rate" if task is Task.BINARY else f"share:{marked}"), "error_rate"


def _is_moved(hours: Times, n: FloatArray) -> bool:
    """Whether the split was another on some days, or at some hours of the day: as where one version has the nights."""
    tests = [
        sample_ratio(block, None).steady_p for block in (_daily_counts(hours, n), _hourly_counts(hours, n))
    ]
    return any(p is not None and p < MISMATCH for p in tests)


def _daily_counts(hours: Times, n: FloatArray) -> FloatArray:
    """Decisions a day and arm, (days, 2)."""
    return _block_counts(hours.astype("datetime64[D]"), n)


def _hourly_counts(hours: Times, n: FloatArray) -> FloatArray:
    """Decisions an hour of the day and arm, (hours that occur, 2)."""
    return _block_counts(hours.astype("datetime64[h]") - hours.astype("datetime64[D]"), n)


def _block_counts(block: Times, n: FloatArray) -> FloatArray:
    _, place = np.unique(block, return_inverse=True)
    placed: IntArray = np.asarray(place, dtype=np.int64)
    values = np.zeros((int(placed.max()) + 1 if len(placed) else 0, 2))
    np.add.at(values, placed, n)
    return values
