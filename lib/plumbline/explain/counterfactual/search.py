"""What would have changed a decision: a search over values that may change, each step scored by the real model.

One feature alone first, then pairs (all of them where they are few), then a beam; the answer is pruned, brought
as near to the logged values as it goes, rounded outward, and scored once more. Fewest features first, then the
least cost: changes in median absolute deviations, one for each changed category. Sources: the sweep, beam and
pruning follow NICE (Brughmans et al. 2021) and DiCE's sparsity step (Mothilal et al. 2020), without a surrogate.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from plumbline.domain import FloatArray, IntArray

WIDTH, DEPTH, SECONDS = 20, 4, 2.0
#: pairs of values that are tried all at once; beyond, the beam chooses
MOST_PAIRS = 20_000
REFINED, ROUNDS = 32, 3
ALTERNATIVES = 3

#: rows (n, d) -> how far each is past the border of the wanted outcome (n,); >= 0 is there
Gap = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One input that may change: ``values`` it may take, in the model's coding.

    ``scale`` is what one unit of cost is (unordered: any change costs one). ``free``: every number between the
    logged value and one of ``values`` is allowed as well; with ``step`` only whole steps from the logged value.
    """

    index: int
    values: FloatArray
    scale: float = 1.0
    ordered: bool = True
    free: bool = False
    step: float = 0.0


@dataclass(frozen=True, slots=True)
class Option:
    """One way: the inputs that change (indices) with their new values, its cost, and its gap by the model."""

    changes: dict[int, float]
    cost: float
    gap: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What the search found: ``options`` best first, or none; ``ended``: found, none, time or already."""

    options: tuple[Option, ...]
    ended: str
    scored: int
    seconds: float


@dataclass(slots=True)
class _Scorer:
    gap: Gap
    until: float
    scored: int = 0
    started: float = field(default_factory=time.monotonic)

    def __call__(self, rows: FloatArray) -> FloatArray:
        if time.monotonic() >= self.until:
            raise TimeoutError
        self.scored += len(rows)
        return self.gap(rows)


def search(
    gap: Gap,
    row: FloatArray,
    moves: Sequence[Move],
    *,
    width: int = WIDTH,
    depth: int = DEPTH,
    seconds: float = SECONDS,
) -> SearchResult:
    """Find values of the ``moves`` at which a row (d,) reaches the wanted outcome.

    Every option was scored by ``gap`` as it is given back, changes nothing but ``moves``, and stays within
    their values. The time cap is looked at before each batch: what was found until then is given back.
    """
    ask = _Scorer(gap, time.monotonic() + seconds)
    options: list[Option] = []
    ended = "none"
    try:
        if ask(row[None, :])[0] >= 0:
            ended = "already"
        else:
            options = _fewest_changes(ask, row, [m for m in moves if len(m.values)], width, depth)
            options = _distinct([_simplify(ask, row, moves, option) for option in options])
    except TimeoutError:
        ended = "time"
    if options:
        ended = "found"
    return SearchResult(tuple(options), ended, ask.scored, time.monotonic() - ask.started)


def change_cost(changes: dict[int, float], row: FloatArray, moves: Sequence[Move]) -> float:
    """Sum of changes in units of their scale; a category, or a value that was missing, counts one."""
    total = 0.0
    for move in moves:
        if move.index in changes:
            far = abs(changes[move.index] - row[move.index]) / move.scale if move.ordered else 1.0
            total += far if math.isfinite(far) else 1.0
    return total


def _fewest_changes(
    ask: _Scorer, row: FloatArray, moves: Sequence[Move], width: int, depth: int
) -> list[Option]:
    """The cheapest options with as few changed features as can be."""
    if not moves:
        return []
    single = [{m.index: float(v)} for m in moves for v in m.values]
    gaps = ask(_rows(row, single))
    if len(hits := _hits(single, gaps, row, moves)):
        return _cheapest_by_features(hits)
    beam = _keep(single, gaps, width)
    for size in range(2, min(depth, len(moves)) + 1):
        tried = _pairs(moves) if size == 2 else None
        if tried is None:
            grown = [
                state | {m.index: float(v)}
                for state in beam
                for m in moves
                if m.index not in state
                for v in m.values
            ]
            tried = list({tuple(sorted(state.items())): state for state in grown}.values())
        if not tried:
            return []
        gaps = ask(_rows(row, tried))
        if len(hits := _hits(tried, gaps, row, moves)):
            return _cheapest_by_features(hits)
        beam = _keep(tried, gaps, width)
    return []


def _pairs(moves: Sequence[Move]) -> list[dict[int, float]] | None:
    """All pairs of two moves' values, or None where there are too many."""
    both = list(itertools.combinations(moves, 2))
    if sum(len(a.values) * len(b.values) for a, b in both) > MOST_PAIRS:
        return None
    return [{a.index: float(v), b.index: float(w)} for a, b in both for v in a.values for w in b.values]


def _rows(row: FloatArray, states: Sequence[dict[int, float]]) -> FloatArray:
    rows = np.tile(row, (len(states), 1))
    for at, state in enumerate(states):
        for index, value in state.items():
            rows[at, index] = value
    return rows


