"""What a version uses to decide: importance overall, by chunk and by version, its drift, and how much is explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from plumbline.answers.decisions import explain
from plumbline.answers.decisions.explain import Sources, groups_of
from plumbline.answers.decisions.model_use_sentence import say_use
from plumbline.answers.drift.features import CARRIES, Span, drift, reference_of, window_of
from plumbline.domain import AttributionSource, FloatArray, PlumblineError, Slice, System
from plumbline.domain.acts import Act
from plumbline.domain.messages import NOTHING, message, word
from plumbline.explain.explanation import SPACES
from plumbline.explain.reasons.global_importance import (
    SAMPLE,
    AttributionDrift,
    FeatureImportance,
    attribution_drift,
    importance,
    sum_by_group,
)
from plumbline.explain.reasons.twins import Twins, twins
from plumbline.monitor.chunks import chunk_for, chunk_index
from plumbline.profile.read import profiles
from plumbline.profile.scan import attributions, decisions
from plumbline.store import systems, trail
from plumbline.store.models import model_files
from plumbline.store.workspace import Cursor, Workspace
from plumbline.wording.quantities import count

if TYPE_CHECKING:
    import pandas as pd

COMPARED = 2_500  # decisions of the reference and of the window that are compared
FEWEST = 30
LOG_ODDS = SPACES["logit"]  # which can be told in probability as well
SHOWN = 2_000  # decisions drawn as points
MOST_VERSIONS = 8
MOVED = 0.05  # of all weight, from which a feature is used differently
#: (input drifted, used) -> what that asks for
VERDICTS = {
    (True, True): word("act: drifted and used"),
    (True, False): word("note: drifted, hardly used"),
    (False, True): word("look: stable, used differently"),
    (False, False): word("nothing to do"),
}
_UNITS = {
    "value": message("units of the prediction"),
    "log-odds": word("log-odds", "space"),
    "probability": word("probability", "space"),
    "log of the value": word("log of the value", "space"),
}


@dataclass(frozen=True, slots=True)
class ChunkUse:
    """One chunk of the sample: mean absolute contribution by feature."""

    start: datetime
    n: int
    use: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionUse:
    """One version's share of weight by feature, or why it has none."""

    version: str
    n: int
    shares: dict[str, float]
    source: AttributionSource | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrant:
    """One feature: its share of weight now and in the reference, its input drift, and what follows."""

    feature: str
    share: float
    share_before: float | None
    change: float | None  # of the mean contribution, in the output's space
    distance: float | None  # of the input, Jensen-Shannon
    drifted: bool | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationCoverage:
    """How many of a version's decisions are explained, by the best source whose check passed."""

    version: str
    n: int
    recorded: int
    kept: int  # by a full pass, adding up
    on_demand: int  # a registered file reproduces the log, one decision at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """Answer of ``model_use``. ``parts`` (n, d) and ``values`` (a column a feature): the rows drawn as points."""

    system: System
    version: str
    source: AttributionSource | None
    space: str
    n: int
    by: str
    features: tuple[FeatureImportance, ...]
    chunks: tuple[ChunkUse, ...]
    versions: tuple[VersionUse, ...]
    drift: AttributionDrift | None
    drift_note: str
    compared: tuple[int, int]
    quadrants: tuple[Quadrant, ...]
    coverage: tuple[ExplanationCoverage, ...]
    names: tuple[str, ...]
    parts: FloatArray
    values: pd.DataFrame
    sentence: str
    small: str
    twins: tuple[Twins, ...] = ()  # inputs that move together, in no group yet


