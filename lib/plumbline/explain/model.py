"""Any model that we read: inputs, the columns made of them, and a core with one interface.

The core is trees, weights, or a function that can only be asked: contributions of that are defined by asking
(see ``probability``). ``needs_background``: the file holds no training counts, so that contributions are defined only
against rows of the log; they are then interventional.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plumbline.domain import FloatArray, PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.columns import InputCoding, identity_coding
from plumbline.explain.shap.permutation import orders
from plumbline.explain.shap.tree_interventional import interventional
from plumbline.explain.shap.tree_path_dependent import contributions as path_dependent
from plumbline.explain.shap.tree_path_dependent import margins as tree_margins
from plumbline.explain.trees import BoolArray, TreeEnsemble, refuse


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear core: margin = ``columns @ weight + base``; weight (columns, K), base (K,)."""

    weight: FloatArray
    base: FloatArray


@dataclass(frozen=True, slots=True)
class BlackBoxModel:
    """A core that can only be asked: columns (n, c) to margins (n, K). ``missing``: whether it takes NaN."""

    run: Callable[[FloatArray], FloatArray]
    outputs: int
    missing: bool = False
    cost: float = 1.0  # of one row, in rows that the model looks at for it


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedModel:
    """A model by its inputs. ``link`` takes margins to scores."""

    coding: InputCoding
    core: TreeEnsemble | Weights | BlackBoxModel
    link: str
    objective: str
    format: str
    needs_background: bool = False

    @property
    def outputs(self) -> int:
        return self.core.outputs if isinstance(self.core, BlackBoxModel) else len(self.core.base)

    @property
    def used_inputs(self) -> BoolArray:
        if isinstance(self.core, TreeEnsemble):
            return self.coding.used_inputs(self.core.used_features)
        if isinstance(self.core, BlackBoxModel):
            return self.coding.used_inputs(np.ones(len(self.coding.columns), np.bool_))
        return self.coding.used_inputs(np.any(self.core.weight != 0, axis=1))

    @property
    def orders(self) -> int:
        """Pairs of random orders that contributions by asking are made of; 0: exact."""
        return orders(
            int(self.used_inputs.sum()), self.core.cost if isinstance(self.core, BlackBoxModel) else 1.0
        )

    @property
    def best_trees(self) -> int:
        return self.core.best_trees if isinstance(self.core, TreeEnsemble) else 0

    @property
    def trees(self) -> int:
        return len(self.core.roots) if isinstance(self.core, TreeEnsemble) else 0


def tree_model(ensemble: TreeEnsemble, *, needs_background: bool = False) -> CodedModel:
    """A tree ensemble that reads its inputs as they are."""
    coding = identity_coding(ensemble.feature_names, ensemble.categories)
    return CodedModel(
        coding=coding,
        core=ensemble,
        link=ensemble.link,
        objective=ensemble.objective,
        format=ensemble.format,
        needs_background=needs_background,
    )


def linear_model(coding: InputCoding, weights: Weights, link: str, objective: str, kind: str) -> CodedModel:
    """A linear model; raises PlumblineError where its numbers cannot be used."""
    if weights.weight.shape != (len(coding.columns), len(weights.base)):
        raise refuse("its weights and its columns do not match")
    if not (np.isfinite(weights.weight).all() and np.isfinite(weights.base).all()):
        raise refuse("a weight is not a number")
    return CodedModel(
        coding=coding, core=weights, link=link, objective=objective, format=kind, needs_background=True
    )


def margins(model: CodedModel, rows: FloatArray, trees: int = 0) -> FloatArray:
    """The margins (n, K) of rows (n, d); NaN where a model lacks a value that it needs."""
    return column_margins(model, model.coding.code(np.asarray(rows, np.float64)), trees)


def column_margins(model: CodedModel, columns: FloatArray, trees: int = 0) -> FloatArray:
    """The margins (n, K) of coded columns (n, c)."""
    if isinstance(model.core, Weights):
        result: FloatArray = columns @ model.core.weight + model.core.base
        return result
    if isinstance(model.core, TreeEnsemble):
        return tree_margins(model.core, columns, trees)
    whole = complete(model, columns)
    if whole.all():
        return model.core.run(columns)
    margins = np.full((len(columns), model.outputs), np.nan)
    if whole.any():
        margins[whole] = model.core.run(columns[whole])
    return margins


def complete(model: CodedModel, columns: FloatArray) -> BoolArray:
    """(n,) whether coded columns (n, c) hold every value that the model needs; trees need none."""
    if isinstance(model.core, TreeEnsemble) or (isinstance(model.core, BlackBoxModel) and model.core.missing):
        return np.ones(len(columns), np.bool_)
    whole: BoolArray = np.all(np.isfinite(columns), axis=1)
    return whole


def contributions(
    model: CodedModel,
    rows: FloatArray,
    *,
    output: int = 0,
    trees: int = 0,
    background: FloatArray | None = None,
) -> tuple[FloatArray, float]:
    """Contributions (n, d) to the margin of one output, and the base.

    Path-dependent where trees hold their training counts and no ``background`` (b, d) is given, else against the
    background: closed form for weights (weight x (value - mean)), interventional for trees. base + row sum =
    ``margins``. Raises PlumblineError where a background is needed and none is given.
    """
    if model.needs_background and background is None:
        raise PlumblineError(
            message(
                "A {format} model holds no training counts, so its contributions need a background",
                format=model.format,
            ),
            todo="Load decisions of a healthy reference.",
        )
    if not 0 <= output < model.outputs:
        raise PlumblineError(message("The model has no output {output}", output=str(output)))
    if isinstance(model.core, BlackBoxModel):
        raise PlumblineError("This model can only be asked")
    columns = model.coding.code(np.asarray(rows, np.float64))
    known = None if background is None else model.coding.code(np.asarray(background, np.float64))
    if isinstance(model.core, Weights):
        assert known is not None
        known = known[np.isfinite(known).all(axis=1)]
        if not len(known):
            raise PlumblineError("No row of the background has a value for every input of the model")
        weight, mean = model.core.weight[:, output], known.mean(axis=0)
        parts, base = (columns - mean) * weight, float(mean @ weight + model.core.base[output])
    elif known is None:
        parts, base = path_dependent(model.core, columns, output=output, trees=trees)
    else:
        parts, base = interventional(model.core, columns, known, output=output, trees=trees)
    return model.coding.sum_by_input(parts), base
