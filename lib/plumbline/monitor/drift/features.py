"""Distribution shift, feature by feature: a window, or every chunk of the log, against the reference.

A feature has drifted where the distance is large enough to matter *and* larger than chance: beyond the
method's threshold, with a q-value below 5 % after Benjamini-Hochberg over the features tested together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import (
    FeatureDrift,
    FeatureProfile,
    FloatArray,
    IntArray,
    Kind,
    PlumblineError,
    PointStatus,
    from_columns,
)
from plumbline.domain.messages import NOTHING, Message, message
from plumbline.monitor.binned_counts import Distance, Distances, or_none
from plumbline.monitor.drift.aligned_counts import (
    AlignedCounts,
    Span,
    aligned_chunks,
    days_within,
    lay,
    sum_sample,
)
from plumbline.monitor.drift.correlation import Movement
from plumbline.monitor.drift.dispersion import FEWEST, laws
from plumbline.monitor.drift.distances import METHODS, Method
from plumbline.monitor.statistics.multiple_testing import benjamini_hochberg
from plumbline.wording.quantities import count

ALPHA = 0.05
DEFAULT = ("js",)
#: share of a threshold that a distance passes when what chance brings is taken off it
REAL = 0.5
FEWEST_REFERENCE = 100  # values of the reference below which nothing is judged
_STATUSES = (PointStatus.UNKNOWN, PointStatus.OK, PointStatus.WATCH, PointStatus.BREACH)
_UNKNOWN, _OK, _WATCH, _BREACH = range(4)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRank:
    """One feature's place: ``score`` is drift times importance (drift alone where importance is unknown).

    ``moved``: how its drift moved with the loss of performance, chunk by chunk; None where not asked.
    """

    feature: str
    score: float
    drift: float
    importance: float | None
    moved: Movement | None = None


def judge_chunks(laid: Sequence[AlignedCounts], method: str) -> tuple[FeatureDrift, ...]:
    """Every window of every feature by one method, ordered by time, then by feature as given.

    q-values are corrected over the features of one window.

    Raises:
        PlumblineError: an unknown method.
    """
    chosen = _method(method)
    fitting = [aligned for aligned in laid if aligned.bins.kind in chosen.kinds]
    if not fitting:
        return ()
    times, at = _times(fitting)
    distances = [measure_distance(aligned, chosen) for aligned in fitting]
    feature, place = (
        np.repeat(np.arange(len(fitting)), [len(feature_rows) for feature_rows in at]),
        np.concatenate(at),
    )
    value, p_values, low, high, bound, above = (
        np.concatenate([getattr(feature_rows, name) for feature_rows in distances])
        for name in ("value", "p_value", "low", "high", "bound", "above_chance_or_value")
    )
    table = np.full((len(fitting), len(times)), np.nan)
    table[feature, place] = p_values
    q_values = benjamini_hochberg(table)[feature, place]
    drifted, status = verdicts(chosen, value, above, low, q_values)
    watched = np.bincount(feature, status == _WATCH, len(fitting))
    for i in np.flatnonzero(watched).tolist():
        feature_rows = feature == i
        status[feature_rows] = confirm_running_drift(status[feature_rows], drifted[feature_rows])
    counted = [_value_counts(aligned, chosen) for aligned in fitting]
    sizes, missing = (
        np.concatenate([getattr(aligned, name) for aligned in fitting]) for name in ("sizes", "missing")
    )
    order = np.lexsort((feature, place))
    at_feature, at_row = feature[order].tolist(), order.tolist()

    def feature_values(values: Sequence[Any]) -> list[Any]:
        return [values[i] for i in at_feature]

    def row_values(values: Iterable[Sequence[Any]]) -> list[Any]:
        every = [*itertools.chain.from_iterable(values)]
        return [every[i] for i in at_row]

    return from_columns(
        FeatureDrift,
        {
            "feature": feature_values([aligned.bins.feature for aligned in fitting]),
            "kind": feature_values([aligned.bins.kind for aligned in fitting]),
            "method": itertools.repeat(method),
            "value": or_none(value[order]),
            "threshold": itertools.repeat(chosen.breach),
            "p_value": or_none(p_values[order]),
            "q_value": or_none(np.where(np.isnan(value), np.nan, q_values)[order]),
            "drifted": drifted[order].tolist(),
            "status": map(_STATUSES.__getitem__, status[order].tolist()),
            "n_reference": feature_values([before for before, _ in counted]),
            "n": np.concatenate([now for _, now in counted])[order].tolist(),
            "missing_share": (missing / np.maximum(sizes + missing, 1))[order].tolist(),
            "missing_share_reference": feature_values(
                [aligned.reference.missing_share for aligned in fitting]
            ),
            "new_levels": feature_values([aligned.new_levels for aligned in fitting]),
            "bound": bound[order].tolist(),
            "note": row_values(
                _notes(aligned, feature_rows)
                for aligned, feature_rows in zip(fitting, distances, strict=True)
            ),
            "start": row_values(aligned.starts for aligned in fitting),
            "end": row_values(aligned.ends for aligned in fitting),
            "low": or_none(low[order]),
            "high": or_none(high[order]),
            "above_chance": or_none(above[order]),
        },
    )


def _notes(counts: AlignedCounts, distances: Distances) -> Sequence[Message]:
    known_of = counts.cells.law.note
    if not distances.notes:
        return [known_of] * len(counts.sizes)
    return [note or known_of for note in distances.notes]


def _times(laid: Sequence[AlignedCounts]) -> tuple[list[datetime | None], list[IntArray]]:
    """All windows' starts in order of time, and for each feature the places of its own among them."""
    apart = {id(aligned.starts): aligned.starts for aligned in laid}  # most features have the same
    times = sorted({start for starts in apart.values() for start in starts}, key=lambda s: s or _FIRST)
    place = {start: i for i, start in enumerate(times)}
    at = {key: np.array([place[start] for start in starts], np.int64) for key, starts in apart.items()}
    return times, [at[id(aligned.starts)] for aligned in laid]


