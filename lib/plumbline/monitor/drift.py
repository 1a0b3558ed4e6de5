"""Distribution shift, feature by feature: a window, or every chunk of the log, against the reference.

A feature has drifted where the distance is large enough to matter *and* larger than chance: beyond the
method's threshold, with a q-value below 5 % after Benjamini-Hochberg over the features tested together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from plumbline.domain import FeatureDrift, FeatureProfile, FloatArray, Kind, PlumblineError, PointStatus
from plumbline.monitor.chunks import chunk_index, midnight, sum_by
from plumbline.monitor.distances import METHODS, Distance, Method, cells_of, ks
from plumbline.monitor.multiplicity import benjamini_hochberg

ALPHA = 0.05
DEFAULT = ("js",)
FEWEST_REFERENCE, FEWEST = 100, 30  # values below which nothing is judged
MISSING_MATTERS = 0.05  # change of the missing share worth saying

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
class Ranked:
    """One feature's place: ``score`` is drift times importance (drift alone where importance is unknown)."""

    feature: str
    score: float
    drift: float
    importance: float | None


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


def compare(profile: FeatureProfile, reference: Sample, window: Sample, method: Method) -> FeatureDrift:
    """One feature's window against its reference by one method; q and the verdict come with the others."""
    bins = profile.bins
    held = FeatureDrift(
        feature=bins.feature, kind=bins.kind, method=method.name, value=None, threshold=method.breach, p_value=None,
        q_value=None, drifted=False, status=PointStatus.UNKNOWN, n_reference=reference.n, n=window.n,
        missing_share=window.missing_share, missing_share_reference=reference.missing_share,
        new_levels=_new_levels(profile, window), note=_too_few(reference, window),
    )  # fmt: skip
    if held.note:
        return held
    cells = cells_of(bins, reference.counts, window.counts, reference.sd, reference.scale)
    found = method.compute(cells)
    p_value = found.p_value if found.p_value is not None or found.value is None else ks(cells).p_value
    note = " ".join(part for part in (found.note, _missing_note(reference, window)) if part)
    return replace(held, value=found.value, bound=found.bound, p_value=p_value, note=note)


def exactly(held: FeatureDrift, found: Distance) -> FeatureDrift:
    """The same comparison with a distance computed from the decisions themselves."""
    return replace(held, value=found.value, bound=0.0, p_value=found.p_value or held.p_value, note=found.note)


def judge(found: Sequence[FeatureDrift], alpha: float = ALPHA) -> tuple[FeatureDrift, ...]:
    """Give features compared by the same method over the same window their q-value and status."""
    q_values = benjamini_hochberg(np.array([np.nan if f.p_value is None else f.p_value for f in found]))
    judged = []
    for one, q in zip(found, q_values, strict=True):
        if one.value is None:
            judged.append(one)
            continue
        method = METHODS[one.method]
        certain = bool(np.isfinite(q)) and q < alpha
        status = PointStatus.OK
        if certain and one.value >= method.breach:
            status = PointStatus.BREACH
        elif certain and one.value >= method.watch:
            status = PointStatus.WATCH
        drifted = status is PointStatus.BREACH
        judged.append(
            replace(one, q_value=float(q) if np.isfinite(q) else None, drifted=drifted, status=status)
        )
    return tuple(judged)


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
        profiles: days of the window, and of the reference unless ``healthy`` is given.
        healthy: the same features counted over the reference alone, in the same order.

    Spans are compared by whole days; one that begins within a day needs profiles counted over just it.

    Raises:
        PlumblineError: an unknown method.
    """
    made: list[FeatureDrift] = []
    for name in methods:
        method = _method(name)
        compared = []
        for then, now in zip(healthy or profiles, profiles, strict=True):
            if now.bins.kind in method.kinds:
                then_part = sample_of(then, within(then.days, reference))
                compared.append(compare(now, then_part, sample_of(now, within(now.days, window)), method))
        made += [replace(f, start=window[0], end=window[1]) for f in judge(compared)]
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
    by_chunk: dict[tuple[datetime, datetime], list[FeatureDrift]] = {}
    for profile in profiles:
        if profile.bins.kind not in chosen.kinds or not profile.days:
            continue
        healthy = sample_of(profile, within(profile.days, reference))
        shown = within(profile.days, window)
        days = [d for d, keep in zip(profile.days, shown, strict=True) if keep]
        starts, ends, index = chunk_index(days, by)
        chunks = len(starts)
        counts, missing = (sum_by(index, chunks, a[shown]) for a in (profile.counts, profile.missing))
        totals, squares = (sum_by(index, chunks, a[shown]) for a in (profile.sums, profile.squares))
        for i, span in enumerate(zip(starts, ends, strict=True)):
            part = Sample(counts[i].astype(float), int(missing[i]), float(totals[i]), float(squares[i]))
            one = compare(profile, healthy, part, chosen)
            by_chunk.setdefault(span, []).append(replace(one, start=span[0], end=span[1]))
    return tuple(one for span in sorted(by_chunk) for one in judge(by_chunk[span]))


def ranking(
    found: Sequence[FeatureDrift], importance: Mapping[str, float] | None = None
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
        ranked.append(Ranked(name, size if weight is None else size * weight, size, weight))
    return tuple(sorted(ranked, key=lambda r: (-r.score, -r.drift, r.feature)))


def _method(name: str) -> Method:
    if name not in METHODS:
        raise PlumblineError(f"{name!r} is not a drift method", todo="Use one of " + ", ".join(METHODS) + ".")
    return METHODS[name]


def _too_few(reference: Sample, window: Sample) -> str:
    if reference.n < FEWEST_REFERENCE:
        return f"{reference.n} values in the reference; {FEWEST_REFERENCE} are needed."
    return f"{window.n} values in the window; {FEWEST} are needed." if window.n < FEWEST else ""


def _new_levels(profile: FeatureProfile, window: Sample) -> tuple[str, ...]:
    if profile.bins.kind is not Kind.CATEGORICAL or not len(window.counts) or window.counts[-1] == 0:
        return ()
    return tuple(sorted(profile.other_levels, key=lambda level: -profile.other_levels[level])[:10])


def _missing_note(reference: Sample, window: Sample) -> str:
    """A change of the missing share that matters and is more than chance (two proportions, 5 %)."""
    a, b = reference.missing_share, window.missing_share
    n, m = reference.n + reference.missing, window.n + window.missing
    pooled = (reference.missing + window.missing) / (n + m)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if abs(b - a) < MISSING_MATTERS or spread == 0 or 2 * ndtr(-abs(b - a) / spread) > ALPHA:
        return ""
    return f"Missing values went from {100 * a:.1f} % to {100 * b:.1f} %."
