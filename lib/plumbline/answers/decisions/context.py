"""One decision among others: where its values lie, decisions like it, and what repeats it with another answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.answers.cache import Memory
from plumbline.answers.decisions.cutoff import SampledCutOff, sampled_cut_off
from plumbline.answers.decisions.samples import cached_decision, draw
from plumbline.domain import Bins, FeatureProfile, FloatArray, Kind, Slice, System, Task
from plumbline.domain.decisions import Decision, columns_of_role
from plumbline.explain.counterfactual import neighbors
from plumbline.profile.bins import OUTPUTS, read_grids
from plumbline.profile.read import profiles as read
from plumbline.profile.scan.identical_inputs import EXAMPLES, find_same_inputs
from plumbline.store import systems
from plumbline.store.workspace import Cursor, Workspace

if TYPE_CHECKING:
    import pandas as pd

SAMPLED = 10_000  # decisions of the version that neighbours are looked for among, and as many of each outcome
LIKE = 5
KEPT = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePosition:
    """A value beside the reference: its median, and the share at or below the value.

    The share is exact at the edge of a cell (everywhere, where values are few), else midway in its cell.

    Categorical: ``share`` is the level's share of the reference and ``median`` its commonest level.
    """

    feature: str
    value: Any
    median: Any
    share: float | None
    numeric: bool


@dataclass(frozen=True, slots=True)
class SimilarDecision:
    """A decision near the one asked about: 0 is the same inputs, 1 as far as can be."""

    decision_id: str
    decision: Decision
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionContext:
    """One decision, whole, and what stands around it; ``sampled`` decisions of its version were looked at."""

    system: System
    decision: Decision
    placed: tuple[FeaturePosition, ...]
    alike: tuple[SimilarDecision, ...]
    comparable: SimilarDecision | None  # the nearest real decision with the other outcome
    sampled: int
    sampled_other: int
    repeats: tuple[Decision, ...]  # decisions with the same inputs and version
    cut: SampledCutOff | None
    ranges: dict[str, tuple[float, float]]  # the reference's least and greatest value of each number

    @property
    def has_more_repeats(self) -> bool:
        """Whether there may be more repeats than were looked at."""
        return len(self.repeats) >= EXAMPLES

    @property
    def contradictions(self) -> tuple[Decision, ...]:
        """The repeats that were answered otherwise."""
        return tuple(r for r in self.repeats if r.prediction != self.decision.prediction)


@dataclass(frozen=True, slots=True)
class NeighbourSample:
    """A bounded random sample of one version, placed in the reference's quantiles: rows (n, d)."""

    bins: tuple[Bins, ...]
    frame: pd.DataFrame
    rows: FloatArray
    n_random: int  # the first so many rows are the random sample; after them more of each outcome

    @property
    def categorical(self) -> tuple[bool, ...]:
        return tuple(b.kind is Kind.CATEGORICAL for b in self.bins)

    def place(self, values: dict[str, Any]) -> FloatArray:
        """One decision, feature -> value, in the reference's quantiles (d,)."""
        positions = [
            neighbors.place(
                b, np.array([values.get(b.feature)], float if b.kind is Kind.NUMERIC else object)
            )[0]
            for b in self.bins
        ]
        return np.array(positions, np.float64)


_MEMORY: Memory[Any] = Memory(KEPT)


def context(ws: Workspace, key: str, decision_id: str) -> DecisionContext:
    """Everything logged about a decision and around it.

    Raises:
        PlumblineError: no such system or decision.
    """
    with ws.read() as cursor:
        system = systems.get_system(cursor, key)
        decision = cached_decision(ws, cursor, system, decision_id)
        version, values = decision.version, decision.features
        around = surroundings(ws, cursor, system, version)
        placed = _feature_positions(reference_profiles(ws, cursor, system), values)
        repeats = find_same_inputs(cursor, system, decision)
        cut = sampled_cut_off(ws, cursor, system, version)
    apart = neighbors.distances(around.place(values), around.rows, around.categorical)
    same = (around.frame["_load_id"] == decision.load_id) & (around.frame["_line"] == decision.line)
    apart[same.to_numpy(bool)] = np.inf
    random, others = apart.copy(), apart.copy()
    random[around.n_random :] = np.inf
    outcomes = around.frame["prediction"]
    unlike = (outcomes.notna() & (outcomes != decision.prediction)).to_numpy(bool)
    others[~unlike] = np.inf
    alike = [
        _similar_decision(around, i, apart[i])
        for i in neighbors.nearest_positions(random, LIKE)
        if np.isfinite(random[i])
    ]
    comparable = None
    if system.task is not Task.REGRESSION and unlike.any() and around.bins:
        at = int(np.argmin(others))
        comparable = _similar_decision(around, at, apart[at]) if np.isfinite(others[at]) else None
    return DecisionContext(
        system=system,
        decision=decision,
        placed=placed,
        alike=tuple(alike) if around.bins else (),
        comparable=comparable,
        sampled=around.n_random,
        sampled_other=int(unlike.sum()),
        repeats=repeats,
        cut=cut,
        ranges={b.feature: value_range(b) for b in around.bins if len(b.edges) > 1},
    )


