"""What has shifted since the reference: by feature, by chunk, one feature's two distributions, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from plumbline.answers.reading import as_of, resolved, span_of
from plumbline.answers.recording import Record
from plumbline.answers.releases import ReleasesAnswer, handled
from plumbline.answers.spans import say_span
from plumbline.domain import (
    FeatureDrift,
    FeatureProfile,
    FloatArray,
    Kind,
    PlumblineError,
    PointStatus,
    Slice,
    System,
)
from plumbline.governance.facts import Breach
from plumbline.monitor import exact as exactly
from plumbline.monitor.chunks import chunk_for, midnight
from plumbline.monitor.distances import METHODS
from plumbline.monitor.drift import Ranked, drift_by_chunk, judge, ranking, sample_of, within
from plumbline.monitor.drift import drift as measure
from plumbline.monitor.drift import exactly as with_exact
from plumbline.profile import groups, read, rows
from plumbline.profile.bins import OUTPUTS
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace

Span = tuple[datetime | None, datetime | None]
WINDOW_DAYS = 30
CARRIES = 0.05  # share of all importance from which a feature carries some
DEFAULT_METHODS = ("js",)


@dataclass(frozen=True, slots=True)
class DriftAnswer:
    """The window against the reference (``features``), and every chunk of the log (``chunks``)."""

    system: System
    reference: Span
    window: Span
    by: str
    features: tuple[FeatureDrift, ...]
    chunks: tuple[FeatureDrift, ...]
    ranking: tuple[Ranked, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class FeatureAnswer:
    """One feature then and now, as shares over the same cells, and its quantiles."""

    feature: str
    kind: Kind
    labels: tuple[str, ...]
    edges: FloatArray  # numeric: cell borders, one more than cells; empty for levels
    then: FloatArray
    now: FloatArray
    n_then: int
    n_now: int
    missing_then: float
    missing_now: float
    by_method: tuple[FeatureDrift, ...]
    over_time: tuple[FeatureDrift, ...]


def drift(
    ws: Workspace,
    key: str,
    *,
    reference: Span | None = None,
    window: Span | None = None,
    methods: Sequence[str] | None = None,
    by: str | None = None,
    version: str | None = None,
    where: tuple[tuple[str, str], ...] = (),
    exact: bool = False,
) -> DriftAnswer:
    """Compare a window with the reference, feature by feature, and every chunk of the log with it.

    Args:
        reference: None or open: the system's own.
        window: None or open: the last 30 days of the log.
        methods: see ``monitor.distances.TABLE``; the first decides the ranking.
        exact: distances from the decisions themselves where a grid would only bound them.

    Raises:
        PlumblineError: no such system, method or column, or no reference is known.
    """
    chosen = tuple(methods or DEFAULT_METHODS)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        where = resolved(cursor, system, Slice(where=where)).where
        healthy = _reference(system, reference)
        shown = _window(cursor, system, window)
        profiles = read.feature_profiles(cursor, system, Slice(version=version, where=where))
        if not profiles:
            raise PlumblineError(f"{key} has no features to compare", todo="Map some columns as features.")
        then, now = (_profiles(cursor, system, span, version, where, profiles) for span in (healthy, shown))
        found = measure(now, reference=healthy, window=shown, methods=chosen, healthy=then)
        # the grid's tenths are those of the system's own reference: another one is measured from its decisions
        if exact or healthy != system.reference:
            found = _exact(cursor, system, found, healthy, shown, version, where)
        chunk = by or _chunk(profiles)
        chunks = drift_by_chunk(profiles, reference=healthy, by=chunk)
        weights = importance_of(cursor, system)
    features = [f for f in found if f.feature not in OUTPUTS]
    ranked = ranking(features, weights)
    return DriftAnswer(
        system, healthy, shown, chunk, found, chunks, ranked, _sentence(features, ranked, healthy, shown)
    )


def feature(
    ws: Workspace, key: str, name: str, *, window: Span | None = None, version: str | None = None
) -> FeatureAnswer:
    """One feature's two distributions on the same cells (tenths of the reference for numbers).

    Raises:
        PlumblineError: no such system or feature.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        healthy, shown = _reference(system, None), _window(cursor, system, window)
        profiles = read.feature_profiles(cursor, system, Slice(version=version), [name])
        if not profiles:
            raise PlumblineError(f"{key} has no feature {name!r}", todo="Choose one from the list.")
        profile = profiles[0]
        then, now = (_profiles(cursor, system, span, version, (), profiles)[0] for span in (healthy, shown))
    methods = [m for m in METHODS if profile.bins.kind in METHODS[m].kinds]
    by_method = measure([now], reference=healthy, window=shown, methods=methods, healthy=[then])
    over_time = drift_by_chunk(profiles, reference=healthy, by=_chunk(profiles))
    a, b = sample_of(then, within(then.days, healthy)), sample_of(now, within(now.days, shown))
    labels, edges, p, q = _cells(profile, a.counts, b.counts)
    return FeatureAnswer(
        name, profile.bins.kind, labels, edges, p / max(a.n, 1), q / max(b.n, 1), a.n, b.n, a.missing_share,
        b.missing_share, by_method, over_time,
    )  # fmt: skip


