"""What a metric is over all decisions, where only some have an outcome: weights, or bounds where weights end.

Where decisions of every score have some outcomes, each labelled decision stands for those of its score that have
none (weights of one over the share labelled: Horvitz and Thompson 1952; by cells of the score, as Little 1986 for
non-response). That takes those with an outcome to be like the others of their score. Where a stretch of scores has
no outcomes nothing can be weighted, and a metric lies between what it is if the unknown outcomes are as bad and as
good as can be (Manski 1990). Where no score is logged, the predicted class takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from plumbline.domain import FloatArray, OutcomeProfile, Task
from plumbline.monitor.metrics.counts import Counts, counts_of, ratio
from plumbline.monitor.metrics.score_confusion import FOLLOWS, explained_share, order_by_score
from plumbline.monitor.metrics.status import Mask
from plumbline.monitor.statistics.proportions import Z

#: cells are joined until they hold so many labelled decisions: more, and a group is no longer of one score
JOINED = 10
#: labels that a stretch of scores without any would have at the share of its neighbours, for that to be no chance
LACK = 12.0
#: labelled decisions that tell how often those of a score have one
NEAR = 50
#: share of the labelled decisions that must carry a score
SCORED = 0.9
#: share labelled under which a class is taken to have no labels
NONE = 0.01
#: width of bounds from which they say nothing
USELESS = 0.5

#: a table of [true positive, false positive, false negative, true negative] -> value, and what it changes by each
Rate = Callable[[FloatArray], tuple[float, FloatArray]]


@dataclass(frozen=True, slots=True)
class WeightedMetric:
    """A metric over all decisions. ``value``: by weights, with its 95 % interval; None: it lies between ``low`` and
    ``high`` whatever the unknown outcomes are (each end with its own error), and nothing more can be known."""

    metric: str
    value: float | None
    low: float
    high: float

    @property
    def is_uninformative(self) -> bool:
        """Whether the bounds lie so far apart that they say nothing."""
        return self.value is None and self.high - self.low > USELESS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Decisions by stratum (cell or class): those without an outcome by answer, ``u`` (2, m) for positive and
    negative; labelled ones ``n`` and the positives among them ``x`` (m,); ``group`` (m,) that a stratum is weighted
    with, -1 where none has outcomes. ``table``: the labelled ones (4,) as in ``Rate``."""

    u: FloatArray
    n: FloatArray
    x: FloatArray
    group: np.ndarray
    table: FloatArray


def weighted_metrics(profile: OutcomeProfile, rows: Mask) -> tuple[tuple[WeightedMetric, ...], float]:
    """Metrics over all decisions of these groups, and what the weights leave of the labels (Kish 1965); 0: no weights.

    Accuracy; of two classes recall and precision as well, and ROC AUC where every score has outcomes. The intervals
    are of the value over these very decisions, and take days as independent of each other.
    """
    counts = counts_of(profile).select_rows(rows)
    binary = profile.task is Task.BINARY and len(counts.classes) == 2
    parts = (_scores(profile, rows, counts) if binary else None) or _answers(profile, rows, counts, binary)
    names: dict[str, Rate] = {"accuracy": _accuracy}
    if binary:
        names |= {"recall": _recall, "precision": _precision}
    metrics = [_figure(name, rate, parts) for name, rate in names.items()]
    every = bool((parts.group >= 0).all())
    if binary and every and len(parts.n) > 2:
        metrics.append(_auc(parts))
    effective = 0.0
    if every:
        sizes = _sum_by_group(parts, parts.n)
        weight = ratio(_sum_by_group(parts, parts.n + parts.u.sum(0)), sizes, 0.0)
        effective = float((weight * sizes).sum() ** 2 / max(float((weight**2 * sizes).sum()), 1e-12))
    return tuple(weighted for weighted in metrics if weighted is not None), effective