def measure_distance(counts: AlignedCounts, method: Method) -> Distances:
    """One feature's distances by one method; NaN, with a note that says why, where values are too few."""
    before, now = _value_counts(counts, method)
    if before:
        distances = method.compute(counts.cells)
    else:
        none = np.full(len(now), np.nan)
        distances = Distances(value=none, p_value=none, low=none, high=none, bound=np.zeros(len(now)))
    few = (now < FEWEST) | (before < FEWEST_REFERENCE)
    if not few.any():
        return distances
    noted = zip(distances.notes or [NOTHING] * len(now), now.tolist(), strict=True)
    notes = tuple(_too_few_note(before, n) or note for note, n in noted)
    value, p_value, low, high, above = (
        np.where(few, np.nan, x)
        for x in (
            distances.value,
            distances.p_value,
            distances.low,
            distances.high,
            distances.above_chance_or_value,
        )
    )
    return Distances(
        value=value,
        p_value=p_value,
        low=low,
        high=high,
        bound=np.where(few, 0.0, distances.bound),
        notes=notes,
        above_chance=above,
    )


def _value_counts(counts: AlignedCounts, method: Method) -> tuple[int, IntArray]:
    """Values of the reference and (k,) of the windows that a method is about."""
    if method.counts_missing:
        return counts.reference.n + counts.reference.missing, counts.sizes + counts.missing
    return counts.reference.n, counts.sizes


def verdicts(
    method: Method,
    value: FloatArray,
    above: FloatArray,
    low: FloatArray,
    q_values: FloatArray,
    alpha: float = ALPHA,
) -> tuple[NDArray[np.bool_], IntArray]:
    """Which windows drifted, and each one's status (its place in ``PointStatus``: see ``_STATUSES``).

    ``drifted``: beyond the threshold, at least half of it with what chance brings taken off (``above``), and
    significant after correction. It is a *breach* where the whole interval is beyond the threshold, else *watch*:
    until the next chunk confirms it (see ``confirm_running_drift``).
    """
    certain = np.isfinite(value) & (q_values < alpha)  # False for NaN
    drifted = certain & (value >= method.breach) & (above >= REAL * method.breach)
    breach = drifted & (np.isnan(low) | (low >= method.breach))
    watch = certain & (value >= method.watch)
    status = np.select([breach, watch, np.isfinite(value)], [_BREACH, _WATCH, _OK], _UNKNOWN)
    return drifted, status.astype(np.int64)


def confirm_running_drift(status: IntArray, drifted: NDArray[np.bool_]) -> IntArray:
    """One feature's chunks in order of time: two that drifted running, unknown ones skipped, are a breach."""
    if not (status == _WATCH).any():
        return status
    judged = np.flatnonzero(status != _UNKNOWN)
    both = drifted[judged][1:] & drifted[judged][:-1]
    sure = np.zeros(len(status), dtype=np.bool_)
    sure[judged[1:][both]] = sure[judged[:-1][both]] = True
    return np.where(sure & (status == _WATCH), _BREACH, status)


def with_exact_distance(drift: FeatureDrift, distance: Distance) -> FeatureDrift:
    """The same comparison with a distance computed from the decisions themselves."""
    moved = (distance.value or 0.0) - (drift.value or 0.0)
    low, high = (
        None if x is None or distance.value is None else max(x + moved, 0.0) for x in (drift.low, drift.high)
    )
    above = None if distance.value is None else max((drift.above_chance or 0.0) + moved, 0.0)
    return replace(
        drift,
        value=distance.value,
        bound=0.0,
        p_value=distance.p_value or drift.p_value,
        note=distance.note,
        low=low,
        high=high,
        above_chance=above,
    )