def importance_of(cursor: Cursor, system: System) -> dict[str, float] | None:
    """Mean absolute logged attribution by feature; None where the log has none."""
    columns = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "attribution"]
    return groups.mean_attributions(cursor, system, columns) or None


def open_drift(
    cursor: Cursor, system: System, now: datetime, found: ReleasesAnswer, noted: tuple[Record, ...]
) -> Breach | None:
    """The drift of features that carry importance that the last two chunks are in, since its onset."""
    if system.reference is None:
        return None
    profiles = read.feature_profiles(cursor, system)
    weights = importance_of(cursor, system)
    total = sum((weights or {}).values())
    inputs = [
        p for p in profiles
        if p.bins.feature not in OUTPUTS and (not weights or weights.get(p.bins.feature, 0) >= CARRIES * total)
    ]  # fmt: skip
    if not inputs:
        return None
    chunks = drift_by_chunk(inputs, reference=system.reference, by=_chunk(inputs))
    runs = [run for p in inputs if (run := _open_run([c for c in chunks if c.feature == p.bins.feature]))]
    if not runs:
        return None
    since = min(run[0].start for run in runs if run[0].start)
    worst = max(runs, key=lambda run: run[-1].value or 0)[-1]
    others = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    size = f"Jensen-Shannon distance {worst.value:.2f}, limit 0.1, n = {worst.n:,}"
    sentence = f"{worst.feature}{others} drifted ({size})"
    longest = max(runs, key=len)
    return Breach(since, sentence, handled(since, [f.end for f in longest if f.end], found, noted))


def _open_run(series: Sequence[FeatureDrift]) -> list[FeatureDrift]:
    judged = [f for f in series if f.status is not PointStatus.UNKNOWN]
    run: list[FeatureDrift] = []
    for one in reversed(judged):
        if not one.drifted:
            break
        run.insert(0, one)
    return run if len(run) >= 2 else []


def _reference(system: System, given: Span | None) -> Span:
    start, end = given or (None, None)
    if system.reference is None and not (start or end):
        raise PlumblineError(
            f"{system.key} has no reference yet", todo="Load more decisions, or give --reference A..B."
        )
    own = system.reference or (None, None)
    return (start, end) if start or end else own


def _window(cursor: Cursor, system: System, given: Span | None) -> Span:
    start, end = given or (None, None)
    if start or end:
        return start, end
    span = span_of(cursor, system)
    last = min(as_of(system, span), span.last) if span else as_of(system, None)
    return midnight(last.date()) - timedelta(days=WINDOW_DAYS - 1), None