def _scores(profile: OutcomeProfile, rows: Mask, counts: Counts) -> _Parts | None:
    """Strata by score cell; None where scores do not tell the answers of nearly all decisions."""
    pooled_counts = counts.pool()
    if not counts.cells.any() or pooled_counts.scored[0] < SCORED * pooled_counts.labelled[0]:
        return None
    scored = order_by_score(profile, counts_of(profile))
    if explained_share(scored, rows) < FOLLOWS:
        return None
    k = counts.positive
    answered = profile.confusion[rows].sum(0).astype(float)
    some = answered[:, :-1].sum(1) >= NONE * np.maximum(answered.sum(1), 1)
    above, everyone = scored.above[rows], scored.everyone[rows]
    shares = (above * some[k], (1 - above) * some[1 - k])  # labels of a class with next to none are left out
    cells = [np.einsum("gjs,gs->js", counts.cells, share) for share in shares]
    known = np.stack([cell.sum(0) for cell in cells])
    u = np.maximum(np.stack([(everyone * above).sum(0), (everyone * (1 - above)).sum(0)]) - known, 0)
    occupied = everyone.sum(0) > 0
    table = np.array([cells[0][1].sum(), cells[0][0].sum(), cells[1][1].sum(), cells[1][0].sum()])
    n, x = known.sum(0)[occupied], (cells[0][1] + cells[1][1])[occupied]
    up = (everyone * above).sum(0)[occupied]
    down = everyone.sum(0)[occupied] - up
    cut = int(np.argmin(np.r_[0.0, np.cumsum(up)] + np.r_[np.cumsum(down[::-1])[::-1], 0.0]))
    return _Parts(
        u=u[:, occupied],
        n=n,
        x=x,
        group=join_score_cells(n, u[:, occupied].sum(0), np.arange(len(n)) >= cut),
        table=table,
    )


def _answers(profile: OutcomeProfile, rows: Mask, counts: Counts, binary: bool) -> _Parts:
    """Strata by predicted class; of more than two classes an outcome is whether the prediction was right."""
    answered = profile.confusion[rows].sum(0).astype(float)
    true, missing = answered[:, :-1], answered[:, -1]
    n = true.sum(1)
    some = n >= NONE * np.maximum(answered.sum(1), 1)
    known, missing = true * some[:, None], missing + n * ~some
    n = known.sum(1)
    group = np.where(some & (n > 0), np.arange(len(n)), -1)
    if binary:
        k, other = counts.positive, 1 - counts.positive
        order = [k, other]
        u = np.zeros((2, 2))
        u[0, 0], u[1, 1] = missing[k], missing[other]
        table = np.array([known[k, k], known[k, other], known[other, k], known[other, other]])
        return _Parts(
            u=u,
            n=n[order],
            x=known[order, k],
            group=np.where(group[order] >= 0, np.arange(2), -1),
            table=table,
        )
    right = np.diagonal(known)
    u = np.stack([missing, np.zeros_like(missing)])
    return _Parts(
        u=u, n=n, x=right, group=group, table=np.array([right.sum(), n.sum() - right.sum(), 0.0, 0.0])
    )


def join_score_cells(n: FloatArray, u: FloatArray, side: Mask | None = None) -> np.ndarray:
    """The group of each cell in order of score, (m,): joined to ``JOINED`` labels; -1 for a stretch without any that
    chance does not explain by how often its neighbours have one.

    Args:
        n, u: (m,) labelled decisions, and those without an outcome.
        side: (m,) which answer a cell mostly got; a group is of one, as their shares labelled may be far apart.
    """
    group = np.full(len(n), -1, dtype=np.int64)
    if not n.any():
        return group
    lacks = np.zeros(len(n), dtype=bool)
    at = np.flatnonzero(n > 0)
    for first, last in zip(np.r_[0, at + 1].tolist(), np.r_[at, len(n)].tolist(), strict=True):
        if first < last:
            sides = (
                _nearby_labelled_share(n[last:], u[last:]),
                _nearby_labelled_share(n[:first][::-1], u[:first][::-1]),
            )
            # the next answer may be labelled far more often
            usual = min(labels for labels in sides if labels > 0)
            lacks[first:last] = u[first:last].sum() * usual >= LACK
    kind = np.where(lacks, 2, 0 if side is None else side.astype(np.int64))
    edges = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(n)]
    joined_count = 0
    for first, last in pairwise(edges):
        cell_sums = n[first:last]
        if lacks[first] or not cell_sums.any():
            continue
        joined = _join_cells(cell_sums)
        group[first:last] = joined_count + joined
        joined_count += int(joined[-1]) + 1
    return group


def _join_cells(n: FloatArray) -> np.ndarray:
    """The group of each cell, (m,): the next one begins once a group has ``JOINED`` labels, and so has the last."""
    groups, group, group_labels = [], 0, 0.0
    for labels in n.tolist():
        if group_labels >= JOINED:
            group, group_labels = group + 1, 0.0
        groups.append(group)
        group_labels += labels
    group_of = np.array(groups, np.int64)
    return np.minimum(group_of, group - 1) if group_labels < JOINED and group else group_of


def _nearby_labelled_share(n: FloatArray, u: FloatArray) -> float:
    """The share labelled of the nearest ``NEAR`` labelled decisions and those between; 0 without any."""
    if not n.any():
        return 0.0
    end = int(np.searchsorted(np.cumsum(n), min(NEAR, n.sum()))) + 1
    return float(n[:end].sum() / (n[:end] + u[:end]).sum())


