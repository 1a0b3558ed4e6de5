"""What has shifted since the reference: by feature, by chunk, one feature's two distributions, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plumbline.answers.drift.cutoff_changes import cutoff_departures
from plumbline.answers.drift.sentence import outputs_sentence, window_sentence
from plumbline.answers.drift.shapes import FeatureShape, shapes_of
from plumbline.answers.events import EventRecord
from plumbline.answers.performance.cautions import (
    reference_cautions,
    reference_change_caution,
    season_caution,
    window_beside_reference,
)
from plumbline.answers.performance.headline import system_headline
from plumbline.answers.performance.leakage import find_leaks
from plumbline.answers.question import log_span, reporting_date, resolve_filters
from plumbline.answers.releases.history import ReleasesAnswer, breach_response
from plumbline.domain import (
    FeatureDrift,
    FeatureProfile,
    FloatArray,
    Kind,
    PlumblineError,
    PointStatus,
    Result,
    Slice,
    System,
    json_object,
    json_value,
)
from plumbline.domain.messages import NOTHING, Message, message, sequence
from plumbline.governance.facts import Breach
from plumbline.monitor.chunks import chunk_for, midnight
from plumbline.monitor.drift import exact as exactly
from plumbline.monitor.drift.correlation import Movement, performance_correlation
from plumbline.monitor.drift.distances import OF_THEIR_OWN
from plumbline.monitor.drift.features import FeatureRank, drift_by_chunk, judge, ranking
from plumbline.monitor.drift.features import drift as measure
from plumbline.monitor.drift.features import with_exact_distance as with_exact
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.monitor.performance.series import performance
from plumbline.profile.bins import OUTPUTS
from plumbline.profile.read import profiles as read
from plumbline.profile.read.outcomes import outcome_profile
from plumbline.profile.scan import attributions, group_outcomes
from plumbline.profile.scan import exact as rows
from plumbline.profile.scan.weights import refuse_sample, sample_reason
from plumbline.store import systems
from plumbline.store.cache.samples import sample_sentence
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import decimal
from plumbline.wording.times import say_span

Span = tuple[datetime | None, datetime | None]
WINDOW_DAYS = 30
MOST_LEAKS = 3  # inputs that give the outcome away, as cautions; the Quality page has them all
CARRIES = 0.05  # share of all importance from which a feature carries some
DEFAULT_METHODS = ("js",)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftAnswer(Result):
    """The window against the reference (``features``), and every chunk of the log (``chunks``).

    ``own``: missing values, levels never seen and values out of range of the window, as signals of their own.
    ``metric``: the one whose movement the ranking sets beside the drift. ``cautions``: what is to be known of the two
    spans first. ``shapes``: each feature's two distributions, small.
    """

    COLUMNS = (
        "feature",
        "method",
        "value",
        "low",
        "high",
        "threshold",
        "q_value",
        "n_reference",
        "n",
        "status",
        "note",
    )

    system: System
    reference: Span
    window: Span
    by: str
    features: tuple[FeatureDrift, ...]
    chunks: tuple[FeatureDrift, ...]
    ranking: tuple[FeatureRank, ...]
    sentence: Message
    own: tuple[FeatureDrift, ...] = ()
    metric: str = ""
    cautions: tuple[Message, ...] = ()
    shapes: tuple[FeatureShape, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One a feature and method."""
        return [json_value(feature) for feature in self.features]

    def _json_values(self) -> dict[str, Any]:
        """``features``: one entry a feature and method; ``ranking``: most likely to hurt first.

        ``own``: missing values, levels not seen before and values out of range.
        """
        return json_object({
            "system": self.system.key, "sentence": self.sentence, "reference": self.reference,
            "window": self.window, "features": self.features, "ranking": self.ranking, "own": self.own,
            "cautions": self.cautions,
        })  # fmt: skip


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
    over_time: str = "js",
) -> DriftAnswer:
    """Compare a window with the reference, feature by feature, and every chunk of the log with it.

    Args:
        reference: None or open: the system's own.
        window: None or open: the last 30 days of the log.
        methods: see ``monitor.drift.features.distances.TABLE``; the first decides the ranking.
        over_time: the method of the chunks.
        exact: distances from the decisions themselves where a grid would only bound them.

    Raises:
        PlumblineError: no such system, method or column, or no reference is known.
    """
    chosen = tuple(methods or DEFAULT_METHODS)
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        where = resolve_filters(cursor, system, Slice(where=where)).where
        healthy = reference_of(system, reference)
        shown, cut = window_beside_reference(
            healthy, window_of(cursor, system, window), log_span(cursor, system)
        )
        part = Slice(version=version, where=where)
        profiles = read.feature_profiles(cursor, system, part, reference=healthy)
        if not profiles:
            raise PlumblineError(
                message("{system} has no features to compare", system=key),
                todo="Map some columns as features.",
            )
        then, now = (profiles_of(cursor, system, s, part, profiles, healthy) for s in (healthy, shown))
        drifts = measure(now, reference=healthy, window=shown, methods=chosen, healthy=then)
        # where there are very many decisions, a grid made for this once rests on a sample of them
        if exact:
            refuse_sample(cursor, system)
        if exact or (healthy != system.reference and not sample_reason(cursor, system)):
            drifts = _exact_drifts(cursor, system, drifts, healthy, shown, version, where)
        chunk = by or drift_chunk(profiles)
        chunks = drift_by_chunk(profiles, reference=healthy, by=chunk, method=over_time)
        own_drifts = [
            f for f in measure(now, reference=healthy, window=shown, methods=OF_THEIR_OWN, healthy=then)
            if not (f.feature == "label" and f.method == "missing")  # labels that are still to come
        ]  # fmt: skip
        weights = importance_of(cursor, system)
        headline = system_headline(cursor, system).metric
        moved = _movements(cursor, system, chunks, chunk, version)
        inputs = [p for p in then if p.bins.feature not in OUTPUTS]
        span = log_span(cursor, system)
        own_reference = healthy == system.reference
        messages = reference_cautions(system, span) if own_reference else season_caution(healthy, span)
        leaks = tuple(leak.sentence for leak in find_leaks(cursor, system)[:MOST_LEAKS])
        share = sample_sentence(cursor, key)
        cautions = (
            *((share,) if share else ()),
            *reference_change_caution(inputs, healthy),
            *messages,
            *leaks,
        )
        shapes = shapes_of(then, now, healthy, shown)
        cut_off = _cut_off_note(cursor, system, profiles) if own_reference and not where else NOTHING
    features = [f for f in drifts if f.feature not in OUTPUTS]
    ranked = ranking(features, weights, moved)
    return DriftAnswer(
        system=system, reference=healthy, window=shown, by=chunk, features=drifts, chunks=chunks, ranking=ranked,
        sentence=sequence(
            [window_sentence(features, ranked, healthy, shown, chunks), outputs_sentence(chunks, shown), cut_off]
        ),
        own=tuple(own_drifts), metric=headline, cautions=(*cautions, *([cut] if cut else ())), shapes=shapes,
    )  # fmt: skip