def judge(drifts: Sequence[FeatureDrift], alpha: float = ALPHA) -> tuple[FeatureDrift, ...]:
    """Give features compared by the same method over the same window their q-value and status anew."""
    if not drifts:
        return ()
    value, above, low, p_values = (
        np.array([np.nan if x is None else x for x in column], dtype=float)
        for column in zip(*((f.value, _value_above_chance(f), f.low, f.p_value) for f in drifts), strict=True)
    )
    q_values = benjamini_hochberg(p_values)
    drifted, status = verdicts(METHODS[drifts[0].method], value, above, low, q_values, alpha)
    rows = zip(drifts, or_none(q_values), drifted.tolist(), status.tolist(), strict=True)
    return tuple(
        feature_drift
        if feature_drift.value is None
        else replace(feature_drift, q_value=q, drifted=drift, status=_STATUSES[code])
        for feature_drift, q, drift, code in rows
    )


def _value_above_chance(drift: FeatureDrift) -> float | None:
    return drift.value if drift.above_chance is None else drift.above_chance


def exceeds(drift: FeatureDrift, threshold: float) -> bool:
    """Whether a comparison would have drifted by another threshold than its method's."""
    if drift.value is None or drift.q_value is None or drift.q_value >= ALPHA:
        return False
    return drift.value >= threshold and (_value_above_chance(drift) or 0.0) >= REAL * threshold


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
    old = healthy or profiles
    inside = [days_within(then.days, reference) for then in old]
    for then, now, before, law in zip(old, profiles, inside, laws(old, inside), strict=True):
        shown = days_within(now.days, window)
        counts, missing = now.counts[shown].sum(axis=0)[None, :], now.missing[shown].sum()[None]
        laid.append(
            lay(
                now,
                sum_sample(then, before),
                law,
                counts,
                missing,
                (window[0],),
                (window[1],),
                _newest_levels(now, counts[0]),
            )
        )
    return tuple(feature_drift for name in methods for feature_drift in judge_chunks(laid, name))


def drift_by_chunk(
    profiles: Sequence[FeatureProfile],
    *,
    reference: Span,
    by: str,
    window: Span = (None, None),
    method: str = "js",
) -> tuple[FeatureDrift, ...]:
    """Every feature and chunk against the reference, ordered by time; corrected over the features of a chunk."""
    return judge_chunks(aligned_chunks(profiles, reference=reference, by=by, window=window), method)


def ranking(
    drifts: Sequence[FeatureDrift],
    importance: Mapping[str, float] | None = None,
    moved: Mapping[str, Movement] | None = None,
) -> tuple[FeatureRank, ...]:
    """Features by drift times importance, the one most likely to hurt first; by the first method given."""
    first: dict[str, FeatureDrift] = {}
    for feature_drift in drifts:
        first.setdefault(feature_drift.feature, feature_drift)
    total = sum((importance or {}).values())
    ranked = []
    for name, feature_drift in first.items():
        size = feature_drift.value or 0.0
        weight = importance.get(name, 0.0) / total if importance and total > 0 else None
        ranked.append(
            FeatureRank(
                feature=name,
                score=size if weight is None else size * weight,
                drift=size,
                importance=weight,
                moved=(moved or {}).get(name),
            )
        )
    return tuple(sorted(ranked, key=lambda r: (-r.score, -r.drift, r.feature)))


def _method(name: str) -> Method:
    if name not in METHODS:
        raise PlumblineError(
            message("{name} is not a drift method", name=repr(name)),
            todo="Use one of " + ", ".join(METHODS) + ".",
        )
    return METHODS[name]


def _too_few_note(reference: int, window: int) -> Message:
    if reference < FEWEST_REFERENCE:
        return message(
            "{n} values in the reference; {needed} are needed, {more} more.",
            n=count(reference),
            needed=count(FEWEST_REFERENCE),
            more=count(FEWEST_REFERENCE - reference),
        )
    if window >= FEWEST:
        return NOTHING
    values = {"n": count(window), "needed": count(FEWEST), "more": count(FEWEST - window)}
    return message("{n} values; {needed} are needed, {more} more.", **values)


def _newest_levels(profile: FeatureProfile, counts: IntArray) -> tuple[str, ...]:
    if profile.bins.kind is not Kind.CATEGORICAL or not len(counts) or counts[-1] == 0:
        return ()
    return tuple(sorted(profile.other_levels, key=lambda level: -profile.other_levels[level])[:10])