def _hits(
    states: Sequence[dict[int, float]], gaps: FloatArray, row: FloatArray, moves: Sequence[Move]
) -> list[Option]:
    there: IntArray = np.flatnonzero(gaps >= 0)
    found = [Option(states[i], change_cost(states[i], row, moves), float(gaps[i])) for i in there]
    return sorted(found, key=lambda o: (o.cost, sorted(o.changes)))


def _cheapest_by_features(hits: Sequence[Option]) -> list[Option]:
    """The cheapest option of each set of features, at most three."""
    best: dict[tuple[int, ...], Option] = {}
    for option in hits:
        best.setdefault(tuple(sorted(option.changes)), option)
    return list(best.values())[:ALTERNATIVES]


def _keep(states: Sequence[dict[int, float]], gaps: FloatArray, width: int) -> list[dict[int, float]]:
    """The states nearest to the border, half of the places shared out among sets of features."""
    order = np.argsort(-gaps, kind="stable").tolist()
    places: list[int] = []
    seen: set[tuple[int, ...]] = set()
    for i in order:
        which = tuple(sorted(states[i]))
        if which not in seen and len(places) < width // 2:
            seen.add(which)
            places.append(i)
    places += [i for i in order if i not in places][: width - len(places)]
    return [states[i] for i in places]


def _simplify(ask: _Scorer, row: FloatArray, moves: Sequence[Move], option: Option) -> Option:
    """Pruned, moved towards the logged values, rounded; each change only where the model still agrees."""
    try:
        changes = _prune(ask, row, dict(option.changes))
        for move in moves:
            if move.index in changes and move.free and move.ordered and math.isfinite(row[move.index]):
                changes[move.index] = _nearest_value(ask, row, changes, move)
        gap = float(ask(_rows(row, [changes]))[0])
    except TimeoutError:  # what was found stands; it is only not as near as it could be
        return option
    return Option(changes, change_cost(changes, row, moves), gap) if gap >= 0 else option


def _prune(ask: _Scorer, row: FloatArray, changes: dict[int, float]) -> dict[int, float]:
    while len(changes) > 1:
        fewer = [{k: v for k, v in changes.items() if k != gone} for gone in changes]
        gaps = ask(_rows(row, fewer))
        if gaps.max() < 0:
            break
        changes = fewer[int(np.argmax(gaps))]
    return changes


def _nearest_value(ask: _Scorer, row: FloatArray, changes: dict[int, float], move: Move) -> float:
    """The value nearest to the logged one that still reaches the outcome, all candidates of a round in one batch."""
    start, far = float(row[move.index]), changes[move.index]
    if move.step:
        steps = math.floor(abs(far - start) / move.step + 1e-9)
        counts = np.unique(np.linspace(1, steps, min(steps, 256)).astype(int)) if steps else np.zeros(0)
        candidates = start + np.sign(far - start) * move.step * counts
        return _first_reaching(ask, row, changes, move, candidates, far)
    near = start
    for _ in range(ROUNDS):
        candidates = np.linspace(near, far, REFINED + 1)[1:]
        reached = _first_reaching(ask, row, changes, move, candidates, far)
        at = int(np.flatnonzero(candidates == reached)[0]) if reached in candidates else len(candidates) - 1
        near, far = (float(candidates[at - 1]) if at else near), reached
    return _first_reaching(
        ask, row, changes, move, _rounded_candidates(start, far, _farthest_value(move, start, far)), far
    )


def _farthest_value(move: Move, start: float, far: float) -> float:
    """The farthest value that the move allows on this side of the logged one."""
    side = move.values[move.values > start] if far > start else move.values[move.values < start]
    return float(side.max() if far > start else side.min()) if len(side) else far


def _first_reaching(
    ask: _Scorer, row: FloatArray, changes: dict[int, float], move: Move, candidates: FloatArray, far: float
) -> float:
    """The first candidate that reaches the outcome, in the given order; ``far`` where none does."""
    if not len(candidates):
        return far
    gaps = ask(_rows(row, [changes | {move.index: float(v)} for v in candidates]))
    there = np.flatnonzero(gaps >= 0)
    return float(candidates[there[0]]) if len(there) else far


def _rounded_candidates(start: float, near: float, limit: float) -> FloatArray:
    """``near`` rounded away from ``start`` to three, four, ... significant digits, none beyond ``limit``."""
    if near == 0 or not math.isfinite(near):
        return np.array([near])
    up = near > start
    options = []
    for digits in range(3, 8):
        unit = 10.0 ** (math.floor(math.log10(abs(near))) + 1 - digits)
        value = (math.ceil(near / unit - 1e-9) if up else math.floor(near / unit + 1e-9)) * unit
        value = float(f"{value:.{digits}g}")
        if (start < near <= value <= limit) if up else (limit <= value <= near < start):
            options.append(value)
    return np.array(options)


def _distinct(options: Sequence[Option]) -> list[Option]:
    """Without repeats (pruning can make two alike), fewest features first, then the cheapest."""
    best: dict[tuple[int, ...], Option] = {}
    for option in sorted(options, key=lambda o: (len(o.changes), o.cost)):
        best.setdefault(tuple(sorted(option.changes)), option)
    return list(best.values())