def _movements(
    cursor: Cursor, system: System, chunks: Sequence[FeatureDrift], by: str, version: str | None
) -> dict[str, Movement]:
    """How each feature's drift moved with the loss of the headline metric, over the same chunks."""
    profile = outcome_profile(cursor, system, Slice(version=version))
    if not profile.n_labelled.any():
        return {}
    metric = system_headline(cursor, system).metric
    cost = system.settings.cost_matrix
    points = performance(profile, by=by, reference=system.reference, metrics=[metric], cost=cost)
    series: dict[str, list[FeatureDrift]] = {}
    for chunk in chunks:
        series.setdefault(chunk.feature, []).append(chunk)
    better = METRICS[metric].higher_is_better
    return {
        name: performance_correlation(feature_chunks, points, higher_is_better=better)
        for name, feature_chunks in series.items()
    }


def importance_of(cursor: Cursor, system: System) -> dict[str, float] | None:
    """Mean absolute attribution by feature, as logged or else as stored by a full pass; None where there is neither."""
    columns = [c.name for c in systems.decision_columns(cursor, system.key) if c.role.role == "attribution"]
    return (
        group_outcomes.mean_attributions(cursor, system, columns)
        or attributions.mean_attributions(cursor, system)
        or None
    )


def open_drift(
    cursor: Cursor, system: System, now: datetime, answer: ReleasesAnswer, noted: tuple[EventRecord, ...]
) -> Breach | None:
    """The drift of features that carry importance that the last two chunks are in, since its onset.

    Its figure is that of the Drift page's window where the feature drifted there, so that both say one number; else
    that of the last chunk, with its days.
    """
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
    series: dict[str, list[FeatureDrift]] = {p.bins.feature: [] for p in inputs}
    for chunk in drift_by_chunk(inputs, reference=system.reference, by=drift_chunk(inputs)):
        series[chunk.feature].append(chunk)
    runs = [run for feature_chunks in series.values() if (run := _open_run(feature_chunks))]
    if not runs:
        return None
    since = min(run[0].start for run in runs if run[0].start)
    last = _drift_of_last_window(cursor, system, profiles, [run[0].feature for run in runs]) or [
        run[-1] for run in runs
    ]
    worst = max(last, key=lambda one: one.value or 0)
    values = {
        "feature": worst.feature,
        "distance": decimal(worst.value or 0.0, ".2f"),
        "span": say_span(worst.start, worst.end),
        "limit": decimal(0.1, "g"),
        "n": decimal(worst.n, ","),
    }
    sentence = message(
        "{feature} drifted (Jensen-Shannon distance {distance} {span}, limit {limit}, n = {n})", **values
    )
    if len(runs) > 1:
        sentence = message(
            "{feature} and {others} more drifted (Jensen-Shannon distance {distance} {span}, limit {limit}, "
            "n = {n})",
            **values,
            others=decimal(len(runs) - 1, ""),
        )
    longest = max(runs, key=len)
    signals = {f"drift.{run[0].feature}" for run in runs}
    response = breach_response(since, [f.end for f in longest if f.end], answer, noted, signals.__contains__)
    return Breach(
        since=since,
        sentence=sentence,
        handled=response.by,
        unnamed=response.unnamed,
        in_hand=response.in_hand,
        until=response.until,
        dated=worst.end is None and worst.start is not None and worst.start.date() == since.date(),
    )


