"""Neural networks, naive Bayes, nearest neighbours and discriminants out of skops files, as functions of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, IntArray
from plumbline.explain.readers.scikit.arrays import (
    Function,
    class_count,
    number,
    numbers,
    read_list,
    run_in_blocks,
    table,
)
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.shap.tree_path_dependent import to_score
from plumbline.explain.trees import refuse


@dataclass(frozen=True, slots=True)
class ModelFunction:
    """A model as a function of columns (n, c) to margins (n, K); ``link`` takes these to scores."""

    run: Function
    link: str
    outputs: int
    cost: float = 1.0  # of one row, in rows that the model looks at for it


#: an estimator and the number of columns that it reads -> what it says of them
Reader = Callable[[SkopsObject, int], ModelFunction]


def _network(node: SkopsObject, width: int) -> ModelFunction:
    weights, shifts = read_list(node, "coefs_"), read_list(node, "intercepts_")
    if len(weights) != len(shifts):
        raise refuse("its layers are damaged")
    layers, before = [], width
    for weight, shift in zip(weights, shifts, strict=True):
        layer = table(weight, (before, None), "coefs_")
        before = layer.shape[1]
        layers.append((layer, numbers(shift, before, "intercepts_")))
    bends: dict[str, Function] = {
        "identity": lambda x: x, "relu": lambda x: np.maximum(x, 0.0, out=x), "tanh": lambda x: np.tanh(x, out=x),
        "logistic": lambda x: to_score("logit", x),
    }  # fmt: skip
    bend = bends.get(str(node.get("activation")))
    link = {"identity": "identity", "exp": "log", "logistic": "logit", "softmax": "softmax"}.get(
        str(node.get("out_activation_"))
    )
    if bend is None or link is None or (link != "softmax" and before != 1):
        raise refuse("its activation is not known, or it predicts several values at once")

    def run(x: FloatArray) -> FloatArray:
        for place, (weight, shift) in enumerate(layers):
            x = x @ weight
            x += shift
            x = bend(x) if place < len(layers) - 1 else x
        return x

    return ModelFunction(run, link, before)


def likelihoods(run: Function, classes: int) -> ModelFunction:
    """Joint log-likelihoods by class: of two their difference, the log-odds."""
    if classes == 2:
        return ModelFunction(lambda x: np.diff(run(x), axis=1), "logit", 1)
    return ModelFunction(run, "softmax", classes)


def _gaussian(node: SkopsObject, width: int) -> ModelFunction:
    k = class_count(node)
    mean, spread = (
        table(node.need("theta_"), (k, width), "theta_"),
        table(node.need("var_"), (k, width), "var_"),
    )
    prior = numbers(node.need("class_prior_"), k, "class_prior_")
    if (spread <= 0).any() or (prior <= 0).any():
        raise refuse("its variances and priors are not above nought")
    start = np.log(prior) - 0.5 * np.log(2 * np.pi * spread).sum(axis=1)

    def run(x: FloatArray) -> FloatArray:
        return np.stack(
            [start[c] - 0.5 * ((x - mean[c]) ** 2 / spread[c]).sum(axis=1) for c in range(k)], axis=1
        )

    return likelihoods(run, k)


def _discrete_naive_bayes(node: SkopsObject, width: int) -> ModelFunction:
    """Naive Bayes of counts or of yes and no: linear in the columns."""
    k = class_count(node)
    weight = table(node.need("feature_log_prob_"), (k, width), "feature_log_prob_")
    start = numbers(node.get("class_log_prior_", np.zeros(k)), k, "class_log_prior_")
    if node.kind == "ComplementNB":
        start = np.zeros(k)
    if node.kind != "BernoulliNB":
        return likelihoods(lambda x: x @ weight.T + start, k)
    cut = node.get("binarize")
    at = None if cut is None else number(cut, "binarize")
    against = np.log1p(-np.exp(weight))
    return likelihoods(
        lambda x: (x if at is None else x > at) @ (weight - against).T + against.sum(axis=1) + start, k
    )


def _quadratic_discriminant(node: SkopsObject, width: int) -> ModelFunction:
    k = class_count(node)
    mean = table(node.need("means_"), (k, width), "means_")
    prior = numbers(node.need("priors_"), k, "priors_")
    turns = []
    for c, (turn, spread) in enumerate(
        zip(read_list(node, "rotations_", k), read_list(node, "scalings_", k), strict=True)
    ):
        axes = table(turn, (width, None), "rotations_")
        wide = numbers(spread, axes.shape[1], "scalings_")
        if (wide <= 0).any() or prior[c] <= 0:
            raise refuse("its variances and priors are not above nought")
        turns.append((axes / np.sqrt(wide), np.log(prior[c]) - 0.5 * np.log(wide).sum()))

    def run(x: FloatArray) -> FloatArray:
        terms = [
            start - 0.5 * (((x - mean[c]) @ turn) ** 2).sum(axis=1) for c, (turn, start) in enumerate(turns)
        ]
        return np.stack(terms, axis=1)

    return likelihoods(run, k)


#: distances by name: what is added up over the columns, and the last step
_METRICS = {"euclidean": 2.0, "l2": 2.0, "manhattan": 1.0, "cityblock": 1.0, "l1": 1.0, "chebyshev": np.inf}
_SPARE = 8  # candidates beyond k, whose distances are measured again without rounding


def _nearest_neighbours(node: SkopsObject, width: int) -> ModelFunction:
    known = table(node.need("_fit_X"), (None, width), "_fit_X")
    k, how = node.get("n_neighbors"), node.get("weights")
    metric = str(node.get("effective_metric_"))
    if metric == "minkowski":
        extra = node.get("effective_metric_params_") or {}
        power = number(extra.get("p", node.get("p", 2)), "p")
    else:
        power = _METRICS.get(metric, 0.0)
    if not isinstance(k, int) or not 1 <= k <= len(known) or how not in ("uniform", "distance") or power < 1:
        raise refuse(f"its neighbours, weights or distance ({metric[:30]!r}) are not read")
    if node.kind.endswith("Classifier"):
        classes = class_count(node)
        codes = numbers(node.need("_y"), len(known), "_y").astype(np.int64)
        if node.get("outputs_2d_") or (codes < 0).any() or (codes >= classes).any():
            raise refuse("its labels are damaged, or it predicts several values at once")
        values = np.eye(classes)[codes]
        values = values[:, 1:] if classes == 2 else values
        link = "probability"
    else:
        values, link = numbers(node.need("_y"), len(known), "_y")[:, None], "identity"

    def run(x: FloatArray) -> FloatArray:
        near, apart = _neighbours(x, known, power, k)
        if how == "uniform":
            mean: FloatArray = values[near].mean(axis=1)
            return mean
        with np.errstate(divide="ignore"):
            weight = 1.0 / apart
        same = np.isinf(weight)
        weight = np.where(same.any(axis=1, keepdims=True), same, weight)
        estimate: FloatArray = (values[near] * weight[:, :, None]).sum(axis=1) / weight.sum(
            axis=1, keepdims=True
        )
        return estimate

    run_on = run_in_blocks(run, len(known) * (1 if power == 2 else 2))
    return ModelFunction(run_on, link, values.shape[1], float(len(known)))


def _neighbours(x: FloatArray, known: FloatArray, power: float, k: int) -> tuple[IntArray, FloatArray]:
    """Places (n, k) of the nearest known rows, nearest first, and their distances; of equals the first in the file.

    Which of many equals a partition leaves inside differs by processor, and so would the answer.
    """
    if power != 2 or k + _SPARE >= len(known):
        near, apart = _smallest(_power_distances(x, known, power), k)
        return near, apart if np.isinf(power) else apart ** (1 / power)
    # |b|^2 - 2 ab is quick but rounds: the nearest are measured again
    length = (known * known).sum(axis=1)
    rough = length - 2 * (x @ known.T)
    likely = np.argpartition(rough, k + _SPARE - 1, axis=1)[:, : k + _SPARE]
    own_squares = (x * x).sum(axis=1)
    limit = np.take_along_axis(rough, likely, 1).max(axis=1) + own_squares
    likely.sort(axis=1)  # so that of equals the first comes first
    apart = _power_distances(x, known[likely], power)
    order = np.argsort(apart, axis=1, kind="stable")[:, :k]
    near, apart = np.take_along_axis(likely, order, 1), np.take_along_axis(apart, order, 1)
    rounding = 4 * (x.shape[1] + 4) * np.finfo(np.float64).eps * (own_squares + length.max())
    unsure = np.flatnonzero(
        ~(apart[:, -1] < limit - rounding)
    )  # as near, or nearly so, may be more than were kept
    if len(unsure):
        near[unsure], apart[unsure] = _smallest(_power_distances(x[unsure], known, power), k)
    return near, np.sqrt(apart)


def _power_distances(x: FloatArray, known: FloatArray, power: float) -> FloatArray:
    """Distances to that power (n, m) of rows (n, c) to known ones, (m, c) or (n, m, c); added up column by column."""
    total: FloatArray = np.zeros((len(x), known.shape[-2]))
    for i in range(x.shape[1]):
        gap = np.abs(x[:, i, None] - known[..., i])
        total = np.maximum(total, gap) if np.isinf(power) else total + gap**power
    return total


def _smallest(apart: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The k least of each row (n, m), in order, and where they stand; of equals the first."""
    last = np.partition(apart, k - 1, axis=1)[:, k - 1 : k]
    inside = apart <= last
    tied = np.flatnonzero(np.count_nonzero(inside, axis=1) > k)
    if len(tied):
        below, equal = apart[tied] < last[tied], apart[tied] == last[tied]
        room = k - np.count_nonzero(below, axis=1)[:, None]
        inside[tied] = below | (equal & (np.cumsum(equal, axis=1, dtype=np.int32) <= room))
    near: IntArray = np.nonzero(inside)[1].reshape(len(apart), k)
    nearest_distances = np.take_along_axis(apart, near, 1)
    order = np.argsort(nearest_distances, axis=1, kind="stable")
    return np.take_along_axis(near, order, 1), np.take_along_axis(nearest_distances, order, 1)


ASKED: dict[str, Reader] = {
    "MLPClassifier": _network,
    "MLPRegressor": _network,
    "GaussianNB": _gaussian,
    "BernoulliNB": _discrete_naive_bayes,
    "MultinomialNB": _discrete_naive_bayes,
    "ComplementNB": _discrete_naive_bayes,
    "QuadraticDiscriminantAnalysis": _quadratic_discriminant,
    "KNeighborsClassifier": _nearest_neighbours,
    "KNeighborsRegressor": _nearest_neighbours,
}
