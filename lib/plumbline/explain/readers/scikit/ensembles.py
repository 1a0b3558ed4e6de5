"""Models made of models: voting, stacking, bagging, AdaBoost and calibration, out of skops files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.columns import InputColumn
from plumbline.explain.model import Weights
from plumbline.explain.readers.scikit.arrays import (
    Function,
    ModelInputs,
    TransformedColumns,
    class_count,
    concatenate,
    number,
    numbers,
    read_list,
    table,
)
from plumbline.explain.readers.scikit.functions import ModelFunction
from plumbline.explain.readers.scikit.skops_file import SkopsObject
from plumbline.explain.shap.tree_path_dependent import to_score
from plumbline.explain.trees import TreeEnsemble, refuse


@dataclass(frozen=True, slots=True)
class SubModel:
    """A model and what it reads: ``fitted`` asks about the columns that ``made`` makes; ``core`` where there is one.

    ``missing``: whether it takes NaN.
    """

    made: TransformedColumns
    fitted: ModelFunction
    core: TreeEnsemble | Weights | None = None
    missing: bool = False

    def margin(self, x: FloatArray) -> FloatArray:
        """Margins (n, K) of the columns (n, c) that ``made`` starts from."""
        return self.fitted.run(self.made.run(x))

    def shares(self, x: FloatArray) -> FloatArray:
        """Probabilities of all classes (n, K)."""
        score = to_score(self.fitted.link, self.margin(x))
        return np.concatenate([1 - score, score], axis=1) if score.shape[1] == 1 else score


#: reads a model that stands inside another, from what steps have made so far
ReadPart = Callable[[Any, TransformedColumns, ModelInputs], SubModel]
Reader = Callable[[SkopsObject, TransformedColumns, ModelInputs, ReadPart], SubModel]
#: links whose score is a probability
CHANCES = ("logit", "softmax", "probability")


def _members(
    node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart
) -> list[SubModel]:
    return [read(member, columns, inputs) for member in read_list(node, "estimators_") if member != "drop"]


def _combine_parts(
    parts: Sequence[SubModel], run: Callable[[list[FloatArray]], FloatArray], link: str, outputs: int
) -> SubModel:
    """One part of several: ``run`` gets each one's columns."""
    columns = concatenate([TransformedColumns(part.made.columns) for part in parts])
    ends = np.cumsum([0, *(len(part.made.columns) for part in parts)]).tolist()

    def ask(x: FloatArray) -> FloatArray:
        return run([x[:, begin:end] for begin, end in pairwise(ends)])

    missing = all(part.missing and part.made.then is None for part in parts)
    return SubModel(
        columns, ModelFunction(ask, link, outputs, sum(part.fitted.cost for part in parts)), missing=missing
    )


def _average_model(parts: Sequence[SubModel], weights: FloatArray, classes: int) -> SubModel:
    """The weighted mean of members' probabilities, or of their values where there are no classes."""
    if not parts or len(weights) != len(parts) or weights.sum() == 0:
        raise refuse("its weights do not fit its members")
    share = weights / weights.sum()
    if any((part.fitted.link in CHANCES) != bool(classes) for part in parts):
        raise refuse(
            "a model inside it gives no probability" if classes else "a model inside it is a classifier"
        )
    _require_same_classes(parts, classes)

    def run(blocks: list[FloatArray]) -> FloatArray:
        shares = [
            w * (part.shares(x) if classes else to_score(part.fitted.link, part.margin(x)))
            for w, part, x in zip(share.tolist(), parts, blocks, strict=True)
        ]
        total: FloatArray = np.sum(shares, axis=0)
        return total[:, 1:] if classes == 2 else total

    link = "probability" if classes else "identity"
    return _combine_parts(parts, run, link, 1 if classes <= 2 else classes)


def _require_same_classes(parts: Sequence[SubModel], classes: int) -> None:
    if any(part.fitted.outputs != (1 if classes <= 2 else classes) for part in parts):
        raise refuse(
            "a model inside it knows other classes than the whole, or predicts several values at once"
        )


def _voting(node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart) -> SubModel:
    if node.kind == "VotingClassifier" and node.get("voting") != "soft":
        raise refuse("its members vote, which gives no score (voting='soft' does)")
    parts = _members(node, columns, inputs, read)
    given = node.get("weights")
    weights = np.ones(len(parts)) if given is None else numbers(given, len(parts), "weights")
    return _average_model(parts, weights, class_count(node) if node.kind == "VotingClassifier" else 0)


def _bagging(node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart) -> SubModel:
    members = read_list(node, "estimators_")
    chosen = read_list(node, "estimators_features_", len(members))
    parts = []
    for member, features in zip(members, chosen, strict=True):
        places = numbers(features, np.size(features), "estimators_features_").astype(np.int64)
        if not len(places) or (places < 0).any() or (places >= columns.width).any():
            raise refuse("a model inside it reads a column that is not there")
        parts.append(read(member, columns.select(places.tolist()), inputs))
    return _average_model(
        parts, np.ones(len(parts)), class_count(node) if node.kind == "BaggingClassifier" else 0
    )