def _drift_of_last_window(
    cursor: Cursor, system: System, profiles: Sequence[FeatureProfile], names: Sequence[str]
) -> list[FeatureDrift]:
    """Those of these features that drifted in the window that the Drift page shows, as it measures them."""
    healthy = reference_of(system, None)
    shown, _ = window_beside_reference(healthy, window_of(cursor, system, None), log_span(cursor, system))
    then, now = (profiles_of(cursor, system, s, Slice(), profiles, healthy) for s in (healthy, shown))
    drifts = measure(now, reference=healthy, window=shown, methods=DEFAULT_METHODS, healthy=then)
    return [f for f in drifts if f.feature in names and f.drifted]


def _open_run(series: Sequence[FeatureDrift]) -> list[FeatureDrift]:
    judged = [f for f in series if f.status is not PointStatus.UNKNOWN]
    run: list[FeatureDrift] = []
    for chunk in reversed(judged):
        if not chunk.drifted:
            break
        run.insert(0, chunk)
    return run if len(run) >= 2 else []


def reference_of(system: System, given: Span | None) -> Span:
    start, end = given or (None, None)
    if system.reference is None and not (start or end):
        raise PlumblineError(
            message("{system} has no reference yet", system=system.key),
            todo="Load more decisions, or give --reference A..B.",
        )
    stated_span = system.reference or (None, None)
    return (start, end) if start or end else stated_span