def model_use(
    ws: Workspace, key: str, *, version: str | None = None, window: Span | None = None, by: str | None = None,
    space: str = "",
) -> ModelUse:  # fmt: skip
    """What one version uses, from a random sample of at most 5,000 of its decisions, and how that moved.

    The version with most decisions is taken where none is given. The window (by default the last 30 days) is
    compared with the reference within that version alone: one model, one base. Columns are added up by the
    owner's groups.

    Args:
        space: ``probability`` for a registered model's contributions to the probability itself, of a smaller sample.

    Raises:
        PlumblineError: no such system.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        wanted = version if version is not None else decisions.main_version(cursor, system)
        sources = explain.sources(ws, cursor, system, wanted)
        space = space if sources.source is AttributionSource.MODEL and sources.space == LOG_ODDS else ""
        frame, parts, names = _sample(cursor, system, sources, (None, None), SAMPLE, 1, space)
        versions = _versions(ws, cursor, system, space)
        coverage = _coverage(cursor, system)
        moved, note, compared, before = _drift(cursor, system, sources, window, names, space)
    ranked = importance(parts, names)
    chunk, chunks = _chunks(frame, parts, names, by)
    quadrants = _quadrants(ws, system, window, ranked, before, moved)
    explained = np.flatnonzero(np.isfinite(parts).all(axis=1)) if len(parts) else np.arange(0)
    shown = np.sort(np.random.default_rng(0).permutation(explained)[:SHOWN])
    values = explain.feature_frame(frame.iloc[shown]) if len(frame) else explain.feature_frame(frame)
    whole = len(explained)
    if whole < min(FEWEST, len(frame)):  # one decision takes too long for a sample
        ranked, chunks, quadrants, moved = (), (), (), None
    scale = space or sources.space
    small = message(
        "Mean absolute contribution ({unit}) over a random sample of {n} decisions{version}. {source}",
        unit=_UNITS.get(scale) or scale,
        n=count(whole),
        version=message(" of version {version}", version=wanted) if wanted else NOTHING,
        source=sources.sentence,
    )
    return ModelUse(
        system=system,
        version=wanted,
        source=sources.source,
        space=scale,
        n=whole,
        by=chunk,
        features=ranked,
        chunks=chunks,
        versions=versions,
        drift=moved,
        drift_note=note,
        compared=compared,
        quadrants=quadrants,
        coverage=coverage,
        names=tuple(names),
        parts=parts[shown] if len(parts) else parts,
        values=values,
        sentence=say_use(wanted, ranked, moved, sum(q.verdict.startswith("act") for q in quadrants), sources),
        small=small,
        twins=_twins(system, values),
    )


def set_groups(ws: Workspace, key: str, groups: Mapping[str, str], *, actor: str) -> System:
    """Set which columns are one thing to a reader: feature -> name of its group; the rest stay alone.

    Raises:
        PlumblineError: no such system, or a column that is no feature.
    """
    with ws.write() as cursor:
        system = systems.get_system(cursor, key)
        known = {c.role.name for c in systems.decision_columns(cursor, key) if c.role.role == "feature"}
        strange = sorted(set(groups) - known)
        if strange:
            raise PlumblineError(f"{strange[0]!r} is no feature of {key}", todo="Name features of the log.")
        system = replace(system, settings=replace(system.settings, feature_groups=dict(groups)))
        systems.update_system(cursor, system)
        trail.append(
            cursor, actor=actor, action=Act.COLUMNS_GROUPED, system=key, detail={"groups": dict(groups)}
        )
    return system


def _sample(
    cursor: Cursor, system: System, sources: Sources, span: Span, n: int, seed: int, space: str
) -> tuple[pd.DataFrame, FloatArray, list[str]]:
    """Random decisions of a span, their contributions (n, d), grouped, and the names; kept ones where there are."""
    is_stored = sources.source is AttributionSource.MODEL and not space
    kept_set = attributions.find_attribution_set(cursor, system.key, sources.version) if is_stored else None
    if kept_set is not None and sources.model is not None and kept_set.sha256 == sources.model.sha256:
        frame, parts = attributions.sample_attributions(cursor, system, sources.version, span, n, seed)
        if len(frame) >= FEWEST:
            return frame, *sum_by_group(parts, list(kept_set.features), groups_of(system))
    frame = decisions.sample(cursor, system, Slice(span[0], span[1], sources.version or None), n, seed)
    parts, names = (
        explain.contributions_of(system, sources, frame, space) if len(frame) else (np.empty((0, 0)), [])
    )
    if not len(parts):
        return frame, np.empty((0, len(names))), names
    return frame, *sum_by_group(parts, names, groups_of(system))


def _twins(system: System, values: pd.DataFrame) -> tuple[Twins, ...]:
    """The near-twins among the inputs of the rows drawn as points, but for those that the owner put into one group."""
    groups = groups_of(system)
    found = twins(values, [str(name) for name in values.columns])
    return tuple(one for one in found if len({groups.get(name, name) for name in one.features}) > 1)


def _chunks(
    frame: pd.DataFrame, parts: FloatArray, names: list[str], by: str | None
) -> tuple[str, tuple[ChunkUse, ...]]:
    if not len(parts):
        return by or "week", ()
    days: list[date] = frame["timestamp"].dt.date.tolist()
    unique, counts = np.unique(np.array(days, dtype=object), return_counts=True)
    chosen = by or chunk_for(unique.tolist(), counts)
    starts, _, place = chunk_index(days, chosen)
    chunk_uses = []
    for i, start in enumerate(starts):
        mine = parts[(place == i) & np.isfinite(parts).all(axis=1)]
        if len(mine) >= FEWEST:
            use = np.abs(mine).mean(axis=0).tolist()
            chunk_uses.append(ChunkUse(start, len(mine), dict(zip(names, use, strict=True))))
    return chosen, tuple(chunk_uses)


def _versions(ws: Workspace, cursor: Cursor, system: System, space: str) -> tuple[VersionUse, ...]:
    """Every version that is explained exactly, from 1,000 decisions each; surrogates are not compared."""
    profile = profiles.completeness(cursor, system, Slice())
    sizes: dict[str, int] = {}
    for name, n in zip(profile.versions, profile.n, strict=True):
        sizes[name] = sizes.get(name, 0) + int(n)
    result = []
    for name in sorted(sizes, key=lambda v: -sizes[v])[:MOST_VERSIONS]:
        sources = explain.sources(ws, cursor, system, name, surrogate=False)
        exact = sources.source in (AttributionSource.LOGGED, AttributionSource.MODEL)
        _, parts, names = (
            _sample(cursor, system, sources, (None, None), 1_000, 2, space)
            if exact
            else (None, np.empty(0), [])
        )
        ranked = importance(parts, names) if len(parts) else ()
        result.append(
            VersionUse(
                version=name,
                n=sizes[name],
                shares={f.feature: f.share for f in ranked},
                source=sources.source if ranked else None,
                note="" if ranked else sources.sentence,
            )
        )
    return tuple(result)


def _drift(
    cursor: Cursor,
    system: System,
    sources: Sources,
    window: Span | None,
    names: list[str],
    space: str,
) -> tuple[AttributionDrift | None, str, tuple[int, int], dict[str, float]]:
    if system.reference is None or not names:
        return None, message("There is no reference to compare with.") if names else "", (0, 0), {}
    spans = reference_of(system, None), window_of(cursor, system, window)
    sides = [_sample(cursor, system, sources, span, COMPARED, 3, space)[1] for span in spans]
    borrowed = len(sides[0]) < FEWEST and sources.source is AttributionSource.MODEL
    if borrowed:  # the version did not decide then: its file is asked about the inputs of that time
        frame = decisions.sample(cursor, system, Slice(*spans[0]), COMPARED, 3)
        parts, by_input = explain.contributions_of(system, sources, frame, space)
        sides[0] = sum_by_group(parts, by_input, groups_of(system))[0]
    sides = [s[np.isfinite(s).all(axis=1)] if len(s) else s for s in sides]
    compared = (len(sides[0]), len(sides[1]))
    if min(compared) < FEWEST:
        fewest, version = count(FEWEST), sources.version or "(none)"
        values = {"version": version, "n": count(min(compared)), "fewest": fewest}
        note = (
            message(
                "Version {version} has {n} explained decisions in the reference: how its use moved cannot be told (at "
                "least {fewest} are needed).",
                **values,
            )
            if compared[0] < FEWEST
            else message(
                "Version {version} has {n} explained decisions in the window: how its use moved cannot be told (at "
                "least {fewest} are needed).",
                **values,
            )
        )
        return None, note, compared, {}
    before = {f.feature: f.share for f in importance(sides[0], names)}
    note = message(
        "The version did not decide in the reference: its model file was asked about the inputs of that time."
    )
    return attribution_drift(sides[0], sides[1], names), note if borrowed else "", compared, before


def _quadrants(
    ws: Workspace, system: System, window: Span | None, ranked: tuple[FeatureImportance, ...],
    before: dict[str, float], moved: AttributionDrift | None,
) -> tuple[Quadrant, ...]:  # fmt: skip
    """Input drift (of all versions) beside use, over the same window against the same reference."""
    if not ranked:
        return ()
    inputs = {}
    if system.reference is not None:
        try:
            answer = drift(ws, system.key, window=window)
            inputs = {f.feature: f for f in answer.features}
        except PlumblineError:  # nothing to compare: the columns stay empty
            inputs = {}
    groups = groups_of(system)
    result = []
    for item in ranked:
        drifts = [
            f for name, f in inputs.items() if groups.get(name, name) == item.feature and f.value is not None
        ]
        worst = max(drifts, key=lambda f: f.value or 0.0, default=None)
        drifted = any(f.drifted for f in drifts) if drifts else None
        share = moved.shares.get(item.feature, item.share) if moved else item.share
        was = before.get(item.feature)
        used = share >= CARRIES or (was or 0.0) >= CARRIES
        shifted = was is not None and abs(share - was) >= MOVED
        verdict = word("unknown") if drifted is None else VERDICTS[drifted, used if drifted else shifted]
        if was is None and verdict == VERDICTS[False, False]:
            verdict = word("input stable")  # whether its use is, nobody can tell
        result.append(
            Quadrant(
                feature=item.feature,
                share=share,
                share_before=was,
                change=moved.parts.get(item.feature) if moved else None,
                distance=worst.value if worst else None,
                drifted=drifted,
                verdict=verdict,
            )
        )
    return tuple(result)


def _coverage(cursor: Cursor, system: System) -> tuple[ExplanationCoverage, ...]:
    profile = profiles.completeness(cursor, system, Slice())
    logged = profile.present.get("explanation", np.zeros(len(profile.n), np.int64))
    sound = explain.recorded_share(cursor, system) if np.any(logged) else 0.0
    passed = {m.version for m in model_files.model_files(cursor, system.key) if m.passed}
    additive: dict[str, int] = {}
    for item in attributions.attribution_coverage(cursor, system):
        additive[item.version] = additive.get(item.version, 0) + item.adds_up
    total: dict[str, list[int]] = {}
    for name, n, has in zip(profile.versions, profile.n, logged, strict=True):
        sums = total.setdefault(name, [0, 0])
        sums[0], sums[1] = sums[0] + int(n), sums[1] + int(has)
    result = []
    for name, (n, has) in sorted(total.items(), key=lambda item: -item[1][0]):
        recorded = round(has * sound)
        on_demand = min(additive.get(name, 0), n - recorded) if name in passed else 0
        result.append(
            ExplanationCoverage(
                version=name,
                n=n,
                recorded=recorded,
                kept=on_demand,
                on_demand=n - recorded - on_demand if name in passed else 0,
            )
        )
    return tuple(result)
