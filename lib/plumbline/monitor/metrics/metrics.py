"""Every performance metric, as one table: a metric is a function of summed counts.

Rows used: all metrics, ``positive_rate`` included, are over *labelled* decisions, so that every figure of
a chunk speaks of the same rows; ``roc_auc``, ``average_precision``, ``log_loss`` and ``brier`` over those
of them that carry a score. Names and conventions are scikit-learn's: a precision, recall or F1 without a
single row in its denominator is 0 (it is then never judged); what cannot be computed at all is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from plumbline.domain import REGRESSION_MOMENTS, FloatArray, PlumblineError, Task
from plumbline.domain.messages import NOTHING, Message, message, word
from plumbline.monitor.metrics.counts import Counts, cache_by_counts, ratio
from plumbline.monitor.metrics.heavy_tails import (
    Tail,
    error_tail,
    error_tail_notes,
    squared_tail,
    squared_tail_notes,
)
from plumbline.monitor.metrics.score_metrics import (
    average_precision,
    average_precision_bound,
    roc_auc,
    roc_auc_bound,
)
from plumbline.wording.quantities import count

M = {name: i for i, name in enumerate(REGRESSION_MOMENTS)}

#: what a metric's rows are
LABELLED, POSITIVES, NEGATIVES, CALLED = (
    word("labelled decisions", "of"),
    word("positives", "of"),
    word("negatives", "of"),
    word("decisions for the positive class", "of"),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    ``compute``: counts of m chunks -> (m,) values. ``higher_is_better``: None where both directions are
    a change for the worse. ``interval``: its entry in ``intervals.INTERVALS``. ``matters``: the smallest
    change worth an alarm, in units of ``matters_of`` (points; level: share of the reference value; rmse:
    share of the reference's root mean squared error); see ``relevant_change``. ``hits`` gives (k, n) of a proportion,
    ``of`` names what the n are. ``bound``: largest error that counting in cells may have made. ``tail``: of a mean,
    how heavy its values' tail is.
    """

    name: str
    tasks: tuple[Task, ...]
    compute: Callable[[Counts], FloatArray]
    higher_is_better: bool | None
    unit: str  # share | score | nats | label (the target's own unit) | currency
    says: str
    interval: str
    matters: float = 0.01
    matters_of: str = "points"
    range: tuple[float, float] = (0.0, 1.0)
    hits: Callable[[Counts], tuple[FloatArray, FloatArray]] | None = None
    bound: Callable[[Counts], FloatArray] | None = None
    note: Callable[[Counts], list[Message]] | None = None
    tail: Callable[[Counts], Tail] | None = None
    of: Message = LABELLED


#: a class, or an error, that fewer than one in ten are is rare
RARE = 0.1


def relevant_change(metric: Metric, level: float, rmse: float = 0.0) -> float:
    """The smallest change from ``level`` that is worth an alarm, in the metric's unit.

    Of a share that is rare, or nearly everything, points say nothing: a class of 0.5 % cannot move accuracy by one
    point. There it is a tenth of what is rare, which meets one point where a tenth is.

    Args:
        rmse: the reference's root mean squared error, for ``matters_of`` rmse.
    """
    if metric.matters_of == "level":
        return metric.matters * abs(level)
    if metric.matters_of == "rmse":
        return metric.matters * rmse
    if metric.range != (0.0, 1.0):
        return metric.matters
    return min(metric.matters, metric.matters / RARE * max(min(level, 1 - level), 0.0))


# --- classes -------------------------------------------------------------------------------------


def _correct_counts(c: Counts) -> tuple[FloatArray, FloatArray]:
    return np.trace(c.confusion, axis1=1, axis2=2), c.confusion.sum((1, 2))


def _precision(c: Counts) -> tuple[FloatArray, FloatArray]:
    return c.confusion[:, c.positive, c.positive], c.confusion[:, c.positive, :].sum(1)


def _recall(c: Counts, of: int | None = None) -> tuple[FloatArray, FloatArray]:
    k = c.positive if of is None else of
    return c.confusion[:, k, k], c.confusion[:, :, k].sum(1)


def _specificity(c: Counts) -> tuple[FloatArray, FloatArray]:
    k = c.positive
    negative = c.confusion.sum((1, 2)) - c.confusion[:, :, k].sum(1)
    return negative - (c.confusion[:, k, :].sum(1) - c.confusion[:, k, k]), negative