def _profiles(
    cursor: Cursor, system: System, span: Span, version: str | None, where: tuple[tuple[str, str], ...],
    whole: Sequence[FeatureProfile],
) -> Sequence[FeatureProfile]:  # fmt: skip
    """The stored days for spans of whole days; a span that begins or ends within a day is counted anew."""
    if all(t is None or t == midnight(t.date()) for t in span):
        return whole
    names = [profile.bins.feature for profile in whole]
    return read.feature_profiles(cursor, system, Slice(*span, version, None, where), names)


def _exact(
    cursor: Cursor, system: System, found: Sequence[FeatureDrift], reference: Span, window: Span,
    version: str | None, where: tuple[tuple[str, str], ...],
) -> tuple[FeatureDrift, ...]:  # fmt: skip
    """Numeric features' distances from the decisions themselves; the rest is exact already."""
    held: dict[tuple[str, Span], FloatArray] = {}

    def values(name: str, span: Span) -> FloatArray:
        if (name, span) not in held:
            part = Slice(*span, version, None, where)
            held[name, span] = exactly.finite(rows.exact_values(cursor, system, name, part))
        return held[name, span]

    made: dict[str, list[FeatureDrift]] = {}
    for one in found:
        compute = exactly.EXACT.get(one.method)
        if (
            compute is not None
            and one.kind is Kind.NUMERIC
            and (one.value is not None or one.p_value is not None)
        ):
            one = with_exact(one, compute(values(one.feature, reference), values(one.feature, window)))
        made.setdefault(one.method, []).append(one)
    return tuple(one for group in made.values() for one in judge(group))


def _chunk(profiles: Sequence[FeatureProfile]) -> str:
    longest = max(profiles, key=lambda p: len(p.days))
    by = chunk_for(longest.days, longest.counts.sum(axis=1) + longest.missing)
    return "week" if by == "day" and len(longest.days) > 60 else by


def _cells(
    profile: FeatureProfile, a: FloatArray, b: FloatArray
) -> tuple[tuple[str, ...], FloatArray, FloatArray, FloatArray]:
    """Labels, borders and counts to draw: levels by size, or numbers over 40 equal steps of the grid's range."""
    bins = profile.bins
    if bins.kind is Kind.CATEGORICAL:
        names = np.array([*bins.levels, "other levels"], dtype=object)
        order = [int(i) for i in np.argsort(-(a + b), kind="stable") if a[i] + b[i] > 0]
        return tuple(names[order]), np.empty(0), a[order], b[order]
    edges = bins.edges
    if len(edges) < 2 or edges[-1] <= edges[0]:
        return (), edges, a, b
    borders = np.linspace(edges[0], edges[-1], 41)
    points = np.r_[edges[0], (edges[:-1] + edges[1:]) / 2, edges[-1]]
    place = np.clip(np.searchsorted(borders, points, side="left") - 1, 0, 39)
    p, q = (np.bincount(place, weights=x, minlength=40) for x in (a, b))
    return (), borders, np.asarray(p, dtype=float), np.asarray(q, dtype=float)


def _sentence(found: Sequence[FeatureDrift], ranked: Sequence[Ranked], reference: Span, window: Span) -> str:
    judged = [f for f in found if f.status is not PointStatus.UNKNOWN]
    names = {f.feature for f in judged}
    spans = f"{say_span(*window)}, against {say_span(*reference)}"
    if not judged:
        return f"Too few values to judge drift ({spans})."
    drifted = list(dict.fromkeys(f.feature for f in judged if f.drifted))
    if not drifted:
        most = max(f.n for f in judged)
        return f"None of {len(names)} features drifted: {spans}, up to {most:,} decisions."
    first = next((r.feature for r in ranked if r.feature in drifted), drifted[0])
    worst = next(f for f in judged if f.feature == first and f.drifted)
    return (
        f"{len(drifted)} of {len(names)} features drifted. {first} comes first "
        f"({worst.method} {worst.value:.2f}, n = {worst.n:,}; {spans})."
    )