def _sum_by_group(parts: _Parts, values: FloatArray) -> FloatArray:
    held = parts.group >= 0
    return np.asarray(np.bincount(parts.group[held], values[held]), dtype=float)


def _chance(parts: _Parts, spare: float = 0.0) -> FloatArray:
    """The share of positives of each stratum, (m,), by its group; NaN where none has outcomes. ``spare``: of a
    success and a failure added, so that a group of one kind is not taken as certain (Jeffreys: 0.5)."""
    chance_shares = np.full(len(parts.n), np.nan)
    mask = parts.group >= 0
    if mask.any():
        shares = ratio(_sum_by_group(parts, parts.x) + spare, _sum_by_group(parts, parts.n) + 2 * spare, 0.0)
        chance_shares[mask] = shares[parts.group[mask]]
    return chance_shares


def _fill_table(parts: _Parts, positive: FloatArray, negative: FloatArray) -> FloatArray:
    """The table with the unknown outcomes as these shares (m,) of positives among either answer say."""
    (up, down) = parts.u
    unknown = [up @ positive, up @ (1 - positive), down @ negative, down @ (1 - negative)]
    return np.asarray(parts.table + np.array(unknown))


def _figure(name: str, rate: Rate, parts: _Parts) -> WeightedMetric | None:
    chance, lacks = _chance(parts), parts.group < 0
    ends = []
    for positive, negative in ((0.0, 1.0), (1.0, 0.0)):
        filled = [np.where(lacks, worst, chance) for worst in (positive, negative)]
        value, slope = rate(_fill_table(parts, *filled))
        per = np.array([slope[0] - slope[1], slope[2] - slope[3]])[:, None] * np.ones(len(parts.n))
        ends.append((value, _error(parts, per)))
    if not all(np.isfinite(value) for value, _ in ends):
        return None
    (low, below), (high, above) = ends
    known = low if high - low < 1e-12 else None
    return WeightedMetric(name, known, max(low - Z * below, 0.0), min(high + Z * above, 1.0))


def _error(parts: _Parts, per: FloatArray) -> float:
    """The standard error by chance in the labelled ones of each group and in the unknown outcomes themselves.

    Args:
        per: (2, m) by how much one decision of either answer changes the value if its outcome is the other one.
    """
    mask = parts.group >= 0
    if not mask.any():
        return 0.0
    p = _chance(parts, 0.5)
    spread = np.where(mask, p * (1 - p), 0.0)
    learnt = _sum_by_group(parts, (parts.u * per).sum(0)) ** 2 * ratio(
        _sum_by_group(parts, spread), _sum_by_group(parts, np.ones(len(p))), 0.0
    )
    error_part = spread * (parts.u * per**2).sum(0)
    return float(np.sqrt(ratio(learnt, _sum_by_group(parts, parts.n), 0.0).sum() + error_part.sum()))


def _accuracy(table: FloatArray) -> tuple[float, FloatArray]:
    n = float(table.sum())
    value = float(table[0] + table[3]) / n if n > 0 else np.nan
    return value, (np.array([1.0, 0.0, 0.0, 1.0]) - value) / n if n > 0 else np.zeros(4)


def _recall(table: FloatArray) -> tuple[float, FloatArray]:
    positives = float(table[0] + table[2])
    value = float(table[0]) / positives if positives > 0 else np.nan
    return value, np.array([1 - value, 0.0, -value, 0.0]) / positives if positives > 0 else np.zeros(4)


def _precision(table: FloatArray) -> tuple[float, FloatArray]:
    said = float(table[0] + table[1])
    value = float(table[0]) / said if said > 0 else np.nan
    return value, np.array([1 - value, -value, 0.0, 0.0]) / said if said > 0 else np.zeros(4)


def _auc(parts: _Parts) -> WeightedMetric | None:
    """ROC AUC with each cell's unknown outcomes shared out by its group."""
    p, unknown = _chance(parts), parts.u.sum(0)
    positive = parts.x + unknown * p
    negative = parts.n - parts.x + unknown * (1 - p)
    n1, n0 = float(positive.sum()), float(negative.sum())
    if min(n1, n0) <= 0:
        return None
    below = np.cumsum(negative) - negative / 2
    above = n1 - np.cumsum(positive) + positive / 2
    value = float((positive * below).sum() / (n1 * n0))
    per = (below - above) / (n1 * n0) - value * (1 / n1 - 1 / n0)
    half = Z * _error(parts, np.stack([per, per]))
    return WeightedMetric("roc_auc", value, max(value - half, 0.0), min(value + half, 1.0))