def _positives(c: Counts) -> tuple[FloatArray, FloatArray]:
    return c.confusion[:, c.positive, :].sum(1), c.confusion.sum((1, 2))


def _share(
    hits: Callable[[Counts], tuple[FloatArray, FloatArray]], empty: float
) -> Callable[[Counts], FloatArray]:
    """A proportion; ``empty`` where its denominator is 0 although rows are labelled, else NaN."""
    return lambda c: np.where(c.confusion.sum((1, 2)) > 0, ratio(*hits(c), empty=empty), np.nan)


@cache_by_counts
def balanced_accuracy(c: Counts) -> FloatArray:
    """Mean recall of the classes that occur among the labels."""
    true = c.confusion.sum(1)
    recalls = ratio(np.diagonal(c.confusion, axis1=1, axis2=2), true, 0.0)
    return ratio(recalls.sum(1), (true > 0).sum(1).astype(float))


def _f1_by_class(c: Counts) -> tuple[FloatArray, FloatArray, FloatArray]:
    """F1 (m, K), predicted (m, K) and true (m, K) rows."""
    predicted, true = c.confusion.sum(2), c.confusion.sum(1)
    return ratio(2 * np.diagonal(c.confusion, axis1=1, axis2=2), predicted + true, 0.0), predicted, true


@cache_by_counts
def f1(c: Counts) -> FloatArray:
    """2 TP / (2 TP + FP + FN) of the positive class."""
    score, _, _ = _f1_by_class(c)
    return np.where(c.confusion.sum((1, 2)) > 0, score[:, c.positive], np.nan)


def f1_macro(c: Counts) -> FloatArray:
    """Mean F1 of the classes that occur among predictions or labels."""
    score, predicted, true = _f1_by_class(c)
    return ratio(score.sum(1), (predicted + true > 0).sum(1).astype(float))


def f1_weighted(c: Counts) -> FloatArray:
    """Mean F1 weighted by how often each class is true."""
    score, _, true = _f1_by_class(c)
    return ratio((score * true).sum(1), true.sum(1))


@cache_by_counts
def matthews_corrcoef(c: Counts) -> FloatArray:
    """Matthews correlation; 0 where predictions or labels are all of one class (Gorodkin 2004)."""
    predicted, true, n = c.confusion.sum(2), c.confusion.sum(1), c.confusion.sum((1, 2))
    right = np.trace(c.confusion, axis1=1, axis2=2)
    top = right * n - (predicted * true).sum(1)
    bottom = np.sqrt((n**2 - (predicted**2).sum(1)) * (n**2 - (true**2).sum(1)))
    return np.where(n > 0, ratio(top, bottom, 0.0), np.nan)


# --- numbers -------------------------------------------------------------------------------------


def _mean(name: str, rows: str = "") -> Callable[[Counts], FloatArray]:
    def compute(c: Counts) -> FloatArray:
        if not c.moments.shape[1]:
            return np.full(len(c.labelled), np.nan)
        return ratio(c.moments[:, M[name]], c.moments[:, M[rows]] if rows else c.labelled)

    return compute


def rmse(c: Counts) -> FloatArray:
    """Root mean squared error."""
    return np.sqrt(_mean("sq")(c))


def r2(c: Counts) -> FloatArray:
    """1 - squared error / squared deviation of the labels from their own mean in the chunk."""
    if not c.moments.shape[1]:
        return np.full(len(c.labelled), np.nan)
    y, y2, sq = c.moments[:, M["y"]], c.moments[:, M["y2"]], c.moments[:, M["sq"]]
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # beyond 1e154 a square has no number, and then R² has none
        spread = y2 - ratio(y, c.labelled) * y
        known = (y2 < np.finfo(np.float64).max) & (spread > 1e-12 * y2)
    return 1 - ratio(sq, np.where(known, spread, 0.0))


