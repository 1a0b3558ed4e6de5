"""Features laid out for comparison: the counts of a reference and of windows, side by side on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Bins, FeatureProfile, FloatArray, IntArray
from plumbline.monitor.binned_counts import BinnedCounts, binned_counts
from plumbline.monitor.chunks import Days, chunk_index, day_array, days_mask, sum_by
from plumbline.monitor.drift.dispersion import laws
from plumbline.monitor.statistics.null_distribution import NullDistribution

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One feature's counts over a span: ``counts`` (cells,), missing values, sum and sum of squares."""

    counts: FloatArray
    missing: int
    total: float
    squares: float
    n: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", int(self.counts.sum()))

    @property
    def missing_share(self) -> float:
        return self.missing / (self.n + self.missing) if self.n + self.missing else 0.0

    @property
    def sd(self) -> float:
        """Sample standard deviation; 0 where cancellation leaves nothing."""
        if self.n < 2:
            return 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # a log may hold numbers whose squares have no end
            variance = (self.squares - np.float64(self.total) ** 2 / self.n) / (self.n - 1)
        return float(np.sqrt(variance)) if variance > 1e-12 * self.squares / self.n else 0.0

    @property
    def scale(self) -> float:
        return float(np.sqrt(self.squares / self.n)) if self.n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedCounts:
    """One feature laid out for comparison: its reference and k windows on one grid.

    ``cells``: counts divided by the spread of its ``law``; ``sizes`` and ``missing`` (k,): of the
    decisions themselves; ``starts``, ``ends``: the windows' bounds. Every method reads the same one.
    """

    bins: Bins
    reference: Sample
    cells: BinnedCounts
    sizes: IntArray
    missing: IntArray
    starts: Sequence[datetime | None]
    ends: Sequence[datetime | None]
    new_levels: tuple[str, ...] = ()


def days_within(days: Sequence[date] | Days, span: Span) -> NDArray[np.bool_]:
    """Which days a half-open span touches."""
    return days_mask(days, *span)


def sum_sample(profile: FeatureProfile, rows: NDArray[np.bool_]) -> Sample:
    """The counts of some of a profile's days, added up."""
    return Sample(
        counts=profile.counts[rows].sum(axis=0).astype(float),
        missing=int(profile.missing[rows].sum()),
        total=float(profile.sums[rows].sum()),
        squares=float(profile.squares[rows].sum()),
    )


def lay(
    profile: FeatureProfile,
    reference: Sample,
    law: NullDistribution,
    counts: IntArray,
    missing: IntArray,
    starts: Sequence[datetime | None],
    ends: Sequence[datetime | None],
    new_levels: tuple[str, ...] = (),
) -> AlignedCounts:
    """Lay out one feature's windows, ``counts`` (k, cells) and ``missing`` (k,), beside its reference."""
    cells = binned_counts(
        profile.bins,
        reference.counts / law.spread,
        counts / law.spread,
        reference.sd,
        reference.scale,
        (reference.missing / law.spread, missing / law.spread),
        law,
    )
    return AlignedCounts(
        bins=profile.bins,
        reference=reference,
        cells=cells,
        sizes=counts.sum(axis=1),
        missing=missing,
        starts=starts,
        ends=ends,
        new_levels=new_levels,
    )


def aligned_chunks(
    profiles: Sequence[FeatureProfile], *, reference: Span, by: str, window: Span = (None, None)
) -> tuple[AlignedCounts, ...]:
    """Every feature's chunks beside its reference, for ``judged_by_chunk`` by any number of methods."""
    laid = []
    spans: dict[tuple[date, ...], _Spans | None] = {}  # most features have the same days
    for profile in profiles:
        if profile.days not in spans:
            spans[profile.days] = _spans(profile.days, reference, by, window)
    shown = [(p, span) for p in profiles if (span := spans[p.days]) is not None]
    chance = laws([p for p, _ in shown], [span.healthy for _, span in shown])
    for (profile, span), law in zip(shown, chance, strict=True):
        counts, missing = (
            sum_by(span.chunk, len(span.starts), x if span.shown.all() else x[span.shown])
            for x in (profile.counts, profile.missing)
        )
        laid.append(
            lay(profile, sum_sample(profile, span.healthy), law, counts, missing, span.starts, span.ends)
        )
    return tuple(laid)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spans:
    """What days amount to: those of the reference (n,), those of the window (n,) and the place of each one's chunk,
    and the chunks' bounds."""

    healthy: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    chunk: IntArray
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]


def _spans(own: Sequence[date], reference: Span, by: str, window: Span) -> _Spans | None:
    days = day_array(own)
    shown = days_within(days, window)
    if not shown.any():
        return None
    starts, ends, chunk = chunk_index(days[shown], by)
    return _Spans(healthy=days_within(days, reference), shown=shown, chunk=chunk, starts=starts, ends=ends)
