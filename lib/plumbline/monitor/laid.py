"""Features laid out for comparison: the counts of a reference and of windows, side by side on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import Bins, FeatureProfile, FloatArray, IntArray
from plumbline.monitor.cells import Cells, cells_of
from plumbline.monitor.chunks import Days, as_days, chunk_index, sum_by, touched

FEWEST = 30  # values of a window below which nothing is judged
FEWEST_WEEKS = 4

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Laid:
    """One feature laid out for comparison: its reference and k windows on one grid.

    ``cells``: counts divided by the reference's ``dispersion``; ``sizes`` and ``missing`` (k,): of the
    decisions themselves; ``starts``, ``ends``: the windows' bounds. Every method reads the same one.
    """

    bins: Bins
    reference: Sample
    cells: Cells
    sizes: IntArray
    missing: IntArray
    starts: Sequence[datetime | None]
    ends: Sequence[datetime | None]
    new_levels: tuple[str, ...] = ()


def within(days: Sequence[date] | Days, span: Span) -> NDArray[np.bool_]:
    """Which days a half-open span touches."""
    return touched(days, *span)


def sample_of(profile: FeatureProfile, rows: NDArray[np.bool_]) -> Sample:
    """The counts of some of a profile's days, added up."""
    return Sample(
        profile.counts[rows].sum(axis=0).astype(float), int(profile.missing[rows].sum()),
        float(profile.sums[rows].sum()), float(profile.squares[rows].sum()),
    )  # fmt: skip


def dispersion(
    profile: FeatureProfile, rows: NDArray[np.bool_], days: Days | None = None, *, by: str = "week"
) -> float:
    """How much more the reference's own weeks (or days) differ than independent decisions would; at least 1.

    Pearson's chi-square of weeks by cells over its degrees of freedom (McCullagh and Nelder 1989, 4.5).
    Decisions that repeat each other, and weekdays and holidays, make chance larger than counts suggest; all
    counts are divided by it where chance is judged. 1 where fewer than four weeks tell.
    """
    own = as_days(profile.days) if days is None else days
    return _dispersion(profile, rows, chunk_index(own[rows], by)[2])


def _dispersion(profile: FeatureProfile, rows: NDArray[np.bool_], week: IntArray) -> float:
    """``dispersion``, given the place of each row's week (or day) among them."""
    if not len(week):
        return 1.0
    summed = sum_by(week, int(week.max()) + 1, profile.counts[rows]).astype(float)
    weekly = cells_of(profile.bins, summed[0], summed).coarse[1]
    weekly = weekly[weekly.sum(axis=1) >= FEWEST]
    weekly = weekly[:, weekly.sum(axis=0) > 0] if len(weekly) else weekly
    if len(weekly) < FEWEST_WEEKS or weekly.shape[1] < 2:
        return 1.0
    due = np.outer(weekly.sum(axis=1), weekly.sum(axis=0)) / weekly.sum()
    freedom = (len(weekly) - 1) * (weekly.shape[1] - 1)
    return float(max(np.sum((weekly - due) ** 2 / due) / freedom, 1.0))


def lay(
    profile: FeatureProfile, reference: Sample, spread: float, counts: IntArray, missing: IntArray,
    starts: Sequence[datetime | None], ends: Sequence[datetime | None], new_levels: tuple[str, ...] = (),
) -> Laid:  # fmt: skip
    """Lay out one feature's windows, ``counts`` (k, cells) and ``missing`` (k,), beside its reference."""
    cells = cells_of(
        profile.bins, reference.counts / spread, counts / spread, reference.sd, reference.scale,
        (reference.missing / spread, missing / spread),
    )  # fmt: skip
    return Laid(profile.bins, reference, cells, counts.sum(axis=1), missing, starts, ends, new_levels)


def laid_by_chunk(
    profiles: Sequence[FeatureProfile], *, reference: Span, by: str, window: Span = (None, None)
) -> tuple[Laid, ...]:
    """Every feature's chunks beside its reference, for ``judged_by_chunk`` by any number of methods."""
    laid = []
    spans: dict[tuple[date, ...], _Spans | None] = {}  # most features have the same days
    for profile in profiles:
        if profile.days not in spans:
            spans[profile.days] = _spans(profile.days, reference, by, window)
        own = spans[profile.days]
        if own is None:
            continue
        counts, missing = (
            sum_by(own.chunk, len(own.starts), x if own.shown.all() else x[own.shown])
            for x in (profile.counts, profile.missing)
        )
        laid.append(
            lay(
                profile, sample_of(profile, own.healthy), _dispersion(profile, own.healthy, own.week), counts,
                missing, own.starts, own.ends,
            )
        )  # fmt: skip
    return tuple(laid)


@dataclass(frozen=True, slots=True)
class _Spans:
    """What days amount to: those of the reference (n,) and the place of each one's week, those of the window (n,)
    and the place of each one's chunk, and the chunks' bounds."""

    healthy: NDArray[np.bool_]
    week: IntArray
    shown: NDArray[np.bool_]
    chunk: IntArray
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]


def _spans(own: Sequence[date], reference: Span, by: str, window: Span) -> _Spans | None:
    days = as_days(own)
    shown = within(days, window)
    if not shown.any():
        return None
    starts, ends, chunk = chunk_index(days[shown], by)
    healthy = within(days, reference)
    return _Spans(healthy, chunk_index(days[healthy], "week")[2], shown, chunk, starts, ends)
