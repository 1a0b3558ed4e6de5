"""Did the release do it, or the world: a change at a switch, split by what the inputs' mix explains.

The previous version's decisions are reweighted until their inputs are mixed like the new version's: entropy
balancing (Hainmueller 2012, Political Analysis 20) over the cells of each feature. What the reweighted decisions
differ from the plain ones is the world's part (other inputs, same version); what the new version's decisions
differ from the reweighted ones is the release's (same inputs, other version). Both add up to the whole change.

It assumes that what the decisions rest on is logged as features, and that the mix of cells, feature by feature, and
where correlations moved the products of the first ``PAIRED`` features, carry what matters. It is consistent if either
the shift is log-linear in these or the decision is linear in them (Zhao and Percival 2017, Journal of Causal
Inference 5).
Intervals are those of the linearised estimator: residuals of a weighted regression on the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from plumbline.domain import FloatArray, IntArray
from plumbline.domain.messages import NOTHING, Message, Number, message
from plumbline.monitor.statistics.proportions import Z
from plumbline.wording.quantities import whole_percent

#: rows of the previous version that a cell needs, to stand for the new version's rows in it
CELL_ROWS = 10
#: of the new version's rows, the share that the previous version must have met the like of
COVERED = 0.9
#: effective rows (Kish 1965) that the reweighted decisions need
EFFECTIVE = 100
#: a part smaller than this share of both is no part worth naming
SHARE = 0.2
#: features, the most important first, whose products are balanced too where they are apart by so many standard errors:
#: a shift of correlations alone is the world's
PAIRED = 5
MOVED = 3.0
_STEPS, _CLOSE, _RIDGE = 60, 1e-4, 1e-9

Verdict = Literal["release", "world", "both", "neither", "unknown"]


@dataclass(frozen=True, slots=True)
class ShiftPart:
    """One part of a change, with its 95 % interval, in the outcome's unit."""

    value: float
    low: float
    high: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class ShiftAttribution:
    """A change at a switch and its two parts; None where they cannot be told, and ``note`` says why.

    ``before`` and ``after`` are means over ``n_before`` and ``n_after`` rows; ``effective``: Kish's effective
    number of the reweighted rows; ``covered``: share of the new version's rows that are compared.
    """

    before: float | None
    after: float | None
    world: ShiftPart | None
    release: ShiftPart | None
    verdict: Verdict
    n_before: int
    n_after: int
    effective: float
    covered: float
    note: Message = NOTHING


@dataclass(frozen=True, slots=True)
class _CentredRows:
    """Rows of both sides as centred indicators of cells, the new ones ``covered`` only, and the old ones' weights."""

    x0: FloatArray
    x1: FloatArray
    covered: NDArray[np.bool_]
    weights: FloatArray | None


def split(before: IntArray, after: IntArray, old: FloatArray, new: FloatArray) -> ShiftAttribution:
    """Split the change of one outcome's mean; see ``splits``."""
    return splits(before, after, [(old, new)])[0]


def splits(
    before: IntArray, after: IntArray, outcomes: Sequence[tuple[FloatArray, FloatArray]]
) -> tuple[ShiftAttribution, ...]:
    """Split the change of each outcome's mean into the world's and the release's part.

    Args:
        before, after: (n0, features), (n1, features) the cell of each row's value, a feature a column.
        outcomes: (n0,) and (n1,) values; rows where it is NaN are left out. Those known for the same rows are
            weighted once.
    """
    laid: dict[bytes, _CentredRows] = {}
    results = []
    for old, new in outcomes:
        finite = np.isfinite(old), np.isfinite(new)
        same = finite[0].tobytes() + finite[1].tobytes()
        rows = before[finite[0]], after[finite[1]]
        if same not in laid and min(len(side) for side in rows) >= EFFECTIVE and before.shape[1]:
            laid[same] = _centre_rows(*rows)
        results.append(_split(laid.get(same), old[finite[0]], new[finite[1]]))
    return tuple(results)


@dataclass(frozen=True, slots=True)
class WorldShare:
    """How much of a change other inputs account for: ``share`` of it, and the upper 95 % limit of that.

    ``expected``: the mean that the previous version would have had on the new one's inputs, over ``n`` rows.
    """

    share: float
    high: float
    expected: float
    n: int


