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

from plumbline.domain import FeatureDrift, FeatureProfile, FloatArray, Kind, PlumblineError, PointStatus
from plumbline.monitor.cells import Distance, Distances, cells_of
from plumbline.monitor.chunks import chunk_index, midnight, sum_by
from plumbline.monitor.distances import METHODS, Method
from plumbline.monitor.movement import Movement
from plumbline.monitor.multiplicity import benjamini_hochberg

ALPHA = 0.05
DEFAULT = ("js",)
FEWEST_REFERENCE, FEWEST = 100, 30  # values below which nothing is judged
FEWEST_WEEKS = 4
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
class Windows:
    """One feature's counts over k spans: ``counts`` (k, cells), ``missing`` (k,), and the spans' bounds."""

    counts: FloatArray
    missing: FloatArray
    starts: Sequence[datetime | None]
    ends: Sequence[datetime | None]


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


def within(days: Sequence[date], span: Span) -> NDArray[np.bool_]:
    """Which days a half-open span touches."""
    start, end = span
    touched = [
        (start is None or day >= start.date()) and (end is None or midnight(day) < end) for day in days
    ]
    return np.asarray(touched, dtype=np.bool_)


def sample_of(profile: FeatureProfile, rows: NDArray[np.bool_]) -> Sample:
    """The counts of some of a profile's days, added up."""
    return Sample(
        profile.counts[rows].sum(axis=0).astype(float), int(profile.missing[rows].sum()),
        float(profile.sums[rows].sum()), float(profile.squares[rows].sum()),
    )  # fmt: skip


def dispersion(profile: FeatureProfile, rows: NDArray[np.bool_]) -> float:
    """How much more the reference's own weeks differ than independent decisions would; at least 1.

    Pearson's chi-square of weeks by cells over its degrees of freedom (McCullagh and Nelder 1989, 4.5).
    Decisions that repeat each other, and weekdays and holidays, make chance larger than counts suggest; all
    counts are divided by it where chance is judged. 1 where fewer than four weeks tell.
    """
    days = [day for day, keep in zip(profile.days, rows, strict=True) if keep]
    if not days:
        return 1.0
    _, _, index = chunk_index(days, "week")
    weekly = np.add.reduceat(profile.counts[rows], np.flatnonzero(np.diff(index, prepend=-1)), axis=0)
    weekly = cells_of(profile.bins, weekly[0], weekly).coarse()[1]
    weekly = weekly[weekly.sum(axis=1) >= FEWEST]
    weekly = weekly[:, weekly.sum(axis=0) > 0] if len(weekly) else weekly
    if len(weekly) < FEWEST_WEEKS or weekly.shape[1] < 2:
        return 1.0
    due = np.outer(weekly.sum(axis=1), weekly.sum(axis=0)) / weekly.sum()
    freedom = (len(weekly) - 1) * (weekly.shape[1] - 1)
    return float(max(np.sum((weekly - due) ** 2 / due) / freedom, 1.0))


def compare(
    profile: FeatureProfile, reference: Sample, windows: Windows, method: Method, spread: float = 1.0
) -> list[FeatureDrift]:
    """One feature's windows against its reference by one method; q and the verdict come with the others.

    ``spread``: see ``dispersion``; the sizes that are reported are those of the decisions.
    """
    bins = profile.bins
    counts, gone = windows.counts, windows.missing
    sizes = counts.sum(axis=1)
    cells = cells_of(
        bins, reference.counts / spread, counts / spread, reference.sd, reference.scale,
        (reference.missing / spread, gone / spread),
    )  # fmt: skip
    if reference.n + (reference.missing if method.counts_missing else 0):
        found = method.compute(cells)
    else:
        none = np.full(len(counts), np.nan)
        found = Distances(none, none, none, none, np.zeros(len(counts)))
    before = reference.missing_share
    made = []
    for i, (n, lack) in enumerate(zip(sizes.tolist(), gone.tolist(), strict=True)):
        n_then, n_now = reference.n, int(n)
        if method.counts_missing:
            n_then, n_now = n_then + reference.missing, int(n + lack)
        note = _too_few(n_then, n_now)
        one = found.one(i)
        if note:
            one = Distance(None, note=note)
        made.append(
            FeatureDrift(
                feature=bins.feature, kind=bins.kind, method=method.name, value=one.value,
                threshold=method.breach, p_value=one.p_value, q_value=None, drifted=False,
                status=PointStatus.UNKNOWN, n_reference=n_then, n=n_now,
                missing_share=lack / (n + lack) if n + lack else 0.0, missing_share_reference=before,
                bound=one.bound, note=one.note, start=windows.starts[i], end=windows.ends[i], low=one.low,
                high=one.high,
            )
        )  # fmt: skip
    return made


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
    """Give features compared by the same method over the same window their q-value and status.

    ``drifted``: beyond the threshold and significant after correction. It is a *breach* where the whole
    interval is beyond the threshold, else *watch*: until the next chunk confirms it (see ``running``).
    """
    q_values = benjamini_hochberg(np.array([np.nan if f.p_value is None else f.p_value for f in found]))
    judged = []
    for one, q in zip(found, q_values.tolist(), strict=True):
        if one.value is None:
            judged.append(one)
            continue
        method = METHODS[one.method]
        certain = q < alpha  # False for NaN
        drifted = certain and one.value >= method.breach
        status = PointStatus.OK
        if drifted and (one.low is None or one.low >= method.breach):
            status = PointStatus.BREACH
        elif certain and one.value >= method.watch:
            status = PointStatus.WATCH
        judged.append(replace(one, q_value=q if np.isfinite(q) else None, drifted=drifted, status=status))
    return tuple(judged)


