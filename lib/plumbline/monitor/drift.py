"""Distribution shift, feature by feature: a window, or every chunk of the log, against the reference.

A feature has drifted where the distance is large enough to matter *and* larger than chance: beyond the
method's threshold, with a q-value below 5 % after Benjamini-Hochberg over the features tested together.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import (
    Bins,
    FeatureDrift,
    FeatureProfile,
    FloatArray,
    IntArray,
    Kind,
    PlumblineError,
    PointStatus,
)
from plumbline.monitor.cells import Cells, Distance, Distances, cells_of, known
from plumbline.monitor.chunks import Days, as_days, chunk_index, sum_by, touched
from plumbline.monitor.distances import METHODS, Method
from plumbline.monitor.movement import Movement
from plumbline.monitor.multiplicity import benjamini_hochberg

ALPHA = 0.05
DEFAULT = ("js",)
FEWEST_REFERENCE, FEWEST = 100, 30  # values below which nothing is judged
FEWEST_WEEKS = 4
_STATUSES = (PointStatus.UNKNOWN, PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH)
_UNKNOWN, _OK, _WATCH, _BREACH = range(4)
_FIRST = datetime.min.replace(tzinfo=UTC)

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One feature's counts over a span: ``counts`` (cells,), missing values, sum and sum of squares."""

    counts: FloatArray
    missing: int
    total: float
    squares: float

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def missing_share(self) -> float:
        return self.missing / (self.n + self.missing) if self.n + self.missing else 0.0

    @property
    def sd(self) -> float:
        """Sample standard deviation; 0 where cancellation leaves nothing."""
        if self.n < 2:
            return 0.0
        variance = (self.squares - self.total**2 / self.n) / (self.n - 1)
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


@dataclass(frozen=True, slots=True)
class Ranked:
    """One feature's place: ``score`` is drift times importance (drift alone where importance is unknown).

    ``moved``: how its drift moved with the loss of performance, chunk by chunk; None where not asked.
    """

    feature: str
    score: float
    drift: float
    importance: float | None
    moved: Movement | None = None


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
    if not rows.any():
        return 1.0
    weeks, _, index = chunk_index((as_days(profile.days) if days is None else days)[rows], by)
    summed = sum_by(index, len(weeks), profile.counts[rows]).astype(float)
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


def judged_by_chunk(laid: Sequence[Laid], method: str) -> tuple[FeatureDrift, ...]:
    """Every window of every feature by one method, ordered by time, then by feature as given.

    q-values are corrected over the features of one window.

    Raises:
        PlumblineError: an unknown method.
    """
    chosen = _method(method)
    fitting = [one for one in laid if one.bins.kind in chosen.kinds]
    compared = [measured(one, chosen) for one in fitting]
    times = sorted({start for one in fitting for start in one.starts}, key=lambda s: s or _FIRST)
    place = {start: i for i, start in enumerate(times)}
    at = [np.array([place[start] for start in one.starts], dtype=np.int64) for one in fitting]
    p_values = np.full((len(fitting), len(times)), np.nan)
    for i, (own, columns) in enumerate(zip(compared, at, strict=True)):
        p_values[i, columns] = own.p_value
    q_values = benjamini_hochberg(p_values)
    by_time: list[list[FeatureDrift]] = [[] for _ in times]
    for one, own, columns, q in zip(fitting, compared, at, q_values, strict=True):
        for column, found in zip(columns.tolist(), _told(one, chosen, own, q[columns]), strict=True):
            by_time[column].append(found)
    return tuple(itertools.chain.from_iterable(by_time))


def measured(one: Laid, method: Method) -> Distances:
    """One feature's distances by one method; NaN, with a note that says why, where values are too few."""
    before, now = _counted(one, method)
    if before:
        found = method.compute(one.cells)
    else:
        none = np.full(len(now), np.nan)
        found = Distances(none, none, none, none, np.zeros(len(now)))
    few = (now < FEWEST) | (before < FEWEST_REFERENCE)
    if not few.any():
        return found
    told = zip(found.notes or [""] * len(now), now.tolist(), strict=True)
    notes = tuple(_too_few(before, n) or note for note, n in told)
    value, p_value, low, high = (
        np.where(few, np.nan, x) for x in (found.value, found.p_value, found.low, found.high)
    )
    return Distances(value, p_value, low, high, np.where(few, 0.0, found.bound), notes)