def error_quantile(c: Counts, share: FloatArray, side: int) -> FloatArray:
    """Least (side 0) or greatest (side 1) value the ``share`` quantile (m,) of absolute error can have."""
    if not c.error_cells.shape[1]:
        return np.full(len(c.labelled), np.nan)
    ends = c.error_ends[side]
    order = np.argsort(ends, kind="stable")
    filled = np.cumsum(c.error_cells[:, order], 1)
    total = filled[:, -1]
    rank = np.clip(share, 0, 1) * np.maximum(total - 1, 0)
    at = np.stack([(filled <= np.floor(rank)[:, None]).sum(1), (filled <= np.ceil(rank)[:, None]).sum(1)])
    quantile = ends[order][np.minimum(at, len(order) - 1)].mean(0)
    return np.where(total > 0, quantile, np.nan)


def _median_ends(c: Counts) -> tuple[FloatArray, FloatArray]:
    half = np.full(len(c.labelled), 0.5)
    return error_quantile(c, half, 0), error_quantile(c, half, 1)


def median_absolute_error(c: Counts) -> FloatArray:
    """Middle of the range in which the median absolute error must lie, given the error cells."""
    low, high = _median_ends(c)
    middle = (low + np.where(np.isfinite(high), high, np.nan)) / 2
    return np.asarray(middle)


def median_absolute_error_bound(c: Counts) -> FloatArray:
    """Half that range."""
    low, high = _median_ends(c)
    return np.asarray((np.where(np.isfinite(high), high, np.nan) - low) / 2)


def value(c: Counts) -> FloatArray:
    """What one decision is worth on average, by the owner's cost matrix, in its currency."""
    if c.cost is None:
        return np.full(len(c.labelled), np.nan)
    if c.task is Task.REGRESSION:
        return -ratio(c.moments[:, [M["over"], M["under"]]] @ c.cost, c.labelled)
    return ratio((c.confusion * c.cost).sum((1, 2)), c.confusion.sum((1, 2)))


def _zero_targets(c: Counts) -> list[Message]:
    zeros = c.labelled - c.moments[:, M["n_nonzero"]]
    return [
        message("{n} rows with a true value of zero are left out.", n=count(z)) if z > 0 else NOTHING
        for z in zeros
    ]