def window_of(cursor: Cursor, system: System, given: Span | None) -> Span:
    start, end = given or (None, None)
    if start or end:
        return start, end
    span = log_span(cursor, system)
    last = min(reporting_date(system, span), span.last) if span else reporting_date(system, None)
    first = midnight(last.date()) - timedelta(days=WINDOW_DAYS - 1)
    return max(first, midnight(span.first.date())) if span else first, None


def window_a_year_earlier(ws: Workspace, key: str, window: Span | None = None) -> Span | None:
    """The window's weeks a year earlier (52 weeks, so that weekdays agree); None where the log does not hold them."""
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        span = log_span(cursor, system)
        start, end = window_of(cursor, system, window)
    if span is None or start is None:
        return None
    end = min(end, span.last) if end else span.last
    year = timedelta(weeks=52)
    return (start - year, end - year) if span.first <= start - year and start < end else None


def profiles_of(
    cursor: Cursor, system: System, span: Span, part: Slice, whole: Sequence[FeatureProfile], healthy: Span
) -> Sequence[FeatureProfile]:
    """The span's own days: stored ones, or counted anew where it begins or ends within a day.

    Under a filter, or on the grids of another reference (``healthy``) than the system's, everything is counted from
    the decisions, so the whole serves for whole days.
    """
    days = all(t is None or t == midnight(t.date()) for t in span)
    if span == (None, None) or ((part.where or healthy != system.reference) and days):
        return whole
    names = [profile.bins.feature for profile in whole]
    narrowed = Slice(*span, part.version, None, part.where)
    return read.feature_profiles(cursor, system, narrowed, names, reference=healthy)


def _exact_drifts(
    cursor: Cursor, system: System, drifts: Sequence[FeatureDrift], reference: Span, window: Span,
    version: str | None, where: tuple[tuple[str, str], ...],
) -> tuple[FeatureDrift, ...]:  # fmt: skip
    """Numeric features' distances from the decisions themselves; the rest is exact already."""
    profiles_by_span: dict[tuple[str, Span], FloatArray] = {}

    def values(name: str, span: Span) -> FloatArray:
        if (name, span) not in profiles_by_span:
            part = Slice(*span, version, None, where)
            profiles_by_span[name, span] = exactly.finite(rows.read_values(cursor, system, name, part))
        return profiles_by_span[name, span]

    feature_drifts: dict[str, list[FeatureDrift]] = {}
    for feature_drift in drifts:
        compute = exactly.EXACT.get(feature_drift.method)
        if (
            compute is not None
            and feature_drift.kind is Kind.NUMERIC
            and (feature_drift.value is not None or feature_drift.p_value is not None)
        ):
            feature_drift = with_exact(
                feature_drift,
                compute(values(feature_drift.feature, reference), values(feature_drift.feature, window)),
            )
        feature_drifts.setdefault(feature_drift.method, []).append(feature_drift)
    return tuple(feature_drift for group in feature_drifts.values() for feature_drift in judge(group))


def drift_chunk(profiles: Sequence[FeatureProfile]) -> str:
    longest = max(profiles, key=lambda p: len(p.days))
    by = chunk_for(longest.days, longest.counts.sum(axis=1) + longest.missing)
    return "week" if by == "day" and len(longest.days) > 60 else by


def _cut_off_note(cursor: Cursor, system: System, profiles: Sequence[FeatureProfile]) -> Message:
    """That decisions do not follow the reference's cut-off now, where they do not."""
    left = cutoff_departures(cursor, system, profiles, reporting_date(system, log_span(cursor, system)))
    return left[-1].sentence if left and left[-1].until is None else NOTHING