def world_share(before: IntArray, after: IntArray, old: FloatArray, new: FloatArray) -> WorldShare | None:
    """The world's share of a change that few decisions of the new version show; None where it cannot be told.

    ``split`` needs a hundred rows a side. Here the previous version's outcome is regressed on its inputs' cells, and
    what that predicts for the new version's inputs is the world's part (outcome regression), which is exact enough
    with a handful of rows as long as their inputs were met before.

    Args:
        before, after: (n0, features), (n1, features) cells, as for ``splits``.
        old, new: (n0,), (n1,) values; NaN is left out.
    """
    kept0, kept1 = np.isfinite(old), np.isfinite(new)
    before, after, old, new = before[kept0], after[kept1], old[kept0], new[kept1]
    if len(old) < EFFECTIVE or not len(new) or not before.shape[1]:
        return None
    met = _is_supported(before, after)
    whole = float(new.mean() - old.mean())
    if float(met.mean()) < COVERED or not met.any() or whole == 0:
        return None
    x0, x1 = _indicators(before, after[met])
    slope = np.linalg.lstsq(x0.T @ x0 + _RIDGE * np.eye(x0.shape[1]), x0.T @ (old - old.mean()), rcond=1e-10)[
        0
    ]
    expected = np.clip(old.mean() + x1 @ slope, old.min(), old.max())
    fitted = old.mean() + x0 @ slope
    se = float(np.sqrt(fitted.var() / len(expected) + (old - fitted).var() / len(old)))
    world = float(expected.mean() - old.mean())
    share, reach = world / whole, Z * se / abs(whole)
    return WorldShare(share=share, high=share + reach, expected=float(expected.mean()), n=len(expected))


def _centre_rows(before: IntArray, after: IntArray) -> _CentredRows:
    covered = _is_supported(before, after)
    if float(covered.mean()) < COVERED:
        return _CentredRows(np.zeros((0, 0)), np.zeros((0, 0)), covered, None)
    x0, x1 = _indicators(before, after[covered])
    weights = balance(x0, x1.mean(0))
    if weights is not None:
        p0, p1 = _products(before, after[covered])
        moved = _unbalanced_products(p0, p1, weights)
        if moved.any():
            x0, x1 = np.hstack([x0, p0[:, moved]]), np.hstack([x1, p1[:, moved]])
            weights = balance(x0, x1.mean(0))
    return _CentredRows(x0, x1, covered, weights)


def _split(laid: _CentredRows | None, old: FloatArray, new: FloatArray) -> ShiftAttribution:
    n0, n1 = len(old), len(new)
    means = (float(old.mean()) if n0 else None, float(new.mean()) if n1 else None)

    def unknown_attribution(note: Message, effective: float = 0.0, covered: float = 0.0) -> ShiftAttribution:
        return ShiftAttribution(*means, None, None, "unknown", n0, n1, effective, covered, note)

    if min(n0, n1) < EFFECTIVE:
        return unknown_attribution(
            message(
                "{n} rows on one side; {needed} are needed",
                n=Number(str(min(n0, n1))),
                needed=Number(str(EFFECTIVE)),
            )
        )
    if laid is None:
        return unknown_attribution(message("No inputs are logged"))
    share = float(laid.covered.mean())
    if share < COVERED:
        return unknown_attribution(
            message(
                "{share} of the new version's inputs were hardly met before", share=whole_percent(1 - share)
            ),
            0.0,
            share,
        )
    if laid.weights is None:
        return unknown_attribution(
            message("The inputs before cannot be weighted to look like those after"), 0.0, share
        )
    new, weights = new[laid.covered], laid.weights
    effective = float(1 / (weights**2).sum())
    if effective < EFFECTIVE:
        words = message(
            "{n} effective rows after weighting; {needed} are needed",
            n=Number(f"{effective:.0f}"),
            needed=Number(str(EFFECTIVE)),
        )
        return unknown_attribution(words, effective, share)
    world, release = _parts(laid.x0, laid.x1, old, new, weights)
    whole = _part(float(new.mean() - old.mean()), float(np.sqrt(old.var() / n0 + new.var() / len(new))))
    return ShiftAttribution(
        float(old.mean()),
        float(new.mean()),
        world,
        release,
        _verdict(whole, world, release),
        n0,
        len(new),
        effective,
        share,
    )


def _is_supported(before: IntArray, after: IntArray) -> np.ndarray:
    """Rows after whose every cell the previous version met often enough."""
    met = np.ones(len(after), dtype=bool)
    for f in range(before.shape[1]):
        size = int(max(before[:, f].max(), after[:, f].max())) + 1
        met &= (np.bincount(before[:, f], minlength=size) >= CELL_ROWS)[after[:, f]]
    return met


def _indicators(before: IntArray, after: IntArray) -> tuple[FloatArray, FloatArray]:
    """A column a cell that both sides hold, the most frequent of each feature left out, centred before."""
    columns0: list[NDArray[Any]] = []
    columns1: list[NDArray[Any]] = []
    for f in range(before.shape[1]):
        cells, counts = np.unique(before[:, f], return_counts=True)
        for cell in cells[np.arange(len(cells)) != counts.argmax()]:
            columns0.append(before[:, f] == cell)
            columns1.append(after[:, f] == cell)
    x0 = np.array(columns0, dtype=float).T.reshape(len(before), -1)
    x1 = np.array(columns1, dtype=float).T.reshape(len(after), -1)
    middle = x0.mean(0)
    return x0 - middle, x1 - middle