def _stacking(
    node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart
) -> SubModel:
    parts = _members(node, columns, inputs, read)
    methods = [m for m in read_list(node, "stack_method_") if m is not None]
    if len(methods) != len(parts) or set(methods) - {"predict_proba", "decision_function", "predict"}:
        raise refuse("its stack_method_ does not fit its members")
    sayings = [_member_output(part, method) for part, method in zip(parts, methods, strict=True)]
    width = sum(part.fitted.outputs for part in parts)
    inner = list(parts)
    if node.get("passthrough"):
        inner.append(SubModel(columns, ModelFunction(lambda x: x, "identity", columns.width)))
        sayings.append(inner[-1].margin)
        width += columns.width
    top = read(
        node.need("final_estimator_"),
        TransformedColumns(tuple(InputColumn(feature=i) for i in range(width))),
        inputs,
    )
    if top.made.width != width:
        raise refuse("its final_estimator_ does not fit its members")

    def run(blocks: list[FloatArray]) -> FloatArray:
        predictions = [say(x) for say, x in zip(sayings, blocks, strict=True)]
        return top.margin(np.concatenate(predictions, axis=1))

    return _combine_parts(inner, run, top.fitted.link, top.fitted.outputs)


def _member_output(part: SubModel, method: str) -> Function:
    """What a member hands on: its probabilities (of two classes the second's), its margin, or its value."""
    if (method == "predict_proba") != (part.fitted.link in CHANCES) and method != "decision_function":
        raise refuse("a model inside it does not say what its stack_method_ wants")
    if method == "decision_function":
        if part.fitted.link == "probability":
            raise refuse("a model inside it does not say what its stack_method_ wants")
        return part.margin
    return lambda x: to_score(part.fitted.link, part.margin(x))


def _adaboost(
    node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart
) -> SubModel:
    """SAMME (Zhu et al. 2009): members vote for one class each; the mean vote is the margin."""
    k, parts = class_count(node), _members(node, columns, inputs, read)
    weights = numbers(
        node.need("estimator_weights_"), np.size(node.need("estimator_weights_")), "estimator_weights_"
    )
    weights = weights[: len(parts)]
    if len(weights) != len(parts) or weights.sum() == 0 or any(p.fitted.link not in CHANCES for p in parts):
        raise refuse("its weights do not fit its members")
    _require_same_classes(parts, k)

    def run(blocks: list[FloatArray]) -> FloatArray:
        total = np.zeros((len(blocks[0]), k))
        for part, weight, x in zip(parts, weights.tolist(), blocks, strict=True):
            mine = part.shares(x).argmax(axis=1)[:, None] == np.arange(k)
            total += np.where(mine, weight, -weight / (k - 1))
        total /= weights.sum()
        return total[:, 1:] - total[:, :1] if k == 2 else total / (k - 1)

    return _combine_parts(parts, run, "logit" if k == 2 else "softmax", 1 if k == 2 else k)


def _calibrated_classifier(
    node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs, read: ReadPart
) -> SubModel:
    """The mean of members whose output goes through a curve of its own (Platt 1999; Zadrozny and Elkan 2002)."""
    k = class_count(node)
    parts, curves = [], []
    for member in read_list(node, "calibrated_classifiers_"):
        if not isinstance(member, SkopsObject) or member.get("method") not in ("sigmoid", "isotonic"):
            raise refuse("its calibration is damaged, or of a kind that is not known")
        part = read(member.need("estimator"), columns, inputs)
        parts.append(part)
        curves.append([_curve(c) for c in read_list(member, "calibrators", part.fitted.outputs)])
    _require_same_classes(parts, k)

    def run(blocks: list[FloatArray]) -> FloatArray:
        total = np.zeros((len(blocks[0]), 1 if k == 2 else k))
        for part, calibrator, x in zip(parts, curves, blocks, strict=True):
            margins = part.margin(x)  # of a forest, which has no margin, the probability
            share = np.stack([curve(margins[:, i]) for i, curve in enumerate(calibrator)], axis=1)
            if k > 2:
                whole = share.sum(axis=1, keepdims=True)
                share = np.where(whole == 0, 1 / k, share / np.where(whole == 0, 1, whole))
            total += share / len(parts)
        return total

    return _combine_parts(parts, run, "probability", 1 if k == 2 else k)


def _curve(stored: Any) -> Function:
    if isinstance(stored, SkopsObject) and stored.kind == "_SigmoidCalibration":
        slope, shift = number(stored.need("a_"), "a_"), number(stored.need("b_"), "b_")
        return lambda x: to_score("logit", -(slope * x + shift))
    if isinstance(stored, SkopsObject) and stored.kind == "IsotonicRegression":
        at = table(stored.need("X_thresholds_"), (None,), "X_thresholds_")
        value = numbers(stored.need("y_thresholds_"), len(at), "y_thresholds_")
        if (np.diff(at) < 0).any():
            raise refuse("its X_thresholds_ is damaged")
        return lambda x: np.interp(x, at, value)
    raise refuse("its calibration is damaged, or of a kind that is not known")


GROUPS: dict[str, Reader] = {
    "VotingClassifier": _voting,
    "VotingRegressor": _voting,
    "StackingClassifier": _stacking,
    "StackingRegressor": _stacking,
    "BaggingClassifier": _bagging,
    "BaggingRegressor": _bagging,
    "AdaBoostClassifier": _adaboost,
    "CalibratedClassifierCV": _calibrated_classifier,
}
