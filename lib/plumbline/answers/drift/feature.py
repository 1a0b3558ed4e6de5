"""One feature then and now: shares over the same cells, quantiles, levels that grew and shrank, its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plumbline.answers.drift.features import Span, drift_chunk, profiles_of, reference_of, window_of
from plumbline.answers.drift.shapes import cells_of, is_constant
from plumbline.answers.performance.cautions import window_beside_reference
from plumbline.answers.question import log_span, resolve_filters
from plumbline.domain import Bins, FeatureDrift, FloatArray, Kind, PlumblineError, Slice
from plumbline.domain.messages import message
from plumbline.monitor.drift.aligned_counts import days_within, sum_sample
from plumbline.monitor.drift.distances import METHODS
from plumbline.monitor.drift.features import drift as measure
from plumbline.monitor.drift.features import drift_by_chunk
from plumbline.monitor.drift.missing_values import difference_limits
from plumbline.profile.bins import OUTPUTS, feature_name, profiled_columns
from plumbline.profile.read import profiles as read
from plumbline.store import systems
from plumbline.store.workspace import Workspace

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile then and now, from the grid; None where the values lie beyond it."""

    share: float
    then: float | None
    now: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level's share then and now, the change with its 95 % limits."""

    level: str
    then: float
    now: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.now - self.then


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureAnswer:
    """One feature over the reference and the window.

    ``edges``: numeric, cell borders, one more than cells; the end cells hold what lies beyond as well.
    ``where``: for each cell the value or range that selects its rows (see ``profile.scope.equality_condition``), None
    where a cell gathers several levels. ``labels``: of levels, or of the numbers where the reference held one or
    few, and of what lies below, between and above them; ``edges`` is empty then.
    ``column`` is the column of the decision table that ``where`` applies to.
    """

    feature: str
    column: str
    kind: Kind
    labels: tuple[str, ...]
    edges: FloatArray
    then: FloatArray
    now: FloatArray
    n_then: int
    n_now: int
    missing_then: float
    missing_now: float
    where: tuple[str | None, ...]
    quantiles: tuple[Quantile, ...]
    levels: tuple[Level, ...]
    new_levels: tuple[str, ...]
    by_method: tuple[FeatureDrift, ...]
    over_time: tuple[FeatureDrift, ...]
    reference: Span
    window: Span


def feature(
    ws: Workspace,
    key: str,
    name: str,
    *,
    reference: Span | None = None,
    window: Span | None = None,
    version: str | None = None,
    where: tuple[tuple[str, str], ...] = (),
) -> FeatureAnswer:
    """One feature's two distributions on the same cells.

    Raises:
        PlumblineError: no such system or feature.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        where = resolve_filters(cursor, system, Slice(where=where)).where
        healthy = reference_of(system, reference)
        shown, _ = window_beside_reference(
            healthy, window_of(cursor, system, window), log_span(cursor, system)
        )
        # all of them: what chance may do to one is steadied by the others, as on the page of all
        part = Slice(version=version, where=where)
        profiles = read.feature_profiles(cursor, system, part, reference=healthy)
        place = next((i for i, p in enumerate(profiles) if p.bins.feature == name), None)
        if place is None:
            raise PlumblineError(
                message("{key} has no feature {name}", key=key, name=repr(name)),
                todo="Choose one from the list.",
            )
        profile = profiles[place]
        before, after = (
            profiles_of(cursor, system, span, part, profiles, healthy) for span in (healthy, shown)
        )
        then, now = before[place], after[place]
        columns = [c for c, _, _ in profiled_columns(cursor, system) if feature_name(c) == name]
    bins = profile.bins
    methods = [m for m in METHODS if bins.kind in METHODS[m].kinds]
    by_method = tuple(
        f
        for f in measure(after, reference=healthy, window=shown, methods=methods, healthy=before)
        if f.feature == name
    )
    over_time = tuple(
        f for f in drift_by_chunk(profiles, reference=healthy, by=drift_chunk(profiles)) if f.feature == name
    )
    a, b = sum_sample(then, days_within(then.days, healthy)), sum_sample(now, days_within(now.days, shown))
    labels, edges, p, q, selects = cells_of(bins, a.counts, b.counts)
    column = columns[0] if columns else name
    return FeatureAnswer(
        feature=name,
        column=column,
        kind=bins.kind,
        labels=labels,
        edges=edges,
        then=p / max(a.n, 1),
        now=q / max(b.n, 1),
        n_then=a.n,
        n_now=b.n,
        missing_then=a.missing_share,
        missing_now=b.missing_share,
        where=selects if column not in OUTPUTS or name in columns else (None,) * len(p),
        quantiles=_quantiles(bins, a.counts, b.counts),
        levels=_levels(bins, a.counts, b.counts),
        new_levels=next((f.new_levels for f in by_method if f.new_levels), ()),
        by_method=by_method,
        over_time=over_time,
        reference=healthy,
        window=shown,
    )


def _quantiles(bins: Bins, a: FloatArray, b: FloatArray) -> tuple[Quantile, ...]:
    """Quantiles by linear interpolation on the fine grid (about 250 cells of the reference)."""
    if (
        bins.kind is not Kind.NUMERIC
        or len(bins.edges) < 2
        or is_constant(bins)
        or not a.sum()
        or not b.sum()
    ):
        return ()

    def quantile(counts: FloatArray, share: float) -> float | None:
        f = np.cumsum(counts)[:-1] / counts.sum()
        if share < f[0] or share > f[-1]:
            return None
        return float(np.interp(share, f, bins.edges))

    return tuple(Quantile(share, quantile(a, share), quantile(b, share)) for share in QUANTILES)


def _levels(bins: Bins, a: FloatArray, b: FloatArray, most: int = 8) -> tuple[Level, ...]:
    """The levels whose share changed most, those that grew first."""
    if bins.kind is not Kind.CATEGORICAL or not a.sum() or not b.sum():
        return ()
    p, q = a / a.sum(), b / b.sum()
    low, high = difference_limits(q - p, p, q, float(a.sum()), np.full(len(q), b.sum()), clip=False)
    names: Sequence[str] = [*bins.levels, "other levels"]
    order = [int(i) for i in np.argsort(-np.abs(q - p), kind="stable") if p[i] or q[i]][:most]
    order.sort(key=lambda i: p[i] - q[i])
    return tuple(
        Level(level=names[i], then=float(p[i]), now=float(q[i]), low=float(low[i]), high=float(high[i]))
        for i in order
    )