def _products(before: IntArray, after: IntArray) -> tuple[FloatArray, FloatArray]:
    """A column a pair of the first ``PAIRED`` features: the product of their cells' places, centred before."""
    scaled = [_standardise(before[:, f], after[:, f]) for f in range(min(before.shape[1], PAIRED))]
    pairs = list(combinations(scaled, 2))
    p0 = np.array([a0 * b0 for (a0, _), (b0, _) in pairs]).T.reshape(len(before), -1)
    p1 = np.array([a1 * b1 for (_, a1), (_, b1) in pairs]).T.reshape(len(after), -1)
    middle = p0.mean(0)
    return p0 - middle, p1 - middle


def _unbalanced_products(p0: FloatArray, p1: FloatArray, weights: FloatArray) -> NDArray[np.bool_]:
    """Products whose means differ beyond chance although the features, one by one, are balanced."""
    mean = weights @ p0
    variance = (weights**2) @ (p0 - mean) ** 2 + p1.var(0) / max(len(p1), 1)
    return np.asarray(np.abs(p1.mean(0) - mean) > MOVED * np.sqrt(variance))


def _standardise(before: IntArray, after: IntArray) -> tuple[FloatArray, FloatArray]:
    """Places of cells on both sides about the mean before, in standard deviations before."""
    middle, spread = float(before.mean()), float(before.std()) or 1.0
    return np.asarray((before - middle) / spread, float), np.asarray((after - middle) / spread, float)


def balance(x: FloatArray, target: FloatArray) -> FloatArray | None:
    """Weights (n,), positive and summing to one, nearest to even ones, with which ``x`` has mean ``target``.

    Newton's method with halved steps on the dual, log sum exp(x b) - b target; None where no such weights
    are found.
    """
    b = np.zeros(x.shape[1])
    weights, value = _tilt(x, b, target)
    for _ in range(_STEPS):
        gradient = weights @ x - target
        if np.abs(gradient).max(initial=0.0) < _CLOSE:
            return weights
        centred = x - weights @ x
        rooted = centred * np.sqrt(weights)[:, None]
        curve = rooted.T @ rooted  # of a matrix with itself: half the work
        curve[np.diag_indices_from(curve)] += _RIDGE + 1e-6 * np.diag(curve).max(initial=0.0)
        move = np.linalg.solve(curve, gradient)
        size = 1.0
        while size > 1e-6:
            tried, there = _tilt(x, b - size * move, target)
            if there <= value - 1e-4 * size * float(gradient @ move):
                break
            size /= 2
        else:
            return None
        b, weights, value = b - size * move, tried, there
    return None


def _tilt(x: FloatArray, b: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
    height = x @ b
    top = float(height.max(initial=-np.inf))
    raised = np.exp(height - top)
    return raised / raised.sum(), top + float(np.log(raised.sum())) - float(b @ target)


def _parts(
    x0: FloatArray, x1: FloatArray, old: FloatArray, new: FloatArray, weights: FloatArray
) -> tuple[ShiftPart, ShiftPart]:
    n0, n1 = len(old), len(new)
    level = float(weights @ old)
    centre = weights @ x0
    near = x0 - centre
    rooted = near * np.sqrt(weights)[:, None]
    # by the normal equations: few columns and many rows, and cells that coincide share their slope
    slope = np.linalg.lstsq(rooted.T @ rooted, near.T @ (weights * (old - level)), rcond=1e-12)[0]
    fit0, fit1 = level + near @ slope, level + (x1 - centre) @ slope
    rest0, rest1 = old - fit0, new - fit1
    release_se = np.sqrt((weights**2 * rest0**2).sum() + rest1.var() / n1)
    world_se = np.sqrt(fit1.var() / n1 + fit0.var() / n0 + ((weights - 1 / n0) ** 2 * rest0**2).sum())
    world, release = level - float(old.mean()), float(new.mean()) - level
    return _part(world, float(world_se)), _part(release, float(release_se))


def _part(value: float, se: float) -> ShiftPart:
    return ShiftPart(value, value - Z * se, value + Z * se)


def _verdict(whole: ShiftPart, world: ShiftPart, release: ShiftPart) -> Verdict:
    """A part counts where it is beyond chance and not dwarfed by the other.

    Nothing counts where the whole change is within chance, unless both parts are beyond it and cancel out.
    """
    both = abs(world.value) + abs(release.value)
    counts = [p.is_beyond_chance and abs(p.value) >= SHARE * both for p in (world, release)]
    if all(counts):
        return "both"
    if not whole.is_beyond_chance:
        return "neither"
    return "world" if counts[0] else "release" if counts[1] else "neither"