def value_range(bins: Bins) -> tuple[float, float]:
    """The least and the greatest value that the reference held: an edge just below a value is none of them."""
    edges = bins.edges
    first = 1 if np.nextafter(edges[0], np.inf) == edges[1] else 0
    return float(edges[first]), float(edges[-1])


def surroundings(ws: Workspace, cursor: Cursor, system: System, version: str) -> NeighbourSample:
    """The sample that decisions of a version are compared with, kept as long as its loads and settings stay."""
    return _cached(ws, system, f"version {version}", lambda: _sample(ws, cursor, system, version))  # type: ignore[no-any-return]


def reference_profiles(ws: Workspace, cursor: Cursor, system: System) -> tuple[FeatureProfile, ...]:
    """The reference's counts of each input, kept as long as the loads and settings stay."""
    return _cached(ws, system, "reference", lambda: _reference(cursor, system))  # type: ignore[no-any-return]


def neighbour_distance(
    ws: Workspace, system: System, version: str, around: NeighbourSample, outcome: str
) -> float:
    """How near to another one 95 % of the decisions with an outcome are (see ``neighbours.usual``)."""
    rows = around.rows[(around.frame["prediction"] == outcome).to_numpy(bool)]
    distance: float = _cached(
        ws,
        system,
        f"usual {version} {outcome}",
        lambda: neighbors.neighbour_distance(rows, around.categorical),
    )
    return distance


def _cached(ws: Workspace, system: System, what: str, make: Any) -> Any:
    with ws.read() as cursor:
        return _MEMORY.get(ws, cursor, system, what, make)


def _sample(ws: Workspace, cursor: Cursor, system: System, version: str) -> NeighbourSample:
    import pandas as pd

    drawn = draw(ws, cursor, system, version, SAMPLED)
    parts = [drawn]
    if system.task is not Task.REGRESSION:
        for outcome in sorted(map(str, drawn["prediction"].dropna().unique())):
            if (drawn["prediction"] == outcome).sum() < SAMPLED // 2 and len(drawn) == SAMPLED:
                parts.append(draw(ws, cursor, system, version, SAMPLED // 2, outcome=outcome))
    frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else drawn
    frame = frame.drop_duplicates(
        ["_load_id", "_line"], ignore_index=True
    )  # each draw begins as the first one
    grids = {g.column: g.bins for g in read_grids(cursor, system)}
    columns = [c for c in columns_of_role(frame.columns, "feature") if c in grids]
    bins = tuple(grids[c] for c in columns)
    placed = [
        neighbors.place(b, frame[c].to_numpy(object if b.kind is Kind.CATEGORICAL else float))
        for b, c in zip(bins, columns, strict=True)
    ]
    rows = np.stack(placed, axis=1) if placed else np.zeros((len(frame), 0))
    return NeighbourSample(bins, frame, rows, len(drawn))


def _similar_decision(around: NeighbourSample, at: int, distance: float) -> SimilarDecision:
    decision = Decision({str(k): _value(v) for k, v in around.frame.iloc[int(at)].items()})
    return SimilarDecision(decision.id, decision, float(distance))


def _value(cell: Any) -> Any:
    if cell is None or cell != cell:
        return None
    return cell.item() if hasattr(cell, "item") else cell


def _reference(cursor: Cursor, system: System) -> tuple[FeatureProfile, ...]:
    start, end = system.reference or (None, None)
    profiles = read.feature_profiles(cursor, system, Slice(start, end))
    return tuple(p for p in profiles if p.bins.feature not in OUTPUTS)


def _feature_positions(
    profiles: tuple[FeatureProfile, ...], values: dict[str, Any]
) -> tuple[FeaturePosition, ...]:
    positions = []
    for profile in profiles:
        bins, counts = profile.bins, profile.counts.sum(axis=0).astype(float)
        value, n = values.get(bins.feature), counts.sum()
        if bins.feature not in values or not n:
            continue
        if bins.kind is Kind.CATEGORICAL:
            top = int(np.argmax(counts))
            commonest = bins.levels[top] if top < len(bins.levels) else "other levels"
            known = {level: counts[i] / n for i, level in enumerate(bins.levels)}
            share = None if value is None else float(known.get(str(value), 0.0))
            positions.append(
                FeaturePosition(
                    feature=bins.feature, value=value, median=commonest, share=share, numeric=False
                )
            )
            continue
        upto = np.cumsum(counts)
        median = float(bins.edges[min(int(np.searchsorted(upto, n / 2)), len(bins.edges) - 1)])
        share = None
        if value is not None:
            cell = int(np.searchsorted(bins.edges, float(value), side="left"))
            exact = cell < len(bins.edges) and bins.edges[cell] == float(value)  # a cell holds its upper edge
            share = float((upto[cell] - (0 if exact else counts[cell] / 2)) / n)
        positions.append(
            FeaturePosition(feature=bins.feature, value=value, median=median, share=share, numeric=True)
        )
    return tuple(positions)