def _counted(one: Laid, method: Method) -> tuple[int, IntArray]:
    """Values of the reference and (k,) of the windows that a method is about."""
    if method.counts_missing:
        return one.reference.n + one.reference.missing, one.sizes + one.missing
    return one.reference.n, one.sizes


def _told(one: Laid, method: Method, found: Distances, q_values: FloatArray) -> list[FeatureDrift]:
    """One feature's windows, in order of time, as they are told."""
    before, now = _counted(one, method)
    drifted, status = verdicts(method, found.value, found.low, q_values)
    if len(now) > 1:
        status = running(status, drifted)
    gone = one.missing / np.maximum(one.sizes + one.missing, 1)
    columns = (
        known(found.value), known(found.p_value), known(np.where(np.isnan(found.value), np.nan, q_values)),
        drifted.tolist(), status.tolist(), now.tolist(), gone.tolist(), found.bound.tolist(),
        found.notes or [""] * len(now), one.starts, one.ends, known(found.low), known(found.high),
    )  # fmt: skip
    name, kind, was = one.bins.feature, one.bins.kind, one.reference.missing_share
    return [
        FeatureDrift(
            name, kind, method.name, value, method.breach, p, q, drift, _STATUSES[code], before, n, lack, was,
            one.new_levels, bound, note, start, end, low, high,
        )
        for value, p, q, drift, code, n, lack, bound, note, start, end, low, high in zip(*columns, strict=True)
    ]  # fmt: skip


def verdicts(
    method: Method, value: FloatArray, low: FloatArray, q_values: FloatArray, alpha: float = ALPHA
) -> tuple[NDArray[np.bool_], IntArray]:
    """Which windows drifted, and each one's status (its place in ``PointStatus``: see ``_STATUSES``).

    ``drifted``: beyond the threshold and significant after correction. It is a *breach* where the whole
    interval is beyond the threshold, else *watch*: until the next chunk confirms it (see ``running``).
    """
    certain = np.isfinite(value) & (q_values < alpha)  # False for NaN
    drifted = certain & (value >= method.breach)
    breach = drifted & (np.isnan(low) | (low >= method.breach))
    watch = certain & (value >= method.watch)
    status = np.select([breach, watch, np.isfinite(value)], [_BREACH, _WATCH, _OK], _UNKNOWN)
    return drifted, status.astype(np.int64)


def running(status: IntArray, drifted: NDArray[np.bool_]) -> IntArray:
    """One feature's chunks in order of time: two that drifted running, unknown ones skipped, are a breach."""
    judged = np.flatnonzero(status != _UNKNOWN)
    both = drifted[judged][1:] & drifted[judged][:-1]
    sure = np.zeros(len(status), dtype=np.bool_)
    sure[judged[1:][both]] = sure[judged[:-1][both]] = True
    return np.where(sure & (status == _WATCH), _BREACH, status)


def exactly(held: FeatureDrift, found: Distance) -> FeatureDrift:
    """The same comparison with a distance computed from the decisions themselves."""
    moved = (found.value or 0.0) - (held.value or 0.0)
    low, high = (
        None if x is None or found.value is None else max(x + moved, 0.0) for x in (held.low, held.high)
    )
    return replace(
        held, value=found.value, bound=0.0, p_value=found.p_value or held.p_value, note=found.note, low=low,
        high=high,
    )  # fmt: skip


def judge(found: Sequence[FeatureDrift], alpha: float = ALPHA) -> tuple[FeatureDrift, ...]:
    """Give features compared by the same method over the same window their q-value and status anew."""
    if not found:
        return ()
    value, low, p_values = (
        np.array([np.nan if x is None else x for x in own], dtype=float)
        for own in zip(*((f.value, f.low, f.p_value) for f in found), strict=True)
    )
    q_values = benjamini_hochberg(p_values)
    drifted, status = verdicts(METHODS[found[0].method], value, low, q_values, alpha)
    rows = zip(found, known(q_values), drifted.tolist(), status.tolist(), strict=True)
    return tuple(
        one if one.value is None else replace(one, q_value=q, drifted=drift, status=_STATUSES[code])
        for one, q, drift, code in rows
    )


