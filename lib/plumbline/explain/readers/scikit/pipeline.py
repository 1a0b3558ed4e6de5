"""scikit-learn models in skops files: which classes we know, and how they are put together.

Reads attributes, builds nothing (see ``skops_file``). A class that is not known is refused by name: the list is ours,
never the file's. Trees and linear models that read their inputs one by one keep their form, and so their
exact contributions; everything else becomes a function that can be asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from plumbline.domain import FloatArray
from plumbline.explain.columns import InputCoding, InputColumn, identity_coding
from plumbline.explain.model import BlackBoxModel, CodedModel, Weights, linear_model
from plumbline.explain.readers.scikit.arrays import ModelInputs, TransformedColumns
from plumbline.explain.readers.scikit.ensembles import GROUPS, SubModel
from plumbline.explain.readers.scikit.functions import ASKED, ModelFunction
from plumbline.explain.readers.scikit.kernels import KERNELS
from plumbline.explain.readers.scikit.linear import LINEAR, read_linear
from plumbline.explain.readers.scikit.skops_file import SkopsObject, read_skops
from plumbline.explain.readers.scikit.transformers import PASSED, apply_step
from plumbline.explain.readers.scikit.trees import TREES
from plumbline.explain.shap.tree_path_dependent import margins as tree_margins
from plumbline.explain.trees import MAX_FEATURES, TreeEnsemble, refuse

FORMAT = "scikit-learn (skops)"
MODELS = LINEAR | set(TREES) | set(ASKED) | set(KERNELS) | set(GROUPS)
#: what holds the model under another name and changes nothing that it says
WRAPPERS = {
    "GridSearchCV": "best_estimator_", "RandomizedSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_", "HalvingRandomSearchCV": "best_estimator_",
    "TunedThresholdClassifierCV": "estimator_", "FixedThresholdClassifier": "estimator_",
}  # fmt: skip
#: a fitted wrapper that has a text format of its own
_NATIVE = ("lightgbm", "xgboost", "catboost")


def read_scikit(body: bytes) -> CodedModel:
    """A model of scikit-learn, or a pipeline that ends in one, from a skops file.

    Raises PlumblineError for anything else, naming the class that is not known.
    """
    outer = _unwrap(read_skops(body))
    kind = _final_step(outer).kind
    names = _names(outer)
    inputs = ModelInputs(names, [None] * len(names))
    part = _read(outer, TransformedColumns(tuple(InputColumn(feature=i) for i in range(len(names)))), inputs)
    coding = InputCoding(names, tuple(inputs.categories), part.made.columns)
    if part.made.then is None and isinstance(part.core, Weights):
        return linear_model(coding, part.core, part.fitted.link, kind, FORMAT)
    if part.made.then is None and isinstance(part.core, TreeEnsemble):
        return CodedModel(coding=coding, core=part.core, link=part.fitted.link, objective=kind, format=FORMAT)
    takes = part.missing and part.made.then is None
    core = BlackBoxModel(part.margin, part.fitted.outputs, takes, part.fitted.cost)
    return CodedModel(
        coding=coding, core=core, link=part.fitted.link, objective=kind, format=FORMAT, needs_background=True
    )


def _unwrap(stored: Any) -> SkopsObject:
    """The model itself, if it is one that we know."""
    for _ in range(8):
        if (
            isinstance(stored, SkopsObject)
            and stored.kind in WRAPPERS
            and stored.module.startswith("sklearn.")
        ):
            stored = stored.need(WRAPPERS[stored.kind])
    if not isinstance(stored, SkopsObject):
        raise refuse("it holds no model")
    if stored.module.split(".")[0] in _NATIVE:
        raise refuse(
            f"{stored.kind} inside a skops file is not read",
            "Save it in its own format: booster_.save_model('model.txt') or save_model('model.json').",
        )
    if stored.module.split(".")[0] != "sklearn" or stored.kind not in MODELS | {"Pipeline"}:
        raise refuse(
            f"it is or holds a {stored.kind[:60]}, whose contributions are not known here",
            "Most of scikit-learn's models are read, and pipelines that end in one.",
        )
    return stored


def _chain(outer: SkopsObject) -> tuple[list[Any], Any]:
    """The steps of a pipeline in order, and what is at its end."""
    pairs = outer.need("steps")
    if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
        raise refuse("a step of its pipeline is damaged")
    if not pairs or pairs[-1][1] in PASSED:
        raise refuse("its pipeline has no model at its end")
    return [pair[1] for pair in pairs[:-1]], pairs[-1][1]


def _final_step(node: SkopsObject) -> SkopsObject:
    while node.kind == "Pipeline":
        node = _unwrap(_chain(node)[1])
    return node


def _names(outer: SkopsObject) -> tuple[str, ...]:
    """The inputs by name, from the first thing that was fitted to them."""
    first: Any = outer
    while isinstance(first, SkopsObject):
        given = first.get("feature_names_in_")
        if isinstance(given, np.ndarray):
            return tuple(str(name) for name in given.ravel().tolist()[: MAX_FEATURES + 1])
        count = first.get("n_features_in_")
        if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MAX_FEATURES:
            return tuple(f"x{i}" for i in range(count))
        if first.kind == "Pipeline":
            steps, last = _chain(first)
            first = next((step for step in steps if step not in PASSED), last)
        elif first.kind in GROUPS:
            inner = first.get("estimators_")
            first = (
                next((m for m in inner if isinstance(m, SkopsObject)), None)
                if isinstance(inner, list)
                else None
            )
        else:
            break
    raise refuse("it does not say how many features it reads")


def _read(stored: Any, columns: TransformedColumns, inputs: ModelInputs) -> SubModel:
    """A model, from what steps have made so far."""
    inputs.count()
    stored = _unwrap(stored)
    if stored.kind == "Pipeline":
        steps, last = _chain(stored)
        for step in steps:
            columns = apply_step(step, columns, inputs)
        return _read(last, columns, inputs)
    if stored.kind in GROUPS:
        return GROUPS[stored.kind](stored, columns, inputs, _read)
    if stored.kind in TREES:
        return _trees(stored, columns, inputs)
    if stored.kind in LINEAR:
        weights, link = read_linear(stored, columns.width)

        def run(x: FloatArray) -> FloatArray:
            return x @ weights.weight + weights.base

        return SubModel(columns, ModelFunction(run, link, len(weights.base)), weights)
    return SubModel(columns, (ASKED | KERNELS)[stored.kind](stored, columns.width))


def _trees(node: SkopsObject, columns: TransformedColumns, inputs: ModelInputs) -> SubModel:
    if columns.then is None:
        coding = InputCoding(inputs.names, tuple(inputs.categories), columns.columns)
    else:
        coding = identity_coding([f"column {i}" for i in range(columns.width)], [None] * columns.width)
    model = TREES[node.kind](node, coding, FORMAT)
    core = model.core
    assert isinstance(core, TreeEnsemble)
    if columns.then is None:
        columns = TransformedColumns(model.coding.columns)
        inputs.categories[:] = model.coding.categories
    elif model.coding.columns != coding.columns:
        raise refuse("its categorical features are made by an earlier step, which is not read")
    return SubModel(
        columns, ModelFunction(lambda x: tree_margins(core, x), model.link, model.outputs), core, missing=True
    )