def running(series: Sequence[FeatureDrift]) -> tuple[FeatureDrift, ...]:
    """One feature's chunks in order of time: two that drifted running, unknown ones skipped, are a breach."""
    judged = [i for i, one in enumerate(series) if one.status is not PointStatus.UNKNOWN]
    sure = set()
    for before, after in itertools.pairwise(judged):
        if series[before].drifted and series[after].drifted:
            sure |= {before, after}
    return tuple(
        replace(one, status=PointStatus.BREACH) if i in sure and one.status is PointStatus.WATCH else one
        for i, one in enumerate(series)
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
    made: list[FeatureDrift] = []
    pairs = []
    for then, now in zip(healthy or profiles, profiles, strict=True):
        part = sample_of(now, within(now.days, window))
        shown = Windows(part.counts[None, :], np.array([float(part.missing)]), (window[0],), (window[1],))
        healthy_days = within(then.days, reference)
        pairs.append((now, sample_of(then, healthy_days), shown, dispersion(then, healthy_days)))
    for name in methods:
        method = _method(name)
        compared: list[FeatureDrift] = []
        for now, before, shown, spread in pairs:
            if now.bins.kind in method.kinds:
                new = _new_levels(now, shown.counts[0])
                compared += [replace(f, new_levels=new) for f in compare(now, before, shown, method, spread)]
        made += judge(compared)
    return tuple(made)


def drift_by_chunk(
    profiles: Sequence[FeatureProfile],
    *,
    reference: Span,
    by: str,
    window: Span = (None, None),
    method: str = "js",
) -> tuple[FeatureDrift, ...]:
    """Every feature and chunk against the reference, ordered by time; corrected over the features of a chunk."""
    chosen = _method(method)
    by_chunk: dict[datetime | None, list[FeatureDrift]] = {}
    for profile in profiles:
        if profile.bins.kind not in chosen.kinds or not profile.days:
            continue
        of_reference = within(profile.days, reference)
        healthy = sample_of(profile, of_reference)
        shown = within(profile.days, window)
        days = [d for d, keep in zip(profile.days, shown, strict=True) if keep]
        starts, ends, index = chunk_index(days, by)
        chunks = len(starts)
        if not chunks:
            continue
        firsts = np.flatnonzero(np.diff(index, prepend=-1))
        counts = np.add.reduceat(profile.counts[shown], firsts, axis=0)
        missing = sum_by(index, chunks, profile.missing[shown])
        windows = Windows(counts.astype(float), missing.astype(float), starts, ends)
        for one in compare(profile, healthy, windows, chosen, dispersion(profile, of_reference)):
            by_chunk.setdefault(one.start, []).append(one)
    judged = [one for start in sorted(by_chunk, key=lambda s: s or _FIRST) for one in judge(by_chunk[start])]
    series: dict[str, list[int]] = {}
    for place, one in enumerate(judged):
        series.setdefault(one.feature, []).append(place)
    for places in series.values():
        for place, one in zip(places, running([judged[i] for i in places]), strict=True):
            judged[place] = one
    return tuple(judged)


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


def _new_levels(profile: FeatureProfile, counts: FloatArray) -> tuple[str, ...]:
    if profile.bins.kind is not Kind.CATEGORICAL or not len(counts) or counts[-1] == 0:
        return ()
    return tuple(sorted(profile.other_levels, key=lambda level: -profile.other_levels[level])[:10])