def drift(
    profiles: Sequence[FeatureProfile],
    *,
    reference: Span,
    window: Span,
    methods: Sequence[str] = DEFAULT,
    healthy: Sequence[FeatureProfile] | None = None,
) -> tuple[FeatureDrift, ...]:
    """Every feature's window against its reference, by each method that fits its kind.

    Args:
        profiles: days of the window, and of the reference unless ``healthy`` is given. New levels are
            named from all of their days.
        healthy: the same features counted over the reference alone, in the same order.

    Spans are compared by whole days; one that begins within a day needs profiles counted over just it.

    Raises:
        PlumblineError: an unknown method.
    """
    laid = []
    for then, now in zip(healthy or profiles, profiles, strict=True):
        shown, before = within(now.days, window), within(then.days, reference)
        counts, missing = now.counts[shown].sum(axis=0)[None, :], now.missing[shown].sum()[None]
        laid.append(
            lay(
                now, sample_of(then, before), dispersion(then, before), counts, missing, (window[0],),
                (window[1],), _new_levels(now, counts[0]),
            )
        )  # fmt: skip
    return tuple(one for name in methods for one in judged_by_chunk(laid, name))


def laid_by_chunk(
    profiles: Sequence[FeatureProfile], *, reference: Span, by: str, window: Span = (None, None)
) -> tuple[Laid, ...]:
    """Every feature's chunks beside its reference, for ``judged_by_chunk`` by any number of methods."""
    laid = []
    for profile in profiles:
        days = as_days(profile.days)
        shown = within(days, window)
        if not shown.any():
            continue
        healthy = within(days, reference)
        starts, ends, index = chunk_index(days[shown], by)
        counts, missing = (sum_by(index, len(starts), x[shown]) for x in (profile.counts, profile.missing))
        laid.append(
            lay(
                profile, sample_of(profile, healthy), dispersion(profile, healthy, days), counts, missing,
                starts, ends,
            )
        )  # fmt: skip
    return tuple(laid)


def drift_by_chunk(
    profiles: Sequence[FeatureProfile],
    *,
    reference: Span,
    by: str,
    window: Span = (None, None),
    method: str = "js",
) -> tuple[FeatureDrift, ...]:
    """Every feature and chunk against the reference, ordered by time; corrected over the features of a chunk."""
    return judged_by_chunk(laid_by_chunk(profiles, reference=reference, by=by, window=window), method)


def ranking(
    found: Sequence[FeatureDrift],
    importance: Mapping[str, float] | None = None,
    moved: Mapping[str, Movement] | None = None,
) -> tuple[Ranked, ...]:
    """Features by drift times importance, the one most likely to hurt first; by the first method given."""
    first: dict[str, FeatureDrift] = {}
    for one in found:
        first.setdefault(one.feature, one)
    total = sum((importance or {}).values())
    ranked = []
    for name, one in first.items():
        size = one.value or 0.0
        weight = importance.get(name, 0.0) / total if importance and total > 0 else None
        ranked.append(
            Ranked(name, size if weight is None else size * weight, size, weight, (moved or {}).get(name))
        )
    return tuple(sorted(ranked, key=lambda r: (-r.score, -r.drift, r.feature)))


def _method(name: str) -> Method:
    if name not in METHODS:
        raise PlumblineError(f"{name!r} is not a drift method", todo="Use one of " + ", ".join(METHODS) + ".")
    return METHODS[name]


def _too_few(reference: int, window: int) -> str:
    if reference < FEWEST_REFERENCE:
        more = FEWEST_REFERENCE - reference
        return f"{reference} values in the reference; {FEWEST_REFERENCE} are needed, {more} more."
    return f"{window} values; {FEWEST} are needed, {FEWEST - window} more." if window < FEWEST else ""


def _new_levels(profile: FeatureProfile, counts: IntArray) -> tuple[str, ...]:
    if profile.bins.kind is not Kind.CATEGORICAL or not len(counts) or counts[-1] == 0:
        return ()
    return tuple(sorted(profile.other_levels, key=lambda level: -profile.other_levels[level])[:10])