B, K, R = (Task.BINARY,), (Task.MULTICLASS,), (Task.REGRESSION,)
TABLE = (
    Metric("accuracy", B + K, _share(_correct_counts, np.nan), True, "share",
           "Share of decisions that turned out right.", "wilson", hits=_correct_counts),
    Metric("balanced_accuracy", B, balanced_accuracy, True, "share",
           "Mean of the shares found right in each class, so that a rare class counts as much.", "rows"),
    Metric("precision", B, _share(_precision, 0.0), True, "share",
           "Of the decisions for the positive class, the share that were right.", "wilson",
           hits=_precision, of=CALLED),
    Metric("recall", B, _share(_recall, 0.0), True, "share",
           "Of the truly positive, the share that was found.", "wilson", hits=_recall, of=POSITIVES),
    Metric("specificity", B, _share(_specificity, 0.0), True, "share",
           "Of the truly negative, the share that was left alone.", "wilson", hits=_specificity, of=NEGATIVES),
    Metric("f1", B, f1, True, "share", "Harmonic mean of precision and recall.", "rows"),
    Metric("matthews_corrcoef", B, matthews_corrcoef, True, "score",
           "Correlation of prediction and truth: 0 is guessing, 1 is perfect.", "rows",
           matters=0.02, range=(-1.0, 1.0)),
    Metric("roc_auc", B, roc_auc, True, "score",
           "How often a positive is scored above a negative: 0.5 is guessing.", "auc",
           bound=roc_auc_bound),
    Metric("average_precision", B, average_precision, True, "score",
           "Precision averaged over all thresholds; guessing gives the share of positives.", "logit",
           bound=average_precision_bound),
    Metric("log_loss", B + K, lambda c: ratio(c.log_loss, c.scored), False, "nats",
           "How surprised the score was by the truth; confident mistakes weigh most.", "cells",
           matters=0.05, matters_of="level", range=(0.0, np.inf)),
    Metric("brier", B, lambda c: ratio(c.brier, c.scored), False, "score",
           "Mean squared distance of the score from what came true.", "cells",
           matters=0.05, matters_of="level"),
    Metric("positive_rate", B, _share(_positives, np.nan), None, "share",
           "Share of labelled decisions that were for the positive class.", "wilson",
           matters=0.1, matters_of="level", hits=_positives),
    Metric("f1_macro", K, f1_macro, True, "share", "Mean F1 of the classes, rare ones included.", "rows"),
    Metric("f1_weighted", K, f1_weighted, True, "share", "Mean F1, weighted by how common a class is.",
           "rows"),
    Metric("mae", R, _mean("abs"), False, "label", "Mean distance of prediction from truth.", "moments",
           matters=0.05, matters_of="level", range=(0.0, np.inf), tail=error_tail, note=error_tail_notes),
    Metric("rmse", R, rmse, False, "label", "Like the mean error, but large errors weigh more.", "moments",
           matters=0.05, matters_of="level", range=(0.0, np.inf), tail=squared_tail, note=squared_tail_notes),
    Metric("bias", R, _mean("err"), None, "label",
           "Mean of prediction less truth: above zero it predicts too much.", "moments",
           matters=0.1, matters_of="rmse", range=(-np.inf, np.inf)),
    Metric("median_absolute_error", R, median_absolute_error, False, "label",
           "Half of the predictions are nearer the truth than this.", "ranks",
           matters=0.05, matters_of="level", range=(0.0, np.inf), bound=median_absolute_error_bound),
    Metric("mape", R, _mean("ape", "n_nonzero"), False, "share",
           "Mean error as a share of the true value.", "days",
           matters=0.05, matters_of="level", range=(0.0, np.inf), note=_zero_targets),
    Metric("smape", R, _mean("smape", "n_nonzero"), False, "share",
           "Mean error as a share of the mean of prediction and truth.", "days",
           matters=0.05, matters_of="level", range=(0.0, 2.0), note=_zero_targets),
    Metric("r2", R, r2, True, "score", "Share of the target's variation that the model explains.", "days",
           range=(-np.inf, 1.0)),
    Metric("value", B + K + R, value, True, "currency",
           "What one decision is worth on average, by the owner's cost matrix.", "days",
           matters=0.05, matters_of="level", range=(-np.inf, np.inf)),
)  # fmt: skip
METRICS = {metric.name: metric for metric in TABLE}
#: other spellings people use
ALIASES = {"mcc": "matthews_corrcoef", "auc": "roc_auc", "medae": "median_absolute_error"}
#: the metric a system is judged by first
HEADLINE = {Task.BINARY: "accuracy", Task.MULTICLASS: "accuracy", Task.REGRESSION: "mae"}


def class_recall(name: str, classes: tuple[str, ...]) -> Metric:
    """``recall:<class>`` of a multiclass system.

    Raises:
        PlumblineError: no such class.
    """
    label = name.partition(":")[2]
    if label not in classes:
        raise PlumblineError(
            message("{label} is not a class of this system", label=repr(label)),
            todo="Use " + ", ".join(classes),
        )
    of = classes.index(label)

    def hits(c: Counts) -> tuple[FloatArray, FloatArray]:
        return _recall(c, of)

    return replace(
        METRICS["recall"],
        name=name,
        tasks=K,
        compute=_share(hits, 0.0),
        hits=hits,
        says=f"Of the truly {label}, the share that was found.",
    )


def metric(name: str, classes: tuple[str, ...] = ()) -> Metric:
    """One metric by its name, an alias, or ``recall:<class>``.

    Raises:
        PlumblineError: the name is unknown.
    """
    name = ALIASES.get(name, name)
    if name.startswith("recall:"):
        return class_recall(name, classes)
    if name not in METRICS:
        raise PlumblineError(
            message("{name} is not a metric", name=repr(name)), todo="Use one of " + ", ".join(METRICS) + "."
        )
    return METRICS[name]


def needs_scores(chosen: Iterable[Metric]) -> bool:
    """Whether any of the metrics needs the cells of the scores, for its value or its interval."""
    return any(one.interval in ("auc", "logit", "cells") for one in chosen)


def metrics_for(
    task: Task, classes: tuple[str, ...] = (), *, value_known: bool = False
) -> tuple[Metric, ...]:
    """The metrics of a task, in the order a page shows them; ``value`` only with a cost matrix."""
    own = [m for m in TABLE if task in m.tasks and (value_known or m.name != "value")]
    if task is Task.MULTICLASS:
        own += [class_recall(f"recall:{label}", classes) for label in classes]
    return tuple(own)
